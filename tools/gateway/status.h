#ifndef GATEWAY_STATUS_H
#define GATEWAY_STATUS_H

#include "status_ping.h"
#include "turns.h"

#include <spectacles/spectacles.h>
#include <stdbool.h>

enum {
    STATUS_TEXT_SIZE = 200,
    STATUS_GAPS = 20
};

/* What is remembered of a shard. */
struct status_shard {
    uint32_t id;
    uint32_t close_code; /* of the connection that ended last */
    uint64_t close_time; /* milliseconds since 1970; 0: none has ended */
    char close_text[STATUS_TEXT_SIZE];
    bool was_ready;   /* READY or RESUMED, once */
    bool lacks_queue; /* its queue of packets is not consumed */
    struct ping ping;
};

/* What is remembered of a broker. */
struct status_broker {
    bool is_blocked;
    char text[STATUS_TEXT_SIZE]; /* what it said last */
};

/* What the events of one gateway have told. It takes memory for each shard, and no more. All zero: nothing. */
struct status_gateway {
    struct status_shard *shards; /* by id */
    size_t shard_count;
    size_t shard_room;
    struct status_broker brokers[2]; /* enum spectacles_relay_broker */
    bool lacks_send_queue;           /* the queue SEND is not consumed */
};

/* A gap that was declared. */
struct status_gap {
    uint32_t shard_id;
    uint64_t time; /* milliseconds since 1970 */
    char text[STATUS_TEXT_SIZE];
};

/* What the file of sessions has cost. The daemon fills it from its store. */
struct status_store {
    bool is_used;
    bool is_failing; /* the last write failed */
    uint64_t writes; /* failures included */
    uint64_t failures;
    uint64_t last_time;    /* milliseconds that the last write took */
    uint64_t longest_time; /* likewise, of all writes */
    uint64_t last_success; /* milliseconds since 1970; 0: there was none */
};

/* How the process stands in its fleet. The daemon fills it from its member. */
struct status_fleet {
    bool is_used;      /* FLEET is on */
    bool is_connected; /* its broker is READY */
    bool leads;        /* this process plans, and grants identifies */
    char member[SPECTACLES_FLEET_NAME_SIZE];
    uint32_t phase;         /* enum spectacles_fleet_phase */
    uint32_t shard_count;   /* of those who serve */
    uint32_t wanted_shards; /* where the fleet goes; 0: nowhere */
    uint64_t members;       /* that are there, with this one */
    uint64_t takeovers;     /* shards that were added here with a session that another process had */
    uint64_t grants;        /* identifies that were granted to this process */
    uint64_t slots[SPECTACLES_FLEET_DOUBTFUL + 1]; /* in each state: enum spectacles_fleet_slot_state */
};

/* What events and parts of the daemon have told, for those who look at it: what no counter of the library has. */
struct status {
    struct status_gap gaps[STATUS_GAPS];
    uint64_t gap_count;  /* since the start; the newest one is gaps[(gap_count - 1) % STATUS_GAPS] */
    uint64_t gap_day;    /* days since 1970, of gaps_today */
    uint64_t gaps_today; /* since midnight, UTC */
    uint64_t
        reset_time; /* when the identifies of the day are all there again, milliseconds since 1970; 0: not known */
    uint64_t start_time; /* milliseconds since 1970 */
    uint64_t turn;       /* when the loop has turned last, on the clock of the loop */
    struct status_store store;
    struct status_fleet fleet;
    struct turns turns;
    bool is_stopping;
};

/* Makes a status in which nothing has happened. */
void status_begin(struct status *status, uint64_t unix_time, uint64_t now);

/* Frees what is remembered of a gateway, and leaves it empty. */
void status_gateway_end(struct status_gateway *gateway);

/* Hands over an event of a gateway: each one, in order. Memory that runs out costs the memory of that shard alone. */
void status_hear(struct status *status, struct status_gateway *gateway, const spectacles_relay_event *event,
                 uint64_t unix_time);

/* A shard was let go of without an event, by spectacles_gateway_drop_shard(). */
void status_forget(struct status_gateway *gateway, uint32_t id);

/* What is remembered of a shard; NULL: nothing. Valid until the next status_hear(). */
const struct status_shard *status_shard(const struct status_gateway *gateway, uint32_t id);

/* How many gaps were declared since midnight, UTC. */
uint64_t status_gaps_today(const struct status *status, uint64_t unix_time);

#endif
