#ifndef SP_CORE_RANDOM_H
#define SP_CORE_RANDOM_H

#include <stdint.h>

/* SplitMix64, for jitter, the masks of frames and the keys of handshakes. Not for secrets. */
typedef struct sp_random {
    uint64_t state;
} sp_random;

/* The next number, evenly from 0 to 2^64 - 1. */
uint64_t sp_random_next(sp_random *random);

/* A number evenly from 0 to max, both included. */
uint64_t sp_random_upto(sp_random *random, uint64_t max);

/*
 * How long to wait before attempt number `attempt`, counted from 0: evenly from 0 to min(cap, base * 2^attempt). This
 * is full jitter: engines that lost their peer at the same time do not come back at the same time.
 */
uint64_t sp_random_backoff(sp_random *random, uint32_t attempt, uint64_t base, uint64_t cap);

#endif
