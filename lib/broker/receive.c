/*
 * Reads what arrives: frames, methods and content. Calls the file that handles each of them. Called by broker.c when
 * the owner pulls an event.
 */
#include "broker/receive.h"

#include "broker/ack.h"
#include "broker/channels.h"
#include "broker/connection.h"
#include "broker/events.h"
#include "broker/handshake.h"
#include "broker/publish.h"
#include "broker/rpc.h"
#include "broker/setup.h"
#include "broker/state.h"

#include <string.h>

enum {
    REPLY_FRAME_ERROR = 501,
    REPLY_COMMAND_INVALID = 503,
    REPLY_NO_MEMORY = 541
};

static void drop(spectacles_broker *broker, uint32_t code, int error, const char *text, uint64_t now)
{
    sp_broker_close_reason *reason = sp_broker_set_reason(broker, 0, error);
    if (reason)
        sp_text_set(&reason->text, "%s", text);
    sp_broker_close_connection(broker, code, now);
}

/* What the frame holds, for messages: the name of its method in the specification, or another description. */
static const char *name_of(const sp_wire_frame *frame)
{
    if (frame->type != AMQP_FRAME_METHOD)
        return frame->type == AMQP_FRAME_HEARTBEAT ? "a heartbeat" : "content";
    const char *name = sp_wire_method_name(sp_wire_method_id(frame->payload));
    return name ? name : "an unknown method";
}

static void drop_for(spectacles_broker *broker, int error, const sp_wire_frame *frame, uint64_t now)
{
    sp_text text;
    if (error == SPECTACLES_OK)
        return;
    if (error == SPECTACLES_E_NOMEM)
        sp_text_set(&text, "out of memory: the connection is given up and will be made anew");
    else
        sp_text_set(&text, "the broker sent %s on channel %u, where it has no place, or it is malformed",
                    name_of(frame), (unsigned)frame->channel);
    drop(broker, error == SPECTACLES_E_NOMEM ? REPLY_NO_MEMORY : REPLY_COMMAND_INVALID, error, text.chars,
         now);
}

/* ---- connection.close ---- */

static void on_connection_close(spectacles_broker *broker, const amqp_connection_close_t *close, uint64_t now)
{
    amqp_connection_close_ok_t close_ok = {0};
    if (broker->reason.cause ==
        SP_CLOSE_CAUSE_CUT) /* the owner told the end of the stream before this frame was read */
        broker->reason.is_set = false;
    sp_broker_close_reason *reason = sp_broker_set_reason(broker, close->reply_code, SPECTACLES_E_CLOSED);
    if (reason) {
        reason->cause = sp_close_cause_of(close->reply_code);
        reason->time = now;
        reason->alone = sp_broker_only_publishes(broker);
        sp_close_reason_explain(reason, &broker->urls.list[broker->url],
                                broker->state == SPECTACLES_BROKER_HANDSHAKE, close);
        sp_broker_quote(&reason->text, close->reply_code, close->reply_text);
    }
    int error =
        sp_wire_method(&broker->control, SP_CHANNEL_CONNECTION, AMQP_CONNECTION_CLOSE_OK_METHOD, &close_ok);
    if (error != SPECTACLES_OK || broker->transport != SP_TRANSPORT_OPEN)
        sp_broker_end_connection(broker, now);
    else if (broker->state != SPECTACLES_BROKER_CLOSING) /* in CLOSING the deadline is set already */
        sp_broker_set_state(broker, SPECTACLES_BROKER_CLOSING, now);
}

/* ---- Methods of the connection ---- */

static int on_open_ok(spectacles_broker *broker, uint64_t now)
{
    broker->awaited = 0;
    sp_broker_set_state(broker, SPECTACLES_BROKER_SETUP, now);
    return sp_broker_open_channels(broker);
}

static void on_blocked(spectacles_broker *broker, const amqp_connection_blocked_t *blocked)
{
    broker->blocked = true;
    sp_stream_set_peer_pauses(&broker->stream, true);
    sp_pending_event *pending = sp_broker_queue_event(broker, SPECTACLES_BROKER_EVENT_BLOCKED);
    if (pending)
        sp_text_add_foreign(&pending->text, blocked->reason.bytes, blocked->reason.len, SP_SHORT_MAX);
}

static void on_unblocked(spectacles_broker *broker)
{
    broker->blocked = false;
    sp_stream_set_peer_pauses(&broker->stream, false);
    sp_broker_queue_event(broker, SPECTACLES_BROKER_EVENT_UNBLOCKED);
}

static int on_connection_method(spectacles_broker *broker, amqp_method_number_t id, const void *method,
                                uint64_t now)
{
    bool handshake = broker->state == SPECTACLES_BROKER_HANDSHAKE;
    bool due = handshake && id == broker->awaited;
    if (id == AMQP_CONNECTION_CLOSE_METHOD)
        on_connection_close(broker, method, now);
    else if (id == AMQP_CONNECTION_CLOSE_OK_METHOD && broker->state == SPECTACLES_BROKER_CLOSING)
        sp_broker_end_connection(broker, now);
    else if (id == AMQP_CONNECTION_START_METHOD && due)
        return sp_broker_on_start(broker, method, now);
    else if (id == AMQP_CONNECTION_TUNE_METHOD && due)
        return sp_broker_on_tune(broker, method, now);
    else if (id == AMQP_CONNECTION_OPEN_OK_METHOD && due)
        return on_open_ok(broker, now);
    else if (id == AMQP_CONNECTION_BLOCKED_METHOD && !handshake)
        on_blocked(broker, method);
    else if (id == AMQP_CONNECTION_UNBLOCKED_METHOD && !handshake)
        on_unblocked(broker);
    else
        return broker->state == SPECTACLES_BROKER_CLOSING ? SPECTACLES_OK : SPECTACLES_E_PROTO;
    return SPECTACLES_OK;
}

/* ---- Methods of the channels ---- */

/* channel.flow can come before confirm.select-ok. */
static void set_flow(spectacles_broker *broker, bool active)
{
    if (sp_broker_has_confirms(broker))
        sp_broker_set_publishing(broker, active ? SP_PUBLISHING_OPEN : SP_PUBLISHING_STOPPED);
    else
        sp_broker_set_publishing(broker, active ? SP_PUBLISHING_SELECTING : SP_PUBLISHING_SELECTING_STOPPED);
}

static int on_flow(spectacles_broker *broker, uint16_t channel, const amqp_channel_flow_t *flow)
{
    amqp_channel_flow_ok_t flow_ok = {.active = flow->active};
    if (channel == SP_CHANNEL_PUBLISH)
        set_flow(broker, flow->active);
    return sp_wire_method(&broker->control, channel, AMQP_CHANNEL_FLOW_OK_METHOD, &flow_ok);
}

static int on_confirm_selected(spectacles_broker *broker, uint64_t now)
{
    if (sp_broker_has_confirms(broker))
        return SPECTACLES_E_PROTO;
    bool stopped = broker->publishing == SP_PUBLISHING_SELECTING_STOPPED;
    sp_broker_set_publishing(broker, stopped ? SP_PUBLISHING_STOPPED : SP_PUBLISHING_OPEN);
    sp_broker_check_ready(broker, now);
    return SPECTACLES_OK;
}

static int on_publish_method(spectacles_broker *broker, amqp_method_number_t id, const void *method,
                             uint64_t now)
{
    if (id == AMQP_CONFIRM_SELECT_OK_METHOD)
        return on_confirm_selected(broker, now);
    if (!sp_broker_has_confirms(broker)) /* without confirms, nothing was published */
        return SPECTACLES_E_PROTO;
    if (id == AMQP_BASIC_RETURN_METHOD)
        return sp_content_begin(&broker->returned, id, method);
    if (id == AMQP_BASIC_CONSUME_OK_METHOD)
        return sp_broker_on_replies_consumed(broker, method);
    if (id == AMQP_BASIC_DELIVER_METHOD)
        return sp_broker_on_reply_begins(broker, method);
    if (id == AMQP_BASIC_ACK_METHOD) {
        const amqp_basic_ack_t *ack = method;
        int error = sp_publishes_confirm(&broker->publishes, ack->delivery_tag, ack->multiple);
        if (error == SPECTACLES_OK)
            sp_backoff_progress(&broker->backoff);
        broker->suspicion.answered = true;
        broker->nacking_since = SPECTACLES_NEVER;
        return error;
    }
    if (id == AMQP_BASIC_NACK_METHOD) {
        const amqp_basic_nack_t *nack = method;
        if (broker->nacking_since == SPECTACLES_NEVER)
            broker->nacking_since = now;
        return sp_publishes_defer(&broker->publishes, nack->delivery_tag, nack->multiple,
                                  now + SP_DEFER_NACKED);
    }
    return SPECTACLES_E_PROTO;
}

static int on_declare_method(spectacles_broker *broker, amqp_method_number_t id, const void *method,
                             uint64_t now)
{
    if (broker->topology.trial.state == SP_TRIAL_ASKED)
        return sp_broker_on_trial(broker, id, now);
    if (id == AMQP_EXCHANGE_DECLARE_OK_METHOD)
        return sp_broker_on_declared(broker, SP_REQUEST_EXCHANGE, NULL, now);
    if (id == AMQP_QUEUE_DECLARE_OK_METHOD)
        return sp_broker_on_declared(broker, SP_REQUEST_QUEUE, method, now);
    if (id == AMQP_QUEUE_BIND_OK_METHOD)
        return sp_broker_on_declared(broker, SP_REQUEST_BIND, NULL, now);
    return SPECTACLES_E_PROTO;
}

static int on_deliver(spectacles_broker *broker, const amqp_basic_deliver_t *deliver)
{
    if (!sp_topology_knows(&broker->topology, sp_consumer_read_tag(deliver->consumer_tag)))
        return SPECTACLES_E_PROTO;
    return sp_content_begin(&broker->delivered, AMQP_BASIC_DELIVER_METHOD, deliver);
}

static int on_consume_method(spectacles_broker *broker, amqp_method_number_t id, const void *method,
                             uint64_t now)
{
    if (id == AMQP_BASIC_DELIVER_METHOD)
        return on_deliver(broker, method);
    if (id == AMQP_BASIC_CANCEL_METHOD)
        return sp_broker_on_cancelled(broker, method, now);
    if (id == AMQP_BASIC_CANCEL_OK_METHOD)
        return sp_broker_on_consuming(broker, SP_REQUEST_CANCEL,
                                      &((const amqp_basic_cancel_ok_t *)method)->consumer_tag, now);
    if (id == AMQP_BASIC_QOS_OK_METHOD)
        return sp_broker_on_consuming(broker, SP_REQUEST_QOS, NULL, now);
    if (id == AMQP_BASIC_CONSUME_OK_METHOD)
        return sp_broker_on_consuming(broker, SP_REQUEST_CONSUME,
                                      &((const amqp_basic_consume_ok_t *)method)->consumer_tag, now);
    return SPECTACLES_E_PROTO;
}

/* The content that is received on a channel. NULL for a channel without content. */
static sp_content *content_of(spectacles_broker *broker, uint16_t channel)
{
    if (channel == SP_CHANNEL_PUBLISH)
        return &broker->returned;
    return channel == SP_CHANNEL_CONSUME ? &broker->delivered : NULL;
}

/* Whether frames on this channel are ignored: the broker may have sent them before it knew that the channel ends. */
static bool is_passed_over(const spectacles_broker *broker, uint16_t channel)
{
    return broker->channels[channel] == SP_CHANNEL_REOPENING ||
           broker->channels[channel] == SP_CHANNEL_CLOSING;
}

static int on_channel_method(spectacles_broker *broker, uint16_t channel, amqp_method_number_t id,
                             const void *method, uint64_t now)
{
    const sp_content *content = content_of(broker, channel);
    if (broker->channels[channel] == SP_CHANNEL_CLOSED)
        return SPECTACLES_E_PROTO;
    /* No other method may come between the frames of a content (AMQP 0-9-1, section 4.2.6). */
    if (content && content->state != SP_CONTENT_NONE && id != AMQP_CHANNEL_CLOSE_METHOD)
        return SPECTACLES_E_PROTO;
    if (id == AMQP_CHANNEL_OPEN_OK_METHOD)
        return sp_broker_on_channel_opened(broker, channel, now);
    if (id == AMQP_CHANNEL_CLOSE_METHOD)
        return sp_broker_on_channel_close(broker, channel, method, now);
    if (broker->channels[channel] == SP_CHANNEL_CLOSING && id == AMQP_CHANNEL_CLOSE_OK_METHOD)
        return sp_broker_on_channel_closed(broker, channel);
    if (is_passed_over(broker, channel))
        return SPECTACLES_OK;
    if (broker->channels[channel] != SP_CHANNEL_OPEN)
        return SPECTACLES_E_PROTO;
    if (id == AMQP_CHANNEL_FLOW_METHOD)
        return on_flow(broker, channel, method);
    if (channel == SP_CHANNEL_PUBLISH)
        return on_publish_method(broker, id, method, now);
    if (channel == SP_CHANNEL_CONSUME)
        return on_consume_method(broker, id, method, now);
    return on_declare_method(broker, id, method, now);
}

/* ---- Content ---- */

static const spectacles_broker_event *take_delivery(spectacles_broker *broker, uint64_t handle)
{
    const sp_content *content = &broker->delivered;
    broker->stats.delivered++;
    /* A redelivered message is no progress: it comes again on each connection, and may be the reason for its end. */
    if (!content->redelivered)
        sp_backoff_progress(&broker->backoff);
    broker->event = (spectacles_broker_event){.type = SPECTACLES_BROKER_EVENT_MESSAGE,
                                              .subscription = sp_consumer_subscription(content->consumer),
                                              .delivery = handle,
                                              .redelivered = content->redelivered,
                                              .key = content->key.chars,
                                              .key_length = content->key.length};
    sp_content_fill_event(content, &broker->event);
    return &broker->event;
}

/* The message-id is a field of the event alone: it holds the id of a session. */
static void describe_refused(const spectacles_broker *broker, sp_text *text)
{
    const sp_content *content = &broker->delivered;
    sp_text_set(text, "a message under the key '");
    sp_text_add_foreign(text, content->key.chars, content->key.length, SP_SHORT_MAX);
    sp_text_add(text, "' was rejected: %s (%llu bytes; max_message is %llu)", content->refusal,
                (unsigned long long)content->size, (unsigned long long)broker->max_message);
}

static int refuse_delivery(spectacles_broker *broker, uint64_t handle)
{
    const sp_content *content = &broker->delivered;
    int done = sp_broker_reject(broker, handle, 0);
    sp_pending_event *pending = sp_broker_queue_event(broker, SPECTACLES_BROKER_EVENT_REFUSED);
    if (pending) {
        pending->event.subscription = sp_consumer_subscription(content->consumer);
        pending->event.key = content->key.chars;
        pending->event.key_length = content->key.length;
        pending->event.message_id = sp_short_text(&content->message_id);
        describe_refused(broker, &pending->text);
    }
    return done < 0 ? done : SPECTACLES_OK;
}

static int on_delivery(spectacles_broker *broker, const spectacles_broker_event **event)
{
    uint64_t handle = 0;
    const sp_content *content = &broker->delivered;
    int error = sp_deliveries_add(&broker->deliveries, content->delivery_tag, content->consumer, &handle);
    if (error != SPECTACLES_OK)
        return error;
    /* The subscription has ended, so the delivery goes back to its queue for other consumers. */
    if (!sp_topology_is_current(&broker->topology, content->consumer)) {
        int done = sp_broker_reject(broker, handle, 1);
        return done < 0 ? done : SPECTACLES_OK;
    }
    if (content->refusal)
        return refuse_delivery(broker, handle);
    *event = take_delivery(broker, handle);
    return SPECTACLES_OK;
}

static int on_return(spectacles_broker *broker)
{
    const sp_content *content = &broker->returned;
    int known = sp_publishes_returned(&broker->publishes, content->tag);
    if (known != 1)
        return known;
    if (sp_publishes_is_call(&broker->publishes, content->tag)) {
        amqp_bytes_t text = sp_wire_text(content->text.chars);
        sp_broker_fail_call(broker, content->tag, SPECTACLES_CALL_UNROUTABLE, content->code, text);
        return SPECTACLES_OK;
    }
    broker->stats.returned++;
    sp_pending_event *pending = sp_broker_queue_event(broker, SPECTACLES_BROKER_EVENT_RETURNED);
    if (!pending)
        return SPECTACLES_OK;
    pending->event.tag = content->tag;
    pending->event.code = content->code;
    pending->event.key = content->key.chars;
    pending->event.key_length = content->key.length;
    sp_text_set(&pending->text, "no queue takes messages under the key '");
    sp_text_add_foreign(&pending->text, content->key.chars, content->key.length, SP_SHORT_MAX);
    sp_text_add(&pending->text, "' (%u ", (unsigned)content->code);
    sp_text_add_foreign(&pending->text, content->text.chars, content->text.length, SP_SHORT_MAX);
    sp_text_add(&pending->text, ")");
    return SPECTACLES_OK;
}

static int on_content(spectacles_broker *broker, const sp_wire_frame *frame,
                      const spectacles_broker_event **event)
{
    sp_content *content = content_of(broker, frame->channel);
    bool trial = frame->channel == SP_CHANNEL_DECLARE && broker->topology.trial.state != SP_TRIAL_NONE;
    if (trial || (content && is_passed_over(broker, frame->channel)))
        return SPECTACLES_OK;
    if (!content)
        return SPECTACLES_E_PROTO;
    int got = sp_content_frame(content, frame, &broker->pool, broker->max_message);
    if (got != 1)
        return got;
    if (content == &broker->delivered)
        return on_delivery(broker, event);
    if (content->method == AMQP_BASIC_RETURN_METHOD)
        return on_return(broker);
    *event = sp_broker_on_reply(broker);
    return SPECTACLES_OK;
}

/* ---- Frames ---- */

static int on_method(spectacles_broker *broker, const sp_wire_frame *frame, uint64_t now)
{
    void *method;
    amqp_method_number_t id = sp_wire_method_id(frame->payload);
    int error = sp_wire_decode(frame->payload, &broker->pool, &method);
    if (error != SPECTACLES_OK)
        return error;
    if (frame->channel == SP_CHANNEL_CONNECTION)
        return on_connection_method(broker, id, method, now);
    if (broker->state == SPECTACLES_BROKER_CLOSING)
        return SPECTACLES_OK;
    return on_channel_method(broker, frame->channel, id, method, now);
}

static int on_frame(spectacles_broker *broker, const sp_wire_frame *frame, uint64_t now,
                    const spectacles_broker_event **event)
{
    if (frame->type == AMQP_FRAME_HEARTBEAT)
        return frame->channel == 0 && frame->payload.length == 0 ? SPECTACLES_OK : SPECTACLES_E_PROTO;
    if (frame->type == AMQP_FRAME_METHOD)
        return on_method(broker, frame, now);
    /* Content that arrives in CLOSING is dropped: it could not be acknowledged, and the broker delivers it again. */
    return broker->state == SPECTACLES_BROKER_CLOSING ? SPECTACLES_OK : on_content(broker, frame, event);
}

bool sp_broker_receive(spectacles_broker *broker, uint64_t now, const spectacles_broker_event **event)
{
    sp_wire_frame frame;
    size_t used;
    const char *why;
    *event = NULL;
    sp_broker_forget_frame(broker);
    if (broker->transport == SP_TRANSPORT_NONE || broker->transport == SP_TRANSPORT_WANTED)
        return false;
    int got = sp_wire_next(sp_buffer_slice(&broker->input), broker->frame_max, &frame, &used, &why);
    if (got < 0) {
        drop(broker, REPLY_FRAME_ERROR, got, why, now);
        /* The start of the next frame is not known, so no further bytes can be read. */
        if (broker->transport != SP_TRANSPORT_NONE)
            sp_broker_end_connection(broker, now);
        return true;
    }
    if (got == 0) {
        if (broker->transport == SP_TRANSPORT_ENDED)
            sp_broker_end_connection(broker, now);
        return broker->transport == SP_TRANSPORT_NONE;
    }
    broker->input_used = used;
    drop_for(broker, on_frame(broker, &frame, now, event), &frame, now);
    return true;
}
