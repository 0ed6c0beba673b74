#ifndef GATEWAY_EVENTS_H
#define GATEWAY_EVENTS_H

#include "log.h"

#include <spectacles/relay.h>

/* Writes what an event of the gateway tells into the log, at the level that it has for an operator. */
void events_tell(struct log *log, const spectacles_relay_event *event, uint64_t now);

#endif
