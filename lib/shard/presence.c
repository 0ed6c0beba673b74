/*
 * The presence of a shard, which its owner may change while it runs. Called by owners, by timers.c when the presence is
 * due, and by connection.c when a connection ends.
 *
 *     set ---> due --- READY, and the rate limit has room: op 3 ---> written --- consumed ---> told
 *               ^ |                                                   |
 *               | +--- an identify carries it ---> told               | the connection ends
 *               +-----------------------------------------------------+
 */
#include "shard/presence.h"

#include "core/config.h"
#include "core/export.h"
#include "shard/events.h"
#include "shard/payload.h"
#include "shard/send.h"

#include <spectacles/routing.h>
#include <stdlib.h>
#include <string.h>

enum {
    OP_PRESENCE = 3,
    RETRY = 1000, /* milliseconds, when memory ran out or the connection takes no more bytes */
    OUTPUT_MAX = 64 * 1024
};

SPECTACLES_EXPORT int spectacles_shard_set_presence(spectacles_shard *shard, const uint8_t *d, size_t length)
{
    spectacles_problem problem = {0};
    char *former = shard->presence;
    if (!d)
        return sp_shard_fail(shard, SPECTACLES_E_INVAL, "d is NULL");
    if (spectacles_presence_check(d, length, &problem) != SPECTACLES_OK)
        return sp_shard_fail(shard, SPECTACLES_E_INVAL, problem.text);
    shard->presence = sp_text_copy((const char *)d, length);
    int error = shard->presence ? sp_shard_check_identify(shard, &problem) : SPECTACLES_E_NOMEM;
    if (error != SPECTACLES_OK) {
        free(shard->presence);
        shard->presence = former;
        return sp_shard_fail(shard, error,
                             error == SPECTACLES_E_NOMEM ? spectacles_strerror(error) : problem.text);
    }
    free(former);
    shard->presence_at = 0;
    sp_stream_touch(&shard->stream);
    return SPECTACLES_OK;
}

uint64_t sp_shard_presence_deadline(const spectacles_shard *shard)
{
    bool ready = shard->state == SPECTACLES_SHARD_READY && shard->transport == SP_TRANSPORT_OPEN;
    return ready ? shard->presence_at : SPECTACLES_NEVER;
}

static int write_presence(spectacles_shard *shard, uint64_t now)
{
    sp_slice payload;
    spectacles_problem problem;
    sp_slice d = {(const uint8_t *)shard->presence, strlen(shard->presence)};
    int error = sp_payload_packet(&shard->scratch, OP_PRESENCE, d);
    if (error == SPECTACLES_OK)
        error = sp_shard_encode(shard, &payload, &problem);
    if (error == SPECTACLES_OK)
        error = sp_shard_write_payload(shard, OP_PRESENCE, payload, now);
    sp_buffer_clear(&shard->scratch);
    return error;
}

void sp_shard_tell_presence(spectacles_shard *shard, uint64_t now)
{
    if (now < sp_shard_presence_deadline(shard))
        return;
    if (sp_limits_remaining(&shard->limits, now) == 0) {
        shard->presence_at = sp_limits_refill(&shard->limits, now);
        return;
    }
    if (sp_buffer_length(&shard->output) > OUTPUT_MAX || write_presence(shard, now) != SPECTACLES_OK) {
        shard->presence_at = now + RETRY;
        return;
    }
    shard->presence_at = SPECTACLES_NEVER;
    shard->presence_end = shard->bytes_written;
}

void sp_shard_note_presence(spectacles_shard *shard)
{
    if (shard->presence_end > shard->bytes_consumed)
        shard->presence_at = 0;
    shard->presence_end = 0;
}
