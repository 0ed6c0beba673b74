#ifndef SP_BROKER_RECEIVE_H
#define SP_BROKER_RECEIVE_H

#include "broker/internal.h"

/* Works on the next frame. False when there is none. An event that the frame brings goes to *event, else NULL. */
bool sp_broker_receive(spectacles_broker *broker, uint64_t now, const spectacles_broker_event **event);

#endif
