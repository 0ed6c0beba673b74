/*
 * What shards are granted: an identify, by the relay or by its owner, and the dispatches of a session that the owner
 * has stored. Called by shards.c when a shard asks, by relay.c when a grant is due, and by owners.
 */
#include "relay/grants.h"

#include "core/export.h"
#include "core/stream.h"
#include "relay/events.h"
#include "relay/gaps.h"
#include "relay/served.h"

#include <string.h>

/* ---- By the owner ---- */

static bool is_granted_by_owner(const spectacles_relay *relay)
{
    return relay->flags & SPECTACLES_RELAY_GRANTED_IDENTIFIES;
}

static void report_identify(spectacles_relay *relay, const sp_relay_shard *shard)
{
    relay->stats.identifies++;
    sp_relay_pending *queued = sp_relay_queue_event(relay, SPECTACLES_RELAY_EVENT_SHARD_IDENTIFYING);
    if (queued)
        queued->event.shard_id = shard->id;
}

void sp_relay_want_identify(spectacles_relay *relay, sp_relay_shard *shard)
{
    if (shard->service != SPECTACLES_SERVICE_SERVED)
        return;
    if (!is_granted_by_owner(relay)) {
        sp_identify_wait(&relay->identify, shard->id, &shard->identify_turn);
        return;
    }
    shard->wants_identify = true;
    sp_relay_pending *queued = sp_relay_queue_event(relay, SPECTACLES_RELAY_EVENT_SHARD_WANTS_IDENTIFY);
    if (queued)
        queued->event.shard_id = shard->id;
}

void sp_relay_end_wanting(spectacles_relay *relay, sp_relay_shard *shard)
{
    shard->wants_identify = false;
    sp_identify_leave(&relay->identify, shard->id, &shard->identify_turn);
}

SPECTACLES_EXPORT int spectacles_relay_grant_identify(spectacles_relay *relay, uint32_t shard_id,
                                                      uint64_t now)
{
    sp_relay_shard *shard = sp_relay_find_shard(relay, shard_id);
    if (!shard)
        return sp_relay_fail(relay, SPECTACLES_E_INVAL, SP_NO_SUCH_SHARD);
    if (!is_granted_by_owner(relay))
        return sp_relay_fail(relay, SPECTACLES_E_INVAL,
                             "identifies need no grant: set SPECTACLES_RELAY_GRANTED_IDENTIFIES");
    int error = shard->wants_identify ? spectacles_shard_identify(shard->engine, now) : SPECTACLES_E_STATE;
    /* A connection that has ended asks again on the next one. Without memory the shard goes on waiting. */
    if (error == SPECTACLES_OK || error == SPECTACLES_E_STATE)
        shard->wants_identify = false;
    if (error == SPECTACLES_E_STATE)
        return sp_relay_fail(relay, error, "the shard does not wait to identify: it asks again when it does");
    if (error != SPECTACLES_OK)
        return sp_relay_fail(relay, error, spectacles_strerror(error));
    report_identify(relay, shard);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_relay_session_stored(spectacles_relay *relay, uint32_t shard_id,
                                                      const char *session_id)
{
    sp_relay_shard *shard = sp_relay_find_shard(relay, shard_id);
    if (!shard)
        return sp_relay_fail(relay, SPECTACLES_E_INVAL, SP_NO_SUCH_SHARD);
    if (strcmp(shard->session, session_id) != 0)
        return sp_relay_fail(relay, SPECTACLES_E_STATE, "the shard has another session, or none yet");
    if (!shard->unstored)
        return SPECTACLES_OK;
    shard->unstored = false;
    sp_relay_schedule_gaps(relay, shard);
    sp_stream_touch(spectacles_shard_stream(shard->engine));
    sp_relay_look_at_leaving(relay, shard);
    return SPECTACLES_OK;
}

/* ---- By the relay ---- */

/* With SPECTACLES_RELAY_BROKERS_FIRST a shard waits until a worker can be answered. */
static bool may_identify(const spectacles_relay *relay)
{
    bool waits = relay->flags & SPECTACLES_RELAY_BROKERS_FIRST && relay->events;
    bool stands = relay->send_stood || relay->flags & SPECTACLES_RELAY_NO_COMMANDS;
    return !waits || (relay->events_stood && stands);
}

uint64_t sp_relay_identify_deadline(const spectacles_relay *relay)
{
    return may_identify(relay) ? sp_identify_deadline(&relay->identify) : SPECTACLES_NEVER;
}

static void report_limit(spectacles_relay *relay, uint64_t now)
{
    sp_timer *turn = sp_identify_first(&relay->identify);
    if (!turn || relay->identify.limit_reported || !sp_identify_exhausted(&relay->identify, now))
        return;
    sp_relay_pending *queued = sp_relay_queue_event(relay, SPECTACLES_RELAY_EVENT_IDENTIFY_LIMIT);
    if (!queued)
        return;
    relay->identify.limit_reported = true;
    queued->event.shard_id = sp_list_owner(turn, sp_relay_shard, identify_turn)->id;
    queued->event.until = relay->identify.reset_at;
    sp_text_set(&queued->text,
                "none of the %u identifies is left: waiting %llu s for new ones; resumes go on",
                (unsigned)relay->identify.total, (unsigned long long)(relay->identify.reset_at - now) / 1000);
}

/* Grants an identify. False when memory ran out: the shard goes on waiting. */
static bool grant(spectacles_relay *relay, sp_relay_shard *shard, uint64_t now)
{
    int error = spectacles_shard_identify(shard->engine, now);
    if (error != SPECTACLES_OK && error != SPECTACLES_E_STATE)
        return false;
    /* SPECTACLES_E_STATE: the connection has ended, and the shard asks again on the next one. */
    sp_identify_leave(&relay->identify, shard->id, &shard->identify_turn);
    if (error == SPECTACLES_E_STATE)
        return true;
    sp_identify_take(&relay->identify, shard->id, now);
    report_identify(relay, shard);
    return true;
}

bool sp_relay_grant_identifies(spectacles_relay *relay, uint64_t now)
{
    bool granted = false;
    sp_timer *turn;
    if (!may_identify(relay))
        return false;
    report_limit(relay, now);
    while ((turn = sp_identify_next(&relay->identify, now))) {
        if (!grant(relay, sp_list_owner(turn, sp_relay_shard, identify_turn), now))
            break;
        granted = true;
    }
    return granted;
}
