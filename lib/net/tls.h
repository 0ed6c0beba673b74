#ifndef SP_NET_TLS_H
#define SP_NET_TLS_H

#include "core/text.h"

#include <spectacles/link.h>
#include <stdbool.h>
#include <sys/types.h>

/* TLS over a non-blocking socket. What differs between mbedTLS 2.28, 3.x and 4.x is in tls.c alone. */

typedef struct sp_tls_session sp_tls_session;

enum sp_tls_result {
    SP_TLS_WANTS_READ = -1000000, /* below every errno */
    SP_TLS_WANTS_WRITE,
    SP_TLS_FAILED /* the sentence says why */
};

void sp_tls_hold(spectacles_tls *tls);

/* A stream over a connected socket to this host, whose certificate will have to name it. SPECTACLES_E_NOMEM,
 * SPECTACLES_E_TLS. */
int sp_tls_session_new(sp_tls_session **out, spectacles_tls *tls, int fd, const char *host);
void sp_tls_session_free(sp_tls_session *stream);

/* 1 when it is done, or a result of the enum. */
int sp_tls_handshake(sp_tls_session *stream, sp_text *why);

/* Bytes moved, 0 for the end of the stream (read), or a result of the enum. */
ssize_t sp_tls_read(sp_tls_session *stream, uint8_t *bytes, size_t length, sp_text *why);

/*
 * Once mbedTLS has encrypted a record it has to be told of the same bytes until the socket took all of them.
 * So they are taken over here: they count as written, and sp_tls_flush() goes on with them before anything
 * else. It answers 1 when none are left.
 */
ssize_t sp_tls_write(sp_tls_session *stream, const uint8_t *bytes, size_t length, sp_text *why);
int sp_tls_flush(sp_tls_session *stream, sp_text *why);
bool sp_tls_is_flushed(const sp_tls_session *stream);

/* Whether bytes wait inside that the socket will not announce. */
bool sp_tls_has_more(const sp_tls_session *stream);

/* Says goodbye (close_notify), as far as that is possible without waiting. */
void sp_tls_goodbye(sp_tls_session *stream);

#endif
