/*
 * The walk over JSON in blocks of 64 bytes, for any instruction set: what the masks of blocks_rows.h mean for the text.
 * It accepts only what the scanner accepts (blocks.h). The blocks_*.c files include it, each for one instruction set.
 *
 * Work that goes block by block or byte by byte is kept in loops of its own with few branches: the processor then works
 * on several blocks at once, and loses little when it guesses a branch wrong.
 */
#ifndef SP_CODEC_BLOCKS_WALK_H
#define SP_CODEC_BLOCKS_WALK_H

#include "codec/blocks_rows.h"
#include "codec/token.h"

/* ---- How brackets nest ---- */

/*
 * Follows the brackets. Returns how many of the blocks belong to the value; 0 when a bracket closes the wrong kind of
 * container, or the value is nested deeper than the stack. The stack is 1 when the value ends in the last of these
 * blocks.
 */
SP_PIECE size_t nest(sp_walk *walk, const uint8_t *base, size_t count)
{
    /* The stack is full when its highest bit is set. */
    const uint64_t full = UINT64_C(1) << 63;
    sp_rows *rows = &walk->rows;
    uint64_t stack = walk->stack, wrong = 0;
    list(walk, rows->brackets, count);
    for (size_t n = 0; n < walk->length; n++) {
        size_t place = walk->list[n];
        uint64_t close =
            base[place] >> 2 & 1; /* ASCII: bit 2 tells } and ] from { and [, bit 5 braces from the others */
        uint64_t object = base[place] >> 5 & 1;
        uint64_t then = (stack << 1 | object) >> 2 * close;
        wrong |= (stack ^ object) & close;
        rows->flips[1 + place / BLOCK] |= ((stack ^ then) & 1) << place % BLOCK;
        stack = then;
        if (stack - 2 >= full - 2) { /* the value has ended, or the stack is full */
            count = 1 + place / BLOCK;
            rows->within[count] = ~UINT64_C(0) >> (BLOCK - 1 - place % BLOCK);
            break;
        }
    }
    walk->stack = stack;
    return wrong || stack >= full ? 0 : count;
}

/* Marks the bytes whose innermost container is an object. */
SP_PIECE void fill_inside(sp_walk *walk, size_t count)
{
    for (size_t i = 1; i <= count; i++) {
        uint64_t flipped = prefix_xor(walk->rows.flips[i]);
        walk->rows.inside[i] = flipped << 1 ^ walk->inside;
        walk->inside ^= 0 - (flipped >> 63);
    }
}

/* ---- Which token may stand behind which ---- */

/*
 * Marks the token behind each marked byte: an addition carries through the white space. to[0] is the carry between
 * blocks.
 */
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
        rows->before_key[i] = (rows->comma[i] & rows->inside[i]) | (rows->opens[i] & rows->curly[i]);
    pass_space(rows->value_due, rows->before_value, rows->space, count);
    pass_space(rows->key_due, rows->before_key, rows->space, count);
    pass_space(rows->after_open, rows->opens, rows->space, count);
}

/*
 * Whether values, keys and colons stand where they have to. An addition carries from the beginning of a key to the next
 * comma, colon or bracket, and into the next block. False also for a key that fills a whole block: the scanner reads
 * it.
 */
SP_PIECE bool tokens_are_in_place(sp_rows *rows, sp_last *last, size_t count, bool spaced)
{
    sp_lanes wrong = {0};
    for (size_t i = 1; i <= count; i += LANES) {
        sp_lanes opens = *lanes(rows->opens + i), begin = *lanes(rows->begin + i),
                 text = *lanes(rows->text + i);
        sp_lanes scalar = *lanes(rows->scalar + i), digit = *lanes(rows->digit + i),
                 within = *lanes(rows->within + i);
        sp_lanes key_due =
            (*lanes(rows->comma + i) & *lanes(rows->inside + i)) | (opens & *lanes(rows->curly + i));
        sp_lanes value_due = next(*lanes(rows->before_value + i), &last->before_value);
        sp_lanes after_open = next(opens, &last->opens);
        key_due = next(key_due, &last->before_key);
        if (spaced) {
            key_due = *lanes(rows->key_due + i);
            value_due = *lanes(rows->value_due + i);
            after_open = *lanes(rows->after_open + i);
        }
        sp_lanes starts = scalar & ~next(scalar, &last->scalar);
        sp_lanes after_zero = next(starts & *lanes(rows->zero + i), &last->zero);
        sp_lanes after_digit = next(digit, &last->digit);
        sp_lanes keys = key_due & text;
        sp_lanes over = (keys | (text & ~(keys + text))) >> 63 << 63;
        sp_lanes marks = key_due | (next(over, &last->over) & 1);
        keys = marks & text;
        sp_lanes sum = keys + text;
        sp_lanes odd = value_due ^ (begin | opens | starts); /* two values in a row, or no value */
        odd |= key_due & ~begin;                             /* no key where one is due */
        odd |= ((sum | marks) & ~text) ^
               *lanes(rows->colon + i); /* a key without a colon, or a colon without a key */
        odd &= ~(after_open & *lanes(rows->closes + i));
        odd |= after_zero & digit;
        odd |= (keys | (text & ~sum)) >> 63 ^ over >> 63;
        wrong |= odd & within;
        *lanes(rows->doubtful + i) = (starts | (after_digit & scalar)) & ~digit & within;
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

/* Whether true, false or null stands here, and a byte that may end it. No branch depends on which word it is. */
SP_PIECE bool word_is_valid(const uint8_t *at, const uint8_t *end, bool spaced)
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

/* Whether the number is valid that begins with a minus here, or whose first digits end in front of this byte. */
static bool number_is_valid(const uint8_t *at, const uint8_t *end, bool spaced)
{
    while (is_digit(at[-1]) || at[-1] == '.' || at[-1] == '+' || at[-1] == '-' || (at[-1] | 0x20) == 'e')
        at--;
    const uint8_t *missing;
    bool number = at < end && (*at == '-' || is_digit(*at));
    const uint8_t *behind = number ? sp_token_number(at, end, &missing) : NULL;
    return behind && behind < end && ends(*behind, spaced);
}

SP_PIECE bool scalars_are_valid(sp_walk *walk, const uint8_t *base, size_t count, bool spaced)
{
    list(walk, walk->rows.doubtful, count);
    for (size_t n = 0; n < walk->length; n++) {
        const uint8_t *at = base + walk->list[n];
        bool word = !is_digit(at[-1]);
        word &= word_is_valid(at, walk->end, spaced);
        if (!word && !number_is_valid(at, walk->end, spaced))
            return false;
    }
    return true;
}

/* ---- Escapes and characters: in few blocks ---- */

/* The block that begins here. When the text ends in it, a copy of it that is filled up with spaces. */
SP_PIECE const uint8_t *block_at(sp_walk *walk, const uint8_t *base)
{
    if (walk->end - base >= BLOCK)
        return base;
    memcpy(walk->room, walk->end - BLOCK - LOOKBACK, BLOCK + LOOKBACK);
    memset(walk->room + LOOKBACK + BLOCK, ' ', BLOCK);
    return walk->room + LOOKBACK + BLOCK - (walk->end - base);
}

/* The common escapes are checked together; rare ones, and those that the block cuts off, one by one. */
SP_PIECE bool escapes_are_valid(sp_walk *walk, const uint8_t *base, uint64_t escaped)
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
 * Whether no control character is among the marked bytes, and the block is UTF-8. The first block has no bytes in front
 * of it: it is copied behind zeros.
 */
SP_PIECE bool characters_are_valid(sp_walk *walk, const uint8_t *base, uint64_t marks)
{
    const uint8_t *block = block_at(walk, base);
    if (below(load(block), 0x20) & marks)
        return false;
    if (base > walk->first)
        return utf8_is_valid(block);
    uint8_t copy[LOOKBACK + BLOCK] = {0};
    memcpy(copy + LOOKBACK, block, BLOCK);
    return utf8_is_valid(copy + LOOKBACK);
}

SP_PIECE bool texts_are_valid(sp_walk *walk, const uint8_t *base, size_t count)
{
    const sp_rows *rows = &walk->rows;
    for (size_t n = 0; n < walk->escape_count; n++) {
        size_t i = walk->escapes[n];
        if (i <= count &&
            !escapes_are_valid(walk, base + (i - 1) * BLOCK, rows->escaped[i] & rows->within[i]))
            return false;
    }
    for (size_t n = 0; n < walk->character_count; n++) {
        size_t i = walk->characters[n];
        if (i <= count &&
            !characters_are_valid(walk, base + (i - 1) * BLOCK, rows->within[i] & ~rows->space[i]))
            return false;
    }
    return true;
}

/* ---- The walk ---- */

/* Checks up to ROWS blocks. Returns how many of them belong to the value, 0 when something is not valid. */
SP_PIECE size_t walk_rows(sp_walk *walk, const uint8_t *base, size_t all, bool spaced)
{
    sp_rows *rows = &walk->rows;
    for (size_t i = 1; i <= ROWS; i += LANES)
        *lanes(rows->within + i) = (sp_lanes){0};
    walk->escape_count = walk->character_count = 0;
    size_t whole = (size_t)(walk->end - base) / BLOCK;
    for (size_t i = 0; i < all && i < whole; i++)
        classify(walk, base + i * BLOCK, 1 + i, spaced);
    if (all > whole)
        classify(walk, block_at(walk, base + whole * BLOCK), all, spaced);
    classify_outside_strings(rows, all, spaced);
    size_t count = nest(walk, base, all);
    for (size_t i = count + 1; i <= all; i++)
        rows->within[i] = 0;
    fill_inside(walk, count);
    if (spaced)
        pass_spaces(rows, count);
    bool valid = tokens_are_in_place(rows, &walk->last, count, spaced) &&
                 scalars_are_valid(walk, base, count, spaced) && texts_are_valid(walk, base, count);
    return valid ? count : 0;
}

/* One walk over the whole value, with or without white space between tokens. */
SP_PIECE bool walk_as(sp_walk *walk, bool spaced, const uint8_t **behind)
{
    sp_rows *rows = &walk->rows;
    walk->escaped = walk->in_string = walk->odd = 0;
    walk->inside = ~UINT64_C(0);
    walk->stack = 1;
    rows->key_due[0] = rows->after_open[0] = 0;
    rows->value_due[0] = 1;
    walk->last = (sp_last){.before_value = (sp_lanes){0} - 1}; /* a value is expected first */
    for (const uint8_t *base = walk->first; base < walk->end; base += ROWS * BLOCK) {
        size_t left = ((size_t)(walk->end - base) + BLOCK - 1) / BLOCK;
        size_t count = walk_rows(walk, base, left < ROWS ? left : ROWS, spaced);
        if (count == 0)
            return false;
        if (walk->stack == 1) {
            *behind = base + count * BLOCK - (size_t)__builtin_clzll(rows->within[count]);
            return true;
        }
    }
    return false;
}

/*
 * Programs write JSON without white space between tokens. A walk that knows no white space saves a sixth of the work,
 * and stops at the first white space; then the other walk is tried. Empty containers are left to the scanner.
 */
SP_PIECE bool walk_blocks(const uint8_t *at, const uint8_t *end, const uint8_t **behind)
{
    sp_walk walk;
    walk.first = at;
    walk.end = end;
    if (end - at < SP_BLOCKS_MIN || at[1] == '}' || at[1] == ']')
        return false;
    return walk_as(&walk, false, behind) || walk_as(&walk, true, behind);
}

#endif
