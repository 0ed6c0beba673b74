/*
 * Pulls the broker of events: hands the outcome of each publish to dispatches.c, sends.c or gaps.c. Called by relay.c,
 * and by acknowledge.c.
 */
#include "relay/confirms.h"

#include "core/stream.h"
#include "relay/dispatches.h"
#include "relay/events.h"
#include "relay/gaps.h"
#include "relay/publishes.h"
#include "relay/sends.h"

void sp_relay_take_confirm(spectacles_relay *relay, sp_publish *publish)
{
    if (publish->kind == SP_PUBLISH_COMMAND) {
        sp_relay_send_confirmed(relay, publish);
    } else if (publish->kind == SP_PUBLISH_GAP) {
        sp_relay_gap_confirmed(relay, publish);
    } else {
        sp_relay_dispatch_confirmed(relay, publish);
    }
    sp_relay_finish_publish(relay, publish);
}

void sp_relay_end_confirms(spectacles_relay *relay)
{
    relay->events_closed = true;
    for (size_t i = 0; i < relay->served; i++)
        sp_relay_look_at_leaving(relay, relay->shards[i]);
}

static void on_failed(spectacles_relay *relay, sp_publish *publish, const spectacles_broker_event *event,
                      uint64_t now)
{
    if (publish->kind == SP_PUBLISH_COMMAND)
        sp_relay_send_returned(relay, publish, event, now);
    else if (publish->kind == SP_PUBLISH_GAP)
        sp_relay_gap_returned(relay, publish, now);
    else if (event->type == SPECTACLES_BROKER_EVENT_RETURNED)
        sp_relay_dispatch_unroutable(relay, publish, event, now);
    else
        sp_relay_dispatch_refused(relay, publish, event, now);
    sp_relay_finish_publish(relay, publish);
}

static void on_outcome(spectacles_relay *relay, const spectacles_broker_event *event, uint64_t now)
{
    sp_publish *publish = sp_relay_find_publish(relay, event->tag);
    if (!publish)
        return;
    if (event->type == SPECTACLES_BROKER_EVENT_CONFIRMED)
        sp_relay_take_confirm(relay, publish);
    else
        on_failed(relay, publish, event, now);
}

static void note_blocked(spectacles_relay *relay, uint32_t type, uint64_t now)
{
    bool was_blocked = relay->blocked_since != SPECTACLES_NEVER;
    if (type == SPECTACLES_BROKER_EVENT_BLOCKED && !was_blocked)
        relay->blocked_since = now;
    bool ends = type == SPECTACLES_BROKER_EVENT_UNBLOCKED || type == SPECTACLES_BROKER_EVENT_DISCONNECTED ||
                type == SPECTACLES_BROKER_EVENT_CLOSED;
    if (!ends || !was_blocked)
        return;
    relay->stats.blocked_time += now - relay->blocked_since;
    relay->blocked_since = SPECTACLES_NEVER;
}

static void on_events_event(spectacles_relay *relay, const spectacles_broker_event *event, uint64_t now)
{
    note_blocked(relay, event->type, now);
    switch (event->type) {
    case SPECTACLES_BROKER_EVENT_CONFIRMED:
    case SPECTACLES_BROKER_EVENT_RETURNED:
    case SPECTACLES_BROKER_EVENT_FAILED:
        on_outcome(relay, event, now);
        break;
    case SPECTACLES_BROKER_EVENT_READY:
        relay->events_stood = true;
        break;
    case SPECTACLES_BROKER_EVENT_CLOSED:
        sp_relay_end_confirms(relay);
        break;
    default:
        break;
    }
    sp_relay_queue_connection_event(relay, SPECTACLES_RELAY_EVENTS, event);
}

bool sp_relay_pull_confirms(spectacles_relay *relay, uint64_t now)
{
    const spectacles_broker_event *event;
    int pulled = 0;
    if (!relay->events)
        return false;
    while (
        pulled < SP_RELAY_QUANTUM && relay->pending.count == 0 &&
        (event = sp_stream_next_listed(&relay->events_ready, spectacles_broker_stream(relay->events), now))) {
        pulled++;
        on_events_event(relay, event, now);
    }
    return pulled > 0;
}
