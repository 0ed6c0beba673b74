#ifndef SP_FLEET_CONTENT_H
#define SP_FLEET_CONTENT_H

#include "state/record.h"

/*
 * What a slot remembers: the session and the gaps of each of its shards, and for the control queue the plan. Contents
 * merge in any order, any number of times: the result is the same.
 */

/*
 * A point in the life of a slot: the term of an owner (epoch), and how many records the owner had written. A later one
 * is greater, whoever wrote it.
 */
typedef struct sp_fleet_version {
    uint64_t epoch;
    uint64_t write;
} sp_fleet_version;

/* Below 0, 0, or above 0: whether the first one is earlier. */
int sp_fleet_version_compare(sp_fleet_version one, sp_fleet_version other);

typedef struct sp_fleet_shard {
    sp_record *record;
    sp_fleet_version
        since;       /* when its session, or its gaps, last changed: whoever changed it later is right */
    uint64_t sent;   /* the sequence in the record that is on its way */
    uint64_t stored; /* the sequence in the record that came back last */
} sp_fleet_shard;

/* Shards in the order of their ids. An empty content is all zero. */
typedef struct sp_fleet_content {
    sp_fleet_shard *shards;
    size_t count;
    size_t capacity;
    char *control; /* a JSON object, NUL-terminated; NULL: none */
    sp_fleet_version control_since;
} sp_fleet_content;

void sp_fleet_content_free(sp_fleet_content *content);

/* The entry of a shard; NULL when there is none. */
sp_fleet_shard *sp_fleet_content_find(const sp_fleet_content *content, uint32_t shard_id);

/*
 * Takes over what somebody says of a shard, and frees what is not needed of it. The same session: the greater sequence
 * holds, and the rest is of whoever changed it later. Another session: that of whoever changed it later. Returns 0, or
 * SPECTACLES_E_NOMEM: nothing has changed, and the caller keeps the record.
 */
int sp_fleet_content_merge_shard(sp_fleet_content *content, sp_record *record, sp_fleet_version since);

/* Likewise for all of another content, which is empty then. SPECTACLES_E_NOMEM: neither has changed. */
int sp_fleet_content_merge(sp_fleet_content *content, sp_fleet_content *other);

/* Whether all that the other one says is known here. */
bool sp_fleet_content_covers(const sp_fleet_content *content, const sp_fleet_content *other);

#endif
