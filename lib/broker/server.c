#include "broker/state.h"

/* Fills a reason; the sentence follows. */
static sp_text *because(sp_reason *reason, int32_t error, uint16_t code, bool lasting)
{
    *reason = (sp_reason){.error = error, .code = code, .lasting = lasting};
    return &reason->text;
}

static sp_slice slice_of(amqp_bytes_t bytes)
{
    return (sp_slice){bytes.bytes, bytes.len};
}

static int out_of_place(sp_reason *reason, const char *what)
{
    sp_text_set(because(reason, SPECTACLES_E_PROTO, 0, false), "the broker sent %s out of place",
                what ? what : "a method");
    return SPECTACLES_E_PROTO;
}

static int out_of_memory(sp_reason *reason)
{
    sp_text_set(because(reason, SPECTACLES_E_NOMEM, 0, false), "memory ran out; the connection is made anew");
    return SPECTACLES_E_NOMEM;
}

/* ---- Channel 0 ---- */

static int on_start(spectacles_broker *broker, const amqp_connection_start_t *method, sp_reason *reason)
{
    const sp_uri *uri = sp_broker_uri(broker);
    if (method->version_major != 0 || method->version_minor != 9) {
        sp_text_set(because(reason, SPECTACLES_E_PROTO, 0, true),
                    "the server speaks AMQP %u.%u, and 0-9-1 is needed", (unsigned)method->version_major,
                    (unsigned)method->version_minor);
        return SPECTACLES_E_PROTO;
    }
    if (!sp_handshake_offers(method, uri)) {
        sp_text *text = because(reason, SPECTACLES_E_AUTH, 0, true);
        sp_text_set(text, "the broker does not offer the login mechanism %s, only: ",
                    uri->external ? "EXTERNAL" : "PLAIN");
        sp_broker_quote(broker, text, slice_of(method->mechanisms));
        return SPECTACLES_E_AUTH;
    }
    sp_handshake_product(&broker->product, method);
    broker->handshake = SP_AWAIT_TUNE;
    if (sp_handshake_write_start_ok(&broker->control, uri, broker->name) != SPECTACLES_OK)
        return out_of_memory(reason);
    return SPECTACLES_OK;
}

static int on_tune(spectacles_broker *broker, const amqp_connection_tune_t *method, sp_reason *reason)
{
    const sp_uri *uri = sp_broker_uri(broker);
    sp_text *why = because(reason, SPECTACLES_E_UNSUPPORTED, 0, true);
    if (sp_handshake_tune(&broker->tuning, method, uri, why) != SPECTACLES_OK)
        return SPECTACLES_E_UNSUPPORTED;
    broker->handshake = SP_AWAIT_OPEN_OK;
    if (sp_handshake_write_open(&broker->control, uri, &broker->tuning) != SPECTACLES_OK)
        return out_of_memory(reason);
    return SPECTACLES_OK;
}

static int on_open_ok(spectacles_broker *broker, sp_reason *reason, uint64_t now)
{
    broker->beat_at = now + (uint64_t)broker->tuning.heartbeat * 500;
    broker->wrote = false;
    if (sp_broker_enter(broker, SPECTACLES_BROKER_SETUP, now) != SPECTACLES_OK)
        return out_of_memory(reason);
    return SPECTACLES_OK;
}

static int on_handshake(spectacles_broker *broker, amqp_method_number_t number, const void *method,
                        sp_reason *reason, uint64_t now)
{
    if (broker->handshake == SP_AWAIT_START && number == AMQP_CONNECTION_START_METHOD)
        return on_start(broker, method, reason);
    if (broker->handshake == SP_AWAIT_TUNE && number == AMQP_CONNECTION_TUNE_METHOD)
        return on_tune(broker, method, reason);
    if (broker->handshake == SP_AWAIT_OPEN_OK && number == AMQP_CONNECTION_OPEN_OK_METHOD)
        return on_open_ok(broker, reason, now);
    return out_of_place(reason, amqp_method_name(number));
}

/* A refusal in the handshake is about the credentials or the virtual host: say what to change. */
static void explain_close(const spectacles_broker *broker, const amqp_connection_close_t *method,
                          sp_reason *reason)
{
    const sp_uri *uri = sp_broker_uri(broker);
    bool handshake = broker->state == SPECTACLES_BROKER_HANDSHAKE;
    sp_text *text =
        because(reason, handshake ? SPECTACLES_E_AUTH : SPECTACLES_E_CLOSED, method->reply_code, handshake);
    if (handshake && broker->handshake == SP_AWAIT_OPEN_OK)
        sp_text_set(
            text,
            "the broker does not let user '%s' into virtual host '%s'%s: check the virtual host in the "
            "URL and the user's permissions (%u ",
            uri->user, uri->vhost, uri->vhost[0] ? "" : " (the URL ends in '/'; \"/\" is written %2f)",
            (unsigned)method->reply_code);
    else if (handshake)
        sp_text_set(text, "the broker refuses user '%s': check user and password in the URL (%u ", uri->user,
                    (unsigned)method->reply_code);
    else
        sp_text_set(text, "the broker closed the connection (%u ", (unsigned)method->reply_code);
    sp_broker_quote(broker, text, slice_of(method->reply_text));
    sp_text_add(text, ")");
}

static int on_close(spectacles_broker *broker, const amqp_connection_close_t *method, sp_reason *reason,
                    uint64_t now)
{
    /* Both closed at once: the answer is due, and nothing else changes. */
    if (broker->state == SPECTACLES_BROKER_CLOSING)
        return sp_handshake_write_close_ok(&broker->control) ? out_of_memory(reason) : SPECTACLES_OK;
    if (broker->state == SP_BROKER_PARTING)
        return SPECTACLES_OK;
    explain_close(broker, method, &broker->reason);
    return sp_broker_enter(broker, SP_BROKER_PARTING, now) ? out_of_memory(reason) : SPECTACLES_OK;
}

static int on_blocked(spectacles_broker *broker, amqp_bytes_t why)
{
    broker->blocked = true;
    sp_notice *notice = sp_broker_notice(broker, SPECTACLES_BROKER_EVENT_BLOCKED);
    sp_broker_quote(broker, &notice->text, slice_of(why));
    return SPECTACLES_OK;
}

static int on_connection(spectacles_broker *broker, amqp_method_number_t number, const void *method,
                         sp_reason *reason, uint64_t now)
{
    bool connected = sp_broker_connected(broker);
    if (number == AMQP_CONNECTION_CLOSE_METHOD)
        return on_close(broker, method, reason, now);
    if (broker->state == SPECTACLES_BROKER_HANDSHAKE)
        return on_handshake(broker, number, method, reason, now);
    if (number == AMQP_CONNECTION_BLOCKED_METHOD && connected)
        return on_blocked(broker, ((const amqp_connection_blocked_t *)method)->reason);
    if (number == AMQP_CONNECTION_UNBLOCKED_METHOD && connected) {
        if (broker->blocked)
            sp_broker_notice(broker, SPECTACLES_BROKER_EVENT_UNBLOCKED);
        broker->blocked = false;
        return SPECTACLES_OK;
    }
    return out_of_place(reason, amqp_method_name(number));
}

/* ---- A channel closes ---- */

static int reopen(spectacles_broker *broker, sp_channel *channel)
{
    amqp_channel_close_ok_t close_ok = {0};
    if (sp_frame_write_method(&broker->control, channel->id, AMQP_CHANNEL_CLOSE_OK_METHOD, &close_ok) !=
        SPECTACLES_OK)
        return SPECTACLES_E_NOMEM;
    return sp_channel_open(channel, &broker->control);
}

static uint32_t next_subscription(const sp_channel *channel)
{
    const sp_expected *expected = sp_ring_front(&channel->expected);
    return expected ? expected->subscription : SP_NOBODY;
}

static void fail_subscription(spectacles_broker *broker, uint32_t number, const amqp_channel_close_t *method,
                              uint64_t now)
{
    sp_subscription *subscription = sp_topology_at(&broker->topology, number);
    sp_text *text = &broker->subscription_problem;
    subscription->code = method->reply_code;
    subscription->error = method->reply_code == AMQP_ACCESS_REFUSED ? SPECTACLES_E_AUTH : SPECTACLES_E_CLOSED;
    subscription->retry_at =
        now + sp_random_backoff(&broker->random, subscription->attempt++, SP_BACKOFF_BASE, SP_BACKOFF_CAP);
    sp_text_set(text, "queue '%s' ", subscription->queue);
    if (method->reply_code == AMQP_PRECONDITION_FAILED)
        sp_text_add(text,
                    "exists and differs from what is declared here (durable, not exclusive, not auto-delete, "
                    "no arguments): delete it, or set such things by a policy (%u ",
                    (unsigned)method->reply_code);
    else if (method->reply_code == AMQP_ACCESS_REFUSED)
        sp_text_add(text, "is not allowed for user '%s': check the user's permissions (%u ",
                    sp_broker_uri(broker)->user, (unsigned)method->reply_code);
    else
        sp_text_add(text, "can not be used now (%u ", (unsigned)method->reply_code);
    sp_broker_quote(broker, text, slice_of(method->reply_text));
    sp_text_add(text, ")");
    sp_topology_set(&broker->topology, subscription, SP_SUBSCRIPTION_FAILED);
    sp_topology_notice(&broker->topology, subscription, SPECTACLES_BROKER_EVENT_UNSUBSCRIBED);
}

/* The exchange is what all else stands on: without it there is nothing to do but to tell. */
static int refuse_exchange(spectacles_broker *broker, const amqp_channel_close_t *method, sp_reason *reason,
                           uint64_t now)
{
    bool access = method->reply_code == AMQP_ACCESS_REFUSED;
    sp_reason why;
    sp_text *text = because(&why, access ? SPECTACLES_E_AUTH : SPECTACLES_E_INVAL, method->reply_code, true);
    if (access)
        sp_text_set(text, "user '%s' may not declare or use exchange '%s': check the user's permissions (%u ",
                    sp_broker_uri(broker)->user, broker->group, (unsigned)method->reply_code);
    else
        sp_text_set(
            text,
            "exchange '%s' exists and differs from what is declared here (direct, durable, not auto-delete, "
            "not internal, no arguments): delete it, or choose another group (%u ",
            broker->group, (unsigned)method->reply_code);
    sp_broker_quote(broker, text, slice_of(method->reply_text));
    sp_text_add(text, ")");
    return sp_broker_leave(broker, &why, now) ? out_of_memory(reason) : SPECTACLES_OK;
}

static void back_to(spectacles_broker *broker, uint32_t from, uint32_t to)
{
    for (uint32_t i = 0; i < broker->topology.subscriptions.count; i++) {
        sp_subscription *subscription = sp_topology_at(&broker->topology, i);
        if (subscription->state == from)
            sp_topology_set(&broker->topology, subscription, to);
    }
}

static int on_declare_close(spectacles_broker *broker, const amqp_channel_close_t *method, sp_reason *reason,
                            uint64_t now)
{
    sp_channel *channel = sp_broker_channel(broker, SP_DECLARE);
    uint32_t number = next_subscription(channel);
    if (number == SP_NOBODY && channel->expected.count > 0)
        return refuse_exchange(broker, method, reason, now);
    if (number != SP_NOBODY)
        fail_subscription(broker, number, method, now);
    back_to(broker, SP_SUBSCRIPTION_DECLARING, SP_SUBSCRIPTION_WAITING);
    broker->exchange_ready = false;
    if (reopen(broker, channel) != SPECTACLES_OK ||
        sp_topology_ask_exchange(channel, &broker->control, broker->group) != SPECTACLES_OK)
        return out_of_memory(reason);
    return SPECTACLES_OK;
}

/* Which publish made the broker close the channel? It does not say; what it does say tells. */
static const sp_record *find_offender(const spectacles_broker *broker, const amqp_channel_close_t *method)
{
    const sp_record *named = sp_log_find_exchange(&broker->log, slice_of(method->reply_text), broker->group);
    bool too_large =
        method->reply_code == AMQP_PRECONDITION_FAILED || method->reply_code == AMQP_CONTENT_TOO_LARGE;
    return !named && too_large ? sp_log_find_largest(&broker->log) : named;
}

static int on_publish_close(spectacles_broker *broker, const amqp_channel_close_t *method, sp_reason *reason)
{
    const sp_record *offender = find_offender(broker, method);
    if (!offender) {
        bool access = method->reply_code == AMQP_ACCESS_REFUSED;
        sp_text *text =
            because(reason, access ? SPECTACLES_E_AUTH : SPECTACLES_E_CLOSED, method->reply_code, access);
        sp_text_set(text, "the broker closed the channel that publishes to exchange '%s' (%u ", broker->group,
                    (unsigned)method->reply_code);
        sp_broker_quote(broker, text, slice_of(method->reply_text));
        sp_text_add(text, ")");
        return reason->error;
    }
    sp_text_set(&broker->publish_problem, "the broker refused this publish (%u ",
                (unsigned)method->reply_code);
    sp_broker_quote(broker, &broker->publish_problem, slice_of(method->reply_text));
    sp_text_add(&broker->publish_problem, ")");
    sp_log_fail(&broker->log, offender, method->reply_code);
    sp_log_closed(&broker->log);
    broker->flow_off = false;
    sp_channel *channel = sp_broker_channel(broker, SP_PUBLISH);
    amqp_confirm_select_t confirm = {0};
    if (reopen(broker, channel) != SPECTACLES_OK ||
        sp_channel_ask(channel, &broker->control, AMQP_CONFIRM_SELECT_METHOD, &confirm,
                       AMQP_CONFIRM_SELECT_OK_METHOD, SP_NOBODY) != SPECTACLES_OK)
        return out_of_memory(reason);
    return SPECTACLES_OK;
}

/* All consumers are gone with their channel, and what they had in hand will be delivered again. */
static int on_consume_close(spectacles_broker *broker, const amqp_channel_close_t *method, sp_reason *reason,
                            uint64_t now)
{
    sp_channel *channel = sp_broker_channel(broker, SP_CONSUME);
    uint32_t failed = next_subscription(channel);
    sp_text *text = &broker->subscription_problem;
    sp_text_set(text, "the broker closed the channel that consumes (%u ", (unsigned)method->reply_code);
    sp_broker_quote(broker, text, slice_of(method->reply_text));
    sp_text_add(text, ")");
    if (failed != SP_NOBODY)
        fail_subscription(broker, failed, method, now);
    back_to(broker, SP_SUBSCRIPTION_CONSUMING, SP_SUBSCRIPTION_DECLARED);
    for (uint32_t i = 0; i < broker->topology.subscriptions.count; i++) {
        sp_subscription *subscription = sp_topology_at(&broker->topology, i);
        if (subscription->state != SP_SUBSCRIPTION_ACTIVE || subscription->declare_only)
            continue;
        subscription->code = method->reply_code;
        subscription->error = SPECTACLES_E_CLOSED;
        subscription->retry_at = now;
        sp_topology_set(&broker->topology, subscription, SP_SUBSCRIPTION_DECLARED);
        sp_topology_notice(&broker->topology, subscription, SPECTACLES_BROKER_EVENT_UNSUBSCRIBED);
    }
    sp_inbox_reset(&broker->inbox);
    return reopen(broker, channel) ? out_of_memory(reason) : SPECTACLES_OK;
}

static int on_channel_close(spectacles_broker *broker, uint16_t id, const amqp_channel_close_t *method,
                            sp_reason *reason, uint64_t now)
{
    switch (id) {
    case SP_DECLARE:
        return on_declare_close(broker, method, reason, now);
    case SP_PUBLISH:
        return on_publish_close(broker, method, reason);
    default:
        return on_consume_close(broker, method, reason, now);
    }
}

static int on_flow(spectacles_broker *broker, uint16_t id, const amqp_channel_flow_t *method,
                   sp_reason *reason)
{
    amqp_channel_flow_ok_t flow_ok = {.active = method->active};
    if (id == SP_PUBLISH)
        broker->flow_off = !method->active;
    if (sp_frame_write_method(&broker->control, id, AMQP_CHANNEL_FLOW_OK_METHOD, &flow_ok) != SPECTACLES_OK)
        return out_of_memory(reason);
    return SPECTACLES_OK;
}

/* ---- Replies ---- */

static void activate(spectacles_broker *broker, uint32_t number)
{
    sp_subscription *subscription = sp_topology_at(&broker->topology, number);
    sp_topology_set(&broker->topology, subscription, SP_SUBSCRIPTION_ACTIVE);
    sp_topology_notice(&broker->topology, subscription, SPECTACLES_BROKER_EVENT_SUBSCRIBED);
}

static void on_bound(spectacles_broker *broker, uint32_t number)
{
    sp_subscription *subscription = sp_topology_at(&broker->topology, number);
    if (subscription->declare_only)
        activate(broker, number);
    else
        sp_topology_set(&broker->topology, subscription, SP_SUBSCRIPTION_DECLARED);
}

static int on_reply(spectacles_broker *broker, uint16_t id, amqp_method_number_t number, sp_reason *reason)
{
    uint32_t subscription;
    if (sp_channel_reply(sp_broker_channel(broker, id), number, &subscription) != SPECTACLES_OK)
        return out_of_place(reason, amqp_method_name(number));
    switch (number) {
    case AMQP_EXCHANGE_DECLARE_OK_METHOD:
        broker->exchange_ready = true;
        return SPECTACLES_OK;
    case AMQP_QUEUE_BIND_OK_METHOD:
        on_bound(broker, subscription);
        return SPECTACLES_OK;
    case AMQP_BASIC_CONSUME_OK_METHOD:
        activate(broker, subscription);
        return SPECTACLES_OK;
    case AMQP_CONFIRM_SELECT_OK_METHOD:
        return sp_log_opened(&broker->log, broker->tuning.frame_max) ? out_of_memory(reason) : SPECTACLES_OK;
    default:
        return SPECTACLES_OK;
    }
}

/* ---- Publishing ---- */

static int on_confirm(spectacles_broker *broker, bool ack, uint64_t tag, bool multiple, sp_reason *reason)
{
    int error = ack ? sp_log_ack(&broker->log, tag, multiple) : sp_log_nack(&broker->log, tag, multiple);
    if (error == SPECTACLES_E_NOMEM)
        return out_of_memory(reason);
    if (error) {
        sp_text_set(because(reason, error, 0, false), "the broker confirmed a publish that was never sent");
        return error;
    }
    return SPECTACLES_OK;
}

static int on_publishing(spectacles_broker *broker, amqp_method_number_t number, const void *method,
                         sp_reason *reason)
{
    if (!broker->log.open)
        return out_of_place(reason, amqp_method_name(number));
    if (number == AMQP_BASIC_ACK_METHOD) {
        const amqp_basic_ack_t *ack = method;
        return on_confirm(broker, true, ack->delivery_tag, ack->multiple != 0, reason);
    }
    if (number == AMQP_BASIC_NACK_METHOD) {
        const amqp_basic_nack_t *nack = method;
        return on_confirm(broker, false, nack->delivery_tag, nack->multiple != 0, reason);
    }
    return sp_content_begin_return(&broker->returned, method) ? out_of_memory(reason) : SPECTACLES_OK;
}

static void finish_return(spectacles_broker *broker)
{
    const sp_content *content = &broker->returned;
    sp_return returned = {.exchange = sp_content_slice(content, content->exchange),
                          .key = sp_content_slice(content, content->key),
                          .message_id = sp_content_slice(content, content->message_id),
                          .body_length = content->size,
                          .code = content->code};
    sp_log_return(&broker->log, &returned);
    broker->returned.stage = SP_CONTENT_NONE;
}

/* ---- Consuming ---- */

static int on_deliver(spectacles_broker *broker, const amqp_basic_deliver_t *method, sp_reason *reason)
{
    uint32_t number;
    if (sp_topology_find_tag(&broker->topology, method->consumer_tag, &number) != SPECTACLES_OK ||
        method->delivery_tag != broker->inbox.last_tag + 1)
        return out_of_place(reason, "a delivery");
    broker->inbox.last_tag = method->delivery_tag;
    if (sp_content_begin_delivery(&broker->delivered, method, number) != SPECTACLES_OK)
        return out_of_memory(reason);
    return SPECTACLES_OK;
}

/* The broker ended a consumer, because its queue was deleted or its node went away. */
static int on_cancel(spectacles_broker *broker, const amqp_basic_cancel_t *method, sp_reason *reason,
                     uint64_t now)
{
    uint32_t number;
    if (sp_topology_find_tag(&broker->topology, method->consumer_tag, &number) != SPECTACLES_OK)
        return out_of_place(reason, "basic.cancel");
    sp_subscription *subscription = sp_topology_at(&broker->topology, number);
    if (subscription->state == SP_SUBSCRIPTION_ACTIVE) {
        subscription->code = 0;
        subscription->error = SPECTACLES_E_CLOSED;
        subscription->retry_at =
            now + sp_random_backoff(&broker->random, subscription->attempt, SP_BACKOFF_BASE, SP_BACKOFF_CAP);
        sp_text_set(&broker->subscription_problem, "the broker cancelled the consumer of queue '%s'",
                    subscription->queue);
        sp_topology_set(&broker->topology, subscription, SP_SUBSCRIPTION_FAILED);
        sp_topology_notice(&broker->topology, subscription, SPECTACLES_BROKER_EVENT_UNSUBSCRIBED);
    }
    if (method->nowait)
        return SPECTACLES_OK;
    amqp_basic_cancel_ok_t cancel_ok = {method->consumer_tag};
    if (sp_frame_write_method(&broker->control, SP_CONSUME, AMQP_BASIC_CANCEL_OK_METHOD, &cancel_ok) !=
        SPECTACLES_OK)
        return out_of_memory(reason);
    return SPECTACLES_OK;
}

/* A delivery that can not be handed out would come back for ever if the connection ended over it. */
static int finish_delivery(spectacles_broker *broker, sp_reason *reason)
{
    sp_content *content = &broker->delivered;
    if (!content->drain)
        return sp_inbox_add(&broker->inbox, content->tag) ? out_of_memory(reason) : SPECTACLES_OK;
    content->stage = SP_CONTENT_NONE;
    if (sp_inbox_write_reject(&broker->control, content->tag, false) != SPECTACLES_OK)
        return out_of_memory(reason);
    broker->stats.rejected++;
    sp_notice *notice = sp_broker_notice(broker, SPECTACLES_BROKER_EVENT_REFUSED);
    notice->subscription = content->subscription;
    notice->error = SPECTACLES_E_PROTO;
    sp_text_set(&notice->text, "a message of queue '%s' was rejected: %s",
                sp_topology_at(&broker->topology, content->subscription)->queue, content->problem.chars);
    return SPECTACLES_OK;
}

/* ---- Frames ---- */

static int on_channel(spectacles_broker *broker, uint16_t id, amqp_method_number_t number, const void *method,
                      sp_reason *reason, uint64_t now)
{
    bool publishing = number == AMQP_BASIC_ACK_METHOD || number == AMQP_BASIC_NACK_METHOD ||
                      number == AMQP_BASIC_RETURN_METHOD;
    if (!sp_broker_connected(broker))
        return out_of_place(reason, amqp_method_name(number));
    if (number == AMQP_CHANNEL_CLOSE_METHOD)
        return on_channel_close(broker, id, method, reason, now);
    if (number == AMQP_CHANNEL_FLOW_METHOD)
        return on_flow(broker, id, method, reason);
    if (id == SP_PUBLISH && publishing)
        return on_publishing(broker, number, method, reason);
    if (id == SP_CONSUME && number == AMQP_BASIC_DELIVER_METHOD)
        return on_deliver(broker, method, reason);
    if (id == SP_CONSUME && number == AMQP_BASIC_CANCEL_METHOD)
        return on_cancel(broker, method, reason, now);
    return on_reply(broker, id, number, reason);
}

static sp_content *content_of(spectacles_broker *broker, uint16_t channel)
{
    if (channel == SP_PUBLISH)
        return &broker->returned;
    return channel == SP_CONSUME ? &broker->delivered : NULL;
}

static int on_method(spectacles_broker *broker, const sp_frame *frame, sp_reason *reason, uint64_t now)
{
    amqp_method_number_t number;
    void *method;
    const sp_content *content = content_of(broker, frame->channel);
    if (content && content->stage != SP_CONTENT_NONE)
        return out_of_place(reason, "a method amid a message");
    int error = sp_frame_method(&number, &method, frame->payload, &broker->pool);
    if (error == SPECTACLES_E_NOMEM)
        return out_of_memory(reason);
    if (error)
        return out_of_place(reason, "an unknown or malformed method");
    if (frame->channel == 0)
        return on_connection(broker, number, method, reason, now);
    return on_channel(broker, frame->channel, number, method, reason, now);
}

static int on_content(spectacles_broker *broker, const sp_frame *frame, sp_reason *reason)
{
    sp_content *content = content_of(broker, frame->channel);
    bool header = frame->type == AMQP_FRAME_HEADER;
    if (!content)
        return out_of_place(reason, "a part of a message");
    int error = header ? sp_content_header(content, frame->payload, broker->max_message, &broker->pool)
                       : sp_content_body(content, frame->payload);
    if (error == SPECTACLES_E_NOMEM)
        return out_of_memory(reason);
    if (error)
        return out_of_place(reason, header ? "a content header" : "a part of a message's body");
    if (content->stage != SP_CONTENT_COMPLETE)
        return SPECTACLES_OK;
    if (frame->channel == SP_CONSUME)
        return finish_delivery(broker, reason);
    finish_return(broker);
    return SPECTACLES_OK;
}

/* After a goodbye only the answer to it counts. */
static int on_goodbye(spectacles_broker *broker, const sp_frame *frame, sp_reason *reason, uint64_t now)
{
    amqp_method_number_t number;
    void *method;
    if (frame->type != AMQP_FRAME_METHOD || frame->channel != 0)
        return SPECTACLES_OK;
    if (sp_frame_method(&number, &method, frame->payload, &broker->pool) != SPECTACLES_OK)
        return SPECTACLES_OK;
    if (number == AMQP_CONNECTION_CLOSE_METHOD)
        return on_close(broker, method, reason, now);
    if (number == AMQP_CONNECTION_CLOSE_OK_METHOD && broker->state == SPECTACLES_BROKER_CLOSING)
        sp_broker_lost(broker, &broker->reason, now);
    return SPECTACLES_OK;
}

int sp_broker_receive(spectacles_broker *broker, const sp_frame *frame, sp_reason *reason, uint64_t now)
{
    if (broker->state == SPECTACLES_BROKER_CLOSING || broker->state == SP_BROKER_PARTING)
        return on_goodbye(broker, frame, reason, now);
    if (frame->type == AMQP_FRAME_HEARTBEAT && frame->channel == 0)
        return SPECTACLES_OK;
    if (frame->type == AMQP_FRAME_HEARTBEAT || frame->channel > SP_CONSUME)
        return out_of_place(reason, "a frame for a channel that is not open");
    if (frame->type == AMQP_FRAME_METHOD)
        return on_method(broker, frame, reason, now);
    return on_content(broker, frame, reason);
}
