#ifndef SP_RELAY_HANDOVER_H
#define SP_RELAY_HANDOVER_H

#include "relay/internal.h"

/* The messages that the owner of a relay without brokers takes and acknowledges. */

bool sp_handover_has_room(const spectacles_relay *relay);

/* Queues a message for the owner. Errors: see sp_outlet_publish(). */
int sp_handover_add(spectacles_relay *relay, const spectacles_message *message, sp_publish *publish);

#endif
