#ifndef SP_RELAY_OUTLET_H
#define SP_RELAY_OUTLET_H

#include "relay/internal.h"

/* Where messages go: to the broker of events, or to the owner of a relay without brokers. */

/* Whether one more message may be on its way. Without room no shard is pulled. */
bool sp_outlet_has_room(const spectacles_relay *relay);

/*
 * Publishes a message, or queues it for the owner. There is room. Sets the tag of `publish`, whose shard and sequence
 * are set. Errors are those of spectacles_broker_publish(), and sp_outlet_error() is the sentence about the last one.
 */
int sp_outlet_publish(spectacles_relay *relay, const spectacles_message *message, sp_publish *publish);
const char *sp_outlet_error(const spectacles_relay *relay);

#endif
