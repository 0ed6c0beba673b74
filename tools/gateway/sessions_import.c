/*
 * Sessions of another gateway, read from lines: JSON, or keys of Redis. It owns the document that a line is parsed
 * into, and the halves of sessions that Redis keeps apart. sessions.c calls it.
 */
#include "sessions_import.h"

#include "arena.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GAPS_MAX = 256,
    SHARDS_MAX = SPECTACLES_GATEWAY_BOT_SHARDS_MAX,
    COMPLAINTS_MAX = 20,
    WHERE_SIZE = 32
};

/* What Redis has of a shard. */
struct half {
    const char *session;
    uint64_t seq;
    bool has_seq;
};

struct import {
    spectacles_state *state;
    spectacles_document *document;
    struct problems *problems;
    const char *prefix;
    struct arena arena;
    struct half *halves; /* one for each shard; NULL: there was no line of Redis yet */
    bool *seen;          /* one for each shard: it was read */
    size_t line;
    size_t complaints;
    size_t count;
};

static void refuse(struct import *import, const char *text)
{
    char where[WHERE_SIZE];
    snprintf(where, sizeof where, "line %zu", import->line);
    if (import->complaints++ < COMPLAINTS_MAX)
        problems_add(import->problems, PROBLEM_IS_FINAL, where, "%s", text);
}

/* ---- JSON ---- */

static bool read_number(const spectacles_value *object, const char *key, uint64_t *out)
{
    *out = 0;
    return spectacles_value_uint64(spectacles_value_get(object, key), out) == SPECTACLES_OK;
}

/* A text without NULs in it. NULL: it is none. */
static const char *read_text(const spectacles_value *object, const char *key)
{
    size_t length = 0;
    const char *text = spectacles_value_text(spectacles_value_get(object, key), &length);
    return text && strlen(text) == length ? text : NULL;
}

static bool read_shard(const spectacles_value *object, uint32_t *id, uint32_t *count)
{
    uint64_t numbers[2];
    const spectacles_value *shard = spectacles_value_get(object, "shard");
    if (spectacles_value_count(shard) != 2)
        return false;
    for (size_t i = 0; i < 2; i++) {
        if (spectacles_value_uint64(spectacles_value_at(shard, i), &numbers[i]) != SPECTACLES_OK ||
            numbers[i] > SHARDS_MAX)
            return false;
    }
    *id = (uint32_t)numbers[0];
    *count = (uint32_t)numbers[1];
    return *id < *count;
}

static bool is_null_or_missing(const spectacles_value *value)
{
    return spectacles_value_type(value) <= SPECTACLES_VALUE_NULL;
}

static bool read_gap(const spectacles_value *object, uint32_t shard_id, spectacles_gap *gap)
{
    spectacles_gap_init(gap, sizeof *gap);
    gap->shard_id = shard_id;
    gap->old_session_id = read_text(object, "old_session");
    gap->new_session_id = read_text(object, "new_session");
    read_number(object, "time", &gap->unix_time);
    return (gap->old_session_id || is_null_or_missing(spectacles_value_get(object, "old_session"))) &&
           (gap->new_session_id || is_null_or_missing(spectacles_value_get(object, "new_session"))) &&
           read_number(object, "seq", &gap->seq) && read_number(object, "next", &gap->next);
}

/* Returns how many there are, or -1. */
static int read_gaps(const spectacles_value *object, uint32_t shard_id, spectacles_gap gaps[GAPS_MAX])
{
    int count = 0;
    const spectacles_value *list = spectacles_value_get(object, "gaps");
    if (!is_null_or_missing(list) && spectacles_value_type(list) != SPECTACLES_VALUE_ARRAY)
        return -1;
    for (const spectacles_value *each = spectacles_value_first(list); each;
         each = spectacles_value_next(each)) {
        if (count == GAPS_MAX || !read_gap(each, shard_id, &gaps[count++]))
            return -1;
    }
    return count;
}

static bool read_encoding(const spectacles_value *object, uint32_t *format)
{
    const char *name = read_text(object, "encoding");
    *format = SPECTACLES_FORMAT_RAW;
    if (!name)
        return is_null_or_missing(spectacles_value_get(object, "encoding"));
    *format = strcmp(name, "etf") == 0 ? SPECTACLES_FORMAT_ETF : SPECTACLES_FORMAT_JSON;
    return strcmp(name, "etf") == 0 || strcmp(name, "json") == 0;
}

static bool read_session(const spectacles_value *object, spectacles_session *session)
{
    const spectacles_value *url = spectacles_value_get(object, "url");
    session->session_id = read_text(object, "session");
    session->resume_url = read_text(object, "url");
    return session->session_id && read_number(object, "seq", &session->seq) &&
           read_encoding(object, &session->format) && (session->resume_url || is_null_or_missing(url));
}

/* Whether the shard, which is below the count, was read before. */
static bool was_seen(struct import *import, uint32_t shard_id)
{
    bool was = import->seen && import->seen[shard_id];
    if (!import->seen)
        import->seen = arena_take(&import->arena, spectacles_state_shard_count(import->state));
    if (import->seen)
        import->seen[shard_id] = true;
    else
        import->problems->out_of_memory = true;
    return was;
}

/* session: NULL: the shard has none. */
static void put(struct import *import, uint32_t shard_id, const spectacles_session *session,
                const spectacles_gap *gaps, size_t count)
{
    if (was_seen(import, shard_id)) {
        refuse(import, "the shard stands in a line above as well");
        return;
    }
    int error = spectacles_state_set(import->state, shard_id, session, gaps, count, spectacles_unix_time());
    if (error == SPECTACLES_E_NOMEM)
        import->problems->out_of_memory = true;
    else if (error < 0)
        refuse(import, "a session id is not 1 to 255 printable ASCII characters without spaces");
    else
        import->count++;
}

static void take_object(struct import *import, const spectacles_value *object)
{
    spectacles_gap gaps[GAPS_MAX];
    spectacles_session session;
    spectacles_session_init(&session, sizeof session);
    bool has_session = !is_null_or_missing(spectacles_value_get(object, "session"));
    if (!read_shard(object, &session.shard_id, &session.shard_count)) {
        refuse(import,
               "\"shard\" is missing, or is not [shard id, shard count] with a count of at most 65536");
        return;
    }
    int count = read_gaps(object, session.shard_id, gaps);
    if (session.shard_count != spectacles_state_shard_count(import->state))
        refuse(import, "it is of another number of shards than the other lines, or than DISCORD_SHARD_COUNT");
    else if (count < 0)
        refuse(import, "\"gaps\" is no list of gaps");
    else if (has_session && !read_session(object, &session))
        refuse(import, "\"session\", \"seq\", \"url\" or \"encoding\" is missing or malformed");
    else
        put(import, session.shard_id, has_session ? &session : NULL, gaps, (size_t)count);
}

static void take_json(struct import *import, const char *line, size_t length)
{
    spectacles_problem problem = {.text = ""};
    int error = spectacles_document_parse(import->document, SPECTACLES_FORMAT_JSON, 0, (const uint8_t *)line,
                                          length, &problem);
    if (error == SPECTACLES_E_NOMEM)
        import->problems->out_of_memory = true;
    else if (error)
        refuse(import, problem.text);
    else
        take_object(import, spectacles_document_root(import->document));
}

/* ---- Redis ---- */

static bool ends_with(const char *text, size_t *length, const char *end)
{
    size_t tail = strlen(end);
    if (*length < tail || memcmp(text + *length - tail, end, tail) != 0)
        return false;
    *length -= tail;
    return true;
}

/* A whole number from `digits`. False: it is none, or is above `most`. */
static bool read_digits(const char *digits, size_t length, uint64_t most, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < length; i++) {
        uint64_t digit = (uint64_t)(digits[i] - '0');
        if (!isdigit((unsigned char)digits[i]) || *out > (most - digit) / 10)
            return false;
        *out = *out * 10 + digit;
    }
    return length > 0;
}

/* <prefix><shard id>, of `length` characters. */
static bool read_key(const struct import *import, const char *key, size_t length, uint64_t *id)
{
    size_t start = import->prefix ? strlen(import->prefix) : length;
    if (import->prefix && (length < start || memcmp(key, import->prefix, start) != 0))
        return false;
    while (!import->prefix && start > 0 && isdigit((unsigned char)key[start - 1]))
        start--;
    return read_digits(key + start, length - start, UINT32_MAX, id);
}

static struct half *half_of(struct import *import, uint64_t id)
{
    uint32_t count = spectacles_state_shard_count(import->state);
    if (!import->halves)
        import->halves = arena_take(&import->arena, count * sizeof *import->halves);
    if (!import->halves)
        import->problems->out_of_memory = true;
    else if (id >= count)
        refuse(import, "the number of the shard is not below DISCORD_SHARD_COUNT");
    return import->halves && id < count ? &import->halves[id] : NULL;
}

static void take_redis(struct import *import, const char *line, size_t length)
{
    uint64_t id;
    size_t key = 0;
    while (key < length && !isspace((unsigned char)line[key]))
        key++;
    size_t value = key;
    while (value < length && isspace((unsigned char)line[value]))
        value++;
    size_t name = key;
    bool is_session = ends_with(line, &name, "session");
    bool is_seq = !is_session && ends_with(line, &name, "seq");
    if (value == length || (!is_session && !is_seq) || !read_key(import, line, name, &id)) {
        refuse(import,
               "it is neither a JSON object, nor a key of the Go daemon (gateway0session, gateway0seq; "
               "--prefix) with its value");
        return;
    }
    struct half *half = half_of(import, id);
    if (half && is_session)
        half->session = arena_copy(&import->arena, line + value, length - value);
    else if (half)
        half->has_seq = read_digits(line + value, length - value, UINT64_MAX, &half->seq);
    if (half && is_session && !half->session)
        import->problems->out_of_memory = true;
    else if (half && is_seq && !half->has_seq)
        refuse(import, "the sequence is no whole number");
}

/* The keys of Redis, when all are there. */
static void join_halves(struct import *import)
{
    uint32_t count = spectacles_state_shard_count(import->state);
    for (uint32_t id = 0; import->halves && id < count; id++) {
        const struct half *half = &import->halves[id];
        spectacles_session session;
        spectacles_session_init(&session, sizeof session);
        session.shard_id = id;
        session.shard_count = count;
        session.seq = half->seq;
        session.session_id = half->session;
        session.format = SPECTACLES_FORMAT_JSON;
        if (half->session && half->has_seq)
            put(import, id, &session, NULL, 0);
        else if (half->session || half->has_seq)
            problems_add(import->problems, PROBLEM_IS_FINAL, "Redis",
                         "shard %" PRIu32 " has %s: both keys are needed", id,
                         half->session ? "a session and no seq" : "a seq and no session");
    }
}

/* ---- Lines ---- */

/* The next line without white space around it. False: there are no more. */
static bool next_line(const uint8_t *text, size_t length, size_t *at, const char **line, size_t *size)
{
    if (*at >= length)
        return false;
    const char *start = (const char *)text + *at;
    const char *end = memchr(start, '\n', length - *at);
    *size = end ? (size_t)(end - start) : length - *at;
    *at += *size + 1;
    while (*size > 0 && isspace((unsigned char)start[*size - 1]))
        --*size;
    for (; *size > 0 && isspace((unsigned char)*start); start++)
        --*size;
    *line = start;
    return true;
}

uint32_t sessions_import_shard_count(const uint8_t *text, size_t length)
{
    size_t at = 0;
    const char *line;
    size_t size;
    uint32_t id;
    uint32_t count = 0;
    spectacles_document *document = NULL;
    if (spectacles_document_new(&document) != SPECTACLES_OK)
        return 0;
    while (count == 0 && next_line(text, length, &at, &line, &size)) {
        if (size == 0 || *line != '{' ||
            spectacles_document_parse(document, SPECTACLES_FORMAT_JSON, 0, (const uint8_t *)line, size,
                                      NULL) != SPECTACLES_OK)
            continue;
        if (!read_shard(spectacles_document_root(document), &id, &count))
            count = 0;
    }
    spectacles_document_free(document);
    return count;
}

size_t sessions_import_read(spectacles_state *state, const uint8_t *text, size_t length, const char *prefix,
                            struct problems *problems)
{
    size_t at = 0;
    const char *line;
    size_t size;
    struct import import = {.state = state, .problems = problems, .prefix = prefix};
    if (spectacles_document_new(&import.document) != SPECTACLES_OK) {
        problems->out_of_memory = true;
        return 0;
    }
    while (next_line(text, length, &at, &line, &size)) {
        import.line++;
        if (size > 0 && *line == '{')
            take_json(&import, line, size);
        else if (size > 0 && *line != '#')
            take_redis(&import, line, size);
    }
    join_halves(&import);
    spectacles_document_free(import.document);
    arena_free(&import.arena);
    return import.count;
}
