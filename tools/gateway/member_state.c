/* What the parts of a member share. It owns nothing. member.c, member_carry.c and member_reshard.c call it. */
#include "member_state.h"

#include <stdio.h>

void member_fail(struct member *member, uint32_t shard_id, const char *what, const char *why)
{
    if (member->state >= MEMBER_LEAVING || member->failure[0])
        return;
    snprintf(member->failure, sizeof member->failure,
             "shard %u of the fleet cannot be %s: %.200s: this process ends, and the other members go on",
             (unsigned)shard_id, what, why);
}

spectacles_fleet_resharding member_progress(const struct member *member)
{
    spectacles_fleet_resharding progress;
    spectacles_fleet_resharding_init(&progress, sizeof progress);
    spectacles_fleet_progress(member->handle.fleet, &progress);
    return progress;
}
