#ifndef SP_SHARD_EVENTS_H
#define SP_SHARD_EVENTS_H

#include "shard/internal.h"

/*
 * Queues an event for the caller to fill in. NULL when memory ran out; there is always memory for the first PENDING_MAX
 * events.
 */
spectacles_shard_event *sp_shard_queue_event(spectacles_shard *shard, uint32_t type);

/* Reserves memory for the first events. SPECTACLES_E_NOMEM. */
int sp_shard_reserve_events(spectacles_shard *shard);

/* The next event: tickets first, then queued events, then the dispatch. NULL when there is none. */
const spectacles_shard_event *sp_shard_take_event(spectacles_shard *shard);

/* Whether sp_shard_take_event() would return an event. */
bool sp_shard_has_event(const spectacles_shard *shard);

/* Keeps the sentence for spectacles_shard_last_error(), and returns the error. */
int sp_shard_fail(spectacles_shard *shard, int error, const char *text);

#endif
