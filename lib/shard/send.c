/*
 * Writes frames and payloads of the shard itself: identify, resume, heartbeats. Called by shard.c, ops.c, timers.c,
 * receive.c, connection.c and packets.c.
 */
#include "shard/send.h"

#include "codec/transcode.h"
#include "core/config.h"
#include "shard/payload.h"

#include <spectacles/routing.h>
#include <string.h>

enum {
    OP_HEARTBEAT = 1,
    OP_IDENTIFY = 2,
    OP_RESUME = 6
};

int sp_shard_write_frame(spectacles_shard *shard, enum sp_frame_kind kind, sp_slice payload)
{
    size_t before = sp_buffer_length(&shard->output);
    sp_stream_touch(&shard->stream);
    int error = sp_frames_send(&shard->frames, kind, payload);
    if (error == SPECTACLES_OK)
        shard->bytes_written += sp_buffer_length(&shard->output) - before;
    return error;
}

int sp_shard_encode(spectacles_shard *shard, sp_slice *payload, spectacles_problem *problem)
{
    sp_slice encoded = sp_buffer_slice(&shard->scratch);
    if (shard->output_format == SPECTACLES_FORMAT_ETF) {
        sp_buffer_clear(&shard->term);
        int error = sp_transcode(&shard->term, &shard->keys, SPECTACLES_FORMAT_ETF, SPECTACLES_FORMAT_JSON, 0,
                                 encoded, problem);
        if (error != SPECTACLES_OK)
            return error;
        encoded = sp_buffer_slice(&shard->term);
    }
    if (encoded.length > SPECTACLES_PACKET_MAX)
        return sp_refuse(problem, SPECTACLES_E_TOOBIG, "the payload is over 4096 bytes");
    *payload = encoded;
    return SPECTACLES_OK;
}

static void empty_scratch(spectacles_shard *shard)
{
    sp_buffer_clear(&shard->scratch);
    sp_buffer_clear(&shard->term);
}

int sp_shard_write_payload(spectacles_shard *shard, uint32_t op, sp_slice payload, uint64_t now)
{
    enum sp_frame_kind kind = shard->output_format == SPECTACLES_FORMAT_ETF ? SP_FRAME_BINARY : SP_FRAME_TEXT;
    int error = sp_shard_write_frame(shard, kind, payload);
    empty_scratch(shard);
    if (error != SPECTACLES_OK)
        return error;
    sp_limits_count(&shard->limits, now);
    shard->stats.payloads_sent++;
    if (op < SPECTACLES_SHARD_OP_COUNT)
        shard->stats.sent_by_op[op]++;
    memmove(shard->last_ops + 1, shard->last_ops, SP_OPS_KEPT - 1);
    shard->last_ops[0] = op < 0xff ? (uint8_t)op : 0xfe;
    return SPECTACLES_OK;
}

/* Sends the payload in `scratch`, unless composing it has failed. */
static int write_scratch(spectacles_shard *shard, int error, uint32_t op, uint64_t now)
{
    sp_slice payload = {NULL, 0};
    spectacles_problem problem;
    if (error == SPECTACLES_OK)
        error = sp_shard_encode(shard, &payload, &problem);
    if (error != SPECTACLES_OK) {
        empty_scratch(shard);
        return error;
    }
    return sp_shard_write_payload(shard, op, payload, now);
}

static int compose_identify(spectacles_shard *shard)
{
    const sp_identify identify = {shard->token,
                                  shard->presence,
                                  shard->intents,
                                  shard->large_threshold,
                                  shard->id,
                                  shard->count,
                                  shard->compression == SPECTACLES_COMPRESSION_PAYLOAD,
                                  shard->capabilities};
    return sp_payload_identify(&shard->scratch, &identify);
}

int sp_shard_check_identify(spectacles_shard *shard, spectacles_problem *problem)
{
    sp_slice payload;
    int error = compose_identify(shard);
    /* As JSON too, because the gateway may not do what was asked for: see sp_shard_read_message(). */
    if (error == SPECTACLES_OK && sp_buffer_length(&shard->scratch) > SPECTACLES_PACKET_MAX)
        error = SPECTACLES_E_TOOBIG;
    if (error == SPECTACLES_OK)
        error = sp_shard_encode(shard, &payload, problem);
    if (error == SPECTACLES_E_TOOBIG)
        sp_refuse(problem, error, "the identify payload is over 4096 bytes: shorten the presence");
    sp_buffer_clear(&shard->scratch);
    return error == SPECTACLES_E_PROTO ? SPECTACLES_E_INVAL : error;
}

/* It carries the presence. */
int sp_shard_write_identify(spectacles_shard *shard, uint64_t now)
{
    int error = write_scratch(shard, compose_identify(shard), OP_IDENTIFY, now);
    if (error == SPECTACLES_OK)
        shard->presence_at = SPECTACLES_NEVER;
    return error;
}

int sp_shard_write_resume(spectacles_shard *shard, uint64_t now)
{
    uint64_t seq = sp_session_safe_seq(&shard->session, shard->commits);
    return write_scratch(shard, sp_payload_resume(&shard->scratch, shard->token, shard->session.id, seq),
                         OP_RESUME, now);
}

int sp_shard_write_heartbeat(spectacles_shard *shard, uint64_t now)
{
    uint64_t safe = sp_session_safe_seq(&shard->session, shard->commits);
    uint64_t seq = shard->stored_heartbeats ? shard->session.stored : safe;
    return write_scratch(shard, sp_payload_heartbeat(&shard->scratch, seq), OP_HEARTBEAT, now);
}
