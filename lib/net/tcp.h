#ifndef SP_NET_TCP_H
#define SP_NET_TCP_H

#include "net/address.h"

/*
 * A non-blocking TCP socket that raises no signal and leaks into no child. Errors are negative errno values,
 * so that they survive until somebody makes a sentence of them.
 */

/* What a system lacks of these is left out. */
typedef struct sp_tcp_options {
    uint32_t keepalive_idle;     /* milliseconds, rounded up to seconds; 0: none */
    uint32_t keepalive_interval; /* likewise */
    uint32_t keepalive_probes;
    uint32_t user_timeout; /* milliseconds; 0: the kernel's own */
    sp_address source;     /* family 0: the system chooses */
} sp_tcp_options;

/* The descriptor of a connection under way, or a negative errno. */
int sp_tcp_connect(const sp_address *address, uint32_t port, const sp_tcp_options *options);

/* Sets up a descriptor that somebody else has made. Returns 0, -EINVAL for no stream socket, or another errno. */
int sp_tcp_adopt(int fd, const sp_tcp_options *options);

/* Changes sp_tcp_options.user_timeout of a connection. */
void sp_tcp_set_user_timeout(int fd, uint32_t milliseconds);

/* 1 when it stands, 0 while it is under way, or a negative errno. */
int sp_tcp_connected(int fd);

/* Bytes moved; 0 for the end of the stream (read); -EAGAIN when it would block; another negative errno. */
ssize_t sp_tcp_read(int fd, uint8_t *bytes, size_t length);
ssize_t sp_tcp_write(int fd, const uint8_t *bytes, size_t length);

/* As sp_tcp_read(), but the bytes stay in the socket. */
ssize_t sp_tcp_peek(int fd, uint8_t *bytes, size_t length);

bool sp_tcp_would_block(ssize_t result);

/* Ends the conversation but keeps the descriptor. */
void sp_tcp_shutdown(int fd);
void sp_tcp_close(int fd);

/*
 * What the failure of a connection means, by its negative errno. SPECTACLES_E_UNREACHABLE: the peer was not reached, so
 * that the attempt has cost nobody anything. Else SPECTACLES_E_SYS.
 */
int sp_tcp_error(ssize_t error);

/* A phrase for a negative errno; static. */
const char *sp_tcp_text(ssize_t error);

#endif
