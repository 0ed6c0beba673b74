#ifndef SP_RELAY_SENDS_H
#define SP_RELAY_SENDS_H

#include "relay/internal.h"

/* SENDs on their way to the queue of their shard. */

/* Takes a SEND that was delivered: keeps it to be routed, or rejects it. */
void sp_relay_take_send(spectacles_relay *relay, const spectacles_broker_event *event);

/*
 * A packet that somebody has routed by another number of shards carries the guild of its SEND. Whether that guild is of
 * another shard here; and routes the packet again.
 */
bool sp_relay_is_for_other_shard(const spectacles_relay *relay, uint32_t shard_id,
                                 const spectacles_broker_event *event);
void sp_relay_route_again(spectacles_relay *relay, const spectacles_broker_event *event);

/* Publishes the SENDs that may be published now. True when one was published. */
bool sp_relay_route_sends(spectacles_relay *relay, uint64_t now);

/* The outcome of a SEND: the packet is confirmed under the key of its shard, or no queue took it. */
void sp_relay_send_confirmed(spectacles_relay *relay, const sp_publish *publish);
void sp_relay_send_returned(spectacles_relay *relay, sp_publish *publish,
                            const spectacles_broker_event *event, uint64_t now);

uint64_t sp_relay_sends_deadline(const spectacles_relay *relay);
void sp_relay_free_routes(sp_ring *routes);

#endif
