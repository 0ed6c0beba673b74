#ifndef TESTS_NET_TLS_SERVER_H
#define TESTS_NET_TLS_SERVER_H

#include "unit.h"

/*
 * A TLS server in memory of the test, over a socket that the test has accepted: mbedTLS on the other side too, but what
 * passes through its hands can be held back, cut off and spoilt.
 */
typedef struct tls_server tls_server;

/* PEM texts; authority: clients have to show a certificate of it (NULL: none is asked for). */
tls_server *tls_server_new(int fd, const char *certificate, const char *key, const char *authority);
void tls_server_free(tls_server *server);

/* So many bytes at a time, and in all (SIZE_MAX: without end): what is beyond stays here. */
void tls_server_hold(tls_server *server, size_t at_a_time, size_t in_all);

/* The next byte that goes out is another one than it should be. */
void tls_server_spoil(tls_server *server);

/* So many bytes went out so far. */
size_t tls_server_gone(const tls_server *server);

/* A turn of the handshake, of reading, of writing: bytes, 0 for none, -1 when the client said goodbye, -2 for an error. */
int tls_server_shake(tls_server *server); /* 1 when it is done */
int tls_server_read(tls_server *server, uint8_t *bytes, size_t length);
int tls_server_write(tls_server *server, const uint8_t *bytes, size_t length);
void tls_server_goodbye(tls_server *server);

#endif
