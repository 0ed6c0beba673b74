#ifndef SP_RELAY_IDENTIFY_H
#define SP_RELAY_IDENTIFY_H

#include <spectacles/types.h>
#include <stdbool.h>

/*
 * Whose turn it is to identify (Discord: "max_concurrency"): one shard of a bucket every so often. The caller
 * asks for its shards in the order of their numbers, so that those of a bucket start in order.
 */
typedef struct sp_identify {
    uint64_t *free_at; /* per bucket */
    uint32_t buckets;
    uint32_t interval;
    bool limited; /* what follows was told */
    bool told;    /* that none is left */
    uint32_t total;
    uint32_t remaining;
    uint64_t reset_at;
} sp_identify;

int sp_identify_init(sp_identify *identify, uint32_t max_concurrency, uint32_t interval);
void sp_identify_free(sp_identify *identify);

/* How many identifies are left until when, and how many there are then (Discord: "Session Start Limit Object"). */
void sp_identify_limit(sp_identify *identify, uint32_t total, uint32_t remaining, uint64_t reset_at);

/* None is left now. */
bool sp_identify_exhausted(const sp_identify *identify, uint64_t now);

/* When this shard's bucket is free, and an identify is left; that may be in the past. */
uint64_t sp_identify_free_at(const sp_identify *identify, uint32_t shard_id);

/* The bucket of this shard has been used. */
void sp_identify_take(sp_identify *identify, uint32_t shard_id, uint64_t now);

#endif
