/*
 * The walk over blocks of 64 bytes, for any instruction set. Whoever includes this defines before or behind it
 *   sp_masks classify(const uint8_t *block);        which bytes are what
 *   uint64_t prefix_xor(uint64_t bits);             bit n: parity of bits 0..n
 *   bool utf8_fine(const uint8_t *block);           of 64 bytes, which three others precede
 * Bit n of a mask is byte n of the block. A "follow" is the next token, white space passed over: an addition
 * that carries through the run of white space (the technique of bitwise parallel text processing).
 */
#ifndef SP_CODEC_BLOCKS_WALK_H
#define SP_CODEC_BLOCKS_WALK_H

#include "codec/blocks.h"
#include "codec/token.h"
#include "core/text.h"

#include <spectacles/codec.h>
#include <string.h>

/* Every piece becomes part of one loop, whose carries then live in registers. */
#define SP_PIECE static inline __attribute__((always_inline))

enum {
    BLOCK = 64,
    WORDS = 256, /* looked at together; a block has at most 32 */
    LOOKBACK = 3 /* bytes before a block that may belong to a character of it */
};

typedef struct sp_masks {
    uint64_t quote, backslash;
    uint64_t comma, colon;
    uint64_t opens, closes; /* of objects and arrays */
    uint64_t curly;         /* of a bracket: whether it is an object's; of other bytes: anything */
    uint64_t space;         /* 0x20 only */
    uint64_t control;       /* below 0x20 */
    uint64_t high;          /* 0x80 and above */
    uint64_t digit, zero;
} sp_masks;

SP_PIECE sp_masks classify(const uint8_t *block);
SP_PIECE uint64_t prefix_xor(uint64_t bits);
SP_PIECE bool utf8_fine(const uint8_t *block);

/* What one block hands on to the next: bits 0 or 1, but for in_string. */
typedef struct sp_carry {
    uint64_t escaped;   /* the first byte is escaped */
    uint64_t in_string; /* all ones inside a string */
    uint64_t after_comma, after_open, after_colon, after_item;
    uint64_t in_item; /* a string goes on that may be a key */
    uint64_t scalar;  /* the last byte belonged to a number or a word */
    uint64_t integer; /* the digits of a number go on */
    uint64_t leading_zero;
    uint64_t character; /* the last bytes may begin a character */
    uint64_t object;    /* the innermost container is an object */
    size_t depth;
} sp_carry;

/* What is too large for registers. */
typedef struct sp_rest {
    const uint8_t *first;
    const uint8_t *end;
    bool spaced; /* white space between tokens is known */
    size_t word_count;
    const uint8_t *words[WORDS];             /* where words and negative numbers begin */
    uint8_t stack[SPECTACLES_DEPTH_MAX + 2]; /* 1: an object is open, 0: an array */
} sp_rest;

SP_PIECE uint64_t add_carry(uint64_t a, uint64_t b, uint64_t *carry)
{
    unsigned long long sum;
    bool first = __builtin_uaddll_overflow(a, b, &sum);
    bool second = __builtin_uaddll_overflow(sum, *carry, &sum);
    *carry = first | second;
    return sum;
}

/* The token behind each marked one. The carry says that it may be the next block's first byte. */
SP_PIECE uint64_t follow(uint64_t marks, uint64_t space, uint64_t *carry)
{
    unsigned long long sum;
    uint64_t shifted = marks << 1 | *carry;
    bool over = __builtin_uaddll_overflow(shifted, space, &sum);
    *carry = marks >> 63 | over;
    return sum & ~space;
}

SP_PIECE size_t first_bit(uint64_t bits)
{
    return (size_t)__builtin_ctzll(bits);
}

/* ---- Strings ---- */

SP_PIECE uint64_t find_escaped(uint64_t backslash, uint64_t *carry)
{
    const uint64_t even = UINT64_C(0x5555555555555555);
    if (!backslash) {
        uint64_t escaped = *carry;
        *carry = 0;
        return escaped;
    }
    backslash &= ~*carry;
    uint64_t follows = backslash << 1 | *carry;
    uint64_t odd_starts = backslash & ~even & ~follows;
    unsigned long long ends;
    *carry = __builtin_uaddll_overflow(odd_starts, backslash, &ends);
    return (even ^ (uint64_t)ends << 1) & follows;
}

SP_PIECE bool escapes_fine(const uint8_t *base, uint64_t escaped, const uint8_t *end)
{
    for (; escaped; escaped &= escaped - 1) {
        const uint8_t *at = base + first_bit(escaped);
        if (at >= end || !sp_token_escape(at, end))
            return false;
    }
    return true;
}

/* Below 0x20 there is nothing but white space, and that not in strings. */
SP_PIECE bool controls_fine(const uint8_t *base, uint64_t control, uint64_t string)
{
    if (control & string)
        return false;
    for (; control; control &= control - 1) {
        if (!sp_token_space(base[first_bit(control)]))
            return false;
    }
    return true;
}

/* ---- Numbers and words ---- */

/* Whether a number or a word inside a container may end before this byte. */
SP_PIECE bool ends(uint8_t byte, bool spaced)
{
    return byte == ',' || byte == '}' || byte == ']' || (spaced && sp_token_space(byte));
}

static bool number_fine(const uint8_t *at, const sp_rest *rest)
{
    const uint8_t *lack;
    const uint8_t *behind = sp_token_number(at, rest->end, &lack);
    return behind && behind < rest->end && ends(*behind, rest->spaced);
}

/* A number's digits end at `at` with something that is no end: a fraction or an exponent, or a mistake. */
static bool fraction_fine(const uint8_t *at, const sp_rest *rest)
{
    do
        at--;
    while (at[-1] >= '0' && at[-1] <= '9');
    return number_fine(at, rest);
}

/* true, false, null and what ends them, told without a branch on which it is. */
SP_PIECE bool word_fine(const uint8_t *at, const sp_rest *rest)
{
    static const uint64_t words[4] = {UINT64_C(0x65736c6166), 0x6c6c756e, 0x65757274, 0x100};
    static const uint8_t bits[4] = {40, 32, 32, 8};
    uint64_t text = 0;
    memcpy(&text, at, rest->end - at >= 8 ? 8 : (size_t)(rest->end - at));
    size_t which = *at >> 3 & 3;
    uint64_t behind = text >> bits[which];
    return text - (behind << bits[which]) == words[which] && ends((uint8_t)behind, rest->spaced);
}

static bool words_fine(const sp_rest *rest)
{
    for (size_t i = 0; i < rest->word_count; i++) {
        const uint8_t *at = rest->words[i];
        if (!word_fine(at, rest) && !(*at == '-' && number_fine(at, rest)))
            return false;
    }
    return true;
}

/* Three are written down whether they are there or not: cheaper than a guess how many there are. */
SP_PIECE bool note_words(sp_rest *rest, const uint8_t *base, uint64_t words)
{
    size_t count = (size_t)__builtin_popcountll(words);
    const uint8_t **out = rest->words + rest->word_count;
    for (size_t i = 0; i < 3; i++) {
        out[i] = base + first_bit(words | UINT64_C(1) << 63);
        words &= words - 1;
    }
    for (size_t i = 3; i < count; i++) {
        out[i] = base + first_bit(words);
        words &= words - 1;
    }
    rest->word_count += count;
    if (rest->word_count < WORDS - BLOCK)
        return true;
    bool fine = words_fine(rest);
    rest->word_count = 0;
    return fine;
}

SP_PIECE bool scalars_fine(sp_carry *carry, sp_rest *rest, const uint8_t *base, const sp_masks *masks,
                           uint64_t scalar, uint64_t live)
{
    uint64_t starts = scalar & ~(scalar << 1 | carry->scalar);
    uint64_t digit = masks->digit & scalar;
    uint64_t integers = starts & digit;
    uint64_t zeros = integers & masks->zero;
    uint64_t second = zeros << 1 | carry->leading_zero;
    uint64_t odd = add_carry(integers, digit, &carry->integer) & ~digit & scalar & live;
    carry->scalar = scalar >> 63;
    carry->leading_zero = zeros >> 63;
    if (second & digit & live)
        return false;
    for (; odd; odd &= odd - 1) {
        if (!fraction_fine(base + first_bit(odd), rest))
            return false;
    }
    return note_words(rest, base, starts & ~digit & live);
}

/* ---- Containers ---- */

/*
 * Follows the brackets of a block without a branch on what they are. objects: the bytes that lie directly in
 * an object. live: the bits up to the bracket that closes the whole value, all of them if none does. False
 * when a bracket closes what it did not open, or the next block might go beyond the greatest depth.
 */
SP_PIECE bool nest(sp_carry *carry, sp_rest *rest, const sp_masks *masks, uint64_t outside, uint64_t *objects,
                   uint64_t *live)
{
    uint64_t opens = masks->opens & outside;
    uint64_t brackets = opens | (masks->closes & outside);
    uint64_t empty = opens & (masks->closes & outside) >> 1 & ~(masks->curly ^ masks->curly >> 1);
    empty &= carry->depth ? ~UINT64_C(0) : ~UINT64_C(1); /* the first bracket is the value itself */
    uint64_t object = 0 - carry->object;
    uint64_t mismatch = 0;
    *live = ~UINT64_C(0);
    for (brackets &= ~(empty | empty << 1); brackets; brackets &= brackets - 1) {
        size_t bit = first_bit(brackets);
        uint64_t open = opens >> bit & 1;
        uint64_t curly = masks->curly >> bit & 1;
        rest->stack[carry->depth + 1] = (uint8_t)curly;
        mismatch |= (carry->object ^ curly) & (open - 1);
        carry->depth += open + open - 1;
        uint64_t now = rest->stack[carry->depth];
        object ^= (0 - (now ^ carry->object)) & (~UINT64_C(0) << bit << 1);
        carry->object = now;
        if (carry->depth == 0) {
            *live = ~UINT64_C(0) >> (63 - bit);
            break;
        }
    }
    *objects = object;
    return mismatch == 0 && carry->depth <= SPECTACLES_DEPTH_MAX - BLOCK;
}

/* ---- Blocks ---- */

typedef struct sp_tokens {
    uint64_t quote, string; /* string: from the opening quote to before the closing one */
    uint64_t comma, colon, opens, closes, scalar;
    uint64_t objects;
} sp_tokens;

/* What may stand behind what. The bits where it does not. */
SP_PIECE uint64_t misplaced(sp_carry *carry, const sp_tokens *is, uint64_t space)
{
    uint64_t begin = is->quote & is->string;
    uint64_t values = begin | is->opens | (is->scalar & ~(is->scalar << 1 | carry->scalar));
    uint64_t after_open = follow(is->opens, space, &carry->after_open);
    uint64_t first = after_open | follow(is->comma, space, &carry->after_comma);
    uint64_t expected = first | follow(is->colon, space, &carry->after_colon);
    uint64_t ends = add_carry(begin & first, is->string, &carry->in_item) & ~is->string & is->quote;
    uint64_t after_item = follow(ends, space, &carry->after_item);

    uint64_t wrong = values & ~expected;                    /* two values in a row */
    wrong |= (is->comma | is->colon) & expected;            /* a value is missing */
    wrong |= is->closes & expected & ~after_open;           /* likewise, before a bracket */
    wrong |= is->colon & ~after_item;                       /* a colon that is not behind a key */
    wrong |= is->colon & ~is->objects;                      /* a key in an array */
    wrong |= is->objects & after_item & ~is->colon;         /* a key without a value */
    return wrong | (is->objects & first & values & ~begin); /* a member without a key */
}

/* Nothing of the text stands in front of the first block. */
static bool first_utf8_fine(const uint8_t *block)
{
    uint8_t copy[LOOKBACK + BLOCK] = {0};
    memcpy(copy + LOOKBACK, block, BLOCK);
    return utf8_fine(copy + LOOKBACK);
}

SP_PIECE bool look(sp_carry *carry, sp_rest *rest, const uint8_t *base, const uint8_t *block, bool spaced,
                   uint64_t *live)
{
    sp_masks masks = classify(block);
    uint64_t escaped = find_escaped(masks.backslash, &carry->escaped);
    uint64_t quote = masks.quote & ~escaped;
    uint64_t string = prefix_xor(quote) ^ carry->in_string;
    uint64_t outside = ~(string | quote);
    carry->in_string = 0 - (string >> 63);

    sp_tokens is = {.quote = quote, .string = string};
    if (!nest(carry, rest, &masks, outside, &is.objects, live))
        return false;
    uint64_t space = spaced ? (masks.space | masks.control) & outside : 0;
    is.comma = masks.comma & outside;
    is.colon = masks.colon & outside;
    is.opens = masks.opens & outside;
    is.closes = masks.closes & outside;
    is.scalar = outside & ~(is.comma | is.colon | is.opens | is.closes | space);

    uint64_t wrong = misplaced(carry, &is, space);
    bool fine = !(wrong & *live) && scalars_fine(carry, rest, base, &masks, is.scalar, *live);
    if (masks.control & *live)
        fine = fine && controls_fine(base, masks.control & *live, string);
    if (escaped & *live)
        fine = fine && escapes_fine(base, escaped & string & *live, rest->end);
    if (masks.high | carry->character)
        fine = fine && (base == rest->first ? first_utf8_fine(block) : utf8_fine(block));
    carry->character = masks.high >> (BLOCK - LOOKBACK);
    return fine;
}

/* Room in front of a block and behind it, for the first one and the last. */
typedef struct sp_room {
    uint8_t bytes[LOOKBACK + BLOCK + BLOCK];
} sp_room;

/* The last block, with spaces behind the text. */
SP_PIECE const uint8_t *padded(sp_room *room, const uint8_t *base, const uint8_t *end)
{
    memcpy(room->bytes, end - BLOCK - LOOKBACK, BLOCK + LOOKBACK);
    memset(room->bytes + LOOKBACK + BLOCK, ' ', BLOCK);
    return room->bytes + LOOKBACK + BLOCK - (end - base);
}

SP_PIECE bool walk_as(const uint8_t *at, const uint8_t *end, bool spaced, const uint8_t **behind)
{
    sp_carry carry = {.after_colon = 1}; /* a value is expected first */
    sp_rest rest;
    sp_room room;
    uint64_t live;
    rest.first = at;
    rest.end = end;
    rest.spaced = spaced;
    rest.word_count = 0;
    rest.stack[0] = 0;
    for (const uint8_t *base = at; base < end; base += BLOCK) {
        const uint8_t *block = end - base < BLOCK ? padded(&room, base, end) : base;
        if (!look(&carry, &rest, base, block, spaced, &live))
            return false;
        if (carry.depth == 0) {
            if (!words_fine(&rest))
                return false;
            *behind = base + (BLOCK - (size_t)__builtin_clzll(live));
            return true;
        }
    }
    return false;
}

/*
 * What programs write has no white space between tokens: a walk that knows none saves a sixth of the work,
 * and stops at the first space where there is some.
 */
SP_PIECE bool walk_blocks(const uint8_t *at, const uint8_t *end, const uint8_t **behind)
{
    return end - at >= SP_BLOCKS_LEAST && (walk_as(at, end, false, behind) || walk_as(at, end, true, behind));
}

#endif
