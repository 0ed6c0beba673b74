/*
 * Which shard may identify next: one of each bucket in an interval, and no more in a day than Discord allows. Called by
 * grants.c, served.c, settings.c and relay.c.
 */
#include "relay/identify.h"

#include "core/list.h"

#include <spectacles/routing.h>
#include <stdlib.h>

enum {
    DAY = 86400000
};

int sp_identify_init(sp_identify *identify, uint32_t concurrency, uint32_t shard_count, uint32_t interval)
{
    uint32_t count = concurrency < shard_count ? concurrency : shard_count;
    identify->buckets = calloc(count, sizeof *identify->buckets);
    if (!identify->buckets)
        return SPECTACLES_E_NOMEM;
    identify->bucket_count = count;
    identify->interval = interval;
    for (uint32_t i = 0; i < count; i++) {
        if (sp_timers_reserve(&identify->turns) != SPECTACLES_OK)
            return SPECTACLES_E_NOMEM;
    }
    return SPECTACLES_OK;
}

int sp_identify_init_like(sp_identify *identify, const sp_identify *other, uint32_t concurrency,
                          uint32_t shard_count)
{
    uint64_t free_at = 0;
    int error = sp_identify_init(identify, concurrency, shard_count, other->interval);
    if (error != SPECTACLES_OK)
        return error;
    for (uint32_t i = 0; i < other->bucket_count; i++)
        free_at = other->buckets[i].free_at > free_at ? other->buckets[i].free_at : free_at;
    for (uint32_t i = 0; i < identify->bucket_count; i++)
        identify->buckets[i].free_at = free_at;
    identify->limited = other->limited;
    identify->limit_reported = other->limit_reported;
    identify->total = other->total;
    identify->remaining = other->remaining;
    identify->reset_at = other->reset_at;
    return SPECTACLES_OK;
}

void sp_identify_free(sp_identify *identify)
{
    for (uint32_t i = 0; i < identify->bucket_count; i++)
        sp_timers_free(&identify->buckets[i].waiting);
    free(identify->buckets);
    sp_timers_free(&identify->turns);
    *identify = (sp_identify){0};
}

/*
 * Discord's bucket is shard id % max_concurrency. With fewer shards than that, each shard id is below the number of
 * buckets here, and the remainder is the same.
 */
static sp_identify_bucket *bucket_of(const sp_identify *identify, uint32_t shard_id)
{
    return &identify->buckets[spectacles_route_identify_bucket(shard_id, identify->bucket_count)];
}

int sp_identify_reserve(sp_identify *identify, uint32_t shard_id)
{
    return sp_timers_reserve(&bucket_of(identify, shard_id)->waiting);
}

void sp_identify_release(sp_identify *identify, uint32_t shard_id)
{
    sp_timers_release(&bucket_of(identify, shard_id)->waiting);
}

void sp_identify_limit(sp_identify *identify, uint32_t total, uint32_t remaining, uint64_t reset_at)
{
    identify->limited = true;
    identify->limit_reported = false;
    identify->total = total;
    identify->remaining = remaining;
    identify->reset_at = reset_at;
}

bool sp_identify_exhausted(const sp_identify *identify, uint64_t now)
{
    return identify->limited && identify->remaining == 0 && now < identify->reset_at;
}

static void set_turn(sp_identify *identify, sp_identify_bucket *bucket)
{
    uint64_t turn = sp_timers_first(&bucket->waiting) ? bucket->free_at : SPECTACLES_NEVER;
    sp_timer_set(&identify->turns, &bucket->turn, turn);
}

void sp_identify_wait(sp_identify *identify, uint32_t shard_id, sp_timer *turn)
{
    sp_identify_bucket *bucket = bucket_of(identify, shard_id);
    sp_timer_set(&bucket->waiting, turn, shard_id);
    set_turn(identify, bucket);
}

void sp_identify_leave(sp_identify *identify, uint32_t shard_id, sp_timer *turn)
{
    sp_identify_bucket *bucket = bucket_of(identify, shard_id);
    sp_timer_set(&bucket->waiting, turn, SPECTACLES_NEVER);
    set_turn(identify, bucket);
}

sp_timer *sp_identify_first(const sp_identify *identify)
{
    sp_timer *turn = sp_timers_first(&identify->turns);
    return turn ? sp_timers_first(&sp_list_owner(turn, sp_identify_bucket, turn)->waiting) : NULL;
}

sp_timer *sp_identify_next(const sp_identify *identify, uint64_t now)
{
    if (sp_identify_exhausted(identify, now) || sp_timers_deadline(&identify->turns) > now)
        return NULL;
    return sp_identify_first(identify);
}

void sp_identify_take(sp_identify *identify, uint32_t shard_id, uint64_t now)
{
    sp_identify_bucket *bucket = bucket_of(identify, shard_id);
    bucket->free_at = now + identify->interval;
    set_turn(identify, bucket);
    if (!identify->limited)
        return;
    if (now >= identify->reset_at)
        sp_identify_limit(identify, identify->total, identify->total, now + DAY);
    if (identify->remaining > 0)
        identify->remaining--;
}

uint64_t sp_identify_deadline(const sp_identify *identify)
{
    uint64_t deadline = sp_timers_deadline(&identify->turns);
    bool waits = deadline != SPECTACLES_NEVER && identify->limited && identify->remaining == 0;
    return waits && identify->reset_at > deadline ? identify->reset_at : deadline;
}
