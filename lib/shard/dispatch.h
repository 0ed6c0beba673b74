#ifndef SP_SHARD_DISPATCH_H
#define SP_SHARD_DISPATCH_H

#include "shard/internal.h"

/* Takes a dispatch: it is the next event, or the connection is given up because it breaks a rule of the session. */
void sp_shard_on_dispatch(spectacles_shard *shard, const spectacles_envelope *envelope, uint64_t now);

#endif
