#include "relay/relay.h"

#include <spectacles/codec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Which dispatches are safe ---- */

/* Commits the run of done dispatches at the front. */
static void commit(sp_member *member)
{
    uint64_t safe = 0;
    const sp_dispatch *front;
    while ((front = sp_ring_front(&member->dispatches)) && front->done) {
        safe = front->seq > safe ? front->seq : safe;
        sp_ring_pop(&member->dispatches);
    }
    if (safe > 0)
        spectacles_shard_commit(member->shard, safe);
}

static bool note(sp_member *member, uint64_t seq, bool done)
{
    sp_dispatch *dispatch = sp_ring_push(&member->dispatches);
    if (!dispatch)
        return false;
    *dispatch = (sp_dispatch){seq, done};
    return true;
}

static sp_dispatch *newest(const sp_member *member)
{
    return sp_ring_at(&member->dispatches, member->dispatches.count - 1);
}

/* RESUMED may come without a sequence of its own; then it has no message-id either. */
static bool is_stale(const sp_member *member, uint64_t seq)
{
    const sp_dispatch *last = newest(member);
    return last && seq <= last->seq;
}

/* One filtered out behind another takes no room: however long the broker is away, there are few. */
static bool note_done(sp_member *member, uint64_t seq)
{
    sp_dispatch *last = newest(member);
    if (!last || (!last->done && seq > last->seq))
        return note(member, seq, true);
    if (seq > last->seq)
        last->seq = seq;
    return true;
}

/* Sequences only ever grow. What is looked for stands near the front, no further behind than sequences go. */
static sp_dispatch *find(const sp_member *member, uint64_t seq)
{
    const sp_ring *ring = &member->dispatches;
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

/* The connection has ended: what was not committed comes again, and is noted again then. */
static void forget_dispatches(sp_member *member)
{
    sp_ring_clear(&member->dispatches);
    member->epoch++;
    member->given_up = false;
}

/* ---- Publishing ---- */

enum {
    DIGITS_MOST = 20, /* of 2^64 */
    ID_SIZE = SP_RELAY_SESSION_MAX + 1 + DIGITS_MOST + 1
};

/* `<session>:<sequence>`, for every event: so without printf(). */
static void write_id(char id[ID_SIZE], const sp_member *member, uint64_t seq)
{
    char digits[DIGITS_MOST];
    size_t first = DIGITS_MOST;
    size_t length = member->session_length;
    do {
        digits[--first] = (char)('0' + seq % 10);
        seq /= 10;
    } while (seq > 0);
    memcpy(id, member->session, length);
    id[length++] = ':';
    memcpy(id + length, digits + first, DIGITS_MOST - first);
    id[length + DIGITS_MOST - first] = '\0';
}

/* The shard and Discord speak one encoding, the workers another or the same: the broker rewrites what has to be. */
static int publish(spectacles_relay *relay, const sp_member *member, const spectacles_shard_event *event,
                   uint64_t *tag)
{
    char id[ID_SIZE];
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    write_id(id, member, event->seq);
    message.key = event->name;
    message.key_length = event->name_length;
    message.body = event->data;
    message.body_length = event->data_length;
    message.format = event->format;
    message.message_id = id;
    message.flags = SPECTACLES_MESSAGE_REPLACE_SURROGATES;
    if (relay->unroutable.hold && !sp_relay_is_rate_limited(event->name, event->name_length))
        message.flags |= SPECTACLES_MESSAGE_MANDATORY;
    return spectacles_broker_publish(relay->events, &message, tag);
}

static int publish_dispatch(spectacles_relay *relay, uint32_t number, const spectacles_shard_event *event)
{
    sp_member *member = &relay->members[number];
    sp_publish *kept = sp_ring_push(&relay->publishes);
    if (!kept)
        return SPECTACLES_E_NOMEM;
    if (!note(member, event->seq, false)) {
        sp_ring_pop_back(&relay->publishes);
        return SPECTACLES_E_NOMEM;
    }
    *kept = (sp_publish){
        .kind = SP_PUBLISH_DISPATCH, .member = number, .epoch = member->epoch, .seq = event->seq};
    int error = publish(relay, member, event, &kept->tag);
    if (error != SPECTACLES_OK) {
        sp_ring_pop_back(&member->dispatches);
        sp_ring_pop_back(&relay->publishes);
    }
    return error;
}

static void pass_over(spectacles_relay *relay, sp_member *member, uint64_t seq)
{
    relay->stats.filtered++;
    if (note_done(member, seq))
        commit(member);
}

/* A worker that was refused has to hear of it, whatever the allow list says. */
static bool is_wanted(spectacles_relay *relay, const char *name, size_t length, uint64_t now)
{
    if (sp_relay_is_rate_limited(name, length))
        return true;
    if (!sp_filter_allows(&relay->filter, name, length))
        return false;
    bool held = sp_unroutable_holds(&relay->unroutable, name, length, now);
    relay->stats.held += held;
    return !held;
}

/* It would come again and again, and never have a form: declared to be missing, and passed over. */
static int skip_unreadable(spectacles_relay *relay, sp_member *member, const spectacles_shard_event *event,
                           int error, uint64_t now)
{
    int failed = sp_relay_skip_gap(relay, member, event->seq, now);
    if (failed != SPECTACLES_OK)
        return failed;
    sp_relay_news *news = sp_relay_tell(relay, SPECTACLES_RELAY_EVENT_PUBLISH_FAILED);
    if (news) {
        news->event.shard_id = member->id;
        news->event.error = error;
        news->event.seq = event->seq;
        sp_relay_name(news, event->name, event->name_length);
        sp_text_set(&news->text, "not published: %s", spectacles_broker_last_error(relay->events));
    }
    pass_over(relay, member, event->seq);
    return SPECTACLES_OK;
}

/*
 * Not committed, so that it comes again on a new connection. Nor may anything be that stands behind it: a connection
 * that has ended by itself is read to its end all the same.
 */
static void have_replayed(spectacles_relay *relay, sp_member *member, const spectacles_shard_event *event,
                          int error, uint64_t now)
{
    sp_relay_news *news = sp_relay_tell(relay, SPECTACLES_RELAY_EVENT_PUBLISH_FAILED);
    if (news) {
        news->event.shard_id = member->id;
        news->event.error = error;
        sp_relay_name(news, event->name, event->name_length);
        sp_text_set(&news->text, "not published for now, will be replayed: %s",
                    spectacles_broker_last_error(relay->events));
    }
    member->given_up = true;
    spectacles_shard_reconnect(member->shard, now);
}

static void on_dispatch(spectacles_relay *relay, uint32_t number, const spectacles_shard_event *event,
                        uint64_t now)
{
    sp_member *member = &relay->members[number];
    /* What comes while we stop is not committed: the next process has it replayed. */
    if (relay->stopping || member->given_up)
        return;
    relay->stats.dispatched++;
    if (is_stale(member, event->seq) || !is_wanted(relay, event->name, event->name_length, now)) {
        pass_over(relay, member, event->seq);
        return;
    }
    if (sp_relay_is_rate_limited(event->name, event->name_length))
        sp_relay_tell_rate_limited(relay, member, event);
    int error = publish_dispatch(relay, number, event);
    relay->stats.published += error == SPECTACLES_OK;
    if (sp_relay_has_no_form(error))
        error = skip_unreadable(relay, member, event, error, now);
    if (error != SPECTACLES_OK)
        have_replayed(relay, member, event, error, now);
}

/* ---- Shards ---- */

void sp_relay_keep_session(sp_member *member)
{
    spectacles_session session = {.size = sizeof session};
    if (spectacles_shard_session(member->shard, &session) == SPECTACLES_OK)
        snprintf(member->session, sizeof member->session, "%s", session.session_id);
    member->session_length = strlen(member->session);
}

static void tell_shard(spectacles_relay *relay, const sp_member *member, uint32_t type,
                       const spectacles_shard_event *event)
{
    sp_relay_news *news = sp_relay_tell(relay, type);
    if (!news)
        return;
    news->event.shard_id = member->id;
    news->event.code = event->code;
    news->event.error = event->error;
    news->event.seq = event->seq;
    news->event.time = event->time;
    news->event.hold_until = event->hold_until;
    sp_text_set(&news->text, "%s", event->text ? event->text : "");
    if (type == SPECTACLES_RELAY_EVENT_SHARD_READY || type == SPECTACLES_RELAY_EVENT_SHARD_RESUMED)
        sp_relay_name(news, member->session, strlen(member->session));
}

/* Shards that are told of it one after the other are told of the same wait: it is passed on once. */
static bool is_held(const spectacles_relay *relay, uint64_t until)
{
    return until == 0 || (relay->held_until > 0 && until <= relay->held_until + SP_RELAY_SAME_HOLD);
}

/* What the gateway said to one shard goes for all: the others need not ask, and be refused as well. */
static void hold_shards(spectacles_relay *relay, uint32_t number, const spectacles_shard_event *event)
{
    if (is_held(relay, event->hold_until))
        return;
    relay->held_until = event->hold_until;
    sp_relay_news *news = sp_relay_tell(relay, SPECTACLES_RELAY_EVENT_RATE_LIMITED);
    if (news) {
        news->event.shard_id = relay->members[number].id;
        news->event.error = event->error;
        news->event.time = event->hold_until;
        sp_text_set(&news->text, "%s", event->text ? event->text : "");
    }
    for (uint32_t i = 0; i < relay->member_count; i++) {
        if (i != number)
            spectacles_shard_hold_off(relay->members[i].shard, relay->held_until);
    }
}

static uint32_t relay_type(uint32_t shard_type)
{
    switch (shard_type) {
    case SPECTACLES_SHARD_EVENT_CONNECTING:
        return SPECTACLES_RELAY_EVENT_SHARD_CONNECTING;
    case SPECTACLES_SHARD_EVENT_READY:
        return SPECTACLES_RELAY_EVENT_SHARD_READY;
    case SPECTACLES_SHARD_EVENT_RESUMED:
        return SPECTACLES_RELAY_EVENT_SHARD_RESUMED;
    case SPECTACLES_SHARD_EVENT_DISCONNECTED:
        return SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED;
    case SPECTACLES_SHARD_EVENT_CLOSED:
        return SPECTACLES_RELAY_EVENT_SHARD_CLOSED;
    case SPECTACLES_SHARD_EVENT_FATAL:
        return SPECTACLES_RELAY_EVENT_SHARD_FATAL;
    case SPECTACLES_SHARD_EVENT_LATE:
        return SPECTACLES_RELAY_EVENT_SHARD_LATE;
    case SPECTACLES_SHARD_EVENT_PLAIN:
        return SPECTACLES_RELAY_EVENT_SHARD_PLAIN;
    default:
        return SPECTACLES_RELAY_EVENT_SHARD_LATENCY;
    }
}

static void on_shard_event(spectacles_relay *relay, uint32_t number, const spectacles_shard_event *event,
                           uint64_t now)
{
    sp_member *member = &relay->members[number];
    switch (event->type) {
    case SPECTACLES_SHARD_EVENT_DISPATCH:
        on_dispatch(relay, number, event, now);
        return;
    case SPECTACLES_SHARD_EVENT_IDENTIFY:
        member->wants_identify = true;
        return;
    case SPECTACLES_SHARD_EVENT_SENT:
        sp_relay_packet_sent(relay, number, event->ticket);
        return;
    case SPECTACLES_SHARD_EVENT_UNSENT:
        sp_relay_packet_unsent(relay, number);
        return;
    case SPECTACLES_SHARD_EVENT_STATE:
        return;
    case SPECTACLES_SHARD_EVENT_GAP:
        sp_relay_open_gap(relay, member, event->text, event->seq, now);
        return;
    case SPECTACLES_SHARD_EVENT_READY:
        sp_relay_end_gaps(member);
        break;
    case SPECTACLES_SHARD_EVENT_DISCONNECTED:
        member->wants_identify = false;
        member->held_until = 0;
        forget_dispatches(member);
        break;
    case SPECTACLES_SHARD_EVENT_CLOSED:
    case SPECTACLES_SHARD_EVENT_FATAL:
        member->wants_identify = false;
        member->final = true;
        break;
    default:
        break;
    }
    tell_shard(relay, member, relay_type(event->type), event);
    hold_shards(relay, number, event);
}

/*
 * No room, no pull: the shard then stops reading its socket. What it hands out has to find a place at once; what
 * comes while we stop needs none.
 */
static bool may_pull(const spectacles_relay *relay, const sp_member *member)
{
    return relay->stopping || (spectacles_broker_room(relay->events) && !sp_relay_gap_waits(member));
}

bool sp_relay_pull_shard(spectacles_relay *relay, uint32_t number, uint64_t now)
{
    sp_member *member = &relay->members[number];
    const spectacles_shard_event *event;
    int pulled = 0;
    while (pulled < SP_RELAY_QUANTUM && relay->news.count == 0 && may_pull(relay, member) &&
           (event = spectacles_shard_next_event(member->shard, now))) {
        pulled++;
        uint32_t type = event->type;
        if (type == SPECTACLES_SHARD_EVENT_READY || type == SPECTACLES_SHARD_EVENT_RESUMED)
            sp_relay_keep_session(member);
        on_shard_event(relay, number, event, now);
    }
    return pulled > 0;
}

/* ---- Identifying ---- */

static void tell_limit(spectacles_relay *relay, const sp_member *member, uint64_t now)
{
    if (relay->identify.told || !sp_identify_exhausted(&relay->identify, now))
        return;
    sp_relay_news *news = sp_relay_tell(relay, SPECTACLES_RELAY_EVENT_IDENTIFY_LIMIT);
    if (!news)
        return;
    relay->identify.told = true;
    news->event.shard_id = member->id;
    news->event.time = relay->identify.reset_at;
    sp_text_set(&news->text, "none of the %u identifies is left: waiting %llu s for new ones; resumes go on",
                (unsigned)relay->identify.total, (unsigned long long)(relay->identify.reset_at - now) / 1000);
}

/* Members are kept in the order of their ids. */
bool sp_relay_grant_identifies(spectacles_relay *relay, uint64_t now)
{
    bool granted = false;
    for (size_t i = 0; i < relay->member_count; i++) {
        sp_member *member = &relay->members[i];
        if (!member->wants_identify)
            continue;
        tell_limit(relay, member, now);
        if (now < sp_identify_free_at(&relay->identify, member->id))
            continue;
        int error = spectacles_shard_identify(member->shard, now);
        /* E_STATE: its connection has ended, and a new one asks anew. */
        if (error == SPECTACLES_OK || error == SPECTACLES_E_STATE)
            member->wants_identify = false;
        if (error != SPECTACLES_OK)
            continue;
        sp_identify_take(&relay->identify, member->id, now);
        relay->stats.identifies++;
        granted = true;
        sp_relay_news *news = sp_relay_tell(relay, SPECTACLES_RELAY_EVENT_SHARD_IDENTIFYING);
        if (news)
            news->event.shard_id = member->id;
    }
    return granted;
}

uint64_t sp_relay_identify_deadline(const spectacles_relay *relay)
{
    uint64_t deadline = SPECTACLES_NEVER;
    for (size_t i = 0; i < relay->member_count; i++) {
        const sp_member *member = &relay->members[i];
        uint64_t free_at = sp_identify_free_at(&relay->identify, member->id);
        if (member->wants_identify && free_at < deadline)
            deadline = free_at;
    }
    return deadline;
}

/* ---- Confirms ---- */

void sp_relay_free_publish(sp_publish *publish)
{
    free(publish->packet);
    publish->packet = NULL;
}

static sp_publish *find_publish(const spectacles_relay *relay, uint64_t tag)
{
    const sp_publish *front = sp_ring_front(&relay->publishes);
    if (!front)
        return NULL;
    sp_publish *guess = tag >= front->tag ? sp_ring_at(&relay->publishes, (size_t)(tag - front->tag)) : NULL;
    if (guess && guess->tag == tag)
        return guess;
    for (size_t i = 0; i < relay->publishes.count; i++) {
        sp_publish *publish = sp_ring_at(&relay->publishes, i);
        if (publish->tag == tag)
            return publish;
    }
    return NULL;
}

static void settle(spectacles_relay *relay, sp_publish *publish)
{
    sp_publish *front;
    publish->settled = true;
    while ((front = sp_ring_front(&relay->publishes)) && front->settled) {
        sp_relay_free_publish(front);
        sp_ring_pop(&relay->publishes);
    }
}

/* NULL when its connection is gone: it comes again. */
static sp_dispatch *dispatch_of(const spectacles_relay *relay, const sp_publish *publish)
{
    const sp_member *member = &relay->members[publish->member];
    return publish->epoch == member->epoch ? find(member, publish->seq) : NULL;
}

static void finish_dispatch(spectacles_relay *relay, const sp_publish *publish)
{
    sp_dispatch *dispatch = dispatch_of(relay, publish);
    if (!dispatch)
        return;
    dispatch->done = true;
    commit(&relay->members[publish->member]);
}

static void on_confirmed(spectacles_relay *relay, sp_publish *publish)
{
    if (publish->kind == SP_PUBLISH_COMMAND) {
        sp_relay_command_confirmed(relay, publish);
    } else if (publish->kind == SP_PUBLISH_GAP) {
        sp_relay_gap_confirmed(relay, publish);
    } else {
        relay->stats.confirmed++;
        finish_dispatch(relay, publish);
    }
}

/* Nobody wants it for now. */
static void on_unroutable(spectacles_relay *relay, const sp_publish *publish,
                          const spectacles_broker_event *event, uint64_t now)
{
    relay->stats.unroutable++;
    finish_dispatch(relay, publish);
    if (!sp_unroutable_add(&relay->unroutable, event->key, event->key_length, now))
        return;
    sp_relay_news *news =
        sp_relay_tell_broker(relay, SPECTACLES_RELAY_EVENTS, SPECTACLES_RELAY_EVENT_UNROUTABLE, event);
    if (!news)
        return;
    news->event.time = now + relay->unroutable.hold;
    sp_relay_name(news, event->key, event->key_length);
}

/* The broker would refuse it for ever (max_message_size): declared to be missing, so that the rest goes on. */
static void on_refused(spectacles_relay *relay, const sp_publish *publish,
                       const spectacles_broker_event *event, uint64_t now)
{
    sp_member *member = &relay->members[publish->member];
    sp_relay_news *news =
        sp_relay_tell_broker(relay, SPECTACLES_RELAY_EVENTS, SPECTACLES_RELAY_EVENT_PUBLISH_FAILED, event);
    if (news) {
        news->event.shard_id = member->id;
        news->event.seq = publish->seq;
    }
    if (!dispatch_of(relay, publish))
        return;
    if (sp_relay_skip_gap(relay, member, publish->seq, now) == SPECTACLES_OK)
        finish_dispatch(relay, publish);
    else
        spectacles_shard_reconnect(member->shard, now);
}

static void on_outcome(spectacles_relay *relay, const spectacles_broker_event *event, uint64_t now)
{
    sp_publish *publish = find_publish(relay, event->tag);
    if (!publish)
        return;
    if (event->type == SPECTACLES_BROKER_EVENT_CONFIRMED)
        on_confirmed(relay, publish);
    else if (publish->kind == SP_PUBLISH_COMMAND)
        sp_relay_command_returned(relay, publish, event, now);
    else if (publish->kind == SP_PUBLISH_GAP)
        sp_relay_gap_returned(relay, publish, now);
    else if (event->type == SPECTACLES_BROKER_EVENT_RETURNED)
        on_unroutable(relay, publish, event, now);
    else
        on_refused(relay, publish, event, now);
    settle(relay, publish);
}

static void on_events_event(spectacles_relay *relay, const spectacles_broker_event *event, uint64_t now)
{
    switch (event->type) {
    case SPECTACLES_BROKER_EVENT_CONFIRMED:
    case SPECTACLES_BROKER_EVENT_RETURNED:
    case SPECTACLES_BROKER_EVENT_FAILED:
        on_outcome(relay, event, now);
        break;
    case SPECTACLES_BROKER_EVENT_CLOSED:
        relay->events_closed = true;
        break;
    default:
        break;
    }
    sp_relay_tell_connection(relay, SPECTACLES_RELAY_EVENTS, event);
}

bool sp_relay_pull_events(spectacles_relay *relay, uint64_t now)
{
    const spectacles_broker_event *event;
    int pulled = 0;
    while (pulled < SP_RELAY_QUANTUM && relay->news.count == 0 &&
           (event = spectacles_broker_next_event(relay->events, now))) {
        pulled++;
        on_events_event(relay, event, now);
    }
    return pulled > 0;
}
