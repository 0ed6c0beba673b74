#ifndef SP_BROKER_SUBSCRIPTIONS_H
#define SP_BROKER_SUBSCRIPTIONS_H

#include "broker/internal.h"

/* Whether channels are there, so that something can be asked for on them. */
bool sp_broker_is_set_up(const spectacles_broker *broker);

/* Asks for everything that is wanted and can be asked for now. SPECTACLES_E_NOMEM. */
int sp_broker_request_topology(spectacles_broker *broker, uint64_t now);

/* The broker has declared the queue of a subscription, or has begun to consume it. */
void sp_broker_note_declared(spectacles_broker *broker, uint32_t number);
void sp_broker_note_subscribed(spectacles_broker *broker, uint32_t number);

/* The subscription has failed: UNSUBSCRIBED, to be filled in by the caller. It is tried again at `retry_at`. */
sp_queue_failure *sp_broker_fail_subscription(spectacles_broker *broker, uint32_t number, uint64_t retry_at);

/* Ends a subscription, now or when the broker has answered what was asked for it. SPECTACLES_E_NOMEM. */
int sp_broker_unsubscribe(spectacles_broker *broker, uint32_t number);

/* A subscription has ended as its owner asked for: UNSUBSCRIBED. It begins again if the owner wants it by now. */
void sp_broker_end_subscription(spectacles_broker *broker, uint32_t number);

/* The connection is gone: subscriptions that were to end have ended. */
void sp_broker_end_leaving(spectacles_broker *broker);

#endif
