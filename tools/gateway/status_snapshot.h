#ifndef GATEWAY_STATUS_SNAPSHOT_H
#define GATEWAY_STATUS_SNAPSHOT_H

#include "status.h"

/* A shard at one moment. */
struct snapshot_shard {
    uint32_t id;
    spectacles_gateway_shard_stats stats;
    spectacles_shard_stats engine;     /* for what is counted by op */
    uint32_t packets_left;             /* what the rate limit lets through now */
    const struct status_shard *memory; /* NULL: nothing has happened yet */
};

/* A broker at one moment. */
struct snapshot_broker {
    uint32_t state; /* enum spectacles_broker_state */
    spectacles_broker_stats stats;
    const struct status_broker *memory;
};

/* A gateway at one moment: all that is shown of it. */
struct snapshot {
    uint64_t now;
    uint64_t unix_time;
    spectacles_gateway_stats totals;
    struct snapshot_shard *shards; /* by id */
    size_t shard_count;
    struct snapshot_broker brokers[2]; /* enum spectacles_relay_broker */
    size_t broker_count;               /* 0: a gateway without brokers */
    const struct status *status;
    const spectacles_gateway *gateway; /* for names of events and close codes; NULL: there is none yet */
};

/*
 * Looks at a gateway once. What it points to is valid until the gateway or the status is called again.
 *
 * gateway: NULL while there is none, because Discord has not been asked yet.
 *
 * Returns 0, or SPECTACLES_E_NOMEM; then nothing has to be freed.
 */
int snapshot_take(struct snapshot *out, spectacles_gateway *gateway, const struct status *status,
                  uint64_t now, uint64_t unix_time);
void snapshot_free(struct snapshot *snapshot);

/* Packets of all shards that wait to be sent. */
uint64_t snapshot_packets(const struct snapshot *snapshot);

/*
 * How many queues of commands are not consumed, though they should be: SEND, and those of the shards that are served
 * here. What is heard of the queue of another shard is its owner's business.
 */
size_t snapshot_queues_lost(const struct snapshot *snapshot);

#endif
