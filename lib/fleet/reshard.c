/* The phases of a change of the number of shards. Pure. Called by the leader, and by all members for what they mean. */
#include "fleet/reshard.h"

#include <stddef.h>

static const struct {
    const char *name;
    enum sp_reshard_duty former;
    enum sp_reshard_duty newcomer;
} phases[SP_RESHARD_PHASES] = {
    [SP_RESHARD_STABLE] = {"stable", SP_RESHARD_PUBLISH, SP_RESHARD_AWAY},
    [SP_RESHARD_PREPARE] = {"prepare", SP_RESHARD_MARK, SP_RESHARD_AWAY},
    [SP_RESHARD_WARMING] = {"warming", SP_RESHARD_MARK, SP_RESHARD_FILTER},
    [SP_RESHARD_OVERLAP] = {"overlap", SP_RESHARD_MARK, SP_RESHARD_MARK},
    [SP_RESHARD_CLOSING] = {"closing", SP_RESHARD_END, SP_RESHARD_MARK},
    [SP_RESHARD_ABORTING] = {"aborting", SP_RESHARD_MARK, SP_RESHARD_END},
};

enum sp_reshard_phase sp_reshard_next(enum sp_reshard_phase phase, const sp_reshard_view *view)
{
    if (sp_reshard_may_abort(phase) && !view->is_wanted)
        return SP_RESHARD_ABORTING;
    switch (phase) {
    case SP_RESHARD_STABLE:
        return view->is_wanted ? SP_RESHARD_PREPARE : phase;
    case SP_RESHARD_PREPARE:
        return view->left >= view->needed ? SP_RESHARD_WARMING : phase;
    case SP_RESHARD_WARMING:
        return view->is_warm ? SP_RESHARD_OVERLAP : phase;
    case SP_RESHARD_OVERLAP:
        return view->is_warm && view->is_former_warm && view->steady >= SP_RESHARD_STEADY ? SP_RESHARD_CLOSING
                                                                                          : phase;
    case SP_RESHARD_CLOSING:
        return view->is_former_gone ? SP_RESHARD_STABLE : phase;
    case SP_RESHARD_ABORTING:
        return view->is_newcomer_gone ? SP_RESHARD_STABLE : phase;
    default:
        return phase;
    }
}

bool sp_reshard_may_abort(enum sp_reshard_phase phase)
{
    return phase == SP_RESHARD_PREPARE || phase == SP_RESHARD_WARMING || phase == SP_RESHARD_OVERLAP;
}

enum sp_reshard_duty sp_reshard_duty_of(enum sp_reshard_phase phase, bool newcomer)
{
    return newcomer ? phases[phase].newcomer : phases[phase].former;
}

bool sp_reshard_routes_by_newcomer(enum sp_reshard_phase phase)
{
    return phase == SP_RESHARD_CLOSING;
}

const char *sp_reshard_name(enum sp_reshard_phase phase)
{
    return (unsigned)phase < SP_RESHARD_PHASES ? phases[phase].name : NULL;
}
