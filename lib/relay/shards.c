/*
 * Pulls the shards: hands their events to dispatches.c, packets.c, gaps.c and grants.c, or reports them to the owner.
 * Called by relay.c.
 */
#include "relay/shards.h"

#include "core/stream.h"
#include "relay/dispatches.h"
#include "relay/events.h"
#include "relay/gaps.h"
#include "relay/grants.h"
#include "relay/outlet.h"
#include "relay/packets.h"
#include "relay/served.h"

#include <string.h>

static void report_shard(spectacles_relay *relay, const sp_relay_shard *shard, uint32_t type,
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

/*
 * Whether a wait is known already: shards that get a 429 one after the other get the same wait. It is reported once.
 */
static bool is_held(const spectacles_relay *relay, uint64_t until)
{
    return until == 0 || (relay->held_until > 0 && until <= relay->held_until + SP_RELAY_SAME_HOLD);
}

/* A 429 to one shard is for all shards: the others would be refused as well. */
static void hold_shards(spectacles_relay *relay, const sp_relay_shard *shard,
                        const spectacles_shard_event *event)
{
    if (is_held(relay, event->hold_until))
        return;
    relay->held_until = event->hold_until;
    sp_relay_pending *queued = sp_relay_queue_event(relay, SPECTACLES_RELAY_EVENT_RATE_LIMITED);
    if (queued) {
        queued->event.shard_id = shard->id;
        queued->event.error = event->error;
        queued->event.until = event->hold_until;
        sp_text_set(&queued->text, "%s", event->text ? event->text : "");
    }
    for (size_t i = 0; i < relay->served; i++) {
        if (relay->shards[i] != shard)
            spectacles_shard_hold_off(relay->shards[i]->engine, relay->held_until);
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

static void on_shard_event(spectacles_relay *relay, sp_relay_shard *shard,
                           const spectacles_shard_event *event, uint64_t now)
{
    switch (event->type) {
    case SPECTACLES_SHARD_EVENT_DISPATCH:
        sp_relay_take_dispatch(relay, shard, event, now);
        return;
    case SPECTACLES_SHARD_EVENT_IDENTIFY:
        sp_relay_want_identify(relay, shard);
        return;
    case SPECTACLES_SHARD_EVENT_SENT:
        sp_relay_packet_sent(relay, shard, event->ticket);
        return;
    case SPECTACLES_SHARD_EVENT_UNSENT:
        sp_relay_packet_unsent(relay, shard);
        return;
    case SPECTACLES_SHARD_EVENT_STATE:
        return;
    case SPECTACLES_SHARD_EVENT_GAP:
        sp_relay_open_gap(relay, shard, event->session_id, event->seq, now);
        return;
    case SPECTACLES_SHARD_EVENT_READY:
        shard->unstored = relay->flags & SPECTACLES_RELAY_HOLDS_NEW_SESSIONS;
        sp_relay_end_gaps(relay, shard);
        sp_relay_packets_may_go(relay, shard);
        break;
    case SPECTACLES_SHARD_EVENT_RESUMED:
        relay->stats.resumed++;
        sp_relay_packets_may_go(relay, shard);
        break;
    case SPECTACLES_SHARD_EVENT_DISCONNECTED:
        relay->stats.disconnects++;
        sp_tally_code_seen(&relay->codes, event->code);
        sp_relay_end_wanting(relay, shard);
        sp_relay_packets_may_go(relay, shard);
        sp_relay_forget_dispatches(shard);
        break;
    case SPECTACLES_SHARD_EVENT_CLOSED:
    case SPECTACLES_SHARD_EVENT_FATAL:
        sp_relay_end_wanting(relay, shard);
        relay->final += !shard->final;
        shard->final = true;
        sp_relay_refuse_owner_packets(relay, shard);
        sp_relay_look_at_leaving(relay, shard);
        break;
    default:
        break;
    }
    report_shard(relay, shard, relay_type(event->type), event);
    hold_shards(relay, shard, event);
}

/*
 * Without room in the window no shard is pulled, so that the shards stop reading their sockets. While the relay stops,
 * or a shard is closed, dispatches are dropped and need no room.
 */
static bool may_pull(const spectacles_relay *relay, const sp_list *list)
{
    return relay->pending.count == 0 &&
           (sp_relay_is_stopping(relay) || list == &relay->closing || sp_outlet_has_room(relay));
}

/*
 * Whether something has to come before the dispatches of the shard: a gap, or spectacles_relay_session_stored(). The
 * shard is touched then. A shard that is LEAVING is touched when it becomes CLOSING.
 */
static bool is_blocked(const spectacles_relay *relay, const sp_relay_shard *shard)
{
    return shard->service == SPECTACLES_SERVICE_LEAVING ||
           (shard->service == SPECTACLES_SERVICE_SERVED && !sp_relay_is_stopping(relay) &&
            (shard->unstored || sp_relay_gap_waits(shard)));
}

/* list: in which the shard stood. Returns how many events were pulled. *more: others may wait. */
static int pull_shard(spectacles_relay *relay, const sp_list *list, sp_relay_shard *shard, uint64_t now,
                      bool *more)
{
    const spectacles_shard_event *event = NULL;
    int pulled = 0;
    while (pulled < SP_RELAY_QUANTUM && may_pull(relay, list) && !is_blocked(relay, shard) &&
           (event = sp_stream_next_event(spectacles_shard_stream(shard->engine), now))) {
        pulled++;
        sp_relay_note_change(relay, shard);
        uint32_t type = event->type;
        if (type == SPECTACLES_SHARD_EVENT_READY || type == SPECTACLES_SHARD_EVENT_RESUMED)
            sp_relay_read_session(shard);
        on_shard_event(relay, shard, event, now);
    }
    *more = !is_blocked(relay, shard) && (!may_pull(relay, list) || pulled == SP_RELAY_QUANTUM);
    return pulled;
}

/* Each shard that may have events has one turn, so that a busy shard does not hold up the others. */
static bool pull_list(spectacles_relay *relay, sp_list *list, uint64_t now)
{
    const sp_list_node *last = list->head.previous;
    sp_list_node *node = NULL;
    bool pulled = false;
    while (node != last && may_pull(relay, list) && (node = sp_list_take(list))) {
        bool more = false;
        pulled |= pull_shard(relay, list, sp_stream_watcher(node), now, &more) > 0;
        if (more)
            sp_list_add(list, node);
    }
    return pulled;
}

/* Counts how often, and for how long, shards have waited for room in the window. */
static void note_full(spectacles_relay *relay, uint64_t now)
{
    bool full =
        !sp_list_is_empty(&relay->ready) && !sp_relay_is_stopping(relay) && !sp_outlet_has_room(relay);
    if (full == (relay->full_since != SPECTACLES_NEVER))
        return;
    relay->stats.window_full += full;
    relay->stats.full_time += full ? 0 : now - relay->full_since;
    relay->full_since = full ? now : SPECTACLES_NEVER;
}

bool sp_relay_pull_shards(spectacles_relay *relay, uint64_t now)
{
    bool pulled = pull_list(relay, &relay->closing, now);
    pulled |= pull_list(relay, &relay->ready, now);
    note_full(relay, now);
    return pulled;
}
