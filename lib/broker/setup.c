#include "broker/broker.h"

#include "broker/refusal.h"

#include <string.h>

/* ---- Channels ---- */

int sp_broker_open_channel(spectacles_broker *broker, uint16_t channel)
{
    amqp_channel_open_t open = {.out_of_band = amqp_empty_bytes};
    amqp_confirm_select_t select = {.nowait = 0};
    int error = sp_wire_method(&broker->control, channel, AMQP_CHANNEL_OPEN_METHOD, &open);
    if (error == SPECTACLES_OK && channel == SP_CHANNEL_PUBLISH)
        error = sp_wire_method(&broker->control, channel, AMQP_CONFIRM_SELECT_METHOD, &select);
    if (error != SPECTACLES_OK)
        return error;
    broker->channels[channel] = SP_CHANNEL_OPENING;
    if (channel == SP_CHANNEL_CONSUME)
        sp_deliveries_renew(&broker->deliveries);
    if (channel != SP_CHANNEL_PUBLISH)
        return SPECTACLES_OK;
    broker->confirms = broker->stopped = false;
    return sp_broker_listen(broker);
}

int sp_broker_open_channels(spectacles_broker *broker)
{
    sp_topology_reset(&broker->topology);
    for (uint16_t channel = SP_CHANNEL_DECLARE; channel < SP_CHANNELS; channel++) {
        int error = sp_broker_open_channel(broker, channel);
        if (error != SPECTACLES_OK)
            return error;
    }
    return SPECTACLES_OK;
}

static bool is_set_up(const spectacles_broker *broker)
{
    return broker->transport == SP_TRANSPORT_OPEN && broker->state >= SPECTACLES_BROKER_SETUP &&
           broker->state <= SPECTACLES_BROKER_DRAINING;
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

static void tell_subscribed(spectacles_broker *broker, uint32_t number)
{
    sp_subscription *subscription = sp_topology_at(&broker->topology, number);
    if (!subscription->told)
        sp_topology_tell(&broker->topology, number, SP_NEWS_SUBSCRIBED);
    subscription->state = SP_SUBSCRIPTION_ACTIVE;
    subscription->settled = subscription->told = true;
}

static void take_for_declared(spectacles_broker *broker, uint32_t number)
{
    sp_subscription *subscription = sp_topology_at(&broker->topology, number);
    if (subscription->declare_only)
        tell_subscribed(broker, number);
    else
        subscription->state = SP_SUBSCRIPTION_DECLARED;
}

/* Passively there is no binding. */
static bool ends_declaring(const spectacles_broker *broker, enum sp_request_kind kind)
{
    return kind ==
           (broker->topology.declare == SPECTACLES_DECLARE_PASSIVE ? SP_REQUEST_QUEUE : SP_REQUEST_BIND);
}

static int advance_subscription(spectacles_broker *broker, uint32_t number, uint64_t now)
{
    sp_subscription *subscription = sp_topology_at(&broker->topology, number);
    if (subscription->state == SP_SUBSCRIPTION_FAILED && now >= subscription->retry_at) {
        subscription->state = SP_SUBSCRIPTION_WANTED;
        subscription->retry_at = SPECTACLES_NEVER;
    }
    if (subscription->state == SP_SUBSCRIPTION_WANTED &&
        broker->topology.declare == SPECTACLES_DECLARE_NOTHING)
        take_for_declared(broker, number);
    if (subscription->state == SP_SUBSCRIPTION_WANTED &&
        broker->channels[SP_CHANNEL_DECLARE] == SP_CHANNEL_OPEN && broker->topology.exchange_stands)
        return sp_topology_declare(&broker->topology, &broker->control, broker->group, number);
    if (subscription->state == SP_SUBSCRIPTION_DECLARED &&
        broker->channels[SP_CHANNEL_CONSUME] == SP_CHANNEL_OPEN)
        return sp_topology_consume(&broker->topology, &broker->control, number);
    return SPECTACLES_OK;
}

int sp_broker_advance(spectacles_broker *broker, uint64_t now)
{
    int error = SPECTACLES_OK;
    if (!is_set_up(broker))
        return SPECTACLES_OK;
    if (broker->channels[SP_CHANNEL_DECLARE] == SP_CHANNEL_OPEN && exchange_is_wanted(broker))
        error = sp_topology_declare_exchange(&broker->topology, &broker->control, broker->group);
    for (uint32_t i = 0; i < broker->topology.subscriptions.count && error == SPECTACLES_OK; i++)
        error = advance_subscription(broker, i, now);
    return error;
}

void sp_broker_check_ready(spectacles_broker *broker, uint64_t now)
{
    if (broker->state != SPECTACLES_BROKER_SETUP || !broker->confirms ||
        broker->channels[SP_CHANNEL_CONSUME] != SP_CHANNEL_OPEN || !sp_topology_is_settled(&broker->topology))
        return;
    broker->attempts = 0;
    sp_broker_become(broker, SPECTACLES_BROKER_READY, now);
    sp_news *news = sp_broker_tell(broker, SPECTACLES_BROKER_EVENT_READY);
    if (news)
        sp_text_set(&news->text, "%s", broker->product);
}

int sp_broker_on_channel_opened(spectacles_broker *broker, uint16_t channel, uint64_t now)
{
    if (broker->channels[channel] != SP_CHANNEL_OPENING && broker->channels[channel] != SP_CHANNEL_REOPENING)
        return SPECTACLES_E_PROTO;
    broker->channels[channel] = SP_CHANNEL_OPEN;
    sp_broker_check_ready(broker, now);
    return sp_broker_advance(broker, now);
}

/* ---- Leaving ---- */

static void end_subscription(spectacles_broker *broker, uint32_t number)
{
    sp_subscription *subscription = sp_topology_at(&broker->topology, number);
    subscription->state = subscription->again ? SP_SUBSCRIPTION_WANTED : SP_SUBSCRIPTION_GONE;
    subscription->settled = !subscription->again;
    subscription->leaving = subscription->again = subscription->told = false;
    subscription->retry_at = SPECTACLES_NEVER;
    if (broker->state != SPECTACLES_BROKER_CLOSED) /* nothing is told after that */
        sp_topology_tell(&broker->topology, number, SP_NEWS_ENDED);
}

void sp_broker_end_leaving(spectacles_broker *broker)
{
    for (uint32_t i = 0; i < broker->topology.subscriptions.count; i++) {
        if (sp_topology_at(&broker->topology, i)->leaving)
            end_subscription(broker, i);
    }
}

int sp_broker_leave(spectacles_broker *broker, uint32_t number)
{
    sp_subscription *subscription = sp_topology_at(&broker->topology, number);
    subscription->again = false;
    if (subscription->state == SP_SUBSCRIPTION_GONE || subscription->leaving)
        return SPECTACLES_OK;
    bool asked =
        subscription->state == SP_SUBSCRIPTION_DECLARING || subscription->state == SP_SUBSCRIPTION_CONSUMING;
    bool consumes = subscription->state == SP_SUBSCRIPTION_ACTIVE && !subscription->declare_only;
    if (!is_set_up(broker) || (!asked && !consumes)) {
        end_subscription(broker, number);
        return SPECTACLES_OK;
    }
    int error = consumes ? sp_topology_cancel(&broker->topology, &broker->control, number) : SPECTACLES_OK;
    subscription->leaving = error == SPECTACLES_OK;
    return error;
}

/* What was asked for one that is to end has been answered. */
static int go_on_leaving(spectacles_broker *broker, enum sp_request_kind kind, uint32_t number)
{
    if (kind == SP_REQUEST_CONSUME)
        return sp_topology_cancel(&broker->topology, &broker->control, number);
    if (kind == SP_REQUEST_CANCEL || ends_declaring(broker, kind))
        end_subscription(broker, number);
    return SPECTACLES_OK;
}

/* ---- Answers ---- */

static int answered(spectacles_broker *broker, enum sp_request_kind kind, uint32_t number, uint64_t now)
{
    sp_subscription *subscription = sp_topology_at(&broker->topology, number);
    int error = SPECTACLES_OK;
    if (kind == SP_REQUEST_EXCHANGE)
        broker->topology.exchange_stands = true;
    else if (subscription->leaving)
        error = go_on_leaving(broker, kind, number);
    else if (kind == SP_REQUEST_CONSUME)
        tell_subscribed(broker, number);
    else if (ends_declaring(broker, kind))
        take_for_declared(broker, number);
    sp_broker_check_ready(broker, now);
    return error == SPECTACLES_OK ? sp_broker_advance(broker, now) : error;
}

int sp_broker_on_declared(spectacles_broker *broker, enum sp_request_kind kind, const amqp_bytes_t *queue,
                          uint64_t now)
{
    const sp_request *front = sp_ring_front(&broker->topology.declaring);
    if (!front || front->kind != kind)
        return SPECTACLES_E_PROTO;
    uint32_t number = front->subscription;
    if (queue && !sp_wire_is(*queue, sp_topology_at(&broker->topology, number)->queue))
        return SPECTACLES_E_PROTO;
    sp_ring_pop(&broker->topology.declaring);
    return answered(broker, kind, number, now);
}

/* In RabbitMQ the queue answers a consume and the channel a qos: the answers may overtake each other. */
int sp_broker_on_consuming(spectacles_broker *broker, enum sp_request_kind kind,
                           const amqp_bytes_t *consumer_tag, uint64_t now)
{
    sp_ring *requests = &broker->topology.consuming;
    uint64_t wanted = consumer_tag ? sp_consumer_number(*consumer_tag) : 0;
    for (size_t i = 0; i < requests->count; i++) {
        const sp_request *request = sp_ring_at(requests, i);
        uint32_t number = request->subscription;
        if (request->kind != kind || (consumer_tag && number != wanted))
            continue;
        sp_ring_remove(requests, i);
        return answered(broker, kind, number, now);
    }
    return SPECTACLES_E_PROTO;
}

/* ---- Trouble ---- */

static sp_trouble *fail_subscription(spectacles_broker *broker, uint32_t number, uint64_t retry_at)
{
    sp_subscription *subscription = sp_topology_at(&broker->topology, number);
    subscription->state = SP_SUBSCRIPTION_FAILED;
    subscription->settled = true;
    subscription->told = false;
    subscription->retry_at = retry_at;
    sp_topology_tell(&broker->topology, number, SP_NEWS_FAILED);
    broker->trouble = (sp_trouble){.time = retry_at};
    return &broker->trouble;
}

int sp_broker_on_cancelled(spectacles_broker *broker, const amqp_basic_cancel_t *cancel, uint64_t now)
{
    uint64_t number = sp_consumer_number(cancel->consumer_tag);
    if (!sp_topology_consumes(&broker->topology, number))
        return SPECTACLES_E_PROTO;
    const sp_subscription *subscription = sp_topology_at(&broker->topology, (uint32_t)number);
    if (subscription->state == SP_SUBSCRIPTION_CANCELLING) /* it answers all the same */
        return SPECTACLES_OK;
    if (subscription->state != SP_SUBSCRIPTION_ACTIVE)
        return SPECTACLES_E_PROTO;
    sp_trouble *trouble = fail_subscription(broker, (uint32_t)number, now + SP_RETRY_CANCELLED);
    sp_text_set(&trouble->text,
                "the broker cancelled the consumer of queue '%s': it was deleted, or its node is gone",
                subscription->queue);
    return SPECTACLES_OK;
}

/*
 * The exchange can not be had: without it nothing works, so that the whole connection is given up. One that
 * somebody deleted is declared anew by the next connection; all else a person has to mend.
 */
static void lose_exchange(spectacles_broker *broker, const amqp_channel_close_t *close, const char *what,
                          uint64_t now)
{
    sp_loss *loss = sp_broker_blame(broker, close->reply_code,
                                    close->reply_code == 403 ? SPECTACLES_E_AUTH : SPECTACLES_E_INVAL);
    if (loss) {
        loss->configuration = close->reply_code != 404 || broker->topology.declare != SPECTACLES_DECLARE;
        sp_text_set(&loss->text, "exchange '%s' %s", broker->group, what);
        sp_broker_quote(&loss->text, close->reply_code, close->reply_text);
    }
    sp_broker_drop(broker, 200, now);
}

static void explain_queue(const spectacles_broker *broker, sp_text *text, const sp_subscription *subscription,
                          const amqp_channel_close_t *close)
{
    static const char needs[] =
        " (durable, not exclusive, not auto-delete, no arguments; limits belong in a policy)";
    sp_text difference;
    sp_text_set(&difference, "%s", "");
    if (close->reply_code == 404 && broker->topology.declare != SPECTACLES_DECLARE)
        sp_text_set(text, "queue '%s' does not exist, and is not to be declared: create and bind it",
                    subscription->queue);
    else if (close->reply_code != 406)
        sp_text_set(text, "queue '%s' can not be used", subscription->queue);
    else if (sp_refusal_differs(&difference, close->reply_text))
        sp_text_set(text, "queue '%s' exists and differs %s%s: delete it", subscription->queue,
                    difference.chars, subscription->argument_count ? "" : needs);
    else
        sp_text_set(text, "queue '%s' exists with other settings than are asked for%s: delete it",
                    subscription->queue, subscription->argument_count ? "" : needs);
}

static void tell_refused(spectacles_broker *broker, uint32_t number, const amqp_channel_close_t *close,
                         uint64_t now)
{
    const sp_subscription *subscription = sp_topology_at(&broker->topology, number);
    if (subscription->leaving) {
        end_subscription(broker, number);
        return;
    }
    sp_trouble *trouble = fail_subscription(broker, number, now + SP_RETRY_REFUSED);
    trouble->code = close->reply_code;
    trouble->error = close->reply_code == 403 ? SPECTACLES_E_AUTH : SPECTACLES_E_INVAL;
    explain_queue(broker, &trouble->text, subscription, close);
    sp_broker_quote(&trouble->text, close->reply_code, close->reply_text);
}

static bool is_asked_for(const sp_subscription *subscription)
{
    return subscription->state == SP_SUBSCRIPTION_DECLARING ||
           subscription->state == SP_SUBSCRIPTION_CONSUMING ||
           subscription->state == SP_SUBSCRIPTION_CANCELLING;
}

/* What was asked for behind the culprit went unheard: it is asked for again, or has come to its end. */
static void take_back(spectacles_broker *broker, sp_ring *requests, enum sp_subscription_state state)
{
    for (size_t i = 0; i < requests->count; i++) {
        const sp_request *request = sp_ring_at(requests, i);
        sp_subscription *subscription = sp_topology_at(&broker->topology, request->subscription);
        if (!subscription || request->kind == SP_REQUEST_EXCHANGE || !is_asked_for(subscription))
            continue;
        if (subscription->leaving)
            end_subscription(broker, request->subscription);
        else
            subscription->state = state;
    }
    sp_ring_clear(requests);
}

static sp_slice text_slice(const char *text)
{
    return (sp_slice){(const uint8_t *)text, strlen(text)};
}

static void explain_exchange(const spectacles_broker *broker, sp_text *what,
                             const amqp_channel_close_t *close)
{
    static const char advice[] = "delete it or use another group";
    sp_text difference;
    sp_text_set(&difference, "%s", "");
    if (close->reply_code == 404 && broker->topology.declare != SPECTACLES_DECLARE)
        sp_text_set(what, "does not exist, and is not to be declared: create it");
    else if (close->reply_code != 406)
        sp_text_set(what, "can not be declared");
    else if (sp_refusal_differs(&difference, close->reply_text))
        sp_text_set(what, "exists and differs %s: %s", difference.chars, advice);
    else
        sp_text_set(what,
                    "exists with other settings than Spectacles needs (direct, durable, not auto-delete, no "
                    "arguments): %s",
                    advice);
}

static void lose_declaring(spectacles_broker *broker, const amqp_channel_close_t *close, uint64_t now)
{
    sp_ring *requests = &broker->topology.declaring;
    const sp_request *culprit = sp_ring_front(requests);
    if (culprit && culprit->kind == SP_REQUEST_EXCHANGE) {
        sp_text what;
        explain_exchange(broker, &what, close);
        lose_exchange(broker, close, what.chars, now);
        return;
    }
    /* Somebody deleted the exchange: it is declared again, and the queue bound to it. */
    bool exchange_is_gone = culprit && culprit->kind == SP_REQUEST_BIND && close->reply_code == 404 &&
                            sp_wire_quotes(close->reply_text, text_slice(broker->group));
    if (exchange_is_gone)
        broker->topology.exchange_stands = false;
    else if (culprit)
        tell_refused(broker, culprit->subscription, close, now);
    take_back(broker, requests, SP_SUBSCRIPTION_WANTED);
}

/*
 * Since answers overtake each other, the first request is not always the one that failed: the text names
 * the queue. RabbitMQ can also end the channel for no request at all, over a delivery that was not
 * acknowledged within its consumer_timeout.
 */
static const sp_request *find_culprit(const spectacles_broker *broker, const amqp_channel_close_t *close)
{
    if (close->class_id == 0)
        return NULL;
    const sp_request *culprit = sp_ring_front(&broker->topology.consuming);
    for (size_t i = 0; i < broker->topology.consuming.count; i++) {
        const sp_request *request = sp_ring_at(&broker->topology.consuming, i);
        const char *queue = sp_topology_at(&broker->topology, request->subscription)->queue;
        if (sp_wire_quotes(close->reply_text, text_slice(queue)))
            return request;
    }
    return culprit;
}

/* The channel ended under the consumers, which are started again at once. */
static void note_interruption(spectacles_broker *broker, const amqp_channel_close_t *close, uint64_t now)
{
    broker->trouble = (sp_trouble){.code = close->reply_code, .error = SPECTACLES_E_CLOSED, .time = now};
    sp_broker_quote(&broker->trouble.text, close->reply_code, close->reply_text);
}

static void lose_consuming(spectacles_broker *broker, const amqp_channel_close_t *close, uint64_t now)
{
    sp_ring *requests = &broker->topology.consuming;
    const sp_request *culprit = find_culprit(broker, close);
    bool refused = culprit != NULL;
    if (refused)
        tell_refused(broker, culprit->subscription, close, now);
    else
        note_interruption(broker, close, now);
    take_back(broker, requests, SP_SUBSCRIPTION_DECLARED);
    for (uint32_t i = 0; i < broker->topology.subscriptions.count; i++) {
        sp_subscription *subscription = sp_topology_at(&broker->topology, i);
        if (subscription->state != SP_SUBSCRIPTION_ACTIVE || subscription->declare_only)
            continue;
        subscription->state = SP_SUBSCRIPTION_DECLARED;
        if (refused) /* the others need not know */
            continue;
        subscription->told = false;
        sp_topology_tell(&broker->topology, i, SP_NEWS_INTERRUPTED);
    }
    sp_content_reset(&broker->delivered);
}

/*
 * An exchange that the owner named, or a size over RabbitMQ's max_message_size, fails that message: published
 * again, it would be refused again.
 */
static void lose_publishing(spectacles_broker *broker, const amqp_channel_close_t *close, uint64_t now)
{
    sp_content_reset(&broker->returned);
    if (close->class_id == AMQP_BASIC_CLASS && close->method_id == (AMQP_BASIC_CONSUME_METHOD & 0xffff)) {
        sp_broker_refuse_calls(broker);
        return;
    }
    uint64_t tag = sp_publishes_blame(&broker->publishes, close->reply_text, broker->group);
    if (tag != 0 && sp_publishes_is_call(&broker->publishes, tag)) {
        sp_broker_fail_call(broker, tag, SPECTACLES_CALL_REFUSED, close->reply_code, close->reply_text);
        return;
    }
    if (tag == 0) {
        lose_exchange(broker, close, "can not be published to", now);
        return;
    }
    broker->stats.failed++;
    sp_news *news = sp_broker_tell(broker, SPECTACLES_BROKER_EVENT_FAILED);
    if (!news)
        return;
    news->event.tag = tag;
    news->event.code = close->reply_code;
    sp_text_set(&news->text, "the broker does not take this message");
    sp_broker_quote(&news->text, close->reply_code, close->reply_text);
}

/*
 * A frame that is half written has to be completed before anything else, though nobody will read it any more.
 * From then on it counts as written: it may be the one that the broker refused.
 */
static int finish_cut_record(spectacles_broker *broker)
{
    sp_slice rest = sp_publishes_rest(&broker->publishes);
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
        lose_declaring(broker, close, now);
    else if (channel == SP_CHANNEL_CONSUME)
        lose_consuming(broker, close, now);
    else
        lose_publishing(broker, close, now);
    if (broker->state < SPECTACLES_BROKER_SETUP || broker->state > SPECTACLES_BROKER_DRAINING)
        return SPECTACLES_OK;
    if (channel == SP_CHANNEL_PUBLISH) {
        sp_broker_lose_calls(broker);
        error = sp_publishes_rewind(&broker->publishes, broker->frame_max);
    }
    if (error == SPECTACLES_OK)
        error = sp_broker_open_channel(broker, channel);
    if (error == SPECTACLES_OK)
        broker->channels[channel] = SP_CHANNEL_REOPENING;
    sp_broker_check_ready(broker, now);
    return error;
}
