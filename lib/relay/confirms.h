#ifndef SP_RELAY_CONFIRMS_H
#define SP_RELAY_CONFIRMS_H

#include "relay/internal.h"

/* The outcomes of publishes. */

/* Pulls the broker of events. True when an event was pulled. */
bool sp_relay_pull_confirms(spectacles_relay *relay, uint64_t now);

#endif
