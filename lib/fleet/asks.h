#ifndef SP_FLEET_ASKS_H
#define SP_FLEET_ASKS_H

#include "core/list.h"
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

/* Of one shard, which keeps it for as long as it waits. All zero: it does not wait. */
typedef struct sp_ask {
    sp_list_node node; /* of `waiting` or of `asked` */
    uint32_t shard_id;
    uint32_t shard_count;
    uint64_t number;
    uint64_t asked_at;
} sp_ask;

/* Never moved in memory. */
typedef struct sp_asks {
    char member[SP_FLEET_MEMBER_MAX + 1];
    char run[SP_FLEET_NONCE_LENGTH + 1];
    uint64_t number;        /* of the last ask */
    uint32_t concurrency;   /* max_concurrency, as the leader says; 1 before */
    bool is_looked_through; /* the bucket of each shard that waits has an ask: nothing has changed since */
    sp_list waiting;        /* of sp_ask, in the order in which they came */
    sp_list asked;          /* of sp_ask, in the order in which they were told: one of each bucket */
} sp_asks;

void sp_asks_init(sp_asks *asks, const char *member, const char *run);
void sp_asks_set_concurrency(sp_asks *asks, uint32_t concurrency);

/* A shard wants to identify, which does nothing when it waits already; or does not want to any more. */
void sp_asks_want(sp_asks *asks, sp_ask *ask, uint32_t shard_id, uint32_t shard_count);
void sp_asks_forget(sp_asks *asks, sp_ask *ask);

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
