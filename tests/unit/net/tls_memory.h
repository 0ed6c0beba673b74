#ifndef TESTS_NET_TLS_MEMORY_H
#define TESTS_NET_TLS_MEMORY_H

#include "net/tls.h"
#include "tls_server.h"

/*
 * TLS without a link, over two ends of a socket, in programs in which malloc() is the test's own. tls_memory_begin()
 * makes the TLS library take its memory from there too. It comes before all else.
 *
 * pause: called with 1 before the server does something, and with 0 after it; may be NULL.
 */
void tls_memory_begin(void (*pause)(int pauses));

typedef struct memory_pair {
    int ends[2]; /* the client's, the server's */
    tls_server *server;
} memory_pair;

/* A server with this certificate behind a socket; and its end. */
memory_pair memory_pair_begin(const char *certificate, const char *key);
void memory_pair_end(memory_pair *pair);

/* Both shake hands, as far as they come. Returns what the client's last call returned. */
int memory_pair_shake(const memory_pair *pair, sp_tls_session *session, sp_text *why);

#endif
