/*
 * SHA-1 and SHA-256 (FIPS 180-4). They are written here, and not taken from the TLS library, because an engine is the
 * same whichever TLS library the links use. lib/state and the handshake of the shard call them.
 */
#include "core/digest.h"

#include "core/wipe.h"

#include <string.h>

enum {
    BLOCK = 64,
    LENGTH_AT = 56, /* where the last block holds the length of the input in bits */
    SHA1_ROUNDS = 80,
    SHA256_ROUNDS = 64
};

/* Mixes one block into the state of a hash. */
typedef void compress_call(uint32_t *state, const uint8_t *block);

static uint32_t rotate_left(uint32_t word, unsigned by)
{
    return word << by | word >> (32 - by);
}

static uint32_t rotate_right(uint32_t word, unsigned by)
{
    return word >> by | word << (32 - by);
}

static uint32_t read_word(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void write_words(uint8_t *out, const uint32_t *words, size_t length)
{
    for (size_t i = 0; i < length; i++)
        out[i] = (uint8_t)(words[i / 4] >> (24 - 8 * (i % 4)));
}

/* ---- SHA-1 ---- */

static uint32_t sha1_choose(size_t round, uint32_t b, uint32_t c, uint32_t d)
{
    if (round < 20)
        return (b & c) | (~b & d);
    if (round >= 40 && round < 60)
        return (b & c) | (b & d) | (c & d);
    return b ^ c ^ d;
}

static void sha1_compress(uint32_t *state, const uint8_t *block)
{
    static const uint32_t constants[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32_t words[SHA1_ROUNDS];
    uint32_t v[5];
    memcpy(v, state, sizeof v);
    for (size_t i = 0; i < SHA1_ROUNDS; i++) {
        words[i] = i < 16 ? read_word(block + 4 * i)
                          : rotate_left(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
        uint32_t mixed =
            rotate_left(v[0], 5) + sha1_choose(i, v[1], v[2], v[3]) + v[4] + constants[i / 20] + words[i];
        memmove(v + 1, v, 4 * sizeof *v);
        v[2] = rotate_left(v[2], 30);
        v[0] = mixed;
    }
    for (size_t i = 0; i < 5; i++)
        state[i] += v[i];
    sp_wipe(words, sizeof words);
}

/* ---- SHA-256 ---- */

static const uint32_t sha256_constants[SHA256_ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static void sha256_schedule(uint32_t *words, const uint8_t *block)
{
    for (size_t i = 0; i < 16; i++)
        words[i] = read_word(block + 4 * i);
    for (size_t i = 16; i < SHA256_ROUNDS; i++) {
        uint32_t near = words[i - 2];
        uint32_t far = words[i - 15];
        near = rotate_right(near, 17) ^ rotate_right(near, 19) ^ near >> 10;
        far = rotate_right(far, 7) ^ rotate_right(far, 18) ^ far >> 3;
        words[i] = near + words[i - 7] + far + words[i - 16];
    }
}

static void sha256_compress(uint32_t *state, const uint8_t *block)
{
    uint32_t words[SHA256_ROUNDS];
    uint32_t v[8];
    memcpy(v, state, sizeof v);
    sha256_schedule(words, block);
    for (size_t i = 0; i < SHA256_ROUNDS; i++) {
        uint32_t e = v[4];
        uint32_t a = v[0];
        uint32_t first = v[7] + (rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25)) +
                         ((e & v[5]) ^ (~e & v[6])) + sha256_constants[i] + words[i];
        uint32_t second = (rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22)) +
                          ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += first;
        v[0] = first + second;
    }
    for (size_t i = 0; i < 8; i++)
        state[i] += v[i];
    sp_wipe(words, sizeof words);
}

/* ---- What both have in common ---- */

/* The input, then a bit that is 1, zeros, and the length of the input in bits (FIPS 180-4, section 5.1.1). */
static void hash(compress_call *compress, uint32_t *state, sp_slice input)
{
    uint8_t last[2 * BLOCK] = {0};
    size_t whole = input.length - input.length % BLOCK;
    size_t rest = input.length - whole;
    size_t size = rest < LENGTH_AT ? BLOCK : 2 * BLOCK;
    for (size_t at = 0; at < whole; at += BLOCK)
        compress(state, input.bytes + at);
    if (rest > 0)
        memcpy(last, input.bytes + whole, rest);
    last[rest] = 0x80;
    for (size_t i = 0; i < 8; i++)
        last[size - 1 - i] = (uint8_t)((uint64_t)input.length << 3 >> 8 * i);
    for (size_t at = 0; at < size; at += BLOCK)
        compress(state, last + at);
    sp_wipe(last, sizeof last);
}

void sp_digest_sha1(sp_slice bytes, uint8_t out[SP_SHA1_LENGTH])
{
    uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    hash(sha1_compress, state, bytes);
    write_words(out, state, SP_SHA1_LENGTH);
}

void sp_digest_sha256(sp_slice bytes, uint8_t out[SP_SHA256_LENGTH])
{
    uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    hash(sha256_compress, state, bytes);
    write_words(out, state, SP_SHA256_LENGTH);
}

void sp_digest_text(sp_slice bytes, char out[SP_DIGEST_TEXT_LENGTH + 1])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[SP_SHA256_LENGTH];
    sp_digest_sha256(bytes, digest);
    for (size_t i = 0; i < SP_DIGEST_TEXT_LENGTH / 2; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 0xf];
    }
    out[SP_DIGEST_TEXT_LENGTH] = '\0';
}
