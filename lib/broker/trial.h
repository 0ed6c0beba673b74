#ifndef SP_BROKER_TRIAL_H
#define SP_BROKER_TRIAL_H

#include "broker/topology.h"

/*
 * A trial: whether a queue that was refused to us may be consumed by now. A basic.consume that is refused ends its
 * channel, and with it every other consumer of that channel. So a queue that was refused once is not consumed again on
 * the channel on which all others are consumed before it was tried where a refusal hurts nobody: on the channel for
 * declaring, which is idle then.
 *
 *     NONE --qos, consume--> ASKED --consume-ok--> CLOSING --close-ok--> NONE, and the channel is opened anew
 *                              +--the broker closes the channel--> NONE: refused, and the channel is opened anew
 *
 * A trial may be given one message (prefetch 1), which nobody is told of: when the channel is closed, RabbitMQ puts the
 * message back where it was. One trial at a time, so that it is always known whose a refusal is.
 */

/*
 * Asks for the next trial that is due, if one is. The channel for declaring has to be open, with nothing asked for on
 * it. SPECTACLES_E_NOMEM.
 */
int sp_trial_begin(sp_topology *topology, sp_buffer *out);

/* Whether the broker may send this method while a trial is asked for, besides basic.consume-ok. */
bool sp_trial_allows(amqp_method_number_t id);

/* The broker has answered basic.consume-ok: asks for the end of the channel. SPECTACLES_E_NOMEM. */
int sp_trial_pass(sp_topology *topology, sp_buffer *out);

/* The channel has ended. True when that was a refusal. */
bool sp_trial_end(sp_topology *topology);

#endif
