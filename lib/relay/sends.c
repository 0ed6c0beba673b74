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
#include "relay/served.h"
#include "routing/route.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * SENDs are lost all together, with their channel or their consumer. So those that were lost stand in front of those
 * that came after.
 */
static void drop_lost_routes(spectacles_relay *relay)
{
    sp_route *route;
    while ((route = sp_ring_front(&relay->routes)) && sp_relay_delivery_is_lost(relay, route->delivery)) {
        free(route->packet);
        sp_ring_pop(&relay->routes);
    }
}

/*
 * The packet on the heap, without what else a worker has written into it: so a SEND takes no more memory here than
 * Discord's limit of a packet. NULL when memory ran out.
 */
static uint8_t *write_packet(const spectacles_packet *packet, size_t *length)
{
    char head[32];
    size_t before = (size_t)snprintf(head, sizeof head, "{\"op\":%" PRIu32 ",\"d\":", packet->op);
    uint8_t *out = malloc(before + packet->d_length + 1);
    if (!out)
        return NULL;
    memcpy(out, head, before);
    memcpy(out + before, packet->d, packet->d_length);
    out[before + packet->d_length] = '}';
    *length = before + packet->d_length + 1;
    return out;
}

static uint64_t expiry(const spectacles_relay *relay, const spectacles_broker_event *event, uint32_t shard_id)
{
    uint64_t own = sp_relay_expiry(relay, event);
    uint64_t limit = relay->command_timeout && !sp_relay_find_shard(relay, shard_id)
                         ? relay->now + relay->command_timeout
                         : SPECTACLES_NEVER;
    return own < limit ? own : limit;
}

static void keep(spectacles_relay *relay, const spectacles_broker_event *event, uint64_t guild_id,
                 const spectacles_packet *packet)
{
    size_t length = 0;
    uint32_t shard_id = spectacles_route_shard(guild_id, relay->shard_count);
    uint8_t *kept = write_packet(packet, &length);
    sp_route *route = kept ? sp_ring_push(&relay->routes) : NULL;
    if (!route) {
        free(kept);
        spectacles_broker_reject(relay->commands, event->delivery, 1);
        return;
    }
    *route = (sp_route){.delivery = event->delivery,
                        .expires = expiry(relay, event, shard_id),
                        .guild_id = guild_id,
                        .shard_id = shard_id,
                        .op = packet->op,
                        .packet = kept,
                        .packet_length = length};
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
    keep(relay, event, send.guild_id, &packet);
}

/* ---- Packets that were routed by another number of shards ---- */

/* The header with the guild of a SEND, which its packet carries from one gateway to another. */
static const char guild_header[] = "guild";

/* The guild; 0: whoever has published the packet has chosen the shard, and not the guild. */
static uint64_t guild_of(const spectacles_broker_event *event)
{
    const spectacles_header *header =
        spectacles_headers_find(event->headers, event->header_count, guild_header, strlen(guild_header));
    return header && header->type == SPECTACLES_HEADER_INTEGER ? (uint64_t)header->integer : 0;
}

bool sp_relay_is_for_other_shard(const spectacles_relay *relay, uint32_t shard_id,
                                 const spectacles_broker_event *event)
{
    uint64_t guild_id = guild_of(event);
    return guild_id != 0 && spectacles_route_shard(guild_id, relay->shard_count) != shard_id;
}

void sp_relay_route_again(spectacles_relay *relay, const spectacles_broker_event *event)
{
    spectacles_packet packet;
    if (!sp_relay_read_packet(relay, event, &packet))
        return;
    drop_lost_routes(relay);
    keep(relay, event, guild_of(event), &packet);
}

/* ---- Publishing ---- */

static int publish_route(spectacles_relay *relay, const sp_route *route)
{
    const spectacles_header guild = {.type = SPECTACLES_HEADER_INTEGER,
                                     .key = guild_header,
                                     .key_length = strlen(guild_header),
                                     .integer = (int64_t)route->guild_id};
    char key[16];
    char left[24];
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
    message.headers = &guild;
    message.header_count = 1;
    if (route->expires != SPECTACLES_NEVER) {
        snprintf(left, sizeof left, "%" PRIu64, route->expires - relay->now);
        message.expiration = left;
    }
    *publish = (sp_publish){.kind = SP_PUBLISH_COMMAND,
                            .delivery = route->delivery,
                            .expires = route->expires,
                            .guild_id = route->guild_id,
                            .shard_id = route->shard_id,
                            .op = route->op,
                            .packet = route->packet,
                            .packet_length = route->packet_length};
    int error = sp_outlet_publish(relay, &message, publish);
    if (error != SPECTACLES_OK)
        sp_ring_pop_back(&relay->publishes);
    return error;
}

static bool drop_expired(spectacles_relay *relay, const sp_route *route)
{
    if (!sp_relay_reject_expired(relay, route->expires, route->delivery, SP_ROUTE_SEND,
                                 strlen(SP_ROUTE_SEND)))
        return false;
    free(route->packet);
    return true;
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
        int error = drop_expired(relay, route) ? SPECTACLES_OK : publish_route(relay, route);
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

/*
 * The queue of the shard was deleted. It is declared again; until then the SEND stays unacknowledged. A SEND that was
 * lost meanwhile comes again by itself.
 */
void sp_relay_send_returned(spectacles_relay *relay, sp_publish *publish,
                            const spectacles_broker_event *event, uint64_t now)
{
    bool lost = sp_relay_delivery_is_lost(relay, publish->delivery);
    sp_route *route = lost ? NULL : sp_ring_push(&relay->routes);
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
                        .expires = publish->expires,
                        .guild_id = publish->guild_id,
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
