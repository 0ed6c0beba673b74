/*
 * Packets for Discord: held while their shard is not READY or its rate limit is used up, acknowledged when their bytes
 * were consumed. A worker's packet is a delivery of the broker, and an owner's packet has a ticket. Called by
 * commands.c and owner_packets.c with packets, by shards.c with the outcome of each, and by relay.c to send.
 */
#include "relay/packets.h"

#include "relay/answers.h"
#include "relay/deliveries.h"
#include "relay/events.h"

#include <stdlib.h>

static void drop_front(sp_ring *packets)
{
    sp_packet *front = sp_ring_at(packets, 0);
    free(front->d);
    sp_ring_pop(packets);
}

/* ---- What became of a packet, for whoever sent it ---- */

static bool is_of_owner(const sp_packet *packet)
{
    return packet->owner_ticket > 0;
}

static void tell_sent(spectacles_relay *relay, sp_relay_shard *shard, const sp_packet *packet)
{
    relay->stats.sent++;
    if (is_of_owner(packet)) {
        sp_relay_answer(relay, shard, packet, SPECTACLES_OK, NULL);
        return;
    }
    spectacles_broker_ack(relay->commands, packet->delivery);
    sp_relay_pending *queued = sp_relay_queue_event(relay, SPECTACLES_RELAY_EVENT_COMMAND_SENT);
    if (!queued)
        return;
    queued->event.shard_id = shard->id;
    queued->event.op = packet->op;
}

static void tell_refused(spectacles_relay *relay, sp_relay_shard *shard, const sp_packet *packet, int error)
{
    char key[16];
    if (is_of_owner(packet)) {
        relay->stats.rejected++;
        sp_relay_answer(relay, shard, packet, error, NULL);
        return;
    }
    int length = spectacles_route_shard_key(key, sizeof key, shard->id);
    sp_relay_reject(relay, packet->delivery, key, (size_t)length, error,
                    spectacles_shard_last_error(shard->engine));
}

/* The packet was not sent, or nobody knows. A worker's packet goes back to its queue. */
static void tell_unsent(spectacles_relay *relay, sp_relay_shard *shard, const sp_packet *packet, int error,
                        const char *why)
{
    if (!is_of_owner(packet)) {
        spectacles_broker_reject(relay->commands, packet->delivery, 1);
        return;
    }
    relay->stats.rejected++;
    sp_relay_answer(relay, shard, packet, error, why);
}

/* ---- Taking packets ---- */

/* Drops the packets whose deliveries were lost: the broker delivers them again. */
static void drop_lost_packets(const spectacles_relay *relay, sp_ring *packets)
{
    for (size_t i = 0; i < packets->count;) {
        sp_packet *packet = sp_ring_at(packets, i);
        if (is_of_owner(packet) || !sp_relay_delivery_is_lost(relay, packet->delivery)) {
            i++;
            continue;
        }
        free(packet->d);
        sp_ring_remove(packets, i);
    }
}

void sp_relay_list_for_sending(spectacles_relay *relay, sp_relay_shard *shard)
{
    if (!sp_timer_is_set(&shard->packets_timer))
        sp_list_add(&relay->sendable, &shard->packets_node);
}

void sp_relay_take_packet(spectacles_relay *relay, sp_relay_shard *shard,
                          const spectacles_broker_event *event)
{
    spectacles_packet packet;
    if (!sp_relay_read_packet(relay, event, &packet))
        return;
    drop_lost_packets(relay, &shard->held);
    uint8_t *kept = sp_relay_copy_body(packet.d, packet.d_length);
    sp_packet *held = kept ? sp_ring_push(&shard->held) : NULL;
    if (!held) {
        free(kept);
        spectacles_broker_reject(relay->commands, event->delivery, 1);
        return;
    }
    *held = (sp_packet){.delivery = event->delivery,
                        .expires = sp_relay_expiry(relay, event),
                        .op = packet.op,
                        .d = kept,
                        .d_length = packet.d_length};
    sp_relay_list_for_sending(relay, shard);
}

/* ---- Sending ---- */

void sp_relay_packets_may_go(spectacles_relay *relay, sp_relay_shard *shard)
{
    sp_timer_set(&relay->packets_timers, &shard->packets_timer, SPECTACLES_NEVER);
    if (shard->held.count > 0)
        sp_list_add(&relay->sendable, &shard->packets_node);
}

/*
 * Sets when the front packet is tried again. A shard that is not READY sends READY or RESUMED first, and a full output
 * SENT. Only the rate limit and memory need a timer.
 */
static void wait_to_send(spectacles_relay *relay, sp_relay_shard *shard, int error, uint64_t now)
{
    uint64_t until = SPECTACLES_NEVER;
    uint32_t remaining = 0;
    if (error == SPECTACLES_E_AGAIN)
        spectacles_shard_budget(shard->engine, now, &remaining, &until);
    else if (error == SPECTACLES_E_NOMEM)
        until = now + SP_RELAY_RETRY;
    sp_timer_set(&relay->packets_timers, &shard->packets_timer, until);
}

static bool drop_expired(spectacles_relay *relay, sp_relay_shard *shard)
{
    char key[16];
    const sp_packet *packet = sp_ring_at(&shard->held, 0);
    size_t length = (size_t)spectacles_route_shard_key(key, sizeof key, shard->id);
    if (!sp_relay_reject_expired(relay, packet->expires, packet->delivery, key, length))
        return false;
    drop_front(&shard->held);
    return true;
}

/* True when the front packet was sent or rejected, so that the next one can follow. */
static bool send_front(spectacles_relay *relay, sp_relay_shard *shard, uint64_t now)
{
    if (drop_expired(relay, shard))
        return true;
    sp_packet *packet = sp_ring_at(&shard->held, 0);
    sp_packet *sent = sp_ring_push(&shard->sent);
    int error = sent ? spectacles_shard_send(shard->engine, packet->op, packet->d, packet->d_length, now,
                                             &packet->ticket)
                     : SPECTACLES_E_NOMEM;
    if (error == SPECTACLES_OK) {
        *sent = *packet;
        sp_ring_pop(&shard->held);
        return true;
    }
    if (sent)
        sp_ring_pop_back(&shard->sent);
    if (error == SPECTACLES_E_AGAIN || error == SPECTACLES_E_STATE || error == SPECTACLES_E_NOMEM) {
        wait_to_send(relay, shard, error, now);
        return false;
    }
    tell_refused(relay, shard, packet, error);
    drop_front(&shard->held);
    return true;
}

static void take_due(spectacles_relay *relay, uint64_t now)
{
    sp_timer *timer;
    while ((timer = sp_timers_take_due(&relay->packets_timers, now)))
        sp_list_add(&relay->sendable, &sp_list_owner(timer, sp_relay_shard, packets_timer)->packets_node);
}

bool sp_relay_send_packets(spectacles_relay *relay, uint64_t now)
{
    bool sent = false;
    sp_list_node *node;
    if (sp_relay_is_stopping(relay))
        return false;
    take_due(relay, now);
    while ((node = sp_list_take(&relay->sendable))) {
        sp_relay_shard *shard = sp_list_owner(node, sp_relay_shard, packets_node);
        /* READY and RESUMED bring it back. */
        if (spectacles_shard_state(shard->engine) != SPECTACLES_SHARD_READY)
            continue;
        drop_lost_packets(relay, &shard->held);
        while (shard->held.count > 0 && send_front(relay, shard, now))
            sent = true;
    }
    return sent;
}

void sp_relay_packet_sent(spectacles_relay *relay, sp_relay_shard *shard, uint64_t ticket)
{
    const sp_packet *packet = sp_ring_front(&shard->sent);
    if (!packet || packet->ticket != ticket)
        return;
    /* The packets behind it may have waited for the output, and not for the rate limit. */
    sp_relay_packets_may_go(relay, shard);
    tell_sent(relay, shard, packet);
    drop_front(&shard->sent);
}

static void give_back(spectacles_relay *relay, sp_relay_shard *shard, sp_ring *packets, const char *why)
{
    const sp_packet *front;
    while ((front = sp_ring_front(packets))) {
        tell_unsent(relay, shard, front, SPECTACLES_E_STATE, why);
        drop_front(packets);
    }
}

void sp_relay_give_back_held(spectacles_relay *relay, sp_relay_shard *shard)
{
    sp_timer_set(&relay->packets_timers, &shard->packets_timer, SPECTACLES_NEVER);
    sp_list_remove(&shard->packets_node);
    give_back(relay, shard, &shard->held, "the shard leaves");
}

void sp_relay_give_back_sent(spectacles_relay *relay, sp_relay_shard *shard)
{
    give_back(relay, shard, &shard->sent,
              "the shard leaves: the packet was given to its connection, and may have been sent");
}

/* All packets on their way come back at once, in front of the held ones and in their old order. */
void sp_relay_packet_unsent(spectacles_relay *relay, sp_relay_shard *shard)
{
    if (shard->service != SPECTACLES_SERVICE_SERVED) {
        sp_relay_give_back_sent(relay, shard);
        return;
    }
    while (shard->sent.count > 0) {
        sp_packet *last = sp_ring_at(&shard->sent, shard->sent.count - 1);
        sp_packet *held = sp_ring_push_front(&shard->held);
        if (held) {
            *held = *last;
        } else {
            tell_unsent(relay, shard, last, SPECTACLES_E_NOMEM, NULL);
            free(last->d);
        }
        sp_ring_pop_back(&shard->sent);
    }
    sp_relay_packets_may_go(relay, shard);
}

static void refuse_of_owner(spectacles_relay *relay, sp_relay_shard *shard, sp_ring *packets)
{
    for (size_t i = 0; i < packets->count;) {
        sp_packet *packet = sp_ring_at(packets, i);
        if (!is_of_owner(packet)) {
            i++;
            continue;
        }
        tell_unsent(relay, shard, packet, SPECTACLES_E_STATE, "the shard is closed");
        free(packet->d);
        sp_ring_remove(packets, i);
    }
}

void sp_relay_refuse_owner_packets(spectacles_relay *relay, sp_relay_shard *shard)
{
    refuse_of_owner(relay, shard, &shard->sent);
    refuse_of_owner(relay, shard, &shard->held);
}

void sp_relay_free_packets(sp_ring *packets)
{
    while (packets->count > 0)
        drop_front(packets);
}
