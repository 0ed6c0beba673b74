#ifndef SP_SHARD_STATE_H
#define SP_SHARD_STATE_H

#include "shard/internal.h"

/*
 * The one place where the state changes. Sets the deadline of the phase and queues a STATE event where the state has no
 * event of its own. The same state again begins its phase anew. A state that may not follow the present one is a
 * mistake of ours, and an assertion fails.
 */
void sp_shard_set_state(spectacles_shard *shard, enum spectacles_shard_state state, uint64_t now);

#endif
