/*
 * Which slots are wanted here: as their owner, as their standby, or not at all. Called by fleet.c.
 *
 * A queue serves its consumers in the order in which they came. So a standby steps out of the line while a slot moves,
 * or it would be next in the place of the new owner; and a new standby comes when the owner is there.
 *
 * An owner gives a slot away when the plan knows of its term, and names somebody else. A plan that was made before that
 * term says nothing about it: its owner has died, and the standby has taken over.
 *
 * The first in line may be one to whom RabbitMQ never delivers anything: its node should have a replica of the queue,
 * and does not. So who has waited for long for a slot without an owner goes to the end of the line. If somebody else
 * has the slot then, it says so, and is not planned for that slot any more for as long as its connection stands.
 */
#include "fleet/internal.h"

#include <stdio.h>
#include <string.h>

static bool holds(const sp_lease *lease)
{
    return lease->state == SP_LEASE_CLAIMING || lease->state == SP_LEASE_OWNED ||
           lease->state == SP_LEASE_DOUBTFUL;
}

/* ---- Leaving ---- */

static uint32_t count_releasing(const sp_fleet_set *set)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < set->slot_count; i++)
        count += set->slots[i].lease.state == SP_LEASE_RELEASING;
    return count;
}

/* most: so many are given away at a time: their standbys take them over meanwhile. */
static void leave_slots(sp_fleet_set *set, uint32_t most, uint64_t now)
{
    uint32_t releasing = count_releasing(set);
    for (uint32_t i = 0; i < set->slot_count; i++) {
        sp_lease *lease = &set->slots[i].lease;
        bool owned = lease->state == SP_LEASE_OWNED;
        if (lease->state == SP_LEASE_IDLE || (owned && releasing == most))
            continue;
        sp_lease_release(lease, false, now);
        releasing += owned;
    }
}

static void leave_control(spectacles_fleet *fleet, uint64_t now)
{
    sp_lease *control = &fleet->control.lease;
    if (control->state == SP_LEASE_IDLE)
        return;
    sp_lease_release(control, false, now);
    sp_lease_drained(control, now);
}

/* ---- A slot that nobody owns ---- */

static bool waits_in_vain(sp_fleet_slot *slot, bool has_owner, uint64_t now)
{
    sp_lease *lease = &slot->lease;
    if (lease->state != SP_LEASE_WAITING || !lease->is_subscribed || has_owner)
        slot->starves_at = 0;
    else if (slot->starves_at == 0)
        slot->starves_at = now + SP_FLEET_STARVES + sp_random_upto(&lease->random, SP_FLEET_STARVES_LONGER);
    return slot->starves_at > 0 && now >= slot->starves_at;
}

/* Whoever left the line, and at once somebody else got the slot, had kept it from everybody. */
static void let_others_try(sp_fleet_slot *slot, bool has_owner, uint64_t now)
{
    if (has_owner && slot->let_others_at > 0) {
        slot->is_starved = now < slot->let_others_at + SP_FLEET_MOVE;
        slot->let_others_at = 0;
    }
    if (!waits_in_vain(slot, has_owner, now))
        return;
    slot->starves_at = 0;
    slot->let_others_at = now;
    sp_lease_release(&slot->lease, false, now);
    sp_lease_want(&slot->lease, now);
}

/* ---- As the plan says ---- */

static bool is_planned(const spectacles_fleet *fleet, int16_t place)
{
    return place != SP_PLAN_NOBODY && strcmp(fleet->said.members[place], fleet->hello.member) == 0;
}

/* The owner, as everybody says, is not the one of the plan, and the plan knew of that owner. */
static bool is_moving(const spectacles_fleet *fleet, const sp_control_set *set, uint32_t slot)
{
    uint64_t epoch = 0;
    int16_t planned = set->plan.owners[slot];
    const sp_member *owner = sp_members_owner(&fleet->members, set->name, slot, &epoch);
    return owner && planned != SP_PLAN_NOBODY && set->epochs[slot] >= epoch &&
           strcmp(owner->hello.member, fleet->said.members[planned]) != 0;
}

static bool is_in_place(const spectacles_fleet *fleet, const sp_control_set *set, uint32_t slot)
{
    int16_t planned = set->plan.owners[slot];
    const sp_member *owner = sp_members_owner(&fleet->members, set->name, slot, NULL);
    return owner && planned != SP_PLAN_NOBODY &&
           strcmp(owner->hello.member, fleet->said.members[planned]) == 0;
}

static void note_plan(sp_fleet_slot *slot, bool moves, bool stands_by, uint64_t now)
{
    if (moves && !slot->is_moving)
        slot->moving_since = now;
    if (stands_by && !slot->stands_by)
        slot->stands_by_since = now;
    slot->is_moving = moves;
    slot->stands_by = stands_by;
}

static void stand_by(const spectacles_fleet *fleet, const sp_control_set *set, sp_fleet_slot *slot,
                     uint32_t number, uint64_t now)
{
    bool steps_out = slot->is_moving && now < slot->moving_since + SP_FLEET_MOVE;
    bool is_late = now >= slot->stands_by_since + SP_FLEET_MOVE;
    if (slot->lease.state == SP_LEASE_WAITING && steps_out)
        sp_lease_release(&slot->lease, false, now);
    else if (slot->lease.state == SP_LEASE_IDLE && !steps_out && (is_late || is_in_place(fleet, set, number)))
        sp_lease_want(&slot->lease, now);
}

static void want_slot(const spectacles_fleet *fleet, const sp_control_set *set, sp_fleet_slot *slot,
                      uint32_t number, uint64_t now)
{
    bool owns = is_planned(fleet, set->plan.owners[number]);
    bool stands_by = is_planned(fleet, set->plan.standbys[number]);
    note_plan(slot, is_moving(fleet, set, number), stands_by, now);
    let_others_try(slot, sp_members_owner(&fleet->members, set->name, number, NULL) != NULL, now);
    if (now < slot->unreadable_until)
        return;
    if (owns)
        sp_lease_want(&slot->lease, now);
    else if (holds(&slot->lease)) {
        if (set->epochs[number] >= slot->lease.epoch)
            sp_lease_release(&slot->lease, false, now);
    } else if (stands_by)
        stand_by(fleet, set, slot, number, now);
    else
        sp_lease_release(&slot->lease, false, now);
}

/* A set that ends is not taken over by anybody: the other one has all that it would bring. */
static void want_slots_of(spectacles_fleet *fleet, sp_fleet_set *set, uint64_t now)
{
    const sp_control_set *planned = sp_control_set_of(&fleet->said, set->name);
    if (fleet->leaves)
        leave_slots(set, SP_FLEET_RELEASES, now);
    else if (set->is_retired || set->duty == SP_RESHARD_END)
        leave_slots(set, set->slot_count, now);
    else if (planned) {
        for (uint32_t i = 0; i < set->slot_count && i < planned->slot_count; i++)
            want_slot(fleet, planned, set->slots + i, i, now);
    }
}

void sp_fleet_want_slots(spectacles_fleet *fleet, uint64_t now)
{
    if (fleet->leaves)
        leave_control(fleet, now);
    else if (now >= fleet->control.unreadable_until) {
        let_others_try(&fleet->control, now < fleet->led_at + SP_FLEET_LISTEN + SP_HELLO_EVERY, now);
        sp_lease_want(&fleet->control.lease, now);
    }
    for (size_t i = 0; i < fleet->set_count; i++)
        want_slots_of(fleet, fleet->sets[i], now);
}

/* ---- What has changed ---- */

static void tell_state(spectacles_fleet *fleet, const sp_fleet_slot *slot)
{
    sp_fleet_notice notice = {.type = SPECTACLES_FLEET_EVENT_SLOT,
                              .slot = sp_fleet_slot_number(slot),
                              .shard_count = slot->set->shard_count,
                              .state = (uint32_t)slot->lease.state,
                              .epoch = slot->lease.epoch};
    sp_fleet_tell(fleet, &notice, NULL);
}

static bool is_away(enum sp_lease_state state)
{
    return state == SP_LEASE_IDLE || state == SP_LEASE_WAITING;
}

/* From then on the slot is known because of its present owner, which may have had no shard so far: PREPARE. */
static bool is_known(spectacles_fleet *fleet, const sp_fleet_slot *slot)
{
    const sp_control_set *set = sp_control_set_of(&fleet->said, slot->set->name);
    return set && set->known >> sp_fleet_slot_number(slot) & 1;
}

void sp_fleet_look_at(spectacles_fleet *fleet, sp_fleet_slot *slot, uint64_t now)
{
    sp_lease *lease = &slot->lease;
    bool serves = sp_lease_serves(lease, now); /* looks at the deadline */
    bool may_identify = sp_lease_may_identify(lease, now);
    if (lease->state != slot->state) {
        bool owned = lease->state == SP_LEASE_OWNED || slot->state == SP_LEASE_OWNED;
        fleet->hello_at = owned ? now : fleet->hello_at;
        tell_state(fleet, slot);
    }
    if (lease->state != slot->state || serves != slot->serves || may_identify != slot->may_identify ||
        lease->state == SP_LEASE_DOUBTFUL || sp_fleet_version_compare(lease->returned, slot->returned) != 0)
        sp_fleet_mark(slot);
    if (slot->set && is_away(slot->state) && !is_away(lease->state))
        slot->was_known = is_known(fleet, slot);
    if (lease->state == SP_LEASE_OWNED)
        slot->is_starved = false;
    slot->state = lease->state;
    slot->serves = serves;
    slot->may_identify = may_identify;
    slot->returned = lease->returned;
}
