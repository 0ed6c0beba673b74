#ifndef SP_CORE_BACKOFF_H
#define SP_CORE_BACKOFF_H

#include "core/random.h"

/*
 * How long to wait before the next attempt to connect. Shard, broker and link share this one rule; it is written down in
 * doc/architecture.md, "One rule for every back-off":
 *
 *   A connection that made progress, or that was READY for ten seconds, starts the count anew.
 *   Every other attempt doubles the longest possible wait, from `base` up to `cap`.
 *
 * The wait itself is full jitter: evenly from 0 to the longest possible one.
 */
enum {
    SP_BACKOFF_LIVED = 10000 /* milliseconds in READY after which a connection counts as a good one */
};

typedef struct sp_backoff {
    uint64_t base;        /* the longest wait after the first failure; milliseconds */
    uint64_t cap;         /* the longest wait after any number of failures; milliseconds */
    uint64_t ready_since; /* SPECTACLES_NEVER: this connection was not READY yet */
    uint32_t failures;    /* in a row, since the last progress */
} sp_backoff;

sp_backoff sp_backoff_of(uint64_t base, uint64_t cap);

/* The connection is READY (or its session is RESUMED). Being READY is no progress by itself: a peer may accept and drop. */
void sp_backoff_ready(sp_backoff *backoff, uint64_t now);

/* Something new was received, or something that we sent was confirmed, after READY or in a replay. */
void sp_backoff_progress(sp_backoff *backoff);

/* The connection has ended, or could not be made: the milliseconds to wait before the next attempt. */
uint64_t sp_backoff_next(sp_backoff *backoff, sp_random *random, uint64_t now);

#endif
