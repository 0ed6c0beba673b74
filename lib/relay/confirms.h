#ifndef SP_RELAY_CONFIRMS_H
#define SP_RELAY_CONFIRMS_H

#include "relay/internal.h"

/* The outcomes of publishes. */

/* Pulls the broker of events. True when an event was pulled. */
bool sp_relay_pull_confirms(spectacles_relay *relay, uint64_t now);

/* A message has arrived: the broker has confirmed it, or the owner has acknowledged it. */
void sp_relay_take_confirm(spectacles_relay *relay, sp_publish *publish);

/* No outcome comes any more, because the relay has stopped. */
void sp_relay_end_confirms(spectacles_relay *relay);

#endif
