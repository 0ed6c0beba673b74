#ifndef SP_CODEC_PLAIN_H
#define SP_CODEC_PLAIN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Plain text: ASCII without quotes, backslashes and control characters. It is copied and passed over eight or sixteen
 * bytes at a time, with instructions that every processor of the architecture has.
 */

/*
 * Marks for eight bytes in any order: 0 when all are plain. Otherwise the top bit of the lowest byte that is not plain
 * is set; bits above it may be set too.
 */
static inline uint64_t sp_plain_marks_of(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t quote = word ^ (ones * '"');
    uint64_t slash = word ^ (ones * '\\');
    uint64_t special = ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((word - ones * 0x20) & ~word);
    return (special | word) & (ones << 7);
}

#if defined(__SSE2__) && defined(__GNUC__)
#include <emmintrin.h>
enum {
    SP_PLAIN_STEP = 16
};

/* One bit for each of 16 bytes, set when the byte is not plain. The lowest bit is that of the first byte. */
static inline uint64_t sp_plain_marks(const uint8_t *at)
{
    __m128i in = _mm_loadu_si128((const void *)at);
    __m128i quote = _mm_cmpeq_epi8(in, _mm_set1_epi8('"'));
    __m128i slash = _mm_cmpeq_epi8(in, _mm_set1_epi8('\\'));
    __m128i low =
        _mm_cmplt_epi8(in, _mm_set1_epi8(0x20)); /* compares signed bytes: 0x80 and above are negative */
    return (uint64_t)(unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, slash), low));
}

static inline size_t sp_plain_first(uint64_t marks)
{
    return (size_t)__builtin_ctzll(marks);
}

#elif defined(__aarch64__) && defined(__ARM_NEON) && defined(__AARCH64EL__) && defined(__GNUC__)
#include <arm_neon.h>
enum {
    SP_PLAIN_STEP = 16
};

/* Four bits for each of 16 bytes, set when the byte is not plain. */
static inline uint64_t sp_plain_marks(const uint8_t *at)
{
    uint8x16_t in = vld1q_u8(at);
    uint8x16_t quote = vceqq_u8(in, vdupq_n_u8('"'));
    uint8x16_t slash = vceqq_u8(in, vdupq_n_u8('\\'));
    uint8x16_t low = vcltq_s8(vreinterpretq_s8_u8(in), vdupq_n_s8(0x20));
    uint8x16_t all = vorrq_u8(vorrq_u8(quote, slash), low);
    return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(all), 4)), 0);
}

static inline size_t sp_plain_first(uint64_t marks)
{
    return (size_t)__builtin_ctzll(marks) / 4;
}

#else
enum {
    SP_PLAIN_STEP = 8
};

/* As sp_plain_marks_of(). */
static inline uint64_t sp_plain_marks(const uint8_t *at)
{
    uint64_t word = 0;
    for (size_t i = 0; i < 8; i++)
        word |= (uint64_t)at[i] << (8 * i);
    return sp_plain_marks_of(word);
}

static inline size_t sp_plain_first(uint64_t marks)
{
    size_t first = 0;
    while (!(marks & 0x80)) {
        marks >>= 8;
        first++;
    }
    return first;
}
#endif

/* Whether one byte is plain. */
static inline int sp_plain(uint8_t byte)
{
    return byte != '"' && byte != '\\' && byte >= 0x20 && byte < 0x80;
}

/* Passes over plain text. Returns where it ends. */
static inline const uint8_t *sp_plain_pass(const uint8_t *at, const uint8_t *end)
{
    for (; end - at >= SP_PLAIN_STEP; at += SP_PLAIN_STEP) {
        uint64_t marks = sp_plain_marks(at);
        if (marks)
            return at + sp_plain_first(marks);
    }
    while (at < end && sp_plain(*at))
        at++;
    return at;
}

/* Copies 4 to 15 bytes when all are plain, the middle ones twice. Returns 1, or 0 when one is not plain. */
static inline int sp_plain_copy_few(const uint8_t *at, size_t length, uint8_t *out)
{
    if (length < 8) {
        uint32_t low, high;
        memcpy(&low, at, 4);
        memcpy(&high, at + length - 4, 4);
        if (sp_plain_marks_of((uint64_t)high << 32 | low))
            return 0;
        memcpy(out, &low, 4);
        memcpy(out + length - 4, &high, 4);
        return 1;
    }
    uint64_t first, last;
    memcpy(&first, at, 8);
    memcpy(&last, at + length - 8, 8);
    if (sp_plain_marks_of(first) | sp_plain_marks_of(last))
        return 0;
    memcpy(out, &first, 8);
    memcpy(out + length - 8, &last, 8);
    return 1;
}

/*
 * Copies plain text. Returns where it ends. `out` needs room for SP_PLAIN_STEP bytes more than there are, because whole
 * steps are written.
 */
static inline const uint8_t *sp_plain_copy(const uint8_t *at, const uint8_t *end, uint8_t *out)
{
    for (; end - at >= SP_PLAIN_STEP; at += SP_PLAIN_STEP, out += SP_PLAIN_STEP) {
        uint64_t marks = sp_plain_marks(at);
        memcpy(out, at, SP_PLAIN_STEP);
        if (marks)
            return at + sp_plain_first(marks);
    }
    size_t left = (size_t)(end - at);
    if (left >= 4 && left < 16 && sp_plain_copy_few(at, left, out))
        return end;
    while (at < end && sp_plain(*at))
        *out++ = *at++;
    return at;
}

#endif
