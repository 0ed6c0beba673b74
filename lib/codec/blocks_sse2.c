/*
 * The walk over blocks of JSON (blocks_walk.h) with SSE2. blocks.c calls it where the processor has the instructions.
 */
#include "codec/blocks.h"

#if defined(__SSE2__) && defined(__GNUC__)

#include <emmintrin.h>

typedef struct sp_block {
    __m128i part[4];
} sp_block;

#define LANES 2
#define ONE_BEFORE 1, 2
#include "codec/blocks_walk.h"
#include "core/text.h"

SP_PIECE sp_block load(const uint8_t *bytes)
{
    sp_block in;
    for (int i = 0; i < 4; i++)
        in.part[i] = _mm_loadu_si128((const void *)(bytes + 16 * i));
    return in;
}

SP_PIECE uint64_t mask_of(sp_block in)
{
    uint64_t bits = 0;
    for (int i = 3; i >= 0; i--)
        bits = bits << 16 | (uint64_t)(uint32_t)_mm_movemask_epi8(in.part[i]);
    return bits;
}

SP_PIECE uint64_t equal(sp_block in, uint8_t byte)
{
    for (int i = 0; i < 4; i++)
        in.part[i] = _mm_cmpeq_epi8(in.part[i], _mm_set1_epi8((char)byte));
    return mask_of(in);
}

/* SSE2 has no unsigned comparison: a byte is at most `max` when it is the smaller one of both. */
SP_PIECE uint64_t below(sp_block in, uint8_t byte)
{
    __m128i max = _mm_set1_epi8((char)(byte - 1));
    for (int i = 0; i < 4; i++)
        in.part[i] = _mm_cmpeq_epi8(_mm_min_epu8(in.part[i], max), in.part[i]);
    return mask_of(in);
}

SP_PIECE uint64_t bit(sp_block in, int n)
{
    for (int i = 0; i < 4; i++)
        in.part[i] = _mm_slli_epi16(in.part[i], 7 - n);
    return mask_of(in);
}

SP_PIECE sp_block fold(sp_block in)
{
    for (int i = 0; i < 4; i++)
        in.part[i] = _mm_or_si128(in.part[i], _mm_set1_epi8(0x20));
    return in;
}

SP_PIECE sp_block minus(sp_block in, uint8_t byte)
{
    for (int i = 0; i < 4; i++)
        in.part[i] = _mm_sub_epi8(in.part[i], _mm_set1_epi8((char)byte));
    return in;
}

SP_PIECE uint64_t prefix_xor(uint64_t bits)
{
    for (int shift = 1; shift < 64; shift *= 2)
        bits ^= bits << shift;
    return bits;
}

/*
 * SSE2 has no look-up in registers (SSSE3 has it), so that characters are checked one by one. A character that the
 * block cuts off is checked with the next block.
 */
SP_PIECE bool utf8_is_valid(const uint8_t *block)
{
    const uint8_t *at = block - LOOKBACK;
    const uint8_t *end = block + BLOCK;
    while (at < block && (*at & 0xc0) == 0x80)
        at++;
    while (at < end) {
        size_t left = (size_t)(end - at);
        size_t width = *at < 0x80 ? 1 : *at < 0xc0 ? 0 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
        if (width > left)
            return true;
        if (width == 0)
            return false;
        if (width > 1 && sp_utf8_sequence(at, left) == 0)
            return false;
        at += width;
    }
    return true;
}

bool sp_blocks_sse2(const uint8_t *at, const uint8_t *end, const uint8_t **behind)
{
    return walk_blocks(at, end, behind);
}

#endif
