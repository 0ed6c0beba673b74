#ifndef SP_SHARD_OPS_H
#define SP_SHARD_OPS_H

#include "shard/internal.h"

/* Takes one whole payload, which is in `message_format`. */
void sp_shard_on_payload(spectacles_shard *shard, sp_slice payload, uint64_t now);

#endif
