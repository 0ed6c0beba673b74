/*
 * The walk over blocks of JSON (blocks_walk.h) with NEON. blocks.c calls it where the processor has the instructions.
 */
#include "codec/blocks.h"

#if defined(__aarch64__) && defined(__ARM_NEON) && defined(__AARCH64EL__) && defined(__GNUC__)

#include <arm_neon.h>

typedef struct sp_block {
    uint8x16_t part[4];
} sp_block;

#define LANES 2
#define ONE_BEFORE 1, 2
#include "codec/blocks_utf8.h"
#include "codec/blocks_walk.h"

SP_PIECE sp_block load(const uint8_t *bytes)
{
    sp_block in;
    for (int i = 0; i < 4; i++)
        in.part[i] = vld1q_u8(bytes + 16 * i);
    return in;
}

/* NEON has no "move mask": one bit of each byte is kept, and neighbours are added until 64 bits are left. */
SP_PIECE uint64_t mask_of(sp_block in)
{
    static const uint8_t bits[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t bit = vld1q_u8(bits);
    uint8x16_t low = vpaddq_u8(vandq_u8(in.part[0], bit), vandq_u8(in.part[1], bit));
    uint8x16_t high = vpaddq_u8(vandq_u8(in.part[2], bit), vandq_u8(in.part[3], bit));
    uint8x16_t sum = vpaddq_u8(low, high);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sum, sum)), 0);
}

SP_PIECE uint64_t equal(sp_block in, uint8_t byte)
{
    for (int i = 0; i < 4; i++)
        in.part[i] = vceqq_u8(in.part[i], vdupq_n_u8(byte));
    return mask_of(in);
}

SP_PIECE uint64_t below(sp_block in, uint8_t byte)
{
    for (int i = 0; i < 4; i++)
        in.part[i] = vcltq_u8(in.part[i], vdupq_n_u8(byte));
    return mask_of(in);
}

SP_PIECE uint64_t bit(sp_block in, int n)
{
    for (int i = 0; i < 4; i++)
        in.part[i] = vtstq_u8(in.part[i], vdupq_n_u8((uint8_t)(1 << n)));
    return mask_of(in);
}

SP_PIECE sp_block fold(sp_block in)
{
    for (int i = 0; i < 4; i++)
        in.part[i] = vorrq_u8(in.part[i], vdupq_n_u8(0x20));
    return in;
}

SP_PIECE sp_block minus(sp_block in, uint8_t byte)
{
    for (int i = 0; i < 4; i++)
        in.part[i] = vsubq_u8(in.part[i], vdupq_n_u8(byte));
    return in;
}

SP_PIECE uint64_t prefix_xor(uint64_t bits)
{
    for (int shift = 1; shift < 64; shift *= 2)
        bits ^= bits << shift;
    return bits;
}

SP_PIECE uint8x16_t utf8_wrong(const uint8_t *at)
{
    uint8x16_t in = vld1q_u8(at);
    uint8x16_t one = vld1q_u8(at - 1);
    uint8x16_t mistakes = vqtbl1q_u8(vld1q_u8(sp_utf8_before_high), vshrq_n_u8(one, 4));
    mistakes = vandq_u8(mistakes, vqtbl1q_u8(vld1q_u8(sp_utf8_before_low), vandq_u8(one, vdupq_n_u8(0x0f))));
    mistakes = vandq_u8(mistakes, vqtbl1q_u8(vld1q_u8(sp_utf8_own_high), vshrq_n_u8(in, 4)));
    uint8x16_t third = vqsubq_u8(vld1q_u8(at - 2), vdupq_n_u8(0xe0 - 0x80));
    uint8x16_t fourth = vqsubq_u8(vld1q_u8(at - 3), vdupq_n_u8(0xf0 - 0x80));
    return veorq_u8(vandq_u8(vorrq_u8(third, fourth), vdupq_n_u8(PAIR)), mistakes);
}

SP_PIECE bool utf8_is_valid(const uint8_t *block)
{
    uint8x16_t wrong = utf8_wrong(block);
    for (size_t i = 16; i < BLOCK; i += 16)
        wrong = vorrq_u8(wrong, utf8_wrong(block + i));
    return vmaxvq_u8(wrong) == 0;
}

bool sp_blocks_neon(const uint8_t *at, const uint8_t *end, const uint8_t **behind)
{
    return walk_blocks(at, end, behind);
}

#endif
