#ifndef TESTS_RELAY_ROSTER_STEPS_H
#define TESTS_RELAY_ROSTER_STEPS_H

#include "fakes.h"
#include "relay/internal.h"

/* A relay with two shards of four, for tests in which shards come and go. */
enum {
    COUNT = 4,
    NOW = 1000
};

extern struct scene {
    spectacles_shard shards[COUNT]; /* 0 and 1 may be served from the start */
    spectacles_broker events;
    spectacles_broker commands;
    spectacles_relay *relay;
    spectacles_relay_event removed; /* the last SHARD_REMOVED */
    char session[64];
    int handed_over;      /* gaps that were given with it */
    char gap_session[64]; /* the new session of the last of them; "-": none */
    int told[64];         /* by type */
} world;

/* Begins with so many shards, 0 to 2, whose READYs are confirmed: the next publish has the tag `served` + 1. */
void start(size_t served);

/* Begins without shards, with these flags of the relay. */
void start_with(uint32_t flags);
void end(void);

/* Pulls the relay, and notes what it tells. */
void pull(void);
/* How many gaps the relay gives. */
int gaps(void);
void confirm(uint64_t tag);

/* Calls of the owner that succeed. */
void add(uint32_t shard_id);
void remove_shard(uint32_t shard_id);
/* The engine of the shard is closed. */
void close_shard(uint32_t shard_id);

/* A packet of a worker for the shard arrives, from the queue of the shard, which has to be consumed. Its delivery. */
uint64_t packet(uint32_t shard_id);
/* how: "ack", "reject" or "requeue" */
int is_settled(uint64_t delivery, const char *how);

#endif
