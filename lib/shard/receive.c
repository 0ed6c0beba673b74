#include "codec/json.h"
#include "codec/transcode.h"
#include "routing/retry_after.h"
#include "shard/shard.h"

#include <spectacles/codec.h>
#include <spectacles/routing.h>
#include <string.h>

enum {
    OP_DISPATCH = 0,
    OP_HEARTBEAT = 1,
    OP_RECONNECT = 7,
    OP_INVALID_SESSION = 9,
    OP_HELLO = 10,
    OP_HEARTBEAT_ACK = 11
};

enum {
    KEPT_TERM = 4096
};

/* Codes with which we close; all of them keep the session. */
enum {
    CLOSE_FORBIDDEN = 1002,
    CLOSE_UNDECODABLE = 1007,
    CLOSE_RECONNECT = 4000
};

static void drop(spectacles_shard *shard, uint32_t close_code, int error, const char *text, uint64_t now)
{
    sp_loss *loss = sp_shard_blame(shard, 0, error, SP_CLOSE_RESUME);
    if (loss)
        sp_text_set(&loss->text, "%s", text);
    sp_shard_drop(shard, close_code, now);
}

/* What could not be written for want of memory comes back after a resume. */
static void survive(spectacles_shard *shard, int error, uint64_t now)
{
    if (error != SPECTACLES_OK)
        drop(shard, CLOSE_RECONNECT, error, "out of memory: the connection is given up and will be resumed",
             now);
}

/* The d of a payload that the shard itself looks into, as JSON. False: the connection was given up. */
static bool read_data(spectacles_shard *shard, const spectacles_envelope *envelope, sp_slice *d, uint64_t now)
{
    spectacles_problem problem;
    *d = (sp_slice){envelope->data, envelope->data_length};
    if (shard->heard == SPECTACLES_FORMAT_JSON || !d->bytes)
        return true;
    sp_buffer_clear(&shard->term);
    sp_buffer_shrink(&shard->term, KEPT_TERM);
    int error = sp_transcode(&shard->term, &shard->keys, SPECTACLES_FORMAT_JSON, SPECTACLES_FORMAT_ETF, 0, *d,
                             &problem);
    *d = sp_buffer_slice(&shard->term);
    if (error == SPECTACLES_E_NOMEM)
        survive(shard, error, now);
    else if (error != SPECTACLES_OK)
        drop(shard, CLOSE_UNDECODABLE, SPECTACLES_E_PROTO, problem.text, now);
    return error == SPECTACLES_OK;
}

/* ---- Ops ---- */

static void on_hello(spectacles_shard *shard, sp_slice d, uint64_t now)
{
    sp_slice value;
    uint64_t interval;
    if (shard->state != SPECTACLES_SHARD_HELLO)
        return;
    if (sp_json_find(d, "heartbeat_interval", &value) != 1 ||
        sp_json_u64(value, &interval) != SPECTACLES_OK || interval < SP_HEARTBEAT_LEAST ||
        interval > SP_HEARTBEAT_MOST) {
        drop(shard, CLOSE_UNDECODABLE, SPECTACLES_E_PROTO,
             "the gateway's HELLO has no usable heartbeat_interval", now);
        return;
    }
    shard->host_failures = 0;
    sp_heartbeat_start(&shard->heartbeat, interval, &shard->random, now);
    sp_limits_reserve(&shard->limits, interval);
    if (!sp_session_exists(&shard->session)) {
        sp_shard_become(shard, SPECTACLES_SHARD_IDENTIFY_WAIT, now);
        sp_shard_tell(shard, SPECTACLES_SHARD_EVENT_IDENTIFY);
        return;
    }
    int error = sp_shard_write_resume(shard, now);
    if (error == SPECTACLES_OK) {
        shard->stats.resumes++;
        sp_session_asked(&shard->session, now);
        /* The replay begins behind what is safe: its sequences lie below what we had received. */
        shard->session.received = sp_session_safe(&shard->session, shard->commits);
        sp_shard_become(shard, SPECTACLES_SHARD_RESUMING, now);
    }
    survive(shard, error, now);
}

static void on_heartbeat_ack(spectacles_shard *shard, uint64_t now)
{
    uint64_t latency;
    if (!sp_heartbeat_acknowledged(&shard->heartbeat, now, &latency))
        return;
    shard->stats.latency = latency;
    spectacles_shard_event *event = sp_shard_tell(shard, SPECTACLES_SHARD_EVENT_LATENCY);
    if (event)
        event->duration = latency;
}

static void on_invalid_session(spectacles_shard *shard, sp_slice d, uint64_t now)
{
    bool resumable = sp_json_type(d) == SP_JSON_TRUE;
    sp_loss *loss =
        sp_shard_blame(shard, 0, SPECTACLES_E_CLOSED, resumable ? SP_CLOSE_RESUME : SP_CLOSE_IDENTIFY);
    if (loss) {
        loss->wait = 1000 + sp_random_upto(&shard->random, 4000);
        loss->no_backoff = true;
        sp_text_set(
            &loss->text, "%s",
            resumable
                ? "the gateway asks to resume again (op 9)"
                : "the gateway says that the session is invalid, or that identifies came too fast (op 9)");
    }
    sp_shard_drop(shard, CLOSE_RECONNECT, now);
}

/* ---- Dispatches ---- */

static bool name_is(const spectacles_envelope *envelope, const char *name)
{
    return envelope->name_length == strlen(name) && memcmp(envelope->name, name, envelope->name_length) == 0;
}

/* READY and RESUMED have sequences of their own, but bring nothing: a gateway may say them and drop the connection. */
static void note_progress(spectacles_shard *shard, const spectacles_envelope *envelope)
{
    if (envelope->seq <= shard->session.furthest || name_is(envelope, "READY") ||
        name_is(envelope, "RESUMED"))
        return;
    shard->session.furthest = envelope->seq;
    sp_shard_progress(shard);
}

static void hold_dispatch(spectacles_shard *shard, const spectacles_envelope *envelope)
{
    note_progress(shard, envelope);
    shard->dispatch_held = true;
    shard->dispatch = (spectacles_shard_event){.type = SPECTACLES_SHARD_EVENT_DISPATCH,
                                               .format = shard->heard,
                                               .seq = envelope->seq,
                                               .name = envelope->name,
                                               .name_length = envelope->name_length,
                                               .data = envelope->data,
                                               .data_length = envelope->data_length};
}

static void on_ready(spectacles_shard *shard, const spectacles_envelope *envelope, uint64_t now)
{
    const char *why;
    bool untrusted;
    sp_slice d;
    if (!read_data(shard, envelope, &d, now))
        return;
    if (sp_session_begin(&shard->session, d, &shard->base, &untrusted, &why) != SPECTACLES_OK) {
        drop(shard, CLOSE_UNDECODABLE, SPECTACLES_E_PROTO, why, now);
        return;
    }
    shard->session.encoding = shard->heard;
    sp_shard_become(shard, SPECTACLES_SHARD_READY, now);
    spectacles_shard_event *event = sp_shard_tell(shard, SPECTACLES_SHARD_EVENT_READY);
    if (event) {
        event->format = shard->heard;
        event->data = envelope->data;
        event->data_length = envelope->data_length;
        if (untrusted)
            event->text = "the resume URL is missing or on a foreign host: it will not be followed";
    }
    hold_dispatch(shard, envelope);
}

static void on_resumed(spectacles_shard *shard, const spectacles_envelope *envelope, uint64_t now)
{
    sp_shard_become(shard, SPECTACLES_SHARD_READY, now);
    sp_shard_tell(shard, SPECTACLES_SHARD_EVENT_RESUMED);
    hold_dispatch(shard, envelope);
}

/* Within a session every dispatch has a higher sequence than the one before: otherwise we took another's place. */
static bool goes_backwards(const spectacles_shard *shard, const spectacles_envelope *envelope)
{
    bool in_session = shard->state == SPECTACLES_SHARD_READY || shard->state == SPECTACLES_SHARD_RESUMING;
    return in_session && envelope->seq <= shard->session.received && !name_is(envelope, "RESUMED");
}

/* A replay that goes on is no replay that hangs: the phase begins anew. */
static void on_replayed(spectacles_shard *shard, const spectacles_envelope *envelope, uint64_t now)
{
    sp_shard_become(shard, SPECTACLES_SHARD_RESUMING, now);
    hold_dispatch(shard, envelope);
}

static void on_dispatch(spectacles_shard *shard, const spectacles_envelope *envelope, uint64_t now)
{
    const uint32_t whole = SPECTACLES_ENVELOPE_SEQ | SPECTACLES_ENVELOPE_NAME | SPECTACLES_ENVELOPE_DATA;
    if ((envelope->members & whole) != whole)
        drop(shard, CLOSE_UNDECODABLE, SPECTACLES_E_PROTO, "the gateway sent a dispatch without s, t or d",
             now);
    else if (goes_backwards(shard, envelope))
        drop(shard, CLOSE_UNDECODABLE, SPECTACLES_E_PROTO, "the gateway's sequence went backwards", now);
    else if (shard->state == SPECTACLES_SHARD_IDENTIFYING && name_is(envelope, "READY"))
        on_ready(shard, envelope, now);
    else if (shard->state == SPECTACLES_SHARD_RESUMING && name_is(envelope, "RESUMED"))
        on_resumed(shard, envelope, now);
    else if (shard->state == SPECTACLES_SHARD_RESUMING)
        on_replayed(shard, envelope, now);
    else if (shard->state == SPECTACLES_SHARD_READY)
        hold_dispatch(shard, envelope);
    else
        drop(shard, CLOSE_UNDECODABLE, SPECTACLES_E_PROTO, "the gateway sent a dispatch outside a session",
             now);
}

/* ---- Payloads ---- */

/* Answered at once, but never beyond what we may send: a gateway that asks without end must not make us break its rule. */
static void on_heartbeat_request(spectacles_shard *shard, uint64_t now)
{
    if (sp_limits_may_answer(&shard->limits, now))
        survive(shard, sp_shard_write_heartbeat(shard, now), now);
}

static void on_control(spectacles_shard *shard, const spectacles_envelope *envelope, uint64_t now)
{
    sp_slice d;
    if (envelope->op == OP_HEARTBEAT)
        on_heartbeat_request(shard, now);
    else if (envelope->op == OP_HEARTBEAT_ACK)
        on_heartbeat_ack(shard, now);
    else if (envelope->op == OP_HELLO && read_data(shard, envelope, &d, now))
        on_hello(shard, d, now);
    else if (envelope->op == OP_INVALID_SESSION && read_data(shard, envelope, &d, now))
        on_invalid_session(shard, d, now);
    else if (envelope->op == OP_RECONNECT)
        drop(shard, CLOSE_RECONNECT, SPECTACLES_E_CLOSED, "the gateway asks to reconnect (op 7)", now);
    else if (envelope->op != OP_HELLO && envelope->op != OP_INVALID_SESSION)
        shard->stats.payloads_unknown++;
}

static void on_payload(spectacles_shard *shard, sp_slice payload, uint64_t now)
{
    spectacles_envelope envelope;
    spectacles_problem problem;
    if (spectacles_envelope_scan(&envelope, shard->heard, payload.bytes, payload.length, &problem) !=
        SPECTACLES_OK) {
        drop(shard, CLOSE_UNDECODABLE, SPECTACLES_E_PROTO,
             sp_inflate_runs_on(&shard->inflate) ? SP_INFLATE_UNFLUSHED : problem.text, now);
        return;
    }
    shard->stats.payloads_received++;
    if (envelope.op < SPECTACLES_SHARD_OPS)
        shard->stats.received_by_op[envelope.op]++;
    if (!(envelope.members & SPECTACLES_ENVELOPE_OP))
        drop(shard, CLOSE_UNDECODABLE, SPECTACLES_E_PROTO, "the gateway sent a payload without an op", now);
    else if (envelope.op == OP_DISPATCH)
        on_dispatch(shard, &envelope, now);
    else
        on_control(shard, &envelope, now);
}

/* ---- Messages ---- */

static void on_message(spectacles_shard *shard, const sp_frame *frame, uint64_t now)
{
    sp_slice payload;
    uint32_t close_code = CLOSE_UNDECODABLE;
    const char *why = NULL;
    int got = sp_shard_read_message(shard, frame, &payload, &close_code, &why);
    if (got == 1)
        on_payload(shard, payload, now);
    else if (got == SPECTACLES_E_NOMEM)
        survive(shard, got, now);
    else if (got < 0)
        drop(shard, close_code, got, why, now);
}

/* ---- Frames ---- */

static void add_privileged_intents(const spectacles_shard *shard, sp_text *text)
{
    const char *before = "; of these were asked for:";
    uint64_t privileged = spectacles_intents_privileged(shard->intents);
    for (uint32_t bit = 0; bit < 64; bit++) {
        if (!(privileged >> bit & 1))
            continue;
        sp_text_add(text, "%s %s", before, spectacles_intent_name(UINT64_C(1) << bit));
        before = ",";
    }
}

static void add_nameless_intents(const spectacles_shard *shard, sp_text *text)
{
    const char *before = "; this library has no name for bit";
    for (uint32_t bit = 0; bit < 64; bit++) {
        if (!(shard->intents >> bit & 1) || spectacles_intent_name(UINT64_C(1) << bit))
            continue;
        sp_text_add(text, "%s %u", before, (unsigned)bit);
        before = ",";
    }
}

/* 4001, 4002 and 4008 are our own fault: what we had sent, by op. */
static void add_last_ops(const spectacles_shard *shard, sp_text *text)
{
    sp_text_add(text, "; sent last, the newest first: op");
    for (size_t i = 0; i < SP_LAST_OPS && shard->last_ops[i] != 0xff; i++)
        sp_text_add(text, "%s %u", i ? "," : "", (unsigned)shard->last_ops[i]);
}

/* What we had asked for, when it was that. */
static void add_details(const spectacles_shard *shard, uint32_t code, sp_text *text)
{
    if (code == 4001 || code == 4002 || code == 4008)
        add_last_ops(shard, text);
    else if (code == 4010)
        sp_text_add(text, "; this is shard %u of %u", (unsigned)shard->id, (unsigned)shard->count);
    else if (code == 4011)
        sp_text_add(text, "; the shard count is %u", (unsigned)shard->count);
    else if (code == 4012)
        sp_text_add(text, "; version %u was asked for", (unsigned)shard->version);
    else if (code == 4013)
        add_nameless_intents(shard, text);
    else if (code == 4014)
        add_privileged_intents(shard, text);
}

static void add_reason(const sp_close *close, sp_text *text)
{
    if (close->reason.length == 0)
        return;
    sp_text_add(text, ": ");
    sp_text_add_foreign(text, close->reason.bytes, close->reason.length, SP_CONTROL_MAX);
}

/* A code that nobody may send says nothing: neither that the session is gone, nor that it lives. */
static void on_forbidden_close(spectacles_shard *shard, const sp_close *close, uint64_t now)
{
    sp_loss *loss = sp_shard_blame(shard, 0, SPECTACLES_E_PROTO, SP_CLOSE_RESUME);
    if (loss) {
        if (close->code)
            sp_text_set(&loss->text, "the gateway closed with code %u, which no close frame may bear",
                        (unsigned)close->code);
        else
            sp_text_set(&loss->text, "the gateway sent a close frame whose code is cut off or 0");
        add_reason(close, &loss->text);
    }
    sp_shard_drop(shard, close->mistake, now);
}

static void tell_close(const spectacles_shard *shard, const sp_close *close, const char *text, sp_loss *loss)
{
    sp_text_set(&loss->text, "%s", text);
    if (close->code)
        sp_text_add(&loss->text, " (close code %u)", (unsigned)close->code);
    add_details(shard, close->code, &loss->text);
    if (close->mistake)
        sp_text_add(&loss->text, "; its reason is not UTF-8, which breaks the protocol");
    add_reason(close, &loss->text);
}

/* Our answer. The peer's own code only where it keeps the session: 1000 and 1001 would end it. */
static uint32_t answer_to(const sp_close *close)
{
    if (close->mistake)
        return close->mistake;
    return close->code >= 3000 ? close->code : CLOSE_RECONNECT;
}

/* The peer's close frame: answered (RFC 6455, section 5.5.1), unless it is the answer to ours. */
static void on_close(spectacles_shard *shard, sp_slice payload, uint64_t now)
{
    const sp_close close = sp_frame_close(payload);
    const char *text;
    if (shard->state == SPECTACLES_SHARD_CLOSING) {
        sp_shard_settle(shard, now);
        return;
    }
    if (close.mistake == CLOSE_FORBIDDEN) {
        on_forbidden_close(shard, &close, now);
        return;
    }
    enum sp_close_plan plan = sp_close_plan_of(close.code, &text);
    sp_loss *loss = sp_shard_blame(shard, close.code, SPECTACLES_E_CLOSED, plan);
    if (loss) {
        loss->error = close.code == 4004 ? SPECTACLES_E_AUTH
                      : close.mistake    ? SPECTACLES_E_PROTO
                                         : SPECTACLES_E_CLOSED;
        tell_close(shard, &close, text, loss);
    }
    sp_shard_drop(shard, answer_to(&close), now);
}

static void on_frame(spectacles_shard *shard, const sp_frame *frame, uint64_t now)
{
    if (frame->kind == SP_FRAME_CLOSE)
        on_close(shard, frame->payload, now);
    else if (shard->state == SPECTACLES_SHARD_CLOSING || frame->kind == SP_FRAME_PONG)
        return;
    else if (frame->kind == SP_FRAME_PING)
        survive(shard, sp_shard_write_frame(shard, SP_FRAME_PONG, frame->payload), now);
    else
        on_message(shard, frame, now);
}

static bool receive_frame(spectacles_shard *shard, uint64_t now)
{
    sp_frame frame;
    int got = sp_frames_next(&shard->frames, &frame);
    if (got == 0)
        return false;
    if (got > 0)
        on_frame(shard, &frame, now);
    else if (shard->state == SPECTACLES_SHARD_CLOSING)
        sp_shard_settle(shard, now);
    else if (got == SPECTACLES_E_NOMEM)
        survive(shard, got, now);
    else
        drop(shard, shard->frames.close_code, got, shard->frames.error, now);
    return true;
}

/* A 429 is about the address or the bot, and so about every shard. Other refusals are about what was asked. */
static void note_retry_after(const spectacles_shard *shard, sp_loss *loss)
{
    uint64_t wait = shard->handshake.retry_after;
    loss->everybody = shard->handshake.status == 429;
    if (loss->everybody && wait == 0)
        wait = SP_RETRY_AFTER_DEFAULT;
    loss->wait = wait;
    if (wait > 0)
        sp_text_add(&loss->text, "; it asks to wait for %llu s", (unsigned long long)(wait + 999) / 1000);
}

/* all: no more will come, so that a refusal is told with as much of its body as there is. */
static bool receive_head(spectacles_shard *shard, bool all, uint64_t now)
{
    size_t used;
    sp_text why;
    sp_slice input = sp_buffer_slice(&shard->frames.input);
    int got = sp_handshake_response(&shard->handshake, input, all, &used, &why);
    if (got == 0)
        return false;
    if (got == 1) {
        sp_buffer_consume(&shard->frames.input, used);
        sp_shard_become(shard, SPECTACLES_SHARD_HELLO, now);
        return true;
    }
    sp_loss *loss = sp_shard_blame(shard, 0, got, SP_CLOSE_RESUME);
    if (loss) {
        loss->text = why;
        note_retry_after(shard, loss);
    }
    sp_shard_settle(shard, now);
    return true;
}

bool sp_shard_receive(spectacles_shard *shard, uint64_t now)
{
    if (shard->transport == SP_TRANSPORT_NONE || shard->transport == SP_TRANSPORT_WANTED)
        return false;
    bool all = shard->transport == SP_TRANSPORT_ENDED;
    if (shard->state == SPECTACLES_SHARD_UPGRADING ? receive_head(shard, all, now)
                                                   : receive_frame(shard, now))
        return true;
    shard->unread = false;
    if (shard->transport == SP_TRANSPORT_ENDED) {
        sp_shard_settle(shard, now);
        return true;
    }
    return false;
}

bool sp_shard_receive_last_head(spectacles_shard *shard, uint64_t now)
{
    return shard->state == SPECTACLES_SHARD_UPGRADING && receive_head(shard, true, now);
}
