#ifndef SP_BROKER_REFUSAL_H
#define SP_BROKER_REFUSAL_H

#include "broker/amqp.h"
#include "broker/topology.h"
#include "core/text.h"

/*
 * What RabbitMQ means when it refuses a queue or an exchange, and what a person can do about it. Only the text of
 * channel.close tells the reasons apart; RabbitMQ cuts it at 255 bytes, so that none of it has to be there.
 */
enum sp_refusal {
    SP_REFUSAL_OTHER,
    SP_REFUSAL_DIFFERS,      /* it exists with other settings */
    SP_REFUSAL_LIMIT,        /* the virtual host or the cluster may have no more of them */
    SP_REFUSAL_INVALID,      /* an argument has a value that the broker does not take */
    SP_REFUSAL_INAPPLICABLE, /* an argument that a queue of this type does not take */
    SP_REFUSAL_MISSING,      /* it does not exist */
    SP_REFUSAL_AWAY          /* it exists, and what it runs on is gone or stopped */
};

enum sp_refusal sp_refusal_of(const amqp_channel_close_t *close);

/* Set the text to a sentence about the queue; about the exchange, whose name the caller puts in front. */
void sp_refusal_explain_queue(sp_text *text, enum sp_refusal refusal, const sp_subscription *subscription,
                              uint32_t declare, const amqp_channel_close_t *close);
void sp_refusal_explain_exchange(sp_text *text, uint32_t declare, const amqp_channel_close_t *close);

#endif
