#ifndef SP_BROKER_PUBLISH_H
#define SP_BROKER_PUBLISH_H

#include "broker/internal.h"

/* A message as this version knows it, whatever version the caller was built with. SPECTACLES_E_UNSUPPORTED. */
int sp_broker_read_message(spectacles_broker *broker, spectacles_message *read,
                           const spectacles_message *message);

/* The message's body in the broker's format, and the content type that says so. As spectacles_broker_publish(). */
int sp_broker_rewrite_body(spectacles_broker *broker, spectacles_message *message);

/* Whether the broker takes publishes now. */
bool sp_broker_takes_publishes(const spectacles_broker *broker);

/* Whether it does, and nothing else is asked of it: then what happens is about publishes. */
bool sp_broker_only_publishes(const spectacles_broker *broker);

/* Whether the window has room. */
bool sp_broker_has_room(const spectacles_broker *broker);

#endif
