#ifndef GATEWAY_EVENT_NAMES_H
#define GATEWAY_EVENT_NAMES_H

#include <stddef.h>

/* The names of all events of Discord's gateway that this version knows. NULL behind the last one. */
const char *event_name(size_t index);

/* The names of all intents. NULL behind the last one. */
const char *intent_name(size_t index);

#endif
