#ifndef SP_SHARD_URL_H
#define SP_SHARD_URL_H

#include <spectacles/types.h>
#include <stdbool.h>

enum {
    SP_HOST_MAX = 253
};

/* Where a gateway is: the parts of "wss://host[:port][/]", checked. */
typedef struct sp_url {
    char host[SP_HOST_MAX + 1]; /* an IPv6 address without brackets */
    uint32_t port;
    bool tls;
} sp_url;

/*
 * Reads a gateway URL: wss or ws, a host, an optional port, then nothing or a path or query. Path and query are
 * ignored, because the gateway is always at "/". SPECTACLES_E_INVAL, and *why is the reason.
 */
int sp_url_parse(sp_url *out, const char *text, const char **why);

/*
 * Whether the token may be sent to a resume URL of this base. A base with TLS needs a resume URL with TLS. The host has
 * to be the host of the base, or share its domain: the last two labels, or three under suffixes like co.uk. A numeric
 * host, or a host of one label, matches only itself.
 */
bool sp_url_trusts(const sp_url *base, const sp_url *resume);

#endif
