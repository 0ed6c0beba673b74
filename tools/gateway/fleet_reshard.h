#ifndef GATEWAY_FLEET_RESHARD_H
#define GATEWAY_FLEET_RESHARD_H

#include "fleet_watch.h"

#include <stdio.h>

/*
 * Asks the leader to go to another number of shards, and shows how far it is until it is there. Blocks for as long as
 * that takes: a minute and a half, and the time for an identify of each new shard. Whoever ends the program meanwhile
 * does not end the way. A fleet that is on the way there already is followed.
 *
 * Returns false when the fleet does not get there, which was added to the problems.
 */
bool fleet_reshard(FILE *out, struct fleet_watch *watch, uint32_t shard_count);

/* Gives the way to another number of shards up, and waits until the new shards are closed. Likewise. */
bool fleet_reshard_abort(FILE *out, struct fleet_watch *watch);

/* How far the way to another number of shards is. */
spectacles_fleet_resharding fleet_reshard_progress(const struct fleet_watch *watch);

#endif
