#ifndef SP_NET_PROXY_H
#define SP_NET_PROXY_H

#include "core/text.h"

#include <spectacles/proxy.h>

enum sp_proxy_protocol {
    SP_PROXY_HTTP,
    SP_PROXY_SOCKS5
};

enum {
    SP_PROXY_TEXT_MAX = 255, /* of RFC 1929 for user and password, and of a host's name */
    SP_PROXY_PLACE_SIZE = SP_PROXY_TEXT_MAX + 16, /* "[host]:port", NUL-terminated */
    SP_PROXY_PORT = 1080
};

/* A proxy, as its URL says. It holds a password: wipe it with sp_wipe(). */
typedef struct sp_proxy {
    enum sp_proxy_protocol protocol;
    char host[SP_PROXY_TEXT_MAX + 1]; /* IPv6 without brackets */
    uint32_t port;
    bool has_credentials;
    char user[SP_PROXY_TEXT_MAX + 1];
    char password[SP_PROXY_TEXT_MAX + 1];
} sp_proxy;

/*
 * Parses a URL. The caller has to wipe *out, also after an error. problem may be NULL; it shows nothing of the URL.
 * Returns 0, SPECTACLES_E_INVAL or SPECTACLES_E_UNSUPPORTED.
 */
int sp_proxy_parse(sp_proxy *out, const char *url, spectacles_problem *problem);

/* "host:port", IPv6 in brackets. */
void sp_proxy_place(char out[SP_PROXY_PLACE_SIZE], const char *host, uint32_t port);

#endif
