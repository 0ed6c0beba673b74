#ifndef SP_RELAY_EVENTS_H
#define SP_RELAY_EVENTS_H

#include "relay/internal.h"

/* The events that wait for the owner to pull them. */

/* Queues an event for the caller to fill in. NULL when memory ran out. */
sp_relay_pending *sp_relay_queue_event(spectacles_relay *relay, uint32_t type);

/* Copies the name of an event, which is cut off behind SPECTACLES_ROUTE_MAX bytes. */
void sp_relay_set_name(sp_relay_pending *queued, const char *name, size_t length);

/* Drops what waits to be pulled of a shard: its SHARD_ events, and its messages for the owner. */
void sp_relay_forget_shard_events(spectacles_relay *relay, uint32_t shard_id);

/* Frees what the events hold that wait to be pulled, and the present event. */
void sp_relay_free_events(spectacles_relay *relay);

/* The next event for the owner; NULL when none waits. It is valid until the next call. */
const spectacles_relay_event *sp_relay_take_event(spectacles_relay *relay);

/* Queues an event of the relay for an event of a broker: code, error, time and text are copied. */
sp_relay_pending *sp_relay_queue_broker_event(spectacles_relay *relay, uint32_t broker, uint32_t type,
                                              const spectacles_broker_event *event);

/* Queues an event about the connection of a broker, when the event of the broker is about its connection. */
void sp_relay_queue_connection_event(spectacles_relay *relay, uint32_t broker,
                                     const spectacles_broker_event *event);

#endif
