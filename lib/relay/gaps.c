#include "codec/json.h"
#include "core/config.h"
#include "core/export.h"
#include "relay/relay.h"
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
    return gap->new_session[0] == '\0';
}

static bool is_last_open(const sp_member *member)
{
    const sp_gap *last = sp_ring_at(&member->gaps, member->gaps.count - 1);
    return last && is_open(last);
}

static uint64_t unix_time(const spectacles_relay *relay, uint64_t now)
{
    return relay->unix_offset ? now + relay->unix_offset : 0;
}

/* ---- From a former process ---- */

static sp_member *member_of(const spectacles_relay *relay, uint32_t shard_id)
{
    for (size_t i = 0; i < relay->member_count; i++) {
        if (relay->members[i].id == shard_id)
            return &relay->members[i];
    }
    return NULL;
}

int sp_relay_import_gaps(spectacles_relay *relay, const spectacles_relay_config *config,
                         spectacles_problem *problem)
{
    for (size_t i = 0; i < config->gaps_length; i++) {
        const spectacles_gap *given = &config->gaps[i];
        sp_member *member = member_of(relay, given->shard_id);
        if (given->size != sizeof *given)
            return sp_refuse(problem, SPECTACLES_E_INVAL, "the size of a gap is not sizeof(spectacles_gap)");
        if (!member)
            return sp_refuse(problem, SPECTACLES_E_INVAL, "a gap is of no shard that is served here");
        /* Both would end with the same session, and so have one id. */
        if (!given->new_session && is_last_open(member))
            continue;
        sp_gap *gap = sp_ring_push(&member->gaps);
        if (!gap)
            return SPECTACLES_E_NOMEM;
        *gap = (sp_gap){.seq = given->seq, .next = given->next, .time = given->time};
        copy_id(gap->old_session, given->old_session);
        copy_id(gap->new_session, given->new_session);
    }
    return SPECTACLES_OK;
}

static void describe(const sp_member *member, const sp_gap *gap, spectacles_gap *out)
{
    *out = (spectacles_gap){.size = sizeof *out,
                            .shard_id = member->id,
                            .seq = gap->seq,
                            .next = gap->next,
                            .time = gap->time,
                            .old_session = gap->old_session[0] ? gap->old_session : NULL,
                            .new_session = gap->new_session[0] ? gap->new_session : NULL};
}

SPECTACLES_EXPORT int spectacles_relay_gap(const spectacles_relay *relay, size_t index, spectacles_gap *out)
{
    for (size_t i = 0; i < relay->member_count; i++) {
        const sp_member *member = &relay->members[i];
        if (index < member->gaps.count) {
            describe(member, sp_ring_at(&member->gaps, index), out);
            return 1;
        }
        index -= member->gaps.count;
    }
    return 0;
}

/* ---- Beginning and ending ---- */

/* The last one is open again, and will declare what came since as well: more than is missing, but nothing less. */
static void reopen(sp_member *member)
{
    sp_gap *last = sp_ring_at(&member->gaps, member->gaps.count - 1);
    *last->new_session = '\0';
    last->tag = last->not_before = 0;
    last->told = false;
}

void sp_relay_open_gap(const spectacles_relay *relay, sp_member *member, const char *old_session,
                       uint64_t seq, uint64_t now)
{
    /* It goes on: nothing was received since it began. */
    if (is_last_open(member))
        return;
    sp_gap *gap = sp_ring_push(&member->gaps);
    /* SP_RELAY_GAPS of them always find room, so that there is a last one. */
    if (!gap) {
        reopen(member);
        return;
    }
    *gap = (sp_gap){.seq = seq, .next = 1, .time = unix_time(relay, now)};
    copy_id(gap->old_session, old_session);
}

void sp_relay_end_gaps(sp_member *member)
{
    for (size_t i = 0; i < member->gaps.count; i++) {
        sp_gap *gap = sp_ring_at(&member->gaps, i);
        if (!is_open(gap))
            continue;
        copy_id(gap->new_session, member->session);
        gap->next = 1;
    }
}

int sp_relay_skip_gap(const spectacles_relay *relay, sp_member *member, uint64_t seq, uint64_t now)
{
    sp_gap *gap = sp_ring_push(&member->gaps);
    if (!gap)
        return SPECTACLES_E_NOMEM;
    *gap = (sp_gap){.seq = seq - 1, .next = seq + 1, .time = unix_time(relay, now)};
    copy_id(gap->old_session, member->session);
    copy_id(gap->new_session, member->session);
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

static int write_body(sp_buffer *out, const sp_member *member, uint32_t shard_count, const sp_gap *gap)
{
    sp_buffer_clear(out);
    sp_buffer_text(out, "{\"shard\":[");
    sp_buffer_decimal(out, member->id);
    sp_buffer_text(out, ",");
    sp_buffer_decimal(out, shard_count);
    write_session(out, "],\"old_session\":", gap->old_session);
    write_session(out, ",\"new_session\":", gap->new_session);
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

static int publish(spectacles_relay *relay, const sp_member *member, const sp_gap *gap, uint64_t *tag)
{
    char id[SP_RELAY_SESSION_MAX + 32];
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    snprintf(id, sizeof id, "%s:gap:%llu", gap->new_session, (unsigned long long)gap->next);
    int error = write_body(&relay->json, member, relay->shard_count, gap);
    if (error != SPECTACLES_OK)
        return error;
    sp_slice body = sp_buffer_slice(&relay->json);
    /* Until its queue is declared it would vanish unseen. */
    message.flags = SPECTACLES_MESSAGE_MANDATORY;
    message.key = SP_ROUTE_GAP;
    message.key_length = strlen(SP_ROUTE_GAP);
    message.body = body.bytes;
    message.body_length = body.length;
    message.format = SPECTACLES_FORMAT_JSON;
    message.message_id = id;
    return spectacles_broker_publish(relay->events, &message, tag);
}

static void tell(spectacles_relay *relay, const sp_member *member, sp_gap *gap)
{
    sp_relay_news *news = gap->told ? NULL : sp_relay_tell(relay, SPECTACLES_RELAY_EVENT_SHARD_GAP);
    if (!news)
        return;
    gap->told = true;
    news->event.shard_id = member->id;
    news->event.seq = gap->seq;
    news->event.time = gap->time;
    copy_id(news->old_session, gap->old_session);
    sp_relay_name(news, gap->new_session, strlen(gap->new_session));
    if (strcmp(gap->old_session, gap->new_session) == 0)
        sp_text_set(&news->text, "the dispatch with sequence %llu could not be published",
                    (unsigned long long)gap->seq + 1);
    else if (gap->old_session[0])
        sp_text_set(&news->text, "its session was lost: what came after sequence %llu of it may be missing",
                    (unsigned long long)gap->seq);
    else
        sp_text_set(&news->text, "its former session is not known: what came before this one may be missing");
}

static bool publish_gap(spectacles_relay *relay, uint32_t number, sp_gap *gap)
{
    const sp_member *member = &relay->members[number];
    sp_publish *kept = sp_ring_push(&relay->publishes);
    if (!kept)
        return false;
    *kept = (sp_publish){.kind = SP_PUBLISH_GAP, .member = number};
    if (publish(relay, member, gap, &kept->tag) != SPECTACLES_OK) {
        sp_ring_pop_back(&relay->publishes);
        return false;
    }
    gap->tag = kept->tag;
    tell(relay, member, gap);
    return true;
}

static bool is_due(const spectacles_relay *relay, const sp_gap *gap, uint64_t now)
{
    return !is_open(gap) && gap->tag == 0 && now >= gap->not_before && spectacles_broker_room(relay->events);
}

bool sp_relay_publish_gaps(spectacles_relay *relay, uint64_t now)
{
    bool published = false;
    for (uint32_t number = 0; number < relay->member_count && !relay->stopping; number++) {
        const sp_ring *gaps = &relay->members[number].gaps;
        for (size_t i = 0; i < gaps->count; i++) {
            sp_gap *gap = sp_ring_at(gaps, i);
            published |= is_due(relay, gap, now) && publish_gap(relay, number, gap);
        }
    }
    return published;
}

bool sp_relay_gap_waits(const sp_member *member)
{
    for (size_t i = 0; i < member->gaps.count; i++) {
        const sp_gap *gap = sp_ring_at(&member->gaps, i);
        if (!is_open(gap) && gap->tag == 0 && gap->not_before == 0)
            return true;
    }
    return false;
}

/* ---- What became of it ---- */

static sp_gap *find(const sp_member *member, uint64_t tag, size_t *index)
{
    for (*index = 0; *index < member->gaps.count; (*index)++) {
        sp_gap *gap = sp_ring_at(&member->gaps, *index);
        if (gap->tag == tag)
            return gap;
    }
    return NULL;
}

void sp_relay_gap_confirmed(spectacles_relay *relay, const sp_publish *publish)
{
    size_t index;
    sp_member *member = &relay->members[publish->member];
    if (!find(member, publish->tag, &index))
        return;
    sp_ring_remove(&member->gaps, index);
    relay->stats.gaps++;
}

/* Its queue does not stand yet, or was deleted: it will be declared again. */
void sp_relay_gap_returned(spectacles_relay *relay, const sp_publish *publish, uint64_t now)
{
    size_t index;
    sp_gap *gap = find(&relay->members[publish->member], publish->tag, &index);
    if (!gap)
        return;
    gap->tag = 0;
    gap->not_before = now + SP_RELAY_RETRY;
}

uint64_t sp_relay_gaps_deadline(const spectacles_relay *relay)
{
    uint64_t deadline = SPECTACLES_NEVER;
    if (relay->stopping || !spectacles_broker_room(relay->events))
        return deadline;
    for (size_t i = 0; i < relay->member_count; i++) {
        const sp_ring *gaps = &relay->members[i].gaps;
        for (size_t j = 0; j < gaps->count; j++) {
            const sp_gap *gap = sp_ring_at(gaps, j);
            if (gap->tag == 0 && gap->not_before > 0 && gap->not_before < deadline)
                deadline = gap->not_before;
        }
    }
    return deadline;
}
