#ifndef SP_RELAY_PUBLISHES_H
#define SP_RELAY_PUBLISHES_H

#include "relay/internal.h"

/* What was given to the broker of events and is not answered yet. */

/* The publish with this tag; NULL when there is none. */
sp_publish *sp_relay_find_publish(const spectacles_relay *relay, uint64_t tag);

/* It is answered: forgotten, as soon as all in front of it are. */
void sp_relay_finish_publish(spectacles_relay *relay, sp_publish *publish);
void sp_relay_free_publish(sp_publish *publish);

/* Whether the broker of events can never write a body in its format, now or later. */
static inline bool sp_relay_is_unwritable(int error)
{
    return error == SPECTACLES_E_PROTO || error == SPECTACLES_E_UNSUPPORTED || error == SPECTACLES_E_TOOBIG;
}

#endif
