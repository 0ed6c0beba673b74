#ifndef SP_BROKER_AMQP_H
#define SP_BROKER_AMQP_H

/* The codec of librabbitmq: its structs, ids, encoders and decoders. The connections of librabbitmq are not used. */
#ifdef SP_HAVE_RABBITMQ_C_AMQP_H
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/framing.h>
#else
#include <amqp.h>
#include <amqp_framing.h>
#endif

#endif
