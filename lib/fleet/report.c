/* What an owner says: what became of shards, and what people want. Called by owners. */
#include "fleet/internal.h"

#include "core/export.h"
#include "core/sentences.h"

#include <stdio.h>
#include <string.h>

static int fail(spectacles_fleet *fleet, int error, const char *text)
{
    fleet->error = text;
    return error;
}

static int fail_shard(spectacles_fleet *fleet)
{
    return fail(fleet, SPECTACLES_E_INVAL, SP_NO_SUCH_SHARD);
}

/* ---- Reports ---- */

static int fill_record(sp_record *record, const spectacles_session *session, const spectacles_gap *gaps,
                       size_t count)
{
    int error = session ? sp_record_set_session(record, session) : SPECTACLES_OK;
    for (size_t i = 0; i < count && error == SPECTACLES_OK; i++)
        error = sp_record_add_gap(record, gaps + i);
    return error;
}

static int keep(spectacles_fleet *fleet, sp_fleet_slot *slot, uint32_t shard_id,
                const spectacles_session *session, const spectacles_gap *gaps, size_t count, uint64_t now)
{
    sp_record *record = sp_record_new(shard_id, slot->set->shard_count);
    if (!record)
        return fail(fleet, SPECTACLES_E_NOMEM, spectacles_strerror(SPECTACLES_E_NOMEM));
    record->time = sp_fleet_unix_time(fleet, now);
    int error = fill_record(record, session, gaps, count);
    if (error == SPECTACLES_OK)
        error = sp_lease_report(&slot->lease, record, now);
    if (error == SPECTACLES_OK)
        return SPECTACLES_OK;
    sp_record_free(record);
    return fail(fleet, error,
                error == SPECTACLES_E_INVAL ? "the session or a gap is malformed"
                                            : spectacles_strerror(error));
}

/* The slot of a shard. NULL: there is no such shard. */
static sp_fleet_slot *find(const spectacles_fleet *fleet, uint32_t shard_id, uint32_t shard_count)
{
    return sp_fleet_slot_of(sp_fleet_set_of(fleet, shard_count), shard_id);
}

SPECTACLES_EXPORT int spectacles_fleet_report(spectacles_fleet *fleet, uint32_t shard_id,
                                              uint32_t shard_count, const spectacles_session *session,
                                              const spectacles_gap *gaps, size_t count, uint64_t now)
{
    sp_fleet_slot *slot = find(fleet, shard_id, shard_count);
    if (!slot)
        return fail_shard(fleet);
    if (slot->set->shards[shard_id].service == SP_FLEET_ABSENT)
        return SPECTACLES_OK;
    return keep(fleet, slot, shard_id, session, gaps, count, now);
}

SPECTACLES_EXPORT int spectacles_fleet_removed(spectacles_fleet *fleet, uint32_t shard_id,
                                               uint32_t shard_count, const spectacles_session *session,
                                               const spectacles_gap *gaps, size_t count, uint64_t now)
{
    sp_fleet_slot *slot = find(fleet, shard_id, shard_count);
    if (!slot)
        return fail_shard(fleet);
    if (slot->set->shards[shard_id].service == SP_FLEET_ABSENT)
        return SPECTACLES_OK;
    int error = keep(fleet, slot, shard_id, session, gaps, count, now);
    if (error != SPECTACLES_OK)
        return error;
    slot->set->shards[shard_id].service = SP_FLEET_ABSENT;
    sp_fleet_mark(slot);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_fleet_connected(spectacles_fleet *fleet, uint32_t shard_id,
                                                 uint32_t shard_count, uint64_t now)
{
    (void)now;
    sp_fleet_slot *slot = find(fleet, shard_id, shard_count);
    if (!slot)
        return fail_shard(fleet);
    if (slot->set->shards[shard_id].service == SP_FLEET_SERVED)
        sp_fleet_note_connected(slot->set, shard_id, true);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_fleet_disconnected(spectacles_fleet *fleet, uint32_t shard_id,
                                                    uint32_t shard_count, uint64_t now)
{
    sp_fleet_slot *slot = find(fleet, shard_id, shard_count);
    if (!slot)
        return fail_shard(fleet);
    sp_fleet_served *served = slot->set->shards + shard_id;
    sp_lease_serves(&slot->lease, now); /* looks at the deadline */
    sp_fleet_note_connected(slot->set, shard_id, false);
    served->wants_identify = false;
    served->is_resting = served->service == SP_FLEET_SERVED && slot->lease.state == SP_LEASE_DOUBTFUL;
    sp_fleet_mark(slot);
    return SPECTACLES_OK;
}

/* ---- Identifies ---- */

SPECTACLES_EXPORT int spectacles_fleet_wants_identify(spectacles_fleet *fleet, uint32_t shard_id,
                                                      uint32_t shard_count, uint64_t now)
{
    (void)now;
    sp_fleet_slot *slot = find(fleet, shard_id, shard_count);
    if (!slot || slot->set->shards[shard_id].service != SP_FLEET_SERVED)
        return fail_shard(fleet);
    slot->set->shards[shard_id].wants_identify = true;
    sp_fleet_mark(slot);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_fleet_identified(spectacles_fleet *fleet, uint32_t shard_id,
                                                  uint32_t shard_count, int sent, uint64_t now)
{
    (void)sent; /* the bucket is free five seconds later in any case */
    (void)now;
    if (!find(fleet, shard_id, shard_count))
        return fail_shard(fleet);
    if (fleet->taken.member[0] && fleet->taken.shard_id == shard_id &&
        fleet->taken.shard_count == shard_count)
        sp_fleet_say_turn(fleet, SP_FLEET_MESSAGE_TOOK, &fleet->taken);
    fleet->taken.member[0] = '\0';
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_fleet_set_limits(spectacles_fleet *fleet,
                                                  const spectacles_gateway_bot *answer, uint64_t asked_at,
                                                  uint64_t now)
{
    if (answer->verdict != SPECTACLES_GATEWAY_BOT_FINE)
        return fail(fleet, SPECTACLES_E_INVAL, "the answer of GET /gateway/bot is of no use");
    sp_grants_limits(&fleet->grants, answer->max_concurrency, answer->remaining, answer->reset_after,
                     asked_at, now);
    return SPECTACLES_OK;
}

/* ---- What people want ---- */

SPECTACLES_EXPORT void spectacles_fleet_leave(spectacles_fleet *fleet, uint64_t now)
{
    if (fleet->leaves)
        return;
    fleet->leaves = true;
    fleet->hello.state = SP_HELLO_LEAVING;
    fleet->hello_at = now;
}

SPECTACLES_EXPORT int spectacles_fleet_has_left(const spectacles_fleet *fleet)
{
    return fleet->has_left;
}

SPECTACLES_EXPORT int spectacles_fleet_move(spectacles_fleet *fleet, uint32_t slot, const char *member)
{
    sp_fleet_wish wish = {.slot = slot};
    if (slot >= fleet->serving->slot_count || (member && !sp_fleet_member_is_valid(member)))
        return fail(fleet, SPECTACLES_E_INVAL, "there is no such slot, or no such name of a member");
    if (!fleet->bus_stands)
        return fail(fleet, SPECTACLES_E_STATE, "the fleet has no connection to RabbitMQ");
    snprintf(wish.set, sizeof wish.set, "%s", fleet->serving->name);
    snprintf(wish.member, sizeof wish.member, "%s", member ? member : "");
    sp_fleet_say_wish(fleet, &wish);
    return SPECTACLES_OK;
}

static int want_change(spectacles_fleet *fleet, const sp_fleet_wish *wish)
{
    sp_fleet_change change = {wish->shard_count, wish->kind == SP_FLEET_WISH_GIVE_UP};
    const char *why = sp_fleet_refuse_change(fleet, &change);
    if (!fleet->bus_stands || fleet->said.set_count == 0)
        return fail(fleet, SPECTACLES_E_STATE, "no leader of the fleet was heard yet");
    if (why)
        return fail(fleet, SPECTACLES_E_STATE, why);
    sp_fleet_say_wish(fleet, wish);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_fleet_reshard(spectacles_fleet *fleet, uint32_t shard_count)
{
    sp_fleet_wish wish = {.kind = SP_FLEET_WISH_RESHARD, .shard_count = shard_count};
    if (shard_count == 0 || shard_count > SP_FLEET_SHARDS_MAX)
        return fail(fleet, SPECTACLES_E_INVAL, "shard_count is not 1 to 65536");
    return want_change(fleet, &wish);
}

SPECTACLES_EXPORT int spectacles_fleet_abort_reshard(spectacles_fleet *fleet)
{
    return want_change(fleet, &(sp_fleet_wish){.kind = SP_FLEET_WISH_GIVE_UP});
}

SPECTACLES_EXPORT const char *spectacles_fleet_last_error(const spectacles_fleet *fleet)
{
    return fleet->error;
}
