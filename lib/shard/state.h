#ifndef SP_SHARD_STATE_H
#define SP_SHARD_STATE_H

#include "shard/internal.h"

/*
 * The only function that changes the state. Sets the deadline of the state, and queues a STATE event for a state
 * without an event of its own. Setting the present state begins its time again. An assertion fails when the state must
 * not follow the present one: that is a bug of this library.
 */
void sp_shard_set_state(spectacles_shard *shard, enum spectacles_shard_state state, uint64_t now);

#endif
