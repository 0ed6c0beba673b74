#include "broker/state.h"

sp_notice *sp_broker_notice(spectacles_broker *broker, uint32_t type)
{
    size_t at = (broker->notice_first + broker->notice_count) % SP_NOTICES;
    if (broker->notice_count < SP_NOTICES)
        broker->notice_count++;
    sp_notice *notice = &broker->notices[at];
    *notice = (sp_notice){.type = type};
    return notice;
}

static bool holds(sp_slice text, const char *part, size_t length)
{
    for (size_t i = 0; length <= text.length && i <= text.length - length; i++) {
        if (memcmp(text.bytes + i, part, length) == 0)
            return true;
    }
    return false;
}

void sp_broker_quote(const spectacles_broker *broker, sp_text *text, sp_slice foreign)
{
    const sp_uri *uri = sp_broker_uri(broker);
    bool secret = uri->password_length >= 4 && strcmp(uri->password, uri->user) != 0;
    if (secret && holds(foreign, uri->password, uri->password_length))
        sp_text_add(text, "(a text that holds the password)");
    else
        sp_text_add_foreign(text, foreign.bytes, foreign.length, 200);
}

/* ---- What states ask ---- */

bool sp_broker_connected(const spectacles_broker *broker)
{
    return broker->state == SPECTACLES_BROKER_SETUP || broker->state == SPECTACLES_BROKER_READY;
}

static bool closing(const spectacles_broker *broker)
{
    return broker->drain_at != SPECTACLES_NEVER;
}

bool sp_broker_reading(const spectacles_broker *broker)
{
    uint64_t frame = (uint64_t)sp_broker_uri(broker)->frame_max + SP_FRAME_OVERHEAD;
    uint64_t high = broker->high_water > frame ? broker->high_water : frame;
    bool open = broker->state != SPECTACLES_BROKER_CONNECTING && broker->endpoint.host != NULL;
    return open && !broker->ended && sp_buffer_length(&broker->input) < high;
}

bool sp_broker_idle_output(const spectacles_broker *broker)
{
    return broker->log.promised == 0 && sp_buffer_length(&broker->control) == 0;
}

bool sp_broker_may_close(const spectacles_broker *broker)
{
    return closing(broker) && sp_broker_connected(broker) && broker->log.open_count == 0;
}

/* ---- The transition ---- */

static int enter_connecting(spectacles_broker *broker, uint64_t now)
{
    const sp_uri *uri = sp_broker_uri(broker);
    uint32_t timeout = uri->connection_timeout ? uri->connection_timeout : broker->connect_timeout;
    broker->phase_deadline = now + timeout;
    broker->endpoint.host = uri->host;
    broker->endpoint.port = uri->port;
    broker->endpoint.tls = uri->tls;
    broker->endpoint.connection++;
    sp_notice *notice = sp_broker_notice(broker, SPECTACLES_BROKER_EVENT_CONNECTING);
    if (strchr(uri->host, ':'))
        sp_text_set(&notice->text, "[%s]:%u", uri->host, (unsigned)uri->port);
    else
        sp_text_set(&notice->text, "%s:%u", uri->host, (unsigned)uri->port);
    return SPECTACLES_OK;
}

static int enter_handshake(spectacles_broker *broker, uint64_t now)
{
    if (sp_handshake_write_header(&broker->control) != SPECTACLES_OK)
        return SPECTACLES_E_NOMEM;
    broker->handshake = SP_AWAIT_START;
    broker->tuning = (sp_tuning){.frame_max = sp_broker_uri(broker)->frame_max};
    broker->heard_at = now;
    broker->stats.connects++;
    return SPECTACLES_OK;
}

/* Three channels, so that an error on one hurts no other; pipelined. */
static int enter_setup(spectacles_broker *broker)
{
    amqp_confirm_select_t confirm = {0};
    for (uint16_t id = SP_DECLARE; id <= SP_CONSUME; id++) {
        if (sp_channel_open(sp_broker_channel(broker, id), &broker->control) != SPECTACLES_OK)
            return SPECTACLES_E_NOMEM;
    }
    if (sp_topology_ask_exchange(sp_broker_channel(broker, SP_DECLARE), &broker->control, broker->group) !=
        SPECTACLES_OK)
        return SPECTACLES_E_NOMEM;
    return sp_channel_ask(sp_broker_channel(broker, SP_PUBLISH), &broker->control, AMQP_CONFIRM_SELECT_METHOD,
                          &confirm, AMQP_CONFIRM_SELECT_OK_METHOD, SP_NOBODY);
}

static int enter_ready(spectacles_broker *broker)
{
    sp_notice *notice = sp_broker_notice(broker, SPECTACLES_BROKER_EVENT_READY);
    notice->text = broker->product;
    broker->attempt = 0;
    broker->phase_deadline = SPECTACLES_NEVER;
    return SPECTACLES_OK;
}

/* Acknowledgements that the owner has given go out before the goodbye. */
static int enter_closing(spectacles_broker *broker, uint64_t now)
{
    sp_log_closed(&broker->log);
    broker->phase_deadline = now + SP_CLOSE_TIMEOUT;
    if (sp_inbox_flush(&broker->inbox, &broker->control) != SPECTACLES_OK)
        return SPECTACLES_E_NOMEM;
    return sp_handshake_write_close(&broker->control, AMQP_REPLY_SUCCESS, "goodbye");
}

static int enter_parting(spectacles_broker *broker, uint64_t now)
{
    sp_log_closed(&broker->log);
    broker->phase_deadline = now + SP_CLOSE_TIMEOUT;
    return sp_handshake_write_close_ok(&broker->control);
}

static int enter_closed(spectacles_broker *broker)
{
    broker->phase_deadline = SPECTACLES_NEVER;
    broker->wants_room = false;
    sp_notice *notice = sp_broker_notice(broker, SPECTACLES_BROKER_EVENT_CLOSED);
    notice->time = broker->log.open_count;
    return SPECTACLES_OK;
}

int sp_broker_enter(spectacles_broker *broker, uint32_t state, uint64_t now)
{
    broker->state = state;
    switch (state) {
    case SPECTACLES_BROKER_CONNECTING:
        return enter_connecting(broker, now);
    case SPECTACLES_BROKER_HANDSHAKE:
        return enter_handshake(broker, now);
    case SPECTACLES_BROKER_SETUP:
        return enter_setup(broker);
    case SPECTACLES_BROKER_READY:
        return enter_ready(broker);
    case SPECTACLES_BROKER_CLOSING:
        return enter_closing(broker, now);
    case SP_BROKER_PARTING:
        return enter_parting(broker, now);
    case SPECTACLES_BROKER_CLOSED:
        return enter_closed(broker);
    default:
        return SPECTACLES_OK;
    }
}

/* ---- The end of a connection ---- */

static void reset(spectacles_broker *broker)
{
    broker->endpoint.host = NULL;
    broker->ended = false;
    broker->drained = true;
    broker->exchange_ready = false;
    broker->blocked = broker->flow_off = false;
    sp_buffer_clear(&broker->input);
    sp_buffer_clear(&broker->control);
    for (uint16_t id = SP_DECLARE; id <= SP_CONSUME; id++)
        sp_ring_clear(&sp_broker_channel(broker, id)->expected);
    sp_log_lost(&broker->log);
    sp_inbox_reset(&broker->inbox);
    sp_content_reset(&broker->returned);
    sp_content_reset(&broker->delivered);
    sp_topology_reset(&broker->topology);
}

/* When to try again. What a person has to mend is not tried faster than the cap, once every URL had its turn.
 */
static uint64_t plan(spectacles_broker *broker, bool lasting, uint64_t now)
{
    bool round_is_over = broker->uri_at + 1 == broker->uri_count;
    broker->uri_at = round_is_over ? 0 : broker->uri_at + 1;
    if (lasting && round_is_over)
        return now + SP_BACKOFF_CAP;
    return now + sp_random_backoff(&broker->random, broker->attempt++, SP_BACKOFF_BASE, SP_BACKOFF_CAP);
}

static void tell_lost(spectacles_broker *broker, const sp_reason *reason, uint64_t retry_at)
{
    sp_notice *notice = sp_broker_notice(broker, SPECTACLES_BROKER_EVENT_DISCONNECTED);
    notice->code = reason->code;
    notice->error = reason->error;
    notice->text = reason->text;
    notice->time = retry_at;
}

void sp_broker_lost(spectacles_broker *broker, const sp_reason *reason, uint64_t now)
{
    bool ours = broker->state == SPECTACLES_BROKER_CLOSING && broker->reason.error == SPECTACLES_OK;
    bool done = closing(broker) && (ours || broker->log.open_count == 0 || now >= broker->drain_at);
    sp_reason why = *reason;
    sp_text_set(&why.text, "%s:%u: ", sp_broker_uri(broker)->host, (unsigned)sp_broker_uri(broker)->port);
    sp_text_add(&why.text, "%s", reason->text.chars);
    reset(broker);
    if (done) {
        if (!ours)
            tell_lost(broker, &why, SPECTACLES_NEVER);
        sp_broker_enter(broker, SPECTACLES_BROKER_CLOSED, now);
        return;
    }
    broker->phase_deadline = plan(broker, reason->lasting, now);
    tell_lost(broker, &why, broker->phase_deadline);
    sp_broker_enter(broker, SPECTACLES_BROKER_BACKOFF, now);
}

static void lost_memory(spectacles_broker *broker, uint64_t now)
{
    sp_reason reason = {.error = SPECTACLES_E_NOMEM};
    sp_text_set(&reason.text, "memory ran out; the connection is made anew");
    sp_broker_lost(broker, &reason, now);
}

int sp_broker_leave(spectacles_broker *broker, const sp_reason *reason, uint64_t now)
{
    broker->reason = *reason;
    return sp_broker_enter(broker, SPECTACLES_BROKER_CLOSING, now);
}

/* ---- Time ---- */

static void time_out(spectacles_broker *broker, uint64_t now)
{
    static const char *const phases[] = {"the connection could not be made",
                                         "the AMQP handshake did not finish",
                                         "channels, exchange and queues could not be set up"};
    sp_reason reason = {.error = SPECTACLES_E_CLOSED};
    sp_text_set(&reason.text, "%s in time", phases[broker->state - SPECTACLES_BROKER_CONNECTING]);
    sp_broker_lost(broker, &reason, now);
}

static uint64_t interval(const spectacles_broker *broker)
{
    return (uint64_t)broker->tuning.heartbeat * 1000;
}

/* AMQP 0-9-1, 4.2.7 "Heartbeat Frames". Silence counts only while we were reading. */
static void beat(spectacles_broker *broker, uint64_t now)
{
    if (interval(broker) == 0)
        return;
    if (now >= broker->heard_at + 2 * interval(broker)) {
        if (sp_broker_reading(broker) && broker->drained) {
            sp_reason reason = {.error = SPECTACLES_E_CLOSED};
            sp_text_set(&reason.text, "the broker has been silent for %u seconds (two heartbeats)",
                        2U * broker->tuning.heartbeat);
            sp_broker_lost(broker, &reason, now);
            return;
        }
        broker->heard_at = now;
    }
    if (now < broker->beat_at)
        return;
    if (!broker->wrote && sp_broker_idle_output(broker))
        sp_frame_write_heartbeat(&broker->control);
    broker->wrote = false;
    broker->beat_at = now + interval(broker) / 2;
}

int sp_broker_pump(spectacles_broker *broker)
{
    sp_topology *topology = &broker->topology;
    if (!topology->dirty || !broker->exchange_ready || !sp_broker_connected(broker))
        return SPECTACLES_OK;
    for (uint32_t i = 0; i < topology->subscriptions.count; i++) {
        sp_subscription *subscription = sp_topology_at(topology, i);
        int error = SPECTACLES_OK;
        if (subscription->state == SP_SUBSCRIPTION_WAITING) {
            error = sp_topology_ask_queue(topology, sp_broker_channel(broker, SP_DECLARE), &broker->control,
                                          broker->group, i);
            sp_topology_set(topology, subscription, SP_SUBSCRIPTION_DECLARING);
        } else if (subscription->state == SP_SUBSCRIPTION_DECLARED) {
            error = sp_topology_ask_consumer(topology, sp_broker_channel(broker, SP_CONSUME),
                                             &broker->control, i);
            sp_topology_set(topology, subscription, SP_SUBSCRIPTION_CONSUMING);
        }
        if (error)
            return error;
    }
    topology->dirty = false;
    return SPECTACLES_OK;
}

static void tick_connected(spectacles_broker *broker, uint64_t now)
{
    beat(broker, now);
    if (!sp_broker_connected(broker))
        return;
    sp_topology_retry(&broker->topology, now);
    if (sp_broker_pump(broker) != SPECTACLES_OK)
        lost_memory(broker, now);
}

static void tick_closing(spectacles_broker *broker, uint64_t now)
{
    bool flushed = broker->state == SP_BROKER_PARTING && sp_broker_idle_output(broker);
    if (flushed || now >= broker->phase_deadline)
        sp_broker_lost(broker, &broker->reason, now);
}

static void say_goodbye(spectacles_broker *broker, uint64_t now)
{
    sp_reason none = {0};
    if (sp_broker_connected(broker)) {
        if (sp_broker_leave(broker, &none, now) != SPECTACLES_OK)
            lost_memory(broker, now);
        return;
    }
    reset(broker);
    sp_broker_enter(broker, SPECTACLES_BROKER_CLOSED, now);
}

/* close() was asked for: is it time? */
static bool tick_drain(spectacles_broker *broker, uint64_t now)
{
    if (!closing(broker))
        return false;
    switch (broker->state) {
    case SPECTACLES_BROKER_CLOSING:
    case SP_BROKER_PARTING:
    case SPECTACLES_BROKER_CLOSED:
        return false;
    default:
        if (broker->log.open_count > 0 && now < broker->drain_at)
            return false;
        say_goodbye(broker, now);
        return true;
    }
}

void sp_broker_tick(spectacles_broker *broker, uint64_t now)
{
    if (tick_drain(broker, now))
        return;
    switch (broker->state) {
    case SPECTACLES_BROKER_IDLE:
        sp_broker_enter(broker, SPECTACLES_BROKER_CONNECTING, now);
        return;
    case SPECTACLES_BROKER_BACKOFF:
        if (now >= broker->phase_deadline && broker->notice_count < SP_NOTICES_HIGH)
            sp_broker_enter(broker, SPECTACLES_BROKER_CONNECTING, now);
        return;
    case SPECTACLES_BROKER_CLOSING:
    case SP_BROKER_PARTING:
        tick_closing(broker, now);
        return;
    case SPECTACLES_BROKER_CLOSED:
        return;
    default:
        if (now >= broker->phase_deadline)
            time_out(broker, now);
        else if (sp_broker_connected(broker))
            tick_connected(broker, now);
    }
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t connected_deadline(const spectacles_broker *broker)
{
    if (broker->topology.dirty && broker->exchange_ready)
        return 0;
    uint64_t deadline = broker->topology.next_retry;
    if (interval(broker) == 0)
        return deadline;
    return earlier(deadline, earlier(broker->beat_at, broker->heard_at + 2 * interval(broker)));
}

uint64_t sp_broker_next_deadline(const spectacles_broker *broker)
{
    uint64_t deadline = broker->phase_deadline;
    switch (broker->state) {
    case SPECTACLES_BROKER_IDLE:
        return 0;
    case SPECTACLES_BROKER_CLOSED:
        return SPECTACLES_NEVER;
    case SPECTACLES_BROKER_CLOSING:
        return deadline;
    case SP_BROKER_PARTING:
        return sp_broker_idle_output(broker) ? 0 : deadline;
    case SPECTACLES_BROKER_BACKOFF:
        if (broker->notice_count >= SP_NOTICES_HIGH)
            deadline = SPECTACLES_NEVER;
        break;
    default:
        if (sp_broker_connected(broker))
            deadline = earlier(deadline, connected_deadline(broker));
    }
    return closing(broker) ? earlier(deadline, broker->log.open_count ? broker->drain_at : 0) : deadline;
}

/* ---- Output ---- */

void sp_broker_refresh(spectacles_broker *broker)
{
    if (!sp_broker_connected(broker) || broker->ended)
        return;
    broker->log.paused = broker->blocked || broker->flow_off;
    if (sp_buffer_length(&broker->control) > 0)
        return;
    sp_log_promise(&broker->log);
    /* Out of memory: they stay marked, and the next refresh tries again. */
    sp_inbox_flush(&broker->inbox, &broker->control);
    sp_buffer_shrink(&broker->control, 1 << 18);
}
