#ifndef SP_BROKER_CONSUMER_H
#define SP_BROKER_CONSUMER_H

#include "broker/amqp.h"

#include <stdint.h>

/*
 * A consumer: one basic.consume of one subscription on one channel. RabbitMQ 4.3 keeps the tag of a consumer that it
 * has cancelled, and deliveries of an old consumer may still be on their way when the next one begins. So each
 * consumer has a tag of its own: "s", the number of the subscription, ".", and how many consumers the subscription
 * has had on this channel, the new one included. An id holds both numbers.
 */
enum {
    SP_CONSUMER_TAG_ROOM = 24
};

/* The id for a tag that is not the tag of a consumer. */
#define SP_CONSUMER_NONE UINT64_MAX

uint64_t sp_consumer_id(uint32_t subscription, uint32_t round);
uint32_t sp_consumer_subscription(uint64_t id);
uint32_t sp_consumer_round(uint64_t id);

/* Writes the tag of a consumer, NUL-terminated. */
void sp_consumer_write_tag(char out[SP_CONSUMER_TAG_ROOM], uint64_t id);

/* The id of the consumer with this tag, or SP_CONSUMER_NONE. */
uint64_t sp_consumer_read_tag(amqp_bytes_t tag);

#endif
