/*
 * From one number of shards to another, as the leader sees it: what reshard.c decides by, and what a phase changes in
 * the plan. Called by leader.c, and by whoever has to know whether a change is possible.
 */
#include "fleet/internal.h"

#include <stdio.h>
#include <string.h>

const char *sp_fleet_refuse_change(const spectacles_fleet *fleet, const sp_fleet_change *change)
{
    enum sp_reshard_phase phase = fleet->said.phase;
    if (change->gives_up && phase == SP_RESHARD_STABLE)
        return "the shards are not being numbered anew";
    if (change->gives_up)
        return sp_reshard_may_abort(phase) ? NULL
                                           : "it is too late: the sessions of one set are being closed";
    if (phase != SP_RESHARD_STABLE)
        return "the shards are being numbered anew already";
    if (change->shard_count == fleet->serving->shard_count)
        return "the bot has as many shards already";
    return change->shard_count > 0 && change->shard_count <= SP_FLEET_SHARDS_MAX ? NULL
                                                                                 : "it is not 1 to 65536";
}

/* ---- What is the case ---- */

/*
 * Whether each slot of a set has an owner all of whose shards are connected. steady: the shortest time for which one
 * of the owners has published all of them.
 */
static bool is_warm(const spectacles_fleet *fleet, const sp_control_set *set, uint64_t *steady)
{
    *steady = SPECTACLES_NEVER;
    for (uint32_t slot = 0; slot < set->slot_count; slot++) {
        const sp_member *owner = sp_members_owner(&fleet->members, set->name, slot, NULL);
        const sp_hello_set *owned = owner ? sp_hello_set_of(&owner->hello, set->name) : NULL;
        if (!owned || owned->warm == 0)
            return false;
        *steady = owned->steady < *steady ? owned->steady : *steady;
    }
    return set->slot_count > 0;
}

static bool is_gone(const spectacles_fleet *fleet, const sp_control_set *set)
{
    for (uint32_t slot = 0; slot < set->slot_count; slot++) {
        if (sp_members_owner(&fleet->members, set->name, slot, NULL))
            return false;
    }
    return true;
}

static void look(spectacles_fleet *fleet, const sp_control *control, sp_reshard_view *view, uint64_t now)
{
    uint64_t steady;
    const sp_fleet_change *change = &fleet->change;
    uint32_t generation, needed = 0;
    bool is_stable = control->phase == SP_RESHARD_STABLE;
    *view = (sp_reshard_view){.is_wanted = is_stable ? change->shard_count > 0 : !change->gives_up};
    if (control->set_count < 2)
        return;
    const sp_control_set *former = control->sets, *newcomer = control->sets + 1;
    sp_fleet_read_set_name(newcomer->name, &needed, &generation);
    view->needed = needed;
    view->left = sp_grants_left(&fleet->grants, now);
    view->is_former_warm = is_warm(fleet, former, &steady);
    view->is_warm = is_warm(fleet, newcomer, &view->steady);
    view->is_former_gone = is_gone(fleet, former);
    view->is_newcomer_gone = is_gone(fleet, newcomer);
}

/* ---- What follows ---- */

/* A set that nobody knows yet: its slots have nobody. */
static void add_newcomer(sp_control *next, uint32_t shard_count)
{
    sp_control_set *set = next->sets + next->set_count++;
    *set =
        (sp_control_set){.slot_count = shard_count < SP_FLEET_SLOTS_MAX ? shard_count : SP_FLEET_SLOTS_MAX};
    snprintf(set->name, sizeof set->name, "%u-%u", (unsigned)shard_count, (unsigned)++next->generation);
    for (uint32_t slot = 0; slot < SP_FLEET_SLOTS_MAX; slot++)
        set->plan.owners[slot] = set->plan.standbys[slot] = set->pins[slot] = SP_PLAN_NOBODY;
}

static void finish(sp_control *next, enum sp_reshard_phase before)
{
    if (before == SP_RESHARD_CLOSING)
        next->sets[0] = next->sets[1];
    next->set_count = 1;
}

void sp_fleet_next_phase(spectacles_fleet *fleet, sp_control *next, uint64_t now)
{
    sp_reshard_view view;
    look(fleet, next, &view, now);
    enum sp_reshard_phase before = next->phase;
    next->phase = sp_reshard_next(before, &view);
    fleet->grants.is_counted = next->phase == SP_RESHARD_PREPARE;
    if (next->phase == before)
        return;
    if (next->phase == SP_RESHARD_PREPARE) {
        add_newcomer(next, fleet->change.shard_count);
        fleet->prepares_since = now;
    }
    if (next->phase == SP_RESHARD_STABLE)
        finish(next, before);
}

bool sp_fleet_is_known_to_all(const spectacles_fleet *fleet, const sp_control_set *set, uint64_t now)
{
    if (now >= fleet->prepares_since + SP_FLEET_CALM)
        return true;
    for (size_t i = 0; i < fleet->members.count; i++) {
        const sp_hello *hello = &fleet->members.items[i]->hello;
        if (hello->state == SP_HELLO_HERE && !sp_hello_set_of(hello, set->name))
            return false;
    }
    return true;
}
