#include "broker/broker.h"
#include "core/export.h"

sp_news *sp_broker_tell(spectacles_broker *broker, uint32_t type)
{
    sp_news *news = sp_ring_push(&broker->news);
    if (!news)
        return NULL;
    news->event.type = type;
    sp_text_set(&news->text, "%s", "");
    return news;
}

const spectacles_broker_event *sp_broker_take_news(spectacles_broker *broker)
{
    const sp_news *news = sp_ring_front(&broker->news);
    if (!news)
        return NULL;
    broker->event = news->event;
    broker->event_text = news->text;
    if (news->text.length > 0) {
        broker->event.text = broker->event_text.chars;
        broker->event.text_length = broker->event_text.length;
    }
    sp_ring_pop(&broker->news);
    return &broker->event;
}

int sp_broker_fail(spectacles_broker *broker, int error, const char *text)
{
    sp_text_set(&broker->last_error, "%s", text);
    return error;
}

void sp_broker_quote(sp_text *text, uint16_t code, amqp_bytes_t reply)
{
    sp_text_add(text, " (%u ", (unsigned)code);
    sp_text_add_foreign(text, reply.bytes, reply.len, SP_SHORT_MAX);
    sp_text_add(text, ")");
}

SPECTACLES_EXPORT uint32_t spectacles_broker_event_type(const spectacles_broker_event *event)
{
    return event->type;
}

SPECTACLES_EXPORT uint32_t spectacles_broker_event_code(const spectacles_broker_event *event)
{
    return event->code;
}

SPECTACLES_EXPORT int32_t spectacles_broker_event_error(const spectacles_broker_event *event)
{
    return event->error;
}

SPECTACLES_EXPORT uint32_t spectacles_broker_event_subscription(const spectacles_broker_event *event)
{
    return event->subscription;
}

SPECTACLES_EXPORT uint64_t spectacles_broker_event_tag(const spectacles_broker_event *event)
{
    return event->tag;
}

SPECTACLES_EXPORT uint64_t spectacles_broker_event_delivery(const spectacles_broker_event *event)
{
    return event->delivery;
}

SPECTACLES_EXPORT uint64_t spectacles_broker_event_time(const spectacles_broker_event *event)
{
    return event->time;
}

SPECTACLES_EXPORT uint32_t spectacles_broker_event_redelivered(const spectacles_broker_event *event)
{
    return event->redelivered;
}

SPECTACLES_EXPORT const char *spectacles_broker_event_key(const spectacles_broker_event *event,
                                                          size_t *length)
{
    *length = event->key_length;
    return event->key;
}

SPECTACLES_EXPORT const uint8_t *spectacles_broker_event_body(const spectacles_broker_event *event,
                                                              size_t *length)
{
    *length = event->body_length;
    return event->body;
}

SPECTACLES_EXPORT const char *spectacles_broker_event_content_type(const spectacles_broker_event *event)
{
    return event->content_type;
}

SPECTACLES_EXPORT const char *spectacles_broker_event_message_id(const spectacles_broker_event *event)
{
    return event->message_id;
}

SPECTACLES_EXPORT const char *spectacles_broker_event_correlation_id(const spectacles_broker_event *event)
{
    return event->correlation_id;
}

SPECTACLES_EXPORT const char *spectacles_broker_event_reply_to(const spectacles_broker_event *event)
{
    return event->reply_to;
}

SPECTACLES_EXPORT const char *spectacles_broker_event_text(const spectacles_broker_event *event,
                                                           size_t *length)
{
    *length = event->text_length;
    return event->text;
}

SPECTACLES_EXPORT uint32_t spectacles_broker_event_format(const spectacles_broker_event *event)
{
    return event->format;
}

SPECTACLES_EXPORT uint32_t spectacles_broker_event_reason(const spectacles_broker_event *event)
{
    return event->reason;
}

SPECTACLES_EXPORT uint32_t spectacles_broker_event_priority(const spectacles_broker_event *event)
{
    return event->priority;
}

SPECTACLES_EXPORT const char *spectacles_broker_event_expiration(const spectacles_broker_event *event)
{
    return event->expiration;
}

SPECTACLES_EXPORT const spectacles_header *
spectacles_broker_event_headers(const spectacles_broker_event *event)
{
    return event->headers;
}
