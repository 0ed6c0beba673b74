#ifndef SP_RELAY_PUBLISHES_H
#define SP_RELAY_PUBLISHES_H

#include "relay/internal.h"

/* The publishes that wait for their outcome. */

/* The publish with this tag; NULL when there is none. */
sp_publish *sp_relay_find_publish(const spectacles_relay *relay, uint64_t tag);

/* The outcome of a publish is known. It is removed when all publishes in front of it are finished. */
void sp_relay_finish_publish(spectacles_relay *relay, sp_publish *publish);

/* The relay lets go of a shard: its publishes commit nothing any more. */
void sp_relay_disown_publishes(spectacles_relay *relay, const sp_relay_shard *shard);
void sp_relay_free_publish(sp_publish *publish);

/* Whether an error of spectacles_broker_publish() means that the broker can never write this body in its format. */
static inline bool sp_relay_is_unwritable(int error)
{
    return error == SPECTACLES_E_PROTO || error == SPECTACLES_E_UNSUPPORTED || error == SPECTACLES_E_TOOBIG;
}

#endif
