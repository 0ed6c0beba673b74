/*
 * Dispatches on their way to the workers: published in the order of their sequences, confirmed in any order, committed
 * in the order of their sequences. Called by shards.c with dispatches, and by confirms.c with the outcomes of
 * publishes.
 */
#include "relay/dispatches.h"

#include "relay/events.h"
#include "relay/gaps.h"
#include "relay/marks.h"
#include "relay/outlet.h"
#include "relay/publishes.h"
#include "relay/rate_limited.h"

#include <spectacles/codec.h>
#include <stdlib.h>
#include <string.h>

/* ---- Which dispatches are safe ---- */

/* Commits the dispatches at the front of the ring that are done. */
static void commit(spectacles_relay *relay, sp_relay_shard *shard)
{
    uint64_t safe = 0;
    const sp_dispatch *front;
    while ((front = sp_ring_front(&shard->dispatches)) && front->done) {
        safe = front->seq > safe ? front->seq : safe;
        sp_ring_pop(&shard->dispatches);
    }
    if (safe == 0)
        return;
    spectacles_shard_commit(shard->engine, safe);
    sp_relay_note_change(relay, shard);
}

static bool add_dispatch(sp_relay_shard *shard, uint64_t seq, bool done)
{
    sp_dispatch *dispatch = sp_ring_push(&shard->dispatches);
    if (!dispatch)
        return false;
    *dispatch = (sp_dispatch){seq, done};
    return true;
}

static sp_dispatch *newest(const sp_relay_shard *shard)
{
    return sp_ring_back(&shard->dispatches);
}

/* Whether a dispatch has no sequence of its own, as RESUMED can have none. It has no message-id either then. */
static bool is_stale(const sp_relay_shard *shard, uint64_t seq)
{
    const sp_dispatch *last = newest(shard);
    return last && seq <= last->seq;
}

/*
 * Adds a dispatch that is done. Behind another done dispatch it takes no entry of its own, so that the ring stays short
 * while the broker is away.
 */
static bool add_done(sp_relay_shard *shard, uint64_t seq)
{
    sp_dispatch *last = newest(shard);
    if (!last || (!last->done && seq > last->seq))
        return add_dispatch(shard, seq, true);
    if (seq > last->seq)
        last->seq = seq;
    return true;
}

/* Sequences only grow. So the place of an entry behind the front is at most the difference of the two sequences. */
static sp_dispatch *find(const sp_relay_shard *shard, uint64_t seq)
{
    const sp_ring *ring = &shard->dispatches;
    const sp_dispatch *front = sp_ring_front(ring);
    if (!front || seq < front->seq)
        return NULL;
    size_t low = 0;
    size_t high = seq - front->seq < ring->count ? (size_t)(seq - front->seq) : ring->count - 1;
    while (low < high) {
        size_t middle = high - (high - low) / 2;
        if (((const sp_dispatch *)sp_ring_at(ring, middle))->seq <= seq)
            low = middle;
        else
            high = middle - 1;
    }
    sp_dispatch *found = sp_ring_at(ring, low);
    return found->seq == seq ? found : NULL;
}

void sp_relay_forget_dispatches(sp_relay_shard *shard)
{
    sp_ring_clear(&shard->dispatches);
    shard->epoch++;
    shard->awaits_replay = false;
}

/* ---- Publishing ---- */

enum {
    DIGITS_MAX = 20, /* digits of 2^64 - 1 */
    ID_SIZE = SP_RELAY_SESSION_MAX + 1 + DIGITS_MAX + 1
};

/* Writes `<session>:<sequence>`. It runs for every event, so it does without printf(). */
static void write_id(char id[ID_SIZE], const sp_relay_shard *shard, uint64_t seq)
{
    char digits[DIGITS_MAX];
    size_t first = DIGITS_MAX;
    size_t length = shard->session_length;
    do {
        digits[--first] = (char)('0' + seq % 10);
        seq /= 10;
    } while (seq > 0);
    memcpy(id, shard->session, length);
    id[length++] = ':';
    memcpy(id + length, digits + first, DIGITS_MAX - first);
    id[length + DIGITS_MAX - first] = '\0';
}

/* Publishes a dispatch in the format in which it came. The broker rewrites it when its own format is another one. */
static int publish(spectacles_relay *relay, const sp_relay_shard *shard, const spectacles_shard_event *event,
                   sp_publish *kept)
{
    char id[ID_SIZE];
    sp_marks marks;
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    write_id(id, shard, event->seq);
    message.key = event->name;
    message.key_length = event->name_length;
    message.body = event->data;
    message.body_length = event->data_length;
    message.format = event->format;
    message.message_id = id;
    message.flags = SPECTACLES_MESSAGE_REPLACE_SURROGATES;
    if (relay->unroutable.hold && !sp_relay_is_rate_limited(event->name, event->name_length))
        message.flags |= SPECTACLES_MESSAGE_MANDATORY;
    if (relay->flags & SPECTACLES_RELAY_MARKS) {
        if (sp_marks_fill(relay, event, &marks) != SPECTACLES_OK)
            return SPECTACLES_E_NOMEM;
        message.headers = marks.headers;
        message.header_count = SP_MARK_COUNT;
    }
    return sp_outlet_publish(relay, &message, kept);
}

static void count_published(spectacles_relay *relay, sp_relay_shard *shard, uint64_t seq)
{
    relay->stats.published++;
    relay->stats.copies += seq <= shard->published;
    shard->published = seq > shard->published ? seq : shard->published;
}

static int publish_dispatch(spectacles_relay *relay, sp_relay_shard *shard,
                            const spectacles_shard_event *event)
{
    sp_publish *kept = sp_ring_push(&relay->publishes);
    if (!kept)
        return SPECTACLES_E_NOMEM;
    if (!add_dispatch(shard, event->seq, false)) {
        sp_ring_pop_back(&relay->publishes);
        return SPECTACLES_E_NOMEM;
    }
    *kept = (sp_publish){.kind = SP_PUBLISH_DISPATCH,
                         .shard = shard,
                         .shard_id = shard->id,
                         .epoch = shard->epoch,
                         .seq = event->seq,
                         .since = relay->now};
    int error = publish(relay, shard, event, kept);
    if (error != SPECTACLES_OK) {
        sp_ring_pop_back(&shard->dispatches);
        sp_ring_pop_back(&relay->publishes);
        return error;
    }
    shard->open++;
    count_published(relay, shard, event->seq);
    return SPECTACLES_OK;
}

static void pass_over(spectacles_relay *relay, sp_relay_shard *shard, uint64_t seq)
{
    relay->stats.filtered++;
    if (add_done(shard, seq))
        commit(relay, shard);
}

/* RATE_LIMITED is published whether it is allowed or not: the worker whose request was refused waits for it. */
static bool is_wanted(spectacles_relay *relay, const char *name, size_t length, uint64_t now)
{
    if (relay->flags & SPECTACLES_RELAY_SILENT)
        return false;
    if (sp_relay_is_rate_limited(name, length))
        return true;
    if (!sp_filter_allows(&relay->filter, name, length))
        return false;
    bool held = sp_unroutable_holds(&relay->unroutable, name, length, now);
    relay->stats.held += held;
    return !held;
}

/*
 * The format of the broker cannot carry this dispatch, and a replay would bring it again and again. A gap declares it,
 * and it counts as done.
 */
static int skip_unreadable(spectacles_relay *relay, sp_relay_shard *shard,
                           const spectacles_shard_event *event, int error, uint64_t now)
{
    int failed = sp_relay_add_dispatch_gap(relay, shard, event->seq, now);
    if (failed != SPECTACLES_OK)
        return failed;
    sp_relay_pending *queued = sp_relay_queue_event(relay, SPECTACLES_RELAY_EVENT_PUBLISH_FAILED);
    if (queued) {
        queued->event.shard_id = shard->id;
        queued->event.error = error;
        queued->event.seq = event->seq;
        sp_relay_set_name(queued, event->name, event->name_length);
        sp_text_set(&queued->text, "not published: %s", sp_outlet_error(relay));
    }
    pass_over(relay, shard, event->seq);
    return SPECTACLES_OK;
}

/*
 * The dispatch is not committed, so Discord replays it on a new connection. Dispatches behind it must not be committed
 * either, although the old connection is still read to its end.
 */
static void ask_for_replay(spectacles_relay *relay, sp_relay_shard *shard,
                           const spectacles_shard_event *event, int error, uint64_t now)
{
    sp_relay_pending *queued = sp_relay_queue_event(relay, SPECTACLES_RELAY_EVENT_PUBLISH_FAILED);
    if (queued) {
        queued->event.shard_id = shard->id;
        queued->event.error = error;
        sp_relay_set_name(queued, event->name, event->name_length);
        sp_text_set(&queued->text, "not published for now, will be replayed: %s", sp_outlet_error(relay));
    }
    shard->awaits_replay = true;
    spectacles_shard_reconnect(shard->engine, now);
}

void sp_relay_take_dispatch(spectacles_relay *relay, sp_relay_shard *shard,
                            const spectacles_shard_event *event, uint64_t now)
{
    /* What comes while the relay stops or the shard leaves is not committed: whoever resumes has it replayed. */
    if (sp_relay_is_stopping(relay) || shard->service != SPECTACLES_SERVICE_SERVED || shard->awaits_replay)
        return;
    relay->stats.dispatched++;
    sp_tally_name_seen(&relay->names, event->name, event->name_length);
    if (is_stale(shard, event->seq) || !is_wanted(relay, event->name, event->name_length, now)) {
        pass_over(relay, shard, event->seq);
        return;
    }
    if (sp_relay_is_rate_limited(event->name, event->name_length))
        sp_relay_report_rate_limited(relay, shard, event);
    int error = publish_dispatch(relay, shard, event);
    if (sp_relay_is_unwritable(error))
        error = skip_unreadable(relay, shard, event, error, now);
    if (error != SPECTACLES_OK)
        ask_for_replay(relay, shard, event, error, now);
}

/* ---- What became of a dispatch ---- */

/*
 * NULL when the connection that brought the dispatch has ended, or the relay has let go of its shard: Discord replays
 * it.
 */
static sp_dispatch *dispatch_of(const sp_publish *publish)
{
    const sp_relay_shard *shard = publish->shard;
    return shard && publish->epoch == shard->epoch ? find(shard, publish->seq) : NULL;
}

static void finish(spectacles_relay *relay, const sp_publish *publish)
{
    sp_dispatch *dispatch = dispatch_of(publish);
    if (!dispatch)
        return;
    dispatch->done = true;
    commit(relay, publish->shard);
}

void sp_relay_dispatch_confirmed(spectacles_relay *relay, const sp_publish *publish)
{
    uint64_t took = relay->now - publish->since;
    relay->stats.confirmed++;
    relay->stats.confirm_time += took;
    sp_tally_latency(relay->stats.confirm_latency, SPECTACLES_RELAY_LATENCY_COUNT, took);
    finish(relay, publish);
}

void sp_relay_dispatch_unroutable(spectacles_relay *relay, const sp_publish *publish,
                                  const spectacles_broker_event *event, uint64_t now)
{
    relay->stats.unroutable++;
    finish(relay, publish);
    if (!sp_unroutable_add(&relay->unroutable, event->key, event->key_length, now))
        return;
    sp_relay_pending *queued =
        sp_relay_queue_broker_event(relay, SPECTACLES_RELAY_EVENTS, SPECTACLES_RELAY_EVENT_UNROUTABLE, event);
    if (!queued)
        return;
    queued->event.until = now + relay->unroutable.hold;
    sp_relay_set_name(queued, event->key, event->key_length);
}

void sp_relay_dispatch_refused(spectacles_relay *relay, const sp_publish *publish,
                               const spectacles_broker_event *event, uint64_t now)
{
    sp_relay_shard *shard = publish->shard;
    sp_relay_pending *queued = sp_relay_queue_broker_event(relay, SPECTACLES_RELAY_EVENTS,
                                                           SPECTACLES_RELAY_EVENT_PUBLISH_FAILED, event);
    if (queued) {
        queued->event.shard_id = publish->shard_id;
        queued->event.seq = publish->seq;
    }
    if (!dispatch_of(publish))
        return;
    if (sp_relay_add_dispatch_gap(relay, shard, publish->seq, now) == SPECTACLES_OK)
        finish(relay, publish);
    else if (shard->service == SPECTACLES_SERVICE_SERVED)
        spectacles_shard_reconnect(shard->engine, now);
}
