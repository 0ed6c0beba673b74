/* Writes a state as bytes (version 1, spectacles/state.h). Owners call it; read.c and state.c check with it. */
#include "codec/fields.h"
#include "codec/transcode.h"
#include "core/export.h"
#include "state/record_json.h"
#include "state/state.h"

#include <stdio.h>
#include <string.h>

int sp_state_checksum(sp_slice lines, char out[SP_STATE_CHECKSUM_LENGTH + 1])
{
    char digest[SP_DIGEST_TEXT_LENGTH + 1];
    int error = sp_digest_text(lines, digest);
    snprintf(out, SP_STATE_CHECKSUM_LENGTH + 1, "{\"sha256\":\"%s\"}\n", digest);
    return error;
}

bool sp_state_writer_is_valid(const char *writer)
{
    size_t length = strnlen(writer, SP_STATE_WRITER_MAX + 1);
    for (size_t i = 0; i < length; i++) {
        if (writer[i] < 0x20 || writer[i] > 0x7e)
            return false;
    }
    return length > 0 && length <= SP_STATE_WRITER_MAX;
}

static void write_record(sp_buffer *out, const sp_record *record)
{
    sp_buffer_text(out, "{");
    sp_record_write(out, record);
    sp_buffer_text(out, "}\n");
}

/* Who writes: this state, or else whoever wrote the bytes that were read. */
static const char *writer_of(const spectacles_state *state)
{
    const char *writer = *state->writer ? state->writer : state->read_writer;
    return *writer ? writer : NULL;
}

static void write_head(const spectacles_state *state, bool complete, sp_buffer *out)
{
    sp_buffer_clear(out);
    sp_field_write_number(out, SP_STATE_MAGIC ",\"version\":", SP_STATE_VERSION);
    sp_field_write_text(out, ",\"bot\":", state->bot);
    if (*state->bot_id)
        sp_field_write_text(out, ",\"bot_id\":", state->bot_id);
    sp_field_write_number(out, ",\"intents\":", state->intents);
    sp_buffer_text(out, complete ? ",\"complete\":true" : ",\"complete\":false");
    sp_field_write_number(out, ",\"shards\":", state->shard_count);
    sp_field_write_text(out, ",\"writer\":", writer_of(state));
    sp_buffer_text(out, "}\n");
}

static int write_end(sp_buffer *out)
{
    char checksum[SP_STATE_CHECKSUM_LENGTH + 1];
    if (sp_buffer_failed(out) || sp_state_checksum(sp_buffer_slice(out), checksum) != SPECTACLES_OK)
        return SPECTACLES_E_NOMEM;
    sp_buffer_append(out, checksum, SP_STATE_CHECKSUM_LENGTH);
    if (sp_buffer_length(out) > SPECTACLES_STATE_MAX)
        return SPECTACLES_E_TOOBIG;
    return sp_buffer_failed(out);
}

SPECTACLES_EXPORT int spectacles_state_write(const spectacles_state *state, spectacles_bytes *out)
{
    write_head(state, state->complete, &out->content);
    for (size_t i = 0; i < state->records.count; i++)
        write_record(&out->content, state->records.list[i]);
    return sp_bytes_end(out, write_end(&out->content), NULL);
}

/* ---- Some shards ---- */

/* Of a shard without a record: that nothing is missing, or that nobody knows. */
static int write_no_record(const spectacles_state *state, uint32_t shard_id, sp_buffer *out)
{
    sp_record *record = sp_record_new(shard_id, state->shard_count);
    int error = record ? SPECTACLES_OK : SPECTACLES_E_NOMEM;
    if (error == SPECTACLES_OK && !state->complete)
        error = sp_record_add_unknown(record, state->noticed_at);
    if (error == SPECTACLES_OK)
        write_record(out, record);
    sp_record_free(record);
    return error;
}

static bool is_there_before(const uint32_t *shard_ids, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (shard_ids[i] == shard_ids[index])
            return true;
    }
    return false;
}

static int write_shards(const spectacles_state *state, const uint32_t *shard_ids, size_t count,
                        sp_buffer *out)
{
    int error = SPECTACLES_OK;
    write_head(state, false, out);
    for (size_t i = 0; i < count && error == SPECTACLES_OK; i++) {
        const sp_record *record = sp_records_find(&state->records, shard_ids[i]);
        if (shard_ids[i] >= state->shard_count || is_there_before(shard_ids, i))
            return SPECTACLES_E_INVAL;
        if (record)
            write_record(out, record);
        else
            error = write_no_record(state, shard_ids[i], out);
    }
    return error == SPECTACLES_OK ? write_end(out) : error;
}

SPECTACLES_EXPORT int spectacles_state_write_shards(const spectacles_state *state, const uint32_t *shard_ids,
                                                    size_t count, spectacles_bytes *out)
{
    return sp_bytes_end(out, write_shards(state, shard_ids, count, &out->content), NULL);
}
