/*
 * The times that heartbeats of a shard took, in a window of ten minutes, and their quantiles. status.c calls it for
 * each SHARD_LATENCY, metrics.c for each scrape.
 */
#include "status_ping.h"

enum {
    WINDOW = 10 * 60 * 1000
};

void ping_add(struct ping *ping, uint64_t duration, uint64_t unix_time)
{
    size_t at = ping->count % PING_SAMPLES;
    ping->times[at] = unix_time;
    ping->samples[at] = duration < UINT32_MAX ? (uint32_t)duration : UINT32_MAX;
    ping->count++;
    ping->sum += duration;
}

static void insert(uint32_t *sorted, size_t count, uint32_t sample)
{
    size_t at = count;
    for (; at > 0 && sorted[at - 1] > sample; at--)
        sorted[at] = sorted[at - 1];
    sorted[at] = sample;
}

size_t ping_sorted(const struct ping *ping, uint64_t unix_time, uint32_t out[PING_SAMPLES])
{
    size_t count = 0;
    for (size_t i = 0; i < PING_SAMPLES; i++)
        if (ping->times[i] != 0 && ping->times[i] + WINDOW > unix_time)
            insert(out, count++, ping->samples[i]);
    return count;
}

uint32_t ping_quantile(const uint32_t *sorted, size_t count, uint32_t per_mille)
{
    size_t at = (count * per_mille + 999) / 1000;
    return sorted[at > 0 ? at - 1 : 0];
}
