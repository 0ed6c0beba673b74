#ifndef SP_RELAY_DISPATCHES_H
#define SP_RELAY_DISPATCHES_H

#include "relay/internal.h"

/* From Discord to workers. */

/* Takes a dispatch that was pulled from a shard: publishes it, filters it out, or has it replayed. */
void sp_relay_take_dispatch(spectacles_relay *relay, sp_relay_shard *shard,
                            const spectacles_shard_event *event, uint64_t now);

/*
 * The connection of the shard has ended. Dispatches that are not committed are forgotten, because Discord replays them.
 */
void sp_relay_forget_dispatches(sp_relay_shard *shard);

/*
 * The outcome of the publish of a dispatch.
 *     confirmed   the broker has it
 *     unroutable  no queue took it: events of its name are held back for a while
 *     refused     the broker never takes it (max_message_size): a gap declares it, so that the rest goes on
 */
void sp_relay_dispatch_confirmed(spectacles_relay *relay, const sp_publish *publish);
void sp_relay_dispatch_unroutable(spectacles_relay *relay, const sp_publish *publish,
                                  const spectacles_broker_event *event, uint64_t now);
void sp_relay_dispatch_refused(spectacles_relay *relay, const sp_publish *publish,
                               const spectacles_broker_event *event, uint64_t now);

#endif
