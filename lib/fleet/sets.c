/*
 * The sets that a member has: all shards of the bot, numbered in one way. There is one set, and two while shards are
 * numbered anew. A set that the plan does not have any more is kept until nothing is left in it. Called by fleet.c, and
 * by whoever follows a plan.
 */
#include "fleet/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool sp_fleet_read_set_name(const char *name, uint32_t *shard_count, uint32_t *generation)
{
    unsigned long shards, number;
    char *end;
    if (*name < '1' || *name > '9')
        return false;
    shards = strtoul(name, &end, 10);
    if (*end != '-' || end[1] < '1' || end[1] > '9')
        return false;
    number = strtoul(end + 1, &end, 10);
    if (*end || shards > SP_FLEET_SHARDS_MAX || number > UINT32_MAX)
        return false;
    *shard_count = (uint32_t)shards;
    *generation = (uint32_t)number;
    return true;
}

/* ---- Made and freed ---- */

static void init_slots(spectacles_fleet *fleet, sp_fleet_set *set)
{
    for (uint32_t i = 0; i < set->slot_count; i++) {
        sp_fleet_slot *slot = set->slots + i;
        sp_fleet_place place = {.slot = i};
        memcpy(place.bot, fleet->bot, sizeof place.bot);
        memcpy(place.set, set->name, sizeof place.set);
        slot->set = set;
        slot->subscription = -1;
        sp_lease_init(&slot->lease, &place, fleet->hello.member, sp_random_next(&fleet->random) | 1);
    }
}

sp_fleet_set *sp_fleet_add_set(spectacles_fleet *fleet, const char *name)
{
    uint32_t shard_count, generation;
    if (fleet->set_count == SP_FLEET_SETS_HERE || !sp_fleet_read_set_name(name, &shard_count, &generation) ||
        sp_fleet_set_of(fleet, shard_count))
        return NULL;
    sp_fleet_set *set = calloc(1, sizeof *set);
    sp_fleet_served *shards = set ? calloc(shard_count, sizeof *shards) : NULL;
    if (!shards) {
        free(set);
        return NULL;
    }
    snprintf(set->name, sizeof set->name, "%s", name);
    set->shard_count = shard_count;
    set->generation = generation;
    set->slot_count = shard_count < SP_FLEET_SLOTS_MAX ? shard_count : SP_FLEET_SLOTS_MAX;
    set->warm_since = set->publishes_since = SPECTACLES_NEVER;
    set->shards = shards;
    init_slots(fleet, set);
    fleet->sets[fleet->set_count++] = set;
    return set;
}

static void free_leases(sp_fleet_set *set)
{
    for (uint32_t i = 0; i < set->slot_count; i++)
        sp_lease_free(&set->slots[i].lease);
}

static void free_set(sp_fleet_set *set)
{
    free_leases(set);
    free(set->shards);
    free(set);
}

void sp_fleet_free_sets(spectacles_fleet *fleet)
{
    for (size_t i = 0; i < fleet->set_count; i++)
        free_set(fleet->sets[i]);
    fleet->set_count = 0;
}

/* ---- Found ---- */

sp_fleet_set *sp_fleet_set_named(const spectacles_fleet *fleet, const char *name)
{
    for (size_t i = 0; i < fleet->set_count; i++) {
        if (strcmp(fleet->sets[i]->name, name) == 0)
            return fleet->sets[i];
    }
    return NULL;
}

sp_fleet_set *sp_fleet_set_of(const spectacles_fleet *fleet, uint32_t shard_count)
{
    for (size_t i = 0; i < fleet->set_count; i++) {
        if (fleet->sets[i]->shard_count == shard_count)
            return fleet->sets[i];
    }
    return NULL;
}

/* ---- What a set is to do ---- */

/* What the gateway of a set is to do. A set that ends goes on as it was, but for commands. */
static uint32_t flags_of(const sp_fleet_set *set, enum sp_reshard_phase phase)
{
    bool routes = set->is_newcomer == sp_reshard_routes_by_newcomer(phase);
    uint32_t commands = routes ? 0 : SPECTACLES_RELAY_NO_COMMANDS;
    switch (set->duty) {
    case SP_RESHARD_PUBLISH:
        return set->marks_until > 0 ? SPECTACLES_RELAY_MARKS : 0;
    case SP_RESHARD_MARK:
        return SPECTACLES_RELAY_MARKS | commands;
    case SP_RESHARD_END:
        return set->flags | commands;
    default:
        return SPECTACLES_RELAY_SILENT | SPECTACLES_RELAY_NO_COMMANDS;
    }
}

static void tell_flags(spectacles_fleet *fleet, sp_fleet_set *set, uint32_t flags)
{
    if (set->is_told && set->flags == flags)
        return;
    set->is_told = true;
    set->flags = flags;
    sp_fleet_tell(fleet,
                  &(sp_fleet_notice){.type = SPECTACLES_FLEET_EVENT_SHARDING,
                                     .shard_count = set->shard_count,
                                     .flags = flags},
                  NULL);
}

static void mark_dirty(sp_fleet_set *set)
{
    for (uint32_t i = 0; i < set->slot_count; i++)
        sp_fleet_mark(set->slots + i);
}

/* newcomer: the set that is on its way in, or out again. */
static void give_duty(spectacles_fleet *fleet, sp_fleet_set *set, bool newcomer, uint64_t now)
{
    enum sp_reshard_duty before = set->duty;
    set->is_newcomer = newcomer;
    set->duty = sp_reshard_duty_of(fleet->said.phase, newcomer);
    if (set->duty != before)
        mark_dirty(set);
    /* A member that has just started is told of no other set, and yet one may have been gone for a moment only. */
    if (set->duty != before && set->duty == SP_RESHARD_PUBLISH)
        set->marks_until = now + SP_RESHARD_MARKS_ON;
    tell_flags(fleet, set, flags_of(set, fleet->said.phase));
}

/* ---- As the plan says ---- */

bool sp_fleet_is_empty(const sp_fleet_set *set)
{
    for (uint32_t i = 0; i < set->slot_count; i++) {
        const sp_fleet_slot *slot = set->slots + i;
        if (slot->lease.state != SP_LEASE_IDLE || slot->lease.held.count > 0 || slot->lease.wants_cancel ||
            slot->must_cancel)
            return false;
    }
    for (uint32_t id = 0; id < set->shard_count; id++) {
        if (set->shards[id].service != SP_FLEET_ABSENT)
            return false;
    }
    return true;
}

/* Nobody waits for the answers to its records any more. */
static void forget_tags(spectacles_fleet *fleet, const sp_fleet_set *set)
{
    for (size_t i = 0; i < fleet->tags.count; i++) {
        sp_fleet_tag *tag = sp_ring_at(&fleet->tags, i);
        if (tag->slot && tag->slot->set == set)
            tag->slot = NULL;
    }
}

/* An owner may have made the gateway of the configured number before it heard that another one serves. */
static void let_go(spectacles_fleet *fleet, size_t place)
{
    sp_fleet_set *set = fleet->sets[place];
    sp_fleet_tell(
        fleet,
        &(sp_fleet_notice){.type = SPECTACLES_FLEET_EVENT_SHARDING_ENDED, .shard_count = set->shard_count},
        NULL);
    forget_tags(fleet, set);
    free_set(set);
    fleet->set_count--;
    memmove(fleet->sets + place, fleet->sets + place + 1, (fleet->set_count - place) * sizeof *fleet->sets);
}

/*
 * Those who serve may be as many as the configured ones, of a later generation: then the set takes their name, and its
 * gateway goes on. NULL: there is no such set, or something is left in it.
 */
static sp_fleet_set *rename_retired(spectacles_fleet *fleet, const char *name)
{
    uint32_t shard_count, generation;
    sp_fleet_set *set =
        sp_fleet_read_set_name(name, &shard_count, &generation) ? sp_fleet_set_of(fleet, shard_count) : NULL;
    if (!set || !set->is_retired || !sp_fleet_is_empty(set))
        return NULL;
    forget_tags(fleet, set);
    free_leases(set);
    memset(set->slots, 0, sizeof set->slots);
    memset(set->shards, 0, shard_count * sizeof *set->shards);
    snprintf(set->name, sizeof set->name, "%.*s", SP_FLEET_SET_MAX, name);
    set->generation = generation;
    set->is_retired = false;
    set->warm_since = set->publishes_since = SPECTACLES_NEVER;
    init_slots(fleet, set);
    return set;
}

/* A set that the plan has, and this member has not yet. NULL: with a later turn. */
static sp_fleet_set *begin_set(spectacles_fleet *fleet, const char *name, uint64_t now)
{
    sp_fleet_set *set = rename_retired(fleet, name);
    if (!set)
        set = sp_fleet_add_set(fleet, name);
    if (set)
        fleet->hello_at = now;
    return set;
}

static void find_retired(spectacles_fleet *fleet)
{
    for (size_t i = 0; i < fleet->set_count; i++) {
        sp_fleet_set *set = fleet->sets[i];
        bool is_retired = fleet->said.set_count > 0 && !sp_control_set_of(&fleet->said, set->name);
        if (is_retired && !set->is_retired)
            mark_dirty(set);
        set->is_retired = is_retired;
        if (is_retired)
            set->duty = SP_RESHARD_END;
    }
}

static void free_retired(spectacles_fleet *fleet)
{
    for (size_t i = fleet->set_count; i-- > 0;) {
        if (fleet->sets[i]->is_retired && fleet->sets[i] != fleet->serving &&
            sp_fleet_is_empty(fleet->sets[i]))
            let_go(fleet, i);
    }
}

void sp_fleet_settle_sets(spectacles_fleet *fleet, uint64_t now)
{
    for (size_t i = 0; i < fleet->said.set_count; i++) {
        const sp_control_set *named = fleet->said.sets + i;
        sp_fleet_set *set = sp_fleet_set_named(fleet, named->name);
        if (!set)
            set = begin_set(fleet, named->name, now);
        if (set && i == 0)
            fleet->serving = set;
        if (set)
            give_duty(fleet, set, i > 0, now);
    }
    find_retired(fleet);
    free_retired(fleet);
}

/* ---- How long ---- */

static bool is_warm(sp_fleet_set *set, uint64_t now)
{
    bool owns = false;
    for (uint32_t number = 0; number < set->slot_count; number++) {
        sp_fleet_slot *slot = set->slots + number;
        owns |= slot->lease.state == SP_LEASE_OWNED;
        if (sp_lease_serves(&slot->lease, now) && slot->connected < sp_fleet_shards_of_slot(slot))
            return false;
    }
    return owns;
}

void sp_fleet_note_connected(sp_fleet_set *set, uint32_t shard_id, bool is_connected)
{
    sp_fleet_served *served = set->shards + shard_id;
    sp_fleet_slot *slot = set->slots + shard_id % set->slot_count;
    slot->connected = slot->connected + is_connected - served->is_connected;
    served->is_connected = is_connected;
}

static void end_marks(spectacles_fleet *fleet, sp_fleet_set *set)
{
    set->marks_until = 0;
    tell_flags(fleet, set, flags_of(set, fleet->said.phase));
}

void sp_fleet_look_at_set(spectacles_fleet *fleet, sp_fleet_set *set, uint64_t now)
{
    bool publishes = set->duty == SP_RESHARD_MARK || set->duty == SP_RESHARD_PUBLISH;
    if (set->marks_until > 0 && now >= set->marks_until)
        end_marks(fleet, set);
    if (!is_warm(set, now)) {
        set->warm_since = set->publishes_since = SPECTACLES_NEVER;
        return;
    }
    if (set->warm_since == SPECTACLES_NEVER)
        set->warm_since = now;
    if (!publishes)
        set->publishes_since = SPECTACLES_NEVER;
    else if (set->publishes_since == SPECTACLES_NEVER)
        set->publishes_since = now;
}
