#ifndef SP_SHARD_RECEIVE_H
#define SP_SHARD_RECEIVE_H

#include "shard/internal.h"

/* Takes the next message. False when there is none. */
bool sp_shard_receive(spectacles_shard *shard, uint64_t now);

/* Called when the upgrade has taken too long. Takes a refusal whose body is incomplete. False when there is none. */
bool sp_shard_receive_last_head(spectacles_shard *shard, uint64_t now);

#endif
