#ifndef SP_CODEC_BLOCKS_H
#define SP_CODEC_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The fast check of JSON: 64 bytes at a time, as bit masks, in vector registers. It accepts nothing that the scanner
 * (codec/scanner.h) would refuse. What it does not accept is checked again by the scanner, which can say where and why.
 * So the two agree on every processor.
 */

/* A walk over the object or array that begins at `at`. Results as those of sp_blocks_pass(). */
typedef bool sp_blocks_walk(const uint8_t *at, const uint8_t *end, const uint8_t **behind);

/* A walk, and the instruction set that it needs. */
typedef struct sp_blocks_variant {
    const char *name;
    sp_blocks_walk *walk; /* NULL: without a walk, the scanner alone */
} sp_blocks_variant;

/*
 * The nth walk that this processor can execute, counted from 0, the fastest first. The last one is "portable", which
 * has no walk. Behind it the name is NULL.
 */
sp_blocks_variant sp_blocks_variant_at(size_t n);

enum {
    SP_BLOCKS_MIN = 96 /* bytes; shorter texts are left to the scanner */
};

/*
 * Passes over the object or array whose opening bracket stands at `at`. True: it is strictly valid, and *behind is
 * where it ends. False: the scanner has to look, and *behind is unchanged. So it is for what is not valid, what is
 * nested more than 62 deep, and a key that fills a block.
 */
bool sp_blocks_pass(const uint8_t *at, const uint8_t *end, const uint8_t **behind);

sp_blocks_walk sp_blocks_avx512, sp_blocks_avx2, sp_blocks_sse2, sp_blocks_neon;

#endif
