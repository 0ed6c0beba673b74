/*
 * Hands each call on a stream to its engine, counts who holds the engine, and tells who watches it. Called by links,
 * by relays, by transports of the owner, and by the engine itself when it is made and freed.
 */
#include "core/stream.h"

#include "core/export.h"

#include <assert.h>
#include <string.h>

/* ---- Who holds the engine ---- */

void sp_stream_init(spectacles_stream *stream, const sp_stream_calls *calls,
                    const sp_holder_calls *holder_calls, void *engine)
{
    *stream = (spectacles_stream){.calls = calls, .holder_calls = holder_calls, .engine = engine};
}

static void destroy_unless_held(spectacles_stream *stream)
{
    if (stream->ended && !stream->has_link && !stream->has_relay)
        stream->holder_calls->destroy(stream->engine);
}

void sp_stream_end(spectacles_stream *stream)
{
    assert(!stream->ended);
    if (stream->has_link || stream->has_relay)
        stream->holder_calls->end(stream->engine);
    stream->ended = true;
    sp_stream_touch(stream);
    destroy_unless_held(stream);
}

bool sp_stream_hold_for_link(spectacles_stream *stream)
{
    bool free = !stream->has_link;
    stream->has_link = true;
    return free;
}

void sp_stream_release_from_link(spectacles_stream *stream)
{
    assert(stream->has_link);
    stream->has_link = false;
    destroy_unless_held(stream);
}

bool sp_stream_hold_for_relay(spectacles_stream *stream)
{
    bool free = !stream->has_relay;
    stream->has_relay = true;
    return free;
}

void sp_stream_release_from_relay(spectacles_stream *stream)
{
    assert(stream->has_relay);
    stream->has_relay = false;
    destroy_unless_held(stream);
}

/* ---- Who hears of the engine ---- */

void sp_stream_watch_begin(sp_stream_watch *watch, sp_list *list, void *watcher)
{
    assert(!watch->list);
    watch->list = list;
    watch->watcher = watcher;
    sp_list_add(list, &watch->node);
}

void sp_stream_watch_end(sp_stream_watch *watch)
{
    sp_list_remove(&watch->node);
    watch->list = NULL;
}

const void *sp_stream_next_event(spectacles_stream *stream, uint64_t now)
{
    /* The engine may write, connect, or have another deadline now. */
    if (stream->poller.list)
        sp_list_add(stream->poller.list, &stream->poller.node);
    stream->announced = false;
    const void *event = stream->holder_calls->next_event(stream->engine, now);
    assert(event || !stream->holder_calls->has_event(stream->engine));
    return event;
}

/* ---- What the engine and its link tell each other ---- */

void sp_stream_note_ready(spectacles_stream *stream, uint64_t connection)
{
    stream->ready_connection = connection;
}

bool sp_stream_was_ready(const spectacles_stream *stream, uint64_t connection)
{
    return stream->ready_connection == connection;
}

void sp_stream_set_peer_pauses(spectacles_stream *stream, bool pauses)
{
    stream->peer_pauses = pauses;
}

bool sp_stream_peer_pauses(const spectacles_stream *stream)
{
    return stream->peer_pauses;
}

void sp_stream_note_network_changed(spectacles_stream *stream)
{
    stream->network_changes++;
    sp_stream_touch(stream);
}

uint32_t sp_stream_network_changes(const spectacles_stream *stream)
{
    return stream->network_changes;
}

void sp_stream_set_peer(spectacles_stream *stream, const char *address)
{
    size_t length = strlen(address);
    length = length < sizeof stream->peer ? length : sizeof stream->peer - 1;
    memcpy(stream->peer, address, length);
    stream->peer[length] = '\0';
}

const char *sp_stream_peer(const spectacles_stream *stream)
{
    return stream->peer;
}

/* ---- The calls of spectacles/stream.h ---- */

SPECTACLES_EXPORT const spectacles_endpoint *spectacles_stream_endpoint(const spectacles_stream *stream)
{
    return stream->calls->endpoint(stream->engine);
}

SPECTACLES_EXPORT int spectacles_stream_opened(spectacles_stream *stream, uint64_t now)
{
    sp_stream_touch(stream);
    return stream->calls->opened(stream->engine, now);
}

SPECTACLES_EXPORT int spectacles_stream_wants_input(const spectacles_stream *stream)
{
    return stream->calls->wants_input(stream->engine);
}

SPECTACLES_EXPORT int spectacles_stream_feed(spectacles_stream *stream, const uint8_t *bytes, size_t length,
                                             uint64_t now)
{
    sp_stream_touch(stream);
    return stream->calls->feed(stream->engine, bytes, length, now);
}

SPECTACLES_EXPORT int spectacles_stream_eof(spectacles_stream *stream, int error, const char *text,
                                            size_t length, uint64_t now)
{
    sp_stream_touch(stream);
    return stream->calls->eof(stream->engine, error, text, length, now);
}

SPECTACLES_EXPORT size_t spectacles_stream_pending(const spectacles_stream *stream, const uint8_t **bytes)
{
    return stream->calls->pending(stream->engine, bytes);
}

SPECTACLES_EXPORT void spectacles_stream_consumed(spectacles_stream *stream, size_t length)
{
    sp_stream_touch(stream);
    stream->calls->consumed(stream->engine, length);
}

SPECTACLES_EXPORT uint64_t spectacles_stream_deadline(const spectacles_stream *stream)
{
    if (!stream->announced && stream->holder_calls->has_event(stream->engine))
        return 0;
    return stream->calls->deadline(stream->engine);
}

SPECTACLES_EXPORT int spectacles_stream_expire(spectacles_stream *stream, uint64_t now)
{
    /* The owner pulls after this call. An owner that cannot pull now is not told again: its loop does not spin. */
    stream->announced = true;
    sp_stream_touch(stream);
    return stream->calls->expire(stream->engine, now);
}

SPECTACLES_EXPORT const char *spectacles_stream_last_error(const spectacles_stream *stream)
{
    return stream->calls->last_error(stream->engine);
}
