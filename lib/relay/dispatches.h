#ifndef SP_RELAY_DISPATCHES_H
#define SP_RELAY_DISPATCHES_H

#include "relay/internal.h"

/* Discord -> workers. */

/* A dispatch was pulled from a shard: it is published, filtered out, or asked for again. */
void sp_relay_take_dispatch(spectacles_relay *relay, sp_relay_shard *shard,
                            const spectacles_shard_event *event, uint64_t now);

/* The connection of the shard has ended: what was not committed comes again, and is noted again then. */
void sp_relay_forget_dispatches(sp_relay_shard *shard);

/* What became of the publish of a dispatch: the broker has it; no queue took it; the broker never will. */
void sp_relay_dispatch_confirmed(spectacles_relay *relay, const sp_publish *publish);
void sp_relay_dispatch_unroutable(spectacles_relay *relay, const sp_publish *publish,
                                  const spectacles_broker_event *event, uint64_t now);
void sp_relay_dispatch_refused(spectacles_relay *relay, const sp_publish *publish,
                               const spectacles_broker_event *event, uint64_t now);

#endif
