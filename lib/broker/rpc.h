#ifndef SP_BROKER_RPC_H
#define SP_BROKER_RPC_H

#include "broker/internal.h"

/* Consumes replies on the publishing channel (basic.consume), when the channel is open and the owner has called. */
int sp_broker_consume_replies(spectacles_broker *broker);

/* basic.consume-ok of the consumer of replies. SPECTACLES_E_PROTO when basic.consume was not sent. */
int sp_broker_on_replies_consumed(spectacles_broker *broker, const amqp_basic_consume_ok_t *consume_ok);

/* basic.deliver of a reply. SPECTACLES_E_PROTO when no replies are consumed. */
int sp_broker_on_reply_begins(spectacles_broker *broker, const amqp_basic_deliver_t *deliver);

/* A reply is complete. Returns REPLY, or NULL when its call does not wait any more. */
const spectacles_broker_event *sp_broker_on_reply(spectacles_broker *broker);

/* The request of a call came back, or was refused: CALL_FAILED. */
void sp_broker_fail_call(spectacles_broker *broker, uint64_t tag, uint32_t failure, uint16_t code,
                         amqp_bytes_t reply);

/* The broker does not know direct reply-to: all calls fail, and the next call tries again. */
void sp_broker_refuse_calls(spectacles_broker *broker);

/* The publishing channel has ended. Replies to the requests that were sent on it can not arrive any more. */
void sp_broker_lose_calls(spectacles_broker *broker);

/* Fails the calls whose deadline has passed. */
void sp_broker_expire_calls(spectacles_broker *broker, uint64_t now);

#endif
