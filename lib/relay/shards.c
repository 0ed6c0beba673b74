/*
 * Pulls the shards: what each of them tells goes to dispatches, packets and gaps, or to the owner. Grants their
 * identifies. Called by relay.c.
 */
#include "relay/shards.h"

#include "core/stream.h"
#include "relay/dispatches.h"
#include "relay/events.h"
#include "relay/gaps.h"
#include "relay/packets.h"

#include <string.h>

static void tell_shard(spectacles_relay *relay, const sp_relay_shard *shard, uint32_t type,
                       const spectacles_shard_event *event)
{
    sp_relay_pending *queued = sp_relay_queue_event(relay, type);
    if (!queued)
        return;
    queued->event.shard_id = shard->id;
    queued->event.code = event->code;
    queued->event.error = event->error;
    queued->event.seq = event->seq;
    queued->event.until = event->until;
    queued->event.duration = event->duration;
    queued->event.hold_until = event->hold_until;
    sp_text_set(&queued->text, "%s", event->text ? event->text : "");
    if (type == SPECTACLES_RELAY_EVENT_SHARD_READY || type == SPECTACLES_RELAY_EVENT_SHARD_RESUMED)
        memcpy(queued->session_id, shard->session, shard->session_length + 1);
}

/* Shards that are told of it one after the other are told of the same wait: it is passed on once. */
static bool is_held(const spectacles_relay *relay, uint64_t until)
{
    return until == 0 || (relay->held_until > 0 && until <= relay->held_until + SP_RELAY_SAME_HOLD);
}

/* What the gateway said to one shard goes for all: the others need not ask, and be refused as well. */
static void hold_shards(spectacles_relay *relay, uint32_t index, const spectacles_shard_event *event)
{
    if (is_held(relay, event->hold_until))
        return;
    relay->held_until = event->hold_until;
    sp_relay_pending *queued = sp_relay_queue_event(relay, SPECTACLES_RELAY_EVENT_RATE_LIMITED);
    if (queued) {
        queued->event.shard_id = relay->shards[index].id;
        queued->event.error = event->error;
        queued->event.until = event->hold_until;
        sp_text_set(&queued->text, "%s", event->text ? event->text : "");
    }
    for (uint32_t i = 0; i < relay->served; i++) {
        if (i != index)
            spectacles_shard_hold_off(relay->shards[i].engine, relay->held_until);
    }
}

static uint32_t relay_type(uint32_t shard_type)
{
    switch (shard_type) {
    case SPECTACLES_SHARD_EVENT_CONNECTING:
        return SPECTACLES_RELAY_EVENT_SHARD_CONNECTING;
    case SPECTACLES_SHARD_EVENT_READY:
        return SPECTACLES_RELAY_EVENT_SHARD_READY;
    case SPECTACLES_SHARD_EVENT_RESUMED:
        return SPECTACLES_RELAY_EVENT_SHARD_RESUMED;
    case SPECTACLES_SHARD_EVENT_DISCONNECTED:
        return SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED;
    case SPECTACLES_SHARD_EVENT_CLOSED:
        return SPECTACLES_RELAY_EVENT_SHARD_CLOSED;
    case SPECTACLES_SHARD_EVENT_FATAL:
        return SPECTACLES_RELAY_EVENT_SHARD_FATAL;
    case SPECTACLES_SHARD_EVENT_LATE:
        return SPECTACLES_RELAY_EVENT_SHARD_LATE;
    case SPECTACLES_SHARD_EVENT_PLAIN:
        return SPECTACLES_RELAY_EVENT_SHARD_PLAIN;
    default:
        return SPECTACLES_RELAY_EVENT_SHARD_LATENCY;
    }
}

static void on_shard_event(spectacles_relay *relay, uint32_t index, const spectacles_shard_event *event,
                           uint64_t now)
{
    sp_relay_shard *shard = &relay->shards[index];
    switch (event->type) {
    case SPECTACLES_SHARD_EVENT_DISPATCH:
        sp_relay_take_dispatch(relay, index, event, now);
        return;
    case SPECTACLES_SHARD_EVENT_IDENTIFY:
        shard->wants_identify = true;
        return;
    case SPECTACLES_SHARD_EVENT_SENT:
        sp_relay_packet_sent(relay, index, event->ticket);
        return;
    case SPECTACLES_SHARD_EVENT_UNSENT:
        sp_relay_packet_unsent(relay, index);
        return;
    case SPECTACLES_SHARD_EVENT_STATE:
        return;
    case SPECTACLES_SHARD_EVENT_GAP:
        sp_relay_open_gap(relay, shard, event->session_id, event->seq, now);
        return;
    case SPECTACLES_SHARD_EVENT_READY:
        sp_relay_end_gaps(shard);
        break;
    case SPECTACLES_SHARD_EVENT_DISCONNECTED:
        shard->wants_identify = false;
        shard->held_until = 0;
        sp_relay_forget_dispatches(shard);
        break;
    case SPECTACLES_SHARD_EVENT_CLOSED:
    case SPECTACLES_SHARD_EVENT_FATAL:
        shard->wants_identify = false;
        shard->final = true;
        break;
    default:
        break;
    }
    tell_shard(relay, shard, relay_type(event->type), event);
    hold_shards(relay, index, event);
}

/*
 * No room, no pull: the shard then stops reading its socket. What it hands out has to find a place at once; what
 * comes while we stop needs none.
 */
static bool may_pull(const spectacles_relay *relay, const sp_relay_shard *shard)
{
    return relay->stopping || (spectacles_broker_room(relay->events) && !sp_relay_gap_waits(shard));
}

bool sp_relay_pull_shard(spectacles_relay *relay, uint32_t index, uint64_t now)
{
    sp_relay_shard *shard = &relay->shards[index];
    const spectacles_shard_event *event;
    int pulled = 0;
    while (pulled < SP_RELAY_QUANTUM && relay->pending.count == 0 && may_pull(relay, shard) &&
           (event = sp_stream_next_event(spectacles_shard_stream(shard->engine), now))) {
        pulled++;
        uint32_t type = event->type;
        if (type == SPECTACLES_SHARD_EVENT_READY || type == SPECTACLES_SHARD_EVENT_RESUMED)
            sp_relay_keep_session(shard);
        on_shard_event(relay, index, event, now);
    }
    return pulled > 0;
}

/* ---- Identifying ---- */

static void tell_limit(spectacles_relay *relay, const sp_relay_shard *shard, uint64_t now)
{
    if (relay->identify.told || !sp_identify_exhausted(&relay->identify, now))
        return;
    sp_relay_pending *queued = sp_relay_queue_event(relay, SPECTACLES_RELAY_EVENT_IDENTIFY_LIMIT);
    if (!queued)
        return;
    relay->identify.told = true;
    queued->event.shard_id = shard->id;
    queued->event.until = relay->identify.reset_at;
    sp_text_set(&queued->text,
                "none of the %u identifies is left: waiting %llu s for new ones; resumes go on",
                (unsigned)relay->identify.total, (unsigned long long)(relay->identify.reset_at - now) / 1000);
}

/* Members are kept in the order of their ids. */
bool sp_relay_grant_identifies(spectacles_relay *relay, uint64_t now)
{
    bool granted = false;
    for (size_t i = 0; i < relay->served; i++) {
        sp_relay_shard *shard = &relay->shards[i];
        if (!shard->wants_identify)
            continue;
        tell_limit(relay, shard, now);
        if (now < sp_identify_free_at(&relay->identify, shard->id))
            continue;
        int error = spectacles_shard_identify(shard->engine, now);
        /* E_STATE: its connection has ended, and a new one asks anew. */
        if (error == SPECTACLES_OK || error == SPECTACLES_E_STATE)
            shard->wants_identify = false;
        if (error != SPECTACLES_OK)
            continue;
        sp_identify_take(&relay->identify, shard->id, now);
        relay->stats.identifies++;
        granted = true;
        sp_relay_pending *queued = sp_relay_queue_event(relay, SPECTACLES_RELAY_EVENT_SHARD_IDENTIFYING);
        if (queued)
            queued->event.shard_id = shard->id;
    }
    return granted;
}

uint64_t sp_relay_identify_deadline(const spectacles_relay *relay)
{
    uint64_t deadline = SPECTACLES_NEVER;
    for (size_t i = 0; i < relay->served; i++) {
        const sp_relay_shard *shard = &relay->shards[i];
        uint64_t free_at = sp_identify_free_at(&relay->identify, shard->id);
        if (shard->wants_identify && free_at < deadline)
            deadline = free_at;
    }
    return deadline;
}
