/*
 * Begins and ends connections: when the next one begins, why one ends, how long the shard waits before the next, and
 * whether the session is kept. Called by stream.c, timers.c, receive.c, ops.c, dispatch.c, close_frame.c and shard.c.
 */
#include "shard/connection.h"

#include "shard/events.h"
#include "shard/presence.h"
#include "shard/send.h"
#include "shard/state.h"

static uint64_t max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* ---- The beginning of a connection ---- */

uint64_t sp_shard_next_connect(const spectacles_shard *shard)
{
    if (shard->pending.count > 0 || shard->tickets.count > 0)
        return SPECTACLES_NEVER;
    if (shard->state == SPECTACLES_SHARD_IDLE)
        return shard->held_until;
    if (shard->state == SPECTACLES_SHARD_BACKOFF)
        return max(shard->phase_deadline, shard->held_until);
    return SPECTACLES_NEVER;
}

static const sp_url *choose_url(const spectacles_shard *shard)
{
    bool resume = sp_session_exists(&shard->session) && shard->host_failures < SP_HOST_FAILURES;
    return resume ? &shard->session.resume : &shard->base;
}

void sp_shard_connect(spectacles_shard *shard, uint64_t now)
{
    shard->url = *choose_url(shard);
    shard->endpoint.host = shard->url.host;
    shard->endpoint.port = shard->url.port;
    shard->endpoint.tls = shard->url.tls;
    shard->endpoint.connection++;
    shard->transport = SP_TRANSPORT_WANTED;
    shard->ready_since = SPECTACLES_NEVER;
    shard->bytes_written = shard->bytes_consumed = 0;
    shard->output_format = shard->format;
    shard->binary_messages = 0;
    shard->bare_terms = shard->plain_queued = shard->sent_former_token = false;
    shard->reason = (sp_close_reason){0};
    sp_heartbeat_stop(&shard->heartbeat);
    sp_limits_reset(&shard->limits);
    shard->stats.reconnects += shard->stats.connects > 0;
    shard->stats.connects++;
    sp_shard_set_state(shard, SPECTACLES_SHARD_CONNECTING, now);
    sp_shard_queue_event(shard, SPECTACLES_SHARD_EVENT_CONNECTING);
}

sp_close_reason *sp_shard_set_reason(spectacles_shard *shard, uint32_t code, int error,
                                     enum sp_close_plan plan)
{
    if (shard->reason.is_set)
        return NULL;
    shard->reason = (sp_close_reason){.code = code, .error = error, .plan = plan, .is_set = true};
    return &shard->reason;
}

static bool can_send_close(const spectacles_shard *shard)
{
    return shard->transport == SP_TRANSPORT_OPEN && shard->state >= SPECTACLES_SHARD_HELLO &&
           shard->state <= SPECTACLES_SHARD_READY;
}

void sp_shard_close_connection(spectacles_shard *shard, uint32_t close_code, uint64_t now)
{
    uint8_t payload[2] = {(uint8_t)(close_code >> 8), (uint8_t)close_code};
    sp_slice slice = {payload, sizeof payload};
    sp_heartbeat_stop(&shard->heartbeat);
    if (can_send_close(shard) && sp_shard_write_frame(shard, SP_FRAME_CLOSE, slice) == SPECTACLES_OK)
        sp_shard_set_state(shard, SPECTACLES_SHARD_CLOSING, now);
    else
        sp_shard_end_connection(shard, now);
}

void sp_shard_refuse(spectacles_shard *shard, uint32_t close_code, int error, const char *text, uint64_t now)
{
    sp_close_reason *reason = sp_shard_set_reason(shard, 0, error, SP_CLOSE_RESUME);
    if (reason)
        sp_text_set(&reason->text, "%s", text);
    sp_shard_close_connection(shard, close_code, now);
}

void sp_shard_check_memory(spectacles_shard *shard, int error, uint64_t now)
{
    if (error != SPECTACLES_OK)
        sp_shard_refuse(shard, SP_CLOSE_CODE_RECONNECT, error,
                        "out of memory: the connection is given up and will be resumed", now);
}

void sp_shard_note_progress(spectacles_shard *shard)
{
    sp_backoff_progress(&shard->backoff);
    sp_session_confirm(&shard->session);
}

void sp_shard_lose_session(spectacles_shard *shard)
{
    if (!sp_session_exists(&shard->session))
        return;
    /*
     * The lost session stays visible until the owner has pulled its GAP. The owner stores the session until then, so
     * that a crash in between does not hide the gap.
     */
    shard->session.lost = true;
    if (!sp_shard_queue_event(shard, SPECTACLES_SHARD_EVENT_GAP))
        sp_session_forget(&shard->session);
    shard->host_failures = 0;
}

/* ---- The end of a connection ---- */

static void close_transport(spectacles_shard *shard)
{
    for (size_t i = 0; i < shard->tickets.count; i++) {
        sp_ticket *ticket = sp_ring_at(&shard->tickets, i);
        ticket->lost = ticket->end > shard->bytes_consumed;
    }
    sp_shard_note_presence(shard);
    shard->transport = SP_TRANSPORT_NONE;
    shard->dispatch_held = shard->unread = shard->full = false;
    sp_heartbeat_stop(&shard->heartbeat);
    sp_buffer_free(&shard->output);
}

static void queue_end(spectacles_shard *shard, uint32_t type, uint64_t until, uint64_t hold_until)
{
    spectacles_shard_event *event = sp_shard_queue_event(shard, type);
    if (!event)
        return;
    event->code = shard->reason.code;
    event->error = shard->reason.error;
    event->until = until;
    event->hold_until = hold_until;
}

/*
 * Counts what the connection that ended means for the next one: whether its host has failed, and whether its identify
 * was used.
 */
static void count_failures(spectacles_shard *shard, uint64_t now)
{
    bool before_hello = shard->reached <= SPECTACLES_SHARD_HELLO;
    if (before_hello && sp_session_exists(&shard->session))
        shard->host_failures++;
    uint64_t lived = shard->ready_since != SPECTACLES_NEVER ? now - shard->ready_since : 0;
    if (lived >= SP_READY_LONG)
        shard->identifies = 0;
}

static bool session_is_lost(const spectacles_shard *shard)
{
    return shard->reason.plan == SP_CLOSE_IDENTIFY;
}

/*
 * Whether the next connection resumes. A session is given up on evidence only: after an op 9; when a RESUME ends with a
 * code that is about the session, for the second time; or when no RESUME was answered for longer than Discord keeps a
 * session.
 */
static void decide_session(spectacles_shard *shard, uint64_t now)
{
    sp_session *session = &shard->session;
    bool doubt = shard->reason.plan == SP_CLOSE_DOUBT;
    bool unanswered = shard->reached == SPECTACLES_SHARD_RESUMING && session->unanswered != SPECTACLES_NEVER;
    if (unanswered && doubt && session->doubted) {
        shard->reason.plan = SP_CLOSE_IDENTIFY;
        sp_text_add(&shard->reason.text, "; it was resumed after such a close: the session is given up");
    } else if (unanswered && !session_is_lost(shard) && now - session->unanswered >= SP_SESSION_LIFETIME) {
        shard->reason.plan = SP_CLOSE_IDENTIFY;
        sp_text_add(&shard->reason.text, "; no RESUME was answered for %u s: the session is given up",
                    (unsigned)((now - session->unanswered) / 1000));
    }
    session->doubted = session->doubted || doubt;
}

/* The wait before the next attempt, in milliseconds. */
static uint64_t wait_of(spectacles_shard *shard, uint64_t now)
{
    /* The waits of Discord were kept before the attempt that did not reach it. */
    if (shard->reason.error == SPECTACLES_E_UNREACHABLE)
        return sp_backoff_unreached(&shard->backoff, &shard->random);
    uint64_t wait = sp_backoff_next(&shard->backoff, &shard->random, now);
    if (shard->reason.no_backoff)
        wait = 0;
    if (session_is_lost(shard) || !sp_session_exists(&shard->session))
        wait =
            max(wait, sp_random_backoff(&shard->random, shard->identifies, SP_BACKOFF_BASE, SP_IDENTIFY_CAP));
    if (shard->reason.all_shards)
        wait = max(wait, shard->reason.wait + sp_random_upto(&shard->random, SP_HOLD_SPREAD));
    return max(wait, shard->reason.wait);
}

static void back_off(spectacles_shard *shard, uint64_t now)
{
    shard->next_attempt = max(now + wait_of(shard, now), shard->held_until);
    sp_shard_set_state(shard, SPECTACLES_SHARD_BACKOFF, now);
    queue_end(shard, SPECTACLES_SHARD_EVENT_DISCONNECTED, shard->next_attempt,
              shard->reason.all_shards ? now + shard->reason.wait : 0);
}

/* A host may have several addresses, of which one is at fault. */
static void name_address(spectacles_shard *shard)
{
    const char *address = sp_stream_peer(&shard->stream);
    if (address[0] && shard->reason.text.length > 0)
        sp_text_add(&shard->reason.text, " (at %s)", address);
}

void sp_shard_end_connection(spectacles_shard *shard, uint64_t now)
{
    close_transport(shard);
    /* The events tell the reason that is known now. A later reason would only follow from it. */
    shard->reason.is_set = true;
    if (shard->owner_closes) {
        sp_shard_set_state(shard, SPECTACLES_SHARD_CLOSED, now);
        sp_shard_queue_event(shard, SPECTACLES_SHARD_EVENT_CLOSED);
        return;
    }
    if (shard->reason.plan == SP_CLOSE_FATAL) {
        sp_shard_set_state(shard, SPECTACLES_SHARD_FATAL, now);
        queue_end(shard, SPECTACLES_SHARD_EVENT_FATAL, 0, 0);
        return;
    }
    name_address(shard);
    count_failures(shard, now);
    decide_session(shard, now);
    back_off(shard, now);
    if (session_is_lost(shard))
        sp_shard_lose_session(shard);
}
