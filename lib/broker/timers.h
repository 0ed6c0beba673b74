#ifndef SP_BROKER_TIMERS_H
#define SP_BROKER_TIMERS_H

#include "broker/internal.h"

/* As spectacles_stream_deadline(), when no event waits. */
uint64_t sp_broker_deadline(const spectacles_broker *broker);

/* As spectacles_stream_expire(). */
int sp_broker_expire(spectacles_broker *broker, uint64_t now);

#endif
