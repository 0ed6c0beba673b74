#ifndef SP_SHARD_TIMERS_H
#define SP_SHARD_TIMERS_H

#include <spectacles/shard.h>

/* When sp_shard_expire() is to be called; 0 while an event waits that the owner was not told of. See stream.h. */
uint64_t sp_shard_deadline(const spectacles_shard *shard);

/* Does what is due at `now`. SPECTACLES_E_NOMEM: a heartbeat found no memory, and is tried again. */
int sp_shard_expire(spectacles_shard *shard, uint64_t now);

#endif
