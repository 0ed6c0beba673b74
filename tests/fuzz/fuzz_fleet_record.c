/*
 * Records of a fleet, from a queue that others write to. What was read is written, and reads as the same again. Merged
 * with itself it stays what it is.
 */
#include "fleet/record.h"
#include "fuzz.h"

static const sp_fleet_place place = {.bot = "3c469e9d6c5875d37a43f353d4f88e61", .set = "1000-1", .slot = 3};

static void write(sp_fleet_record *record, sp_buffer *out)
{
    int error = sp_fleet_record_write(record, &place, out);
    must(!error || error == SPECTACLES_E_TOOBIG);
}

static void same(const sp_buffer *one, const sp_buffer *two)
{
    must(sp_buffer_length(one) == sp_buffer_length(two));
    must(!memcmp(sp_buffer_slice(one).bytes, sp_buffer_slice(two).bytes, sp_buffer_length(one)));
}

static void round_trip(sp_fleet_record *record)
{
    sp_fleet_record again;
    sp_buffer one = {0}, two = {0};
    write(record, &one);
    if (sp_buffer_length(&one) <= SP_FLEET_RECORD_MAX) {
        must(!sp_fleet_record_read(sp_buffer_slice(&one), &place, &again, NULL));
        write(&again, &two);
        same(&one, &two);
        must(sp_fleet_content_covers(&record->content, &again.content));
        must(!sp_fleet_content_merge(&record->content, &again.content));
        write(record, &two);
        same(&one, &two);
    }
    sp_buffer_free(&one);
    sp_buffer_free(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    sp_fleet_record record;
    spectacles_problem problem = {.text = ""};
    if (sp_fleet_record_read((sp_slice){bytes, length}, &place, &record, &problem)) {
        must(problem.text[0]);
        return 0;
    }
    round_trip(&record);
    sp_fleet_record_free(&record);
    return 0;
}
