#ifndef SP_RELAY_ROSTER_H
#define SP_RELAY_ROSTER_H

#include "relay/internal.h"

/* Shards that come and go while the relay runs. */

/*
 * Moves on the shards that leave, as far as that is possible now, and tells of one that has left. True when it did
 * something. No event waits to be pulled.
 */
bool sp_relay_advance_leaving(spectacles_relay *relay, uint64_t now);

/* The relay stops: a shard is closed with this code, one that leaves with the code of its own. */
void sp_relay_close_shard(spectacles_relay *relay, sp_relay_shard *shard, uint32_t code, uint64_t now);

#endif
