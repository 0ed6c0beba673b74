#ifndef TESTS_UNIT_FLEET_RECORDS_H
#define TESTS_UNIT_FLEET_RECORDS_H

#include "fleet/record.h"

/* Records and contents that are made by hand, for the tests of a fleet. */

extern const sp_fleet_place place_three;

/* A record of a shard of 1000. session: NULL: it has none. gaps: how many. */
sp_record *shard_record(uint32_t shard_id, const char *session, uint64_t seq, int gaps);

/* Merges such a record, with this version. */
void content_add(sp_fleet_content *content, uint32_t shard_id, const char *session, uint64_t seq,
                 uint64_t epoch, uint64_t write);

/* The content as text, to compare: freed with free(). */
char *content_text(const sp_fleet_content *content);

/* A copy: what was written, read again. */
void content_copy(sp_fleet_content *out, const sp_fleet_content *from);

#endif
