/*
 * Sends packets of the owner (ops 3, 4, 8 and more) when the rate limit allows, and gives each its ticket. Called by
 * owners and by commands.c.
 */
#include "codec/json.h"
#include "core/export.h"
#include "shard/events.h"
#include "shard/payload.h"
#include "shard/send.h"

#include <spectacles/routing.h>

enum {
    TICKETS_MAX = 128,
    OUTPUT_MAX = 64 * 1024,
    JSON_MAX = 64 * 1024 /* bytes of a packet that will be sent as ETF */
};

static bool congested(const spectacles_shard *shard)
{
    return sp_buffer_length(&shard->output) > OUTPUT_MAX || shard->tickets.count >= TICKETS_MAX;
}

/* The longest JSON that is tried. A packet may be shorter as ETF than as JSON. */
static size_t packet_max(const spectacles_shard *shard)
{
    return shard->output_format == SPECTACLES_FORMAT_ETF ? JSON_MAX : SPECTACLES_PACKET_MAX;
}

static int check_packet(spectacles_shard *shard, sp_slice d, uint64_t now)
{
    sp_slice value;
    if (shard->state != SPECTACLES_SHARD_READY || shard->transport != SP_TRANSPORT_OPEN)
        return sp_shard_fail(shard, SPECTACLES_E_STATE, "the shard is not ready");
    if (d.length > packet_max(shard))
        return sp_shard_fail(shard, SPECTACLES_E_TOOBIG, "the packet is over 4096 bytes");
    if (sp_json_check(d, &value, NULL) != SPECTACLES_OK)
        return sp_shard_fail(shard, SPECTACLES_E_PROTO, "d is not JSON");
    if (sp_limits_remaining(&shard->limits, now) == 0)
        return sp_shard_fail(shard, SPECTACLES_E_AGAIN, "120 payloads per 60 seconds are used up");
    if (congested(shard))
        return sp_shard_fail(shard, SPECTACLES_E_AGAIN, "the connection takes no more bytes for now");
    return SPECTACLES_OK;
}

static int send_packet(spectacles_shard *shard, uint32_t op, sp_slice d, uint64_t now, sp_ticket *ticket)
{
    sp_slice payload;
    spectacles_problem problem = {.text = "out of memory"};
    int error = sp_payload_packet(&shard->scratch, op, d);
    if (error == SPECTACLES_OK)
        error = sp_shard_encode(shard, &payload, &problem);
    if (error == SPECTACLES_OK)
        error = sp_shard_write_payload(shard, op, payload, now);
    sp_buffer_clear(&shard->scratch);
    ticket->number = shard->last_ticket + 1;
    ticket->end = shard->bytes_written;
    return error == SPECTACLES_OK ? error : sp_shard_fail(shard, error, problem.text);
}

SPECTACLES_EXPORT int spectacles_shard_send(spectacles_shard *shard, uint32_t op, const uint8_t *d,
                                            size_t length, uint64_t now, uint64_t *ticket)
{
    sp_slice slice = {d, length};
    int error = check_packet(shard, slice, now);
    if (error != SPECTACLES_OK)
        return error;
    sp_ticket *kept = sp_ring_push(&shard->tickets);
    if (!kept)
        return sp_shard_fail(shard, SPECTACLES_E_NOMEM, "out of memory");
    error = send_packet(shard, op, slice, now, kept);
    if (error != SPECTACLES_OK) {
        sp_ring_pop_back(&shard->tickets);
        return error;
    }
    shard->last_ticket = kept->number;
    if (ticket)
        *ticket = kept->number;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_shard_budget(const spectacles_shard *shard, uint64_t now,
                                              uint32_t *remaining, uint64_t *refill_at)
{
    bool open =
        shard->state == SPECTACLES_SHARD_READY && shard->transport == SP_TRANSPORT_OPEN && !congested(shard);
    uint32_t room = sp_limits_remaining(&shard->limits, now);
    if (remaining)
        *remaining = open ? room : 0;
    if (refill_at)
        *refill_at = sp_limits_refill(&shard->limits, now);
    return SPECTACLES_OK;
}
