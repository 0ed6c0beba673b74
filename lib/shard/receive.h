#ifndef SP_SHARD_RECEIVE_H
#define SP_SHARD_RECEIVE_H

#include "shard/internal.h"

/* Works on the next message. False when there is none. */
bool sp_shard_receive(spectacles_shard *shard, uint64_t now);

/* The upgrade has taken too long: takes a refusal whose body is still on its way. False when there is none. */
bool sp_shard_receive_last_head(spectacles_shard *shard, uint64_t now);

#endif
