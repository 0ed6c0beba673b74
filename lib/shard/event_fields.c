/*
 * The fields of an event as functions, for languages in which a call is easier than reading a struct. Called by owners.
 */
#include "core/export.h"

#include <spectacles/shard.h>

SPECTACLES_EXPORT uint32_t spectacles_shard_event_type(const spectacles_shard_event *event)
{
    return event->type;
}

SPECTACLES_EXPORT uint32_t spectacles_shard_event_code(const spectacles_shard_event *event)
{
    return event->code;
}

SPECTACLES_EXPORT int32_t spectacles_shard_event_error(const spectacles_shard_event *event)
{
    return event->error;
}

SPECTACLES_EXPORT uint32_t spectacles_shard_event_format(const spectacles_shard_event *event)
{
    return event->format;
}

SPECTACLES_EXPORT uint32_t spectacles_shard_event_state(const spectacles_shard_event *event)
{
    return event->state;
}

SPECTACLES_EXPORT uint64_t spectacles_shard_event_seq(const spectacles_shard_event *event)
{
    return event->seq;
}

SPECTACLES_EXPORT uint64_t spectacles_shard_event_ticket(const spectacles_shard_event *event)
{
    return event->ticket;
}

SPECTACLES_EXPORT uint64_t spectacles_shard_event_duration(const spectacles_shard_event *event)
{
    return event->duration;
}

SPECTACLES_EXPORT uint64_t spectacles_shard_event_until(const spectacles_shard_event *event)
{
    return event->until;
}

SPECTACLES_EXPORT uint64_t spectacles_shard_event_hold_until(const spectacles_shard_event *event)
{
    return event->hold_until;
}

SPECTACLES_EXPORT const char *spectacles_shard_event_name(const spectacles_shard_event *event, size_t *length)
{
    if (length)
        *length = event->name_length;
    return event->name;
}

SPECTACLES_EXPORT const uint8_t *spectacles_shard_event_data(const spectacles_shard_event *event,
                                                             size_t *length)
{
    if (length)
        *length = event->data_length;
    return event->data;
}

SPECTACLES_EXPORT const char *spectacles_shard_event_session_id(const spectacles_shard_event *event,
                                                                size_t *length)
{
    if (length)
        *length = event->session_id_length;
    return event->session_id;
}

SPECTACLES_EXPORT const char *spectacles_shard_event_text(const spectacles_shard_event *event, size_t *length)
{
    if (length)
        *length = event->text_length;
    return event->text;
}
