#ifndef SP_CODEC_BLOCKS_H
#define SP_CODEC_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The fast way through JSON: 64 bytes at a time, as bit masks, in vector registers. It accepts nothing that
 * the scanner (codec/scanner.h) would refuse; what it does not accept, the scanner looks at again, because
 * only that one can say where and why. So the two always agree, on every processor.
 */

/* One way for each instruction set that this build knows, the best first, the portable one (NULL) last. */
typedef bool sp_blocks_walk(const uint8_t *at, const uint8_t *end, const uint8_t **behind);

typedef struct sp_blocks_way {
    const char *name;
    sp_blocks_walk *walk;
} sp_blocks_way;

/* The nth way that this processor can go; its name is NULL behind the last one. */
sp_blocks_way sp_blocks_way_at(size_t n);

/* Shorter texts are left to the scanner. */
enum {
    SP_BLOCKS_LEAST = 96
};

/*
 * Passes over the object or array whose opening bracket stands at `at`: true, and where it ends, when it is
 * strictly valid and within its means: what is nested more than 62 deep, or has a key that fills a block, is left
 * to the scanner like what is wrong. False leaves *behind untouched.
 */
bool sp_blocks_pass(const uint8_t *at, const uint8_t *end, const uint8_t **behind);

sp_blocks_walk sp_blocks_avx512, sp_blocks_avx2, sp_blocks_sse2, sp_blocks_neon;

#endif
