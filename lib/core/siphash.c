/* SipHash-2-4 with 128 bits of output. copies/copies.c calls it, with a key that nobody outside knows. */
#include "core/siphash.h"

typedef struct words {
    uint64_t a, b, c, d;
} words;

static uint64_t rotated(uint64_t word, unsigned by)
{
    return word << by | word >> (64 - by);
}

static void turn(words *v)
{
    v->a += v->b;
    v->b = rotated(v->b, 13) ^ v->a;
    v->a = rotated(v->a, 32);
    v->c += v->d;
    v->d = rotated(v->d, 16) ^ v->c;
    v->a += v->d;
    v->d = rotated(v->d, 21) ^ v->a;
    v->c += v->b;
    v->b = rotated(v->b, 17) ^ v->c;
    v->c = rotated(v->c, 32);
}

static void take(words *v, uint64_t word)
{
    v->d ^= word;
    turn(v);
    turn(v);
    v->a ^= word;
}

static uint64_t finish(words *v)
{
    for (int i = 0; i < 4; i++)
        turn(v);
    return v->a ^ v->b ^ v->c ^ v->d;
}

/* Up to eight bytes, the first one lowest on every processor. */
static uint64_t word_of(const uint8_t *bytes, size_t length)
{
    uint64_t word = 0;
    for (size_t i = 0; i < length; i++)
        word |= (uint64_t)bytes[i] << 8 * i;
    return word;
}

void sp_siphash(const uint64_t key[2], sp_slice bytes, uint64_t out[2])
{
    words v = {key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d) ^ 0xee,
               key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573)};
    size_t whole = bytes.length - bytes.length % 8;
    for (size_t at = 0; at < whole; at += 8)
        take(&v, word_of(bytes.bytes + at, 8));
    take(&v, (uint64_t)bytes.length << 56 |
                 (whole < bytes.length ? word_of(bytes.bytes + whole, bytes.length - whole) : 0));
    v.c ^= 0xee;
    out[0] = finish(&v);
    v.b ^= 0xdd;
    out[1] = finish(&v);
}
