/*
 * Subscriptions: the requests to the broker for each subscription, and how a subscription fails and ends. Called by
 * broker.c for the owner, by setup.c and channels.c for the answers of the broker, and by connection.c when a
 * connection has ended.
 */
#include "broker/subscriptions.h"
#include "broker/trial.h"

/* ---- Asking ---- */

bool sp_broker_is_set_up(const spectacles_broker *broker)
{
    return broker->transport == SP_TRANSPORT_OPEN && broker->state >= SPECTACLES_BROKER_SETUP &&
           broker->state <= SPECTACLES_BROKER_DRAINING;
}

/* Whether the channel for declaring is free. During a trial it is not. */
static bool may_declare(const spectacles_broker *broker)
{
    return broker->channels[SP_CHANNEL_DECLARE] == SP_CHANNEL_OPEN &&
           broker->topology.trial.state == SP_TRIAL_NONE;
}

static bool has_request(const sp_ring *requests, enum sp_request_kind kind)
{
    const sp_request *front = sp_ring_front(requests);
    return front && front->kind == kind;
}

static bool exchange_is_wanted(const spectacles_broker *broker)
{
    return !broker->topology.exchange_stands &&
           !has_request(&broker->topology.declaring, SP_REQUEST_EXCHANGE);
}

/*
 * The other nodes of RabbitMQ drop the exclusive queues of a node that they take for dead. When the node goes on, its
 * connections go on, and nobody is told (seen on 4.3). So the queue is looked for.
 */
static int look_for_queue(spectacles_broker *broker, uint32_t number, uint64_t now)
{
    sp_topology_set_retry(&broker->topology, number, now + SP_LOOK_EVERY);
    return may_declare(broker) ? sp_topology_look(&broker->topology, &broker->control, number)
                               : SPECTACLES_OK;
}

static int request_subscription(spectacles_broker *broker, uint32_t number, uint64_t now)
{
    const sp_subscription *subscription = sp_topology_at(&broker->topology, number);
    if (subscription->state == SP_SUBSCRIPTION_FAILED && now >= subscription->retry_at)
        sp_topology_set_state(&broker->topology, number, SP_SUBSCRIPTION_WANTED);
    if (subscription->state == SP_SUBSCRIPTION_ACTIVE && now >= subscription->retry_at)
        return look_for_queue(broker, number, now);
    if (subscription->state == SP_SUBSCRIPTION_WANTED &&
        broker->topology.declare == SPECTACLES_DECLARE_NOTHING)
        sp_broker_note_declared(broker, number, now);
    if (subscription->state == SP_SUBSCRIPTION_WANTED && may_declare(broker) &&
        broker->topology.exchange_stands)
        return sp_topology_declare(&broker->topology, &broker->control, broker->group, number);
    if (subscription->state == SP_SUBSCRIPTION_DECLARED && !subscription->doubtful &&
        broker->channels[SP_CHANNEL_CONSUME] == SP_CHANNEL_OPEN)
        return sp_topology_consume(&broker->topology, &broker->control, number);
    return SPECTACLES_OK;
}

int sp_broker_request_topology(spectacles_broker *broker, uint64_t now)
{
    int error = SPECTACLES_OK;
    if (!sp_broker_is_set_up(broker))
        return SPECTACLES_OK;
    if (may_declare(broker) && exchange_is_wanted(broker))
        error = sp_topology_declare_exchange(&broker->topology, &broker->control, broker->group);
    for (uint32_t i = 0; i < broker->topology.subscriptions.count && error == SPECTACLES_OK; i++)
        error = request_subscription(broker, i, now);
    if (error == SPECTACLES_OK && may_declare(broker) && broker->topology.declaring.count == 0)
        error = sp_trial_begin(&broker->topology, &broker->control);
    return error;
}

/* ---- Results ---- */

void sp_broker_note_subscribed(spectacles_broker *broker, uint32_t number, uint64_t now)
{
    sp_subscription *subscription = sp_topology_at(&broker->topology, number);
    if (!subscription->is_announced)
        sp_topology_add_notice(&broker->topology, number, SP_NOTICE_SUBSCRIBED);
    sp_topology_set_state(&broker->topology, number, SP_SUBSCRIPTION_ACTIVE);
    subscription->is_announced = true;
    if (subscription->exclusive)
        sp_topology_set_retry(&broker->topology, number, now + SP_LOOK_EVERY);
}

void sp_broker_note_declared(spectacles_broker *broker, uint32_t number, uint64_t now)
{
    const sp_subscription *subscription = sp_topology_at(&broker->topology, number);
    if (subscription->declare_only)
        sp_broker_note_subscribed(broker, number, now);
    else
        sp_topology_set_state(&broker->topology, number, SP_SUBSCRIPTION_DECLARED);
}

sp_queue_failure *sp_broker_fail_subscription(spectacles_broker *broker, uint32_t number, uint64_t retry_at)
{
    sp_subscription *subscription = sp_topology_at(&broker->topology, number);
    sp_topology_set_state(&broker->topology, number, SP_SUBSCRIPTION_FAILED);
    subscription->is_announced = false;
    sp_topology_set_retry(&broker->topology, number, retry_at);
    sp_topology_add_notice(&broker->topology, number, SP_NOTICE_FAILED);
    broker->failure = (sp_queue_failure){.until = retry_at};
    return &broker->failure;
}

/* ---- Ending ---- */

void sp_broker_end_subscription(spectacles_broker *broker, uint32_t number)
{
    sp_subscription *subscription = sp_topology_at(&broker->topology, number);
    bool again = subscription->state == SP_SUBSCRIPTION_REJOINING;
    sp_topology_set_state(&broker->topology, number, again ? SP_SUBSCRIPTION_WANTED : SP_SUBSCRIPTION_GONE);
    subscription->was_tried = !again;
    subscription->is_announced = false;
    if (broker->state != SPECTACLES_BROKER_CLOSED) /* no event may follow CLOSED */
        sp_topology_add_notice(&broker->topology, number, SP_NOTICE_ENDED);
    sp_stream_touch(&broker->stream);
}

void sp_broker_end_leaving(spectacles_broker *broker)
{
    for (uint32_t i = 0; i < broker->topology.subscriptions.count; i++) {
        if (sp_subscription_is_leaving(sp_topology_at(&broker->topology, i)))
            sp_broker_end_subscription(broker, i);
    }
}

/* Whether a request of the subscription is open. The subscription then ends after the answer. */
static bool awaits_answer(const sp_subscription *subscription)
{
    return subscription->state == SP_SUBSCRIPTION_DECLARING ||
           subscription->state == SP_SUBSCRIPTION_TRYING || subscription->state == SP_SUBSCRIPTION_CONSUMING;
}

int sp_broker_unsubscribe(spectacles_broker *broker, uint32_t number)
{
    sp_topology *topology = &broker->topology;
    const sp_subscription *subscription = sp_topology_at(topology, number);
    if (subscription->state == SP_SUBSCRIPTION_GONE || subscription->state == SP_SUBSCRIPTION_LEAVING)
        return SPECTACLES_OK;
    bool leaves = subscription->state == SP_SUBSCRIPTION_REJOINING;
    bool consumes = subscription->state == SP_SUBSCRIPTION_ACTIVE && !subscription->declare_only;
    if (!leaves && (!sp_broker_is_set_up(broker) || (!awaits_answer(subscription) && !consumes))) {
        sp_broker_end_subscription(broker, number);
        return SPECTACLES_OK;
    }
    int error = consumes ? sp_topology_cancel(topology, &broker->control, number) : SPECTACLES_OK;
    if (error == SPECTACLES_OK)
        sp_topology_set_state(topology, number, SP_SUBSCRIPTION_LEAVING);
    return error;
}
