#ifndef SP_NET_TLS_SOCKET_H
#define SP_NET_TLS_SOCKET_H

#include "core/buffer.h"

#include <sys/types.h>

/*
 * The socket under TLS, as a TLS library is to see it: each write takes everything, and no signal is ever raised. What
 * the socket does not take at once is kept here, encrypted, and goes first at the next flush. So a TLS library never
 * has to be told of the same bytes twice.
 */
typedef struct sp_tls_socket {
    int fd;
    ssize_t error;   /* the negative errno of the read or write that failed; 0 */
    bool ended;      /* the end of the stream was read */
    bool waits;      /* the last read brought nothing, because nothing was there */
    bool drained;    /* a read has emptied the socket: the next one waits until sp_tls_socket_ready() */
    sp_buffer ahead; /* read, and not asked for yet */
    sp_buffer kept;
} sp_tls_socket;

/* The socket may have bytes again. */
void sp_tls_socket_ready(sp_tls_socket *socket);

/*
 * Reads. Where little is asked for (the head of a record) more is read at once, and waits here: one call of the system
 * brings many records.
 *
 * Returns the number of bytes; 0 for the end of the stream; -EAGAIN when none are there yet; another negative errno.
 */
ssize_t sp_tls_socket_read(sp_tls_socket *socket, uint8_t *bytes, size_t length);

/*
 * Takes all bytes. Returns `length`, or a negative errno: -ENOBUFS when the peer reads nothing while TLS has more and
 * more to answer, -ENOMEM.
 */
ssize_t sp_tls_socket_write(sp_tls_socket *socket, const uint8_t *bytes, size_t length);

/* Writes what was kept. Returns 1 when nothing is left, 0 when something is, or a negative errno. */
int sp_tls_socket_flush(sp_tls_socket *socket);

/* Whether a read would bring nothing before sp_tls_socket_ready(), and the stream has not ended. */
bool sp_tls_socket_is_empty(const sp_tls_socket *socket);

/* Whether nothing is kept. */
bool sp_tls_socket_is_flushed(const sp_tls_socket *socket);

/* Frees what is kept and what waits. The descriptor stays open. */
void sp_tls_socket_free(sp_tls_socket *socket);

#endif
