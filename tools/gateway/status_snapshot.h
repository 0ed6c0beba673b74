#ifndef GATEWAY_STATUS_SNAPSHOT_H
#define GATEWAY_STATUS_SNAPSHOT_H

#include "gateways.h"

enum {
    SNAPSHOT_LABEL_SIZE = 24
};

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

/* A gateway at one moment. */
struct snapshot_gateway {
    uint32_t number;                  /* of the shards of the whole bot; 0: there is no gateway yet */
    char label[SNAPSHOT_LABEL_SIZE];  /* of metrics, `shards="8"`; "": there was never another number */
    const spectacles_gateway *handle; /* for names of events and close codes; NULL: there is none yet */
    spectacles_gateway_stats totals;
    struct snapshot_shard *shards; /* by id */
    size_t shard_count;
    struct snapshot_broker brokers[2]; /* enum spectacles_relay_broker */
    size_t broker_count;               /* 0: a gateway without brokers */
    bool lacks_send_queue;
};

/* All that is shown of the gateways at one moment. */
struct snapshot {
    uint64_t now;
    uint64_t unix_time;
    struct snapshot_gateway gateways[GATEWAYS_MAX];
    size_t gateway_count; /* at least 1: one that is empty while Discord has not been asked yet */
    struct gateways_gaps gaps;
    const struct status *status;
};

/*
 * Looks at the gateways once. What it points to is valid until a gateway or the status is called again.
 *
 * Returns 0, or SPECTACLES_E_NOMEM; then nothing has to be freed.
 */
int snapshot_take(struct snapshot *out, const struct gateways *gateways, const struct status *status,
                  uint64_t now, uint64_t unix_time);
void snapshot_free(struct snapshot *snapshot);

/* How many shards there are. */
size_t snapshot_shards(const struct snapshot *snapshot);

/* Counts of all gateways. Limits and times that are those of the bot are of the first one. */
spectacles_gateway_stats snapshot_totals(const struct snapshot *snapshot);

/* Packets of all shards that wait to be sent. */
uint64_t snapshot_packets(const struct snapshot *snapshot);

/*
 * How many queues of commands are not consumed, though they should be: SEND, and those of the shards that are served
 * here. What is heard of the queue of another shard is its owner's business.
 */
size_t snapshot_queues_lost(const struct snapshot *snapshot);

#endif
