#ifndef SP_SHARD_TIMERS_H
#define SP_SHARD_TIMERS_H

#include <spectacles/shard.h>

/* When sp_shard_expire() has to be called; SPECTACLES_NEVER: never. */
uint64_t sp_shard_deadline(const spectacles_shard *shard);

/* Does what is due at `now`. SPECTACLES_E_NOMEM: a heartbeat was not sent for lack of memory, and is tried again. */
int sp_shard_expire(spectacles_shard *shard, uint64_t now);

#endif
