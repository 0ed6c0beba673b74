/*
 * Blocks of 64 bytes of JSON as masks, for any instruction set: bit n of a mask is byte n of its block. blocks_walk.h
 * draws its conclusions from the masks. A file that includes this one has defined sp_block (64 bytes in registers),
 * LANES (how many 64-bit numbers a register holds) and ONE_BEFORE (the indexes for next()), and defines the functions
 * that are only declared here: load, equal, below, bit, fold, minus, prefix_xor, utf8_is_valid.
 *
 * The masks of up to ROWS blocks lie side by side in columns. What is the same for all blocks is done for as many
 * blocks as a register holds.
 */
#ifndef SP_CODEC_BLOCKS_ROWS_H
#define SP_CODEC_BLOCKS_ROWS_H

#include "codec/blocks.h"
#include <string.h>

/* Picks the numbered elements of two vectors, counted through both. Older gcc knows only __builtin_shuffle(). */
#if defined(__clang__) || __GNUC__ >= 12
#define SP_SHUFFLE(one, two, ...) __builtin_shufflevector(one, two, __VA_ARGS__)
#else
#define SP_SHUFFLE(one, two, ...) __builtin_shuffle(one, two, (sp_lanes){__VA_ARGS__})
#endif

/* Every such function is inlined into the walk of its instruction set. */
#define SP_PIECE static inline __attribute__((always_inline))

enum {
    BLOCK = 64,
    ROWS = 32,   /* blocks that are worked on together */
    ALWAYS = 3,  /* marks of a block that list() writes without checking whether they exist */
    LOOKBACK = 3 /* bytes before a block that may belong to a character of it */
};

SP_PIECE sp_block load(const uint8_t *bytes);
SP_PIECE uint64_t equal(sp_block in, uint8_t byte);
SP_PIECE uint64_t below(sp_block in, uint8_t byte); /* unsigned */
SP_PIECE uint64_t bit(sp_block in, int n);          /* the bytes in which this bit is set */
SP_PIECE sp_block fold(sp_block in); /* sets bit 5 of each byte: '[' becomes '{', 'A' becomes 'a' */
SP_PIECE sp_block minus(sp_block in, uint8_t byte);
SP_PIECE uint64_t prefix_xor(uint64_t bits);       /* bit n of the result: the parity of bits 0..n */
SP_PIECE bool utf8_is_valid(const uint8_t *block); /* 64 bytes, and LOOKBACK bytes in front of them */

/* One mask for each block. Element 0 is the mask of the block in front of them. */
typedef uint64_t sp_column[1 + ROWS];

/*
 * The masks of LANES blocks, and how they lie in a column, which is anywhere. They are two types, because gcc 14 for
 * AArch64 cannot pass a vector that is aligned less than its size.
 */
typedef uint64_t sp_lanes __attribute__((vector_size(8 * LANES)));
typedef sp_lanes sp_lanes_anywhere __attribute__((aligned(8), may_alias));

typedef struct sp_rows {
    sp_column quote, string; /* string: from the opening quote to before the closing one */
    sp_column escaped;       /* bytes behind a backslash */
    sp_column begin;         /* opening quotes */
    sp_column comma, colon;
    sp_column opens, closes; /* of objects and arrays */
    sp_column curly;         /* of a bracket: whether it is an object's; of other bytes: anything */
    sp_column brackets;      /* opens and closes, without those of empty containers */
    sp_column flips;         /* brackets at which the text passes between an object and an array */
    sp_column inside;        /* bytes whose innermost container is an object */
    sp_column scalar;        /* numbers, and true, false, null */
    sp_column digit, zero;   /* digits of numbers; zeros */
    sp_column doubtful;      /* bytes of scalars that have to be looked at one by one */
    sp_column space;         /* white space between tokens */
    sp_column before_value;  /* comma, colon, opens */
    sp_column before_key;    /* comma and opens, of objects */
    /* the first byte behind before_value, before_key and opens that is no white space */
    sp_column value_due, key_due, after_open;
    sp_column text;   /* everything except commas, colons and brackets */
    sp_column within; /* bytes up to the bracket that closes the whole value */
} sp_rows;

/* The last masks of the row in front, for next(). */
typedef struct sp_last {
    sp_lanes before_value, before_key, opens, scalar, zero, digit, over;
} sp_last;

typedef struct sp_walk {
    const uint8_t *first, *end;
    uint64_t escaped;           /* 1: the next byte is escaped */
    uint64_t odd;               /* the bytes of the last block below 0x20 or above 0x7f */
    uint64_t in_string, inside; /* all ones in a string, in an object */
    uint64_t stack; /* the open containers, the innermost lowest: 1 an object, 0 an array; a 1 above all */
    size_t length;  /* of list */
    size_t escape_count, character_count;
    uint8_t escapes[ROWS];    /* the blocks with escapes */
    uint8_t characters[ROWS]; /* the blocks with control characters or without ASCII */
    uint16_t list[BLOCK * ROWS + ALWAYS];
    uint8_t room[LOOKBACK + BLOCK + BLOCK];
    sp_last last;
    sp_rows rows;
} sp_walk;

/* The number of the lowest bit that is set. When no bit is set: any number up to 64. */
SP_PIECE size_t first_bit(uint64_t bits)
{
#if defined(__BMI__) && defined(__x86_64__)
    return (size_t)_tzcnt_u64(bits);
#else
    return (size_t)__builtin_ctzll(bits | UINT64_C(1) << 63);
#endif
}

SP_PIECE sp_lanes_anywhere *lanes(uint64_t *column)
{
    return (sp_lanes_anywhere *)column;
}

/* Marks the byte behind each marked byte. *last holds the masks in front of these, and then these. */
SP_PIECE sp_lanes next(sp_lanes bits, sp_lanes *last)
{
    sp_lanes before = SP_SHUFFLE(*last, bits, ONE_BEFORE);
    *last = bits;
    return bits << 1 | before >> 63;
}

SP_PIECE bool none(sp_lanes bits)
{
    uint64_t any = 0;
    for (size_t i = 0; i < LANES; i++)
        any |= bits[i];
    return any == 0;
}

/* Writes the places of the marked bytes to walk->list, counted from the first block. */
SP_PIECE void list(sp_walk *walk, const sp_column marks, size_t count)
{
    uint16_t *out = walk->list;
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = marks[1 + i];
        size_t found = (size_t)__builtin_popcountll(bits);
        for (size_t n = 0; n < ALWAYS; n++, bits &= bits - 1)
            out[n] = (uint16_t)(i * BLOCK + first_bit(bits));
        for (size_t n = ALWAYS; n < found; n++, bits &= bits - 1)
            out[n] = (uint16_t)(i * BLOCK + first_bit(bits));
        out += found;
    }
    walk->length = (size_t)(out - walk->list);
}

/* ---- What each byte is ---- */

/* The bytes that a backslash escapes. *carry is 1 when the last block ends with such a backslash. */
SP_PIECE uint64_t find_escaped(uint64_t backslash, uint64_t *carry)
{
    const uint64_t even = UINT64_C(0x5555555555555555);
    backslash &= ~*carry;
    uint64_t follows = backslash << 1 | *carry;
    uint64_t odd_starts = backslash & ~even & ~follows;
    unsigned long long ends;
    *carry = __builtin_uaddll_overflow(odd_starts, backslash, &ends);
    return (even ^ (uint64_t)ends << 1) & follows;
}

/* Marks what is in quotes. Blocks with escapes are noted in walk->escapes. */
SP_PIECE void find_strings(sp_walk *walk, size_t i, uint64_t backslash, uint64_t quote)
{
    sp_rows *rows = &walk->rows;
    uint64_t escaped = find_escaped(backslash, &walk->escaped);
    quote &= ~escaped;
    uint64_t string = prefix_xor(quote) ^ walk->in_string;
    walk->in_string = 0 - (string >> 63);
    rows->escaped[i] = escaped & string;
    rows->quote[i] = quote;
    rows->string[i] = string;
    walk->escapes[walk->escape_count] = (uint8_t)i;
    walk->escape_count += escaped != 0;
}

/* Notes blocks with other bytes than printable ASCII, and the block behind each: a character can go on there. */
SP_PIECE void find_characters(sp_walk *walk, size_t i, uint64_t odd)
{
    walk->characters[walk->character_count] = (uint8_t)i;
    walk->character_count += (odd | walk->odd) != 0;
    walk->odd = odd;
}

/* Fills the masks of one block. */
SP_PIECE void classify(sp_walk *walk, const uint8_t *block, size_t i, bool spaced)
{
    sp_rows *rows = &walk->rows;
    sp_block in = load(block);
    find_strings(walk, i, equal(in, '\\'), equal(in, '"'));
    find_characters(walk, i, ~below(minus(in, 0x20), 0x80 - 0x20));
    rows->comma[i] = equal(in, ',');
    rows->colon[i] = equal(in, ':');
    rows->opens[i] = equal(fold(in), '{');
    rows->closes[i] = equal(fold(in), '}');
    rows->curly[i] = bit(in, 5);
    rows->digit[i] = below(minus(in, '0'), 10);
    rows->zero[i] = equal(in, '0');
    if (spaced)
        rows->space[i] = equal(in, ' ') | equal(in, '\t') | equal(in, '\n') | equal(in, '\r');
    rows->within[i] = ~UINT64_C(0);
}

/* Takes commas, brackets and the like inside strings out of the masks, and derives what follows from the others. */
SP_PIECE void classify_outside_strings(sp_rows *rows, size_t count, bool spaced)
{
    for (size_t i = 1; i <= count; i += LANES) {
        sp_lanes string = *lanes(rows->string + i), quote = *lanes(rows->quote + i);
        sp_lanes outside = ~(string | quote), space = {0};
        sp_lanes comma = *lanes(rows->comma + i) & outside, colon = *lanes(rows->colon + i) & outside;
        sp_lanes opens = *lanes(rows->opens + i) & outside, closes = *lanes(rows->closes + i) & outside;
        sp_lanes curly = *lanes(rows->curly + i);
        sp_lanes empty = opens & closes >> 1 & ~(curly ^ curly >> 1);
        if (spaced)
            space = *lanes(rows->space + i) & outside;
        sp_lanes scalar = outside & ~(comma | colon | opens | closes | space);
        *lanes(rows->begin + i) = quote & string;
        *lanes(rows->comma + i) = comma;
        *lanes(rows->colon + i) = colon;
        *lanes(rows->opens + i) = opens;
        *lanes(rows->closes + i) = closes;
        *lanes(rows->brackets + i) = (opens | closes) & ~(empty | empty << 1);
        *lanes(rows->flips + i) = (sp_lanes){0};
        *lanes(rows->before_value + i) = comma | colon | opens;
        *lanes(rows->text + i) = ~(comma | colon | opens | closes);
        *lanes(rows->scalar + i) = scalar;
        *lanes(rows->digit + i) &= scalar;
        *lanes(rows->space + i) = space;
    }
}

#endif
