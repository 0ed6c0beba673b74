#ifndef SP_CORE_DIGEST_H
#define SP_CORE_DIGEST_H

#include "core/buffer.h"

enum {
    SP_SHA1_LENGTH = 20,       /* bytes */
    SP_SHA256_LENGTH = 32,     /* bytes */
    SP_DIGEST_TEXT_LENGTH = 32 /* characters of sp_digest_text() */
};

/*
 * SHA-1 (FIPS 180-4). It protects nothing any more: the WebSocket handshake asks for it (RFC 6455, section 4.2.2).
 * Returns 0, or SPECTACLES_E_NOMEM: the TLS library has no memory for it.
 */
int sp_digest_sha1(sp_slice bytes, uint8_t out[SP_SHA1_LENGTH]);

/*
 * SHA-256 (FIPS 180-4). What was hashed may be a token: the TLS library wipes where it worked on it. Returns 0 or
 * SPECTACLES_E_NOMEM.
 */
int sp_digest_sha256(sp_slice bytes, uint8_t out[SP_SHA256_LENGTH]);

/* Writes the first 16 bytes of the SHA-256 in hexadecimal, NUL-terminated. Returns 0 or SPECTACLES_E_NOMEM. */
int sp_digest_text(sp_slice bytes, char out[SP_DIGEST_TEXT_LENGTH + 1]);

#endif
