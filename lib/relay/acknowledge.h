#ifndef SP_RELAY_ACKNOWLEDGE_H
#define SP_RELAY_ACKNOWLEDGE_H

#include "relay/internal.h"

/* The acknowledgements of an owner who takes the messages. */

/* The relay stops: acknowledgements are awaited for drain_timeout, and then no more. */
void sp_relay_await_acknowledgements(spectacles_relay *relay, uint64_t now);
void sp_relay_end_awaiting(spectacles_relay *relay, uint64_t now);

#endif
