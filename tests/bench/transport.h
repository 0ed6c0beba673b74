/* The bytes of a connection of bench_discord, with or without TLS. */
#ifndef BENCH_TRANSPORT_H
#define BENCH_TRANSPORT_H

#include <openssl/ssl.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct transport {
    int fd;
    SSL *tls; /* NULL: there is none */
} transport;

/* For SSL_new(). The process ends with a sentence when there is no such certificate and key. */
SSL_CTX *transport_tls(const char *certificate, const char *key);

/* Of an accepted socket. tls: NULL for none. */
transport transport_new(int fd, SSL_CTX *tls);
void transport_close(transport *self);

/* Both return how many bytes went, or were there; 0: not now; -1: the connection is over. */
ssize_t transport_put(const transport *self, const void *bytes, size_t length);
ssize_t transport_get(const transport *self, void *to, size_t room);

/* Nothing more will be put. */
void transport_finish(const transport *self);

#endif
