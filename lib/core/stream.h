#ifndef SP_CORE_STREAM_H
#define SP_CORE_STREAM_H

#include "core/list.h"

#include <spectacles/stream.h>
#include <stdbool.h>

/* The functions of an engine behind its stream. spectacles/stream.h describes each. */
typedef struct sp_stream_calls {
    const spectacles_endpoint *(*endpoint)(const void *engine);
    int (*opened)(void *engine, uint64_t now);
    int (*wants_input)(const void *engine);
    int (*feed)(void *engine, const uint8_t *bytes, size_t length, uint64_t now);
    int (*eof)(void *engine, int error, const char *text, size_t length, uint64_t now);
    size_t (*pending)(const void *engine, const uint8_t **bytes);
    void (*consumed)(void *engine, size_t length);
    uint64_t (*deadline)(const void *engine);
    int (*expire)(void *engine, uint64_t now);
    const char *(*last_error)(const void *engine);
} sp_stream_calls;

/* What an engine does for those who hold it. */
typedef struct sp_holder_calls {
    /*
     * The next event of the engine: a spectacles_shard_event or a spectacles_broker_event. NULL when there is none.
     */
    const void *(*next_event)(void *engine, uint64_t now);
    /* Whether next_event() would give an event that waits already. False after next_event() gave NULL. */
    bool (*has_event)(const void *engine);
    /*
     * The owner has freed the engine, and a link or a relay still holds it. The engine becomes CLOSED without a word to
     * the peer, tells so by an event, and wipes its secrets. Cannot fail.
     */
    void (*end)(void *engine);
    /* Nobody holds the engine any more: its memory is freed. */
    void (*destroy)(void *engine);
} sp_holder_calls;

/*
 * Whoever wants to hear of an engine: a poller for its links, a relay. An engine that was given something is put into
 * the list, so that nobody has to look at all engines to find those with work.
 */
typedef struct sp_stream_watch {
    sp_list *list; /* NULL: nobody watches */
    sp_list_node node;
    void *watcher; /* what the list is of: the link, or the shard of the relay */
} sp_stream_watch;

enum {
    SP_STREAM_PEER_MAX = 48 /* bytes of a numeric address as a text, with its NUL */
};

/*
 * Part of an engine. An engine has an owner, and is held by the link that moves its bytes and by the relay that
 * pulls its events. Owner, link and relay may let go in any order; the memory is freed with the last of them.
 *
 *     OWNED --- the owner frees, nobody holds ------------------------------> destroyed
 *       +------ the owner frees, somebody holds ---> ENDED --- the last one --> destroyed
 *                                                              lets go
 */
struct spectacles_stream {
    const sp_stream_calls *calls;
    const sp_holder_calls *holder_calls;
    void *engine;
    bool has_link;          /* a second link is refused */
    bool has_relay;         /* or a fleet. A second one is refused, and a pull by the owner as well */
    bool ended;             /* the owner has freed the engine */
    sp_stream_watch poller; /* its bytes or its deadline may be other ones */
    sp_stream_watch relay;  /* it may have events */
    /*
     * An expire() since the last pull has made the owner pull. While an event waits that the owner was not told of so,
     * the deadline lies in the past.
     */
    bool announced;
    uint64_t ready_connection;     /* the number of the last connection that became READY; 0: none */
    bool peer_pauses;              /* the peer has said that it takes no bytes for now */
    uint32_t network_changes;      /* how often the network of this machine has changed */
    char peer[SP_STREAM_PEER_MAX]; /* the address that is connected to, or was tried last; "": not known */
};

/* Called by an engine when it is made. */
void sp_stream_init(spectacles_stream *stream, const sp_stream_calls *calls,
                    const sp_holder_calls *holder_calls, void *engine);

/* Called by an engine when its owner frees it. */
void sp_stream_end(spectacles_stream *stream);

/* A link takes hold of the engine, and lets go. False when another link holds it. */
bool sp_stream_hold_for_link(spectacles_stream *stream);
void sp_stream_release_from_link(spectacles_stream *stream);

/* Whether a link moves the bytes. It bounds the time of each connection that it makes. */
static inline bool sp_stream_has_link(const spectacles_stream *stream)
{
    return stream->has_link;
}

/* A relay, or a fleet, takes hold of the engine, and lets go. False when another one holds it. */
bool sp_stream_hold_for_relay(spectacles_stream *stream);
void sp_stream_release_from_relay(spectacles_stream *stream);

/* The watcher is put into the list now, and whenever the engine was given something. */
void sp_stream_watch_begin(sp_stream_watch *watch, sp_list *list, void *watcher);
void sp_stream_watch_end(sp_stream_watch *watch);

/* The watcher of a node that was taken out of such a list. */
static inline void *sp_stream_watcher(sp_list_node *node)
{
    return sp_list_owner(node, sp_stream_watch, node)->watcher;
}

/*
 * The engine was given something: bytes, time, a call of its owner. The calls of spectacles/stream.h and
 * sp_stream_next_event() do it by themselves. An engine does it in every other call that queues an event, writes bytes
 * or changes its deadline.
 */
static inline void sp_stream_touch(spectacles_stream *stream)
{
    if (stream->poller.list)
        sp_list_add(stream->poller.list, &stream->poller.node);
    if (stream->relay.list)
        sp_list_add(stream->relay.list, &stream->relay.node);
}

/*
 * The engine tells that its connection with this number became READY. A transport that knows several addresses asks:
 * an address whose connection did not become READY is not the first one that is tried next.
 */
void sp_stream_note_ready(spectacles_stream *stream, uint64_t connection);
bool sp_stream_was_ready(const spectacles_stream *stream, uint64_t connection);

/*
 * The engine tells that its peer takes no bytes for now, and has said so. Bytes that wait long are no sign of a dead
 * connection meanwhile.
 */
void sp_stream_set_peer_pauses(spectacles_stream *stream, bool pauses);
bool sp_stream_peer_pauses(const spectacles_stream *stream);

/*
 * The engine tells that the network of this machine has changed. A link that is connecting, and has had no answer,
 * begins again: what it asked for went the old way.
 */
void sp_stream_note_network_changed(spectacles_stream *stream);
uint32_t sp_stream_network_changes(const spectacles_stream *stream);

/* The link tells the address, as a text. The engine names it when the connection has ended. */
void sp_stream_set_peer(spectacles_stream *stream, const char *address);
const char *sp_stream_peer(const spectacles_stream *stream);

/* The next event of the engine, for whoever pulls it: the relay that holds it, or else its owner. NULL: none. */
const void *sp_stream_next_event(spectacles_stream *stream, uint64_t now);

/*
 * The same, for a relay that watches this engine by a list of its own: an engine that was given nothing since it had
 * no more events is not asked again.
 */
static inline const void *sp_stream_next_listed(sp_list *list, spectacles_stream *stream, uint64_t now)
{
    if (!sp_list_take(list))
        return NULL;
    const void *event = sp_stream_next_event(stream, now);
    if (event)
        sp_list_add(list, &stream->relay.node);
    return event;
}

#endif
