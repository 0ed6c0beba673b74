#ifndef SP_NET_WAY_H
#define SP_NET_WAY_H

#include "net/tunnel.h"

/* The way of a link to its peers: straight, or through a proxy. */
typedef struct sp_way {
    char *proxy;    /* its URL, which may hold a password; NULL: none */
    char *no_proxy; /* the hosts that are reached without it; NULL: none */
    char *host;     /* of the proxy; IPv6 without brackets */
    uint32_t port;
    bool is_through; /* the present connection goes through the proxy */
} sp_way;

/*
 * proxy, no_proxy: copied; either may be NULL.
 *
 * Returns 0, SPECTACLES_E_NOMEM, or an error of sp_proxy_parse(). After an error there is nothing to end.
 */
int sp_way_begin(sp_way *way, const char *proxy, const char *no_proxy, spectacles_problem *problem);
void sp_way_end(sp_way *way);

/* Another connection, to this host: whether it goes through the proxy. */
void sp_way_choose(sp_way *way, const char *host);

/* Where TCP goes, for a peer: to the proxy, or to the peer itself. */
const char *sp_way_host(const sp_way *way, const char *host);
uint32_t sp_way_port(const sp_way *way, uint32_t port);

/* Begins the talk with the proxy: see sp_tunnel_new(). */
int sp_way_tunnel(const sp_way *way, sp_tunnel **out, const char *host, uint32_t port);

#endif
