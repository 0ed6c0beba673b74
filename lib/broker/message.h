#ifndef SP_BROKER_MESSAGE_H
#define SP_BROKER_MESSAGE_H

#include "broker/internal.h"

/* 0, or why a message cannot be published: SPECTACLES_E_INVAL, _UNSUPPORTED or _STATE, with the sentence. */
int sp_broker_check_message(spectacles_broker *broker, const spectacles_message *message);

#endif
