#ifndef SP_SHARD_HEARTBEAT_H
#define SP_SHARD_HEARTBEAT_H

#include "core/random.h"

#include <spectacles/types.h>
#include <stdbool.h>

/*
 * When heartbeats are due, and whether each was acknowledged (Discord: "Sending Heartbeats"). A connection without an
 * ACK between two heartbeats is dead, unless the owner has not read from it meanwhile.
 */
typedef struct sp_heartbeat {
    uint64_t interval; /* milliseconds between two heartbeats; 0: not started */
    uint64_t next;     /* when the next heartbeat is due */
    uint64_t sent;     /* when the last heartbeat went out */
    bool waiting;      /* the last heartbeat has no ACK yet */
} sp_heartbeat;

/* Starts or stops. The first heartbeat is due after a random part of the interval. interval: milliseconds. */
void sp_heartbeat_start(sp_heartbeat *heartbeat, uint64_t interval, sp_random *random, uint64_t now);
void sp_heartbeat_stop(sp_heartbeat *heartbeat);

/* When the next heartbeat is due; SPECTACLES_NEVER while it is stopped. */
uint64_t sp_heartbeat_deadline(const sp_heartbeat *heartbeat);

/* Whether the next heartbeat is due, and the last one has no ACK. */
bool sp_heartbeat_missed(const sp_heartbeat *heartbeat, uint64_t now);

/*
 * Whether the next heartbeat is late by more than an interval: the machine was suspended, or the loop of the owner
 * hung. The gateway has closed the connection by then. A machine that was suspended may not have received the close.
 */
bool sp_heartbeat_overslept(const sp_heartbeat *heartbeat, uint64_t now);

/* A heartbeat went out because it was due. */
void sp_heartbeat_sent(sp_heartbeat *heartbeat, uint64_t now);

/* An ACK came. True, and the milliseconds since its heartbeat; false when no heartbeat waits for an ACK. */
bool sp_heartbeat_acknowledged(sp_heartbeat *heartbeat, uint64_t now, uint64_t *latency);

#endif
