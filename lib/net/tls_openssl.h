#ifndef SP_NET_TLS_OPENSSL_H
#define SP_NET_TLS_OPENSSL_H

#include "net/tls_library.h"
#include "net/tls_tickets.h"

#include <openssl/ssl.h>

/* What the files of OpenSSL, tls_openssl_*.c, know of each other. */

struct sp_tls_context {
    SSL_CTX *ssl;
    BIO_METHOD *socket_method;
    sp_tls_tickets tickets;
};

struct sp_tls_channel {
    SSL *ssl; /* its application data is the channel */
    sp_tls_context *context;
    sp_tls_socket *socket;
    const char *host;
    uint32_t port;
    bool offered; /* a session was to be taken up again */
    bool failed;
};

/* How OpenSSL reads and writes an sp_tls_socket, which is the data of the BIO. NULL: memory ran out. */
BIO_METHOD *sp_tls_openssl_socket_method(void);

/* Empties OpenSSL's queue of errors before a call: what others left in it would be taken for an error of the call. */
void sp_tls_openssl_begin(void);

/*
 * Empties OpenSSL's queue of errors, which belongs to the thread, into a reason. Returns SPECTACLES_E_NOMEM when memory
 * ran out, else SPECTACLES_E_TLS. *cause: the error that the reason is about, 0 when there is none; may be NULL.
 */
int sp_tls_openssl_error(char reason[SP_TLS_REASON_MAX], unsigned long *cause);

#endif
