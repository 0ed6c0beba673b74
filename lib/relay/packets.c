/*
 * Packets for Discord: held while their shard is not ready or its rate limit is used up, acknowledged once their
 * bytes are gone. Called by commands.c with what arrives, by shards.c with what became of it, and by relay.c to
 * send.
 */
#include "relay/packets.h"

#include "relay/deliveries.h"
#include "relay/events.h"

#include <stdlib.h>

static void drop_front(sp_ring *packets)
{
    sp_packet *front = sp_ring_front(packets);
    free(front->d);
    sp_ring_pop(packets);
}

/* Lost deliveries stand in front: the channel that is gone delivered before the present one. */
static void drop_lost_packets(const spectacles_relay *relay, sp_ring *packets)
{
    const sp_packet *front;
    while ((front = sp_ring_front(packets)) && sp_relay_lost_delivery(relay, front->delivery))
        drop_front(packets);
}

void sp_relay_take_packet(spectacles_relay *relay, uint32_t index, const spectacles_broker_event *event)
{
    spectacles_packet packet;
    spectacles_problem problem = {0};
    sp_slice json;
    int error = sp_relay_read_json(relay, event, &json, &problem);
    if (error == SPECTACLES_OK)
        error = sp_relay_parse_packet(relay, &packet, json.bytes, json.length, &problem);
    if (error != SPECTACLES_OK) {
        sp_relay_reject(relay, event->delivery, event->key, event->key_length, error, problem.text);
        return;
    }
    sp_relay_shard *shard = &relay->shards[index];
    drop_lost_packets(relay, &shard->held);
    uint8_t *kept = sp_relay_copy_body(packet.d, packet.d_length);
    sp_packet *held = kept ? sp_ring_push(&shard->held) : NULL;
    if (!held) {
        free(kept);
        spectacles_broker_reject(relay->commands, event->delivery, 1);
        return;
    }
    *held = (sp_packet){.delivery = event->delivery, .op = packet.op, .d = kept, .d_length = packet.d_length};
}

/* True when the front packet was sent or rejected, so that the next one can follow. */
static bool send_front(spectacles_relay *relay, sp_relay_shard *shard, uint64_t now)
{
    sp_packet *packet = sp_ring_front(&shard->held);
    sp_packet *sent = sp_ring_push(&shard->sent);
    if (!sent)
        return false;
    int error =
        spectacles_shard_send(shard->engine, packet->op, packet->d, packet->d_length, now, &packet->ticket);
    if (error == SPECTACLES_OK) {
        *sent = *packet;
        sp_ring_pop(&shard->held);
        return true;
    }
    sp_ring_pop_back(&shard->sent);
    if (error == SPECTACLES_E_AGAIN)
        spectacles_shard_budget(shard->engine, now, NULL, &shard->held_until);
    if (error == SPECTACLES_E_AGAIN || error == SPECTACLES_E_STATE || error == SPECTACLES_E_NOMEM)
        return false;
    char key[16];
    int length = spectacles_route_shard_key(key, sizeof key, shard->id);
    sp_relay_reject(relay, packet->delivery, key, (size_t)length, error,
                    spectacles_shard_last_error(shard->engine));
    drop_front(&shard->held);
    return true;
}

bool sp_relay_send_packets(spectacles_relay *relay, uint64_t now)
{
    bool sent = false;
    for (size_t i = 0; i < relay->served && !relay->stopping; i++) {
        sp_relay_shard *shard = &relay->shards[i];
        bool ready = spectacles_shard_state(shard->engine) == SPECTACLES_SHARD_READY;
        if (now >= shard->held_until)
            shard->held_until = 0;
        if (!ready || shard->held_until > 0)
            continue;
        drop_lost_packets(relay, &shard->held);
        while (shard->held.count > 0 && shard->held_until == 0 && send_front(relay, shard, now))
            sent = true;
    }
    return sent;
}

void sp_relay_packet_sent(spectacles_relay *relay, uint32_t index, uint64_t ticket)
{
    sp_relay_shard *shard = &relay->shards[index];
    const sp_packet *packet = sp_ring_front(&shard->sent);
    if (!packet || packet->ticket != ticket)
        return;
    spectacles_broker_ack(relay->commands, packet->delivery);
    relay->stats.sent++;
    /* The packets behind it may have waited for the output, and not for the rate limit. */
    shard->held_until = 0;
    sp_relay_pending *queued = sp_relay_queue_event(relay, SPECTACLES_RELAY_EVENT_COMMAND_SENT);
    if (queued) {
        queued->event.shard_id = shard->id;
        queued->event.op = packet->op;
    }
    drop_front(&shard->sent);
}

/* All packets on their way come back at once, in front of the held ones and in their old order. */
void sp_relay_packet_unsent(spectacles_relay *relay, uint32_t index)
{
    sp_relay_shard *shard = &relay->shards[index];
    while (shard->sent.count > 0) {
        sp_packet *last = sp_ring_at(&shard->sent, shard->sent.count - 1);
        sp_packet *held = sp_ring_push_front(&shard->held);
        if (held) {
            *held = *last;
        } else {
            spectacles_broker_reject(relay->commands, last->delivery, 1);
            free(last->d);
        }
        sp_ring_pop_back(&shard->sent);
    }
    shard->held_until = 0;
}

void sp_relay_free_packets(sp_ring *packets)
{
    while (packets->count > 0)
        drop_front(packets);
}

uint64_t sp_relay_packets_deadline(const spectacles_relay *relay)
{
    uint64_t deadline = SPECTACLES_NEVER;
    for (size_t i = 0; i < relay->served; i++) {
        const sp_relay_shard *shard = &relay->shards[i];
        if (shard->held.count > 0 && shard->held_until > 0 && shard->held_until < deadline)
            deadline = shard->held_until;
    }
    return deadline;
}
