/*
 * The shard as a stream: the endpoint that it wants, the bytes that arrive and leave, and the end of a connection.
 * Called through core/stream.c, by a link or by the loop of the owner.
 */
#include "shard/stream.h"

#include "core/export.h"
#include "shard/connection.h"
#include "shard/events.h"
#include "shard/state.h"
#include "shard/timers.h"

#include <string.h>

enum {
    TARGET_MAX = 64
};

static const spectacles_endpoint *endpoint(const void *engine)
{
    const spectacles_shard *shard = engine;
    bool wanted = shard->transport == SP_TRANSPORT_WANTED || shard->transport == SP_TRANSPORT_OPEN;
    return wanted ? &shard->endpoint : NULL;
}

/* Begins the WebSocket: makes a new frame reader and inflater, and writes the HTTP upgrade to the output. */
static int open_websocket(spectacles_shard *shard)
{
    static const char *const compress[] = {"", "&compress=zlib-stream", "&compress=zstd-stream", ""};
    sp_text query;
    char target[TARGET_MAX];
    sp_text_set(&query, "/?v=%u&encoding=%s%s", (unsigned)shard->version,
                shard->format == SPECTACLES_FORMAT_ETF ? "etf" : "json", compress[shard->compression]);
    memcpy(target, query.chars, query.length + 1);
    sp_frames_open(&shard->frames, &shard->output, &shard->random, shard->max_message);
    int error = sp_inflate_open(&shard->inflate, shard->compression, shard->max_inflated, shard->max_ratio);
    if (error != SPECTACLES_OK)
        return error;
    return sp_handshake_request(&shard->handshake, &shard->output, &shard->url, target, shard->user_agent,
                                &shard->random);
}

static int opened(void *engine, uint64_t now)
{
    spectacles_shard *shard = engine;
    if (shard->transport != SP_TRANSPORT_WANTED)
        return sp_shard_fail(shard, SPECTACLES_E_STATE, "no connection was asked for");
    int error = open_websocket(shard);
    if (error != SPECTACLES_OK)
        return sp_shard_fail(shard, error, spectacles_strerror(error));
    shard->bytes_written = sp_buffer_length(&shard->output);
    memset(shard->last_ops, 0xff, sizeof shard->last_ops);
    shard->transport = SP_TRANSPORT_OPEN;
    sp_shard_set_state(shard, SPECTACLES_SHARD_UPGRADING, now);
    return SPECTACLES_OK;
}

/* A gateway that sends pings and does not read the answers is not read either, so that the output stays bounded. */
static int wants_input(const void *engine)
{
    const spectacles_shard *shard = engine;
    return shard->transport == SP_TRANSPORT_OPEN && !shard->full &&
           sp_buffer_length(&shard->output) < shard->high_water;
}

void sp_shard_note_level(spectacles_shard *shard)
{
    size_t held = sp_buffer_length(&shard->frames.input);
    if (!shard->unread || held <= shard->high_water / 2)
        shard->full = false;
    else if (held >= shard->high_water)
        shard->full = true;
}

static int feed(void *engine, const uint8_t *bytes, size_t length, uint64_t now)
{
    spectacles_shard *shard = engine;
    (void)now;
    if (shard->transport != SP_TRANSPORT_OPEN)
        return sp_shard_fail(shard, SPECTACLES_E_STATE, "bytes arrived on a connection that is not open");
    /* Events that wait still point into the last message. */
    if (!shard->dispatch_held && shard->pending.count == 0)
        sp_frames_forget(&shard->frames);
    int error = sp_frames_feed(&shard->frames, bytes, length);
    if (error != SPECTACLES_OK)
        return sp_shard_fail(shard, error, spectacles_strerror(error));
    shard->unread = true;
    sp_shard_note_level(shard);
    shard->stats.bytes_received += length;
    return SPECTACLES_OK;
}

/* A reason that was set before, such as a close code of the gateway, stays. */
static void note_end(spectacles_shard *shard, int error, const char *text, size_t length)
{
    sp_close_reason *reason =
        sp_shard_set_reason(shard, 0, error ? error : SPECTACLES_E_CLOSED, SP_CLOSE_RESUME);
    if (!reason)
        return;
    /* A close frame may be among the bytes that were not read yet. It says more, and replaces this reason. */
    reason->is_set = false;
    if (length > 0)
        sp_text_add_foreign(&reason->text, text, length, SP_TEXT_MAX / 2);
    else
        sp_text_set(&reason->text, "the gateway closed the connection without a close frame");
}

static int eof(void *engine, int error, const char *text, size_t length, uint64_t now)
{
    spectacles_shard *shard = engine;
    if (shard->transport != SP_TRANSPORT_WANTED && shard->transport != SP_TRANSPORT_OPEN)
        return SPECTACLES_OK;
    bool was_open = shard->transport == SP_TRANSPORT_OPEN;
    shard->transport = SP_TRANSPORT_ENDED;
    sp_heartbeat_stop(&shard->heartbeat);
    note_end(shard, error, text, length);
    if (!was_open)
        sp_shard_end_connection(shard, now);
    return SPECTACLES_OK;
}

static size_t pending(const void *engine, const uint8_t **bytes)
{
    const spectacles_shard *shard = engine;
    sp_slice output = sp_buffer_slice(&shard->output);
    *bytes = output.bytes;
    return shard->transport == SP_TRANSPORT_OPEN ? output.length : 0;
}

static void consumed(void *engine, size_t length)
{
    spectacles_shard *shard = engine;
    if (length > sp_buffer_length(&shard->output))
        length = sp_buffer_length(&shard->output);
    sp_buffer_consume(&shard->output, length);
    shard->bytes_consumed += length;
    shard->stats.bytes_sent += length;
}

static uint64_t deadline(const void *engine)
{
    return sp_shard_deadline(engine);
}

static int expire(void *engine, uint64_t now)
{
    return sp_shard_expire(engine, now);
}

static const char *last_error(const void *engine)
{
    const spectacles_shard *shard = engine;
    return shard->last_error.chars;
}

void sp_shard_init_stream(spectacles_shard *shard, const sp_holder_calls *holder_calls)
{
    static const sp_stream_calls calls = {endpoint, opened,   wants_input, feed,   eof,
                                          pending,  consumed, deadline,    expire, last_error};
    sp_stream_init(&shard->stream, &calls, holder_calls, shard);
}

SPECTACLES_EXPORT spectacles_stream *spectacles_shard_stream(spectacles_shard *shard)
{
    return &shard->stream;
}
