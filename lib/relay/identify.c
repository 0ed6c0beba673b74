/*
 * Grants identifies: one for each bucket in an interval, and no more in a day than Discord allows. Called by
 * shards.c and relay.c.
 */
#include "relay/identify.h"

#include <spectacles/routing.h>
#include <stdlib.h>

int sp_identify_init(sp_identify *identify, uint32_t max_concurrency, uint32_t interval)
{
    identify->free_at = calloc(max_concurrency, sizeof *identify->free_at);
    if (!identify->free_at)
        return SPECTACLES_E_NOMEM;
    identify->buckets = max_concurrency;
    identify->interval = interval;
    return SPECTACLES_OK;
}

void sp_identify_free(sp_identify *identify)
{
    free(identify->free_at);
    *identify = (sp_identify){0};
}

enum {
    DAY = 86400000
};

void sp_identify_limit(sp_identify *identify, uint32_t total, uint32_t remaining, uint64_t reset_at)
{
    identify->limited = true;
    identify->told = false;
    identify->total = total;
    identify->remaining = remaining;
    identify->reset_at = reset_at;
}

bool sp_identify_exhausted(const sp_identify *identify, uint64_t now)
{
    return identify->limited && identify->remaining == 0 && now < identify->reset_at;
}

uint64_t sp_identify_free_at(const sp_identify *identify, uint32_t shard_id)
{
    uint64_t free_at = identify->free_at[spectacles_route_identify_bucket(shard_id, identify->buckets)];
    bool waits = identify->limited && identify->remaining == 0 && identify->reset_at > free_at;
    return waits ? identify->reset_at : free_at;
}

void sp_identify_take(sp_identify *identify, uint32_t shard_id, uint64_t now)
{
    identify->free_at[spectacles_route_identify_bucket(shard_id, identify->buckets)] =
        now + identify->interval;
    if (!identify->limited)
        return;
    if (now >= identify->reset_at)
        sp_identify_limit(identify, identify->total, identify->total, now + DAY);
    if (identify->remaining > 0)
        identify->remaining--;
}
