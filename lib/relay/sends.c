/*
 * SENDs: packets whose sender knows the guild and not the shard. The packet is published again under the key of its
 * shard, and the SEND is acknowledged when that publish is confirmed. Called by commands.c with SENDs, and by
 * confirms.c with the outcomes of publishes.
 */
#include "relay/sends.h"

#include "relay/deliveries.h"
#include "relay/events.h"
#include "relay/outlet.h"
#include "relay/publishes.h"
#include "routing/route.h"

#include <stdlib.h>
#include <string.h>

static void drop_lost_routes(spectacles_relay *relay)
{
    for (size_t i = 0; i < relay->routes.count;) {
        const sp_route *route = sp_ring_at(&relay->routes, i);
        if (!sp_relay_delivery_is_lost(relay, route->delivery)) {
            i++;
            continue;
        }
        free(route->packet);
        sp_ring_remove(&relay->routes, i);
    }
}

void sp_relay_take_send(spectacles_relay *relay, const spectacles_broker_event *event)
{
    spectacles_send send;
    spectacles_packet packet;
    spectacles_problem problem = {0};
    sp_slice json;
    int error = sp_relay_read_json(relay, event, &json, &problem);
    if (error == SPECTACLES_OK)
        error = spectacles_send_parse(&send, json.bytes, json.length, &problem);
    if (error == SPECTACLES_OK)
        error = sp_relay_parse_packet(relay, &packet, send.packet, send.packet_length, &problem);
    if (error != SPECTACLES_OK) {
        sp_relay_reject(relay, event->delivery, event->key, event->key_length, error, problem.text);
        return;
    }
    drop_lost_routes(relay);
    uint8_t *kept = sp_relay_copy_body(send.packet, send.packet_length);
    sp_route *route = kept ? sp_ring_push(&relay->routes) : NULL;
    if (!route) {
        free(kept);
        spectacles_broker_reject(relay->commands, event->delivery, 1);
        return;
    }
    *route = (sp_route){.delivery = event->delivery,
                        .shard_id = spectacles_route_shard(send.guild_id, relay->shard_count),
                        .op = packet.op,
                        .packet = kept,
                        .packet_length = send.packet_length};
}

static int publish_route(spectacles_relay *relay, const sp_route *route)
{
    char key[16];
    spectacles_message message;
    sp_publish *publish = sp_ring_push(&relay->publishes);
    if (!publish)
        return SPECTACLES_E_NOMEM;
    spectacles_message_init(&message, sizeof message);
    message.flags = SPECTACLES_MESSAGE_MANDATORY;
    message.key = key;
    message.key_length = (size_t)spectacles_route_shard_key(key, sizeof key, route->shard_id);
    message.body = route->packet;
    message.body_length = route->packet_length;
    message.format = SPECTACLES_FORMAT_JSON;
    *publish = (sp_publish){.kind = SP_PUBLISH_COMMAND,
                            .delivery = route->delivery,
                            .shard_id = route->shard_id,
                            .op = route->op,
                            .packet = route->packet,
                            .packet_length = route->packet_length};
    int error = sp_outlet_publish(relay, &message, publish);
    if (error != SPECTACLES_OK)
        sp_ring_pop_back(&relay->publishes);
    return error;
}

static void refuse_route(spectacles_relay *relay, const sp_route *route, int error)
{
    sp_relay_reject(relay, route->delivery, SP_ROUTE_SEND, strlen(SP_ROUTE_SEND), error,
                    sp_outlet_error(relay));
    free(route->packet);
}

/* A SEND that has to wait does not hold up the SENDs behind it. */
bool sp_relay_route_sends(spectacles_relay *relay, uint64_t now)
{
    bool routed = false;
    drop_lost_routes(relay);
    for (size_t i = 0;
         i < relay->routes.count && !sp_relay_is_stopping(relay) && sp_outlet_has_room(relay);) {
        const sp_route *route = sp_ring_at(&relay->routes, i);
        if (now < route->not_before) {
            i++;
            continue;
        }
        int error = publish_route(relay, route);
        if (sp_relay_is_unwritable(error))
            refuse_route(relay, route, error);
        else if (error != SPECTACLES_OK)
            break;
        sp_ring_remove(&relay->routes, i);
        routed = true;
    }
    return routed;
}

void sp_relay_send_confirmed(spectacles_relay *relay, const sp_publish *publish)
{
    spectacles_broker_ack(relay->commands, publish->delivery);
    relay->stats.routed++;
    sp_relay_pending *queued = sp_relay_queue_event(relay, SPECTACLES_RELAY_EVENT_COMMAND_ROUTED);
    if (!queued)
        return;
    queued->event.shard_id = publish->shard_id;
    queued->event.op = publish->op;
}

/* The queue of the shard was deleted. It is declared again; until then the SEND stays unacknowledged. */
void sp_relay_send_returned(spectacles_relay *relay, sp_publish *publish,
                            const spectacles_broker_event *event, uint64_t now)
{
    sp_route *route = sp_ring_push(&relay->routes);
    sp_relay_pending *queued = sp_relay_queue_event(relay, SPECTACLES_RELAY_EVENT_PUBLISH_FAILED);
    if (queued) {
        queued->event.shard_id = publish->shard_id;
        queued->event.code = event->code;
        sp_relay_set_name(queued, event->key, event->key_length);
        sp_text_set(&queued->text, "%s", event->text ? event->text : "");
    }
    if (!route) {
        spectacles_broker_reject(relay->commands, publish->delivery, 1);
        return;
    }
    *route = (sp_route){.delivery = publish->delivery,
                        .not_before = now + SP_RELAY_RETRY,
                        .shard_id = publish->shard_id,
                        .op = publish->op,
                        .packet = publish->packet,
                        .packet_length = publish->packet_length};
    publish->packet = NULL;
}

/* Without room in the window a SEND waits for an event of the broker, and not for a time. */
uint64_t sp_relay_sends_deadline(const spectacles_relay *relay)
{
    uint64_t deadline = SPECTACLES_NEVER;
    if (!sp_outlet_has_room(relay))
        return deadline;
    for (size_t i = 0; i < relay->routes.count; i++) {
        const sp_route *route = sp_ring_at(&relay->routes, i);
        if (route->not_before > 0 && route->not_before < deadline)
            deadline = route->not_before;
    }
    return deadline;
}

void sp_relay_free_routes(sp_ring *routes)
{
    sp_route *route;
    while ((route = sp_ring_front(routes))) {
        free(route->packet);
        sp_ring_pop(routes);
    }
}
