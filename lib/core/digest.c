/*
 * SHA-256. This is the only file outside lib/shard's handshake and lib/net that calls the cryptographic
 * library, so that another one can take its place here. lib/state calls it.
 */
#include "core/digest.h"

#include <mbedtls/version.h>
#if MBEDTLS_VERSION_NUMBER < 0x04000000
#include <mbedtls/sha256.h>
#else
#include <psa/crypto.h>
#endif

static int compute(const unsigned char *input, size_t length, unsigned char *output)
{
#if MBEDTLS_VERSION_NUMBER < 0x03000000
    return mbedtls_sha256_ret(input, length, output, 0);
#elif MBEDTLS_VERSION_NUMBER < 0x04000000
    return mbedtls_sha256(input, length, output, 0);
#else
    size_t written;
    return psa_crypto_init() == PSA_SUCCESS && psa_hash_compute(PSA_ALG_SHA_256, input, length, output,
                                                                SP_SHA256_LENGTH, &written) == PSA_SUCCESS
               ? 0
               : -1;
#endif
}

int sp_digest_sha256(sp_slice bytes, uint8_t out[SP_SHA256_LENGTH])
{
    static const uint8_t nothing[1] = {0};
    return compute(bytes.length ? bytes.bytes : nothing, bytes.length, out) ? SPECTACLES_E_NOMEM
                                                                            : SPECTACLES_OK;
}

int sp_digest_text(sp_slice bytes, char out[SP_DIGEST_TEXT_LENGTH + 1])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[SP_SHA256_LENGTH];
    int error = sp_digest_sha256(bytes, digest);
    if (error)
        return error;
    for (size_t i = 0; i < SP_DIGEST_TEXT_LENGTH / 2; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 0xf];
    }
    out[SP_DIGEST_TEXT_LENGTH] = '\0';
    return SPECTACLES_OK;
}
