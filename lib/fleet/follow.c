/* What a leader has said last. Called by talk.c, when it is heard, and by leader.c, when it is read. */
#include "fleet/internal.h"

#include <stdio.h>
#include <string.h>

bool sp_fleet_follow(spectacles_fleet *fleet, const sp_control *control)
{
    if (fleet->said.set_count > 0 && sp_fleet_version_compare(control->version, fleet->said.version) <= 0)
        return false;
    fleet->said = *control;
    if (control->concurrency > 0)
        fleet->asks.concurrency = control->concurrency;
    return true;
}
