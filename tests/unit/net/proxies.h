#ifndef TESTS_UNIT_NET_PROXIES_H
#define TESTS_UNIT_NET_PROXIES_H

#include "net/tunnel.h"
#include "unit.h"

/* The proxy of a URL that is fine. */
static inline sp_proxy proxy_of(const char *url)
{
    sp_proxy proxy;
    spectacles_problem problem = {0};
    int error = sp_proxy_parse(&proxy, url, &problem);
    if (error != SPECTACLES_OK)
        fail_msg("%s: %s", url, problem.text);
    return proxy;
}

static inline sp_tunnel *tunnel_to(const char *url, const char *host, uint32_t port)
{
    sp_tunnel *tunnel = NULL;
    sp_proxy proxy = proxy_of(url);
    assert_int_equal(sp_tunnel_new(&tunnel, &proxy, host, port), SPECTACLES_OK);
    return tunnel;
}

/* What is to be written is exactly this; it is written. */
static inline void expect_said(sp_tunnel *tunnel, const void *bytes, size_t length)
{
    sp_slice said = sp_tunnel_pending(tunnel);
    assert_int_equal(said.length, length);
    assert_memory_equal(said.bytes, bytes, length);
    sp_tunnel_consumed(tunnel, said.length);
    assert_int_equal(sp_tunnel_pending(tunnel).length, 0);
}

/* Takes bytes as they come. Returns what sp_tunnel_feed() does. */
static inline int hear(sp_tunnel *tunnel, const void *bytes, size_t length, sp_text *why)
{
    size_t used;
    why->chars[0] = '\0';
    int result = sp_tunnel_feed(tunnel, (sp_slice){bytes, length}, &used, why);
    assert_true(result == 1 ? used <= length : result < 0 || used == length);
    return result;
}

#define SAID(tunnel, text) expect_said(tunnel, text, sizeof(text) - 1)
#define HEAR(tunnel, text, why) hear(tunnel, text, sizeof(text) - 1, why)

#endif
