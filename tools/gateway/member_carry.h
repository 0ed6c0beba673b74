#ifndef GATEWAY_MEMBER_CARRY_H
#define GATEWAY_MEMBER_CARRY_H

#include "member_state.h"

/* Does what an event of the fleet asks for. Returns whether a gateway had something to do. */
bool member_carry(struct member *member, const spectacles_fleet_event *event, uint64_t now);

/* Reports the present session and gaps of a shard, or, with is_removed, those that it has left. */
void member_report_shard(struct member *member, const struct gateway *gateway, uint32_t shard_id,
                         bool is_removed, uint64_t now);

/* Reports each shard that has changed. */
void member_report_changed(struct member *member, uint64_t now);

#endif
