/*
 * The events of a shard: queued by every file in which something happens, and pulled by shard.c. The sentence about the
 * last failed call is kept here as well.
 */
#include "shard/events.h"

#include <string.h>

/* The events for which memory is reserved. No more are queued between two calls of the owner. */
enum {
    PENDING_MAX = 8
};

int sp_shard_reserve_events(spectacles_shard *shard)
{
    shard->pending = sp_ring_of(sizeof(spectacles_shard_event));
    shard->tickets = sp_ring_of(sizeof(sp_ticket));
    for (int i = 0; i < PENDING_MAX; i++) {
        if (!sp_ring_push(&shard->pending))
            return SPECTACLES_E_NOMEM;
    }
    sp_ring_clear(&shard->pending);
    return SPECTACLES_OK;
}

spectacles_shard_event *sp_shard_queue_event(spectacles_shard *shard, uint32_t type)
{
    spectacles_shard_event *event = sp_ring_push(&shard->pending);
    if (!event)
        return NULL;
    event->type = type;
    event->state = shard->state;
    sp_stream_touch(&shard->stream);
    return event;
}

int sp_shard_fail(spectacles_shard *shard, int error, const char *text)
{
    sp_text_set(&shard->last_error, "%s", text);
    return error;
}

/* Packets are reported in the order in which they were sent, so that only the first ticket counts. */
static bool has_ticket(const spectacles_shard *shard)
{
    const sp_ticket *ticket = sp_ring_front(&shard->tickets);
    return ticket && (ticket->lost || ticket->end <= shard->bytes_consumed);
}

bool sp_shard_has_event(const spectacles_shard *shard)
{
    return shard->pending.count > 0 || shard->dispatch_held || has_ticket(shard);
}

static const spectacles_shard_event *take_ticket(spectacles_shard *shard)
{
    if (!has_ticket(shard))
        return NULL;
    const sp_ticket *ticket = sp_ring_front(&shard->tickets);
    shard->event = (spectacles_shard_event){.type = ticket->lost ? SPECTACLES_SHARD_EVENT_UNSENT
                                                                 : SPECTACLES_SHARD_EVENT_SENT,
                                            .ticket = ticket->number,
                                            .state = shard->state};
    sp_ring_pop(&shard->tickets);
    return &shard->event;
}

/* A copy: the session may be forgotten while the owner still reads the event. */
static void set_session_id(spectacles_shard *shard)
{
    memcpy(shard->event_session_id, shard->session.id, sizeof shard->event_session_id);
    shard->event.session_id = shard->event_session_id;
    shard->event.session_id_length = strlen(shard->event_session_id);
}

/* Commits that the owner made before it pulled the GAP count. */
static void fill_gap(spectacles_shard *shard)
{
    shard->event.seq = sp_session_safe_seq(&shard->session, shard->commits);
    set_session_id(shard);
    sp_text_set(&shard->event_text, "session %s is lost: events after sequence %llu may be missing",
                shard->session.id, (unsigned long long)shard->event.seq);
    sp_session_forget(&shard->session);
}

static void write_state(const spectacles_shard_event *event, const sp_text *why, sp_text *text)
{
    if (event->state == SPECTACLES_SHARD_UPGRADING)
        sp_text_set(text, "connected: asking for a WebSocket");
    else if (event->state == SPECTACLES_SHARD_HELLO)
        sp_text_set(text, "the WebSocket stands: waiting for HELLO");
    else if (event->state == SPECTACLES_SHARD_IDENTIFYING)
        sp_text_set(text, "identify was sent: waiting for READY");
    else if (event->state == SPECTACLES_SHARD_RESUMING)
        sp_text_set(text, "resuming behind sequence %llu", (unsigned long long)event->seq);
    else
        sp_text_set(text, "closing: %s", why->length > 0 ? why->chars : "the owner asked for it");
}

static void write_late(uint64_t late, sp_text *text)
{
    sp_text_set(text,
                "a heartbeat went out %llu ms late: the owner's loop was busy or asleep, and Discord ends "
                "connections whose heartbeats are missing",
                (unsigned long long)late);
}

/*
 * Writes the text when the event is pulled. What the text says cannot have changed since the event was queued, because
 * a new connection waits until all events are pulled.
 */
static void write_text(spectacles_shard *shard)
{
    sp_text *text = &shard->event_text;
    sp_text_set(text, "%s", shard->event.text ? shard->event.text : "");
    switch (shard->event.type) {
    case SPECTACLES_SHARD_EVENT_CONNECTING:
        sp_text_set(text, "%s:%u", shard->url.host, (unsigned)shard->url.port);
        return;
    case SPECTACLES_SHARD_EVENT_GAP:
        fill_gap(shard);
        return;
    case SPECTACLES_SHARD_EVENT_READY:
    case SPECTACLES_SHARD_EVENT_RESUMED:
        set_session_id(shard);
        return;
    case SPECTACLES_SHARD_EVENT_DISCONNECTED:
    case SPECTACLES_SHARD_EVENT_FATAL:
        *text = shard->reason.text;
        return;
    case SPECTACLES_SHARD_EVENT_LATE:
        shard->late_queued = false;
        write_late(shard->event.duration, text);
        return;
    case SPECTACLES_SHARD_EVENT_STATE:
        write_state(&shard->event, &shard->reason.text, text);
        return;
    default:
        return;
    }
}

static const spectacles_shard_event *take_pending(spectacles_shard *shard)
{
    const spectacles_shard_event *pending = sp_ring_front(&shard->pending);
    if (!pending)
        return NULL;
    shard->event = *pending;
    write_text(shard);
    if (shard->event_text.length > 0) {
        shard->event.text = shard->event_text.chars;
        shard->event.text_length = shard->event_text.length;
    }
    sp_ring_pop(&shard->pending);
    return &shard->event;
}

/* A dispatch counts as received when the owner pulls it, and not when its bytes arrive. */
static const spectacles_shard_event *take_dispatch(spectacles_shard *shard)
{
    if (!shard->dispatch_held)
        return NULL;
    shard->dispatch_held = false;
    shard->event = shard->dispatch;
    shard->event.state = shard->state;
    if (shard->event.seq > shard->session.received)
        shard->session.received = shard->event.seq;
    shard->stats.dispatches++;
    return &shard->event;
}

const spectacles_shard_event *sp_shard_take_event(spectacles_shard *shard)
{
    const spectacles_shard_event *event = take_ticket(shard);
    if (!event)
        event = take_pending(shard);
    return event ? event : take_dispatch(shard);
}
