#ifndef SP_FLEET_ASKS_H
#define SP_FLEET_ASKS_H

#include "core/ring.h"
#include "fleet/turn.h"

/*
 * The identifies that a member waits for. It asks the leader for one shard of each bucket at a time, and takes a grant
 * within SP_ASK_TIME of having asked: a grant that comes later is of no use to anybody, whoever has sent it.
 *
 *   WAITING --asked--> ASKED --granted in time--> (gone: the shard identifies)
 *      ^                 |
 *      +-- SP_ASK_TIME --+
 */

enum {
    SP_ASK_TIME = 3000 /* milliseconds */
};

typedef struct sp_ask {
    uint32_t shard_id;
    uint32_t shard_count;
    bool is_open; /* ASKED */
    uint64_t number;
    uint64_t asked_at;
} sp_ask;

typedef struct sp_asks {
    char member[SP_FLEET_MEMBER_MAX + 1];
    char run[SP_FLEET_NONCE_LENGTH + 1];
    uint64_t number;      /* of the last ask */
    uint32_t concurrency; /* max_concurrency, as the leader says; 1 before */
    sp_ring shards;       /* of sp_ask, in the order in which they came */
} sp_asks;

void sp_asks_init(sp_asks *asks, const char *member, const char *run);
void sp_asks_free(sp_asks *asks);

/* A shard wants to identify, or does not any more. SPECTACLES_E_NOMEM. */
int sp_asks_want(sp_asks *asks, uint32_t shard_id, uint32_t shard_count);
void sp_asks_forget(sp_asks *asks, uint32_t shard_id, uint32_t shard_count);

/* The next ask that is to be told. False: there is none now. */
bool sp_asks_next(sp_asks *asks, uint64_t now, sp_fleet_turn *out);

/*
 * A grant has come. True: it is for this process, which answers it, whatever it does with it. *takes: the shard may
 * identify now, and is forgotten here.
 */
bool sp_asks_granted(sp_asks *asks, const sp_fleet_turn *turn, uint64_t now, bool *takes);

/* When to ask again at the latest. */
uint64_t sp_asks_deadline(const sp_asks *asks);

#endif
