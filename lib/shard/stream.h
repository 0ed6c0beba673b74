#ifndef SP_SHARD_STREAM_H
#define SP_SHARD_STREAM_H

#include "core/stream.h"

#include <spectacles/shard.h>

/* Part of making a shard. */
void sp_shard_init_stream(spectacles_shard *shard, const sp_holder_calls *holder_calls);

/*
 * Compares what was fed and not read yet with high water. At high water, wants_input() becomes 0; at half of it, or
 * when all was looked at, it becomes 1 again. A few large reads cost a fraction of many small ones.
 */
void sp_shard_note_level(spectacles_shard *shard);

#endif
