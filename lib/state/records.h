#ifndef SP_STATE_RECORDS_H
#define SP_STATE_RECORDS_H

#include "state/record.h"

/* Records in the order of their shard ids, one for each. */
typedef struct sp_records {
    sp_record **list;
    size_t count;
    size_t capacity;
} sp_records;

void sp_records_free(sp_records *records);

/* NULL when there is none. */
sp_record *sp_records_find(const sp_records *records, uint32_t shard_id);

/* Makes room for so many more. SPECTACLES_E_NOMEM. */
int sp_records_reserve(sp_records *records, size_t more);

/* Takes a record over, for which there has to be room. The one of the same shard is freed. */
void sp_records_put(sp_records *records, sp_record *record);

/* Frees the record of a shard; false when there is none. */
bool sp_records_remove(sp_records *records, uint32_t shard_id);

#endif
