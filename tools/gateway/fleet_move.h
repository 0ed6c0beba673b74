#ifndef GATEWAY_FLEET_MOVE_H
#define GATEWAY_FLEET_MOVE_H

#include "fleet_watch.h"

#include <stdio.h>

/* Where each slot is wanted: a member; "": where the plan wants it; NULL: nothing is wanted. */
struct fleet_wishes {
    const char *members[SPECTACLES_FLEET_SLOTS_MAX];
};

/*
 * Tells the leader the wishes, again and again, and waits until each slot is where it is wanted: four move at a time,
 * and none in the ten seconds after a member came or went. Blocks, for two minutes at most.
 *
 * Returns false when a slot is somewhere else then, or the fleet has a problem, which was added to the problems.
 */
bool fleet_move(FILE *out, struct fleet_watch *watch, const struct fleet_wishes *wishes);

/*
 * What has to be wanted so that a member owns nothing: each of its slots goes to the member with the smallest share,
 * and every other slot stays where it is. The names live as long as `names`.
 *
 * Returns false when there is nobody else, which was added to the problems.
 */
struct fleet_names {
    char members[SPECTACLES_FLEET_MEMBERS_MAX][SPECTACLES_FLEET_NAME_SIZE];
};
bool fleet_move_plan_drain(struct fleet_watch *watch, const char *member, struct fleet_names *names,
                           struct fleet_wishes *out);

#endif
