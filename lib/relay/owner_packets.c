/* Packets that the owner sends by a call: checked, and held like those of workers. Called by owners. */
#include "core/export.h"
#include "relay/deliveries.h"
#include "relay/packets.h"
#include "relay/served.h"
#include "routing/packet.h"

#include <stdlib.h>

static int check_owner_packet(spectacles_relay *relay, const sp_relay_shard *shard, uint32_t op,
                              const uint8_t *d, size_t length)
{
    spectacles_problem problem = {0};
    if (!shard)
        return sp_relay_fail(relay, SPECTACLES_E_INVAL, SP_NO_SUCH_SHARD);
    if (sp_relay_is_stopping(relay) || shard->service != SPECTACLES_SERVICE_SERVED || shard->final)
        return sp_relay_fail(relay, SPECTACLES_E_STATE, "a stop has begun, or the shard leaves or is closed");
    if (!d)
        return sp_relay_fail(relay, SPECTACLES_E_INVAL, "d is NULL");
    int error = sp_packet_check(op, d, length, relay->more_ops, relay->more_op_count, &problem);
    if (error != SPECTACLES_OK)
        return sp_relay_fail(relay, error, problem.text);
    if (shard->owner_packets >= SP_RELAY_OWNER_PACKETS)
        return sp_relay_fail(relay, SPECTACLES_E_AGAIN,
                             "1024 packets of this shard wait already: send again after "
                             "COMMAND_SENT or COMMAND_REJECTED of it");
    return SPECTACLES_OK;
}

static int hold_owner_packet(spectacles_relay *relay, sp_relay_shard *shard, uint32_t op, const uint8_t *d,
                             size_t length)
{
    bool has_room = sp_ring_reserve(&relay->answers, relay->answers.count + relay->owner_packets + 1);
    uint8_t *kept = has_room ? sp_relay_copy_body(d, length) : NULL;
    sp_packet *held = kept ? sp_ring_push(&shard->held) : NULL;
    if (!held) {
        free(kept);
        return sp_relay_fail(relay, SPECTACLES_E_NOMEM, spectacles_strerror(SPECTACLES_E_NOMEM));
    }
    *held = (sp_packet){.owner_ticket = ++relay->last_packet,
                        .expires = SPECTACLES_NEVER,
                        .op = op,
                        .d = kept,
                        .d_length = length};
    shard->owner_packets++;
    relay->owner_packets++;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_relay_send(spectacles_relay *relay, uint32_t shard_id, uint32_t op,
                                            const uint8_t *d, size_t length, uint64_t *ticket)
{
    sp_relay_shard *shard = sp_relay_find_shard(relay, shard_id);
    int error = check_owner_packet(relay, shard, op, d, length);
    if (error == SPECTACLES_OK)
        error = hold_owner_packet(relay, shard, op, d, length);
    if (error != SPECTACLES_OK)
        return error;
    sp_relay_list_for_sending(relay, shard);
    relay->woken = true;
    if (ticket)
        *ticket = relay->last_packet;
    return SPECTACLES_OK;
}
