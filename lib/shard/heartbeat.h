#ifndef SP_SHARD_HEARTBEAT_H
#define SP_SHARD_HEARTBEAT_H

#include "core/random.h"

#include <spectacles/types.h>
#include <stdbool.h>

/*
 * The timer of heartbeats and of their acknowledgements (Discord: "Sending Heartbeats"). No ACK between two
 * heartbeats means that the connection is dead, unless it was us who did not read in between.
 */
typedef struct sp_heartbeat {
    uint64_t interval; /* 0: not started */
    uint64_t next;     /* when the next one is due */
    uint64_t sent;     /* when the one that waits for its ACK went out */
    bool waiting;
} sp_heartbeat;

void sp_heartbeat_start(sp_heartbeat *heartbeat, uint64_t interval, sp_random *random, uint64_t now);
void sp_heartbeat_stop(sp_heartbeat *heartbeat);

uint64_t sp_heartbeat_deadline(const sp_heartbeat *heartbeat);

/* The interval has passed and no ACK came. */
bool sp_heartbeat_missed(const sp_heartbeat *heartbeat, uint64_t now);

/*
 * It is overdue by more than an interval: the machine was suspended, or the owner's loop hung. A gateway has closed a
 * connection without heartbeats by then, and a machine that slept has not heard it.
 */
bool sp_heartbeat_overslept(const sp_heartbeat *heartbeat, uint64_t now);

/* One went out because it was due. */
void sp_heartbeat_sent(sp_heartbeat *heartbeat, uint64_t now);

/* An ACK came: true and the milliseconds since the heartbeat it answers; false when none waits for one. */
bool sp_heartbeat_acknowledged(sp_heartbeat *heartbeat, uint64_t now, uint64_t *latency);

#endif
