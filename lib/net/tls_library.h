#ifndef SP_NET_TLS_LIBRARY_H
#define SP_NET_TLS_LIBRARY_H

#include "core/buffer.h"
#include "net/address.h"
#include "net/tls_failure.h"
#include "net/tls_socket.h"

/*
 * What a TLS library does for lib/net. tls_openssl_*.c and tls_mbedtls_*.c implement it; which of them are compiled is
 * chosen when the library is built (-Dtls). tls.c calls it.
 */

/* Settings, trusted authorities and a certificate of our own: shared by the channels of many links. */
typedef struct sp_tls_context sp_tls_context;

/* One connection. */
typedef struct sp_tls_channel sp_tls_channel;

/* Who is to be met. The text is needed for as long as the channel. */
typedef struct sp_tls_peer {
    const char *host;   /* without a dot at its end */
    uint32_t port;      /* together with the host the name under which a session is taken up again */
    sp_address numeric; /* the host when it is an address; family 0 otherwise */
} sp_tls_peer;

enum {
    SP_TLS_CHANNEL_WAITS = -1000, /* more bytes have to arrive first */
    SP_TLS_CHANNEL_FAILED = -1001 /* the failure says why */
};

/* The name and the version of the TLS library, NUL-terminated, static. */
const char *sp_tls_library(void);

/*
 * A context that trusts nobody yet. verifies: whether a certificate of the peer is looked at. Returns 0,
 * SPECTACLES_E_NOMEM, or SPECTACLES_E_TLS and a reason.
 */
int sp_tls_context_new(sp_tls_context **out, bool verifies, char reason[SP_TLS_REASON_MAX]);
void sp_tls_context_free(sp_tls_context *context);

/* Trusts the authorities of a PEM text: an sp_trust_take() (trust.h). */
int sp_tls_context_trust(void *context, sp_slice pem);

/*
 * Takes our own certificate, and those above it, from a PEM text that a NUL follows. Returns 0, SPECTACLES_E_NOMEM, or
 * SPECTACLES_E_TLS and a reason.
 */
int sp_tls_context_set_certificate(sp_tls_context *context, sp_slice pem, char reason[SP_TLS_REASON_MAX]);

/*
 * Takes the private key of our own certificate. Nobody is asked for a passphrase. Returns 0, or:
 *   SPECTACLES_E_INVAL   it does not belong to the certificate
 *   SPECTACLES_E_AUTH    it is encrypted
 *   SPECTACLES_E_TLS     it cannot be read: the reason says why
 *   SPECTACLES_E_NOMEM   memory ran out
 */
int sp_tls_context_set_key(sp_tls_context *context, sp_slice pem, char reason[SP_TLS_REASON_MAX]);

/* A channel over a socket. context, socket and peer->host are needed for as long as the channel. 0 or NOMEM. */
int sp_tls_channel_new(sp_tls_channel **out, sp_tls_context *context, sp_tls_socket *socket,
                       const sp_tls_peer *peer);
void sp_tls_channel_free(sp_tls_channel *channel);

/* 1 when it is done, WAITS or FAILED. */
int sp_tls_channel_handshake(sp_tls_channel *channel, sp_tls_failure *failure);

/* The number of bytes; 0 after a close_notify; WAITS or FAILED. The end of the socket without it is FAILED. */
ssize_t sp_tls_channel_read(sp_tls_channel *channel, uint8_t *bytes, size_t length, sp_tls_failure *failure);

/* The number of bytes that were taken, at least one; or FAILED. */
ssize_t sp_tls_channel_write(sp_tls_channel *channel, const uint8_t *bytes, size_t length,
                             sp_tls_failure *failure);

/* Says that nothing more will be sent. */
void sp_tls_channel_close(sp_tls_channel *channel);

#endif
