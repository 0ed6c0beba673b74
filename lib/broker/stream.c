/*
 * The broker as a stream: where it wants to be connected, the bytes that come and go, and the end of a connection.
 * Called through core/stream.c, by a link or by a transport of the owner.
 */
#include "broker/stream.h"

#include "broker/connection.h"
#include "broker/events.h"
#include "broker/handshake.h"
#include "broker/publish.h"
#include "broker/state.h"
#include "broker/timers.h"
#include "core/export.h"

static const spectacles_endpoint *endpoint(const void *engine)
{
    const spectacles_broker *broker = engine;
    bool wanted = broker->transport == SP_TRANSPORT_WANTED || broker->transport == SP_TRANSPORT_OPEN;
    return wanted ? &broker->endpoint : NULL;
}

/*
 * A frame that is not complete is always read to its end: it has at most frame_max bytes. Nothing is read while too
 * many bytes of control wait to be written, because the broker does not read them.
 */
static int wants_input(const void *engine)
{
    const spectacles_broker *broker = engine;
    uint64_t unread = sp_buffer_length(&broker->input);
    return broker->transport == SP_TRANSPORT_OPEN &&
           (unread < broker->frame_max || unread - broker->frame_max < broker->high_water) &&
           sp_buffer_length(&broker->control) < broker->high_water;
}

static int opened(void *engine, uint64_t now)
{
    spectacles_broker *broker = engine;
    if (broker->transport != SP_TRANSPORT_WANTED)
        return sp_broker_fail(broker, SPECTACLES_E_STATE, "no connection was asked for");
    int error = sp_broker_begin_handshake(broker);
    if (error != SPECTACLES_OK)
        return sp_broker_fail(broker, error, spectacles_strerror(error));
    broker->transport = SP_TRANSPORT_OPEN;
    broker->received_at = now;
    broker->frame_max = SP_WIRE_FRAME_MAX;
    sp_broker_set_state(broker, SPECTACLES_BROKER_HANDSHAKE, now);
    return SPECTACLES_OK;
}

static int feed(void *engine, const uint8_t *bytes, size_t length, uint64_t now)
{
    spectacles_broker *broker = engine;
    if (broker->transport != SP_TRANSPORT_OPEN)
        return sp_broker_fail(broker, SPECTACLES_E_STATE, "bytes arrived on a connection that is not open");
    /* The last event is not valid any more: it may point into the frame that is freed here. */
    sp_broker_forget_frame(broker);
    int error = sp_buffer_append(&broker->input, bytes, length);
    if (error != SPECTACLES_OK)
        return sp_broker_fail(broker, error, spectacles_strerror(error));
    broker->received_at = now;
    broker->stats.bytes_received += length;
    return SPECTACLES_OK;
}

/* What an end during the handshake may mean. A broker that lives sends connection.start at once. */
static const char *hint(const spectacles_broker *broker, int error)
{
    bool silent = broker->awaited == AMQP_CONNECTION_START_METHOD && sp_buffer_length(&broker->input) == 0;
    if (!silent)
        return error ? "" : " during the handshake (credentials refused)";
    return error ? " before a byte of AMQP (a broker that expects a PROXY header ends connections so)"
                 : " before a byte of AMQP (wrong port, a balancer without a live broker behind it, or a "
                   "broker that expects a PROXY header)";
}

static int eof(void *engine, int error, const char *text, size_t length, uint64_t now)
{
    spectacles_broker *broker = engine;
    if (broker->transport != SP_TRANSPORT_WANTED && broker->transport != SP_TRANSPORT_OPEN)
        return SPECTACLES_OK;
    bool was_open = broker->transport == SP_TRANSPORT_OPEN;
    broker->transport = SP_TRANSPORT_ENDED;
    sp_broker_close_reason *reason = sp_broker_set_reason(broker, 0, error ? error : SPECTACLES_E_CLOSED);
    if (reason) {
        bool cut = error == SPECTACLES_OK || error == SPECTACLES_E_SYS || error == SPECTACLES_E_CLOSED;
        reason->cause = cut ? SP_CLOSE_CAUSE_CUT : SP_CLOSE_CAUSE_OTHER;
        reason->time = now;
        reason->alone = sp_broker_only_publishes(broker);
        sp_text_set(&reason->text, "%s", "");
        if (length > 0)
            sp_text_add_foreign(&reason->text, text, length, SP_TEXT_MAX / 2);
        else
            sp_text_set(&reason->text, "the broker closed the connection without a word");
        if (broker->state == SPECTACLES_BROKER_HANDSHAKE && cut)
            sp_text_add(&reason->text, "%s", hint(broker, error));
    }
    if (!was_open)
        sp_broker_end_connection(broker, now);
    return SPECTACLES_OK;
}

/*
 * A record that is partly written has to be completed first. When control frames wait, or publishes are stopped, only
 * the rest of that record is written.
 */
static sp_slice next_output(const spectacles_broker *broker, bool *publishes)
{
    const sp_slice nothing = {NULL, 0};
    *publishes = false;
    if (broker->transport != SP_TRANSPORT_OPEN)
        return nothing;
    bool flows = sp_broker_takes_publishes(broker);
    bool cut = sp_broker_has_confirms(broker) && sp_publishes_is_cut(&broker->publishes);
    if (!cut && sp_buffer_length(&broker->control) > 0)
        return sp_buffer_slice(&broker->control);
    *publishes = true;
    if (cut && (!flows || sp_buffer_length(&broker->control) > 0))
        return sp_publishes_cut_remainder(&broker->publishes);
    return flows ? sp_suspicion_gate(&broker->suspicion, &broker->publishes,
                                     sp_publishes_pending(&broker->publishes))
                 : nothing;
}

static size_t pending(const void *engine, const uint8_t **bytes)
{
    bool publishes;
    sp_slice output = next_output(engine, &publishes);
    *bytes = output.bytes;
    return output.length;
}

/* After a write, the last basic.ack may be written in part, so it can not be changed any more. */
static void consume_control(spectacles_broker *broker, size_t length)
{
    sp_buffer_consume(&broker->control, length);
    broker->last_ack_end = 0;
}

static void consumed(void *engine, size_t length)
{
    spectacles_broker *broker = engine;
    bool publishes;
    sp_slice output = next_output(broker, &publishes);
    length = length < output.length ? length : output.length;
    if (length == 0)
        return;
    if (publishes)
        sp_publishes_consumed(&broker->publishes, length);
    else
        consume_control(broker, length);
    broker->wrote = true;
    broker->stats.bytes_sent += length;
}

static uint64_t deadline(const void *engine)
{
    return sp_broker_deadline(engine);
}

static int expire(void *engine, uint64_t now)
{
    int error = sp_broker_expire(engine, now);
    return error == SPECTACLES_OK ? error : sp_broker_fail(engine, error, spectacles_strerror(error));
}

static const char *last_error(const void *engine)
{
    const spectacles_broker *broker = engine;
    return broker->last_error.chars;
}

void sp_broker_init_stream(spectacles_broker *broker, const sp_holder_calls *holder_calls)
{
    static const sp_stream_calls calls = {endpoint, opened,   wants_input, feed,   eof,
                                          pending,  consumed, deadline,    expire, last_error};
    sp_stream_init(&broker->stream, &calls, holder_calls, broker);
}

SPECTACLES_EXPORT spectacles_stream *spectacles_broker_stream(spectacles_broker *broker)
{
    return &broker->stream;
}
