#ifndef SP_SHARD_CLOSE_FRAME_H
#define SP_SHARD_CLOSE_FRAME_H

#include "shard/internal.h"

/* Takes a close frame and answers it (RFC 6455, section 5.5.1), unless it is the answer to ours. */
void sp_shard_on_close(spectacles_shard *shard, sp_slice payload, uint64_t now);

#endif
