#ifndef SP_NET_TUNNEL_H
#define SP_NET_TUNNEL_H

#include "core/buffer.h"
#include "net/proxy.h"

/*
 * The talk with a proxy, until its tunnel to the peer stands: bytes in, bytes out. Nothing is sent before the proxy has
 * answered what was sent before, so that a tunnel that stands has nothing left to write.
 *
 *     HTTP:                              HEAD -> OPEN
 *     SOCKS5: METHOD -> CREDENTIALS -> REPLY -> OPEN
 *                 \___________________/
 *     FAILED follows each of them.
 */
enum sp_tunnel_state {
    SP_TUNNEL_HEAD,        /* HTTP: the head of the answer is read */
    SP_TUNNEL_METHOD,      /* SOCKS5: how the proxy wants to know who we are (RFC 1928, section 3) */
    SP_TUNNEL_CREDENTIALS, /* SOCKS5: whether it takes user and password (RFC 1929) */
    SP_TUNNEL_REPLY,       /* SOCKS5: what became of the request (RFC 1928, section 6) */
    SP_TUNNEL_OPEN,
    SP_TUNNEL_FAILED
};

typedef struct sp_tunnel {
    enum sp_tunnel_state state; /* changed by sp_tunnel_set_state() alone */
    bool has_credentials;
    char proxy[SP_PROXY_PLACE_SIZE];  /* "host:port", for sentences */
    char target[SP_PROXY_PLACE_SIZE]; /* the same of the peer */
    sp_buffer output;                 /* is to be written now; may hold a password */
    sp_buffer credentials;            /* SOCKS5: user and password, should the proxy ask for them */
    sp_buffer request;                /* SOCKS5: what the proxy is asked for in the end */
    sp_buffer input;                  /* the answer that is being read */
    size_t received;                  /* HTTP: bytes of all answers */
} sp_tunnel;

/*
 * Begins a talk. What it needs of the proxy is copied.
 *
 * out: free it with sp_tunnel_free(). Unchanged on failure.
 * host, port: the peer; IPv6 without brackets.
 *
 * Returns 0, SPECTACLES_E_NOMEM, or SPECTACLES_E_INVAL: there is no such host.
 */
int sp_tunnel_new(sp_tunnel **out, const sp_proxy *proxy, const char *host, uint32_t port);

/* Wipes and frees. NULL is fine. */
void sp_tunnel_free(sp_tunnel *tunnel);

/* The bytes to be written, valid until the next call; and how many of them were. */
sp_slice sp_tunnel_pending(const sp_tunnel *tunnel);
void sp_tunnel_consumed(sp_tunnel *tunnel, size_t length);

/*
 * Takes bytes that have arrived.
 *
 * used: how many of them were the proxy's. Those behind are the peer's, and come through the tunnel: they are fewer
 *       than all only when the result is 1.
 *
 * Returns 1 when the tunnel stands; 0 when it goes on: look at sp_tunnel_pending(). SPECTACLES_E_SYS when the proxy
 * refuses, SPECTACLES_E_PROTO when it breaks its protocol, SPECTACLES_E_NOMEM; with a sentence for each.
 */
int sp_tunnel_feed(sp_tunnel *tunnel, sp_slice bytes, size_t *used, sp_text *why);

/* The proxy has ended the connection instead of answering: a sentence. */
void sp_tunnel_ended(const sp_tunnel *tunnel, sp_text *why);

/* ---- tunnel_state.c ---- */

void sp_tunnel_set_state(sp_tunnel *tunnel, enum sp_tunnel_state state);

/* Fails: a sentence that begins with the proxy's name. Returns error. */
int sp_tunnel_refuse(sp_tunnel *tunnel, int error, sp_text *why, const char *format, ...) SP_PRINTF(4, 5);

/* Replaces what is to be written by another message. */
void sp_tunnel_say(sp_tunnel *tunnel, sp_buffer *message);

/* ---- tunnel_http.c, tunnel_socks.c ---- */

/* Writes what is said to the proxy. A failure marks the buffers. */
void sp_tunnel_begin_http(sp_tunnel *tunnel, const sp_proxy *proxy);
void sp_tunnel_begin_socks(sp_tunnel *tunnel, const sp_proxy *proxy, const char *host, uint32_t port);

/* As sp_tunnel_feed(), which calls them. */
int sp_tunnel_feed_http(sp_tunnel *tunnel, sp_reader *bytes, sp_text *why);
int sp_tunnel_feed_socks(sp_tunnel *tunnel, sp_reader *bytes, sp_text *why);

#endif
