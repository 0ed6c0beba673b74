#include "codec/blocks.h"

#if defined(__AVX512BW__) && defined(__PCLMUL__)

#include "codec/blocks_utf8.h"
#include "codec/blocks_walk.h"

#include <immintrin.h>

SP_PIECE sp_masks classify(const uint8_t *block)
{
    __m512i in = _mm512_loadu_si512(block);
    __m512i folded = _mm512_or_si512(in, _mm512_set1_epi8(0x20)); /* '[' and '{' differ in this bit */
    return (sp_masks){
        .quote = _mm512_cmpeq_epi8_mask(in, _mm512_set1_epi8('"')),
        .backslash = _mm512_cmpeq_epi8_mask(in, _mm512_set1_epi8('\\')),
        .comma = _mm512_cmpeq_epi8_mask(in, _mm512_set1_epi8(',')),
        .colon = _mm512_cmpeq_epi8_mask(in, _mm512_set1_epi8(':')),
        .opens = _mm512_cmpeq_epi8_mask(folded, _mm512_set1_epi8('{')),
        .closes = _mm512_cmpeq_epi8_mask(folded, _mm512_set1_epi8('}')),
        .curly = (uint64_t)_mm512_movepi8_mask(_mm512_slli_epi16(in, 2)),
        .space = _mm512_cmpeq_epi8_mask(in, _mm512_set1_epi8(' ')),
        .control = _mm512_cmplt_epu8_mask(in, _mm512_set1_epi8(0x20)),
        .high = (uint64_t)_mm512_movepi8_mask(in),
        .digit = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(in, _mm512_set1_epi8('0')), _mm512_set1_epi8(10)),
        .zero = _mm512_cmpeq_epi8_mask(in, _mm512_set1_epi8('0')),
    };
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

SP_PIECE bool utf8_fine(const uint8_t *block)
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
