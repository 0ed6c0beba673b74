#include "records.h"

#include "unit.h"

#include <stdio.h>

const sp_fleet_place place_three = {.bot = "3c469e9d6c5875d37a43f353d4f88e61", .set = "1000-1", .slot = 3};

sp_record *shard_record(uint32_t shard_id, const char *session, uint64_t seq, int gaps)
{
    sp_record *record = sp_record_new(shard_id, 1000);
    spectacles_session made = {.size = sizeof made,
                               .seq = seq,
                               .session_id = session,
                               .resume_url = "wss://gateway-us-east1-b.discord.gg",
                               .format = 1};
    assert_non_null(record);
    record->time = 1767225600000;
    if (session)
        assert_int_equal(sp_record_set_session(record, &made), SPECTACLES_OK);
    for (int i = 0; i < gaps; i++)
        assert_int_equal(sp_record_add_unknown(record, 1767225600000), SPECTACLES_OK);
    return record;
}

void content_add(sp_fleet_content *content, uint32_t shard_id, const char *session, uint64_t seq,
                 uint64_t epoch, uint64_t write)
{
    sp_record *record = shard_record(shard_id, session, seq, 0);
    assert_int_equal(sp_fleet_content_merge_shard(content, record, (sp_fleet_version){epoch, write}), 0);
}

static sp_buffer written(const sp_fleet_content *content)
{
    sp_buffer out = {0};
    sp_fleet_record record = {.kind = SP_FLEET_OWNED,
                              .version = {UINT64_MAX, UINT64_MAX},
                              .owner = "web-1",
                              .nonce = "n",
                              .content = *content};
    assert_int_equal(sp_fleet_record_write(&record, &place_three, &out), SPECTACLES_OK);
    return out;
}

char *content_text(const sp_fleet_content *content)
{
    sp_buffer out = written(content);
    char *text = malloc(sp_buffer_length(&out) + 1);
    memcpy(text, sp_buffer_slice(&out).bytes, sp_buffer_length(&out));
    text[sp_buffer_length(&out)] = '\0';
    sp_buffer_free(&out);
    return text;
}

void content_copy(sp_fleet_content *out, const sp_fleet_content *from)
{
    sp_buffer bytes = written(from);
    sp_fleet_record record;
    assert_int_equal(sp_fleet_record_read(sp_buffer_slice(&bytes), &place_three, &record, NULL), 0);
    record.content.control_since = from->control_since;
    *out = record.content;
    sp_buffer_free(&bytes);
}
