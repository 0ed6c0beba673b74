#ifndef SP_RELAY_EVENTS_H
#define SP_RELAY_EVENTS_H

#include "relay/internal.h"

/* The events that wait to be pulled by the owner. */

sp_relay_pending *sp_relay_queue_event(spectacles_relay *relay, uint32_t type);
void sp_relay_set_name(sp_relay_pending *queued, const char *name, size_t length);
const spectacles_relay_event *sp_relay_take_event(spectacles_relay *relay);

/* Tells an event of a broker under this type: code, error, time and text are the broker's. */
sp_relay_pending *sp_relay_queue_broker_event(spectacles_relay *relay, uint32_t broker, uint32_t type,
                                              const spectacles_broker_event *event);

/* Tells what happened to a broker's connection, if the event is about that. */
void sp_relay_queue_connection_event(spectacles_relay *relay, uint32_t broker,
                                     const spectacles_broker_event *event);

#endif
