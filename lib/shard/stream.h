#ifndef SP_SHARD_STREAM_H
#define SP_SHARD_STREAM_H

#include "core/stream.h"

#include <spectacles/shard.h>

/* Makes the stream of a shard; called once, when the shard is made. */
void sp_shard_init_stream(spectacles_shard *shard, const sp_holder_calls *holder_calls);

/*
 * Compares the bytes that were fed and not read with high_water. At high water, wants_input() becomes 0. At half of it,
 * or when everything was read, it becomes 1 again: a few large reads cost much less than many small ones.
 */
void sp_shard_note_level(spectacles_shard *shard);

#endif
