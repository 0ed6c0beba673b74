#ifndef SP_SHARD_LIMITS_H
#define SP_SHARD_LIMITS_H

#include <spectacles/types.h>
#include <stdbool.h>

/*
 * What Discord allows a connection to send (Discord: "Rate Limiting"): 120 payloads in any 60 seconds,
 * heartbeats included. Heartbeats always go; everything else leaves room for them. Discord counts what arrives:
 * our minute is a second longer, because the network bunches what was sent apart.
 */
enum {
    SP_LIMIT_COUNT = 120,
    SP_LIMIT_PERIOD = 61000
};

typedef struct sp_limits {
    uint64_t sent[SP_LIMIT_COUNT]; /* when, oldest first from `first` on, in a ring */
    uint32_t first;
    uint32_t count;
    uint32_t reserve; /* for heartbeats and the answers to requested ones */
} sp_limits;

/* A new connection starts with nothing sent. interval: of the heartbeats. */
void sp_limits_reset(sp_limits *limits);
void sp_limits_reserve(sp_limits *limits, uint64_t interval);

/* How many payloads may go out now, besides heartbeats. */
uint32_t sp_limits_remaining(const sp_limits *limits, uint64_t now);

/* Whether there is room for the answer to a requested heartbeat: it may use what is kept free for that. */
bool sp_limits_may_answer(const sp_limits *limits, uint64_t now);

/* When that number grows; SPECTACLES_NEVER when nothing was sent. */
uint64_t sp_limits_refill(const sp_limits *limits, uint64_t now);

/* A payload went out. */
void sp_limits_count(sp_limits *limits, uint64_t now);

#endif
