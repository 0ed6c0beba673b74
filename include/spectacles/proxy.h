/*
 * spectacles/proxy.h - proxies: their URLs, and what the environment says of them.
 *
 * SPDX-License-Identifier: MIT
 *
 * A link goes through the proxy that its configuration names (spectacles_link_config: proxy, no_proxy). The proxy opens
 * a tunnel to the peer, and TLS is made with the peer through the tunnel: a proxy sees names and sizes, and no content.
 *
 * The URL of a proxy:
 *
 *     http://[user:password@]host[:port]      HTTP CONNECT (RFC 9110, section 9.3.6), credentials as Basic (RFC 7617)
 *     socks5h://[user:password@]host[:port]   SOCKS5 (RFC 1928), credentials by RFC 1929
 *     socks5://...                            the same
 *     host[:port]                             as http://
 *
 * The port is 1080 when it is not named, as with curl. User and password are percent-encoded, each at most 255 bytes.
 * The proxy looks the name of the peer up, with socks5:// too: where a proxy is needed, names of the outside are often
 * not known inside. The owner of a link is asked for the address of the proxy alone.
 *
 * Not there: a proxy that is reached over TLS (https://), SOCKS4, and NTLM, Digest or Negotiate.
 */
#ifndef SPECTACLES_PROXY_H
#define SPECTACLES_PROXY_H

#include <spectacles/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The proxy that the environment names for a scheme, by the rules of curl: <scheme>_proxy, then <SCHEME>_PROXY, then
 * all_proxy, then ALL_PROXY. For wss and ws, https_proxy, HTTPS_PROXY and http_proxy come before all_proxy. HTTP_PROXY
 * is never read: in a CGI program a client can set it. An empty variable counts as one that is not set.
 *
 * So the gateway's socket (wss) follows HTTPS_PROXY, and a broker (amqp, amqps) follows AMQP_PROXY or AMQPS_PROXY, and
 * ALL_PROXY.
 *
 * scheme: NUL-terminated, in lower case, at most 16 letters: "wss".
 *
 * Returns the URL as the variable has it, credentials included; NULL when there is none. It belongs to the environment:
 * copy it before a call of setenv(). Cannot fail. Does not block.
 */
const char *spectacles_proxy_from_environment(const char *scheme);

/*
 * The hosts that the environment excepts from proxies: no_proxy, or else NO_PROXY.
 *
 * Returns the list as the variable has it; NULL when there is none. As above.
 */
const char *spectacles_no_proxy_from_environment(void);

/*
 * Whether a list excepts a host, by the rules of curl. "*" excepts every host. Otherwise the list has words, with
 * commas between them. Blanks alone separate words too, as with curl before 8.9; since then curl ignores what follows.
 *   - a name excepts itself and every name below it, with or without a dot in front: example.com and .example.com
 *     except example.com and www.example.com, but not badexample.com. Capital letters do not matter.
 *   - a numeric address (IPv6 without brackets) excepts itself; with a length behind a slash it excepts its network:
 *     10.0.0.0/8, fd00::/8. Names are not looked up for it.
 *   A port is no part of a word.
 *
 * no_proxy: NUL-terminated; NULL: no host is excepted.
 * host: NUL-terminated; IPv6 without brackets.
 *
 * Returns 1 or 0. Cannot fail. Does not block.
 */
int spectacles_proxy_is_excepted(const char *no_proxy, const char *host);

/*
 * Checks the URL of a proxy, and writes it without credentials, for a log: "http://proxy.example:3128".
 *
 * out: NUL-terminated; "" on failure. 300 bytes are always enough.
 * size: the room in `out`, in bytes.
 * url: NUL-terminated.
 * problem: may be NULL; on failure it says what is wrong. It shows nothing of the URL, because any part may be secret.
 *
 * Does not block. Returns the length, or:
 *   SPECTACLES_E_INVAL        the URL is malformed
 *   SPECTACLES_E_UNSUPPORTED  the library does not speak with such a proxy
 *   SPECTACLES_E_TOOBIG       it does not fit
 */
int spectacles_proxy_describe(char *out, size_t size, const char *url, spectacles_problem *problem);

#ifdef __cplusplus
}
#endif

#endif
