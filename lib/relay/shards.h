#ifndef SP_RELAY_SHARDS_H
#define SP_RELAY_SHARDS_H

#include "relay/internal.h"

/* The shards that are served here. */

/* Pulls the shards that may have events, while there is room. True when an event was pulled. */
bool sp_relay_pull_shards(spectacles_relay *relay, uint64_t now);

#endif
