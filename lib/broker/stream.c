/* The broker as a stream. Called through core/stream.c. */
#include "broker/broker.h"
#include "core/export.h"

static const spectacles_endpoint *endpoint(const void *engine)
{
    return spectacles_broker_endpoint(engine);
}

static int opened(void *engine, uint64_t now)
{
    return spectacles_broker_opened(engine, now);
}

static int wants_input(const void *engine)
{
    return spectacles_broker_wants_input(engine);
}

static int feed(void *engine, const uint8_t *bytes, size_t length, uint64_t now)
{
    return spectacles_broker_feed(engine, bytes, length, now);
}

static int eof(void *engine, int error, const char *text, size_t length, uint64_t now)
{
    return spectacles_broker_eof(engine, error, text, length, now);
}

static size_t pending(const void *engine, const uint8_t **bytes)
{
    return spectacles_broker_pending(engine, bytes);
}

static void consumed(void *engine, size_t length)
{
    spectacles_broker_consumed(engine, length);
}

static uint64_t deadline(const void *engine)
{
    return spectacles_broker_deadline(engine);
}

static int expire(void *engine, uint64_t now)
{
    return spectacles_broker_expire(engine, now);
}

static const char *last_error(const void *engine)
{
    return spectacles_broker_last_error(engine);
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
