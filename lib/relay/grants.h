#ifndef SP_RELAY_GRANTS_H
#define SP_RELAY_GRANTS_H

#include "relay/internal.h"

/* What a shard has to wait for: its identify. */

/* The shard asks to identify, or does not ask any more. */
void sp_relay_want_identify(spectacles_relay *relay, sp_relay_shard *shard);
void sp_relay_end_wanting(spectacles_relay *relay, sp_relay_shard *shard);

/* Grants the identifies that are due. True when one was granted. */
bool sp_relay_grant_identifies(spectacles_relay *relay, uint64_t now);

/* When the next identify is due that may be granted. */
uint64_t sp_relay_identify_deadline(const spectacles_relay *relay);

#endif
