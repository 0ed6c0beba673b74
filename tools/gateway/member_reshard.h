#ifndef GATEWAY_MEMBER_RESHARD_H
#define GATEWAY_MEMBER_RESHARD_H

#include "member_state.h"

/*
 * The gateways of a member: one for each number of shards that the fleet tells it (SHARDING), until it tells the end of
 * that number (SHARDING_ENDED).
 *
 *     SHARDING --made--> SERVED --SHARDING_ENDED--> ended
 *        |                 ^
 *        +--not made--> LACKING --tried again, each two seconds--+
 *                          |
 *                          +--a shard is to be added--> the number is given up; when that is too late, the member
 *                                                       fails
 */

/* Hears an event that is not about a shard. Returns whether a gateway had something to do. */
bool member_reshard_carry(struct member *member, const spectacles_fleet_event *event, uint64_t now);

/* The gateway that an event about a shard is for. NULL: it lacks, and the fleet has got its answer. */
struct gateway *member_reshard_gateway(struct member *member, const spectacles_fleet_event *event,
                                       uint64_t now);

/* Tries again what lacks, when it is time. Returns whether a gateway was made. */
bool member_reshard_process(struct member *member, uint64_t now);
uint64_t member_reshard_deadline(const struct member *member);

#endif
