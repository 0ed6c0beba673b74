#ifndef EXAMPLES_PROXIES_H
#define EXAMPLES_PROXIES_H

#include "settings.h"

/*
 * The proxies that the daemon goes through: those of its settings, or else those of the environment, by curl's rules.
 * Each is a URL, which may hold a password; NULL: none.
 */
struct proxies {
    const char *rest;     /* of GET /gateway/bot */
    const char *gateway;  /* of the sockets to Discord */
    const char *broker;   /* of AMQP */
    const char *no_proxy; /* the hosts that are reached without a proxy */
};

/* Reads them. Exits with a sentence when one is wrong, or of a kind that the library does not speak with. */
void proxies_read(struct proxies *proxies, const struct settings *settings);

/* Says which proxy each of REST, gateway and AMQP goes through: one line. Nothing when there is none. */
void proxies_log(const struct proxies *proxies);

/* Says when the gateway's host, which Discord names, is reached without the proxy. */
void proxies_log_gateway(const struct proxies *proxies, const char *gateway_url);

#endif
