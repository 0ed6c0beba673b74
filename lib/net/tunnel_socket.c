/*
 * Moves the bytes of a talk with a proxy over a socket. Called by attempt.c.
 */
#include "net/tunnel_socket.h"

#include "net/tcp.h"

enum {
    PEEKED_MAX = 1024
};

static int lose(const sp_tunnel *tunnel, ssize_t error, sp_text *why)
{
    sp_text_set(why, "lost the connection to the proxy %s: %s", tunnel->proxy, sp_tcp_text(error));
    return SPECTACLES_E_SYS;
}

/* 1 when everything is written, 0 when the socket takes no more for now, or an error. */
static int write_pending(sp_tunnel *tunnel, int fd, sp_text *why)
{
    sp_slice pending;
    while ((pending = sp_tunnel_pending(tunnel)).length > 0) {
        ssize_t put = sp_tcp_write(fd, pending.bytes, pending.length);
        if (put < 0)
            return sp_tcp_would_block(put) ? 0 : lose(tunnel, put, why);
        sp_tunnel_consumed(tunnel, (size_t)put);
    }
    return 1;
}

int sp_tunnel_move(sp_tunnel *tunnel, int fd, sp_text *why)
{
    uint8_t bytes[PEEKED_MAX];
    int result = 0;
    while (result == 0) {
        size_t used;
        int written = write_pending(tunnel, fd, why);
        if (written != 1)
            return written;
        /* What is not the proxy's stays in the socket: it is for TLS, or for the engine. */
        ssize_t got = sp_tcp_peek(fd, bytes, sizeof bytes);
        if (got == 0) {
            sp_tunnel_ended(tunnel, why);
            return SPECTACLES_E_SYS;
        }
        if (got < 0)
            return sp_tcp_would_block(got) ? 0 : lose(tunnel, got, why);
        result = sp_tunnel_feed(tunnel, (sp_slice){bytes, (size_t)got}, &used, why);
        if (used > 0)
            sp_tcp_read(fd, bytes, used);
    }
    return result;
}
