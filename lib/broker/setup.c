/*
 * The broker's answers to declarations and to basic.consume. When all subscriptions have been tried, the broker is
 * READY. Called by receive.c and channels.c.
 */
#include "broker/setup.h"
#include "broker/events.h"
#include "broker/state.h"
#include "broker/subscriptions.h"
#include "broker/trial.h"
#include "routing/route.h"

#include <string.h>

void sp_broker_check_ready(spectacles_broker *broker, uint64_t now)
{
    if (broker->state != SPECTACLES_BROKER_SETUP || !sp_broker_has_confirms(broker) ||
        broker->channels[SP_CHANNEL_CONSUME] != SP_CHANNEL_OPEN || !sp_topology_was_tried(&broker->topology))
        return;
    sp_broker_set_state(broker, SPECTACLES_BROKER_READY, now);
    sp_pending_event *pending = sp_broker_queue_event(broker, SPECTACLES_BROKER_EVENT_READY);
    if (pending)
        sp_text_set(&pending->text, "%s", broker->product);
}

/* ---- Answers ---- */

/* Whether this answer is the last one of a declaration. Not every declaration has a queue.bind. */
static bool ends_declaring(const spectacles_broker *broker, enum sp_request_kind kind, uint32_t number)
{
    const sp_subscription *subscription = sp_topology_at(&broker->topology, number);
    return kind == (sp_topology_binds(&broker->topology, subscription) ? SP_REQUEST_BIND : SP_REQUEST_QUEUE);
}

/* The broker has answered a request of a subscription that is LEAVING or REJOINING. */
static int continue_leaving(spectacles_broker *broker, enum sp_request_kind kind, uint32_t number)
{
    if (kind == SP_REQUEST_CONSUME)
        return sp_topology_cancel(&broker->topology, &broker->control, number);
    if (kind == SP_REQUEST_CANCEL || ends_declaring(broker, kind, number))
        sp_broker_end_subscription(broker, number);
    return SPECTACLES_OK;
}

static int answered(spectacles_broker *broker, enum sp_request_kind kind, uint32_t number, uint64_t now)
{
    int error = SPECTACLES_OK;
    if (kind == SP_REQUEST_EXCHANGE)
        broker->topology.exchange_stands = true;
    else if (sp_subscription_is_leaving(sp_topology_at(&broker->topology, number)))
        error = continue_leaving(broker, kind, number);
    else if (kind == SP_REQUEST_CONSUME)
        sp_broker_note_subscribed(broker, number, now);
    else if (ends_declaring(broker, kind, number))
        sp_broker_note_declared(broker, number, now);
    sp_broker_check_ready(broker, now);
    return error == SPECTACLES_OK ? sp_broker_request_topology(broker, now) : error;
}

/* Takes over the name that RabbitMQ has chosen for an exclusive queue. */
static bool note_name(sp_subscription *subscription, amqp_bytes_t name)
{
    if (name.len == 0 || name.len >= sizeof subscription->queue ||
        !sp_route_is_name_part(name.bytes, name.len))
        return false;
    memcpy(subscription->queue, name.bytes, name.len);
    subscription->queue[name.len] = '\0';
    return true;
}

/* The answer says how full the queue is, and how many consume it. */
static bool note_queue(sp_subscription *subscription, const amqp_queue_declare_ok_t *answer)
{
    subscription->message_count = answer->message_count;
    subscription->consumer_count = answer->consumer_count;
    return subscription->exclusive ? note_name(subscription, answer->queue)
                                   : sp_wire_is(answer->queue, subscription->queue);
}

/* queue.declare-ok answers both requests that are a queue.declare. */
static bool is_answer(const sp_request *request, enum sp_request_kind kind)
{
    return request->kind == kind || (request->kind == SP_REQUEST_LOOK && kind == SP_REQUEST_QUEUE);
}

int sp_broker_on_declared(spectacles_broker *broker, enum sp_request_kind kind,
                          const amqp_queue_declare_ok_t *queue, uint64_t now)
{
    const sp_request *front = sp_ring_front(&broker->topology.declaring);
    if (!front || !is_answer(front, kind))
        return SPECTACLES_E_PROTO;
    sp_request request = *front;
    if (request.kind == SP_REQUEST_QUEUE &&
        !note_queue(sp_topology_at(&broker->topology, request.subscription), queue))
        return SPECTACLES_E_PROTO;
    sp_ring_pop(&broker->topology.declaring);
    return answered(broker, request.kind, request.subscription, now);
}

/* The answers can come in another order: in RabbitMQ a queue answers basic.consume, and the channel basic.qos. */
int sp_broker_on_consuming(spectacles_broker *broker, enum sp_request_kind kind,
                           const amqp_bytes_t *consumer_tag, uint64_t now)
{
    sp_topology *topology = &broker->topology;
    uint64_t consumer = consumer_tag ? sp_consumer_read_tag(*consumer_tag) : SP_CONSUMER_NONE;
    for (size_t i = 0; i < topology->consuming.count; i++) {
        const sp_request *request = sp_ring_at(&topology->consuming, i);
        uint32_t number = request->subscription;
        if (request->kind != kind || (consumer_tag && consumer != sp_topology_consumer(topology, number)))
            continue;
        sp_ring_remove(&topology->consuming, i);
        return answered(broker, kind, number, now);
    }
    /* The broker may cancel a consumer before it answers basic.consume. */
    bool over = kind == SP_REQUEST_CONSUME && sp_topology_knows(topology, consumer) &&
                !sp_topology_is_current(topology, consumer);
    return over ? SPECTACLES_OK : SPECTACLES_E_PROTO;
}

/* ---- Trials ---- */

int sp_broker_on_trial(spectacles_broker *broker, amqp_method_number_t id, uint64_t now)
{
    sp_topology *topology = &broker->topology;
    if (id != AMQP_BASIC_CONSUME_OK_METHOD)
        return sp_trial_allows(id) ? SPECTACLES_OK : SPECTACLES_E_PROTO;
    int error = sp_trial_pass(topology, &broker->control);
    if (error != SPECTACLES_OK)
        return error;
    broker->channels[SP_CHANNEL_DECLARE] = SP_CHANNEL_CLOSING;
    if (sp_subscription_is_leaving(sp_topology_at(topology, topology->trial.subscription)))
        sp_broker_end_subscription(broker, topology->trial.subscription);
    else
        sp_broker_note_declared(broker, topology->trial.subscription, now);
    return sp_broker_request_topology(broker, now);
}

/* ---- Consumers that the broker cancels ---- */

/*
 * A consumer has ended: its deliveries that are not settled go back to the queue. RabbitMQ 4.3 may have given some of
 * them to another consumer already, after consumer_timeout. The broker does not say which, so all are rejected.
 */
static int give_back(spectacles_broker *broker, uint64_t consumer)
{
    size_t at = 0;
    amqp_basic_reject_t reject = {.requeue = 1};
    int error = sp_topology_forget(&broker->control, consumer);
    while (error == SPECTACLES_OK &&
           (reject.delivery_tag = sp_deliveries_take_of(&broker->deliveries, consumer, &at)) != 0) {
        error = sp_wire_method(&broker->control, SP_CHANNEL_CONSUME, AMQP_BASIC_REJECT_METHOD, &reject);
        broker->stats.rejected++;
    }
    return error;
}

/* Forgets the open basic.consume of a subscription: its answer is not awaited any more. */
static void drop_consume(sp_topology *topology, uint32_t number)
{
    for (size_t i = 0; i < topology->consuming.count; i++) {
        const sp_request *request = sp_ring_at(&topology->consuming, i);
        if (request->kind != SP_REQUEST_CONSUME || request->subscription != number)
            continue;
        sp_ring_remove(&topology->consuming, i);
        return;
    }
}

/*
 * RabbitMQ 4.3 may cancel the same consumer more than once, and may cancel a consumer while the owner ends its
 * subscription. Such a basic.cancel is ignored: it counts only while the consumer is the current one.
 */
int sp_broker_on_cancelled(spectacles_broker *broker, const amqp_basic_cancel_t *cancel, uint64_t now)
{
    uint64_t consumer = sp_consumer_read_tag(cancel->consumer_tag);
    uint32_t number = sp_consumer_subscription(consumer);
    if (!sp_topology_knows(&broker->topology, consumer))
        return SPECTACLES_E_PROTO;
    if (!sp_topology_is_current(&broker->topology, consumer))
        return SPECTACLES_OK;
    drop_consume(&broker->topology, number);
    sp_queue_failure *failure = sp_broker_fail_subscription(broker, number, now + SP_RETRY_CANCELLED);
    sp_text_set(
        &failure->text,
        "the broker cancelled the consumer of queue '%s': the queue was deleted, its node is gone, or a "
        "delivery was held for longer than the broker's consumer_timeout; what was not acknowledged is "
        "delivered again, here or elsewhere",
        sp_topology_at(&broker->topology, number)->queue);
    int error = give_back(broker, consumer);
    sp_broker_check_ready(broker, now);
    return error;
}

/* Looked for and not found. The consumer of it is still there for RabbitMQ, and gets nothing any more. */
int sp_broker_on_queue_gone(spectacles_broker *broker, uint32_t number, uint16_t code, uint64_t now)
{
    const sp_subscription *subscription = sp_topology_at(&broker->topology, number);
    if (subscription->state != SP_SUBSCRIPTION_ACTIVE || !subscription->exclusive)
        return SPECTACLES_OK; /* it has ended or failed meanwhile */
    sp_queue_failure *failure = sp_broker_fail_subscription(broker, number, now);
    failure->code = code;
    failure->error = SPECTACLES_E_CLOSED;
    sp_text_set(
        &failure->text,
        "the queue '%s' is gone, and its consumer was not told: nodes of RabbitMQ drop the exclusive queues "
        "of a node that they take for dead; there is another queue soon",
        subscription->queue);
    return give_back(broker, sp_topology_consumer(&broker->topology, number));
}
