#ifndef SP_NET_TCP_H
#define SP_NET_TCP_H

#include "net/address.h"

/*
 * A non-blocking TCP socket that raises no signal and leaks into no child. Errors are negative errno values,
 * so that they survive until somebody makes a sentence of them.
 */

/* The descriptor of a connection under way, or a negative errno. */
int sp_tcp_connect(const sp_address *address, uint32_t port);

/* 1 when it stands, 0 while it is under way, or a negative errno. */
int sp_tcp_connected(int fd);

/* Bytes moved; 0 for the end of the stream (read); -EAGAIN when it would block; another negative errno. */
ssize_t sp_tcp_read(int fd, uint8_t *bytes, size_t length);
ssize_t sp_tcp_write(int fd, const uint8_t *bytes, size_t length);

bool sp_tcp_would_block(ssize_t result);

/* Ends the conversation but keeps the descriptor. */
void sp_tcp_shutdown(int fd);
void sp_tcp_close(int fd);

/* A phrase for a negative errno; static. */
const char *sp_tcp_text(ssize_t error);

#endif
