#ifndef SP_BROKER_PUBLISH_H
#define SP_BROKER_PUBLISH_H

#include "broker/internal.h"

/* Reads a message of a caller that may be built with another version of the struct. SPECTACLES_E_UNSUPPORTED. */
int sp_broker_read_message(spectacles_broker *broker, spectacles_message *read,
                           const spectacles_message *message);

/* Converts the body into the broker's format, and sets the content type. Errors as in spectacles_broker_publish(). */
int sp_broker_rewrite_body(spectacles_broker *broker, spectacles_message *message);

/* Whether the broker takes publishes now. */
bool sp_broker_takes_publishes(const spectacles_broker *broker);

/* Whether the broker takes publishes, and no other request is open. What the broker says is about publishes then. */
bool sp_broker_only_publishes(const spectacles_broker *broker);

/* Whether the window has room. */
bool sp_broker_has_room(const spectacles_broker *broker);

#endif
