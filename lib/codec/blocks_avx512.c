/*
 * The walk over blocks of JSON (blocks_walk.h) with AVX-512. blocks.c calls it where the processor has the
 * instructions.
 */
#include "codec/blocks.h"

#if defined(__AVX512BW__) && defined(__PCLMUL__)

#include <immintrin.h>

typedef __m512i sp_block;

#define LANES 8
#define ONE_BEFORE 7, 8, 9, 10, 11, 12, 13, 14
#include "codec/blocks_utf8.h"
#include "codec/blocks_walk.h"

SP_PIECE sp_block load(const uint8_t *bytes)
{
    return _mm512_loadu_si512(bytes);
}

SP_PIECE uint64_t equal(sp_block in, uint8_t byte)
{
    return _mm512_cmpeq_epi8_mask(in, _mm512_set1_epi8((char)byte));
}

SP_PIECE uint64_t below(sp_block in, uint8_t byte)
{
    return _mm512_cmplt_epu8_mask(in, _mm512_set1_epi8((char)byte));
}

SP_PIECE uint64_t bit(sp_block in, int n)
{
    return _mm512_test_epi8_mask(in, _mm512_set1_epi8((char)(1 << n)));
}

SP_PIECE sp_block fold(sp_block in)
{
    return _mm512_or_si512(in, _mm512_set1_epi8(0x20));
}

SP_PIECE sp_block minus(sp_block in, uint8_t byte)
{
    return _mm512_sub_epi8(in, _mm512_set1_epi8((char)byte));
}

SP_PIECE uint64_t prefix_xor(uint64_t bits)
{
    __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)bits), _mm_set1_epi8((char)0xff), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

SP_PIECE __m512i look_up(const uint8_t *table, __m512i index)
{
    return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(_mm_loadu_si128((const void *)table)), index);
}

SP_PIECE bool utf8_is_valid(const uint8_t *block)
{
    const __m512i low = _mm512_set1_epi8(0x0f);
    __m512i in = _mm512_loadu_si512(block);
    __m512i one = _mm512_loadu_si512(block - 1);
    __m512i two = _mm512_loadu_si512(block - 2);
    __m512i three = _mm512_loadu_si512(block - 3);
    __m512i mistakes = look_up(sp_utf8_before_high, _mm512_and_si512(_mm512_srli_epi16(one, 4), low));
    mistakes = _mm512_and_si512(mistakes, look_up(sp_utf8_before_low, _mm512_and_si512(one, low)));
    mistakes = _mm512_and_si512(mistakes,
                                look_up(sp_utf8_own_high, _mm512_and_si512(_mm512_srli_epi16(in, 4), low)));
    __m512i third = _mm512_subs_epu8(two, _mm512_set1_epi8((char)(0xe0 - 0x80)));
    __m512i fourth = _mm512_subs_epu8(three, _mm512_set1_epi8((char)(0xf0 - 0x80)));
    __m512i due = _mm512_and_si512(_mm512_or_si512(third, fourth), _mm512_set1_epi8((char)PAIR));
    return _mm512_cmpneq_epi8_mask(due, mistakes) == 0;
}

bool sp_blocks_avx512(const uint8_t *at, const uint8_t *end, const uint8_t **behind)
{
    return walk_blocks(at, end, behind);
}

#endif
