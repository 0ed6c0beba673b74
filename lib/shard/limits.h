#ifndef SP_SHARD_LIMITS_H
#define SP_SHARD_LIMITS_H

#include <spectacles/types.h>
#include <stdbool.h>

/*
 * What Discord allows a connection to send (Discord: "Rate Limiting"): 120 payloads in any 60 seconds, heartbeats
 * included. Heartbeats are never held back, and all other payloads leave room for them. Discord counts when payloads
 * arrive, and the network can bring them closer together. So the period here is a second longer.
 */
enum {
    SP_LIMIT_COUNT = 120,
    SP_LIMIT_PERIOD = 61000
};

typedef struct sp_limits {
    uint64_t sent[SP_LIMIT_COUNT]; /* when each payload was sent: a ring, the oldest at `first` */
    uint32_t first;
    uint32_t count;
    uint32_t reserve; /* payloads that are kept free for heartbeats and for SPARE others */
} sp_limits;

/* Begins a new connection, on which nothing was sent. Sets the interval of its heartbeats, in milliseconds. */
void sp_limits_reset(sp_limits *limits);
void sp_limits_reserve(sp_limits *limits, uint64_t interval);

/* How many payloads may be sent now, besides heartbeats. */
uint32_t sp_limits_remaining(const sp_limits *limits, uint64_t now);

/* Whether the answer to a heartbeat request (op 1) may be sent. It may use the room that is kept free for it. */
bool sp_limits_may_answer(const sp_limits *limits, uint64_t now);

/* When sp_limits_remaining() grows; SPECTACLES_NEVER when nothing was sent. */
uint64_t sp_limits_refill(const sp_limits *limits, uint64_t now);

/* A payload was sent. */
void sp_limits_count(sp_limits *limits, uint64_t now);

#endif
