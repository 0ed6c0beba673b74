/* Pulls the broker of commands: declares its queues, and tells SENDs from packets. Called by relay.c. */
#include "relay/commands.h"

#include "core/stream.h"
#include "relay/events.h"
#include "relay/packets.h"
#include "relay/sends.h"
#include "relay/served.h"
#include "routing/route.h"

#include <string.h>

/* ---- Queues ---- */

static int subscribe(spectacles_relay *relay, const char *event, size_t length, bool declare_only)
{
    spectacles_subscription subscription;
    spectacles_subscription_init(&subscription, sizeof subscription);
    subscription.event = event;
    subscription.event_length = length;
    subscription.declare_only = declare_only;
    subscription.prefetch = relay->command_prefetch;
    return spectacles_broker_subscribe(relay->commands, &subscription);
}

/*
 * Declares the queues of all shards, also of those that are not served here, so that a packet waits for a gateway that
 * is down; and the queue of gaps. There is never a subgroup.
 */
int sp_relay_subscribe(spectacles_relay *relay)
{
    for (uint32_t id = 0; id < relay->shard_count; id++) {
        char key[16];
        int length = spectacles_route_shard_key(key, sizeof key, id);
        int index = subscribe(relay, key, (size_t)length, !sp_relay_find_shard(relay, id));
        if (index < 0)
            return index;
        if ((uint32_t)index != id)
            return SPECTACLES_E_INVAL;
    }
    relay->gap_subscription = subscribe(relay, SP_ROUTE_GAP, strlen(SP_ROUTE_GAP), true);
    if (relay->gap_subscription < 0)
        return relay->gap_subscription;
    relay->unanswered_queues = relay->shard_count;
    return SPECTACLES_OK;
}

static void mark_answered(spectacles_relay *relay, uint32_t index)
{
    if (index >= relay->shard_count || relay->queue_answered[index])
        return;
    relay->queue_answered[index] = true;
    relay->unanswered_queues--;
}

/* SEND is consumed when every shard has its queue, so that each packet finds one. */
static void subscribe_send(spectacles_relay *relay)
{
    if (relay->unanswered_queues > 0 || relay->send_subscription >= 0 || sp_relay_is_stopping(relay))
        return;
    relay->send_subscription = subscribe(relay, SP_ROUTE_SEND, strlen(SP_ROUTE_SEND), false);
}

/* ---- The broker of commands ---- */

/* Reports an event of a subscription. Its name is the key of the queue: SEND, SPECTACLES_GAP or the id of a shard. */
static void report_queue(spectacles_relay *relay, uint32_t type, const spectacles_broker_event *event)
{
    char key[16];
    int length = spectacles_route_shard_key(key, sizeof key, event->subscription);
    sp_relay_pending *queued = sp_relay_queue_broker_event(relay, SPECTACLES_RELAY_COMMANDS, type, event);
    if (!queued)
        return;
    if ((int)event->subscription == relay->send_subscription)
        sp_relay_set_name(queued, SP_ROUTE_SEND, strlen(SP_ROUTE_SEND));
    else if ((int)event->subscription == relay->gap_subscription)
        sp_relay_set_name(queued, SP_ROUTE_GAP, strlen(SP_ROUTE_GAP));
    else
        sp_relay_set_name(queued, key, (size_t)length);
}

static void on_message(spectacles_relay *relay, const spectacles_broker_event *event)
{
    /* A message that is not acknowledged goes back to its queue when the connection is closed. */
    if (sp_relay_is_stopping(relay))
        return;
    relay->stats.commands++;
    if ((int)event->subscription == relay->send_subscription) {
        sp_relay_take_send(relay, event);
        return;
    }
    sp_relay_shard *shard = sp_relay_find_shard(relay, event->subscription);
    if (shard)
        sp_relay_take_packet(relay, shard, event);
    else
        spectacles_broker_reject(relay->commands, event->delivery, 1);
}

static void on_commands_event(spectacles_relay *relay, const spectacles_broker_event *event)
{
    switch (event->type) {
    case SPECTACLES_BROKER_EVENT_MESSAGE:
        on_message(relay, event);
        break;
    case SPECTACLES_BROKER_EVENT_SUBSCRIBED:
        mark_answered(relay, event->subscription);
        report_queue(relay, SPECTACLES_RELAY_EVENT_SUBSCRIBED, event);
        break;
    case SPECTACLES_BROKER_EVENT_UNSUBSCRIBED:
        mark_answered(relay, event->subscription);
        report_queue(relay, SPECTACLES_RELAY_EVENT_UNSUBSCRIBED, event);
        break;
    case SPECTACLES_BROKER_EVENT_REFUSED:
        relay->stats.commands++;
        relay->stats.rejected++;
        report_queue(relay, SPECTACLES_RELAY_EVENT_COMMAND_REJECTED, event);
        break;
    case SPECTACLES_BROKER_EVENT_CLOSED:
        relay->commands_closed = true;
        break;
    default:
        break;
    }
    sp_relay_queue_connection_event(relay, SPECTACLES_RELAY_COMMANDS, event);
}

bool sp_relay_pull_commands(spectacles_relay *relay, uint64_t now)
{
    const spectacles_broker_event *event;
    int pulled = 0;
    subscribe_send(relay);
    while (pulled < SP_RELAY_QUANTUM && relay->pending.count == 0 &&
           (event = sp_stream_next_event(spectacles_broker_stream(relay->commands), now))) {
        pulled++;
        on_commands_event(relay, event);
    }
    return pulled > 0;
}

uint64_t sp_relay_commands_deadline(const spectacles_relay *relay)
{
    if (sp_relay_is_stopping(relay))
        return SPECTACLES_NEVER;
    uint64_t sends = sp_relay_sends_deadline(relay);
    uint64_t packets = sp_timers_deadline(&relay->packets_timers);
    return sends < packets ? sends : packets;
}
