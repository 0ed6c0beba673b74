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

uint64_t sp_identify_free_at(const sp_identify *identify, uint32_t shard_id)
{
    return identify->free_at[spectacles_route_identify_bucket(shard_id, identify->buckets)];
}

void sp_identify_take(sp_identify *identify, uint32_t shard_id, uint64_t now)
{
    identify->free_at[spectacles_route_identify_bucket(shard_id, identify->buckets)] =
        now + identify->interval;
}
