/*
 * A record as the members of a JSON object, written and read (version 1, spectacles/state.h). Called by write.c and
 * read.c for the lines of a state, and by fleets for what they store.
 */
#include "state/record_json.h"

#include "codec/fields.h"

#include <spectacles/codec.h>
#include <string.h>

/* ---- Writing ---- */

static void write_time(sp_buffer *out, uint64_t time)
{
    if (time)
        sp_field_write_number(out, ",\"time\":", time);
    else
        sp_buffer_text(out, ",\"time\":null");
}

static void write_gap(sp_buffer *out, const sp_record_gap *gap)
{
    sp_field_write_text(out, "{\"old_session\":", gap->old_session_id);
    sp_field_write_text(out, ",\"new_session\":", gap->new_session_id);
    sp_field_write_number(out, ",\"seq\":", gap->seq);
    sp_field_write_number(out, ",\"next\":", gap->next);
    write_time(out, gap->time);
    sp_buffer_text(out, "}");
}

/* The names of the encodings that a session can have, by enum spectacles_format. */
static const char *const encoding_names[] = {NULL, "json", "etf"};

void sp_record_write(sp_buffer *out, const sp_record *record)
{
    sp_field_write_number(out, "\"shard\":[", record->shard_id);
    sp_field_write_number(out, ",", record->shard_count);
    sp_field_write_text(out, "],\"session\":", record->session_id);
    if (record->session_id) {
        sp_field_write_text(out, ",\"url\":", record->resume_url);
        sp_field_write_number(out, ",\"seq\":", record->seq);
        sp_field_write_text(out, ",\"encoding\":", encoding_names[record->format]);
    }
    write_time(out, record->time);
    sp_buffer_text(out, ",\"gaps\":[");
    for (size_t i = 0; i < record->gaps.count; i++) {
        sp_buffer_text(out, i ? "," : "");
        write_gap(out, sp_ring_at(&record->gaps, i));
    }
    sp_buffer_text(out, "]");
}

/* ---- Reading ---- */

static int refuse(const char **why, const char *text)
{
    *why = text;
    return SPECTACLES_E_PROTO;
}

/* Reads a session id. *found is `out`, or NULL for null. */
static bool read_id(sp_slice object, const char *key, char out[SP_STATE_SESSION_ID_MAX + 1],
                    const char **found)
{
    sp_slice value;
    *found = NULL;
    if (sp_json_find(object, key, &value) != 1)
        return false;
    if (sp_json_type(value) == SP_JSON_NULL)
        return true;
    *found = out;
    return sp_json_text(value, out, SP_STATE_SESSION_ID_MAX + 1) >= 0 && sp_record_id_is_valid(out);
}

/* Reads "shard": [id, count]. */
static bool read_shard(sp_slice object, uint32_t *id, uint32_t *count)
{
    size_t cursor = 0;
    sp_slice array;
    sp_slice more;
    return sp_field_array(object, "shard", &array) && sp_field_next_u32(array, &cursor, id) &&
           sp_field_next_u32(array, &cursor, count) && !sp_json_next(array, &cursor, NULL, &more) &&
           *id < *count;
}

static int read_gap(sp_slice object, sp_record *record, const char **why)
{
    char old_session[SP_STATE_SESSION_ID_MAX + 1];
    char new_session[SP_STATE_SESSION_ID_MAX + 1];
    spectacles_gap gap = {.size = sizeof gap, .shard_id = record->shard_id};
    if (!read_id(object, "old_session", old_session, &gap.old_session_id) ||
        !read_id(object, "new_session", new_session, &gap.new_session_id) ||
        !sp_field_u64(object, "seq", &gap.seq) || !sp_field_u64(object, "next", &gap.next) ||
        !sp_field_u64_or_null(object, "time", &gap.unix_time))
        return refuse(why, "a gap in it is malformed");
    int error = sp_record_add_gap(record, &gap);
    return error == SPECTACLES_E_INVAL ? refuse(why, "a gap in it is malformed") : error;
}

static int read_gaps(sp_slice object, sp_record *record, const char **why)
{
    size_t cursor = 0;
    sp_slice array;
    sp_slice each;
    int error = SPECTACLES_OK;
    if (!sp_field_array(object, "gaps", &array))
        return refuse(why, "the gaps of a record in it are missing");
    while (!error && sp_json_next(array, &cursor, NULL, &each))
        error = read_gap(each, record, why);
    return error;
}

static bool read_encoding(sp_slice object, uint32_t *out)
{
    char name[8];
    sp_slice value;
    if (sp_json_find(object, "encoding", &value) != 1)
        return false;
    *out = SPECTACLES_FORMAT_RAW;
    if (sp_json_type(value) == SP_JSON_NULL)
        return true;
    if (sp_json_text(value, name, sizeof name) < 0)
        return false;
    *out = strcmp(name, "etf") == 0 ? SPECTACLES_FORMAT_ETF : SPECTACLES_FORMAT_JSON;
    return *out == SPECTACLES_FORMAT_ETF || strcmp(name, "json") == 0;
}

static int read_session(sp_slice object, sp_record *record, const char **why)
{
    char id[SP_STATE_SESSION_ID_MAX + 1];
    char url[SP_STATE_URL_MAX + 1];
    spectacles_session session = {.size = sizeof session, .resume_url = url};
    if (!read_id(object, "session", id, &session.session_id))
        return refuse(why, "a session id in it is missing, or is not printable ASCII without spaces");
    if (!session.session_id)
        return SPECTACLES_OK;
    if (!sp_field_text(object, "url", url, sizeof url) || !sp_field_u64(object, "seq", &session.seq) ||
        !read_encoding(object, &session.format))
        return refuse(why, "the URL, sequence or encoding of a session in it is missing or malformed");
    return sp_record_set_session(record, &session);
}

int sp_record_read(sp_slice object, sp_record **out, const char **why)
{
    uint32_t id;
    uint32_t count;
    if (!read_shard(object, &id, &count))
        return refuse(why, "the shard of a record in it is missing or malformed");
    sp_record *record = sp_record_new(id, count);
    if (!record)
        return SPECTACLES_E_NOMEM;
    int error = read_session(object, record, why);
    if (!error)
        error = read_gaps(object, record, why);
    if (!error && !sp_field_u64_or_null(object, "time", &record->time))
        error = refuse(why, "the time of a record in it is missing or malformed");
    if (error)
        sp_record_free(record);
    else
        *out = record;
    return error;
}
