#ifndef SP_NET_TLS_H
#define SP_NET_TLS_H

#include "core/text.h"

#include <spectacles/link.h>
#include <stdbool.h>
#include <sys/types.h>

/* TLS over a non-blocking socket, as links use it: the same over each TLS library (tls_library.h). */

typedef struct sp_tls_session sp_tls_session;

enum {
    SP_TLS_WANTS_READ =
        -1000 /* more bytes have to arrive first; below every value of enum spectacles_error */
};

void sp_tls_hold(spectacles_tls *tls);

/*
 * A session over a connected socket to this host, whose certificate will have to name it. Returns 0 or
 * SPECTACLES_E_NOMEM.
 */
int sp_tls_session_new(sp_tls_session **out, spectacles_tls *tls, int fd, const char *host, uint32_t port);
void sp_tls_session_free(sp_tls_session *session);

/*
 * Goes on with the handshake. Returns 1 when it is done, SP_TLS_WANTS_READ, or SPECTACLES_E_TLS, SPECTACLES_E_NOMEM and
 * a sentence.
 */
int sp_tls_handshake(sp_tls_session *session, sp_text *why);

/* The socket has bytes, or may have some: sp_tls_read() asks it again. */
void sp_tls_ready(sp_tls_session *session);

/*
 * Reads. Returns the number of bytes; 0 when the peer said that it has ended (close_notify); SP_TLS_WANTS_READ: nothing
 * waits, neither in the socket nor inside; or SPECTACLES_E_CLOSED, SPECTACLES_E_NOMEM and a sentence. A stream that
 * ends without a close_notify may have been cut off: that is SPECTACLES_E_CLOSED.
 */
ssize_t sp_tls_read(sp_tls_session *session, uint8_t *bytes, size_t length, sp_text *why);

/*
 * Writes, when sp_tls_is_flushed(). Returns how many bytes were taken, at least one, or SPECTACLES_E_CLOSED,
 * SPECTACLES_E_NOMEM and a sentence. What was taken and is not in the socket yet is kept: sp_tls_flush() goes on with
 * it, and answers 1 when nothing is left, 0, or an error as above.
 */
ssize_t sp_tls_write(sp_tls_session *session, const uint8_t *bytes, size_t length, sp_text *why);
int sp_tls_flush(sp_tls_session *session, sp_text *why);
bool sp_tls_is_flushed(const sp_tls_session *session);

/* Says goodbye (close_notify), as far as that is possible without waiting. */
void sp_tls_goodbye(sp_tls_session *session);

#endif
