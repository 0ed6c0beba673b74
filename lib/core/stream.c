/* Passes each call on a stream to its engine. Links call it, and transports of owners. */
#include "core/stream.h"

#include "core/export.h"

SPECTACLES_EXPORT const spectacles_endpoint *spectacles_stream_endpoint(const spectacles_stream *stream)
{
    return stream->calls->endpoint(stream->engine);
}

SPECTACLES_EXPORT int spectacles_stream_opened(spectacles_stream *stream, uint64_t now)
{
    return stream->calls->opened(stream->engine, now);
}

SPECTACLES_EXPORT int spectacles_stream_wants_input(const spectacles_stream *stream)
{
    return stream->calls->wants_input(stream->engine);
}

SPECTACLES_EXPORT int spectacles_stream_feed(spectacles_stream *stream, const uint8_t *bytes, size_t length,
                                             uint64_t now)
{
    return stream->calls->feed(stream->engine, bytes, length, now);
}

SPECTACLES_EXPORT int spectacles_stream_eof(spectacles_stream *stream, int error, const char *text,
                                            size_t length, uint64_t now)
{
    return stream->calls->eof(stream->engine, error, text, length, now);
}

SPECTACLES_EXPORT size_t spectacles_stream_pending(const spectacles_stream *stream, const uint8_t **bytes)
{
    return stream->calls->pending(stream->engine, bytes);
}

SPECTACLES_EXPORT void spectacles_stream_consumed(spectacles_stream *stream, size_t length)
{
    stream->calls->consumed(stream->engine, length);
}

SPECTACLES_EXPORT uint64_t spectacles_stream_deadline(const spectacles_stream *stream)
{
    return stream->calls->deadline(stream->engine);
}

SPECTACLES_EXPORT int spectacles_stream_expire(spectacles_stream *stream, uint64_t now)
{
    return stream->calls->expire(stream->engine, now);
}

SPECTACLES_EXPORT const char *spectacles_stream_last_error(const spectacles_stream *stream)
{
    return stream->calls->last_error(stream->engine);
}
