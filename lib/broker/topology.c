#include "broker/topology.h"

#include "core/text.h"

#include <spectacles/routing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sp_topology_init(sp_topology *topology)
{
    *topology = (sp_topology){.subscriptions = sp_ring_of(sizeof(sp_subscription)),
                              .declaring = sp_ring_of(sizeof(sp_request)),
                              .consuming = sp_ring_of(sizeof(sp_request))};
}

void sp_topology_free(sp_topology *topology)
{
    for (uint32_t i = 0; i < topology->subscriptions.count; i++)
        free(sp_topology_at(topology, i)->event);
    sp_ring_free(&topology->subscriptions);
    sp_ring_free(&topology->declaring);
    sp_ring_free(&topology->consuming);
}

sp_subscription *sp_topology_at(const sp_topology *topology, uint32_t number)
{
    return sp_ring_at(&topology->subscriptions, number);
}

void sp_topology_reset(sp_topology *topology)
{
    sp_ring_clear(&topology->declaring);
    sp_ring_clear(&topology->consuming);
    topology->exchange_stands = false;
    for (uint32_t i = 0; i < topology->subscriptions.count; i++) {
        sp_subscription *subscription = sp_topology_at(topology, i);
        subscription->state = SP_SUBSCRIPTION_WANTED;
        subscription->settled = subscription->told = false;
        subscription->retry_at = SPECTACLES_NEVER;
    }
}

static int find_queue(const sp_topology *topology, const char *queue)
{
    for (uint32_t i = 0; i < topology->subscriptions.count; i++) {
        if (strcmp(sp_topology_at(topology, i)->queue, queue) == 0)
            return (int)i;
    }
    return -1;
}

int sp_topology_add(sp_topology *topology, const char *group, const spectacles_subscription *wanted,
                    uint32_t prefetch)
{
    char queue[SPECTACLES_ROUTE_MAX + 1];
    int length = spectacles_route_queue(queue, sizeof queue, group, strlen(group), wanted->subgroup,
                                        wanted->subgroup_length, wanted->event, wanted->event_length);
    if (length < 0)
        return length;
    int found = find_queue(topology, queue);
    if (found >= 0)
        return found;
    char *event = sp_text_copy(wanted->event, wanted->event_length);
    sp_subscription *subscription = event ? sp_ring_push(&topology->subscriptions) : NULL;
    if (!subscription) {
        free(event);
        return SPECTACLES_E_NOMEM;
    }
    memcpy(subscription->queue, queue, (size_t)length + 1);
    subscription->event = event;
    subscription->prefetch = (uint16_t)prefetch;
    subscription->declare_only = wanted->declare_only;
    subscription->retry_at = SPECTACLES_NEVER;
    return (int)topology->subscriptions.count - 1;
}

/* ---- Asking ---- */

static int note(sp_ring *requests, enum sp_request_kind kind, uint32_t number)
{
    sp_request *request = sp_ring_push(requests);
    if (!request)
        return SPECTACLES_E_NOMEM;
    *request = (sp_request){kind, number};
    return SPECTACLES_OK;
}

/* One method and its note: both or neither. */
static int ask(sp_ring *requests, enum sp_request_kind kind, uint32_t number, sp_buffer *out,
               uint16_t channel, amqp_method_number_t id, const void *method)
{
    int error = note(requests, kind, number);
    if (error != SPECTACLES_OK)
        return error;
    error = sp_wire_method(out, channel, id, method);
    if (error != SPECTACLES_OK)
        sp_ring_pop_back(requests);
    return error;
}

int sp_topology_declare_exchange(sp_topology *topology, sp_buffer *out, const char *group)
{
    amqp_exchange_declare_t declare = {
        .exchange = sp_wire_text(group), .type = sp_wire_text("direct"), .durable = 1};
    return ask(&topology->declaring, SP_REQUEST_EXCHANGE, 0, out, SP_CHANNEL_DECLARE,
               AMQP_EXCHANGE_DECLARE_METHOD, &declare);
}

int sp_topology_declare(sp_topology *topology, sp_buffer *out, const char *group, uint32_t number)
{
    sp_subscription *subscription = sp_topology_at(topology, number);
    size_t before = sp_buffer_length(out);
    amqp_queue_declare_t declare = {.queue = sp_wire_text(subscription->queue), .durable = 1};
    amqp_queue_bind_t bind = {.queue = declare.queue,
                              .exchange = sp_wire_text(group),
                              .routing_key = sp_wire_text(subscription->event)};
    int error = ask(&topology->declaring, SP_REQUEST_QUEUE, number, out, SP_CHANNEL_DECLARE,
                    AMQP_QUEUE_DECLARE_METHOD, &declare);
    if (error != SPECTACLES_OK)
        return error;
    error = ask(&topology->declaring, SP_REQUEST_BIND, number, out, SP_CHANNEL_DECLARE,
                AMQP_QUEUE_BIND_METHOD, &bind);
    if (error != SPECTACLES_OK) {
        sp_ring_pop_back(&topology->declaring);
        sp_buffer_truncate(out, before);
        return error;
    }
    subscription->state = SP_SUBSCRIPTION_DECLARING;
    return SPECTACLES_OK;
}

uint64_t sp_consumer_number(amqp_bytes_t tag)
{
    const char *chars = tag.bytes;
    uint64_t number = 0;
    if (tag.len < 2 || tag.len > 11 || chars[0] != 's')
        return UINT64_MAX;
    for (size_t i = 1; i < tag.len; i++) {
        if (chars[i] < '0' || chars[i] > '9')
            return UINT64_MAX;
        number = number * 10 + (uint64_t)(chars[i] - '0');
    }
    return number;
}

/* In RabbitMQ, a qos that is not global holds for each consumer that is started after it. */
int sp_topology_consume(sp_topology *topology, sp_buffer *out, uint32_t number)
{
    char tag[16];
    sp_subscription *subscription = sp_topology_at(topology, number);
    size_t before = sp_buffer_length(out);
    snprintf(tag, sizeof tag, "s%u", (unsigned)number);
    amqp_basic_qos_t qos = {.prefetch_count = subscription->prefetch};
    amqp_basic_consume_t consume = {.queue = sp_wire_text(subscription->queue),
                                    .consumer_tag = sp_wire_text(tag)};
    int error = ask(&topology->consuming, SP_REQUEST_QOS, number, out, SP_CHANNEL_CONSUME,
                    AMQP_BASIC_QOS_METHOD, &qos);
    if (error != SPECTACLES_OK)
        return error;
    error = ask(&topology->consuming, SP_REQUEST_CONSUME, number, out, SP_CHANNEL_CONSUME,
                AMQP_BASIC_CONSUME_METHOD, &consume);
    if (error != SPECTACLES_OK) {
        sp_ring_pop_back(&topology->consuming);
        sp_buffer_truncate(out, before);
        return error;
    }
    subscription->state = SP_SUBSCRIPTION_CONSUMING;
    return SPECTACLES_OK;
}

/* ---- Looking ---- */

bool sp_topology_consumes(const sp_topology *topology, uint64_t number)
{
    if (number >= topology->subscriptions.count)
        return false;
    const sp_subscription *subscription = sp_topology_at(topology, (uint32_t)number);
    return subscription->state >= SP_SUBSCRIPTION_CONSUMING && !subscription->declare_only;
}

bool sp_topology_is_settled(const sp_topology *topology)
{
    for (uint32_t i = 0; i < topology->subscriptions.count; i++) {
        if (!sp_topology_at(topology, i)->settled)
            return false;
    }
    return topology->exchange_stands;
}

uint64_t sp_topology_deadline(const sp_topology *topology)
{
    uint64_t deadline = SPECTACLES_NEVER;
    for (uint32_t i = 0; i < topology->subscriptions.count; i++) {
        uint64_t retry_at = sp_topology_at(topology, i)->retry_at;
        deadline = retry_at < deadline ? retry_at : deadline;
    }
    return deadline;
}
