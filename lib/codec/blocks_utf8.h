#ifndef SP_CODEC_BLOCKS_UTF8_H
#define SP_CODEC_BLOCKS_UTF8_H

#include <stdint.h>

/*
 * UTF-8 (RFC 3629) by three table look-ups, after Keiser and Lemire, "Validating UTF-8 in less than one instruction per
 * byte". Each table has the mistakes that half a byte allows: the high half of the byte in front, the low half of the
 * byte in front, the high half of the byte itself. A mistake that all three allow is made. The bytes two and three
 * places in front tell whether a third or fourth byte of a character is due; that has to agree with PAIR.
 */
enum {
    SHORT = 1 << 0,     /* a lead, but no continuation behind it */
    LONG = 1 << 1,      /* a continuation behind ASCII */
    OVERLONG3 = 1 << 2, /* e0 80..9f */
    LARGE = 1 << 3,     /* f4 90..bf and above */
    SURROGATE = 1 << 4, /* ed a0..bf */
    OVERLONG2 = 1 << 5, /* c0, c1 */
    OVERLONG4 = 1 << 6, /* f0 80..8f; also f5 and above with 80..8f, which is too large */
    PAIR = 1 << 7,      /* a continuation behind a continuation */
    ANY = SHORT | LONG | PAIR
};

static const uint8_t sp_utf8_before_high[16] = {LONG,
                                                LONG,
                                                LONG,
                                                LONG,
                                                LONG,
                                                LONG,
                                                LONG,
                                                LONG,
                                                PAIR,
                                                PAIR,
                                                PAIR,
                                                PAIR,
                                                SHORT | OVERLONG2,
                                                SHORT,
                                                SHORT | OVERLONG3 | SURROGATE,
                                                SHORT | LARGE | OVERLONG4};
static const uint8_t sp_utf8_before_low[16] = {ANY | OVERLONG3 | OVERLONG2 | OVERLONG4,
                                               ANY | OVERLONG2,
                                               ANY,
                                               ANY,
                                               ANY | LARGE,
                                               ANY | LARGE | OVERLONG4,
                                               ANY | LARGE | OVERLONG4,
                                               ANY | LARGE | OVERLONG4,
                                               ANY | LARGE | OVERLONG4,
                                               ANY | LARGE | OVERLONG4,
                                               ANY | LARGE | OVERLONG4,
                                               ANY | LARGE | OVERLONG4,
                                               ANY | LARGE | OVERLONG4,
                                               ANY | LARGE | OVERLONG4 | SURROGATE,
                                               ANY | LARGE | OVERLONG4,
                                               ANY | LARGE | OVERLONG4};
static const uint8_t sp_utf8_own_high[16] = {SHORT,
                                             SHORT,
                                             SHORT,
                                             SHORT,
                                             SHORT,
                                             SHORT,
                                             SHORT,
                                             SHORT,
                                             LONG | OVERLONG2 | PAIR | OVERLONG3 | OVERLONG4,
                                             LONG | OVERLONG2 | PAIR | OVERLONG3 | LARGE,
                                             LONG | OVERLONG2 | PAIR | SURROGATE | LARGE,
                                             LONG | OVERLONG2 | PAIR | SURROGATE | LARGE,
                                             SHORT,
                                             SHORT,
                                             SHORT,
                                             SHORT};

#endif
