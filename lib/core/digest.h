#ifndef SP_CORE_DIGEST_H
#define SP_CORE_DIGEST_H

#include "core/buffer.h"

enum {
    SP_SHA256_LENGTH = 32,     /* bytes */
    SP_DIGEST_TEXT_LENGTH = 32 /* characters of sp_digest_text() */
};

/* SHA-256 (FIPS 180-4). Returns 0, or SPECTACLES_E_NOMEM when the cryptographic library could not compute it. */
int sp_digest_sha256(sp_slice bytes, uint8_t out[SP_SHA256_LENGTH]);

/* Writes the first 16 bytes of the SHA-256 in hexadecimal, NUL-terminated. Errors are those of sp_digest_sha256(). */
int sp_digest_text(sp_slice bytes, char out[SP_DIGEST_TEXT_LENGTH + 1]);

#endif
