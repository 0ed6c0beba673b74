/* What a leader has said last. Called by talk.c, when it is heard, and by leader.c, when it is read or stored. */
#include "fleet/internal.h"

#include <stdio.h>
#include <string.h>

static void tell_phase(spectacles_fleet *fleet, enum sp_reshard_phase before)
{
    const sp_control *said = &fleet->said;
    if (said->phase == before)
        return;
    sp_fleet_tell(
        fleet, &(sp_fleet_notice){.type = SPECTACLES_FLEET_EVENT_RESHARDING, .phase = (uint32_t)said->phase},
        NULL);
}

bool sp_fleet_is_for_us(const spectacles_fleet *fleet, const sp_control *control)
{
    for (size_t i = 0; i < control->set_count; i++) {
        if (strcmp(control->sets[i].name, fleet->serving->name) == 0)
            return true;
    }
    return control->generation > fleet->serving->generation;
}

bool sp_fleet_follow(spectacles_fleet *fleet, const sp_control *control, uint64_t now)
{
    enum sp_reshard_phase before = fleet->said.phase;
    if (fleet->said.set_count > 0 && sp_fleet_version_compare(control->version, fleet->said.version) <= 0)
        return false;
    if (!sp_fleet_is_for_us(fleet, control))
        return false;
    fleet->said = *control;
    if (control->concurrency > 0)
        sp_asks_set_concurrency(&fleet->asks, control->concurrency);
    sp_fleet_settle_sets(fleet, now);
    tell_phase(fleet, before);
    return true;
}
