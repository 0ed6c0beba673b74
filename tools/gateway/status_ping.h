#ifndef GATEWAY_STATUS_PING_H
#define GATEWAY_STATUS_PING_H

#include <stddef.h>
#include <stdint.h>

enum {
    PING_SAMPLES = 16 /* Discord asks for a heartbeat every 41 s: what comes in ten minutes */
};

/* How long heartbeats of one shard took until they were acknowledged, in milliseconds. All zero: none was. */
struct ping {
    uint64_t times[PING_SAMPLES]; /* milliseconds since 1970; 0: no sample */
    uint32_t samples[PING_SAMPLES];
    uint64_t count; /* of all samples, old ones too */
    uint64_t sum;
};

/* Adds a sample. */
void ping_add(struct ping *ping, uint64_t duration, uint64_t unix_time);

/*
 * The samples of the last ten minutes, from the shortest to the longest.
 *
 * Returns how many there are.
 */
size_t ping_sorted(const struct ping *ping, uint64_t unix_time, uint32_t out[PING_SAMPLES]);

/* The sample below which so many of a thousand lie. count: not 0. */
uint32_t ping_quantile(const uint32_t *sorted, size_t count, uint32_t per_mille);

#endif
