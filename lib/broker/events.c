#include "broker/broker.h"
#include "core/export.h"

sp_news *sp_broker_tell(spectacles_broker *broker, uint32_t type)
{
    sp_news *news = sp_ring_push(&broker->news);
    if (!news)
        return NULL;
    news->event.type = type;
    sp_stream_touch(&broker->stream);
    sp_text_set(&news->text, "%s", "");
    return news;
}

bool sp_broker_has_news(const spectacles_broker *broker)
{
    return broker->topology.untold > 0 || broker->news.count > 0;
}

static void tell_trouble(spectacles_broker *broker, bool all, const char *queue)
{
    const sp_trouble *trouble = all ? &broker->interruption : &broker->failure;
    broker->event.code = trouble->code;
    broker->event.error = trouble->error;
    broker->event.time = trouble->time;
    if (all)
        sp_text_set(&broker->event_text,
                    "the broker closed the channel on which queue '%s' is consumed: what is not acknowledged "
                    "is delivered again%s",
                    queue, trouble->text.chars);
    else
        broker->event_text = trouble->text;
}

static void tell_ended(spectacles_broker *broker, const char *queue)
{
    broker->event.time = SPECTACLES_NEVER;
    sp_text_set(&broker->event_text, "queue '%s' is not consumed any more, as was asked for", queue);
}

static bool take_subscription_news(spectacles_broker *broker)
{
    uint32_t number = 0;
    enum sp_subscription_news news = sp_topology_take_news(&broker->topology, &number);
    if (news == SP_NEWS_NONE)
        return false;
    const char *queue = sp_topology_at(&broker->topology, number)->queue;
    broker->event =
        (spectacles_broker_event){.type = SPECTACLES_BROKER_EVENT_UNSUBSCRIBED, .subscription = number};
    if (news == SP_NEWS_SUBSCRIBED) {
        broker->event.type = SPECTACLES_BROKER_EVENT_SUBSCRIBED;
        sp_text_set(&broker->event_text, "%s", queue);
    } else if (news == SP_NEWS_ENDED) {
        tell_ended(broker, queue);
    } else {
        tell_trouble(broker, news == SP_NEWS_INTERRUPTED, queue);
    }
    return true;
}

static bool take_other_news(spectacles_broker *broker)
{
    const sp_news *news = sp_ring_front(&broker->news);
    if (!news)
        return false;
    broker->event = news->event;
    broker->event_text = news->text;
    sp_ring_pop(&broker->news);
    return true;
}

const spectacles_broker_event *sp_broker_take_news(spectacles_broker *broker)
{
    if (!take_subscription_news(broker) && !take_other_news(broker))
        return NULL;
    if (broker->event_text.length > 0) {
        broker->event.text = broker->event_text.chars;
        broker->event.text_length = broker->event_text.length;
    }
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
spectacles_broker_event_headers(const spectacles_broker_event *event)
{
    return event->headers;
}
