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

static int keep(spectacles_fleet *fleet, uint32_t shard_id, const spectacles_session *session,
                const spectacles_gap *gaps, size_t count, uint64_t now)
{
    sp_fleet_slot *slot = sp_fleet_slot_of(fleet, shard_id);
    sp_record *record = sp_record_new(shard_id, fleet->shard_count);
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

SPECTACLES_EXPORT int spectacles_fleet_report(spectacles_fleet *fleet, uint32_t shard_id,
                                              const spectacles_session *session, const spectacles_gap *gaps,
                                              size_t count, uint64_t now)
{
    if (!sp_fleet_slot_of(fleet, shard_id))
        return fail_shard(fleet);
    if (fleet->shards[shard_id].service == SP_FLEET_ABSENT)
        return SPECTACLES_OK;
    return keep(fleet, shard_id, session, gaps, count, now);
}

SPECTACLES_EXPORT int spectacles_fleet_removed(spectacles_fleet *fleet, uint32_t shard_id,
                                               const spectacles_session *session, const spectacles_gap *gaps,
                                               size_t count, uint64_t now)
{
    sp_fleet_slot *slot = sp_fleet_slot_of(fleet, shard_id);
    if (!slot)
        return fail_shard(fleet);
    if (fleet->shards[shard_id].service == SP_FLEET_ABSENT)
        return SPECTACLES_OK;
    int error = keep(fleet, shard_id, session, gaps, count, now);
    if (error != SPECTACLES_OK)
        return error;
    fleet->shards[shard_id].service = SP_FLEET_ABSENT;
    slot->is_dirty = true;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_fleet_disconnected(spectacles_fleet *fleet, uint32_t shard_id, uint64_t now)
{
    sp_fleet_slot *slot = sp_fleet_slot_of(fleet, shard_id);
    if (!slot)
        return fail_shard(fleet);
    sp_fleet_served *served = fleet->shards + shard_id;
    sp_lease_serves(&slot->lease, now); /* looks at the deadline */
    served->wants_identify = false;
    served->is_resting = served->service == SP_FLEET_SERVED && slot->lease.state == SP_LEASE_DOUBTFUL;
    slot->is_dirty = true;
    return SPECTACLES_OK;
}

/* ---- Identifies ---- */

SPECTACLES_EXPORT int spectacles_fleet_wants_identify(spectacles_fleet *fleet, uint32_t shard_id,
                                                      uint64_t now)
{
    (void)now;
    sp_fleet_slot *slot = sp_fleet_slot_of(fleet, shard_id);
    if (!slot || fleet->shards[shard_id].service != SP_FLEET_SERVED)
        return fail_shard(fleet);
    fleet->shards[shard_id].wants_identify = true;
    slot->is_dirty = true;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_fleet_identified(spectacles_fleet *fleet, uint32_t shard_id, int sent,
                                                  uint64_t now)
{
    (void)sent; /* the bucket is free five seconds later in any case */
    (void)now;
    if (!sp_fleet_slot_of(fleet, shard_id))
        return fail_shard(fleet);
    if (fleet->taken.member[0] && fleet->taken.shard_id == shard_id)
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
    if (slot >= fleet->slot_count || (member && !sp_fleet_member_is_valid(member)))
        return fail(fleet, SPECTACLES_E_INVAL, "there is no such slot, or no such name of a member");
    if (!fleet->bus_stands)
        return fail(fleet, SPECTACLES_E_STATE, "the fleet has no connection to RabbitMQ");
    snprintf(wish.set, sizeof wish.set, "%s", sp_fleet_set_name(fleet));
    snprintf(wish.member, sizeof wish.member, "%s", member ? member : "");
    sp_fleet_say_wish(fleet, &wish);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT const char *spectacles_fleet_last_error(const spectacles_fleet *fleet)
{
    return fleet->error;
}
