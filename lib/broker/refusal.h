#ifndef SP_BROKER_REFUSAL_H
#define SP_BROKER_REFUSAL_H

#include "broker/amqp.h"
#include "core/text.h"

#include <stdbool.h>

/*
 * What RabbitMQ says of something that exists with other settings (406): "inequivalent arg 'durable' for
 * queue 'x' in vhost '/': received 'true' but current is 'false'". Adds "in 'durable': it has 'false', and
 * 'true' is asked for". False when the text says no such thing, or not all of it: RabbitMQ cuts it at 255 bytes.
 */
bool sp_refusal_differs(sp_text *out, amqp_bytes_t reply);

#endif
