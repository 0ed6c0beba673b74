#ifndef SP_CORE_RANDOM_H
#define SP_CORE_RANDOM_H

#include <stdint.h>

/* SplitMix64: jitter, frame masks, handshake keys. Never for secrets. */
typedef struct sp_random {
    uint64_t state;
} sp_random;

uint64_t sp_random_next(sp_random *random);

/* Evenly from 0 to most, both included. */
uint64_t sp_random_upto(sp_random *random, uint64_t most);

/*
 * How long to wait before attempt number `attempt` (from 0): evenly from 0 to min(cap, base * 2^attempt),
 * known as full jitter: a fleet that lost its peer together does not come back together.
 */
uint64_t sp_random_backoff(sp_random *random, uint32_t attempt, uint64_t base, uint64_t cap);

#endif
