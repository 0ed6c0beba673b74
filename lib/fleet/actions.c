/*
 * What is to be done with the shards of a slot, as its lease allows. Nothing is kept for later: an action is decided
 * when the owner takes it. Called by fleet.c.
 *
 *   ABSENT --ADD_SHARD--> SERVED --REMOVE_SHARD--> REMOVING --spectacles_fleet_removed()--> ABSENT
 *      ^                    |                          |
 *      +----- DROP_SHARD ---+-------- DROP_SHARD ------+
 */
#include "fleet/internal.h"

#include <stdlib.h>

enum {
    CLOSE_KEEPS_SESSION = 4000
};

sp_fleet_slot *sp_fleet_slot_of(spectacles_fleet *fleet, uint32_t shard_id)
{
    return shard_id < fleet->shard_count ? fleet->slots + shard_id % fleet->slot_count : NULL;
}

static void set_service(sp_fleet_served *served, enum sp_fleet_service service)
{
    served->service = service;
    served->wants_identify = served->is_resting = false;
    served->told = (sp_fleet_version){0};
    served->told_seq = 0;
}

/* ---- Adding ---- */

/* The queue of the slot was deleted when nobody owned it: what its sessions were is not known. */
static bool has_lost_record(const spectacles_fleet *fleet, const sp_fleet_slot *slot)
{
    const sp_control_set *set = fleet->said.set_count > 0 ? fleet->said.sets : NULL;
    return set && !slot->lease.is_founded && set->known >> sp_fleet_slot_number(fleet, slot) & 1;
}

static bool reserve_gaps(spectacles_fleet *fleet, size_t count)
{
    if (count <= fleet->gap_room)
        return true;
    spectacles_gap *gaps = realloc(fleet->gaps, count * sizeof *gaps);
    if (!gaps)
        return false;
    fleet->gaps = gaps;
    fleet->gap_room = count;
    return true;
}

static void fill(spectacles_fleet *fleet, uint32_t type, uint32_t shard_id)
{
    fleet->event = (spectacles_fleet_event){.type = type,
                                            .shard_id = shard_id,
                                            .shard_count = fleet->shard_count,
                                            .slot = shard_id % fleet->slot_count};
}

/* Its session and its gaps, as they stand in the record. False: memory ran out. */
static bool fill_stored(spectacles_fleet *fleet, const sp_fleet_slot *slot, const sp_record *record,
                        uint32_t shard_id)
{
    size_t count = record ? record->gaps.count : has_lost_record(fleet, slot);
    if (!reserve_gaps(fleet, count))
        return false;
    fill(fleet, SPECTACLES_FLEET_EVENT_ADD_SHARD, shard_id);
    for (size_t i = 0; record && i < count; i++)
        fleet->gaps[i] = sp_record_gap_at(record, i);
    if (!record && count > 0)
        fleet->gaps[0] = sp_record_unknown(shard_id, 0);
    if (record && record->session_id) {
        fleet->session = sp_record_session(record);
        fleet->event.session = &fleet->session;
    }
    fleet->event.gaps = count > 0 ? fleet->gaps : NULL;
    fleet->event.gap_count = count;
    return true;
}

/* Whether a connection may begin: with a session in more states than without one. */
static bool may_add(sp_fleet_slot *slot, bool has_session, uint64_t now)
{
    if (slot->lease.state == SP_LEASE_OWNED)
        return true;
    return has_session && sp_lease_may_resume(&slot->lease, now);
}

static bool add(spectacles_fleet *fleet, sp_fleet_slot *slot, uint32_t shard_id, uint64_t now)
{
    const sp_fleet_shard *stored = sp_fleet_content_find(&slot->lease.content, shard_id);
    const sp_record *record = stored ? stored->record : NULL;
    bool has_session = record && record->session_id;
    if (!may_add(slot, has_session, now)) {
        slot->is_waiting |= has_session;
        return false;
    }
    if (!fill_stored(fleet, slot, record, shard_id))
        return false;
    set_service(fleet->shards + shard_id, SP_FLEET_SERVED);
    fleet->shards[shard_id].added = stored ? stored->since : (sp_fleet_version){0};
    return true;
}

/* ---- Ending ---- */

static bool drop(spectacles_fleet *fleet, uint32_t shard_id)
{
    fill(fleet, SPECTACLES_FLEET_EVENT_DROP_SHARD, shard_id);
    set_service(fleet->shards + shard_id, SP_FLEET_ABSENT);
    sp_asks_forget(&fleet->asks, shard_id);
    return true;
}

static bool remove_in_order(spectacles_fleet *fleet, uint32_t shard_id)
{
    fill(fleet, SPECTACLES_FLEET_EVENT_REMOVE_SHARD, shard_id);
    fleet->event.code = CLOSE_KEEPS_SESSION;
    set_service(fleet->shards + shard_id, SP_FLEET_REMOVING);
    sp_asks_forget(&fleet->asks, shard_id);
    return true;
}

/* ---- While it is served ---- */

/* What has come back since this was told last. */
static bool tell_stored(spectacles_fleet *fleet, const sp_fleet_slot *slot, uint32_t shard_id)
{
    uint64_t seq;
    sp_fleet_served *served = fleet->shards + shard_id;
    const sp_fleet_shard *stored = sp_fleet_content_find(&slot->lease.content, shard_id);
    if (!sp_lease_is_stored(&slot->lease, shard_id, &seq))
        return false;
    if (sp_fleet_version_compare(served->told, stored->since) == 0 && served->told_seq == seq)
        return false;
    served->told = stored->since;
    served->told_seq = seq;
    fill(fleet, SPECTACLES_FLEET_EVENT_SESSION_STORED, shard_id);
    fleet->session = sp_record_session(stored->record);
    fleet->session.seq = seq;
    fleet->event.session = &fleet->session;
    return true;
}

static void ask_or_not(spectacles_fleet *fleet, const sp_fleet_slot *slot, uint32_t shard_id)
{
    if (fleet->shards[shard_id].wants_identify && slot->may_identify)
        sp_asks_want(&fleet->asks, shard_id); /* SPECTACLES_E_NOMEM: with the next record that comes back */
    else
        sp_asks_forget(&fleet->asks, shard_id);
}

/*
 * A former owner's record came late, and knows the shard better than the record with which the shard was added. What
 * was reported in this term is later than both.
 */
static bool is_outdated(const spectacles_fleet *fleet, const sp_fleet_slot *slot, uint32_t shard_id)
{
    const sp_fleet_shard *stored = sp_fleet_content_find(&slot->lease.content, shard_id);
    return stored && stored->since.epoch < slot->lease.epoch &&
           sp_fleet_version_compare(stored->since, fleet->shards[shard_id].added) > 0;
}

/* A connection that ended while the lease is DOUBTFUL is not made again before it may resume. */
static bool is_to_rest(const spectacles_fleet *fleet, const sp_fleet_slot *slot, uint32_t shard_id)
{
    return slot->lease.state == SP_LEASE_DOUBTFUL && fleet->shards[shard_id].is_resting;
}

static bool look_at_served(spectacles_fleet *fleet, sp_fleet_slot *slot, uint32_t shard_id, uint64_t now)
{
    if (!slot->serves && slot->lease.state == SP_LEASE_RELEASING)
        return remove_in_order(fleet, shard_id);
    if (sp_lease_verdict(&slot->lease, shard_id, now) != SP_LEASE_KEEP || is_to_rest(fleet, slot, shard_id) ||
        is_outdated(fleet, slot, shard_id))
        return drop(fleet, shard_id);
    ask_or_not(fleet, slot, shard_id);
    return tell_stored(fleet, slot, shard_id);
}

static bool look_at_shard(spectacles_fleet *fleet, sp_fleet_slot *slot, uint32_t shard_id, uint64_t now)
{
    switch (fleet->shards[shard_id].service) {
    case SP_FLEET_ABSENT:
        return slot->serves && add(fleet, slot, shard_id, now);
    case SP_FLEET_SERVED:
        return look_at_served(fleet, slot, shard_id, now);
    default:
        return slot->lease.state != SP_LEASE_RELEASING && drop(fleet, shard_id);
    }
}

/* ---- Slots ---- */

static bool is_drained(const spectacles_fleet *fleet, uint32_t number)
{
    for (uint32_t id = number; id < fleet->shard_count; id += fleet->slot_count) {
        if (fleet->shards[id].service != SP_FLEET_ABSENT)
            return false;
    }
    return true;
}

static bool look_at_slot(spectacles_fleet *fleet, uint32_t number, uint64_t now)
{
    sp_fleet_slot *slot = fleet->slots + number;
    slot->is_waiting = false;
    for (uint32_t id = number; id < fleet->shard_count; id += fleet->slot_count) {
        if (look_at_shard(fleet, slot, id, now))
            return true;
    }
    slot->is_dirty = false;
    if (slot->lease.state == SP_LEASE_RELEASING && !slot->lease.is_drained && is_drained(fleet, number))
        sp_lease_drained(&slot->lease, now);
    return false;
}

/* A grant is taken at the moment at which the owner is told, or it is not taken. */
static bool take_grant(spectacles_fleet *fleet, uint64_t now)
{
    bool takes = false;
    sp_fleet_turn turn = *(sp_fleet_turn *)sp_ring_at(&fleet->granted, 0);
    sp_ring_pop(&fleet->granted);
    if (!sp_asks_granted(&fleet->asks, &turn, now, &takes))
        return false;
    sp_fleet_slot *slot = sp_fleet_slot_of(fleet, turn.shard_id);
    if (!takes || !slot || fleet->shards[turn.shard_id].service != SP_FLEET_SERVED ||
        !sp_lease_may_identify(&slot->lease, now)) {
        sp_fleet_say_turn(fleet, SP_FLEET_MESSAGE_TOOK, &turn);
        return false;
    }
    fleet->shards[turn.shard_id].wants_identify = false;
    fleet->taken = turn;
    fill(fleet, SPECTACLES_FLEET_EVENT_GRANT_IDENTIFY, turn.shard_id);
    return true;
}

bool sp_fleet_next_action(spectacles_fleet *fleet, uint64_t now)
{
    while (fleet->granted.count > 0) {
        if (take_grant(fleet, now))
            return true;
    }
    for (uint32_t number = 0; number < fleet->slot_count; number++) {
        if (fleet->slots[number].is_dirty && look_at_slot(fleet, number, now))
            return true;
    }
    return false;
}
