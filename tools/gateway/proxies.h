#ifndef GATEWAY_PROXIES_H
#define GATEWAY_PROXIES_H

#include "input.h"
#include "settings.h"

enum {
    PROXIES_LINE_SIZE = 1200
};

/*
 * The proxies that the daemon goes through: those of its settings, or else those of the environment, by curl's rules.
 * Each is a URL, which may hold a password; NULL: none. Borrowed from the settings and the environment.
 */
struct proxies {
    const char *rest;     /* of GET /gateway/bot */
    const char *gateway;  /* of the sockets to Discord */
    const char *broker;   /* of AMQP */
    const char *no_proxy; /* the hosts that are reached without a proxy; NULL: none is */
};

/* Whether a name of the environment is about proxies: HTTPS_PROXY, all_proxy, NO_PROXY and their like. */
bool proxies_has_name(const char *name, size_t length);

/*
 * Checks the proxies of the settings, and those that the environment names, by the library's rules. Which of the
 * environment's is for which connection is the library's to say (spectacles_proxy_from_environment()).
 */
void proxies_check(struct settings *settings, const struct settings_input *input, struct problems *problems);

/* Chooses the proxies of settings that are right. */
void proxies_choose(struct proxies *proxies, const struct settings *settings);

/* Which proxy each connection goes through, without credentials: one line; "" when there is none. */
void proxies_describe(const struct proxies *proxies, char out[PROXIES_LINE_SIZE]);

#endif
