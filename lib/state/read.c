/*
 * Reads stored bytes as the content of a state (version 1, spectacles/state.h). It checks the length, the first field,
 * the checksum, the version, the token and the intents, and then each line. state.c calls it.
 */
#include "codec/fields.h"
#include "core/config.h"
#include "state/record_json.h"
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

/* ---- Records ---- */

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
    sp_record *record;
    const char *why = NULL;
    int error = sp_record_read(line->value, &record, &why);
    if (error == SPECTACLES_E_PROTO)
        return refuse(line, why);
    return error ? error : store_record(state, content, line, record);
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

/* Fields that bytes may lack: whose they are, who wrote them, and for how many shards. */
static void read_origin(sp_slice object, sp_state_head *head)
{
    uint64_t count;
    head->shard_count = sp_field_u64(object, "shards", &count) && count <= UINT32_MAX ? (uint32_t)count : 0;
    if (!sp_field_text(object, "bot_id", head->bot_id, sizeof head->bot_id) ||
        strspn(head->bot_id, "0123456789") != strlen(head->bot_id))
        head->bot_id[0] = '\0';
    if (!sp_field_text(object, "writer", head->writer, sizeof head->writer) ||
        !sp_state_writer_is_valid(head->writer))
        head->writer[0] = '\0';
}

static int read_head(const state_line *line, sp_state_head *head)
{
    uint64_t version;
    if (!sp_field_u64(line->value, "version", &version))
        return refuse(line, "its first line is malformed");
    if (version != SP_STATE_VERSION)
        return sp_refuse(line->problem, SPECTACLES_E_UNSUPPORTED,
                         "it was written by a later version of the library");
    if (!sp_field_text(line->value, "bot", head->bot, sizeof head->bot) ||
        !sp_field_u64(line->value, "intents", &head->intents) || !read_complete(line->value, &head->complete))
        return refuse(line, "its first line is malformed");
    read_origin(line->value, head);
    return SPECTACLES_OK;
}

/* Sessions belong to a bot: they outlive a token that was replaced, when both tokens name the bot. */
static bool is_same_bot(const spectacles_state *state, const sp_state_head *head)
{
    return strcmp(head->bot, state->bot) == 0 || (*head->bot_id && strcmp(head->bot_id, state->bot_id) == 0);
}

/* The first line, which has to be of the same bot and intents. */
static int read_own_head(const spectacles_state *state, const state_line *line, sp_state_content *content)
{
    sp_state_head head;
    int error = read_head(line, &head);
    if (error)
        return error;
    if (!is_same_bot(state, &head))
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
