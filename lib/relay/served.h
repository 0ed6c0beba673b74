#ifndef SP_RELAY_SERVED_H
#define SP_RELAY_SERVED_H

#include "relay/internal.h"

/* The shards that a relay serves, in the order of their ids. */

/* The shard with this id; NULL when it is not served here. */
sp_relay_shard *sp_relay_find_shard(const spectacles_relay *relay, uint32_t shard_id);

/* Copies the id of the present session from the engine: the id is part of every message-id. */
void sp_relay_read_session(sp_relay_shard *shard);

/*
 * Holds an engine and serves it. Returns 0, or:
 *     SPECTACLES_E_INVAL  it was made for another number of shards, or its id is served already
 *     SPECTACLES_E_STATE  another relay holds it
 *     SPECTACLES_E_NOMEM  memory ran out
 */
int sp_relay_serve(spectacles_relay *relay, spectacles_shard *engine, spectacles_problem *problem);

/* Releases a shard, and drops everything that waited for it. Its publishes commit nothing any more. */
void sp_relay_let_go(spectacles_relay *relay, sp_relay_shard *shard);

#endif
