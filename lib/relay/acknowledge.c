/*
 * The acknowledgements of an owner who takes the messages of a relay without brokers. An acknowledgement is to a
 * message what a confirm is to a publish, so confirms.c does the rest. Called by owners, and by relay.c while the relay
 * stops.
 */
#include "relay/acknowledge.h"

#include "core/export.h"
#include "relay/confirms.h"
#include "relay/publishes.h"

SPECTACLES_EXPORT int spectacles_relay_acknowledge(spectacles_relay *relay, uint64_t ticket)
{
    if (relay->events)
        return sp_relay_fail(relay, SPECTACLES_E_INVAL,
                             "there are brokers, so that no messages are handed out to acknowledge");
    if (ticket == 0 || ticket > relay->last_ticket)
        return sp_relay_fail(relay, SPECTACLES_E_INVAL, "no message with this ticket was handed out");
    sp_publish *publish = sp_relay_find_publish(relay, ticket);
    if (!publish || publish->finished)
        return sp_relay_fail(relay, SPECTACLES_E_STATE,
                             "the message is acknowledged already, or its shard was dropped");
    sp_relay_take_confirm(relay, publish);
    relay->woken = true;
    return SPECTACLES_OK;
}

void sp_relay_await_acknowledgements(spectacles_relay *relay, uint64_t now)
{
    relay->drain_until = now + relay->drain_timeout;
    relay->commands_closed = true;
}

void sp_relay_end_awaiting(spectacles_relay *relay, uint64_t now)
{
    if (relay->events_closed || relay->drain_until == SPECTACLES_NEVER)
        return;
    if (relay->publishes.count == 0 || now >= relay->drain_until)
        sp_relay_end_confirms(relay);
}
