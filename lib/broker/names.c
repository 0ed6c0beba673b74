/* The names of the values of the public enums. Called by owners, for logs. */
#include "core/names.h"
#include "core/export.h"

#include <spectacles/broker.h>

SPECTACLES_EXPORT const char *spectacles_broker_state_name(uint32_t state)
{
    static const char *const names[] = {
        [SPECTACLES_BROKER_IDLE] = "IDLE",           [SPECTACLES_BROKER_CONNECTING] = "CONNECTING",
        [SPECTACLES_BROKER_HANDSHAKE] = "HANDSHAKE", [SPECTACLES_BROKER_SETUP] = "SETUP",
        [SPECTACLES_BROKER_READY] = "READY",         [SPECTACLES_BROKER_DRAINING] = "DRAINING",
        [SPECTACLES_BROKER_CLOSING] = "CLOSING",     [SPECTACLES_BROKER_BACKOFF] = "BACKOFF",
        [SPECTACLES_BROKER_CLOSED] = "CLOSED",
    };
    return sp_name_of(names, sizeof names / sizeof names[0], state);
}

SPECTACLES_EXPORT const char *spectacles_broker_event_type_name(uint32_t type)
{
    static const char *const names[] = {
        [SPECTACLES_BROKER_EVENT_CONNECTING] = "CONNECTING",
        [SPECTACLES_BROKER_EVENT_READY] = "READY",
        [SPECTACLES_BROKER_EVENT_MESSAGE] = "MESSAGE",
        [SPECTACLES_BROKER_EVENT_CONFIRMED] = "CONFIRMED",
        [SPECTACLES_BROKER_EVENT_RETURNED] = "RETURNED",
        [SPECTACLES_BROKER_EVENT_FAILED] = "FAILED",
        [SPECTACLES_BROKER_EVENT_ROOM] = "ROOM",
        [SPECTACLES_BROKER_EVENT_SUBSCRIBED] = "SUBSCRIBED",
        [SPECTACLES_BROKER_EVENT_UNSUBSCRIBED] = "UNSUBSCRIBED",
        [SPECTACLES_BROKER_EVENT_BLOCKED] = "BLOCKED",
        [SPECTACLES_BROKER_EVENT_UNBLOCKED] = "UNBLOCKED",
        [SPECTACLES_BROKER_EVENT_REFUSED] = "REFUSED",
        [SPECTACLES_BROKER_EVENT_DISCONNECTED] = "DISCONNECTED",
        [SPECTACLES_BROKER_EVENT_CLOSED] = "CLOSED",
        [SPECTACLES_BROKER_EVENT_REPLY] = "REPLY",
        [SPECTACLES_BROKER_EVENT_CALL_FAILED] = "CALL_FAILED",
    };
    return sp_name_of(names, sizeof names / sizeof names[0], type);
}

SPECTACLES_EXPORT const char *spectacles_call_failure_name(uint32_t failure)
{
    static const char *const names[] = {
        [SPECTACLES_CALL_TIMEOUT] = "TIMEOUT", [SPECTACLES_CALL_UNROUTABLE] = "UNROUTABLE",
        [SPECTACLES_CALL_REFUSED] = "REFUSED", [SPECTACLES_CALL_LOST] = "LOST",
        [SPECTACLES_CALL_CLOSED] = "CLOSED",   [SPECTACLES_CALL_BAD_REPLY] = "BAD_REPLY",
    };
    return sp_name_of(names, sizeof names / sizeof names[0], failure);
}
