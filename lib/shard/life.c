#include "shard/shard.h"

#include "core/wipe.h"

static uint64_t phase_of(enum spectacles_shard_state state)
{
    switch (state) {
    case SPECTACLES_SHARD_CONNECTING:
        return SP_PHASE_CONNECTING;
    case SPECTACLES_SHARD_UPGRADING:
        return SP_PHASE_UPGRADING;
    case SPECTACLES_SHARD_HELLO:
        return SP_PHASE_HELLO;
    case SPECTACLES_SHARD_IDENTIFYING:
        return SP_PHASE_IDENTIFYING;
    case SPECTACLES_SHARD_RESUMING:
        return SP_PHASE_RESUMING;
    case SPECTACLES_SHARD_CLOSING:
        return SP_PHASE_CLOSING;
    default:
        /* From HELLO on, heartbeats tell whether the peer lives. */
        return 0;
    }
}

/* States that have no event of their own. */
static bool is_quiet(enum spectacles_shard_state state)
{
    return state == SPECTACLES_SHARD_UPGRADING || state == SPECTACLES_SHARD_HELLO ||
           state == SPECTACLES_SHARD_IDENTIFYING || state == SPECTACLES_SHARD_RESUMING ||
           state == SPECTACLES_SHARD_CLOSING;
}

static void tell_state(spectacles_shard *shard)
{
    spectacles_shard_event *event = sp_shard_tell(shard, SPECTACLES_SHARD_EVENT_STATE);
    if (!event)
        return;
    event->seq = shard->session.received;
    event->code = shard->loss.code;
    event->error = shard->loss.error;
}

void sp_shard_become(spectacles_shard *shard, enum spectacles_shard_state state, uint64_t now)
{
    uint64_t phase = phase_of(state);
    bool changed = shard->state != state;
    shard->state = state;
    if (state < SPECTACLES_SHARD_CLOSING)
        shard->reached = state;
    if (changed && is_quiet(state))
        tell_state(shard);
    shard->phase_deadline = phase ? now + phase : SPECTACLES_NEVER;
    if (state == SPECTACLES_SHARD_READY) {
        shard->ready_since = now;
        sp_backoff_ready(&shard->backoff, now);
        sp_session_lives(&shard->session);
    }
}

bool sp_shard_connects_at(const spectacles_shard *shard, uint64_t now)
{
    if (shard->news.count > 0 || shard->tickets.count > 0)
        return false;
    if (shard->state == SPECTACLES_SHARD_IDLE)
        return now >= shard->held_until;
    return shard->state == SPECTACLES_SHARD_BACKOFF && now >= shard->phase_deadline;
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
    shard->written = shard->gone = 0;
    shard->spoken = shard->encoding;
    shard->binary_messages = 0;
    shard->bare_terms = shard->plain_told = false;
    shard->loss = (sp_loss){0};
    sp_heartbeat_stop(&shard->heartbeat);
    sp_limits_reset(&shard->limits);
    shard->stats.reconnects += shard->stats.connects > 0;
    shard->stats.connects++;
    sp_shard_become(shard, SPECTACLES_SHARD_CONNECTING, now);
    sp_shard_tell(shard, SPECTACLES_SHARD_EVENT_CONNECTING);
}

sp_loss *sp_shard_blame(spectacles_shard *shard, uint32_t code, int error, enum sp_close_plan plan)
{
    if (shard->loss.told)
        return NULL;
    shard->loss = (sp_loss){.code = code, .error = error, .plan = plan, .told = true};
    return &shard->loss;
}

static bool speaks_websocket(const spectacles_shard *shard)
{
    return shard->transport == SP_TRANSPORT_OPEN && shard->state >= SPECTACLES_SHARD_HELLO &&
           shard->state <= SPECTACLES_SHARD_READY;
}

void sp_shard_drop(spectacles_shard *shard, uint32_t close_code, uint64_t now)
{
    uint8_t payload[2] = {(uint8_t)(close_code >> 8), (uint8_t)close_code};
    sp_slice slice = {payload, sizeof payload};
    sp_heartbeat_stop(&shard->heartbeat);
    if (speaks_websocket(shard) && sp_shard_write_frame(shard, SP_FRAME_CLOSE, slice) == SPECTACLES_OK)
        sp_shard_become(shard, SPECTACLES_SHARD_CLOSING, now);
    else
        sp_shard_settle(shard, now);
}

void sp_shard_progress(spectacles_shard *shard)
{
    sp_backoff_progress(&shard->backoff);
    sp_session_lives(&shard->session);
}

void sp_shard_forget_session(spectacles_shard *shard)
{
    if (!sp_session_exists(&shard->session))
        return;
    /* Until the owner hears of it, what he stores is still the old session: or a crash would leave no trace. */
    shard->session.lost = true;
    if (!sp_shard_tell(shard, SPECTACLES_SHARD_EVENT_GAP))
        sp_session_forget(&shard->session);
    shard->host_failures = 0;
}

/* ---- The end of a connection ---- */

static void close_transport(spectacles_shard *shard)
{
    for (size_t i = 0; i < shard->tickets.count; i++) {
        sp_ticket *ticket = sp_ring_at(&shard->tickets, i);
        ticket->lost = ticket->end > shard->gone;
    }
    if (shard->tickets.count > 0)
        shard->unannounced = true;
    shard->transport = SP_TRANSPORT_NONE;
    shard->dispatch_held = shard->unread = shard->full = false;
    sp_heartbeat_stop(&shard->heartbeat);
    sp_buffer_free(&shard->output);
}

static void tell_end(spectacles_shard *shard, uint32_t type, uint64_t until, uint64_t hold_until)
{
    spectacles_shard_event *event = sp_shard_tell(shard, type);
    if (!event)
        return;
    event->code = shard->loss.code;
    event->error = shard->loss.error;
    event->until = until;
    event->hold_until = hold_until;
}

/* The trials of the connection that ended: which host failed, how long it lived. */
static void keep_score(spectacles_shard *shard, uint64_t now)
{
    bool before_hello = shard->reached <= SPECTACLES_SHARD_HELLO;
    if (before_hello && sp_session_exists(&shard->session))
        shard->host_failures++;
    uint64_t lived = shard->ready_since != SPECTACLES_NEVER ? now - shard->ready_since : 0;
    if (lived >= SP_SETTLED)
        shard->identifies = 0;
}

static bool session_is_lost(const spectacles_shard *shard)
{
    return shard->loss.plan == SP_CLOSE_IDENTIFY;
}

/*
 * Whether the session is still worth a RESUME. It is given up on evidence only: op 9 says so; or a code that is about the
 * session comes again in answer to a RESUME; or no RESUME was answered for longer than Discord keeps a session.
 */
static void judge_session(spectacles_shard *shard, uint64_t now)
{
    sp_session *session = &shard->session;
    bool doubt = shard->loss.plan == SP_CLOSE_DOUBT;
    bool unanswered = shard->reached == SPECTACLES_SHARD_RESUMING && session->unanswered != SPECTACLES_NEVER;
    if (unanswered && doubt && session->doubted) {
        shard->loss.plan = SP_CLOSE_IDENTIFY;
        sp_text_add(&shard->loss.text, "; it was resumed after such a close: the session is given up");
    } else if (unanswered && !session_is_lost(shard) && now - session->unanswered >= SP_SESSION_KEPT) {
        shard->loss.plan = SP_CLOSE_IDENTIFY;
        sp_text_add(&shard->loss.text, "; no RESUME was answered for %u s: the session is given up",
                    (unsigned)((now - session->unanswered) / 1000));
    }
    session->doubted = session->doubted || doubt;
}

static uint64_t max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Before the next attempt. */
static uint64_t wait_of(spectacles_shard *shard, uint64_t now)
{
    uint64_t wait = sp_backoff_next(&shard->backoff, &shard->random, now);
    if (shard->loss.no_backoff)
        wait = 0;
    if (session_is_lost(shard) || !sp_session_exists(&shard->session))
        wait =
            max(wait, sp_random_backoff(&shard->random, shard->identifies, SP_BACKOFF_BASE, SP_IDENTIFY_CAP));
    if (shard->loss.everybody)
        wait = max(wait, shard->loss.wait + sp_random_upto(&shard->random, SP_HOLD_SPREAD));
    return max(wait, shard->loss.wait);
}

static void back_off(spectacles_shard *shard, uint64_t now)
{
    uint64_t until = max(now + wait_of(shard, now), shard->held_until);
    sp_shard_become(shard, SPECTACLES_SHARD_BACKOFF, now);
    shard->phase_deadline = until;
    tell_end(shard, SPECTACLES_SHARD_EVENT_DISCONNECTED, until,
             shard->loss.everybody ? now + shard->loss.wait : 0);
}

void sp_shard_settle(spectacles_shard *shard, uint64_t now)
{
    close_transport(shard);
    /* The first reason is what the events will tell. */
    shard->loss.told = true;
    if (shard->owner_closes) {
        sp_shard_become(shard, SPECTACLES_SHARD_CLOSED, now);
        sp_shard_tell(shard, SPECTACLES_SHARD_EVENT_CLOSED);
        return;
    }
    if (shard->loss.plan == SP_CLOSE_FATAL) {
        sp_shard_become(shard, SPECTACLES_SHARD_FATAL, now);
        tell_end(shard, SPECTACLES_SHARD_EVENT_FATAL, 0, 0);
        return;
    }
    keep_score(shard, now);
    judge_session(shard, now);
    back_off(shard, now);
    if (session_is_lost(shard))
        sp_shard_forget_session(shard);
}

/* ---- The end of the shard ---- */

void sp_shard_wipe(spectacles_shard *shard)
{
    sp_wipe_text(shard->token);
    shard->token = NULL;
    sp_buffer_free(&shard->output);
    sp_buffer_free(&shard->scratch);
    sp_buffer_free(&shard->term);
}

void sp_shard_end(void *engine)
{
    spectacles_shard *shard = engine;
    bool is_final = shard->state == SPECTACLES_SHARD_CLOSED || shard->state == SPECTACLES_SHARD_FATAL;
    shard->owner_closes = true;
    if (!is_final)
        sp_shard_settle(shard, 0);
    sp_shard_wipe(shard);
}
