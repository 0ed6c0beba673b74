#ifndef SP_STATE_RECORDS_H
#define SP_STATE_RECORDS_H

#include "state/record.h"

/* Records in the order of their shard ids, at most one for each shard. */
typedef struct sp_records {
    sp_record **list;
    size_t count;
    size_t capacity;
} sp_records;

/* Frees the records and the array. */
void sp_records_free(sp_records *records);

/* The record of a shard; NULL when there is none. */
sp_record *sp_records_find(const sp_records *records, uint32_t shard_id);

/* Makes room for `more` records. Returns 0 or SPECTACLES_E_NOMEM. */
int sp_records_reserve(sp_records *records, size_t more);

/* Takes a record over. There has to be room for it. It replaces the record of the same shard, which is freed. */
void sp_records_put(sp_records *records, sp_record *record);

/* Removes and frees the record of a shard. False when there is none. */
bool sp_records_remove(sp_records *records, uint32_t shard_id);

#endif
