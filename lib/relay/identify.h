#ifndef SP_RELAY_IDENTIFY_H
#define SP_RELAY_IDENTIFY_H

#include <spectacles/types.h>

/*
 * Whose turn it is to identify (Discord: "max_concurrency"): one shard of a bucket every so often. The caller
 * asks for its shards in the order of their numbers, so that those of a bucket start in order.
 */
typedef struct sp_identify {
    uint64_t *free_at; /* per bucket */
    uint32_t buckets;
    uint32_t interval;
} sp_identify;

int sp_identify_init(sp_identify *identify, uint32_t max_concurrency, uint32_t interval);
void sp_identify_free(sp_identify *identify);

/* When this shard's bucket is free; that may be in the past. */
uint64_t sp_identify_free_at(const sp_identify *identify, uint32_t shard_id);

/* The bucket of this shard has been used. */
void sp_identify_take(sp_identify *identify, uint32_t shard_id, uint64_t now);

#endif
