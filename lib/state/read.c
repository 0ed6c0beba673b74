/*
 * Reads stored bytes as the content of a state (version 1, spectacles/state.h). It checks the length, the first field,
 * the checksum, the version, the token and the intents, and then each line. state.c calls it.
 */
#include "codec/json.h"
#include "core/config.h"
#include "state/state.h"

#include <spectacles/codec.h>
#include <string.h>

/* A line that is being read. */
typedef struct state_line {
    sp_slice value;
    size_t position; /* offset of the line in the bytes */
    spectacles_problem *problem;
} state_line;

static int refuse(const state_line *line, const char *text)
{
    return sp_refuse_at(line->problem, SPECTACLES_E_PROTO, text, line->position);
}

/* ---- Fields ---- */

static bool read_number(sp_slice object, const char *key, uint64_t *out)
{
    sp_slice value;
    return sp_json_find(object, key, &value) == 1 && sp_json_u64(value, out) == SPECTACLES_OK;
}

static bool read_number_or_null(sp_slice object, const char *key, uint64_t *out)
{
    sp_slice value;
    *out = 0;
    if (sp_json_find(object, key, &value) != 1)
        return false;
    return sp_json_type(value) == SP_JSON_NULL || sp_json_u64(value, out) == SPECTACLES_OK;
}

static bool read_text(sp_slice object, const char *key, char *out, size_t size)
{
    sp_slice value;
    return sp_json_find(object, key, &value) == 1 && sp_json_text(value, out, size) >= 0;
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

static bool read_u32(sp_slice array, size_t *cursor, uint32_t *out)
{
    sp_slice value;
    uint64_t number;
    if (!sp_json_next(array, cursor, NULL, &value) || sp_json_u64(value, &number) || number > UINT32_MAX)
        return false;
    *out = (uint32_t)number;
    return true;
}

/* Reads "shard": [id, count]. */
static bool read_shard(sp_slice object, uint32_t *id, uint32_t *count)
{
    size_t cursor = 0;
    sp_slice array;
    sp_slice more;
    return sp_json_find(object, "shard", &array) == 1 && sp_json_type(array) == SP_JSON_ARRAY &&
           read_u32(array, &cursor, id) && read_u32(array, &cursor, count) &&
           !sp_json_next(array, &cursor, NULL, &more) && *id < *count;
}

/* ---- Records ---- */

static int read_gap(const state_line *line, sp_slice object, sp_record *record)
{
    char old_session[SP_STATE_SESSION_ID_MAX + 1];
    char new_session[SP_STATE_SESSION_ID_MAX + 1];
    spectacles_gap gap = {.size = sizeof gap, .shard_id = record->shard_id};
    if (!read_id(object, "old_session", old_session, &gap.old_session_id) ||
        !read_id(object, "new_session", new_session, &gap.new_session_id) ||
        !read_number(object, "seq", &gap.seq) || !read_number(object, "next", &gap.next) ||
        !read_number_or_null(object, "time", &gap.unix_time))
        return refuse(line, "a gap in it is malformed");
    int error = sp_record_add_gap(record, &gap);
    return error == SPECTACLES_E_INVAL ? refuse(line, "a gap in it is malformed") : error;
}

static int read_gaps(const state_line *line, sp_record *record)
{
    size_t cursor = 0;
    sp_slice array;
    sp_slice each;
    int error = SPECTACLES_OK;
    if (sp_json_find(line->value, "gaps", &array) != 1 || sp_json_type(array) != SP_JSON_ARRAY)
        return refuse(line, "the gaps of a record in it are missing");
    while (!error && sp_json_next(array, &cursor, NULL, &each))
        error = read_gap(line, each, record);
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

static int read_session(const state_line *line, sp_record *record)
{
    char id[SP_STATE_SESSION_ID_MAX + 1];
    char url[SP_STATE_URL_MAX + 1];
    spectacles_session session = {.size = sizeof session, .resume_url = url};
    if (!read_id(line->value, "session", id, &session.session_id))
        return refuse(line, "a session id in it is missing, or is not printable ASCII without spaces");
    if (!session.session_id)
        return SPECTACLES_OK;
    if (!read_text(line->value, "url", url, sizeof url) || !read_number(line->value, "seq", &session.seq) ||
        !read_encoding(line->value, &session.format))
        return refuse(line, "the URL, sequence or encoding of a session in it is missing or malformed");
    return sp_record_set_session(record, &session);
}

/*
 * Takes a record over into the content. Of a shard that no longer exists only one thing is kept: whether it left a gap
 * that has to be declared.
 */
static int store_record(const spectacles_state *state, sp_state_content *content, const state_line *line,
                        sp_record *record)
{
    bool same = record->shard_count == state->shard_count;
    int error = SPECTACLES_OK;
    content->complete = content->complete && (same || sp_record_is_empty(record));
    if (record->shard_id >= state->shard_count) {
        content->orphaned_gap = content->orphaned_gap || record->gaps.count > 0;
        sp_record_free(record);
        return error;
    }
    if (sp_records_find(&content->records, record->shard_id))
        error = refuse(line, "two records in it are of one shard");
    else
        error = sp_records_reserve(&content->records, 1);
    /* Where shards without a record are not known, an empty record says that nothing of its shard is missing. */
    if (error || (sp_record_is_empty(record) && (content->complete || !same)))
        sp_record_free(record);
    else
        sp_records_put(&content->records, record);
    return error;
}

static int read_record(const spectacles_state *state, sp_state_content *content, const state_line *line)
{
    uint32_t id;
    uint32_t count;
    if (!read_shard(line->value, &id, &count))
        return refuse(line, "the shard of a record in it is missing or malformed");
    sp_record *record = sp_record_new(id, count);
    if (!record)
        return SPECTACLES_E_NOMEM;
    int error = read_session(line, record);
    if (!error)
        error = read_gaps(line, record);
    if (!error && !read_number_or_null(line->value, "time", &record->time))
        error = refuse(line, "the time of a record in it is missing or malformed");
    if (!error)
        return store_record(state, content, line, record);
    sp_record_free(record);
    return error;
}

/* ---- All lines ---- */

/* Refuses bytes that no version of this format begins with. */
static int refuse_unknown(sp_slice bytes, spectacles_problem *problem)
{
    static const char old[] = "spectacles-sessions 1";
    bool is_old = bytes.length >= sizeof old - 1 && memcmp(bytes.bytes, old, sizeof old - 1) == 0;
    if (bytes.length == 0)
        return sp_refuse(problem, SPECTACLES_E_PROTO, "it is empty");
    return sp_refuse(problem, SPECTACLES_E_PROTO,
                     is_old ? "it is of a time before the first release" : "it is no stored state");
}

/* Checks the last line, which holds the checksum. *lines is everything above it. */
static int check_checksum(sp_slice bytes, sp_slice *lines, spectacles_problem *problem)
{
    static const char magic[] = SP_STATE_MAGIC;
    char checksum[SP_STATE_CHECKSUM_LENGTH + 1];
    size_t known = bytes.length < sizeof magic - 1 ? bytes.length : sizeof magic - 1;
    if (bytes.length > SPECTACLES_STATE_MAX)
        return sp_refuse(problem, SPECTACLES_E_TOOBIG, "it is larger than 64 MiB");
    if (known == 0 || memcmp(bytes.bytes, magic, known) != 0)
        return refuse_unknown(bytes, problem);
    size_t length = bytes.length > SP_STATE_CHECKSUM_LENGTH ? bytes.length - SP_STATE_CHECKSUM_LENGTH : 0;
    *lines = (sp_slice){bytes.bytes, length};
    if (length == 0)
        return sp_refuse(problem, SPECTACLES_E_PROTO, "it is torn: its end is missing");
    if (sp_state_checksum(*lines, checksum) != SPECTACLES_OK)
        return SPECTACLES_E_NOMEM;
    if (memcmp(bytes.bytes + length, checksum, SP_STATE_CHECKSUM_LENGTH) != 0)
        return sp_refuse(problem, SPECTACLES_E_PROTO, "it is torn, or was changed: its checksum is wrong");
    return SPECTACLES_OK;
}

/* Reads the next line, which has to be one JSON object. Returns 1, 0 at the end, or an error. */
static int next_line(sp_reader *reader, state_line *line)
{
    line->position = reader->position;
    size_t left = sp_reader_left(reader);
    if (left == 0)
        return 0;
    const uint8_t *end = memchr(reader->bytes + reader->position, '\n', left);
    if (!end)
        return refuse(line, "a line in it does not end");
    sp_slice text = sp_reader_take(reader, (size_t)(end - reader->bytes) - reader->position);
    sp_reader_take(reader, 1);
    if (sp_json_check(text, &line->value, NULL) != SPECTACLES_OK ||
        sp_json_type(line->value) != SP_JSON_OBJECT)
        return refuse(line, "a line in it is no JSON object");
    return 1;
}

static bool read_complete(sp_slice object, bool *complete)
{
    sp_slice value;
    enum sp_json_type type =
        sp_json_find(object, "complete", &value) == 1 ? sp_json_type(value) : SP_JSON_NONE;
    *complete = type == SP_JSON_TRUE;
    return type == SP_JSON_TRUE || type == SP_JSON_FALSE;
}

/* Fields that bytes may lack: who wrote them, and for how many shards. */
static void read_origin(sp_slice object, sp_state_head *head)
{
    uint64_t count;
    head->shard_count = read_number(object, "shards", &count) && count <= UINT32_MAX ? (uint32_t)count : 0;
    if (!read_text(object, "writer", head->writer, sizeof head->writer) ||
        !sp_state_writer_is_valid(head->writer))
        head->writer[0] = '\0';
}

static int read_head(const state_line *line, sp_state_head *head)
{
    uint64_t version;
    if (!read_number(line->value, "version", &version))
        return refuse(line, "its first line is malformed");
    if (version != SP_STATE_VERSION)
        return sp_refuse(line->problem, SPECTACLES_E_UNSUPPORTED,
                         "it was written by a later version of the library");
    if (!read_text(line->value, "bot", head->bot, sizeof head->bot) ||
        !read_number(line->value, "intents", &head->intents) || !read_complete(line->value, &head->complete))
        return refuse(line, "its first line is malformed");
    read_origin(line->value, head);
    return SPECTACLES_OK;
}

/* The first line, which has to be of the same bot and intents. */
static int read_own_head(const spectacles_state *state, const state_line *line, sp_state_content *content)
{
    sp_state_head head;
    int error = read_head(line, &head);
    if (error)
        return error;
    if (strcmp(head.bot, state->bot) != 0)
        return sp_refuse(line->problem, SPECTACLES_E_AUTH, "it is of another token");
    if (head.intents != state->intents)
        return sp_refuse(line->problem, SPECTACLES_E_AUTH, "it is of other intents");
    content->complete = head.complete;
    memcpy(content->writer, head.writer, sizeof head.writer);
    return SPECTACLES_OK;
}

static int read_lines(const spectacles_state *state, sp_slice lines, sp_state_content *content,
                      spectacles_problem *problem)
{
    sp_reader reader = sp_reader_of(lines);
    state_line line = {.problem = problem};
    int result = next_line(&reader, &line);
    if (result == 1)
        result = read_own_head(state, &line, content);
    while (result == SPECTACLES_OK) {
        result = next_line(&reader, &line);
        if (result == 0)
            return SPECTACLES_OK;
        if (result == 1)
            result = read_record(state, content, &line);
    }
    return result;
}

int sp_state_parse(const spectacles_state *state, sp_slice bytes, sp_state_content *content,
                   spectacles_problem *problem)
{
    sp_slice lines;
    int error = check_checksum(bytes, &lines, problem);
    if (!error)
        error = read_lines(state, lines, content, problem);
    return error == SPECTACLES_E_NOMEM ? sp_refuse(problem, error, "out of memory") : error;
}

int sp_state_parse_head(sp_slice bytes, sp_state_head *head, spectacles_problem *problem)
{
    sp_slice lines;
    int error = check_checksum(bytes, &lines, problem);
    if (error)
        return error == SPECTACLES_E_NOMEM ? sp_refuse(problem, error, "out of memory") : error;
    sp_reader reader = sp_reader_of(lines);
    state_line line = {.problem = problem};
    int result = next_line(&reader, &line);
    if (result == 1)
        return read_head(&line, head);
    return result == 0 ? refuse(&line, "it has no lines") : result;
}
