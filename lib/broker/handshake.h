#ifndef SP_BROKER_HANDSHAKE_H
#define SP_BROKER_HANDSHAKE_H

#include "broker/internal.h"

/* Writes the protocol header, which begins a connection. SPECTACLES_E_NOMEM. */
int sp_broker_begin_handshake(spectacles_broker *broker);

/* connection.start and connection.tune. */
int sp_broker_on_start(spectacles_broker *broker, const amqp_connection_start_t *start, uint64_t now);
int sp_broker_on_tune(spectacles_broker *broker, const amqp_connection_tune_t *tune, uint64_t now);

#endif
