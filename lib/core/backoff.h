#ifndef SP_CORE_BACKOFF_H
#define SP_CORE_BACKOFF_H

#include "core/random.h"

/*
 * How long to wait before the next attempt to connect. Shard, broker and link have one rule (doc/architecture.md, "One
 * rule for every back-off"):
 *
 *   A connection that made progress, or that was READY for ten seconds, sets the count of failures to 0.
 *   Every other attempt doubles the longest possible wait, from `base` up to `cap`.
 *
 *
 * An attempt that did not reach the peer (no name, no route, no answer to TCP) costs nobody anything. It is not
 * counted, and its longest wait doubles from `base` up to a few seconds only: so the end of an outage is noticed soon.
 *
 * The wait has full jitter: it is evenly distributed from 0 to the longest possible wait.
 */
enum {
    SP_BACKOFF_STABLE = 10000, /* milliseconds in READY after which a connection counts as stable */
    SP_BACKOFF_UNREACHED =
        5000,              /* milliseconds: the longest wait after an attempt that did not reach the peer */
    SP_BACKOFF_HURRY = 500 /* milliseconds within which all come back when the network has changed */
};

typedef struct sp_backoff {
    uint64_t base;        /* the longest wait after the first failure; milliseconds */
    uint64_t cap;         /* the longest wait after any number of failures; milliseconds */
    uint64_t ready_since; /* SPECTACLES_NEVER: this connection has not been READY */
    uint32_t failures;    /* in a row, since the last progress */
    uint32_t unreached;   /* attempts in a row that did not reach the peer */
} sp_backoff;

/* A count without failures. base, cap: milliseconds. */
sp_backoff sp_backoff_of(uint64_t base, uint64_t cap);

/*
 * The connection is READY (or its session is RESUMED). That alone is no progress: a peer may accept connections and
 * drop them.
 */
void sp_backoff_ready(sp_backoff *backoff, uint64_t now);

/* The connection made progress: it received something new, or the peer confirmed something that was sent. */
void sp_backoff_progress(sp_backoff *backoff);

/* The connection has ended, or could not be made. Returns the milliseconds to wait before the next attempt. */
uint64_t sp_backoff_next(sp_backoff *backoff, sp_random *random, uint64_t now);

/* As sp_backoff_next(), when the attempt did not reach the peer. */
uint64_t sp_backoff_unreached(sp_backoff *backoff, sp_random *random);

/*
 * The addresses or the routes of the machine have changed. Returns when the next attempt may begin that was to begin at
 * `next`: soon, after an attempt that did not reach the peer; else at `next`.
 */
uint64_t sp_backoff_hurry(const sp_backoff *backoff, sp_random *random, uint64_t next, uint64_t now);

#endif
