/* The functions for a broker: lib/broker.js calls them. */
#include "broker.h"
#include "headers.h"
#include "link.h"

#include <string.h>

void broker_config(given *from, spectacles_broker_config *config)
{
    const char *group;
    spectacles_broker_config_init(config, sizeof *config);
    config->urls = given_texts(from, "urls", &config->url_count);
    if ((group = given_text(from, "group")))
        config->group = group;
    config->name = given_text(from, "name");
    config->seed = spectacles_random_seed();
    config->prefetch = given_u32(from, "prefetch", config->prefetch);
    config->window_count = given_u32(from, "window", config->window_count);
    config->format = given_u32(from, "bodies", config->format);
    config->declare = given_u32(from, "declare", config->declare);
    config->queue_type = given_u32(from, "queueType", config->queue_type);
    config->heartbeat = given_u32(from, "heartbeat", config->heartbeat);
    config->exchange_type = given_u32(from, "exchangeType", config->exchange_type);
}

/* ---- The engine ---- */

static size_t text_length(const char *given)
{
    return given ? strlen(given) : 0;
}

static void put_text(batch *to, uint32_t *record, enum field span, const char *given)
{
    batch_put(to, record, span, given, text_length(given));
}

static bool is_message(const spectacles_broker_event *event)
{
    return event->type == SPECTACLES_BROKER_EVENT_MESSAGE || event->type == SPECTACLES_BROKER_EVENT_REPLY;
}

/* Its bytes stand among those of the message, and come back when the message is handed out and acknowledged. */
static void put_mark(const engine *self, batch *to, uint32_t *record, const spectacles_broker_event *event)
{
    spectacles_copy_mark mark;
    spectacles_copies_mark(self->copies, event->message_id, text_length(event->message_id), event->headers,
                           event->header_count, &mark);
    batch_put(to, record, SPAN_MARK, &mark, sizeof mark);
}

static void put(napi_env env, engine *self, const spectacles_broker_event *event)
{
    batch *to = &self->batch;
    size_t headers = headers_length(event->headers, event->header_count);
    size_t length = event->key_length + event->body_length + event->text_length + event->queue_length +
                    headers + text_length(event->message_id) + text_length(event->reply_to) +
                    text_length(event->correlation_id) +
                    (is_message(event) ? sizeof(spectacles_copy_mark) : 0);
    uint32_t *record = batch_add(env, to, length);
    record[FIELD_TYPE] = event->type;
    record[FIELD_ID] = event->subscription;
    record[FIELD_CODE] = event->code;
    record[FIELD_ERROR] = (uint32_t)event->error;
    record[FIELD_FORMAT] = event->format;
    record[FIELD_EXTRA] =
        event->type == SPECTACLES_BROKER_EVENT_CALL_FAILED ? event->reason : event->priority;
    record[FIELD_FLAGS] |= event->redelivered ? FLAG_REDELIVERED : 0;
    record[FIELD_FLAGS] |= event->until == SPECTACLES_NEVER ? FLAG_ENDED : 0;
    batch_put_number(record, FIELD_NUMBER, event->tag ? event->tag : event->unconfirmed_count);
    batch_put_number(record, FIELD_TICKET, event->delivery);
    batch_put_name(to, record, event->key, event->key_length);
    batch_put(to, record, SPAN_DATA, event->body, event->body_length);
    batch_put(to, record, SPAN_TEXT, event->text, event->text_length);
    put_text(to, record, SPAN_ID, event->message_id);
    if (event->queue)
        batch_put(to, record, SPAN_OTHER, event->queue, event->queue_length);
    else
        put_text(to, record, SPAN_OTHER, event->reply_to);
    put_text(to, record, SPAN_LINE, event->correlation_id);
    if (headers > 0)
        batch_put_headers(to, record, event->headers, event->header_count, headers);
    if (is_message(event))
        put_mark(self, to, record, event);
}

static void fill(napi_env env, engine *self)
{
    const spectacles_broker_event *event;
    while (!self->batch.is_full && (event = spectacles_broker_next_event(self->broker, self->now)))
        put(env, self, event);
}

static void free_broker(engine *self)
{
    spectacles_copies_free(self->copies);
    spectacles_broker_free(self->broker);
}

static const char *last_error(const engine *self)
{
    return spectacles_broker_last_error(self->broker);
}

static const engine_kind kind = {"broker", true, fill, NULL, free_broker, last_error};

static int make_copies(engine *self, spectacles_problem *problem)
{
    spectacles_copies_config config;
    spectacles_copies_config_init(&config, sizeof config);
    config.seed = spectacles_random_seed();
    return spectacles_copies_new(&self->copies, &config, problem);
}

static bool make(given *from, engine *self)
{
    spectacles_problem problem;
    spectacles_broker_config config;
    broker_config(from, &config);
    if (from->is_wrong)
        return false;
    int code = spectacles_broker_new(&self->broker, &config, &problem);
    if (code == 0)
        code = make_copies(self, &problem);
    if (code < 0)
        fail_problem(from->env, code, &problem);
    return code == 0 && link_new(from, self, spectacles_broker_stream(self->broker));
}

/* brokerOpen(owner, options) gives [records, buffers]. */
static napi_value broker_open(napi_env env, napi_callback_info info)
{
    return engine_open(env, info, &kind, make);
}

/* ---- Publishing ---- */

/* What few messages have. */
static void options_of(given *from, spectacles_message *message)
{
    message->exchange = given_text(from, "exchange");
    message->message_id = given_text(from, "messageId");
    message->expiration = given_text(from, "expiration");
    message->priority = given_u32(from, "priority", 0);
    message->flags = given_bool(from, "mandatory") ? SPECTACLES_MESSAGE_MANDATORY : 0;
    message->flags |= given_bool(from, "transient") ? SPECTACLES_MESSAGE_TRANSIENT : 0;
    message->headers = given_headers(from, "headers", &message->header_count);
}

/* With a timeout, it is a call. With replyTo, it is an answer. */
static int publish(given *from, engine *self, spectacles_message *message, uint64_t *tag)
{
    const char *reply_to = NULL, *correlation = NULL;
    uint32_t timeout = 0;
    if (from->object) {
        options_of(from, message);
        timeout = given_u32(from, "timeout", 0);
        reply_to = given_text(from, "replyTo");
        correlation = given_text(from, "correlationId");
    }
    if (from->is_wrong)
        return 0;
    if (reply_to) {
        message->key = NULL;
        message->key_length = 0;
        return spectacles_broker_reply(self->broker, reply_to, correlation, message, tag);
    }
    if (timeout)
        return spectacles_broker_call(self->broker, message, timeout, engine_now(self), tag);
    return spectacles_broker_publish(self->broker, message, tag);
}

/* brokerPublish(owner, key, body, format, options) gives the tag; or 0: the window is full, and room comes later. */
static napi_value broker_publish(napi_env env, napi_callback_info info)
{
    uint64_t tag = 0;
    napi_value arguments[5];
    napi_valuetype type;
    spectacles_message message;
    engine *self = engine_enter(env, info, &kind, 5, arguments);
    text body = self ? scratch_text(env, self, arguments[2]) : (text){NULL, 0};
    if (!body.bytes)
        return NULL;
    spectacles_message_init(&message, sizeof message);
    message.body = (const uint8_t *)body.bytes;
    message.body_length = body.length;
    napi_get_value_uint32(env, arguments[3], &message.format);
    napi_typeof(env, arguments[4], &type);
    given options = {env, type == napi_undefined ? NULL : arguments[4], NULL, false};
    message.key = given_text_of(&options, "key", arguments[1]);
    message.key_length = text_length(message.key);
    int code = options.is_wrong ? 0 : publish(&options, self, &message, &tag);
    given_free(&options);
    if (options.is_wrong)
        return NULL;
    if (code < 0 && code != SPECTACLES_E_AGAIN)
        return engine_result(env, self, code);
    engine_soon(self);
    return new_number(env, code < 0 ? 0 : tag);
}

/* brokerHasRoom(owner) */
static napi_value broker_has_room(napi_env env, napi_callback_info info)
{
    napi_value owner;
    engine *self = engine_enter(env, info, &kind, 1, &owner);
    return self ? new_bool(env, spectacles_broker_room(self->broker)) : NULL;
}

/* ---- Deliveries ---- */

/*
 * brokerSubscribe(owner, {event, subgroup, queue, exclusive, prefetch, declareOnly, arguments}) gives the number of
 * the subscription.
 */
static napi_value broker_subscribe(napi_env env, napi_callback_info info)
{
    napi_value arguments[2];
    spectacles_subscription subscription;
    engine *self = engine_enter(env, info, &kind, 2, arguments);
    if (!self)
        return NULL;
    given options = {env, arguments[1], NULL, false};
    spectacles_subscription_init(&subscription, sizeof subscription);
    subscription.event = given_text(&options, "event");
    subscription.event_length = text_length(subscription.event);
    subscription.subgroup = given_text(&options, "subgroup");
    subscription.subgroup_length = text_length(subscription.subgroup);
    subscription.queue = given_text(&options, "queue");
    subscription.queue_length = text_length(subscription.queue);
    subscription.exclusive = given_bool(&options, "exclusive");
    subscription.prefetch = given_u32(&options, "prefetch", 0);
    subscription.declare_only = given_bool(&options, "declareOnly");
    subscription.arguments = given_headers(&options, "arguments", &subscription.argument_count);
    int code = options.is_wrong ? 0 : spectacles_broker_subscribe(self->broker, &subscription);
    given_free(&options);
    engine_soon(self);
    return options.is_wrong ? NULL : engine_result(env, self, code);
}

/* brokerUnsubscribe(owner, subscription) */
static napi_value broker_unsubscribe(napi_env env, napi_callback_info info)
{
    uint32_t subscription = 0;
    napi_value arguments[2];
    engine *self = engine_enter(env, info, &kind, 2, arguments);
    if (!self)
        return NULL;
    napi_get_value_uint32(env, arguments[1], &subscription);
    engine_soon(self);
    return engine_result(env, self, spectacles_broker_unsubscribe(self->broker, subscription));
}

/* The delivery of the arguments (owner, low, high). */
static uint64_t delivery_of(napi_env env, const napi_value *arguments)
{
    uint32_t low = 0, high = 0;
    napi_get_value_uint32(env, arguments[1], &low);
    napi_get_value_uint32(env, arguments[2], &high);
    return (uint64_t)high << 32 | low;
}

/* The mark of a message. The arguments are (buffer, begin). */
static spectacles_copy_mark mark_of(napi_env env, const napi_value *arguments)
{
    void *bytes = NULL;
    size_t size = 0;
    uint32_t begin = 0;
    spectacles_copy_mark mark = {0};
    napi_get_value_uint32(env, arguments[1], &begin);
    if (napi_get_buffer_info(env, arguments[0], &bytes, &size) == napi_ok && begin <= size &&
        sizeof mark <= size - begin)
        memcpy(&mark, (const uint8_t *)bytes + begin, sizeof mark);
    return mark;
}

/* brokerLeaveOut(owner, buffer, mark): whether a message that is to be handed out is a copy. */
static napi_value broker_leave_out(napi_env env, napi_callback_info info)
{
    napi_value arguments[3];
    engine *self = engine_enter(env, info, &kind, 3, arguments);
    if (!self)
        return NULL;
    spectacles_copy_mark mark = mark_of(env, arguments + 1);
    return new_bool(env, spectacles_copies_leave_out(self->copies, &mark, engine_now(self)));
}

/* brokerAck(owner, low, high, buffer, mark): 1, or 0 when it is not ours any more. */
static napi_value broker_ack(napi_env env, napi_callback_info info)
{
    napi_value arguments[5];
    engine *self = engine_enter(env, info, &kind, 5, arguments);
    if (!self)
        return NULL;
    spectacles_copy_mark mark = mark_of(env, arguments + 3);
    spectacles_copies_add(self->copies, &mark);
    engine_soon(self);
    return engine_result(env, self, spectacles_broker_ack(self->broker, delivery_of(env, arguments)));
}

/* brokerAckAll(owner, low, high, buffer, mark): how many. */
static napi_value broker_ack_all(napi_env env, napi_callback_info info)
{
    napi_value arguments[5];
    engine *self = engine_enter(env, info, &kind, 5, arguments);
    if (!self)
        return NULL;
    spectacles_copy_mark mark = mark_of(env, arguments + 3);
    spectacles_copies_add(self->copies, &mark);
    engine_soon(self);
    return engine_result(env, self, spectacles_broker_ack_all(self->broker, delivery_of(env, arguments)));
}

/* brokerReject(owner, low, high, requeue): 1, or 0 when it is not ours any more. */
static napi_value broker_reject(napi_env env, napi_callback_info info)
{
    bool requeue = false;
    napi_value arguments[4];
    engine *self = engine_enter(env, info, &kind, 4, arguments);
    if (!self)
        return NULL;
    napi_get_value_bool(env, arguments[3], &requeue);
    engine_soon(self);
    return engine_result(env, self,
                         spectacles_broker_reject(self->broker, delivery_of(env, arguments), requeue));
}

/* brokerHolds(owner, low, high) */
static napi_value broker_holds(napi_env env, napi_callback_info info)
{
    napi_value arguments[3];
    engine *self = engine_enter(env, info, &kind, 3, arguments);
    return self ? new_bool(env, spectacles_broker_holds(self->broker, delivery_of(env, arguments))) : NULL;
}

/* ---- The connection ---- */

/* brokerSetUrls(owner, {urls}) */
static napi_value broker_set_urls(napi_env env, napi_callback_info info)
{
    size_t count;
    napi_value arguments[2];
    engine *self = engine_enter(env, info, &kind, 2, arguments);
    if (!self)
        return NULL;
    given options = {env, arguments[1], NULL, false};
    const char *const *urls = given_texts(&options, "urls", &count);
    int code = options.is_wrong ? 0 : spectacles_broker_set_urls(self->broker, urls, count, engine_now(self));
    given_free(&options);
    engine_soon(self);
    return options.is_wrong ? NULL : engine_result(env, self, code);
}

/* brokerNetworkChanged(owner) */
static napi_value broker_network_changed(napi_env env, napi_callback_info info)
{
    napi_value owner;
    engine *self = engine_enter(env, info, &kind, 1, &owner);
    if (self) {
        spectacles_broker_network_changed(self->broker, engine_now(self));
        engine_soon(self);
    }
    return NULL;
}

/* brokerClose(owner) */
static napi_value broker_close(napi_env env, napi_callback_info info)
{
    napi_value owner;
    engine *self = engine_enter(env, info, &kind, 1, &owner);
    if (!self)
        return NULL;
    engine_soon(self);
    return engine_result(env, self, spectacles_broker_close(self->broker, engine_now(self)));
}

/* ---- Looking ---- */

/* brokerState(owner) */
static napi_value broker_state(napi_env env, napi_callback_info info)
{
    napi_value owner;
    engine *self = engine_enter(env, info, &kind, 1, &owner);
    return self ? new_text(env, spectacles_broker_state_name(spectacles_broker_state(self->broker))) : NULL;
}

#define STAT(field) COUNTER(spectacles_broker_stats, field)

/* brokerStats(owner) */
static napi_value broker_stats(napi_env env, napi_callback_info info)
{
    static const counter counters[] = {
        STAT(bytes_received), STAT(bytes_sent), STAT(published),       STAT(republished),
        STAT(confirmed),      STAT(returned),   STAT(failed),          STAT(delivered),
        STAT(acknowledged),   STAT(rejected),   STAT(connects),        STAT(unconfirmed),
        STAT(calls),          STAT(replies),    STAT(replies_ignored), STAT(surrogates_replaced)};
    napi_value owner;
    spectacles_broker_stats stats;
    engine *self = engine_enter(env, info, &kind, 1, &owner);
    if (!self)
        return NULL;
    spectacles_broker_stats_init(&stats, sizeof stats);
    spectacles_broker_get_stats(self->broker, &stats);
    return new_counters(env, &stats, counters, sizeof counters / sizeof *counters);
}

static uint32_t number_of(napi_env env, napi_callback_info info)
{
    uint32_t number = 0;
    size_t count = 1;
    napi_value argument;
    napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
    napi_get_value_uint32(env, argument, &number);
    return number;
}

/* brokerEventTypeName(type) */
static napi_value broker_event_type_name(napi_env env, napi_callback_info info)
{
    return new_text(env, spectacles_broker_event_type_name(number_of(env, info)));
}

/* callFailureName(reason) */
static napi_value call_failure_name(napi_env env, napi_callback_info info)
{
    return new_text(env, spectacles_call_failure_name(number_of(env, info)));
}

void export_broker(napi_env env, napi_value exports)
{
    static const method methods[] = {{"brokerOpen", broker_open},
                                     {"brokerPublish", broker_publish},
                                     {"brokerHasRoom", broker_has_room},
                                     {"brokerSubscribe", broker_subscribe},
                                     {"brokerUnsubscribe", broker_unsubscribe},
                                     {"brokerLeaveOut", broker_leave_out},
                                     {"brokerAck", broker_ack},
                                     {"brokerAckAll", broker_ack_all},
                                     {"brokerReject", broker_reject},
                                     {"brokerHolds", broker_holds},
                                     {"brokerSetUrls", broker_set_urls},
                                     {"brokerNetworkChanged", broker_network_changed},
                                     {"brokerClose", broker_close},
                                     {"brokerState", broker_state},
                                     {"brokerStats", broker_stats},
                                     {"brokerEventTypeName", broker_event_type_name},
                                     {"callFailureName", call_failure_name}};
    export(env, exports, methods, sizeof methods / sizeof *methods);
}
