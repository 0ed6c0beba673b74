#ifndef SP_BROKER_TRIAL_H
#define SP_BROKER_TRIAL_H

#include "broker/topology.h"

/*
 * A trial finds out whether a queue can be consumed whose basic.consume was refused before. A refused basic.consume
 * ends its channel, and all other consumers on that channel. So the queue is first consumed on the channel for
 * declaring, which has no other consumers and is idle during the trial. After a trial without a refusal, the queue is
 * consumed on the channel for consuming.
 *
 *     NONE --qos, consume--> ASKED --consume-ok--> CLOSING --close-ok--> NONE, and the channel is opened again
 *                              +--the broker closes the channel--> NONE: refused, and the channel is opened again
 *
 * RabbitMQ may deliver one message to a trial (prefetch 1). The owner does not see the message: RabbitMQ puts it back
 * into its place in the queue when the channel is closed. There is one trial at a time, so that a refusal can be
 * assigned to its queue.
 */

/*
 * Begins the next trial, if a queue needs one. The channel for declaring has to be open, without open requests.
 * SPECTACLES_E_NOMEM.
 */
int sp_trial_begin(sp_topology *topology, sp_buffer *out);

/* Whether the broker may send this method while the trial waits for basic.consume-ok. */
bool sp_trial_allows(amqp_method_number_t id);

/* The broker has answered basic.consume-ok: closes the channel. SPECTACLES_E_NOMEM. */
int sp_trial_pass(sp_topology *topology, sp_buffer *out);

/* The channel has ended. True when the broker has ended the channel: the queue is refused. */
bool sp_trial_end(sp_topology *topology);

#endif
