#ifndef SP_BROKER_RECEIVE_H
#define SP_BROKER_RECEIVE_H

#include "broker/internal.h"

/* Handles the next frame. False when there is no complete frame. *event: receives the event of the frame, or NULL. */
bool sp_broker_receive(spectacles_broker *broker, uint64_t now, const spectacles_broker_event **event);

#endif
