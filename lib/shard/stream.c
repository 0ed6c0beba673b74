/* The shard as a stream. Called through core/stream.c. */
#include "core/export.h"
#include "shard/shard.h"

static const spectacles_endpoint *endpoint(const void *engine)
{
    return spectacles_shard_endpoint(engine);
}

static int opened(void *engine, uint64_t now)
{
    return spectacles_shard_opened(engine, now);
}

static int wants_input(const void *engine)
{
    return spectacles_shard_wants_input(engine);
}

static int feed(void *engine, const uint8_t *bytes, size_t length, uint64_t now)
{
    return spectacles_shard_feed(engine, bytes, length, now);
}

static int eof(void *engine, int error, const char *text, size_t length, uint64_t now)
{
    return spectacles_shard_eof(engine, error, text, length, now);
}

static size_t pending(const void *engine, const uint8_t **bytes)
{
    return spectacles_shard_pending(engine, bytes);
}

static void consumed(void *engine, size_t length)
{
    spectacles_shard_consumed(engine, length);
}

static uint64_t deadline(const void *engine)
{
    return spectacles_shard_deadline(engine);
}

static int expire(void *engine, uint64_t now)
{
    return spectacles_shard_expire(engine, now);
}

static const char *last_error(const void *engine)
{
    return spectacles_shard_last_error(engine);
}

void sp_shard_init_stream(spectacles_shard *shard)
{
    static const sp_stream_calls calls = {endpoint, opened,   wants_input, feed,   eof,
                                          pending,  consumed, deadline,    expire, last_error};
    shard->stream = (spectacles_stream){.calls = &calls, .engine = shard};
}

SPECTACLES_EXPORT spectacles_stream *spectacles_shard_stream(spectacles_shard *shard)
{
    return &shard->stream;
}
