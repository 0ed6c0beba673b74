#ifndef SP_SHARD_URL_H
#define SP_SHARD_URL_H

#include <spectacles/types.h>
#include <stdbool.h>

enum {
    SP_HOST_MAX = 253
};

/* Where a gateway is: what is left of "wss://host[:port][/]" once it has been checked. */
typedef struct sp_url {
    char host[SP_HOST_MAX + 1]; /* IPv6 without brackets */
    uint32_t port;
    bool tls;
} sp_url;

/*
 * Reads a gateway URL: wss or ws, a host, an optional port, then nothing or a path or query, which are left
 * out: the gateway is always at "/". SPECTACLES_E_INVAL, and *why says what is wrong.
 */
int sp_url_parse(sp_url *out, const char *text, const char **why);

/*
 * Whether a resume URL may be followed from this base: the token is sent there. TLS must not be given up, and
 * the host has to be the base's own or share its domain (the last two labels, three under the likes of co.uk; a
 * numeric host or a single label only itself).
 */
bool sp_url_trusts(const sp_url *base, const sp_url *resume);

#endif
