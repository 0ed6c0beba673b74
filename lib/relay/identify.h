#ifndef SP_RELAY_IDENTIFY_H
#define SP_RELAY_IDENTIFY_H

#include "core/timers.h"

#include <stdbool.h>
#include <stdint.h>

/* The shards whose ids have the same remainder. They identify one after the other. */
typedef struct sp_identify_bucket {
    uint64_t free_at;
    sp_timers waiting; /* the shards that wait, in the order of their ids */
    sp_timer turn;     /* set while shards wait: when the bucket is free */
} sp_identify_bucket;

/*
 * Which shard may identify next (Discord: "max_concurrency"): one shard of a bucket in each interval, and no more in a
 * day than Discord allows.
 */
typedef struct sp_identify {
    sp_identify_bucket *buckets;
    uint32_t bucket_count;
    sp_timers turns; /* of the buckets with shards that wait */
    uint32_t interval;
    bool limited; /* total, remaining and reset_at are known */
    bool limit_reported;
    uint32_t total;
    uint32_t remaining;
    uint64_t reset_at;
} sp_identify;

/* concurrency: max_concurrency of GET /gateway/bot. No more buckets than shards are made. SPECTACLES_E_NOMEM. */
int sp_identify_init(sp_identify *identify, uint32_t concurrency, uint32_t shard_count, uint32_t interval);

/*
 * Begins with another max_concurrency, and goes on with the interval and the limit of `other`. No bucket is free before
 * all buckets of `other` are, because a new bucket has shards of several old ones.
 */
int sp_identify_init_like(sp_identify *identify, const sp_identify *other, uint32_t concurrency,
                          uint32_t shard_count);
void sp_identify_free(sp_identify *identify);

/* Makes room for a shard that may want to identify, or gives its room up. SPECTACLES_E_NOMEM. */
int sp_identify_reserve(sp_identify *identify, uint32_t shard_id);
void sp_identify_release(sp_identify *identify, uint32_t shard_id);

/*
 * Sets how many identifies are left until reset_at, and how many there are after it (Discord: "Session Start Limit
 * Object").
 */
void sp_identify_limit(sp_identify *identify, uint32_t total, uint32_t remaining, uint64_t reset_at);

/* Whether no identify is left now. */
bool sp_identify_exhausted(const sp_identify *identify, uint64_t now);

/* A shard begins or ends to wait for its identify. turn: the timer of the shard, set while it waits. */
void sp_identify_wait(sp_identify *identify, uint32_t shard_id, sp_timer *turn);
void sp_identify_leave(sp_identify *identify, uint32_t shard_id, sp_timer *turn);

/* The next shard that may identify now; NULL when there is none. It goes on waiting. */
sp_timer *sp_identify_next(const sp_identify *identify, uint64_t now);

/* A shard that waits; NULL when none waits. */
sp_timer *sp_identify_first(const sp_identify *identify);

/* The shard has identified: its bucket is taken for one interval. */
void sp_identify_take(sp_identify *identify, uint32_t shard_id, uint64_t now);

/* When the next shard that waits may identify; SPECTACLES_NEVER when none waits. */
uint64_t sp_identify_deadline(const sp_identify *identify);

#endif
