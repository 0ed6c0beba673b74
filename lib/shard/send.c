#include "shard/payload.h"
#include "shard/shard.h"

int sp_shard_write_frame(spectacles_shard *shard, enum sp_frame_kind kind, sp_slice payload)
{
    size_t before = sp_buffer_length(&shard->output);
    int error = sp_frames_send(&shard->frames, kind, payload);
    if (error == SPECTACLES_OK)
        shard->written += sp_buffer_length(&shard->output) - before;
    return error;
}

/* Sends what was composed in the scratch buffer, and empties that. */
static int write_scratch(spectacles_shard *shard, int error, uint64_t now)
{
    if (error == SPECTACLES_OK)
        error = sp_shard_write_frame(shard, SP_FRAME_TEXT, sp_buffer_slice(&shard->scratch));
    sp_buffer_clear(&shard->scratch);
    if (error != SPECTACLES_OK)
        return error;
    sp_limits_count(&shard->limits, now);
    shard->stats.payloads_sent++;
    return SPECTACLES_OK;
}

int sp_shard_write_identify(spectacles_shard *shard, uint64_t now)
{
    const sp_identify identify = {shard->token,           shard->presence, shard->intents,
                                  shard->large_threshold, shard->id,       shard->count};
    return write_scratch(shard, sp_payload_identify(&shard->scratch, &identify), now);
}

int sp_shard_write_resume(spectacles_shard *shard, uint64_t now)
{
    uint64_t seq = sp_session_safe(&shard->session, shard->commits);
    return write_scratch(shard, sp_payload_resume(&shard->scratch, shard->token, shard->session.id, seq),
                         now);
}

int sp_shard_write_heartbeat(spectacles_shard *shard, uint64_t now)
{
    uint64_t seq = sp_session_safe(&shard->session, shard->commits);
    return write_scratch(shard, sp_payload_heartbeat(&shard->scratch, seq), now);
}
