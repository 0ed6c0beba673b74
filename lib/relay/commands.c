/* Pulls the broker of commands: declares its queues, and tells SENDs from packets. Called by relay.c. */
#include "relay/commands.h"

#include "core/stream.h"
#include "relay/events.h"
#include "relay/packets.h"
#include "relay/queues.h"
#include "relay/sends.h"
#include "relay/served.h"
#include "routing/route.h"

#include <string.h>

/* Names the queue of a subscription by its event: SEND, SPECTACLES_GAP, or the number of a shard. */
static void set_queue_name(const spectacles_relay *relay, sp_relay_pending *queued, uint32_t subscription)
{
    char key[16];
    uint32_t shard_id;
    if ((int)subscription == relay->send_subscription)
        sp_relay_set_name(queued, SP_ROUTE_SEND, strlen(SP_ROUTE_SEND));
    else if ((int)subscription == relay->gap_subscription)
        sp_relay_set_name(queued, SP_ROUTE_GAP, strlen(SP_ROUTE_GAP));
    else if (sp_relay_shard_of_queue(relay, subscription, &shard_id))
        sp_relay_set_name(queued, key, (size_t)spectacles_route_shard_key(key, sizeof key, shard_id));
}

static void report_queue(spectacles_relay *relay, uint32_t type, const spectacles_broker_event *event)
{
    sp_relay_pending *queued = sp_relay_queue_broker_event(relay, SPECTACLES_RELAY_COMMANDS, type, event);
    if (queued)
        set_queue_name(relay, queued, event->subscription);
}

/* A queue stands, or is lost or was refused. What the relay itself has ended is no news. */
static void on_queue(spectacles_relay *relay, uint32_t type, const spectacles_broker_event *event)
{
    uint32_t shard_id;
    if (type == SPECTACLES_RELAY_EVENT_UNSUBSCRIBED && event->until == SPECTACLES_NEVER)
        return;
    if (sp_relay_shard_of_queue(relay, event->subscription, &shard_id))
        sp_relay_queue_answered(relay, shard_id);
    if ((int)event->subscription == relay->send_subscription)
        relay->send_stood = true;
    report_queue(relay, type, event);
}

static sp_relay_shard *shard_of(const spectacles_relay *relay, const spectacles_broker_event *event)
{
    uint32_t shard_id;
    bool found = sp_relay_shard_of_queue(relay, event->subscription, &shard_id);
    sp_relay_shard *shard = found ? sp_relay_find_shard(relay, shard_id) : NULL;
    return shard && shard->service == SPECTACLES_SERVICE_SERVED ? shard : NULL;
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
    sp_relay_shard *shard = shard_of(relay, event);
    if (shard && sp_relay_is_for_other_shard(relay, shard->id, event))
        sp_relay_route_again(relay, event);
    else if (shard)
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
        on_queue(relay, SPECTACLES_RELAY_EVENT_SUBSCRIBED, event);
        break;
    case SPECTACLES_BROKER_EVENT_UNSUBSCRIBED:
        on_queue(relay, SPECTACLES_RELAY_EVENT_UNSUBSCRIBED, event);
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
    if (!relay->commands)
        return false;
    sp_relay_renew_queues(relay);
    sp_relay_renew_send(relay);
    while (pulled < SP_RELAY_QUANTUM && relay->pending.count == 0 &&
           (event = sp_stream_next_listed(&relay->commands_ready, spectacles_broker_stream(relay->commands),
                                          now))) {
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
