#ifndef SP_BROKER_CALLS_H
#define SP_BROKER_CALLS_H

#include "core/ring.h"

#include <spectacles/broker.h>
#include <stdbool.h>

/*
 * The calls that wait for a reply, by the tags of their requests. One that has failed stays until its owner
 * has been told, so that no memory is needed for that.
 */
typedef struct sp_call {
    uint64_t tag;
    uint64_t deadline;
    uint32_t failure; /* enum spectacles_call_failure; 0: it waits */
    bool over;        /* the owner knows how it ended */
    bool unsent;      /* when all others fail */
} sp_call;

typedef struct sp_calls {
    sp_ring calls; /* in the order of their tags */
    size_t over;
    size_t failed; /* those whose owner is to be told */
    uint64_t due;  /* no deadline is earlier */
    bool overdue;  /* one may have passed: it is looked at when all that arrived has been */
    bool wants_room;
} sp_calls;

void sp_calls_init(sp_calls *calls);
void sp_calls_free(sp_calls *calls);

/* How many have not ended, or ended without their owner's knowledge. */
size_t sp_calls_count(const sp_calls *calls);

/* Tags rise. SPECTACLES_E_NOMEM. */
int sp_calls_add(sp_calls *calls, uint64_t tag, uint64_t deadline);

/* Takes the one back that was added last. */
void sp_calls_drop_last(sp_calls *calls);

/* One that waits; NULL when there is none of that tag. */
sp_call *sp_calls_find(const sp_calls *calls, uint64_t tag);

/* The owner is to be told, or knows. */
void sp_calls_fail(sp_calls *calls, sp_call *call, uint32_t failure);
void sp_calls_end(sp_calls *calls, sp_call *call);

/* All that wait fail, but for those that are unsent, once. */
void sp_calls_fail_all(sp_calls *calls, uint32_t failure);

/* The next one whose deadline has passed, NULL when there is none (any more): then `due` is right again. */
sp_call *sp_calls_next_late(sp_calls *calls, uint64_t now);

/* The first one whose owner is to be told. */
sp_call *sp_calls_next_failed(const sp_calls *calls);

/* Why a call has no reply, as a sentence. */
const char *sp_call_failure_text(uint32_t failure);

#endif
