/*
 * Where messages go: to the broker of events, or to the owner of a relay without brokers. Called by dispatches.c,
 * gaps.c and sends.c, which publish, and by shards.c.
 */
#include "relay/outlet.h"

#include "relay/handover.h"

bool sp_outlet_has_room(const spectacles_relay *relay)
{
    return relay->events ? spectacles_broker_room(relay->events) : sp_handover_has_room(relay);
}

int sp_outlet_publish(spectacles_relay *relay, const spectacles_message *message, sp_publish *publish)
{
    return relay->events ? spectacles_broker_publish(relay->events, message, &publish->tag)
                         : sp_handover_add(relay, message, publish);
}

const char *sp_outlet_error(const spectacles_relay *relay)
{
    return relay->events ? spectacles_broker_last_error(relay->events) : relay->publish_error.chars;
}
