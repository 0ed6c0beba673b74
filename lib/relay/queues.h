#ifndef SP_RELAY_QUEUES_H
#define SP_RELAY_QUEUES_H

#include "relay/internal.h"

/* The queues at the broker of commands: of each shard of the bot, of gaps, and of SEND. No queue has a subgroup. */

/* Makes room for the queues, which are none yet. SPECTACLES_E_NOMEM. */
int sp_relay_init_queues(spectacles_relay *relay);
void sp_relay_free_queues(spectacles_relay *relay);

/*
 * Asks for the queues of all shards, served here or not, so that a packet for a gateway that is down waits for it; and
 * for the queue of gaps. Returns 0, or what spectacles_broker_subscribe() says.
 */
int sp_relay_subscribe(spectacles_relay *relay);

/*
 * Asks for SEND, once there is a queue for whatever a SEND may hold; or leaves it, with SPECTACLES_RELAY_NO_COMMANDS.
 * When memory runs out, the next call tries it again.
 */
void sp_relay_renew_send(spectacles_relay *relay);

/*
 * A shard is served from now on, or is not served any more: its queue is consumed, or only declared. When memory runs
 * out, sp_relay_renew_queues() tries it again.
 */
void sp_relay_renew_queue(spectacles_relay *relay, uint32_t shard_id);
void sp_relay_renew_queues(spectacles_relay *relay);

/* Whose queue a subscription is of. False: of no shard's. */
bool sp_relay_shard_of_queue(const spectacles_relay *relay, uint32_t subscription, uint32_t *shard_id);

/* The queue of a shard stands, or was refused. */
void sp_relay_queue_answered(spectacles_relay *relay, uint32_t shard_id);

#endif
