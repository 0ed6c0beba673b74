#ifndef SP_RELAY_SHARDS_H
#define SP_RELAY_SHARDS_H

#include "relay/internal.h"

/* The shards that are served here. */

/* Pulls one shard while there is room. True when it did something. */
bool sp_relay_pull_shard(spectacles_relay *relay, uint32_t index, uint64_t now);

/* Grants the identifies whose turn has come. True when it did something. */
bool sp_relay_grant_identifies(spectacles_relay *relay, uint64_t now);
uint64_t sp_relay_identify_deadline(const spectacles_relay *relay);

#endif
