#ifndef SP_BROKER_CALLS_H
#define SP_BROKER_CALLS_H

#include "core/ring.h"

#include <spectacles/broker.h>
#include <stdbool.h>

/*
 * The calls that wait for a reply, by the tags of their requests. A failed call stays here until the owner has pulled
 * its CALL_FAILED, so that this event needs no memory.
 */
typedef struct sp_call {
    uint64_t tag;
    uint64_t deadline;
    uint32_t failure; /* enum spectacles_call_failure; 0: the call has not failed */
    bool over;        /* the owner knows how the call ended */
    bool unsent;      /* the request is not written: sp_calls_fail_all() keeps the call */
} sp_call;

typedef struct sp_calls {
    sp_ring calls; /* in the order of their tags */
    size_t over;
    size_t failed; /* how many calls have failed, and their CALL_FAILED is not pulled yet */
    uint64_t due;  /* no deadline of a call is earlier */
    bool overdue;  /* a deadline may have passed: it is checked when all received bytes are read */
    bool wants_room;
} sp_calls;

void sp_calls_init(sp_calls *calls);
void sp_calls_free(sp_calls *calls);

/* How many calls wait for a reply, or have failed without the owner knowing it yet. */
size_t sp_calls_count(const sp_calls *calls);

/* Adds a call. Its tag has to be larger than all tags before. SPECTACLES_E_NOMEM. */
int sp_calls_add(sp_calls *calls, uint64_t tag, uint64_t deadline);

/* Removes the call that was added last. */
void sp_calls_drop_last(sp_calls *calls);

/* The call with this tag that waits for a reply, or NULL. */
sp_call *sp_calls_find(const sp_calls *calls, uint64_t tag);

/* Fails a call, so that the owner gets CALL_FAILED; ends a call, because the owner knows how it ended. */
void sp_calls_fail(sp_calls *calls, sp_call *call, uint32_t failure);
void sp_calls_end(sp_calls *calls, sp_call *call);

/* Fails all calls that wait for a reply, except those marked as `unsent`. Clears these marks. */
void sp_calls_fail_all(sp_calls *calls, uint32_t failure);

/* The next call whose deadline has passed. NULL when there is no such call; then `due` is exact again. */
sp_call *sp_calls_next_late(sp_calls *calls, uint64_t now);

/* The first failed call whose CALL_FAILED is not pulled yet. */
sp_call *sp_calls_next_failed(const sp_calls *calls);

/* Why a call has no reply, as a sentence. */
const char *sp_call_failure_text(uint32_t failure);

#endif
