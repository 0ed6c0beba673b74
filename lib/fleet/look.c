/* What a member knows of the fleet, for people, and the names of what it tells. Called by owners. */
#include "fleet/internal.h"

#include "core/config.h"
#include "core/export.h"
#include "core/names.h"

#include <stdio.h>
#include <string.h>

_Static_assert((int)SPECTACLES_FLEET_NAME_SIZE > SP_FLEET_MEMBER_MAX &&
                   (int)SPECTACLES_FLEET_NAME_SIZE > SP_FLEET_ZONE_MAX,
               "names fit");
_Static_assert((int)SPECTACLES_FLEET_SLOTS_MAX == SP_FLEET_SLOTS_MAX, "one limit of slots");
_Static_assert((int)SPECTACLES_FLEET_MEMBERS_MAX == SP_MEMBERS_MAX, "one limit of members");
_Static_assert((int)SPECTACLES_FLEET_IDLE == SP_LEASE_IDLE &&
                   (int)SPECTACLES_FLEET_WAITING == SP_LEASE_WAITING &&
                   (int)SPECTACLES_FLEET_CLAIMING == SP_LEASE_CLAIMING &&
                   (int)SPECTACLES_FLEET_OWNED == SP_LEASE_OWNED &&
                   (int)SPECTACLES_FLEET_RELEASING == SP_LEASE_RELEASING &&
                   (int)SPECTACLES_FLEET_DOUBTFUL == SP_LEASE_DOUBTFUL,
               "the states of a slot are those of its lease");
_Static_assert((int)SPECTACLES_FLEET_STABLE == SP_RESHARD_STABLE &&
                   (int)SPECTACLES_FLEET_PREPARE == SP_RESHARD_PREPARE &&
                   (int)SPECTACLES_FLEET_WARMING == SP_RESHARD_WARMING &&
                   (int)SPECTACLES_FLEET_OVERLAP == SP_RESHARD_OVERLAP &&
                   (int)SPECTACLES_FLEET_CLOSING == SP_RESHARD_CLOSING &&
                   (int)SPECTACLES_FLEET_ABORTING == SP_RESHARD_ABORTING,
               "one order of phases");

SPECTACLES_EXPORT void spectacles_fleet_slot_info_init(spectacles_fleet_slot_info *info, size_t size)
{
    const spectacles_fleet_slot_info empty = {0};
    sp_config_write(info, size, &empty, sizeof empty);
}

SPECTACLES_EXPORT void spectacles_fleet_member_info_init(spectacles_fleet_member_info *info, size_t size)
{
    const spectacles_fleet_member_info empty = {0};
    sp_config_write(info, size, &empty, sizeof empty);
}

SPECTACLES_EXPORT uint32_t spectacles_fleet_slot_count(const spectacles_fleet *fleet)
{
    return fleet->serving->slot_count;
}

static void copy_name(char out[SPECTACLES_FLEET_NAME_SIZE], const char *name)
{
    snprintf(out, SPECTACLES_FLEET_NAME_SIZE, "%s", name);
}

static void copy_planned(const spectacles_fleet *fleet, int16_t place, char out[SPECTACLES_FLEET_NAME_SIZE])
{
    copy_name(out, place == SP_PLAN_NOBODY ? "" : fleet->said.members[place]);
}

SPECTACLES_EXPORT int spectacles_fleet_slot(const spectacles_fleet *fleet, uint32_t slot,
                                            spectacles_fleet_slot_info *out)
{
    const sp_fleet_set *set = fleet->serving;
    if (slot >= set->slot_count)
        return SPECTACLES_E_INVAL;
    const sp_lease *lease = &set->slots[slot].lease;
    spectacles_fleet_slot_info info = {.state = (uint32_t)lease->state, .epoch = lease->epoch};
    uint64_t epoch = 0;
    const sp_member *owner = sp_members_owner(&fleet->members, set->name, slot, &epoch);
    copy_name(info.owner, owner ? owner->hello.member : "");
    info.epoch = epoch > info.epoch ? epoch : info.epoch;
    info.epoch = lease->foreign.epoch > info.epoch ? lease->foreign.epoch : info.epoch;
    if (fleet->said.set_count > 0 && strcmp(fleet->said.sets[0].name, set->name) == 0) {
        copy_planned(fleet, fleet->said.sets[0].plan.owners[slot], info.planned);
        copy_planned(fleet, fleet->said.sets[0].plan.standbys[slot], info.standby);
    }
    return sp_stats_write(out, &info, sizeof info);
}

static uint32_t count_slots(const sp_hello *hello, const char *set_name)
{
    const sp_hello_set *set = sp_hello_set_of(hello, set_name);
    uint32_t count = 0;
    for (uint32_t i = 0; set && i < SP_FLEET_SLOTS_MAX; i++)
        count += set->epochs[i] > 0;
    return count;
}

SPECTACLES_EXPORT int spectacles_fleet_member(const spectacles_fleet *fleet, size_t index,
                                              spectacles_fleet_member_info *out)
{
    if (index >= fleet->members.count)
        return 0;
    const sp_member *member = fleet->members.items[index];
    spectacles_fleet_member_info info = {.weight = member->hello.weight,
                                         .slot_count = count_slots(&member->hello, fleet->serving->name),
                                         .leaves = member->hello.state != SP_HELLO_HERE,
                                         .heard_at = member->heard_at};
    copy_name(info.name, member->hello.member);
    copy_name(info.zone, member->hello.zone);
    int error = sp_stats_write(out, &info, sizeof info);
    return error == SPECTACLES_OK ? 1 : error;
}

/* ---- Resharding ---- */

SPECTACLES_EXPORT void spectacles_fleet_resharding_init(spectacles_fleet_resharding *out, size_t size)
{
    const spectacles_fleet_resharding empty = {0};
    sp_config_write(out, size, &empty, sizeof empty);
}

/* Counts the slots of a set that have an owner, and for how long they have all been steady. */
static uint32_t count_owned(const spectacles_fleet *fleet, const sp_control_set *set, uint32_t *ready)
{
    uint32_t owned = 0;
    for (uint32_t slot = 0; slot < set->slot_count; slot++) {
        const sp_member *owner = sp_members_owner(&fleet->members, set->name, slot, NULL);
        owned += owner != NULL;
        *ready += owner && sp_hello_set_of(&owner->hello, set->name)->warm > 0;
    }
    return owned;
}

SPECTACLES_EXPORT int spectacles_fleet_progress(const spectacles_fleet *fleet,
                                                spectacles_fleet_resharding *out)
{
    const sp_control *said = &fleet->said;
    spectacles_fleet_resharding progress = {.phase = (uint32_t)said->phase,
                                            .shard_count = fleet->serving->shard_count,
                                            .slots = fleet->serving->slot_count,
                                            .generation = fleet->serving->generation,
                                            .is_known = said->set_count > 0};
    uint32_t generation;
    if (progress.is_known)
        progress.generation = said->generation;
    if (said->set_count > 1) {
        const sp_control_set *newcomer = said->sets + 1;
        sp_fleet_read_set_name(newcomer->name, &progress.wanted_shards, &generation);
        progress.slots = newcomer->slot_count;
        progress.owned = count_owned(fleet, newcomer, &progress.ready);
        progress.may_abort = sp_reshard_may_abort(said->phase);
    }
    return sp_stats_write(out, &progress, sizeof progress);
}

/* ---- Names ---- */

SPECTACLES_EXPORT const char *spectacles_fleet_phase_name(uint32_t phase)
{
    static const char *const names[] = {
        [SPECTACLES_FLEET_STABLE] = "STABLE",   [SPECTACLES_FLEET_PREPARE] = "PREPARE",
        [SPECTACLES_FLEET_WARMING] = "WARMING", [SPECTACLES_FLEET_OVERLAP] = "OVERLAP",
        [SPECTACLES_FLEET_CLOSING] = "CLOSING", [SPECTACLES_FLEET_ABORTING] = "ABORTING",
    };
    return sp_name_of(names, sizeof names / sizeof names[0], phase);
}

SPECTACLES_EXPORT const char *spectacles_fleet_slot_state_name(uint32_t state)
{
    static const char *const names[] = {
        [SPECTACLES_FLEET_IDLE] = "IDLE",           [SPECTACLES_FLEET_WAITING] = "WAITING",
        [SPECTACLES_FLEET_CLAIMING] = "CLAIMING",   [SPECTACLES_FLEET_OWNED] = "OWNED",
        [SPECTACLES_FLEET_RELEASING] = "RELEASING", [SPECTACLES_FLEET_DOUBTFUL] = "DOUBTFUL",
    };
    return sp_name_of(names, sizeof names / sizeof names[0], state);
}

SPECTACLES_EXPORT const char *spectacles_fleet_event_type_name(uint32_t type)
{
    static const char *const names[] = {
        [SPECTACLES_FLEET_EVENT_ADD_SHARD] = "ADD_SHARD",
        [SPECTACLES_FLEET_EVENT_REMOVE_SHARD] = "REMOVE_SHARD",
        [SPECTACLES_FLEET_EVENT_DROP_SHARD] = "DROP_SHARD",
        [SPECTACLES_FLEET_EVENT_GRANT_IDENTIFY] = "GRANT_IDENTIFY",
        [SPECTACLES_FLEET_EVENT_SESSION_STORED] = "SESSION_STORED",
        [SPECTACLES_FLEET_EVENT_WANTS_LIMITS] = "WANTS_LIMITS",
        [SPECTACLES_FLEET_EVENT_SHARDING] = "SHARDING",
        [SPECTACLES_FLEET_EVENT_SHARDING_ENDED] = "SHARDING_ENDED",
        [SPECTACLES_FLEET_EVENT_SLOT] = "SLOT",
        [SPECTACLES_FLEET_EVENT_MEMBER_JOINED] = "MEMBER_JOINED",
        [SPECTACLES_FLEET_EVENT_MEMBER_LEFT] = "MEMBER_LEFT",
        [SPECTACLES_FLEET_EVENT_LEADER] = "LEADER",
        [SPECTACLES_FLEET_EVENT_PROBLEM] = "PROBLEM",
        [SPECTACLES_FLEET_EVENT_RESHARDING] = "RESHARDING",
        [SPECTACLES_FLEET_EVENT_BROKER_READY] = "BROKER_READY",
        [SPECTACLES_FLEET_EVENT_BROKER_DISCONNECTED] = "BROKER_DISCONNECTED",
    };
    return sp_name_of(names, sizeof names / sizeof names[0], type);
}
