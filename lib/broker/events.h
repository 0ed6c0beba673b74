#ifndef SP_BROKER_EVENTS_H
#define SP_BROKER_EVENTS_H

#include "broker/internal.h"

/* Reserves memory for the first PENDING_MAX events. SPECTACLES_E_NOMEM. */
int sp_broker_reserve_events(spectacles_broker *broker);

/*
 * Queues an event, which the caller fills in. NULL: out of memory. The first PENDING_MAX waiting events need no memory.
 */
sp_pending_event *sp_broker_queue_event(spectacles_broker *broker, uint32_t type);

/* Whether a queued event or a notice of a subscription waits. */
bool sp_broker_has_pending(const spectacles_broker *broker);

/* The next confirm that waits; NULL when there is none. Most events are confirms: the pull asks for them first. */
const spectacles_broker_event *sp_broker_take_confirm(spectacles_broker *broker);

/* The next event that waits: confirms, failed calls, notices of subscriptions, pending events, ROOM. NULL: none. */
const spectacles_broker_event *sp_broker_take_event(spectacles_broker *broker);

/* Whether sp_broker_take_event() would return an event. */
bool sp_broker_has_event(const spectacles_broker *broker);

/* Keeps the sentence for spectacles_broker_last_error(), and returns the error. */
int sp_broker_fail(spectacles_broker *broker, int error, const char *text);

/* Adds " (CODE TEXT)", with the code and the text of the broker. */
void sp_broker_quote(sp_text *text, uint16_t code, amqp_bytes_t reply);

#endif
