/*
 * Reads what was fed: the HTTP answer to the upgrade, then one WebSocket frame after another. Called by shard.c
 * while the owner pulls, and by timers.c when the upgrade takes too long.
 */
#include "shard/receive.h"

#include "routing/retry_after.h"
#include "shard/close_frame.h"
#include "shard/connection.h"
#include "shard/message.h"
#include "shard/ops.h"
#include "shard/send.h"
#include "shard/state.h"

static void on_message(spectacles_shard *shard, const sp_frame *frame, uint64_t now)
{
    sp_slice payload;
    uint32_t close_code = SP_CLOSE_CODE_UNDECODABLE;
    const char *why = NULL;
    int got = sp_shard_read_message(shard, frame, &payload, &close_code, &why);
    if (got == 1)
        sp_shard_on_payload(shard, payload, now);
    else if (got == SPECTACLES_E_NOMEM)
        sp_shard_check_memory(shard, got, now);
    else if (got < 0)
        sp_shard_refuse(shard, close_code, got, why, now);
}

static void on_frame(spectacles_shard *shard, const sp_frame *frame, uint64_t now)
{
    if (frame->kind == SP_FRAME_CLOSE)
        sp_shard_on_close(shard, frame->payload, now);
    else if (shard->state == SPECTACLES_SHARD_CLOSING || frame->kind == SP_FRAME_PONG)
        return;
    else if (frame->kind == SP_FRAME_PING)
        sp_shard_check_memory(shard, sp_shard_write_frame(shard, SP_FRAME_PONG, frame->payload), now);
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
        sp_shard_end_connection(shard, now);
    else if (got == SPECTACLES_E_NOMEM)
        sp_shard_check_memory(shard, got, now);
    else
        sp_shard_refuse(shard, shard->frames.close_code, got, shard->frames.error, now);
    return true;
}

/* A 429 is about the address or the bot, and so for every shard. Other refusals are about this request. */
static void note_retry_after(const spectacles_shard *shard, sp_close_reason *reason)
{
    uint64_t wait = shard->handshake.retry_after;
    reason->all_shards = shard->handshake.status == 429;
    if (reason->all_shards && wait == 0)
        wait = SP_RETRY_AFTER_DEFAULT;
    reason->wait = wait;
    if (wait > 0)
        sp_text_add(&reason->text, "; it asks to wait for %llu s", (unsigned long long)(wait + 999) / 1000);
}

/* all: no more bytes will come, so that a refusal is reported with the part of its body that has arrived. */
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
        sp_shard_set_state(shard, SPECTACLES_SHARD_HELLO, now);
        return true;
    }
    sp_close_reason *reason = sp_shard_set_reason(shard, 0, got, SP_CLOSE_RESUME);
    if (reason) {
        reason->text = why;
        note_retry_after(shard, reason);
    }
    sp_shard_end_connection(shard, now);
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
        sp_shard_end_connection(shard, now);
        return true;
    }
    return false;
}

bool sp_shard_receive_last_head(spectacles_shard *shard, uint64_t now)
{
    return shard->state == SPECTACLES_SHARD_UPGRADING && receive_head(shard, true, now);
}
