/*
 * Gaps: dispatches that will never come. Each gap is published, and kept until the broker has confirmed it. Called by
 * shards.c (a session is lost, or begins), by dispatches.c (a dispatch that cannot be published), by confirms.c and by
 * relay.c.
 */
#include "relay/gaps.h"

#include "codec/json.h"
#include "core/config.h"
#include "core/export.h"
#include "core/stream.h"
#include "relay/events.h"
#include "relay/outlet.h"
#include "relay/publishes.h"
#include "relay/served.h"
#include "routing/route.h"

#include <spectacles/codec.h>
#include <stdio.h>
#include <string.h>

static void copy_id(char *out, const char *id)
{
    snprintf(out, SP_RELAY_SESSION_MAX + 1, "%s", id ? id : "");
}

static bool is_open(const sp_gap *gap)
{
    return gap->new_session_id[0] == '\0';
}

static bool is_last_open(const sp_relay_shard *shard)
{
    const sp_gap *last = sp_ring_back(&shard->gaps);
    return last && is_open(last);
}

static uint64_t unix_time(const spectacles_relay *relay, uint64_t now)
{
    return relay->unix_offset ? now + relay->unix_offset : 0;
}

/*
 * When the first gap of a shard may be published that was not published yet: 0 for now, SPECTACLES_NEVER for never.
 */
static uint64_t first_due(const sp_relay_shard *shard)
{
    uint64_t first = SPECTACLES_NEVER;
    /* Nothing of a session leaves before the owner has stored the session. */
    for (size_t i = 0; i < shard->gaps.count && !shard->unstored; i++) {
        const sp_gap *gap = sp_ring_at(&shard->gaps, i);
        if (!is_open(gap) && gap->tag == 0 && gap->not_before < first)
            first = gap->not_before;
    }
    return first;
}

bool sp_relay_gap_is_due(const sp_relay_shard *shard)
{
    return first_due(shard) != SPECTACLES_NEVER;
}

/* Called when the gaps of a shard may be published at another time: lists the shard, or sets its timer. */
void sp_relay_schedule_gaps(spectacles_relay *relay, sp_relay_shard *shard)
{
    uint64_t due = first_due(shard);
    sp_timer_set(&relay->gaps_timers, &shard->gaps_timer, due > 0 ? due : SPECTACLES_NEVER);
    if (due == 0)
        sp_list_add(&relay->with_gaps, &shard->gaps_node);
}

/* ---- From a former process ---- */

static int import_gap(spectacles_relay *relay, sp_relay_shard *shard, const spectacles_gap *given)
{
    /* Two open gaps would end with the same new session, and so have the same message-id. */
    if (!given->new_session_id && is_last_open(shard))
        return SPECTACLES_OK;
    sp_gap *gap = sp_ring_push(&shard->gaps);
    if (!gap)
        return SPECTACLES_E_NOMEM;
    *gap = (sp_gap){.seq = given->seq, .next = given->next, .time = given->unix_time};
    copy_id(gap->old_session_id, given->old_session_id);
    copy_id(gap->new_session_id, given->new_session_id);
    sp_relay_note_change(relay, shard);
    sp_relay_schedule_gaps(relay, shard);
    return SPECTACLES_OK;
}

int sp_relay_import_gaps(spectacles_relay *relay, const spectacles_gap *gaps, size_t count,
                         spectacles_problem *problem)
{
    int error = SPECTACLES_OK;
    for (size_t i = 0; i < count && error == SPECTACLES_OK; i++) {
        if (gaps[i].size != sizeof gaps[i])
            return sp_refuse(problem, SPECTACLES_E_INVAL, "the size of a gap is not sizeof(spectacles_gap)");
        if (gaps[i].new_session_id && gaps[i].next == 0)
            return sp_refuse(problem, SPECTACLES_E_INVAL,
                             "a gap with a new session has next 0: the first sequence of a session is 1");
        sp_relay_shard *shard = sp_relay_find_shard(relay, gaps[i].shard_id);
        if (!shard)
            return sp_refuse(problem, SPECTACLES_E_INVAL, "a gap is of no shard that is served here");
        error = import_gap(relay, shard, &gaps[i]);
    }
    return error;
}

static void describe(uint32_t shard_id, const sp_gap *gap, spectacles_gap *out)
{
    *out = (spectacles_gap){.size = sizeof *out,
                            .shard_id = shard_id,
                            .seq = gap->seq,
                            .next = gap->next,
                            .unix_time = gap->time,
                            .old_session_id = gap->old_session_id[0] ? gap->old_session_id : NULL,
                            .new_session_id = gap->new_session_id[0] ? gap->new_session_id : NULL};
}

SPECTACLES_EXPORT void spectacles_gap_init(spectacles_gap *gap, size_t size)
{
    const spectacles_gap empty = {0};
    sp_config_write(gap, size, &empty, sizeof empty);
}

SPECTACLES_EXPORT int spectacles_relay_gap(const spectacles_relay *relay, uint32_t shard_id, size_t index,
                                           spectacles_gap *out)
{
    const sp_relay_shard *shard = sp_relay_find_shard(relay, shard_id);
    const sp_ring *gaps = shard ? &shard->gaps : &relay->left_gaps;
    if ((!shard && shard_id != relay->left_id) || index >= gaps->count)
        return 0;
    describe(shard_id, sp_ring_at(gaps, index), out);
    return 1;
}

/* ---- For the next process ---- */

void sp_relay_leave_gaps(spectacles_relay *relay, sp_relay_shard *shard)
{
    sp_relay_forget_left_gaps(relay);
    relay->left_gaps = shard->gaps;
    relay->left_id = shard->id;
    shard->gaps = sp_ring_of(sizeof(sp_gap));
}

void sp_relay_forget_left_gaps(spectacles_relay *relay)
{
    sp_ring_free(&relay->left_gaps);
}

/* ---- Beginning and ending ---- */

/* Opens the last gap again. It then declares the dispatches since as well: more than is missing, and never less. */
static void reopen(sp_relay_shard *shard)
{
    sp_gap *last = sp_ring_at(&shard->gaps, shard->gaps.count - 1);
    *last->new_session_id = '\0';
    last->tag = last->not_before = 0;
    last->reported = false;
}

void sp_relay_open_gap(spectacles_relay *relay, sp_relay_shard *shard, const char *old_session, uint64_t seq,
                       uint64_t now)
{
    /* The open gap continues: nothing was received since it began. */
    if (is_last_open(shard))
        return;
    sp_relay_note_change(relay, shard);
    sp_gap *gap = sp_ring_push(&shard->gaps);
    /* Memory for SP_RELAY_GAPS is reserved, so that there is a last gap. */
    if (!gap) {
        reopen(shard);
        return;
    }
    *gap = (sp_gap){.seq = seq, .next = 1, .time = unix_time(relay, now), .noticed = true};
    copy_id(gap->old_session_id, old_session);
}

/* A record that was written once stays as it is: all copies of it are the same. */
void sp_relay_shift_gaps(spectacles_relay *relay, sp_relay_shard *shard, uint64_t shift)
{
    for (size_t i = 0; i < shard->gaps.count; i++) {
        sp_gap *gap = sp_ring_at(&shard->gaps, i);
        if (gap->noticed && gap->time && gap->tag == 0)
            gap->time += shift;
    }
    if (shard->gaps.count > 0)
        sp_relay_note_change(relay, shard);
}

void sp_relay_end_gaps(spectacles_relay *relay, sp_relay_shard *shard)
{
    for (size_t i = 0; i < shard->gaps.count; i++) {
        sp_gap *gap = sp_ring_at(&shard->gaps, i);
        if (!is_open(gap))
            continue;
        copy_id(gap->new_session_id, shard->session);
        gap->next = 1;
    }
    sp_relay_note_change(relay, shard);
    sp_relay_schedule_gaps(relay, shard);
}

int sp_relay_add_dispatch_gap(spectacles_relay *relay, sp_relay_shard *shard, uint64_t seq, uint64_t now)
{
    sp_gap *gap = sp_ring_push(&shard->gaps);
    if (!gap)
        return SPECTACLES_E_NOMEM;
    *gap = (sp_gap){.seq = seq - 1, .next = seq + 1, .time = unix_time(relay, now), .noticed = true};
    copy_id(gap->old_session_id, shard->session);
    copy_id(gap->new_session_id, shard->session);
    sp_relay_note_change(relay, shard);
    sp_relay_schedule_gaps(relay, shard);
    return SPECTACLES_OK;
}

/* ---- Publishing ---- */

static void write_session(sp_buffer *out, const char *key, const char *session)
{
    sp_buffer_text(out, key);
    if (session[0])
        sp_json_write_text(out, session, strlen(session));
    else
        sp_buffer_text(out, "null");
}

static int write_body(sp_buffer *out, const sp_relay_shard *shard, uint32_t shard_count, const sp_gap *gap)
{
    sp_buffer_clear(out);
    sp_buffer_text(out, "{\"shard\":[");
    sp_buffer_decimal(out, shard->id);
    sp_buffer_text(out, ",");
    sp_buffer_decimal(out, shard_count);
    write_session(out, "],\"old_session\":", gap->old_session_id);
    write_session(out, ",\"new_session\":", gap->new_session_id);
    sp_buffer_text(out, ",\"seq\":");
    sp_buffer_decimal(out, gap->seq);
    sp_buffer_text(out, ",\"next\":");
    sp_buffer_decimal(out, gap->next);
    sp_buffer_text(out, ",\"time\":");
    if (gap->time)
        sp_buffer_decimal(out, gap->time);
    else
        sp_buffer_text(out, "null");
    sp_buffer_text(out, "}");
    return sp_buffer_failed(out);
}

static int publish(spectacles_relay *relay, const sp_relay_shard *shard, const sp_gap *gap, sp_publish *kept)
{
    char id[SP_RELAY_ID_SIZE];
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    snprintf(id, sizeof id, "%s:gap:%llu", gap->new_session_id, (unsigned long long)gap->next);
    int error = write_body(&relay->json, shard, relay->shard_count, gap);
    if (error != SPECTACLES_OK)
        return error;
    sp_slice body = sp_buffer_slice(&relay->json);
    /* Without this flag the message would be dropped silently when it has no queue. */
    message.flags = SPECTACLES_MESSAGE_MANDATORY;
    message.key = SP_ROUTE_GAP;
    message.key_length = strlen(SP_ROUTE_GAP);
    message.body = body.bytes;
    message.body_length = body.length;
    message.format = SPECTACLES_FORMAT_JSON;
    message.message_id = id;
    return sp_outlet_publish(relay, &message, kept);
}

static void report(spectacles_relay *relay, const sp_relay_shard *shard, sp_gap *gap)
{
    sp_relay_pending *queued =
        gap->reported ? NULL : sp_relay_queue_event(relay, SPECTACLES_RELAY_EVENT_SHARD_GAP);
    if (!queued)
        return;
    gap->reported = true;
    queued->event.shard_id = shard->id;
    queued->event.seq = gap->seq;
    queued->event.unix_time = gap->time;
    copy_id(queued->old_session_id, gap->old_session_id);
    copy_id(queued->session_id, gap->new_session_id);
    if (strcmp(gap->old_session_id, gap->new_session_id) == 0)
        sp_text_set(&queued->text, "the dispatch with sequence %llu could not be published",
                    (unsigned long long)gap->seq + 1);
    else if (gap->old_session_id[0])
        sp_text_set(&queued->text, "its session was lost: what came after sequence %llu of it may be missing",
                    (unsigned long long)gap->seq);
    else
        sp_text_set(&queued->text,
                    "its former session is not known: what came before this one may be missing");
}

static bool publish_gap(spectacles_relay *relay, sp_relay_shard *shard, sp_gap *gap)
{
    sp_publish *kept = sp_ring_push(&relay->publishes);
    if (!kept)
        return false;
    *kept = (sp_publish){.kind = SP_PUBLISH_GAP, .shard = shard, .shard_id = shard->id};
    if (publish(relay, shard, gap, kept) != SPECTACLES_OK) {
        sp_ring_pop_back(&relay->publishes);
        return false;
    }
    gap->tag = kept->tag;
    shard->open++;
    report(relay, shard, gap);
    return true;
}

static bool is_due(const spectacles_relay *relay, const sp_gap *gap, uint64_t now)
{
    return !is_open(gap) && gap->tag == 0 && now >= gap->not_before && sp_outlet_has_room(relay);
}

static bool publish_gaps_of(spectacles_relay *relay, sp_relay_shard *shard, uint64_t now)
{
    bool published = false;
    for (size_t i = 0; i < shard->gaps.count && !shard->unstored; i++) {
        sp_gap *gap = sp_ring_at(&shard->gaps, i);
        published |= is_due(relay, gap, now) && publish_gap(relay, shard, gap);
    }
    sp_relay_schedule_gaps(relay, shard);
    /* The shard may be pulled again, whose dispatches waited behind the gap. */
    if (published)
        sp_stream_touch(spectacles_shard_stream(shard->engine));
    return published;
}

static void take_due(spectacles_relay *relay, uint64_t now)
{
    sp_timer *timer;
    while ((timer = sp_timers_take_due(&relay->gaps_timers, now)))
        sp_list_add(&relay->with_gaps, &sp_list_owner(timer, sp_relay_shard, gaps_timer)->gaps_node);
}

/* A gap that could not be published stays in the list, and is tried again in the next call. */
bool sp_relay_publish_gaps(spectacles_relay *relay, uint64_t now)
{
    bool published = false;
    sp_list_node *node;
    sp_list due;
    if (sp_relay_is_stopping(relay) || !sp_outlet_has_room(relay))
        return false;
    take_due(relay, now);
    sp_list_init(&due);
    sp_list_move(&due, &relay->with_gaps);
    while ((node = sp_list_take(&due)))
        published |= publish_gaps_of(relay, sp_list_owner(node, sp_relay_shard, gaps_node), now);
    return published;
}

bool sp_relay_gap_waits(const sp_relay_shard *shard)
{
    for (size_t i = 0; i < shard->gaps.count; i++) {
        const sp_gap *gap = sp_ring_at(&shard->gaps, i);
        if (!is_open(gap) && gap->tag == 0 && gap->not_before == 0)
            return true;
    }
    return false;
}

/* ---- What became of it ---- */

static sp_gap *find(const sp_relay_shard *shard, uint64_t tag, size_t *index)
{
    for (*index = 0; *index < shard->gaps.count; (*index)++) {
        sp_gap *gap = sp_ring_at(&shard->gaps, *index);
        if (gap->tag == tag)
            return gap;
    }
    return NULL;
}

static void count_gap(spectacles_relay *relay, const sp_gap *gap)
{
    relay->stats.gaps++;
    if (!gap->old_session_id[0])
        relay->stats.gaps_unknown++;
    else if (strcmp(gap->old_session_id, gap->new_session_id) == 0)
        relay->stats.gaps_dispatches++;
    else
        relay->stats.gaps_sessions++;
}

void sp_relay_gap_confirmed(spectacles_relay *relay, const sp_publish *publish)
{
    size_t index;
    sp_relay_shard *shard = publish->shard;
    const sp_gap *gap = shard ? find(shard, publish->tag, &index) : NULL;
    if (!gap)
        return;
    count_gap(relay, gap);
    sp_ring_remove(&shard->gaps, index);
    sp_relay_note_change(relay, shard);
}

/* The queue of gaps does not exist yet, or was deleted. It is declared again, and the gap is published again. */
void sp_relay_gap_returned(spectacles_relay *relay, const sp_publish *publish, uint64_t now)
{
    size_t index;
    sp_gap *gap = publish->shard ? find(publish->shard, publish->tag, &index) : NULL;
    if (!gap)
        return;
    gap->tag = 0;
    gap->not_before = now + SP_RELAY_RETRY;
    sp_relay_schedule_gaps(relay, publish->shard);
}

/* Without room in the window a gap waits for the broker, and not for a time. */
uint64_t sp_relay_gaps_deadline(const spectacles_relay *relay)
{
    if (sp_relay_is_stopping(relay) || !sp_outlet_has_room(relay))
        return SPECTACLES_NEVER;
    return sp_timers_deadline(&relay->gaps_timers);
}
