#include "codec/transcode.h"
#include "relay/relay.h"
#include "routing/packet.h"
#include "routing/route.h"

#include <spectacles/codec.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEPT_JSON = 64 * 1024
};

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

static int find_member(const spectacles_relay *relay, uint32_t shard_id)
{
    for (size_t i = 0; i < relay->member_count; i++) {
        if (relay->members[i].id == shard_id)
            return (int)i;
    }
    return -1;
}

/* The queues of all shards, ours or not, so that a packet for a gateway that is down waits for it, and that of
 * gaps. No subgroup ever. */
int sp_relay_subscribe(spectacles_relay *relay)
{
    for (uint32_t id = 0; id < relay->shard_count; id++) {
        char key[16];
        int length = spectacles_route_shard_key(key, sizeof key, id);
        int number = subscribe(relay, key, (size_t)length, find_member(relay, id) < 0);
        if (number < 0)
            return number;
        if ((uint32_t)number != id)
            return SPECTACLES_E_INVAL;
    }
    relay->gap_subscription = subscribe(relay, SP_ROUTE_GAP, strlen(SP_ROUTE_GAP), true);
    if (relay->gap_subscription < 0)
        return relay->gap_subscription;
    relay->awaited = relay->shard_count;
    return SPECTACLES_OK;
}

static void queue_settled(spectacles_relay *relay, uint32_t number)
{
    if (number >= relay->shard_count || relay->settled_queues[number])
        return;
    relay->settled_queues[number] = true;
    relay->awaited--;
}

/* SEND only once there is a queue for whatever it may hold. */
static void subscribe_send(spectacles_relay *relay)
{
    if (relay->awaited > 0 || relay->send_subscription >= 0 || relay->stopping)
        return;
    relay->send_subscription = subscribe(relay, SP_ROUTE_SEND, strlen(SP_ROUTE_SEND), false);
}

/* ---- Rejecting ---- */

static void reject(spectacles_relay *relay, uint64_t delivery, const char *key, size_t key_length, int error,
                   const char *why)
{
    spectacles_broker_reject(relay->commands, delivery, 0);
    relay->stats.rejected++;
    sp_relay_news *news = sp_relay_tell(relay, SPECTACLES_RELAY_EVENT_COMMAND_REJECTED);
    if (!news)
        return;
    news->event.error = error;
    sp_relay_name(news, key, key_length);
    sp_text_set(&news->text, "%s", why ? why : spectacles_strerror(error));
}

static uint8_t *copy(const uint8_t *bytes, size_t length)
{
    uint8_t *out = malloc(length ? length : 1);
    if (out && length > 0)
        memcpy(out, bytes, length);
    return out;
}

static int parse_packet(const spectacles_relay *relay, spectacles_packet *packet, const uint8_t *body,
                        size_t length, spectacles_problem *problem)
{
    return sp_packet_parse(packet, body, length, relay->more_ops, relay->more_ops_length, problem);
}

/* What a worker wrote in another format is rewritten once, and read as JSON. What is in none is refused as JSON. */
static int as_json(spectacles_relay *relay, const spectacles_broker_event *event, sp_slice *json,
                   spectacles_problem *problem)
{
    *json = (sp_slice){event->body, event->body_length};
    if (event->format == SPECTACLES_FORMAT_JSON || event->format == SPECTACLES_FORMAT_RAW)
        return SPECTACLES_OK;
    sp_buffer_clear(&relay->json);
    sp_buffer_shrink(&relay->json, KEPT_JSON);
    int error =
        sp_transcode(&relay->json, &relay->keys, SPECTACLES_FORMAT_JSON, event->format, 0, *json, problem);
    *json = sp_buffer_slice(&relay->json);
    return error;
}

/* What the broker has delivered again, or will, is not ours any more: done here too it would be done twice. */
static bool is_lost(const spectacles_relay *relay, uint64_t delivery)
{
    return !spectacles_broker_holds(relay->commands, delivery);
}

/* ---- SEND ---- */

static void drop_lost_routes(spectacles_relay *relay)
{
    for (size_t i = 0; i < relay->routes.count;) {
        const sp_route *route = sp_ring_at(&relay->routes, i);
        if (!is_lost(relay, route->delivery)) {
            i++;
            continue;
        }
        free(route->packet);
        sp_ring_remove(&relay->routes, i);
    }
}

static void on_send(spectacles_relay *relay, const spectacles_broker_event *event)
{
    spectacles_send send;
    spectacles_packet packet;
    spectacles_problem problem = {0};
    sp_slice json;
    int error = as_json(relay, event, &json, &problem);
    if (error == SPECTACLES_OK)
        error = spectacles_send_parse(&send, json.bytes, json.length, &problem);
    if (error == SPECTACLES_OK)
        error = parse_packet(relay, &packet, send.packet, send.packet_length, &problem);
    if (error != SPECTACLES_OK) {
        reject(relay, event->delivery, event->key, event->key_length, error, problem.text);
        return;
    }
    drop_lost_routes(relay);
    uint8_t *kept = copy(send.packet, send.packet_length);
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
    int error = spectacles_broker_publish(relay->events, &message, &publish->tag);
    if (error != SPECTACLES_OK)
        sp_ring_pop_back(&relay->publishes);
    return error;
}

static void refuse_route(spectacles_relay *relay, const sp_route *route, int error)
{
    reject(relay, route->delivery, SP_ROUTE_SEND, strlen(SP_ROUTE_SEND), error,
           spectacles_broker_last_error(relay->events));
    free(route->packet);
}

/* One that waits for its queue holds up none behind it. */
bool sp_relay_route_sends(spectacles_relay *relay, uint64_t now)
{
    bool routed = false;
    drop_lost_routes(relay);
    for (size_t i = 0;
         i < relay->routes.count && !relay->stopping && spectacles_broker_room(relay->events);) {
        const sp_route *route = sp_ring_at(&relay->routes, i);
        if (now < route->not_before) {
            i++;
            continue;
        }
        int error = publish_route(relay, route);
        if (sp_relay_has_no_form(error))
            refuse_route(relay, route, error);
        else if (error != SPECTACLES_OK)
            break;
        sp_ring_remove(&relay->routes, i);
        routed = true;
    }
    return routed;
}

void sp_relay_command_confirmed(spectacles_relay *relay, const sp_publish *publish)
{
    spectacles_broker_ack(relay->commands, publish->delivery);
    relay->stats.routed++;
    sp_relay_news *news = sp_relay_tell(relay, SPECTACLES_RELAY_EVENT_COMMAND_ROUTED);
    if (!news)
        return;
    news->event.shard_id = publish->shard_id;
    news->event.op = publish->op;
}

/* The queue of that shard was deleted. It will be declared again; until then the SEND stays unacknowledged.
 */
void sp_relay_command_returned(spectacles_relay *relay, sp_publish *publish,
                               const spectacles_broker_event *event, uint64_t now)
{
    sp_route *route = sp_ring_push(&relay->routes);
    sp_relay_news *news = sp_relay_tell(relay, SPECTACLES_RELAY_EVENT_PUBLISH_FAILED);
    if (news) {
        news->event.shard_id = publish->shard_id;
        news->event.code = event->code;
        sp_relay_name(news, event->key, event->key_length);
        sp_text_set(&news->text, "%s", event->text ? event->text : "");
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

/* ---- Packets ---- */

static void drop_front(sp_ring *packets)
{
    sp_packet *front = sp_ring_front(packets);
    free(front->d);
    sp_ring_pop(packets);
}

/* They stand in front: a channel that is gone delivered before the one that stands. */
static void drop_lost_packets(const spectacles_relay *relay, sp_ring *packets)
{
    const sp_packet *front;
    while ((front = sp_ring_front(packets)) && is_lost(relay, front->delivery))
        drop_front(packets);
}

static void on_packet(spectacles_relay *relay, uint32_t number, const spectacles_broker_event *event)
{
    spectacles_packet packet;
    spectacles_problem problem = {0};
    sp_slice json;
    int error = as_json(relay, event, &json, &problem);
    if (error == SPECTACLES_OK)
        error = parse_packet(relay, &packet, json.bytes, json.length, &problem);
    if (error != SPECTACLES_OK) {
        reject(relay, event->delivery, event->key, event->key_length, error, problem.text);
        return;
    }
    sp_member *member = &relay->members[number];
    drop_lost_packets(relay, &member->held);
    uint8_t *kept = copy(packet.d, packet.d_length);
    sp_packet *held = kept ? sp_ring_push(&member->held) : NULL;
    if (!held) {
        free(kept);
        spectacles_broker_reject(relay->commands, event->delivery, 1);
        return;
    }
    *held = (sp_packet){.delivery = event->delivery, .op = packet.op, .d = kept, .d_length = packet.d_length};
}

/* True when the front packet is out of the way. */
static bool send_front(spectacles_relay *relay, sp_member *member, uint64_t now)
{
    sp_packet *packet = sp_ring_front(&member->held);
    sp_packet *sent = sp_ring_push(&member->sent);
    if (!sent)
        return false;
    int error =
        spectacles_shard_send(member->shard, packet->op, packet->d, packet->d_length, now, &packet->ticket);
    if (error == SPECTACLES_OK) {
        *sent = *packet;
        sp_ring_pop(&member->held);
        return true;
    }
    sp_ring_pop_back(&member->sent);
    if (error == SPECTACLES_E_AGAIN)
        spectacles_shard_budget(member->shard, now, NULL, &member->held_until);
    if (error == SPECTACLES_E_AGAIN || error == SPECTACLES_E_STATE || error == SPECTACLES_E_NOMEM)
        return false;
    char key[16];
    int length = spectacles_route_shard_key(key, sizeof key, member->id);
    reject(relay, packet->delivery, key, (size_t)length, error, spectacles_shard_last_error(member->shard));
    drop_front(&member->held);
    return true;
}

bool sp_relay_send_packets(spectacles_relay *relay, uint64_t now)
{
    bool sent = false;
    for (size_t i = 0; i < relay->member_count && !relay->stopping; i++) {
        sp_member *member = &relay->members[i];
        bool ready = spectacles_shard_state(member->shard) == SPECTACLES_SHARD_READY;
        if (now >= member->held_until)
            member->held_until = 0;
        if (!ready || member->held_until > 0)
            continue;
        drop_lost_packets(relay, &member->held);
        while (member->held.count > 0 && member->held_until == 0 && send_front(relay, member, now))
            sent = true;
    }
    return sent;
}

void sp_relay_packet_sent(spectacles_relay *relay, uint32_t number, uint64_t ticket)
{
    sp_member *member = &relay->members[number];
    const sp_packet *packet = sp_ring_front(&member->sent);
    if (!packet || packet->ticket != ticket)
        return;
    spectacles_broker_ack(relay->commands, packet->delivery);
    relay->stats.sent++;
    /* What stood in the way may have been the output, and not the rate limit. */
    member->held_until = 0;
    sp_relay_news *news = sp_relay_tell(relay, SPECTACLES_RELAY_EVENT_COMMAND_SENT);
    if (news) {
        news->event.shard_id = member->id;
        news->event.op = packet->op;
    }
    drop_front(&member->sent);
}

/* All that is on its way comes back at once, in front of what is held and in its old order. */
void sp_relay_packet_unsent(spectacles_relay *relay, uint32_t number)
{
    sp_member *member = &relay->members[number];
    while (member->sent.count > 0) {
        sp_packet *last = sp_ring_at(&member->sent, member->sent.count - 1);
        sp_packet *held = sp_ring_push_front(&member->held);
        if (held) {
            *held = *last;
        } else {
            spectacles_broker_reject(relay->commands, last->delivery, 1);
            free(last->d);
        }
        sp_ring_pop_back(&member->sent);
    }
    member->held_until = 0;
}

void sp_relay_free_packets(sp_ring *packets)
{
    while (packets->count > 0)
        drop_front(packets);
}

void sp_relay_free_routes(sp_ring *routes)
{
    sp_route *route;
    while ((route = sp_ring_front(routes))) {
        free(route->packet);
        sp_ring_pop(routes);
    }
}

/* ---- The broker of commands ---- */

/* Of a subscription: its event, SEND or a shard's number. */
static void tell_queue(spectacles_relay *relay, uint32_t type, const spectacles_broker_event *event)
{
    char key[16];
    int length = spectacles_route_shard_key(key, sizeof key, event->subscription);
    sp_relay_news *news = sp_relay_tell_broker(relay, SPECTACLES_RELAY_COMMANDS, type, event);
    if (!news)
        return;
    if ((int)event->subscription == relay->send_subscription)
        sp_relay_name(news, SP_ROUTE_SEND, strlen(SP_ROUTE_SEND));
    else if ((int)event->subscription == relay->gap_subscription)
        sp_relay_name(news, SP_ROUTE_GAP, strlen(SP_ROUTE_GAP));
    else
        sp_relay_name(news, key, (size_t)length);
}

static void on_message(spectacles_relay *relay, const spectacles_broker_event *event)
{
    /* Unacknowledged, it goes back to its queue when the connection is closed. */
    if (relay->stopping)
        return;
    relay->stats.commands++;
    if ((int)event->subscription == relay->send_subscription) {
        on_send(relay, event);
        return;
    }
    int number = find_member(relay, event->subscription);
    if (number < 0)
        spectacles_broker_reject(relay->commands, event->delivery, 1);
    else
        on_packet(relay, (uint32_t)number, event);
}

static void on_commands_event(spectacles_relay *relay, const spectacles_broker_event *event)
{
    switch (event->type) {
    case SPECTACLES_BROKER_EVENT_MESSAGE:
        on_message(relay, event);
        break;
    case SPECTACLES_BROKER_EVENT_SUBSCRIBED:
        queue_settled(relay, event->subscription);
        tell_queue(relay, SPECTACLES_RELAY_EVENT_SUBSCRIBED, event);
        break;
    case SPECTACLES_BROKER_EVENT_UNSUBSCRIBED:
        queue_settled(relay, event->subscription);
        tell_queue(relay, SPECTACLES_RELAY_EVENT_UNSUBSCRIBED, event);
        break;
    case SPECTACLES_BROKER_EVENT_REFUSED:
        relay->stats.commands++;
        relay->stats.rejected++;
        tell_queue(relay, SPECTACLES_RELAY_EVENT_COMMAND_REJECTED, event);
        break;
    case SPECTACLES_BROKER_EVENT_CLOSED:
        relay->commands_closed = true;
        break;
    default:
        break;
    }
    sp_relay_tell_connection(relay, SPECTACLES_RELAY_COMMANDS, event);
}

bool sp_relay_pull_commands(spectacles_relay *relay, uint64_t now)
{
    const spectacles_broker_event *event;
    int pulled = 0;
    subscribe_send(relay);
    while (pulled < SP_RELAY_QUANTUM && relay->news.count == 0 &&
           (event = spectacles_broker_next_event(relay->commands, now))) {
        pulled++;
        on_commands_event(relay, event);
    }
    return pulled > 0;
}

/* What waits for room waits for the broker, and not for a time. */
static uint64_t routes_deadline(const spectacles_relay *relay)
{
    uint64_t deadline = SPECTACLES_NEVER;
    if (!spectacles_broker_room(relay->events))
        return deadline;
    for (size_t i = 0; i < relay->routes.count; i++) {
        const sp_route *route = sp_ring_at(&relay->routes, i);
        if (route->not_before > 0 && route->not_before < deadline)
            deadline = route->not_before;
    }
    return deadline;
}

uint64_t sp_relay_commands_deadline(const spectacles_relay *relay)
{
    if (relay->stopping)
        return SPECTACLES_NEVER;
    uint64_t deadline = routes_deadline(relay);
    for (size_t i = 0; i < relay->member_count; i++) {
        const sp_member *member = &relay->members[i];
        if (member->held.count > 0 && member->held_until > 0 && member->held_until < deadline)
            deadline = member->held_until;
    }
    return deadline;
}
