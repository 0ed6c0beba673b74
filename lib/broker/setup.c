#include "broker/broker.h"

#include "broker/refusal.h"
#include "broker/trial.h"

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
    if (channel == SP_CHANNEL_CONSUME) {
        sp_deliveries_renew(&broker->deliveries);
        sp_topology_renew_consumers(&broker->topology);
    }
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

/* Not while a trial has the channel. */
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
    if (subscription->state == SP_SUBSCRIPTION_WANTED && may_declare(broker) &&
        broker->topology.exchange_stands)
        return sp_topology_declare(&broker->topology, &broker->control, broker->group, number);
    if (subscription->state == SP_SUBSCRIPTION_DECLARED && !subscription->doubtful &&
        broker->channels[SP_CHANNEL_CONSUME] == SP_CHANNEL_OPEN)
        return sp_topology_consume(&broker->topology, &broker->control, number);
    return SPECTACLES_OK;
}

int sp_broker_advance(spectacles_broker *broker, uint64_t now)
{
    int error = SPECTACLES_OK;
    if (!is_set_up(broker))
        return SPECTACLES_OK;
    if (may_declare(broker) && exchange_is_wanted(broker))
        error = sp_topology_declare_exchange(&broker->topology, &broker->control, broker->group);
    for (uint32_t i = 0; i < broker->topology.subscriptions.count && error == SPECTACLES_OK; i++)
        error = advance_subscription(broker, i, now);
    if (error == SPECTACLES_OK && may_declare(broker) && broker->topology.declaring.count == 0)
        error = sp_trial_begin(&broker->topology, &broker->control);
    return error;
}

void sp_broker_check_ready(spectacles_broker *broker, uint64_t now)
{
    if (broker->state != SPECTACLES_BROKER_SETUP || !broker->confirms ||
        broker->channels[SP_CHANNEL_CONSUME] != SP_CHANNEL_OPEN || !sp_topology_is_settled(&broker->topology))
        return;
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
    bool asked = subscription->state == SP_SUBSCRIPTION_DECLARING ||
                 subscription->state == SP_SUBSCRIPTION_TRYING ||
                 subscription->state == SP_SUBSCRIPTION_CONSUMING;
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
    /* A consumer that the broker has cancelled before it answered the consume. */
    bool over = kind == SP_REQUEST_CONSUME && sp_topology_knows(topology, consumer) &&
                !sp_topology_hears(topology, consumer);
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
    if (sp_topology_at(topology, topology->trial.subscription)->leaving)
        end_subscription(broker, topology->trial.subscription);
    else
        take_for_declared(broker, topology->trial.subscription);
    return sp_broker_advance(broker, now);
}

int sp_broker_on_trial_closed(spectacles_broker *broker)
{
    sp_trial_end(&broker->topology);
    return sp_broker_open_channel(broker, SP_CHANNEL_DECLARE);
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
    broker->failure = (sp_trouble){.time = retry_at};
    return &broker->failure;
}

/*
 * A consumer has ended: what it was given and is not settled goes back to the queue. Some of it may be somebody else's
 * already (RabbitMQ 4.3, when a delivery was held over consumer_timeout), and nothing says what.
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

/* The consume that was asked for last will not be told of. */
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
 * RabbitMQ 4.3 may cancel a consumer more than once, and one that is being left all the same; only what is still heard
 * is news.
 */
int sp_broker_on_cancelled(spectacles_broker *broker, const amqp_basic_cancel_t *cancel, uint64_t now)
{
    uint64_t consumer = sp_consumer_read_tag(cancel->consumer_tag);
    uint32_t number = sp_consumer_subscription(consumer);
    if (!sp_topology_knows(&broker->topology, consumer))
        return SPECTACLES_E_PROTO;
    if (!sp_topology_hears(&broker->topology, consumer))
        return SPECTACLES_OK;
    drop_consume(&broker->topology, number);
    sp_trouble *trouble = fail_subscription(broker, number, now + SP_RETRY_CANCELLED);
    sp_text_set(
        &trouble->text,
        "the broker cancelled the consumer of queue '%s': the queue was deleted, its node is gone, or a "
        "delivery was held for longer than the broker's consumer_timeout; what was not acknowledged is "
        "delivered again, here or elsewhere",
        sp_topology_at(&broker->topology, number)->queue);
    int error = give_back(broker, consumer);
    sp_broker_check_ready(broker, now);
    return error;
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

static void refuse_subscription(spectacles_broker *broker, uint32_t number, const amqp_channel_close_t *close,
                                uint64_t now)
{
    sp_subscription *subscription = sp_topology_at(&broker->topology, number);
    if (subscription->leaving) {
        end_subscription(broker, number);
        return;
    }
    enum sp_refusal refusal = sp_refusal_of(close);
    bool consume = subscription->state >= SP_SUBSCRIPTION_TRYING;
    bool away = refusal == SP_REFUSAL_AWAY;
    sp_trouble *trouble = fail_subscription(broker, number, now + (away ? SP_RETRY_AWAY : SP_RETRY_REFUSED));
    subscription->doubtful = subscription->doubtful || consume;
    trouble->code = close->reply_code;
    trouble->error = away ? SPECTACLES_E_CLOSED : SPECTACLES_E_INVAL;
    if (close->reply_code == 403)
        trouble->error = SPECTACLES_E_AUTH;
    sp_refusal_explain_queue(&trouble->text, refusal, subscription, broker->topology.declare, close);
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

static void lose_declaring(spectacles_broker *broker, const amqp_channel_close_t *close, uint64_t now)
{
    sp_ring *requests = &broker->topology.declaring;
    const sp_request *culprit = sp_ring_front(requests);
    if (sp_trial_end(&broker->topology))
        refuse_subscription(broker, broker->topology.trial.subscription, close, now);
    if (culprit && culprit->kind == SP_REQUEST_EXCHANGE) {
        sp_text what;
        sp_refusal_explain_exchange(&what, broker->topology.declare, close);
        lose_exchange(broker, close, what.chars, now);
        return;
    }
    /* Somebody deleted the exchange: it is declared again, and the queue bound to it. */
    bool exchange_is_gone = culprit && culprit->kind == SP_REQUEST_BIND && close->reply_code == 404 &&
                            sp_wire_quotes(close->reply_text, text_slice(broker->group));
    if (exchange_is_gone)
        broker->topology.exchange_stands = false;
    else if (culprit)
        refuse_subscription(broker, culprit->subscription, close, now);
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
    broker->interruption = (sp_trouble){.code = close->reply_code, .error = SPECTACLES_E_CLOSED, .time = now};
    sp_broker_quote(&broker->interruption.text, close->reply_code, close->reply_text);
}

static void lose_consuming(spectacles_broker *broker, const amqp_channel_close_t *close, uint64_t now)
{
    sp_ring *requests = &broker->topology.consuming;
    const sp_request *culprit = find_culprit(broker, close);
    if (culprit)
        refuse_subscription(broker, culprit->subscription, close, now);
    note_interruption(broker, close, now);
    take_back(broker, requests, SP_SUBSCRIPTION_DECLARED);
    for (uint32_t i = 0; i < broker->topology.subscriptions.count; i++) {
        sp_subscription *subscription = sp_topology_at(&broker->topology, i);
        if (subscription->state != SP_SUBSCRIPTION_ACTIVE || subscription->declare_only)
            continue;
        subscription->state = SP_SUBSCRIPTION_DECLARED;
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
