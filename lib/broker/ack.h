#ifndef SP_BROKER_ACK_H
#define SP_BROKER_ACK_H

#include "broker/internal.h"

/* Sends basic.reject, as spectacles_broker_reject() does. */
int sp_broker_reject(spectacles_broker *broker, uint64_t delivery, int requeue);

#endif
