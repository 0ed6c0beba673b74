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
#include <string.h>

/* Codes of a close. */
enum {
    CLOSE_ENDS_SESSION = 1000,
    CLOSE_KEEPS_SESSION = 4000
};

static void set_service(sp_fleet_slot *slot, uint32_t shard_id, enum sp_fleet_service service)
{
    sp_fleet_served *served = slot->set->shards + shard_id;
    sp_fleet_note_connected(slot->set, shard_id, false);
    served->service = service;
    served->wants_identify = served->is_resting = false;
    served->told = (sp_fleet_version){0};
    served->told_seq = 0;
}

/* ---- Adding ---- */

/* The queue of the slot was deleted when nobody owned it: what its sessions were is not known. */
static bool has_lost_record(const sp_fleet_slot *slot)
{
    return !slot->lease.is_founded && slot->was_known;
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

static void fill(spectacles_fleet *fleet, uint32_t type, const sp_fleet_set *set, uint32_t shard_id)
{
    fleet->event = (spectacles_fleet_event){.type = type,
                                            .shard_id = shard_id,
                                            .shard_count = set->shard_count,
                                            .slot = shard_id % set->slot_count};
}

/* Its session and its gaps, as they stand in the record. False: memory ran out. */
static bool fill_stored(spectacles_fleet *fleet, const sp_fleet_slot *slot, const sp_record *record,
                        uint32_t shard_id)
{
    size_t count = record ? record->gaps.count : has_lost_record(slot);
    if (!reserve_gaps(fleet, count))
        return false;
    fill(fleet, SPECTACLES_FLEET_EVENT_ADD_SHARD, slot->set, shard_id);
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
    if (slot->set->duty == SP_RESHARD_AWAY || slot->set->duty == SP_RESHARD_END)
        return false;
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
    set_service(slot, shard_id, SP_FLEET_SERVED);
    slot->set->shards[shard_id].added = stored ? stored->since : (sp_fleet_version){0};
    return true;
}

/* ---- Ending ---- */

static bool drop(spectacles_fleet *fleet, sp_fleet_slot *slot, uint32_t shard_id)
{
    fill(fleet, SPECTACLES_FLEET_EVENT_DROP_SHARD, slot->set, shard_id);
    set_service(slot, shard_id, SP_FLEET_ABSENT);
    sp_asks_forget(&fleet->asks, &slot->set->shards[shard_id].ask);
    return true;
}

/* Nobody resumes the session of a shard whose set ends, or the session that a shard has just asked Discord for. */
static uint32_t close_code(const sp_fleet_slot *slot, uint32_t shard_id)
{
    const sp_fleet_shard *known = sp_fleet_content_find(&slot->lease.content, shard_id);
    bool may_be_resumed = slot->set->duty != SP_RESHARD_END && known && known->record->session_id;
    return may_be_resumed ? CLOSE_KEEPS_SESSION : CLOSE_ENDS_SESSION;
}

static bool remove_in_order(spectacles_fleet *fleet, sp_fleet_slot *slot, uint32_t shard_id)
{
    fill(fleet, SPECTACLES_FLEET_EVENT_REMOVE_SHARD, slot->set, shard_id);
    fleet->event.code = close_code(slot, shard_id);
    set_service(slot, shard_id, SP_FLEET_REMOVING);
    sp_asks_forget(&fleet->asks, &slot->set->shards[shard_id].ask);
    return true;
}

/* ---- While it is served ---- */

/* What has come back since this was told last. */
static bool tell_stored(spectacles_fleet *fleet, const sp_fleet_slot *slot, uint32_t shard_id)
{
    uint64_t seq;
    sp_fleet_served *served = slot->set->shards + shard_id;
    const sp_fleet_shard *stored = sp_fleet_content_find(&slot->lease.content, shard_id);
    if (!sp_lease_is_stored(&slot->lease, shard_id, &seq))
        return false;
    if (sp_fleet_version_compare(served->told, stored->since) == 0 && served->told_seq == seq)
        return false;
    served->told = stored->since;
    served->told_seq = seq;
    fill(fleet, SPECTACLES_FLEET_EVENT_SESSION_STORED, slot->set, shard_id);
    fleet->session = sp_record_session(stored->record);
    fleet->session.seq = seq;
    fleet->event.session = &fleet->session;
    return true;
}

static void ask_or_not(spectacles_fleet *fleet, const sp_fleet_slot *slot, uint32_t shard_id)
{
    sp_fleet_served *served = slot->set->shards + shard_id;
    if (served->wants_identify && slot->may_identify)
        sp_asks_want(&fleet->asks, &served->ask, shard_id, slot->set->shard_count);
    else
        sp_asks_forget(&fleet->asks, &served->ask);
}

/*
 * A former owner's record came late, and knows the shard better than the record with which the shard was added. What
 * was reported in this term is later than both.
 */
static bool is_outdated(const sp_fleet_slot *slot, uint32_t shard_id)
{
    const sp_fleet_shard *stored = sp_fleet_content_find(&slot->lease.content, shard_id);
    return stored && stored->since.epoch < slot->lease.epoch &&
           sp_fleet_version_compare(stored->since, slot->set->shards[shard_id].added) > 0;
}

/* A connection that ended while the lease is DOUBTFUL is not made again before it may resume. */
static bool is_to_rest(const sp_fleet_slot *slot, uint32_t shard_id)
{
    return slot->lease.state == SP_LEASE_DOUBTFUL && slot->set->shards[shard_id].is_resting;
}

static bool look_at_served(spectacles_fleet *fleet, sp_fleet_slot *slot, uint32_t shard_id, uint64_t now)
{
    if (!slot->serves && slot->lease.state == SP_LEASE_RELEASING)
        return remove_in_order(fleet, slot, shard_id);
    if (sp_lease_verdict(&slot->lease, shard_id, now) != SP_LEASE_KEEP || is_to_rest(slot, shard_id) ||
        is_outdated(slot, shard_id))
        return drop(fleet, slot, shard_id);
    ask_or_not(fleet, slot, shard_id);
    return tell_stored(fleet, slot, shard_id);
}

static bool look_at_shard(spectacles_fleet *fleet, sp_fleet_slot *slot, uint32_t shard_id, uint64_t now)
{
    switch (slot->set->shards[shard_id].service) {
    case SP_FLEET_ABSENT:
        return slot->serves && add(fleet, slot, shard_id, now);
    case SP_FLEET_SERVED:
        return look_at_served(fleet, slot, shard_id, now);
    default:
        return slot->lease.state != SP_LEASE_RELEASING && drop(fleet, slot, shard_id);
    }
}

/* ---- Slots ---- */

static bool is_drained(const sp_fleet_slot *slot)
{
    const sp_fleet_set *set = slot->set;
    for (uint32_t id = sp_fleet_slot_number(slot); id < set->shard_count; id += set->slot_count) {
        if (set->shards[id].service != SP_FLEET_ABSENT)
            return false;
    }
    return true;
}

static void go_on(sp_fleet_slot *slot)
{
    slot->left--;
    slot->next += slot->set->slot_count;
    if (slot->next >= slot->set->shard_count)
        slot->next = sp_fleet_slot_number(slot);
}

/*
 * Goes on where it stopped, all around: an owner who takes many events pays for each shard once. A shard that has led
 * to an event is looked at again.
 */
static bool look_at_slot(spectacles_fleet *fleet, sp_fleet_slot *slot, uint64_t now)
{
    if (slot->left == sp_fleet_shards_of_slot(slot))
        slot->is_waiting = false;
    if (slot->next < sp_fleet_slot_number(slot))
        slot->next = sp_fleet_slot_number(slot);
    for (; slot->left > 0; go_on(slot)) {
        if (look_at_shard(fleet, slot, slot->next, now))
            return true;
    }
    if (slot->lease.state == SP_LEASE_RELEASING && !slot->lease.is_drained && is_drained(slot))
        sp_lease_drained(&slot->lease, now);
    return false;
}

static bool look_at_set(spectacles_fleet *fleet, sp_fleet_set *set, uint64_t now)
{
    for (uint32_t number = 0; number < set->slot_count; number++) {
        if (set->slots[number].left > 0 && look_at_slot(fleet, set->slots + number, now))
            return true;
    }
    return false;
}

/* Whether the shard may identify at this moment. */
static bool may_take(spectacles_fleet *fleet, const sp_fleet_turn *turn, uint64_t now)
{
    sp_fleet_set *set = sp_fleet_set_of(fleet, turn->shard_count);
    sp_fleet_slot *slot = sp_fleet_slot_of(set, turn->shard_id);
    return slot && set->shards[turn->shard_id].service == SP_FLEET_SERVED &&
           sp_lease_may_identify(&slot->lease, now);
}

/* A grant is taken at the moment at which the owner is told, or it is not taken. */
static bool take_grant(spectacles_fleet *fleet, uint64_t now)
{
    bool takes = false;
    sp_fleet_turn turn = *(sp_fleet_turn *)sp_ring_at(&fleet->granted, 0);
    sp_ring_pop(&fleet->granted);
    if (!sp_asks_granted(&fleet->asks, &turn, now, &takes))
        return false;
    if (!takes || !may_take(fleet, &turn, now)) {
        sp_fleet_say_turn(fleet, SP_FLEET_MESSAGE_TOOK, &turn);
        return false;
    }
    sp_fleet_set *set = sp_fleet_set_of(fleet, turn.shard_count);
    set->shards[turn.shard_id].wants_identify = false;
    fleet->taken = turn;
    fill(fleet, SPECTACLES_FLEET_EVENT_GRANT_IDENTIFY, set, turn.shard_id);
    return true;
}

bool sp_fleet_next_action(spectacles_fleet *fleet, uint64_t now)
{
    while (fleet->granted.count > 0) {
        if (take_grant(fleet, now))
            return true;
    }
    for (size_t i = 0; i < fleet->set_count; i++) {
        if (look_at_set(fleet, fleet->sets[i], now))
            return true;
    }
    return false;
}
