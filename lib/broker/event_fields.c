/*
 * The fields of an event as functions, for languages in which a call is easier than reading a struct. Called by
 * owners.
 */
#include "core/export.h"
#include <spectacles/broker.h>

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

SPECTACLES_EXPORT uint64_t spectacles_broker_event_until(const spectacles_broker_event *event)
{
    return event->until;
}

SPECTACLES_EXPORT uint64_t spectacles_broker_event_unconfirmed_count(const spectacles_broker_event *event)
{
    return event->unconfirmed_count;
}

SPECTACLES_EXPORT uint32_t spectacles_broker_event_message_count(const spectacles_broker_event *event)
{
    return event->message_count;
}

SPECTACLES_EXPORT uint32_t spectacles_broker_event_consumer_count(const spectacles_broker_event *event)
{
    return event->consumer_count;
}

SPECTACLES_EXPORT const char *spectacles_broker_event_queue(const spectacles_broker_event *event,
                                                            size_t *length)
{
    if (length)
        *length = event->queue_length;
    return event->queue;
}

SPECTACLES_EXPORT uint32_t spectacles_broker_event_redelivered(const spectacles_broker_event *event)
{
    return event->redelivered;
}

SPECTACLES_EXPORT const char *spectacles_broker_event_key(const spectacles_broker_event *event,
                                                          size_t *length)
{
    if (length)
        *length = event->key_length;
    return event->key;
}

SPECTACLES_EXPORT const uint8_t *spectacles_broker_event_body(const spectacles_broker_event *event,
                                                              size_t *length)
{
    if (length)
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
    if (length)
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
spectacles_broker_event_headers(const spectacles_broker_event *event, size_t *count)
{
    if (count)
        *count = event->header_count;
    return event->headers;
}
