/* The events of the relay. Called by every file of the relay that reports something, and by owners, who read them. */
#include "relay/events.h"

#include "core/export.h"

#include <stdlib.h>
#include <string.h>

sp_relay_pending *sp_relay_queue_event(spectacles_relay *relay, uint32_t type)
{
    sp_relay_pending *queued = sp_ring_push(&relay->pending);
    if (!queued)
        return NULL;
    queued->event.type = type;
    queued->event.shard_count = relay->shard_count;
    sp_text_set(&queued->text, "%s", "");
    return queued;
}

void sp_relay_set_name(sp_relay_pending *queued, const char *name, size_t length)
{
    queued->event.name_length = length < SPECTACLES_ROUTE_MAX ? length : SPECTACLES_ROUTE_MAX;
    if (queued->event.name_length > 0)
        memcpy(queued->name, name, queued->event.name_length);
    queued->name[queued->event.name_length] = '\0';
}

sp_relay_pending *sp_relay_queue_broker_event(spectacles_relay *relay, uint32_t broker, uint32_t type,
                                              const spectacles_broker_event *event)
{
    sp_relay_pending *queued = sp_relay_queue_event(relay, type);
    if (!queued)
        return NULL;
    queued->event.broker = broker;
    queued->event.code = event->code;
    queued->event.error = event->error;
    if (type == SPECTACLES_RELAY_EVENT_BROKER_DISCONNECTED || type == SPECTACLES_RELAY_EVENT_UNSUBSCRIBED)
        queued->event.until = event->until;
    const char *text = type == SPECTACLES_RELAY_EVENT_SUBSCRIBED ? event->queue : event->text;
    sp_text_set(&queued->text, "%s", text ? text : "");
    return queued;
}

void sp_relay_queue_connection_event(spectacles_relay *relay, uint32_t broker,
                                     const spectacles_broker_event *event)
{
    static const struct {
        uint32_t of_broker;
        uint32_t of_relay;
    } types[] = {
        {SPECTACLES_BROKER_EVENT_CONNECTING, SPECTACLES_RELAY_EVENT_BROKER_CONNECTING},
        {SPECTACLES_BROKER_EVENT_READY, SPECTACLES_RELAY_EVENT_BROKER_READY},
        {SPECTACLES_BROKER_EVENT_DISCONNECTED, SPECTACLES_RELAY_EVENT_BROKER_DISCONNECTED},
        {SPECTACLES_BROKER_EVENT_BLOCKED, SPECTACLES_RELAY_EVENT_BROKER_BLOCKED},
        {SPECTACLES_BROKER_EVENT_UNBLOCKED, SPECTACLES_RELAY_EVENT_BROKER_UNBLOCKED},
        {SPECTACLES_BROKER_EVENT_CLOSED, SPECTACLES_RELAY_EVENT_BROKER_CLOSED},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i].of_broker == event->type)
            sp_relay_queue_broker_event(relay, broker, types[i].of_relay, event);
    }
}

static bool is_of_shard(const spectacles_relay_event *event, uint32_t shard_id)
{
    bool is_message = event->type == SPECTACLES_RELAY_EVENT_MESSAGE;
    return event->shard_id == shard_id &&
           (event->type < SPECTACLES_RELAY_EVENT_BROKER_CONNECTING || is_message);
}

void sp_relay_forget_shard_events(spectacles_relay *relay, uint32_t shard_id)
{
    for (size_t i = 0; i < relay->pending.count;) {
        const sp_relay_pending *queued = sp_ring_at(&relay->pending, i);
        if (is_of_shard(&queued->event, shard_id)) {
            free(queued->body);
            sp_ring_remove(&relay->pending, i);
        } else {
            i++;
        }
    }
}

void sp_relay_free_events(spectacles_relay *relay)
{
    const sp_relay_pending *front;
    free(relay->current.body);
    while ((front = sp_ring_front(&relay->pending))) {
        free(front->body);
        sp_ring_pop(&relay->pending);
    }
    sp_ring_free(&relay->pending);
}

/* A queued event moves in memory, so its pointers are set when it is the present one. */
static void set_pointers(sp_relay_pending *current)
{
    spectacles_relay_event *event = &current->event;
    event->body = current->body;
    if (current->message_id[0]) {
        event->message_id = current->message_id;
        event->message_id_length = strlen(event->message_id);
    }
    if (event->name_length > 0)
        event->name = current->name;
    if (current->text.length > 0) {
        event->text = current->text.chars;
        event->text_length = current->text.length;
    }
    if (current->session_id[0]) {
        event->session_id = current->session_id;
        event->session_id_length = strlen(event->session_id);
    }
    if (current->old_session_id[0]) {
        event->old_session_id = current->old_session_id;
        event->old_session_id_length = strlen(event->old_session_id);
    }
}

const spectacles_relay_event *sp_relay_take_event(spectacles_relay *relay)
{
    const sp_relay_pending *front = sp_ring_front(&relay->pending);
    free(relay->current.body);
    relay->current.body = NULL;
    if (!front)
        return NULL;
    relay->current = *front;
    sp_ring_pop(&relay->pending);
    set_pointers(&relay->current);
    return &relay->current.event;
}

SPECTACLES_EXPORT uint32_t spectacles_relay_event_type(const spectacles_relay_event *event)
{
    return event->type;
}

SPECTACLES_EXPORT uint32_t spectacles_relay_event_shard_id(const spectacles_relay_event *event)
{
    return event->shard_id;
}

SPECTACLES_EXPORT uint32_t spectacles_relay_event_broker(const spectacles_relay_event *event)
{
    return event->broker;
}

SPECTACLES_EXPORT uint32_t spectacles_relay_event_code(const spectacles_relay_event *event)
{
    return event->code;
}

SPECTACLES_EXPORT int32_t spectacles_relay_event_error(const spectacles_relay_event *event)
{
    return event->error;
}

SPECTACLES_EXPORT uint32_t spectacles_relay_event_op(const spectacles_relay_event *event)
{
    return event->op;
}

SPECTACLES_EXPORT uint64_t spectacles_relay_event_seq(const spectacles_relay_event *event)
{
    return event->seq;
}

SPECTACLES_EXPORT uint64_t spectacles_relay_event_duration(const spectacles_relay_event *event)
{
    return event->duration;
}

SPECTACLES_EXPORT uint64_t spectacles_relay_event_until(const spectacles_relay_event *event)
{
    return event->until;
}

SPECTACLES_EXPORT uint64_t spectacles_relay_event_unix_time(const spectacles_relay_event *event)
{
    return event->unix_time;
}

SPECTACLES_EXPORT uint64_t spectacles_relay_event_hold_until(const spectacles_relay_event *event)
{
    return event->hold_until;
}

SPECTACLES_EXPORT const char *spectacles_relay_event_name(const spectacles_relay_event *event, size_t *length)
{
    if (length)
        *length = event->name_length;
    return event->name;
}

SPECTACLES_EXPORT const char *spectacles_relay_event_text(const spectacles_relay_event *event, size_t *length)
{
    if (length)
        *length = event->text_length;
    return event->text;
}

SPECTACLES_EXPORT const char *spectacles_relay_event_session_id(const spectacles_relay_event *event,
                                                                size_t *length)
{
    if (length)
        *length = event->session_id_length;
    return event->session_id;
}

SPECTACLES_EXPORT const char *spectacles_relay_event_old_session_id(const spectacles_relay_event *event,
                                                                    size_t *length)
{
    if (length)
        *length = event->old_session_id_length;
    return event->old_session_id;
}

SPECTACLES_EXPORT uint64_t spectacles_relay_event_ticket(const spectacles_relay_event *event)
{
    return event->ticket;
}

SPECTACLES_EXPORT uint32_t spectacles_relay_event_format(const spectacles_relay_event *event)
{
    return event->format;
}

SPECTACLES_EXPORT uint32_t spectacles_relay_event_shard_count(const spectacles_relay_event *event)
{
    return event->shard_count;
}

SPECTACLES_EXPORT const uint8_t *spectacles_relay_event_body(const spectacles_relay_event *event,
                                                             size_t *length)
{
    if (length)
        *length = event->body_length;
    return event->body;
}

SPECTACLES_EXPORT const char *spectacles_relay_event_message_id(const spectacles_relay_event *event,
                                                                size_t *length)
{
    if (length)
        *length = event->message_id_length;
    return event->message_id;
}
