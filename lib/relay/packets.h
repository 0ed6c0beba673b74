#ifndef SP_RELAY_PACKETS_H
#define SP_RELAY_PACKETS_H

#include "relay/internal.h"

/* Packets on their way to Discord. */

/* A packet was delivered for a shard: it is held, or rejected. */
void sp_relay_take_packet(spectacles_relay *relay, sp_relay_shard *shard,
                          const spectacles_broker_event *event);

/* A packet is held: it is sent as soon as the rate limit allows. */
void sp_relay_list_for_sending(spectacles_relay *relay, sp_relay_shard *shard);

/* Something has changed for which held packets may have waited: the connection of the shard, its output. */
void sp_relay_packets_may_go(spectacles_relay *relay, sp_relay_shard *shard);

/* Sends what is held, as far as that is possible now. True when it did something. */
bool sp_relay_send_packets(spectacles_relay *relay, uint64_t now);

/* The bytes of a packet are gone, or its connection has ended first. */
void sp_relay_packet_sent(spectacles_relay *relay, sp_relay_shard *shard, uint64_t ticket);
void sp_relay_packet_unsent(spectacles_relay *relay, sp_relay_shard *shard);

/*
 * The shard leaves: packets go back to its queue, where they wait for whoever serves the shard next. What was sent may
 * have arrived already.
 */
void sp_relay_give_back_held(spectacles_relay *relay, sp_relay_shard *shard);
void sp_relay_give_back_sent(spectacles_relay *relay, sp_relay_shard *shard);

/* The shard is closed or fatal: the packets of the owner are never sent. Those of workers stay in their queue. */
void sp_relay_refuse_owner_packets(spectacles_relay *relay, sp_relay_shard *shard);

void sp_relay_free_packets(sp_ring *packets);

#endif
