/*
 * The walk over blocks of JSON (blocks_walk.h) with AVX2. blocks.c calls it where the processor has the instructions.
 */
#include "codec/blocks.h"

#if defined(__AVX2__) && defined(__PCLMUL__)

#include <immintrin.h>

typedef struct sp_block {
    __m256i low, high;
} sp_block;

#define LANES 4
#define ONE_BEFORE 3, 4, 5, 6
#include "codec/blocks_utf8.h"
#include "codec/blocks_walk.h"

SP_PIECE sp_block load(const uint8_t *bytes)
{
    return (sp_block){_mm256_loadu_si256((const void *)bytes),
                      _mm256_loadu_si256((const void *)(bytes + 32))};
}

SP_PIECE uint64_t mask_of(__m256i low, __m256i high)
{
    return (uint64_t)(uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high)
                                                               << 32;
}

SP_PIECE uint64_t equal(sp_block in, uint8_t byte)
{
    __m256i wanted = _mm256_set1_epi8((char)byte);
    return mask_of(_mm256_cmpeq_epi8(in.low, wanted), _mm256_cmpeq_epi8(in.high, wanted));
}

/* AVX2 has no unsigned comparison: a byte is at most `max` when it is the smaller one of both. */
SP_PIECE uint64_t below(sp_block in, uint8_t byte)
{
    __m256i max = _mm256_set1_epi8((char)(byte - 1));
    return mask_of(_mm256_cmpeq_epi8(_mm256_min_epu8(in.low, max), in.low),
                   _mm256_cmpeq_epi8(_mm256_min_epu8(in.high, max), in.high));
}

SP_PIECE uint64_t bit(sp_block in, int n)
{
    return mask_of(_mm256_slli_epi16(in.low, 7 - n), _mm256_slli_epi16(in.high, 7 - n));
}

SP_PIECE sp_block fold(sp_block in)
{
    __m256i five = _mm256_set1_epi8(0x20);
    return (sp_block){_mm256_or_si256(in.low, five), _mm256_or_si256(in.high, five)};
}

SP_PIECE sp_block minus(sp_block in, uint8_t byte)
{
    __m256i less = _mm256_set1_epi8((char)byte);
    return (sp_block){_mm256_sub_epi8(in.low, less), _mm256_sub_epi8(in.high, less)};
}

SP_PIECE uint64_t prefix_xor(uint64_t bits)
{
    __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)bits), _mm_set1_epi8((char)0xff), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

SP_PIECE __m256i look_up(const uint8_t *table, __m256i index)
{
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)table)), index);
}

SP_PIECE __m256i utf8_wrong(const uint8_t *at)
{
    const __m256i low = _mm256_set1_epi8(0x0f);
    __m256i in = _mm256_loadu_si256((const void *)at);
    __m256i one = _mm256_loadu_si256((const void *)(at - 1));
    __m256i two = _mm256_loadu_si256((const void *)(at - 2));
    __m256i three = _mm256_loadu_si256((const void *)(at - 3));
    __m256i mistakes = look_up(sp_utf8_before_high, _mm256_and_si256(_mm256_srli_epi16(one, 4), low));
    mistakes = _mm256_and_si256(mistakes, look_up(sp_utf8_before_low, _mm256_and_si256(one, low)));
    mistakes = _mm256_and_si256(mistakes,
                                look_up(sp_utf8_own_high, _mm256_and_si256(_mm256_srli_epi16(in, 4), low)));
    __m256i third = _mm256_subs_epu8(two, _mm256_set1_epi8((char)(0xe0 - 0x80)));
    __m256i fourth = _mm256_subs_epu8(three, _mm256_set1_epi8((char)(0xf0 - 0x80)));
    __m256i due = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)PAIR));
    return _mm256_xor_si256(due, mistakes);
}

SP_PIECE bool utf8_is_valid(const uint8_t *block)
{
    __m256i wrong = _mm256_or_si256(utf8_wrong(block), utf8_wrong(block + 32));
    return _mm256_testz_si256(wrong, wrong);
}

bool sp_blocks_avx2(const uint8_t *at, const uint8_t *end, const uint8_t **behind)
{
    return walk_blocks(at, end, behind);
}

#endif
