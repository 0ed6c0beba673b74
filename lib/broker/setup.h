#ifndef SP_BROKER_SETUP_H
#define SP_BROKER_SETUP_H

#include "broker/internal.h"

/* Makes the broker READY when all subscriptions have been tried. */
void sp_broker_check_ready(spectacles_broker *broker, uint64_t now);

/* exchange.declare-ok, queue.declare-ok, queue.bind-ok. `queue` is NULL for an answer without the name of a queue. */
int sp_broker_on_declared(spectacles_broker *broker, enum sp_request_kind kind,
                          const amqp_queue_declare_ok_t *queue, uint64_t now);

/* basic.qos-ok, basic.consume-ok, basic.cancel-ok. `consumer_tag` is NULL for qos-ok. */
int sp_broker_on_consuming(spectacles_broker *broker, enum sp_request_kind kind,
                           const amqp_bytes_t *consumer_tag, uint64_t now);

/* basic.cancel of the broker. */
int sp_broker_on_cancelled(spectacles_broker *broker, const amqp_basic_cancel_t *cancel, uint64_t now);

/* The broker has no queue any more that was looked for (SP_REQUEST_LOOK). SPECTACLES_E_NOMEM. */
int sp_broker_on_queue_gone(spectacles_broker *broker, uint32_t number, uint16_t code, uint64_t now);

/* A method of a trial (trial.h). */
int sp_broker_on_trial(spectacles_broker *broker, amqp_method_number_t id, uint64_t now);

#endif
