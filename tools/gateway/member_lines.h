#ifndef GATEWAY_MEMBER_LINES_H
#define GATEWAY_MEMBER_LINES_H

#include "log_repeats.h"

#include <spectacles/fleet.h>

/*
 * Writes the line of an event of the fleet. Slots that pass through states as they should, and what is done with each
 * shard, are lines at the level `debug` alone.
 *
 * repeats: NULL: nothing is summed up.
 * now: spectacles_now().
 */
void member_line(struct log *log, struct log_repeats *repeats, const spectacles_fleet_event *event,
                 uint64_t now);

#endif
