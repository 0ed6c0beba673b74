#ifndef SP_SHARD_PRESENCE_H
#define SP_SHARD_PRESENCE_H

#include "shard/internal.h"

/* The presence that the owner has changed, from the change until Discord was told. */

/* When the presence is to be sent; SPECTACLES_NEVER: not now. */
uint64_t sp_shard_presence_deadline(const spectacles_shard *shard);

/* Sends the presence when it is due, within the rate limit. */
void sp_shard_tell_presence(spectacles_shard *shard, uint64_t now);

/* The connection ends: a presence whose bytes were not consumed is sent again on the next one. */
void sp_shard_note_presence(spectacles_shard *shard);

#endif
