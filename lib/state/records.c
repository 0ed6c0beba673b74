/* The records of a state, in an array that is sorted by shard id. state.c, read.c and take.c call it. */
#include "state/records.h"

#include "core/sorted.h"

#include <stdlib.h>
#include <string.h>

enum {
    CAPACITY_MIN = 8
};

void sp_records_free(sp_records *records)
{
    for (size_t i = 0; i < records->count; i++)
        sp_record_free(records->list[i]);
    free(records->list);
    *records = (sp_records){0};
}

static uint32_t id_at(const void *list, size_t index)
{
    return ((sp_record *const *)list)[index]->shard_id;
}

/* The index of a shard's record, or the index where it would have to be. */
static size_t place_of(const sp_records *records, uint32_t shard_id)
{
    return sp_sorted_place(records->list, records->count, shard_id, id_at);
}

static bool is_at(const sp_records *records, size_t place, uint32_t shard_id)
{
    return place < records->count && records->list[place]->shard_id == shard_id;
}

sp_record *sp_records_find(const sp_records *records, uint32_t shard_id)
{
    size_t place = place_of(records, shard_id);
    return is_at(records, place, shard_id) ? records->list[place] : NULL;
}

int sp_records_reserve(sp_records *records, size_t more)
{
    size_t max = SIZE_MAX / sizeof(sp_record *) / 2;
    if (more > max || records->count > max - more)
        return SPECTACLES_E_NOMEM;
    size_t wanted = records->count + more;
    size_t capacity = records->capacity ? records->capacity : CAPACITY_MIN;
    if (wanted <= records->capacity)
        return SPECTACLES_OK;
    while (capacity < wanted)
        capacity *= 2;
    sp_record **list = realloc(records->list, capacity * sizeof(sp_record *));
    if (!list)
        return SPECTACLES_E_NOMEM;
    records->list = list;
    records->capacity = capacity;
    return SPECTACLES_OK;
}

void sp_records_put(sp_records *records, sp_record *record)
{
    size_t place = place_of(records, record->shard_id);
    if (is_at(records, place, record->shard_id)) {
        sp_record_free(records->list[place]);
        records->list[place] = record;
        return;
    }
    memmove(records->list + place + 1, records->list + place, (records->count - place) * sizeof(sp_record *));
    records->list[place] = record;
    records->count++;
}

bool sp_records_remove(sp_records *records, uint32_t shard_id)
{
    size_t place = place_of(records, shard_id);
    if (!is_at(records, place, shard_id))
        return false;
    sp_record_free(records->list[place]);
    records->count--;
    memmove(records->list + place, records->list + place + 1, (records->count - place) * sizeof(sp_record *));
    return true;
}
