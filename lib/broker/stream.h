#ifndef SP_BROKER_STREAM_H
#define SP_BROKER_STREAM_H

#include "broker/internal.h"

/* Sets up the stream of a new broker. */
void sp_broker_init_stream(spectacles_broker *broker, const sp_holder_calls *holder_calls);

#endif
