/*
 * Takes payloads by opcode (Discord: "Gateway Opcodes"): HELLO, acknowledgements, op 7 and op 9. Dispatches go to
 * dispatch.c. Called by receive.c.
 */
#include "shard/ops.h"

#include "codec/json.h"
#include "shard/connection.h"
#include "shard/dispatch.h"
#include "shard/events.h"
#include "shard/message.h"
#include "shard/send.h"
#include "shard/state.h"

enum {
    OP_DISPATCH = 0,
    OP_HEARTBEAT = 1,
    OP_RECONNECT = 7,
    OP_INVALID_SESSION = 9,
    OP_HELLO = 10,
    OP_HEARTBEAT_ACK = 11
};

static void on_hello(spectacles_shard *shard, sp_slice d, uint64_t now)
{
    sp_slice value;
    uint64_t interval;
    if (shard->state != SPECTACLES_SHARD_HELLO)
        return;
    if (sp_json_find(d, "heartbeat_interval", &value) != 1 ||
        sp_json_u64(value, &interval) != SPECTACLES_OK || interval < SP_HEARTBEAT_INTERVAL_MIN ||
        interval > SP_HEARTBEAT_INTERVAL_MAX) {
        sp_shard_refuse(shard, SP_CLOSE_CODE_UNDECODABLE, SPECTACLES_E_PROTO,
                        "the gateway's HELLO has no usable heartbeat_interval", now);
        return;
    }
    shard->host_failures = 0;
    sp_heartbeat_start(&shard->heartbeat, interval, &shard->random, now);
    sp_limits_reserve(&shard->limits, interval);
    if (!sp_session_exists(&shard->session)) {
        sp_shard_set_state(shard, SPECTACLES_SHARD_IDENTIFY_WAIT, now);
        sp_shard_queue_event(shard, SPECTACLES_SHARD_EVENT_IDENTIFY);
        return;
    }
    int error = sp_shard_write_resume(shard, now);
    if (error == SPECTACLES_OK) {
        shard->stats.resumes++;
        sp_session_note_resume(&shard->session, now);
        /*
         * The replay begins behind the committed sequence: its first sequences are lower than what was received before.
         */
        shard->session.received = sp_session_safe_seq(&shard->session, shard->commits);
        sp_shard_set_state(shard, SPECTACLES_SHARD_RESUMING, now);
    }
    sp_shard_check_memory(shard, error, now);
}

static void on_heartbeat_ack(spectacles_shard *shard, uint64_t now)
{
    uint64_t latency;
    if (!sp_heartbeat_acknowledged(&shard->heartbeat, now, &latency))
        return;
    shard->stats.latency = latency;
    spectacles_shard_event *event = sp_shard_queue_event(shard, SPECTACLES_SHARD_EVENT_LATENCY);
    if (event)
        event->duration = latency;
}

static void on_invalid_session(spectacles_shard *shard, sp_slice d, uint64_t now)
{
    bool resumable = sp_json_type(d) == SP_JSON_TRUE;
    sp_close_reason *reason =
        sp_shard_set_reason(shard, 0, SPECTACLES_E_CLOSED, resumable ? SP_CLOSE_RESUME : SP_CLOSE_IDENTIFY);
    if (reason) {
        reason->wait = 1000 + sp_random_upto(&shard->random, 4000);
        reason->no_backoff = true;
        sp_text_set(
            &reason->text, "%s",
            resumable
                ? "the gateway asks to resume again (op 9)"
                : "the gateway says that the session is invalid, or that identifies came too fast (op 9)");
    }
    sp_shard_close_connection(shard, SP_CLOSE_CODE_RECONNECT, now);
}

/*
 * Answers at once, but never beyond the rate limit: a gateway that asks endlessly must not make the shard break it.
 */
static void on_heartbeat_request(spectacles_shard *shard, uint64_t now)
{
    if (sp_limits_may_answer(&shard->limits, now))
        sp_shard_check_memory(shard, sp_shard_write_heartbeat(shard, now), now);
}

static void on_control(spectacles_shard *shard, const spectacles_envelope *envelope, uint64_t now)
{
    sp_slice d;
    if (envelope->op == OP_HEARTBEAT)
        on_heartbeat_request(shard, now);
    else if (envelope->op == OP_HEARTBEAT_ACK)
        on_heartbeat_ack(shard, now);
    else if (envelope->op == OP_HELLO && sp_shard_read_data(shard, envelope, &d, now))
        on_hello(shard, d, now);
    else if (envelope->op == OP_INVALID_SESSION && sp_shard_read_data(shard, envelope, &d, now))
        on_invalid_session(shard, d, now);
    else if (envelope->op == OP_RECONNECT)
        sp_shard_refuse(shard, SP_CLOSE_CODE_RECONNECT, SPECTACLES_E_CLOSED,
                        "the gateway asks to reconnect (op 7)", now);
    else if (envelope->op != OP_HELLO && envelope->op != OP_INVALID_SESSION)
        shard->stats.payloads_unknown++;
}

void sp_shard_on_payload(spectacles_shard *shard, sp_slice payload, uint64_t now)
{
    spectacles_envelope envelope;
    spectacles_problem problem;
    if (spectacles_envelope_scan(&envelope, shard->message_format, payload.bytes, payload.length, &problem) !=
        SPECTACLES_OK) {
        sp_shard_refuse(shard, SP_CLOSE_CODE_UNDECODABLE, SPECTACLES_E_PROTO,
                        sp_inflate_runs_on(&shard->inflate) ? SP_INFLATE_UNFLUSHED : problem.text, now);
        return;
    }
    shard->stats.payloads_received++;
    if (envelope.op < SPECTACLES_SHARD_OP_COUNT)
        shard->stats.received_by_op[envelope.op]++;
    if (!(envelope.members & SPECTACLES_ENVELOPE_OP))
        sp_shard_refuse(shard, SP_CLOSE_CODE_UNDECODABLE, SPECTACLES_E_PROTO,
                        "the gateway sent a payload without an op", now);
    else if (envelope.op == OP_DISPATCH)
        sp_shard_on_dispatch(shard, &envelope, now);
    else
        on_control(shard, &envelope, now);
}
