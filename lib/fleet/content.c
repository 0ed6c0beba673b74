/*
 * The content of a slot, and how two contents merge. Pure. Called by record.c, which reads and writes contents, and by
 * lease.c, which merges them.
 */
#include "fleet/content.h"

#include "core/sorted.h"

#include <stdlib.h>
#include <string.h>

enum {
    CAPACITY_MIN = 4
};

int sp_fleet_version_compare(sp_fleet_version one, sp_fleet_version other)
{
    if (one.epoch != other.epoch)
        return one.epoch < other.epoch ? -1 : 1;
    return one.write == other.write ? 0 : one.write < other.write ? -1 : 1;
}

void sp_fleet_content_free(sp_fleet_content *content)
{
    for (size_t i = 0; i < content->count; i++)
        sp_record_free(content->shards[i].record);
    free(content->shards);
    free(content->control);
    *content = (sp_fleet_content){0};
}

/* ---- Shards ---- */

static uint32_t id_at(const void *shards, size_t index)
{
    return ((const sp_fleet_shard *)shards)[index].record->shard_id;
}

static size_t place_of(const sp_fleet_content *content, uint32_t shard_id)
{
    return sp_sorted_place(content->shards, content->count, shard_id, id_at);
}

sp_fleet_shard *sp_fleet_content_find(const sp_fleet_content *content, uint32_t shard_id)
{
    size_t place = place_of(content, shard_id);
    bool found = place < content->count && id_at(content->shards, place) == shard_id;
    return found ? content->shards + place : NULL;
}

/* Makes room for so many entries in all. SPECTACLES_E_NOMEM. */
static int reserve(sp_fleet_content *content, size_t wanted)
{
    size_t capacity = content->capacity ? content->capacity : CAPACITY_MIN;
    if (wanted <= content->capacity)
        return SPECTACLES_OK;
    while (capacity < wanted)
        capacity *= 2;
    sp_fleet_shard *shards = realloc(content->shards, capacity * sizeof *shards);
    if (!shards)
        return SPECTACLES_E_NOMEM;
    content->shards = shards;
    content->capacity = capacity;
    return SPECTACLES_OK;
}

static void insert(sp_fleet_content *content, sp_record *record, sp_fleet_version since)
{
    size_t place = place_of(content, record->shard_id);
    memmove(content->shards + place + 1, content->shards + place,
            (content->count - place) * sizeof *content->shards);
    content->shards[place] = (sp_fleet_shard){.record = record, .since = since};
    content->count++;
}

static bool same_session(const sp_record *one, const sp_record *other)
{
    return one->session_id && other->session_id && strcmp(one->session_id, other->session_id) == 0;
}

/* Two different records with the same version: a rule that does not depend on which one came first. */
static bool is_preferred(const sp_record *one, const sp_record *other)
{
    if (!one->session_id || !other->session_id)
        return one->session_id != NULL;
    int order = strcmp(one->session_id, other->session_id);
    return order != 0 ? order > 0 : one->gaps.count > other->gaps.count;
}

static void merge_into(sp_fleet_shard *known, sp_record *record, sp_fleet_version since)
{
    int order = sp_fleet_version_compare(since, known->since);
    bool same = same_session(known->record, record);
    uint64_t seq = same && known->record->seq > record->seq ? known->record->seq : record->seq;
    if (order > 0 || (order == 0 && is_preferred(record, known->record))) {
        sp_record_free(known->record);
        record->seq = seq;
        *known = (sp_fleet_shard){.record = record, .since = since};
        return;
    }
    if (same)
        known->record->seq = seq;
    sp_record_free(record);
}

int sp_fleet_content_merge_shard(sp_fleet_content *content, sp_record *record, sp_fleet_version since)
{
    sp_fleet_shard *known = sp_fleet_content_find(content, record->shard_id);
    if (!known && reserve(content, content->count + 1) != SPECTACLES_OK)
        return SPECTACLES_E_NOMEM;
    if (known)
        merge_into(known, record, since);
    else
        insert(content, record, since);
    return SPECTACLES_OK;
}

/* ---- All of it ---- */

static void merge_control(sp_fleet_content *content, sp_fleet_content *other)
{
    int order = sp_fleet_version_compare(other->control_since, content->control_since);
    bool preferred = order == 0 && content->control && strcmp(other->control, content->control) > 0;
    if (content->control && order <= 0 && !preferred) {
        free(other->control);
        return;
    }
    free(content->control);
    content->control = other->control;
    content->control_since = other->control_since;
}

int sp_fleet_content_merge(sp_fleet_content *content, sp_fleet_content *other)
{
    if (reserve(content, content->count + other->count) != SPECTACLES_OK)
        return SPECTACLES_E_NOMEM;
    for (size_t i = 0; i < other->count; i++)
        sp_fleet_content_merge_shard(content, other->shards[i].record, other->shards[i].since);
    if (other->control)
        merge_control(content, other);
    free(other->shards);
    *other = (sp_fleet_content){0};
    return SPECTACLES_OK;
}

static bool covers(const sp_fleet_shard *known, const sp_fleet_shard *other)
{
    if (!known || sp_fleet_version_compare(known->since, other->since) < 0)
        return false;
    return !same_session(known->record, other->record) || known->record->seq >= other->record->seq;
}

bool sp_fleet_content_covers(const sp_fleet_content *content, const sp_fleet_content *other)
{
    for (size_t i = 0; i < other->count; i++) {
        if (!covers(sp_fleet_content_find(content, id_at(other->shards, i)), other->shards + i))
            return false;
    }
    return !other->control ||
           (content->control && sp_fleet_version_compare(content->control_since, other->control_since) >= 0);
}
