/*
 * Calls and replies. A call publishes a request; the reply comes over RabbitMQ's direct reply-to on the same
 * channel. Called by owners, and by channels.c, connection.c, receive.c and timers.c when a reply arrives or a
 * call ends.
 */
#include "broker/rpc.h"
#include "broker/events.h"
#include "broker/message.h"
#include "broker/publish.h"
#include "core/export.h"

#include <stdio.h>
#include <string.h>

/*
 * RabbitMQ's direct reply-to: a pseudo-queue, consumed without acknowledgements on the channel on which the requests go
 * out. Every request names it in reply-to, and RabbitMQ replaces the name with an address. So a request does not have
 * to wait for a queue of its own, and a request that is not written yet can be written on the next connection as it is.
 * Nothing is declared, and no permission is needed. A worker replies to it as to an ordinary queue.
 */
static const char reply_queue[] = "amq.rabbitmq.reply-to";

static const char consumer_tag[] = "replies";

/* ---- The consumer of replies ---- */

int sp_broker_consume_replies(spectacles_broker *broker)
{
    amqp_basic_consume_t consume = {
        .queue = sp_wire_text(reply_queue), .consumer_tag = sp_wire_text(consumer_tag), .no_ack = 1};
    if (broker->replies != SP_REPLIES_WANTED || broker->channels[SP_CHANNEL_PUBLISH] == SP_CHANNEL_CLOSED)
        return SPECTACLES_OK;
    int error = sp_wire_method(&broker->control, SP_CHANNEL_PUBLISH, AMQP_BASIC_CONSUME_METHOD, &consume);
    if (error == SPECTACLES_OK)
        broker->replies = SP_REPLIES_ASKED;
    return error;
}

int sp_broker_on_replies_consumed(spectacles_broker *broker, const amqp_basic_consume_ok_t *consume_ok)
{
    if (broker->replies != SP_REPLIES_ASKED || !sp_wire_is(consume_ok->consumer_tag, consumer_tag))
        return SPECTACLES_E_PROTO;
    broker->replies = SP_REPLIES_CONSUMED;
    return SPECTACLES_OK;
}

/* ---- How calls end ---- */

void sp_broker_fail_call(spectacles_broker *broker, uint64_t tag, uint32_t failure, uint16_t code,
                         amqp_bytes_t reply)
{
    sp_call *call = sp_calls_find(&broker->calls, tag);
    if (!call)
        return;
    sp_pending_event *pending = sp_broker_queue_event(broker, SPECTACLES_BROKER_EVENT_CALL_FAILED);
    if (!pending) {
        sp_calls_fail(&broker->calls, call, failure);
        return;
    }
    pending->event.tag = tag;
    pending->event.reason = failure;
    pending->event.code = code;
    sp_text_set(&pending->text, "%s", sp_call_failure_text(failure));
    sp_broker_quote(&pending->text, code, reply);
    sp_calls_end(&broker->calls, call);
}

void sp_broker_lose_calls(spectacles_broker *broker)
{
    size_t index = 0;
    uint64_t tag;
    while ((tag = sp_publishes_next_unwritten_call(&broker->publishes, &index))) {
        sp_call *call = sp_calls_find(&broker->calls, tag);
        if (call)
            call->unsent = true;
    }
    sp_calls_fail_all(&broker->calls, SPECTACLES_CALL_LOST);
    if (broker->replies != SP_REPLIES_NOT_WANTED)
        broker->replies = SP_REPLIES_WANTED;
}

void sp_broker_refuse_calls(spectacles_broker *broker)
{
    size_t index = 0;
    uint64_t tag;
    while ((tag = sp_publishes_next_unwritten_call(&broker->publishes, &index))) {
        sp_publishes_withdraw(&broker->publishes, tag);
        index = 0;
    }
    sp_calls_fail_all(&broker->calls, SPECTACLES_CALL_REFUSED);
    broker->replies = SP_REPLIES_NOT_WANTED;
}

void sp_broker_expire_calls(spectacles_broker *broker, uint64_t now)
{
    sp_call *call;
    broker->calls.overdue = false;
    while ((call = sp_calls_next_late(&broker->calls, now))) {
        sp_publishes_withdraw(&broker->publishes, call->tag);
        sp_calls_fail(&broker->calls, call, SPECTACLES_CALL_TIMEOUT);
    }
}

/* ---- Replies ---- */

int sp_broker_on_reply_begins(spectacles_broker *broker, const amqp_basic_deliver_t *deliver)
{
    if (broker->replies != SP_REPLIES_CONSUMED || !sp_wire_is(deliver->consumer_tag, consumer_tag))
        return SPECTACLES_E_PROTO;
    return sp_content_begin(&broker->returned, AMQP_BASIC_DELIVER_METHOD, deliver);
}

/* The correlation-id of a call is its tag in decimal. 0 for a correlation-id that is not of this form. */
static uint64_t read_tag(const sp_short *text)
{
    uint64_t tag = 0;
    if (!text->present || text->length == 0 || text->length > 19)
        return 0;
    for (size_t i = 0; i < text->length; i++) {
        if (text->chars[i] < '0' || text->chars[i] > '9')
            return 0;
        tag = tag * 10 + (uint64_t)(text->chars[i] - '0');
    }
    return tag;
}

const spectacles_broker_event *sp_broker_on_reply(spectacles_broker *broker)
{
    const sp_content *content = &broker->returned;
    sp_call *call = sp_calls_find(&broker->calls, read_tag(&content->correlation_id));
    if (!call) {
        broker->stats.replies_ignored++;
        return NULL;
    }
    if (content->refusal) {
        sp_calls_fail(&broker->calls, call, SPECTACLES_CALL_BAD_REPLY);
        return NULL;
    }
    broker->stats.replies++;
    sp_backoff_progress(&broker->backoff);
    broker->event = (spectacles_broker_event){.type = SPECTACLES_BROKER_EVENT_REPLY, .tag = call->tag};
    sp_content_fill_event(content, &broker->event);
    sp_calls_end(&broker->calls, call);
    return &broker->event;
}

/* ---- What the owner asks for ---- */

static int check_call(spectacles_broker *broker, const spectacles_message *message, uint32_t timeout)
{
    if (timeout == 0)
        return sp_broker_fail(broker, SPECTACLES_E_INVAL, "a call needs a timeout of at least a millisecond");
    if (message->correlation_id || message->reply_to)
        return sp_broker_fail(broker, SPECTACLES_E_INVAL,
                              "correlation_id and reply_to of a call are the library's: leave them NULL");
    int error = sp_broker_check_message(broker, message);
    if (error != SPECTACLES_OK)
        return error;
    if (sp_broker_has_room(broker) && sp_calls_count(&broker->calls) < broker->window_count)
        return SPECTACLES_OK;
    broker->calls.wants_room = true;
    return sp_broker_fail(broker, SPECTACLES_E_AGAIN,
                          "the window of unconfirmed publishes or of calls is full");
}

static int add_call(spectacles_broker *broker, const spectacles_message *message, uint64_t deadline)
{
    uint64_t tag = broker->publishes.last_tag + 1;
    if (broker->replies == SP_REPLIES_NOT_WANTED)
        broker->replies = SP_REPLIES_WANTED;
    int error = sp_broker_consume_replies(broker);
    if (error == SPECTACLES_OK)
        error = sp_calls_add(&broker->calls, tag, deadline);
    if (error != SPECTACLES_OK)
        return sp_broker_fail(broker, error, spectacles_strerror(error));
    error = sp_publishes_add(&broker->publishes, message, broker->group, NULL);
    if (error != SPECTACLES_OK) {
        sp_calls_drop_last(&broker->calls);
        return sp_broker_fail(broker, error, spectacles_strerror(error));
    }
    sp_publishes_mark_call(&broker->publishes);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_broker_call(spectacles_broker *broker, const spectacles_message *message,
                                             uint32_t timeout, uint64_t now, uint64_t *call)
{
    char expiration[24];
    char correlation_id[24];
    spectacles_message read = {0};
    int error = sp_broker_read_message(broker, &read, message);
    if (error != SPECTACLES_OK)
        return error;
    error = check_call(broker, &read, timeout);
    if (error == SPECTACLES_OK)
        error = sp_broker_rewrite_body(broker, &read);
    if (error != SPECTACLES_OK)
        return error;
    snprintf(expiration, sizeof expiration, "%u", (unsigned)timeout);
    snprintf(correlation_id, sizeof correlation_id, "%llu",
             (unsigned long long)broker->publishes.last_tag + 1);
    read.flags |= SPECTACLES_MESSAGE_TRANSIENT | SPECTACLES_MESSAGE_MANDATORY;
    read.expiration = read.expiration ? read.expiration : expiration;
    read.correlation_id = correlation_id;
    read.reply_to = reply_queue;
    error = add_call(broker, &read, now + timeout);
    if (error != SPECTACLES_OK)
        return error;
    sp_stream_touch(&broker->stream);
    broker->stats.calls++;
    if (call)
        *call = broker->publishes.last_tag;
    return SPECTACLES_OK;
}

static int check_reply(spectacles_broker *broker, const spectacles_message *message, const char *reply_to)
{
    if (!reply_to || !*reply_to)
        return sp_broker_fail(broker, SPECTACLES_E_INVAL, "no reply was asked for: reply_to is missing");
    if (strlen(reply_to) > SP_SHORT_MAX)
        return sp_broker_fail(broker, SPECTACLES_E_INVAL, "reply_to is longer than 255 bytes");
    if (message->exchange || message->key_length > 0 || message->correlation_id || message->reply_to)
        return sp_broker_fail(broker, SPECTACLES_E_INVAL,
                              "exchange, key, correlation_id and reply_to of a reply are the asker's: leave "
                              "them NULL");
    if (message->flags & SPECTACLES_MESSAGE_MANDATORY)
        return sp_broker_fail(broker, SPECTACLES_E_INVAL,
                              "a reply can not be mandatory: RabbitMQ calls each direct reply-to unroutable");
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_broker_reply(spectacles_broker *broker, const char *reply_to,
                                              const char *correlation_id, const spectacles_message *message,
                                              uint64_t *tag)
{
    spectacles_message read = {0};
    int error = sp_broker_read_message(broker, &read, message);
    if (error != SPECTACLES_OK)
        return error;
    error = check_reply(broker, &read, reply_to);
    if (error != SPECTACLES_OK)
        return error;
    read.size = sizeof read;
    read.flags |= SPECTACLES_MESSAGE_TRANSIENT;
    read.exchange = "";
    read.key = reply_to;
    read.key_length = strlen(reply_to);
    read.correlation_id = correlation_id;
    return spectacles_broker_publish(broker, &read, tag);
}
