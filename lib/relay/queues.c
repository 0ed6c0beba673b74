/*
 * The subscriptions of the relay at the broker of commands, and which shard each is of. The broker numbers them, and
 * gives other numbers when a shard is added or removed. Called by relay.c when a relay is made, by roster.c when a
 * shard comes or goes, and by commands.c.
 */
#include "relay/queues.h"

#include "relay/served.h"
#include "routing/route.h"

#include <stdlib.h>
#include <string.h>

/* ---- Which subscription is of which shard ---- */

int sp_relay_init_queues(spectacles_relay *relay)
{
    sp_list_init(&relay->changed_queues);
    relay->send_subscription = relay->gap_subscription = -1;
    if (!relay->commands)
        return SPECTACLES_OK;
    relay->unanswered_queues = relay->shard_count;
    relay->queues = calloc(relay->shard_count, sizeof *relay->queues);
    if (!relay->queues)
        return SPECTACLES_E_NOMEM;
    for (uint32_t id = 0; id < relay->shard_count; id++)
        relay->queues[id].subscription = -1;
    return SPECTACLES_OK;
}

void sp_relay_free_queues(spectacles_relay *relay)
{
    free(relay->queues);
    free(relay->shard_of);
}

bool sp_relay_shard_of_queue(const spectacles_relay *relay, uint32_t subscription, uint32_t *shard_id)
{
    if (subscription >= relay->subscriptions || relay->shard_of[subscription] >= relay->shard_count)
        return false;
    *shard_id = relay->shard_of[subscription];
    return true;
}

static int make_room(spectacles_relay *relay, size_t count)
{
    if (count <= relay->shard_of_capacity)
        return SPECTACLES_OK;
    size_t capacity = count * 2;
    if (capacity < count || capacity > SIZE_MAX / sizeof *relay->shard_of)
        return SPECTACLES_E_NOMEM;
    uint32_t *shard_of = realloc(relay->shard_of, capacity * sizeof *shard_of);
    if (!shard_of)
        return SPECTACLES_E_NOMEM;
    relay->shard_of = shard_of;
    relay->shard_of_capacity = capacity;
    return SPECTACLES_OK;
}

/* shard_id: shard_count for no shard. */
static int note_number(spectacles_relay *relay, int subscription, uint32_t shard_id)
{
    size_t number = (size_t)subscription;
    if (make_room(relay, number + 1) != SPECTACLES_OK)
        return SPECTACLES_E_NOMEM;
    while (relay->subscriptions <= number)
        relay->shard_of[relay->subscriptions++] = relay->shard_count;
    relay->shard_of[number] = shard_id;
    return SPECTACLES_OK;
}

/* ---- Subscribing ---- */

/* prefetch: 0: the queue is declared, and not consumed. */
static int subscribe(spectacles_relay *relay, const char *event, size_t length, uint32_t prefetch)
{
    spectacles_subscription subscription;
    spectacles_subscription_init(&subscription, sizeof subscription);
    subscription.event = event;
    subscription.event_length = length;
    subscription.declare_only = prefetch == 0;
    subscription.prefetch = prefetch;
    return spectacles_broker_subscribe(relay->commands, &subscription);
}

/* Whether the packets of a shard are taken here. */
static bool is_wanted(const spectacles_relay *relay, uint32_t shard_id)
{
    const sp_relay_shard *shard = sp_relay_find_shard(relay, shard_id);
    return shard && shard->service == SPECTACLES_SERVICE_SERVED &&
           !(relay->flags & SPECTACLES_RELAY_NO_COMMANDS);
}

/* A subscribe that failed may have reached the broker: then the queue stays as that call asked for. */
static int subscribe_shard(spectacles_relay *relay, uint32_t id, bool consumed)
{
    char key[16];
    sp_shard_queue *queue = &relay->queues[id];
    int length = spectacles_route_shard_key(key, sizeof key, id);
    int number = subscribe(relay, key, (size_t)length, consumed ? relay->command_prefetch : 0);
    int error = number < 0 ? number : note_number(relay, number, id);
    if (!queue->unsure)
        queue->consumed = consumed;
    queue->unsure = error != SPECTACLES_OK;
    queue->subscription = error == SPECTACLES_OK ? number : -1;
    return error;
}

int sp_relay_subscribe(spectacles_relay *relay)
{
    if (!relay->commands)
        return SPECTACLES_OK;
    for (uint32_t id = 0; id < relay->shard_count; id++) {
        int error = subscribe_shard(relay, id, is_wanted(relay, id));
        if (error != SPECTACLES_OK)
            return error;
        if ((uint32_t)relay->queues[id].subscription != id)
            return SPECTACLES_E_INVAL;
    }
    relay->gap_subscription = subscribe(relay, SP_ROUTE_GAP, strlen(SP_ROUTE_GAP), 0);
    return relay->gap_subscription < 0 ? relay->gap_subscription : SPECTACLES_OK;
}

void sp_relay_renew_send(spectacles_relay *relay)
{
    bool wanted = !(relay->flags & SPECTACLES_RELAY_NO_COMMANDS);
    bool stands = relay->send_subscription >= 0;
    if (relay->unanswered_queues > 0 || stands == wanted || sp_relay_is_stopping(relay))
        return;
    if (wanted)
        relay->send_subscription =
            subscribe(relay, SP_ROUTE_SEND, strlen(SP_ROUTE_SEND), relay->send_prefetch);
    else if (spectacles_broker_unsubscribe(relay->commands, (uint32_t)relay->send_subscription) ==
             SPECTACLES_OK)
        relay->send_subscription = -1;
}

void sp_relay_queue_answered(spectacles_relay *relay, uint32_t shard_id)
{
    sp_shard_queue *queue = &relay->queues[shard_id];
    relay->unanswered_queues -= !queue->answered;
    queue->answered = true;
}

/* ---- Shards that come and go ---- */

static int unsubscribe(spectacles_relay *relay, sp_shard_queue *queue)
{
    int error = spectacles_broker_unsubscribe(relay->commands, (uint32_t)queue->subscription);
    if (error != SPECTACLES_OK)
        return error;
    relay->shard_of[queue->subscription] = relay->shard_count;
    queue->subscription = -1;
    return SPECTACLES_OK;
}

/* A queue keeps the settings of its subscription: other ones take another subscription. */
static int renew(spectacles_relay *relay, uint32_t shard_id)
{
    sp_shard_queue *queue = &relay->queues[shard_id];
    bool wanted = is_wanted(relay, shard_id);
    int error = SPECTACLES_OK;
    while (error == SPECTACLES_OK && (queue->subscription < 0 || queue->consumed != wanted)) {
        if (queue->subscription >= 0)
            error = unsubscribe(relay, queue);
        if (error == SPECTACLES_OK)
            error = subscribe_shard(relay, shard_id, wanted);
    }
    return error;
}

void sp_relay_renew_queue(spectacles_relay *relay, uint32_t shard_id)
{
    if (relay->commands && !sp_relay_is_stopping(relay) && renew(relay, shard_id) == SPECTACLES_E_NOMEM)
        sp_list_add(&relay->changed_queues, &relay->queues[shard_id].node);
}

void sp_relay_renew_queues(spectacles_relay *relay)
{
    sp_list_node *node;
    sp_list changed;
    sp_list_init(&changed);
    sp_list_move(&changed, &relay->changed_queues);
    while ((node = sp_list_take(&changed)))
        sp_relay_renew_queue(relay, (uint32_t)(sp_list_owner(node, sp_shard_queue, node) - relay->queues));
}
