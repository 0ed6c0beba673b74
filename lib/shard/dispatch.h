#ifndef SP_SHARD_DISPATCH_H
#define SP_SHARD_DISPATCH_H

#include "shard/internal.h"

/*
 * Takes a dispatch. It becomes the next event, or the connection ends because the dispatch breaks a rule of the
 * session.
 */
void sp_shard_on_dispatch(spectacles_shard *shard, const spectacles_envelope *envelope, uint64_t now);

#endif
