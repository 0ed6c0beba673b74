/*
 * The walk over blocks of 64 bytes, for any instruction set. Whoever includes this has defined sp_block (64
 * bytes in registers), LANES (how many 64-bit numbers a register holds) and ONE_BEFORE (see next), and defines
 *   load, equal, below, bit, fold, minus   (declared below)
 *   prefix_xor      bit n: parity of bits 0..n
 *   utf8_fine       of 64 bytes, which three others precede
 *
 * Bit n of a mask is byte n of the block. The masks of up to ROWS blocks lie side by side in columns, so that
 * what is the same for all blocks is done for as many as a register holds. What goes block by block, or byte by
 * byte, is kept in loops of its own that have little to do and few branches: the processor then works on
 * several blocks at once, rarely guesses wrong which way to go, and loses little when it does.
 */
#ifndef SP_CODEC_BLOCKS_WALK_H
#define SP_CODEC_BLOCKS_WALK_H

#include "codec/blocks.h"
#include "codec/token.h"

#include <string.h>

/* Of two vectors one after the other: the numbered ones. clang and newer gcc know the one, older gcc the other. */
#if defined(__clang__) || __GNUC__ >= 12
#define SP_SHUFFLE(one, two, ...) __builtin_shufflevector(one, two, __VA_ARGS__)
#else
#define SP_SHUFFLE(one, two, ...) __builtin_shuffle(one, two, (sp_lanes){__VA_ARGS__})
#endif

/* Every piece becomes part of one function, for one instruction set. */
#define SP_PIECE static inline __attribute__((always_inline))

enum {
    BLOCK = 64,
    ROWS = 32,   /* blocks that are looked at together */
    ALWAYS = 3,  /* that many marks of a block are written down, whether they are there or not */
    LOOKBACK = 3 /* bytes before a block that may belong to a character of it */
};

SP_PIECE sp_block load(const uint8_t *bytes);
SP_PIECE uint64_t equal(sp_block in, uint8_t byte);
SP_PIECE uint64_t below(sp_block in, uint8_t byte); /* unsigned */
SP_PIECE uint64_t bit(sp_block in, int n);          /* the bytes in which this bit is set */
SP_PIECE sp_block fold(sp_block in);                /* bit 5 set everywhere: '[' is '{' then, 'A' is 'a' */
SP_PIECE sp_block minus(sp_block in, uint8_t byte);
SP_PIECE uint64_t prefix_xor(uint64_t bits);
SP_PIECE bool utf8_fine(const uint8_t *block);

/* A mask of each block. The first is that of the block before. */
typedef uint64_t sp_column[1 + ROWS];

/* The masks of LANES blocks, anywhere in a column. */
typedef uint64_t sp_lanes __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

typedef struct sp_rows {
    sp_column quote, string; /* string: from the opening quote to before the closing one */
    sp_column escaped;       /* bytes behind a backslash */
    sp_column begin;         /* opening quotes */
    sp_column comma, colon;
    sp_column opens, closes; /* of objects and arrays */
    sp_column curly;         /* of a bracket: whether it is an object's; of other bytes: anything */
    sp_column brackets;      /* but for those of empty containers */
    sp_column flips;  /* brackets behind which it is an object instead of an array, or the other way round */
    sp_column inside; /* bytes that lie directly in an object */
    sp_column scalar; /* numbers and words */
    sp_column digit, zero; /* of numbers: all digits, zeros in front */
    sp_column closer;      /* of numbers and words: where bits do not tell whether they are fine */
    sp_column space;       /* between tokens */
    sp_column before_value, before_member; /* comma, colon, opens; comma and opens in an object */
    sp_column value, member, after_open;   /* the tokens behind those, if there may be space between */
    sp_column text;                        /* all but commas, colons and brackets */
    sp_column live;                        /* up to the bracket that closes the whole value */
} sp_rows;

/* The masks before those of a row. */
typedef struct sp_last {
    sp_lanes before_value, before_member, opens, scalar, zero, digit, over;
} sp_last;

typedef struct sp_walk {
    const uint8_t *first, *end;
    uint64_t escaped;           /* 1: the next byte is escaped */
    uint64_t odd;               /* the bytes of the last block below 0x20 or above 0x7f */
    uint64_t in_string, inside; /* all ones in a string, in an object */
    uint64_t stack; /* the open containers, the innermost lowest: 1 an object, 0 an array; a 1 above all */
    size_t length, escape_count, character_count;
    uint8_t escapes[ROWS], characters[ROWS]; /* numbers of blocks */
    uint16_t list[BLOCK * ROWS + ALWAYS];
    uint8_t room[LOOKBACK + BLOCK + BLOCK];
    sp_last last;
    sp_rows rows;
} sp_walk;

/* Of no bits: anything up to 64. */
SP_PIECE size_t first_bit(uint64_t bits)
{
#if defined(__BMI__) && defined(__x86_64__)
    return (size_t)_tzcnt_u64(bits);
#else
    return (size_t)__builtin_ctzll(bits | UINT64_C(1) << 63);
#endif
}

SP_PIECE sp_lanes *lanes(uint64_t *column)
{
    return (sp_lanes *)column;
}

/* Each byte's successor; *last is what came before, and becomes what comes now. */
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

/* Where the marked bytes stand, counted from the first block. */
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

/* ---- What the bytes are ---- */

/* The bytes behind a backslash that is not itself behind one. */
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

/* What is in quotes; and whether the block is one of those with escapes. */
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

/* The blocks that are not all plain ASCII, and those behind them: a character may go on there. */
SP_PIECE void find_characters(sp_walk *walk, size_t i, uint64_t odd)
{
    walk->characters[walk->character_count] = (uint8_t)i;
    walk->character_count += (odd | walk->odd) != 0;
    walk->odd = odd;
}

SP_PIECE void sort(sp_walk *walk, const uint8_t *block, size_t i, bool spaced)
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
    rows->live[i] = ~UINT64_C(0);
}

/* What stands in a string is only text. */
SP_PIECE void sort_outside(sp_rows *rows, size_t count, bool spaced)
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

/* ---- How brackets nest ---- */

/*
 * How many of the blocks belong to the value; 0 if a bracket closes what it did not open, or it goes deeper
 * than the stack. The stack is 1 when the value ends in the last of them.
 */
SP_PIECE size_t nest(sp_walk *walk, const uint8_t *base, size_t count)
{
    /* With the highest bit set it is full, however little is below. */
    const uint64_t full = UINT64_C(1) << 63;
    sp_rows *rows = &walk->rows;
    uint64_t stack = walk->stack, wrong = 0;
    list(walk, rows->brackets, count);
    for (size_t n = 0; n < walk->length; n++) {
        size_t place = walk->list[n];
        uint64_t close = base[place] >> 2 & 1; /* as the bits of brackets are in ASCII */
        uint64_t object = base[place] >> 5 & 1;
        uint64_t then = (stack << 1 | object) >> 2 * close;
        wrong |= (stack ^ object) & close;
        rows->flips[1 + place / BLOCK] |= ((stack ^ then) & 1) << place % BLOCK;
        stack = then;
        if (stack - 2 >= full - 2) { /* the value has ended, or the stack is full */
            count = 1 + place / BLOCK;
            rows->live[count] = ~UINT64_C(0) >> (BLOCK - 1 - place % BLOCK);
            break;
        }
    }
    walk->stack = stack;
    return wrong || stack >= full ? 0 : count;
}

SP_PIECE void fill(sp_walk *walk, size_t count)
{
    for (size_t i = 1; i <= count; i++) {
        uint64_t flipped = prefix_xor(walk->rows.flips[i]);
        walk->rows.inside[i] = flipped << 1 ^ walk->inside;
        walk->inside ^= 0 - (flipped >> 63);
    }
}

/* ---- What may stand behind what ---- */

/* The token behind each marked one: an addition carries through the space. to[0] carries. */
static void pass_space(sp_column to, const sp_column from, const sp_column space, size_t count)
{
    for (size_t i = 1; i <= count; i++) {
        unsigned long long sum;
        bool over = __builtin_uaddll_overflow(from[i] << 1 | to[0], space[i], &sum);
        to[0] = from[i] >> 63 | over;
        to[i] = sum & ~space[i];
    }
}

SP_PIECE void pass_spaces(sp_rows *rows, size_t count)
{
    for (size_t i = 1; i <= count; i++)
        rows->before_member[i] = (rows->comma[i] & rows->inside[i]) | (rows->opens[i] & rows->curly[i]);
    pass_space(rows->value, rows->before_value, rows->space, count);
    pass_space(rows->member, rows->before_member, rows->space, count);
    pass_space(rows->after_open, rows->opens, rows->space, count);
}

/*
 * An addition carries from the beginning of a key to the next comma, colon or bracket, and into the next block.
 * A key that fills a whole block is left to the scanner.
 */
SP_PIECE bool in_place(sp_rows *rows, sp_last *last, size_t count, bool spaced)
{
    sp_lanes wrong = {0};
    for (size_t i = 1; i <= count; i += LANES) {
        sp_lanes opens = *lanes(rows->opens + i), begin = *lanes(rows->begin + i),
                 text = *lanes(rows->text + i);
        sp_lanes scalar = *lanes(rows->scalar + i), digit = *lanes(rows->digit + i),
                 live = *lanes(rows->live + i);
        sp_lanes member =
            (*lanes(rows->comma + i) & *lanes(rows->inside + i)) | (opens & *lanes(rows->curly + i));
        sp_lanes value = next(*lanes(rows->before_value + i), &last->before_value);
        sp_lanes after_open = next(opens, &last->opens);
        member = next(member, &last->before_member);
        if (spaced) {
            member = *lanes(rows->member + i);
            value = *lanes(rows->value + i);
            after_open = *lanes(rows->after_open + i);
        }
        sp_lanes starts = scalar & ~next(scalar, &last->scalar);
        sp_lanes after_zero = next(starts & *lanes(rows->zero + i), &last->zero);
        sp_lanes after_digit = next(digit, &last->digit);
        sp_lanes keys = member & text;
        sp_lanes over = (keys | (text & ~(keys + text))) >> 63 << 63;
        sp_lanes marks = member | (next(over, &last->over) & 1);
        keys = marks & text;
        sp_lanes sum = keys + text;
        sp_lanes odd = value ^ (begin | opens | starts);          /* two values in a row, or none */
        odd |= member & ~begin;                                   /* a member without a key */
        odd |= ((sum | marks) & ~text) ^ *lanes(rows->colon + i); /* a key without a colon, or none */
        odd &= ~(after_open & *lanes(rows->closes + i));
        odd |= after_zero & digit;
        odd |= (keys | (text & ~sum)) >> 63 ^ over >> 63;
        wrong |= odd & live;
        *lanes(rows->closer + i) = (starts | (after_digit & scalar)) & ~digit & live;
    }
    return none(wrong);
}

/* ---- Numbers and words ---- */

SP_PIECE bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* Whether a number or a word inside a container may end before this byte. */
SP_PIECE bool ends(uint8_t byte, bool spaced)
{
    static const uint8_t end[256] = {
        [','] = 2, ['}'] = 2, [']'] = 2, [' '] = 1, ['\t'] = 1, ['\n'] = 1, ['\r'] = 1};
    return end[byte] > !spaced;
}

/* true, false, null and what ends them, told without a branch on which it is. */
SP_PIECE bool word_fine(const uint8_t *at, const uint8_t *end, bool spaced)
{
    static const uint64_t words[4] = {UINT64_C(0x65736c6166), 0x6c6c756e, 0x65757274, 0};
    static const uint64_t masks[4] = {UINT64_C(0xffffffffff), 0xffffffff, 0xffffffff, 0};
    static const uint8_t bits[4] = {40, 32, 32, 0};
    uint8_t last[8] = {0};
    uint64_t text;
    if (end - at < 8)
        at = memcpy(last, at, (size_t)(end - at));
    memcpy(&text, at, sizeof text);
    size_t which = text >> 3 & 3;
    return ((text & masks[which]) == words[which]) & ends((uint8_t)(text >> bits[which]), spaced);
}

/* A number that begins with a minus here, or whose first digits end before this byte. */
static bool number_fine(const uint8_t *at, const uint8_t *end, bool spaced)
{
    while (is_digit(at[-1]) || at[-1] == '.' || at[-1] == '+' || at[-1] == '-' || (at[-1] | 0x20) == 'e')
        at--;
    const uint8_t *lack;
    bool number = at < end && (*at == '-' || is_digit(*at));
    const uint8_t *behind = number ? sp_token_number(at, end, &lack) : NULL;
    return behind && behind < end && ends(*behind, spaced);
}

SP_PIECE bool scalars_fine(sp_walk *walk, const uint8_t *base, size_t count, bool spaced)
{
    list(walk, walk->rows.closer, count);
    for (size_t n = 0; n < walk->length; n++) {
        const uint8_t *at = base + walk->list[n];
        bool word = !is_digit(at[-1]);
        word &= word_fine(at, walk->end, spaced);
        if (!word && !number_fine(at, walk->end, spaced))
            return false;
    }
    return true;
}

/* ---- Escapes and characters, of the few blocks that have any ---- */

/* The block that begins here; behind the text there are spaces. */
SP_PIECE const uint8_t *block_at(sp_walk *walk, const uint8_t *base)
{
    if (walk->end - base >= BLOCK)
        return base;
    memcpy(walk->room, walk->end - BLOCK - LOOKBACK, BLOCK + LOOKBACK);
    memset(walk->room + LOOKBACK + BLOCK, ' ', BLOCK);
    return walk->room + LOOKBACK + BLOCK - (walk->end - base);
}

/* The usual ones together; those that are rare, or cut off by the end of the block, one by one. */
SP_PIECE bool escapes_fine(sp_walk *walk, const uint8_t *base, uint64_t escaped)
{
    sp_block in = load(block_at(walk, base));
    uint64_t hex = below(minus(in, '0'), 10) | below(minus(fold(in), 'a'), 6);
    uint64_t fine = equal(in, 'u') & hex >> 1 & hex >> 2 & hex >> 3 & hex >> 4;
    fine |= equal(in, 'n') | equal(in, '"') | equal(in, '\\');
    for (escaped &= ~fine; escaped; escaped &= escaped - 1) {
        const uint8_t *at = base + first_bit(escaped);
        if (at >= walk->end || !sp_token_escape(at, walk->end))
            return false;
    }
    return true;
}

/*
 * No control character is among those marked, and all is UTF-8. Nothing of the text stands in front of the first
 * block.
 */
SP_PIECE bool characters_fine(sp_walk *walk, const uint8_t *base, uint64_t marks)
{
    const uint8_t *block = block_at(walk, base);
    if (below(load(block), 0x20) & marks)
        return false;
    if (base > walk->first)
        return utf8_fine(block);
    uint8_t copy[LOOKBACK + BLOCK] = {0};
    memcpy(copy + LOOKBACK, block, BLOCK);
    return utf8_fine(copy + LOOKBACK);
}

SP_PIECE bool texts_fine(sp_walk *walk, const uint8_t *base, size_t count)
{
    const sp_rows *rows = &walk->rows;
    for (size_t n = 0; n < walk->escape_count; n++) {
        size_t i = walk->escapes[n];
        if (i <= count && !escapes_fine(walk, base + (i - 1) * BLOCK, rows->escaped[i] & rows->live[i]))
            return false;
    }
    for (size_t n = 0; n < walk->character_count; n++) {
        size_t i = walk->characters[n];
        if (i <= count && !characters_fine(walk, base + (i - 1) * BLOCK, rows->live[i] & ~rows->space[i]))
            return false;
    }
    return true;
}

/* ---- All together ---- */

/* Some blocks: how many of them belong to the value, 0 if it is not fine. */
SP_PIECE size_t walk_rows(sp_walk *walk, const uint8_t *base, size_t all, bool spaced)
{
    sp_rows *rows = &walk->rows;
    for (size_t i = 1; i <= ROWS; i += LANES)
        *lanes(rows->live + i) = (sp_lanes){0};
    walk->escape_count = walk->character_count = 0;
    size_t whole = (size_t)(walk->end - base) / BLOCK;
    for (size_t i = 0; i < all && i < whole; i++)
        sort(walk, base + i * BLOCK, 1 + i, spaced);
    if (all > whole)
        sort(walk, block_at(walk, base + whole * BLOCK), all, spaced);
    sort_outside(rows, all, spaced);
    size_t count = nest(walk, base, all);
    for (size_t i = count + 1; i <= all; i++)
        rows->live[i] = 0;
    fill(walk, count);
    if (spaced)
        pass_spaces(rows, count);
    bool fine = in_place(rows, &walk->last, count, spaced) && scalars_fine(walk, base, count, spaced) &&
                texts_fine(walk, base, count);
    return fine ? count : 0;
}

SP_PIECE bool walk_as(sp_walk *walk, bool spaced, const uint8_t **behind)
{
    sp_rows *rows = &walk->rows;
    walk->escaped = walk->in_string = walk->odd = 0;
    walk->inside = ~UINT64_C(0);
    walk->stack = 1;
    rows->member[0] = rows->after_open[0] = 0;
    rows->value[0] = 1;
    walk->last = (sp_last){.before_value = (sp_lanes){0} - 1}; /* a value is expected first */
    for (const uint8_t *base = walk->first; base < walk->end; base += ROWS * BLOCK) {
        size_t left = ((size_t)(walk->end - base) + BLOCK - 1) / BLOCK;
        size_t count = walk_rows(walk, base, left < ROWS ? left : ROWS, spaced);
        if (count == 0)
            return false;
        if (walk->stack == 1) {
            *behind = base + count * BLOCK - (size_t)__builtin_clzll(rows->live[count]);
            return true;
        }
    }
    return false;
}

/*
 * What programs write has no white space between tokens: a walk that knows none saves a sixth of the work,
 * and stops at the first space where there is some. Empty containers are not worth a walk.
 */
SP_PIECE bool walk_blocks(const uint8_t *at, const uint8_t *end, const uint8_t **behind)
{
    sp_walk walk;
    walk.first = at;
    walk.end = end;
    if (end - at < SP_BLOCKS_LEAST || at[1] == '}' || at[1] == ']')
        return false;
    return walk_as(&walk, false, behind) || walk_as(&walk, true, behind);
}

#endif
