/*
 * Opens the three channels, and opens a channel again after it was closed. Handles channel.close: finds the
 * request that the broker refused, and repeats the other requests of the channel. Called by receive.c.
 */
#include "broker/channels.h"
#include "broker/connection.h"
#include "broker/events.h"
#include "broker/refusal.h"
#include "broker/rpc.h"
#include "broker/setup.h"
#include "broker/state.h"
#include "broker/subscriptions.h"
#include "broker/trial.h"

#include <string.h>

/* ---- Opening ---- */

static int open_channel(spectacles_broker *broker, uint16_t channel)
{
    amqp_channel_open_t open = {.out_of_band = amqp_empty_bytes};
    amqp_confirm_select_t select = {.nowait = 0};
    int error = sp_wire_method(&broker->control, channel, AMQP_CHANNEL_OPEN_METHOD, &open);
    if (error == SPECTACLES_OK && channel == SP_CHANNEL_PUBLISH)
        error = sp_wire_method(&broker->control, channel, AMQP_CONFIRM_SELECT_METHOD, &select);
    if (error != SPECTACLES_OK)
        return error;
    broker->channels[channel] = SP_CHANNEL_OPENING;
    if (channel == SP_CHANNEL_CONSUME) {
        sp_deliveries_renew(&broker->deliveries);
        sp_topology_renew_consumers(&broker->topology);
    }
    if (channel != SP_CHANNEL_PUBLISH)
        return SPECTACLES_OK;
    broker->nacking_since = SPECTACLES_NEVER;
    sp_broker_set_publishing(broker, SP_PUBLISHING_SELECTING);
    return sp_broker_consume_replies(broker);
}

int sp_broker_open_channels(spectacles_broker *broker)
{
    sp_topology_reset(&broker->topology);
    for (uint16_t channel = SP_CHANNEL_DECLARE; channel < SP_CHANNELS; channel++) {
        int error = open_channel(broker, channel);
        if (error != SPECTACLES_OK)
            return error;
    }
    return SPECTACLES_OK;
}

int sp_broker_on_channel_opened(spectacles_broker *broker, uint16_t channel, uint64_t now)
{
    if (broker->channels[channel] != SP_CHANNEL_OPENING && broker->channels[channel] != SP_CHANNEL_REOPENING)
        return SPECTACLES_E_PROTO;
    broker->channels[channel] = SP_CHANNEL_OPEN;
    sp_broker_check_ready(broker, now);
    return sp_broker_request_topology(broker, now);
}

/* ---- The channel for declaring ---- */

/*
 * The exchange can not be used. Nothing works without the exchange, so the connection is given up. An exchange that was
 * deleted is declared again on the next connection. Any other reason needs a person.
 */
static void give_up_exchange(spectacles_broker *broker, const amqp_channel_close_t *close, const char *what,
                             uint64_t now)
{
    sp_broker_close_reason *reason = sp_broker_set_reason(
        broker, close->reply_code, close->reply_code == 403 ? SPECTACLES_E_AUTH : SPECTACLES_E_INVAL);
    if (reason) {
        reason->configuration = close->reply_code != 404 || broker->topology.declare != SPECTACLES_DECLARE;
        sp_text_set(&reason->text, "exchange '%s' %s", broker->group, what);
        sp_broker_quote(&reason->text, close->reply_code, close->reply_text);
    }
    sp_broker_close_connection(broker, 200, now);
}

static void refuse_subscription(spectacles_broker *broker, uint32_t number, const amqp_channel_close_t *close,
                                uint64_t now)
{
    sp_subscription *subscription = sp_topology_at(&broker->topology, number);
    if (sp_subscription_is_leaving(subscription)) {
        sp_broker_end_subscription(broker, number);
        return;
    }
    if (subscription->state == SP_SUBSCRIPTION_GONE)
        return;
    enum sp_refusal refusal = sp_refusal_of(close);
    bool consume = subscription->state != SP_SUBSCRIPTION_DECLARING;
    bool away = refusal == SP_REFUSAL_AWAY;
    sp_queue_failure *failure =
        sp_broker_fail_subscription(broker, number, now + (away ? SP_RETRY_AWAY : SP_RETRY_REFUSED));
    subscription->doubtful = subscription->doubtful || consume;
    failure->code = close->reply_code;
    failure->error = away ? SPECTACLES_E_CLOSED : SPECTACLES_E_INVAL;
    if (close->reply_code == 403)
        failure->error = SPECTACLES_E_AUTH;
    sp_refusal_explain_queue(&failure->text, refusal, subscription, broker->topology.declare, close);
    sp_broker_quote(&failure->text, close->reply_code, close->reply_text);
}

static bool is_asked_for(const sp_subscription *subscription)
{
    return subscription->state == SP_SUBSCRIPTION_DECLARING ||
           subscription->state == SP_SUBSCRIPTION_CONSUMING || sp_subscription_is_leaving(subscription);
}

/*
 * The broker has ignored all requests behind the refused request. They are repeated, except those of subscriptions that
 * the owner has ended: these subscriptions end now.
 */
static void ask_again(spectacles_broker *broker, sp_ring *requests, enum sp_subscription_state state)
{
    for (size_t i = 0; i < requests->count; i++) {
        const sp_request *request = sp_ring_at(requests, i);
        const sp_subscription *subscription = sp_topology_find(&broker->topology, request->subscription);
        if (!subscription || request->kind == SP_REQUEST_EXCHANGE || !is_asked_for(subscription))
            continue;
        if (sp_subscription_is_leaving(subscription))
            sp_broker_end_subscription(broker, request->subscription);
        else
            sp_topology_set_state(&broker->topology, request->subscription, state);
    }
    sp_ring_clear(requests);
}

static sp_slice text_slice(const char *text)
{
    return (sp_slice){(const uint8_t *)text, strlen(text)};
}

static int on_declare_channel_closed(spectacles_broker *broker, const amqp_channel_close_t *close,
                                     uint64_t now)
{
    int error = SPECTACLES_OK;
    sp_ring *requests = &broker->topology.declaring;
    const sp_request *refused = sp_ring_front(requests);
    if (sp_trial_end(&broker->topology))
        refuse_subscription(broker, broker->topology.trial.subscription, close, now);
    if (refused && refused->kind == SP_REQUEST_EXCHANGE) {
        sp_text what;
        sp_refusal_explain_exchange(&what, broker->topology.declare, close);
        give_up_exchange(broker, close, what.chars, now);
        return SPECTACLES_OK;
    }
    /* The exchange was deleted: it is declared again, and then the queue is bound again. */
    bool exchange_is_gone = refused && refused->kind == SP_REQUEST_BIND && close->reply_code == 404 &&
                            sp_wire_quotes(close->reply_text, text_slice(broker->group));
    if (exchange_is_gone)
        broker->topology.exchange_stands = false;
    else if (refused && refused->kind == SP_REQUEST_LOOK)
        error = sp_broker_on_queue_gone(broker, refused->subscription, close->reply_code, now);
    else if (refused)
        refuse_subscription(broker, refused->subscription, close, now);
    ask_again(broker, requests, SP_SUBSCRIPTION_WANTED);
    return error;
}

/* ---- The channel for consuming ---- */

/*
 * The request that the broker refused, or NULL. Answers can come in another order than their requests, so the queue in
 * the text of channel.close decides, and else the first request. RabbitMQ also ends the channel without a request, when
 * a delivery was not acknowledged within consumer_timeout.
 */
static const sp_request *find_refused(const spectacles_broker *broker, const amqp_channel_close_t *close)
{
    if (close->class_id == 0)
        return NULL;
    const sp_request *refused = sp_ring_front(&broker->topology.consuming);
    for (size_t i = 0; i < broker->topology.consuming.count; i++) {
        const sp_request *request = sp_ring_at(&broker->topology.consuming, i);
        const char *queue = sp_topology_at(&broker->topology, request->subscription)->queue;
        if (sp_wire_quotes(close->reply_text, text_slice(queue)))
            return request;
    }
    return refused;
}

/* The channel of the consumers has ended. The consumers are started again at once. */
static void note_interruption(spectacles_broker *broker, const amqp_channel_close_t *close, uint64_t now)
{
    broker->interruption =
        (sp_queue_failure){.code = close->reply_code, .error = SPECTACLES_E_CLOSED, .until = now};
    sp_broker_quote(&broker->interruption.text, close->reply_code, close->reply_text);
}

static void on_consume_channel_closed(spectacles_broker *broker, const amqp_channel_close_t *close,
                                      uint64_t now)
{
    sp_ring *requests = &broker->topology.consuming;
    const sp_request *refused = find_refused(broker, close);
    if (refused)
        refuse_subscription(broker, refused->subscription, close, now);
    note_interruption(broker, close, now);
    ask_again(broker, requests, SP_SUBSCRIPTION_DECLARED);
    for (uint32_t i = 0; i < broker->topology.subscriptions.count; i++) {
        sp_subscription *subscription = sp_topology_at(&broker->topology, i);
        if (subscription->state != SP_SUBSCRIPTION_ACTIVE || subscription->declare_only)
            continue;
        sp_topology_set_state(&broker->topology, i, SP_SUBSCRIPTION_DECLARED);
        subscription->is_announced = false;
        sp_topology_add_notice(&broker->topology, i, SP_NOTICE_INTERRUPTED);
    }
    sp_content_reset(&broker->delivered);
}

/* ---- The channel for publishing ---- */

/*
 * A message fails when the exchange that its owner named is refused, or when it is larger than RabbitMQ's
 * max_message_size: it would be refused again each time. When no message is to blame, the exchange of the group is
 * refused.
 */
static void on_publish_channel_closed(spectacles_broker *broker, const amqp_channel_close_t *close,
                                      uint64_t now)
{
    sp_content_reset(&broker->returned);
    if (close->class_id == AMQP_BASIC_CLASS && close->method_id == (AMQP_BASIC_CONSUME_METHOD & 0xffff)) {
        sp_broker_refuse_calls(broker);
        return;
    }
    uint64_t tag = sp_publishes_find_refused(&broker->publishes, close->reply_text, broker->group);
    if (tag != 0 && sp_publishes_is_call(&broker->publishes, tag)) {
        sp_broker_fail_call(broker, tag, SPECTACLES_CALL_REFUSED, close->reply_code, close->reply_text);
        return;
    }
    if (tag == 0) {
        give_up_exchange(broker, close, "can not be published to", now);
        return;
    }
    broker->stats.failed++;
    sp_pending_event *pending = sp_broker_queue_event(broker, SPECTACLES_BROKER_EVENT_FAILED);
    if (!pending)
        return;
    pending->event.tag = tag;
    pending->event.code = close->reply_code;
    sp_text_set(&pending->text, "the broker does not take this message");
    sp_broker_quote(&pending->text, close->reply_code, close->reply_text);
}

/*
 * A record that is partly written has to be completed before anything else, although the broker will ignore it. The
 * record then counts as written, because it may be the record that the broker refused.
 */
static int finish_cut_record(spectacles_broker *broker)
{
    sp_slice rest = sp_publishes_cut_remainder(&broker->publishes);
    sp_slice control = sp_buffer_slice(&broker->control);
    sp_buffer both = {0};
    if (rest.length == 0)
        return SPECTACLES_OK;
    sp_buffer_append(&both, rest.bytes, rest.length);
    sp_buffer_append(&both, control.bytes, control.length);
    if (sp_buffer_failed(&both)) {
        sp_buffer_free(&both);
        return SPECTACLES_E_NOMEM;
    }
    sp_buffer_free(&broker->control);
    broker->control = both;
    sp_publishes_consumed(&broker->publishes, rest.length);
    return SPECTACLES_OK;
}

/* ---- A channel that brings nacks alone ---- */

/*
 * RabbitMQ keeps for each channel where the leader of a quorum queue is. When that node is gone at the first publish,
 * RabbitMQ refuses (nack) everything on this channel for as long as the node is away, although the queue has another
 * leader. A new channel asks anew. For a queue that is full a new channel changes nothing.
 */
int sp_broker_renew_publishing(spectacles_broker *broker)
{
    amqp_channel_close_t close = {.reply_code = 200, .reply_text = sp_wire_text("")};
    int error = finish_cut_record(broker);
    if (error == SPECTACLES_OK)
        error = sp_wire_method(&broker->control, SP_CHANNEL_PUBLISH, AMQP_CHANNEL_CLOSE_METHOD, &close);
    if (error != SPECTACLES_OK)
        return error;
    sp_content_reset(&broker->returned);
    sp_broker_set_publishing(broker, SP_PUBLISHING_CLOSED);
    broker->channels[SP_CHANNEL_PUBLISH] = SP_CHANNEL_CLOSING;
    broker->publishes.due = SPECTACLES_NEVER;
    return SPECTACLES_OK;
}

static int reopen_publishing(spectacles_broker *broker)
{
    sp_broker_lose_calls(broker);
    int error = sp_publishes_rewind(&broker->publishes, broker->frame_max);
    return error == SPECTACLES_OK ? open_channel(broker, SP_CHANNEL_PUBLISH) : error;
}

int sp_broker_on_channel_closed(spectacles_broker *broker, uint16_t channel)
{
    if (channel == SP_CHANNEL_PUBLISH)
        return reopen_publishing(broker);
    sp_trial_end(&broker->topology);
    return open_channel(broker, SP_CHANNEL_DECLARE);
}

/* ---- channel.close ---- */

int sp_broker_on_channel_close(spectacles_broker *broker, uint16_t channel, const amqp_channel_close_t *close,
                               uint64_t now)
{
    amqp_channel_close_ok_t close_ok = {0};
    broker->channels[channel] = SP_CHANNEL_CLOSED;
    int error = channel == SP_CHANNEL_PUBLISH ? finish_cut_record(broker) : SPECTACLES_OK;
    if (error == SPECTACLES_OK)
        error = sp_wire_method(&broker->control, channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &close_ok);
    if (error != SPECTACLES_OK)
        return error;
    if (channel == SP_CHANNEL_DECLARE)
        error = on_declare_channel_closed(broker, close, now);
    else if (channel == SP_CHANNEL_CONSUME)
        on_consume_channel_closed(broker, close, now);
    else
        on_publish_channel_closed(broker, close, now);
    if (error != SPECTACLES_OK || broker->state < SPECTACLES_BROKER_SETUP ||
        broker->state > SPECTACLES_BROKER_DRAINING)
        return error;
    if (channel == SP_CHANNEL_PUBLISH) {
        sp_broker_lose_calls(broker);
        error = sp_publishes_rewind(&broker->publishes, broker->frame_max);
    }
    if (error == SPECTACLES_OK)
        error = open_channel(broker, channel);
    if (error == SPECTACLES_OK)
        broker->channels[channel] = SP_CHANNEL_REOPENING;
    sp_broker_check_ready(broker, now);
    return error;
}
