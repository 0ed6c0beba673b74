#ifndef TESTS_NET_TLS_SERVER_H
#define TESTS_NET_TLS_SERVER_H

#include "unit.h"

/*
 * A TLS server in the memory of the test, over a socket that the test has accepted. It is OpenSSL's, whichever library
 * the link uses. What passes through its hands can be held back, cut off and spoilt.
 */
typedef struct tls_server tls_server;

enum {
    TLS_1_0 = 0x0301,
    TLS_1_2 = 0x0303,
    TLS_1_3 = 0x0304
};

/*
 * PEM texts; authority: clients have to show a certificate of it (NULL: none is asked for). All servers of a process
 * know each other's tickets.
 */
tls_server *tls_server_new(int fd, const char *certificate, const char *key, const char *authority);
void tls_server_free(tls_server *server);

/* Before the handshake: this version of TLS, and no other. */
void tls_server_set_version(tls_server *server, int version);

/* Before the handshake: the ciphers of TLS 1.2 that it takes, as OpenSSL names them. */
void tls_server_set_ciphers(tls_server *server, const char *ciphers);

/* So many bytes at a time, and in all (SIZE_MAX: without end): what is beyond stays here. */
void tls_server_hold(tls_server *server, size_t at_a_time, size_t in_all);

/* The next byte that goes out, or the byte behind so many, is another one than it should be. */
void tls_server_spoil(tls_server *server);
void tls_server_spoil_at(tls_server *server, size_t at);

/* So many bytes went out so far. */
size_t tls_server_gone(const tls_server *server);

/*
 * A turn of the handshake, of reading, of writing: bytes, 0 for none, -1 when the client said goodbye, -2 for an
 * error.
 */
int tls_server_shake(tls_server *server); /* 1 when it is done */
int tls_server_read(tls_server *server, uint8_t *bytes, size_t length);
int tls_server_write(tls_server *server, const uint8_t *bytes, size_t length);
void tls_server_goodbye(tls_server *server);

/* TLS 1.2: asks for another handshake. TLS 1.3: changes its key, and asks the client to change its own. */
void tls_server_renegotiate(tls_server *server);
void tls_server_update_keys(tls_server *server);

/* After the handshake: whether a session was taken up again, and the names of version and cipher. */
int tls_server_resumed(const tls_server *server);
const char *tls_server_version(const tls_server *server);
const char *tls_server_cipher(const tls_server *server);

/* The host name that the client asked for (SNI), or NULL. */
const char *tls_server_asked_for(const tls_server *server);

#endif
