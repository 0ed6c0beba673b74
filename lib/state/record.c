/*
 * One record: the session and the gaps of one shard. It owns its texts, and holds only what the reader would accept.
 * read.c, take.c and state.c call it to fill records, write.c to write them.
 */
#include "state/record.h"

#include "core/text.h"

#include <spectacles/codec.h>
#include <stdlib.h>
#include <string.h>

sp_record *sp_record_new(uint32_t shard_id, uint32_t shard_count)
{
    sp_record *record = calloc(1, sizeof *record);
    if (!record)
        return NULL;
    record->shard_id = shard_id;
    record->shard_count = shard_count;
    record->gaps = sp_ring_of(sizeof(sp_record_gap));
    return record;
}

static void free_gap(sp_record_gap *gap)
{
    free(gap->old_session_id);
    free(gap->new_session_id);
}

void sp_record_free(sp_record *record)
{
    if (!record)
        return;
    for (size_t i = 0; i < record->gaps.count; i++)
        free_gap(sp_ring_at(&record->gaps, i));
    sp_ring_free(&record->gaps);
    free(record->session_id);
    free(record->resume_url);
    free(record);
}

bool sp_record_id_is_valid(const char *id)
{
    size_t length = strnlen(id, SP_STATE_SESSION_ID_MAX + 1);
    return length > 0 && length <= SP_STATE_SESSION_ID_MAX && sp_text_is_graphic(id);
}

static bool url_is_valid(const char *url)
{
    return url && strnlen(url, SP_STATE_URL_MAX + 1) <= SP_STATE_URL_MAX && sp_text_is_graphic(url);
}

int sp_record_set_session(sp_record *record, const spectacles_session *session)
{
    const char *url = url_is_valid(session->resume_url) ? session->resume_url : "";
    if (!session->session_id || !sp_record_id_is_valid(session->session_id) ||
        session->format > SPECTACLES_FORMAT_ETF)
        return SPECTACLES_E_INVAL;
    char *id_copy = sp_text_copy(session->session_id, strlen(session->session_id));
    char *url_copy = sp_text_copy(url, strlen(url));
    if (!id_copy || !url_copy) {
        free(id_copy);
        free(url_copy);
        return SPECTACLES_E_NOMEM;
    }
    record->session_id = id_copy;
    record->resume_url = url_copy;
    record->seq = session->seq;
    record->format = session->format;
    return SPECTACLES_OK;
}

/* Copies a session id. NULL stays NULL. False when memory ran out. */
static bool copy_id(char **out, const char *id)
{
    *out = id ? sp_text_copy(id, strlen(id)) : NULL;
    return *out || !id;
}

int sp_record_add_gap(sp_record *record, const spectacles_gap *gap)
{
    sp_record_gap copy = {.seq = gap->seq, .next = gap->next, .time = gap->unix_time};
    if (gap->new_session_id && gap->next == 0)
        return SPECTACLES_E_INVAL;
    if ((gap->old_session_id && !sp_record_id_is_valid(gap->old_session_id)) ||
        (gap->new_session_id && !sp_record_id_is_valid(gap->new_session_id)))
        return SPECTACLES_E_INVAL;
    if (copy_id(&copy.old_session_id, gap->old_session_id) &&
        copy_id(&copy.new_session_id, gap->new_session_id)) {
        sp_record_gap *kept = sp_ring_push(&record->gaps);
        if (kept) {
            *kept = copy;
            return SPECTACLES_OK;
        }
    }
    free_gap(&copy);
    return SPECTACLES_E_NOMEM;
}

spectacles_gap sp_record_unknown(uint32_t shard_id, uint64_t time)
{
    return (spectacles_gap){
        .size = sizeof(spectacles_gap), .shard_id = shard_id, .next = 1, .unix_time = time};
}

int sp_record_add_unknown(sp_record *record, uint64_t time)
{
    spectacles_gap gap = sp_record_unknown(record->shard_id, time);
    return sp_record_add_gap(record, &gap);
}

bool sp_record_is_empty(const sp_record *record)
{
    return !record->session_id && record->gaps.count == 0;
}

static bool same_text(const char *one, const char *other)
{
    return one && other ? strcmp(one, other) == 0 : one == other;
}

static bool same_gap(const sp_record_gap *one, const sp_record_gap *other)
{
    return one->seq == other->seq && one->next == other->next && one->time == other->time &&
           same_text(one->old_session_id, other->old_session_id) &&
           same_text(one->new_session_id, other->new_session_id);
}

static bool same_gaps(const sp_ring *one, const sp_ring *other)
{
    if (one->count != other->count)
        return false;
    for (size_t i = 0; i < one->count; i++) {
        if (!same_gap(sp_ring_at(one, i), sp_ring_at(other, i)))
            return false;
    }
    return true;
}

bool sp_record_equals(const sp_record *one, const sp_record *other)
{
    return one->shard_id == other->shard_id && one->shard_count == other->shard_count &&
           one->seq == other->seq && one->format == other->format &&
           same_text(one->session_id, other->session_id) && same_text(one->resume_url, other->resume_url) &&
           same_gaps(&one->gaps, &other->gaps);
}

spectacles_session sp_record_session(const sp_record *record)
{
    return (spectacles_session){.size = sizeof(spectacles_session),
                                .shard_id = record->shard_id,
                                .shard_count = record->shard_count,
                                .seq = record->seq,
                                .session_id = record->session_id,
                                .resume_url = record->resume_url,
                                .format = record->format};
}

spectacles_gap sp_record_gap_at(const sp_record *record, size_t index)
{
    const sp_record_gap *gap = sp_ring_at(&record->gaps, index);
    return (spectacles_gap){.size = sizeof(spectacles_gap),
                            .shard_id = record->shard_id,
                            .seq = gap->seq,
                            .next = gap->next,
                            .unix_time = gap->time,
                            .old_session_id = gap->old_session_id,
                            .new_session_id = gap->new_session_id};
}
