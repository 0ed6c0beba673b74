#ifndef SP_SHARD_EVENTS_H
#define SP_SHARD_EVENTS_H

#include "shard/internal.h"

/* Queues an event, to be filled in. NULL: memory ran out, which the first PENDING_MAX events that wait never see. */
spectacles_shard_event *sp_shard_queue_event(spectacles_shard *shard, uint32_t type);

/* Makes room for the first events in advance. SPECTACLES_E_NOMEM. */
int sp_shard_reserve_events(spectacles_shard *shard);

/* The next event that waits: tickets, then pending events, then the dispatch that is held. NULL: none waits. */
const spectacles_shard_event *sp_shard_take_event(spectacles_shard *shard);

/* Whether sp_shard_take_event() would give one. */
bool sp_shard_has_event(const spectacles_shard *shard);

/* Keeps the sentence for spectacles_shard_last_error(), and returns the error. */
int sp_shard_fail(spectacles_shard *shard, int error, const char *text);

#endif
