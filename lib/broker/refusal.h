#ifndef SP_BROKER_REFUSAL_H
#define SP_BROKER_REFUSAL_H

#include "broker/amqp.h"
#include "broker/topology.h"
#include "core/text.h"

/*
 * Why RabbitMQ refuses a queue or an exchange. The code of channel.close is the same for several reasons, so the reason
 * is read from its text. RabbitMQ cuts the text at 255 bytes, so any part of the text can be missing.
 */
enum sp_refusal {
    SP_REFUSAL_OTHER,
    SP_REFUSAL_DIFFERS,      /* the queue or exchange exists with other settings */
    SP_REFUSAL_LIMIT,        /* the limit on the number of queues or exchanges is reached */
    SP_REFUSAL_INVALID,      /* the broker does not take the value of an argument */
    SP_REFUSAL_INAPPLICABLE, /* a queue of this type does not take an argument */
    SP_REFUSAL_MISSING,      /* the queue or exchange does not exist */
    SP_REFUSAL_AWAY          /* the queue exists, but its node is down or the queue is stopped */
};

enum sp_refusal sp_refusal_of(const amqp_channel_close_t *close);

/*
 * Set the text to a sentence for people. The sentence about an exchange begins behind its name: the caller adds the
 * name.
 */
void sp_refusal_explain_queue(sp_text *text, enum sp_refusal refusal, const sp_subscription *subscription,
                              uint32_t declare, const amqp_channel_close_t *close);
void sp_refusal_explain_exchange(sp_text *text, uint32_t declare, const amqp_channel_close_t *close);

#endif
