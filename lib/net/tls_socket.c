/*
 * The socket under TLS: reads in large pieces, and keeps what the socket does not take. Called by the files of the TLS
 * libraries, tls_openssl_channel.c and tls_mbedtls_channel.c, and by tls.c.
 */
#include "net/tls_socket.h"

#include "net/tcp.h"

#include <errno.h>
#include <string.h>

enum {
    AHEAD = 16 * 1024,
    KEPT_MAX = 256 * 1024 /* more than any handshake sends before it is answered */
};

void sp_tls_socket_ready(sp_tls_socket *socket)
{
    socket->drained = false;
}

bool sp_tls_socket_is_empty(const sp_tls_socket *socket)
{
    return socket->drained && !socket->ended && sp_buffer_length(&socket->ahead) == 0;
}

static ssize_t receive(sp_tls_socket *socket, uint8_t *bytes, size_t length)
{
    if (socket->ended)
        return 0;
    if (socket->drained)
        return -EAGAIN;
    ssize_t got = sp_tcp_read(socket->fd, bytes, length);
    socket->drained = got > 0 && (size_t)got < length;
    socket->ended = got == 0;
    if (got < 0 && !sp_tcp_would_block(got))
        socket->error = got;
    return sp_tcp_would_block(got) ? -EAGAIN : got;
}

static ssize_t take_ahead(sp_tls_socket *socket, uint8_t *bytes, size_t length)
{
    sp_slice ahead = sp_buffer_slice(&socket->ahead);
    length = length < ahead.length ? length : ahead.length;
    memcpy(bytes, ahead.bytes, length);
    sp_buffer_consume(&socket->ahead, length);
    sp_buffer_shrink(&socket->ahead, 0);
    return (ssize_t)length;
}

static ssize_t read_some(sp_tls_socket *socket, uint8_t *bytes, size_t length)
{
    if (sp_buffer_length(&socket->ahead) > 0)
        return take_ahead(socket, bytes, length);
    bool empty = socket->drained || socket->ended;
    uint8_t *room = length < AHEAD && !empty ? sp_buffer_reserve(&socket->ahead, AHEAD) : NULL;
    if (!room)
        return receive(socket, bytes, length);
    ssize_t got = receive(socket, room, AHEAD);
    if (got > 0) {
        sp_buffer_grow(&socket->ahead, (size_t)got);
        return take_ahead(socket, bytes, length);
    }
    sp_buffer_free(&socket->ahead);
    return got;
}

ssize_t sp_tls_socket_read(sp_tls_socket *socket, uint8_t *bytes, size_t length)
{
    ssize_t got = read_some(socket, bytes, length);
    socket->waits = sp_tcp_would_block(got);
    return got;
}

static ssize_t fail(sp_tls_socket *socket, ssize_t error)
{
    socket->error = error;
    return error;
}

ssize_t sp_tls_socket_write(sp_tls_socket *socket, const uint8_t *bytes, size_t length)
{
    ssize_t put = 0;
    if (sp_tls_socket_is_flushed(socket))
        put = sp_tcp_write(socket->fd, bytes, length);
    if (put < 0 && !sp_tcp_would_block(put))
        return fail(socket, put);
    size_t taken = put > 0 ? (size_t)put : 0;
    if (taken == length)
        return (ssize_t)length;
    if (sp_buffer_length(&socket->kept) + length - taken > KEPT_MAX)
        return fail(socket, -ENOBUFS);
    if (sp_buffer_append(&socket->kept, bytes + taken, length - taken) != SPECTACLES_OK)
        return fail(socket, -ENOMEM);
    return (ssize_t)length;
}

int sp_tls_socket_flush(sp_tls_socket *socket)
{
    while (!sp_tls_socket_is_flushed(socket)) {
        sp_slice kept = sp_buffer_slice(&socket->kept);
        ssize_t put = sp_tcp_write(socket->fd, kept.bytes, kept.length);
        if (sp_tcp_would_block(put))
            return 0;
        if (put < 0)
            return (int)fail(socket, put);
        sp_buffer_consume(&socket->kept, (size_t)put);
    }
    sp_buffer_shrink(&socket->kept, 0);
    return 1;
}

bool sp_tls_socket_is_flushed(const sp_tls_socket *socket)
{
    return sp_buffer_length(&socket->kept) == 0;
}

void sp_tls_socket_free(sp_tls_socket *socket)
{
    sp_buffer_free(&socket->kept);
    sp_buffer_free(&socket->ahead);
}
