#ifndef SP_RELAY_CONFIRMS_H
#define SP_RELAY_CONFIRMS_H

#include "relay/internal.h"

/* The answers of the broker of events. */

/* Pulls the broker of events. True when it did something. */
bool sp_relay_pull_confirms(spectacles_relay *relay, uint64_t now);

#endif
