/*
 * SHA-1 and SHA-256 (FIPS 180-4), by the TLS library that the build has chosen. The digests are the same whichever it
 * is. lib/state and the handshake of the shard call it.
 */
#include "core/digest.h"

#include <spectacles/types.h>
#include <stdbool.h>

#if SP_TLS_OPENSSL
#include <openssl/sha.h>

static bool sha1(sp_slice bytes, uint8_t *out)
{
    return SHA1(bytes.bytes, bytes.length, out) != NULL;
}

static bool sha256(sp_slice bytes, uint8_t *out)
{
    return SHA256(bytes.bytes, bytes.length, out) != NULL;
}

#else
#include <mbedtls/md.h>

static bool hash(mbedtls_md_type_t type, sp_slice bytes, uint8_t *out)
{
    const mbedtls_md_info_t *info = mbedtls_md_info_from_type(type);
    return info && mbedtls_md(info, bytes.bytes, bytes.length, out) == 0;
}

static bool sha1(sp_slice bytes, uint8_t *out)
{
    return hash(MBEDTLS_MD_SHA1, bytes, out);
}

static bool sha256(sp_slice bytes, uint8_t *out)
{
    return hash(MBEDTLS_MD_SHA256, bytes, out);
}

#endif

int sp_digest_sha1(sp_slice bytes, uint8_t out[SP_SHA1_LENGTH])
{
    return sha1(bytes, out) ? SPECTACLES_OK : SPECTACLES_E_NOMEM;
}

int sp_digest_sha256(sp_slice bytes, uint8_t out[SP_SHA256_LENGTH])
{
    return sha256(bytes, out) ? SPECTACLES_OK : SPECTACLES_E_NOMEM;
}

int sp_digest_text(sp_slice bytes, char out[SP_DIGEST_TEXT_LENGTH + 1])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[SP_SHA256_LENGTH] = {0};
    int error = sp_digest_sha256(bytes, digest);
    for (size_t i = 0; i < SP_DIGEST_TEXT_LENGTH / 2; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 0xf];
    }
    out[SP_DIGEST_TEXT_LENGTH] = '\0';
    return error;
}
