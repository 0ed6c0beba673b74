#ifndef SP_BROKER_SUBSCRIPTIONS_H
#define SP_BROKER_SUBSCRIPTIONS_H

#include "broker/internal.h"

/* Whether the connection has channels, on which requests can be sent. */
bool sp_broker_is_set_up(const spectacles_broker *broker);

/* Sends all requests that are needed and possible now. SPECTACLES_E_NOMEM. */
int sp_broker_request_topology(spectacles_broker *broker, uint64_t now);

/* The broker has declared the queue of a subscription, or has begun to consume it. */
void sp_broker_note_declared(spectacles_broker *broker, uint32_t number, uint64_t now);
void sp_broker_note_subscribed(spectacles_broker *broker, uint32_t number, uint64_t now);

/* The subscription has failed, and is tried again at `retry_at`. The caller fills in the reason for UNSUBSCRIBED. */
sp_queue_failure *sp_broker_fail_subscription(spectacles_broker *broker, uint32_t number, uint64_t retry_at);

/* Ends a subscription, now or after the broker has answered its open requests. SPECTACLES_E_NOMEM. */
int sp_broker_unsubscribe(spectacles_broker *broker, uint32_t number);

/* The owner's unsubscribe is done: UNSUBSCRIBED. A subscription that is REJOINING begins again. */
void sp_broker_end_subscription(spectacles_broker *broker, uint32_t number);

/* The connection has ended: subscriptions that are LEAVING end now. */
void sp_broker_end_leaving(spectacles_broker *broker);

#endif
