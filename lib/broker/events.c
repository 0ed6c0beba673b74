/*
 * The events of a broker. Every file that has something to tell the owner queues events here, and broker.c pulls them.
 * Also keeps the sentence about the last failed call.
 */
#include "broker/events.h"

#include <string.h>

enum {
    PENDING_MAX = 8, /* more events than one frame, or one call of the owner, can queue */
    PREFETCH_DEFAULT = 64,
    KEPT_BYTES = 64 * 1024
};

int sp_broker_reserve_events(spectacles_broker *broker)
{
    broker->pending = sp_ring_of(sizeof(sp_pending_event));
    for (int i = 0; i < PENDING_MAX; i++) {
        if (!sp_ring_push(&broker->pending))
            return SPECTACLES_E_NOMEM;
    }
    sp_ring_clear(&broker->pending);
    return SPECTACLES_OK;
}

sp_pending_event *sp_broker_queue_event(spectacles_broker *broker, uint32_t type)
{
    sp_pending_event *pending = sp_ring_push(&broker->pending);
    if (!pending)
        return NULL;
    pending->event.type = type;
    sp_stream_touch(&broker->stream);
    sp_text_set(&pending->text, "%s", "");
    return pending;
}

bool sp_broker_has_pending(const spectacles_broker *broker)
{
    return broker->topology.notice_count > 0 || broker->pending.count > 0;
}

/* ---- Subscriptions ---- */

static void fill_failure(spectacles_broker *broker, bool all, const char *queue)
{
    const sp_queue_failure *failure = all ? &broker->interruption : &broker->failure;
    broker->event.code = failure->code;
    broker->event.error = failure->error;
    broker->event.until = failure->until;
    if (all)
        sp_text_set(&broker->event_text,
                    "the broker closed the channel on which queue '%s' is consumed: what is not acknowledged "
                    "is delivered again%s",
                    queue, failure->text.chars);
    else
        broker->event_text = failure->text;
}

static void fill_ended(spectacles_broker *broker, const char *queue)
{
    broker->event.until = SPECTACLES_NEVER;
    sp_text_set(&broker->event_text, "queue '%s' is not consumed any more, as was asked for", queue);
}

/* Copies the name, because another subscription can get this place while the owner still reads the event. */
static const char *copy_queue(spectacles_broker *broker, uint32_t number)
{
    const char *queue = sp_topology_at(&broker->topology, number)->queue;
    memcpy(broker->event_queue, queue, strlen(queue) + 1);
    return broker->event_queue;
}

static bool take_notice(spectacles_broker *broker)
{
    uint32_t number = 0;
    enum sp_notice notice = sp_topology_take_notice(&broker->topology, &number);
    if (notice == SP_NOTICE_NONE)
        return false;
    const char *queue = copy_queue(broker, number);
    broker->event = (spectacles_broker_event){.type = SPECTACLES_BROKER_EVENT_UNSUBSCRIBED,
                                              .subscription = number,
                                              .queue = queue,
                                              .queue_length = strlen(queue)};
    if (notice == SP_NOTICE_SUBSCRIBED) {
        broker->event.type = SPECTACLES_BROKER_EVENT_SUBSCRIBED;
        broker->event.message_count = sp_topology_at(&broker->topology, number)->message_count;
        broker->event.consumer_count = sp_topology_at(&broker->topology, number)->consumer_count;
        sp_text_set(&broker->event_text, "%s", "");
    } else if (notice == SP_NOTICE_ENDED) {
        fill_ended(broker, queue);
    } else {
        fill_failure(broker, notice == SP_NOTICE_INTERRUPTED, queue);
    }
    return true;
}

/* ---- Other events ---- */

static bool take_pending(spectacles_broker *broker)
{
    const sp_pending_event *pending = sp_ring_front(&broker->pending);
    if (!pending)
        return false;
    broker->event = pending->event;
    broker->event_text = pending->text;
    sp_ring_pop(&broker->pending);
    return true;
}

static const spectacles_broker_event *take_notice_or_pending(spectacles_broker *broker)
{
    if (!take_notice(broker) && !take_pending(broker))
        return NULL;
    if (broker->event_text.length > 0) {
        broker->event.text = broker->event_text.chars;
        broker->event.text_length = broker->event_text.length;
    }
    return &broker->event;
}

const spectacles_broker_event *sp_broker_take_confirm(spectacles_broker *broker)
{
    uint64_t tag = sp_publishes_next_confirmed(&broker->publishes);
    if (tag == 0)
        return NULL;
    broker->stats.confirmed++;
    /* Behind another confirm all other fields are 0 already. */
    if (broker->event.type != SPECTACLES_BROKER_EVENT_CONFIRMED)
        broker->event = (spectacles_broker_event){.type = SPECTACLES_BROKER_EVENT_CONFIRMED};
    broker->event.tag = tag;
    return &broker->event;
}

/*
 * ROOM comes when half of the window is free. An owner that got ROOM for each free place would publish one at a time.
 */
static bool has_half(const spectacles_broker *broker)
{
    const sp_publishes *publishes = &broker->publishes;
    return !broker->owner_closes && publishes->unconfirmed_count <= broker->window_count / 2 &&
           publishes->unconfirmed_bytes <= broker->window_bytes / 2;
}

static bool calls_have_half(const spectacles_broker *broker)
{
    return broker->calls.wants_room && sp_calls_count(&broker->calls) <= broker->window_count / 2;
}

static bool room_is_due(const spectacles_broker *broker)
{
    return (broker->publishes.wants_room || calls_have_half(broker)) && has_half(broker);
}

static const spectacles_broker_event *take_room(spectacles_broker *broker)
{
    if (!room_is_due(broker))
        return NULL;
    broker->publishes.wants_room = false;
    if (calls_have_half(broker))
        broker->calls.wants_room = false;
    broker->event = (spectacles_broker_event){.type = SPECTACLES_BROKER_EVENT_ROOM};
    return &broker->event;
}

static const spectacles_broker_event *take_failed_call(spectacles_broker *broker)
{
    sp_call *call = sp_calls_next_failed(&broker->calls);
    if (!call)
        return NULL;
    sp_text_set(&broker->event_text, "%s", sp_call_failure_text(call->failure));
    broker->event = (spectacles_broker_event){.type = SPECTACLES_BROKER_EVENT_CALL_FAILED,
                                              .tag = call->tag,
                                              .reason = call->failure,
                                              .text = broker->event_text.chars,
                                              .text_length = broker->event_text.length};
    sp_calls_end(&broker->calls, call);
    return &broker->event;
}

const spectacles_broker_event *sp_broker_take_event(spectacles_broker *broker)
{
    const spectacles_broker_event *event = sp_broker_take_confirm(broker);
    if (!event)
        event = take_failed_call(broker);
    if (!event)
        event = take_notice_or_pending(broker);
    return event ? event : take_room(broker);
}

bool sp_broker_has_event(const spectacles_broker *broker)
{
    return broker->publishes.confirm_tag || broker->calls.failed > 0 || sp_broker_has_pending(broker) ||
           room_is_due(broker);
}

/* ---- Sentences ---- */

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
