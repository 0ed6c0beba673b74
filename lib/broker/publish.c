/*
 * Publishing: whether the window has room, whether the broker takes publishes, and the body in the broker's format.
 * Called by owners, and by rpc.c, stream.c, receive.c and timers.c.
 */
#include "broker/publish.h"
#include "broker/events.h"
#include "broker/message.h"
#include "codec/transcode.h"
#include "core/config.h"
#include "core/export.h"

#include <spectacles/codec.h>

enum {
    KEPT_BYTES = 64 * 1024
};

/*
 * Publishes wait until all subscriptions have been tried. Without the exchange a publish would end the channel. Without
 * the binding of its queue a publish would be confirmed and thrown away. Publishes are written in confirm mode only,
 * and not while the broker has blocked the connection or stopped the channel.
 */
bool sp_broker_takes_publishes(const spectacles_broker *broker)
{
    return broker->publishing == SP_PUBLISHING_OPEN && !broker->blocked &&
           (broker->state == SPECTACLES_BROKER_READY || broker->state == SPECTACLES_BROKER_DRAINING);
}

bool sp_broker_only_publishes(const spectacles_broker *broker)
{
    return sp_broker_takes_publishes(broker) && broker->topology.declaring.count == 0 &&
           broker->topology.consuming.count == 0 && broker->topology.trial.state == SP_TRIAL_NONE;
}

bool sp_broker_has_room(const spectacles_broker *broker)
{
    return broker->publishes.unconfirmed_count < broker->window_count &&
           broker->publishes.unconfirmed_bytes < broker->window_bytes;
}

/* ---- The body ---- */

static int explain(spectacles_broker *broker, int error, const spectacles_problem *problem)
{
    if (error == SPECTACLES_E_NOMEM)
        return sp_broker_fail(broker, error, spectacles_strerror(error));
    sp_text_set(&broker->last_error, "the body can not be written in the broker's format: %s (at byte %llu)",
                problem->text, (unsigned long long)problem->position);
    return error;
}

/* The first attempt is strict. Only a body that is refused is checked for half a surrogate pair. */
static int transcode(spectacles_broker *broker, uint32_t flags, uint32_t from, sp_slice body,
                     spectacles_problem *problem)
{
    int error = sp_transcode(&broker->converted, &broker->keys, broker->format, from, 0, body, problem);
    if (error != SPECTACLES_E_PROTO || !(flags & SPECTACLES_MESSAGE_REPLACE_SURROGATES))
        return error;
    error = sp_transcode(&broker->converted, &broker->keys, broker->format, from,
                         SPECTACLES_REPLACE_SURROGATES, body, problem);
    broker->stats.surrogates_replaced += error == SPECTACLES_OK;
    return error;
}

int sp_broker_rewrite_body(spectacles_broker *broker, spectacles_message *message)
{
    spectacles_problem problem;
    sp_slice body = {message->body, message->body_length};
    uint32_t written = message->format;
    if (written == SPECTACLES_FORMAT_RAW)
        written = spectacles_format_of(body.bytes, body.length);
    else if (written != broker->format || written == SPECTACLES_FORMAT_ETF) {
        sp_buffer_clear(&broker->converted);
        sp_buffer_shrink(&broker->converted, KEPT_BYTES);
        int error = transcode(broker, message->flags, written, body, &problem);
        if (error != SPECTACLES_OK)
            return explain(broker, error, &problem);
        body = sp_buffer_slice(&broker->converted);
        written = broker->format;
    }
    message->body = body.bytes;
    message->body_length = body.length;
    if (!message->content_type)
        message->content_type = spectacles_format_content_type(written);
    return SPECTACLES_OK;
}

/* ---- What the owner asks for ---- */

int sp_broker_read_message(spectacles_broker *broker, spectacles_message *read,
                           const spectacles_message *message)
{
    int error = sp_config_read(read, sizeof *read, message);
    return error == SPECTACLES_OK
               ? error
               : sp_broker_fail(broker, error,
                                "the message's size is not that of a version this library knows");
}

SPECTACLES_EXPORT int spectacles_broker_publish(spectacles_broker *broker, const spectacles_message *message,
                                                uint64_t *tag)
{
    spectacles_message read = {0};
    int error = sp_broker_read_message(broker, &read, message);
    if (error != SPECTACLES_OK)
        return error;
    error = sp_broker_check_message(broker, &read);
    if (error != SPECTACLES_OK)
        return error;
    if (!sp_broker_has_room(broker)) {
        broker->publishes.wants_room = true;
        return sp_broker_fail(broker, SPECTACLES_E_AGAIN, "the window of unconfirmed publishes is full");
    }
    error = sp_broker_rewrite_body(broker, &read);
    if (error != SPECTACLES_OK)
        return error;
    error = sp_publishes_add(&broker->publishes, &read, broker->group, tag);
    if (error != SPECTACLES_OK)
        return sp_broker_fail(broker, error, spectacles_strerror(error));
    sp_stream_touch(&broker->stream);
    broker->stats.published++;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_broker_room(const spectacles_broker *broker)
{
    return sp_broker_has_room(broker) && !broker->owner_closes;
}
