/*
 * The handle of a state: made, freed, read from bytes, and the calls about one record. read.c reads the bytes, write.c
 * writes them, take.c talks to shards and the relay. Owners call it; take.c calls sp_state_replace().
 */
#include "state/state.h"

#include "core/config.h"
#include "core/export.h"
#include "core/sentences.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Made and freed ---- */

SPECTACLES_EXPORT void spectacles_state_config_init(spectacles_state_config *config, size_t size)
{
    const spectacles_state_config defaults = {0};
    sp_config_write(config, size, &defaults, sizeof defaults);
}

static const char no_writer[] = "the writer is not 1 to 255 printable ASCII characters";

/* writer: valid, or NULL. */
static void set_writer(spectacles_state *state, const char *writer)
{
    if (writer)
        memcpy(state->writer, writer, strlen(writer) + 1);
}

static int read_config(spectacles_state_config *read, const spectacles_state_config *config,
                       spectacles_problem *problem)
{
    *read = (spectacles_state_config){0};
    int error = sp_config_take(read, sizeof *read, config, problem);
    if (error)
        return error;
    if (read->shard_count == 0)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "shard_count is 0");
    if (!read->token || !*read->token)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "the token is missing");
    if (read->writer && !sp_state_writer_is_valid(read->writer))
        return sp_refuse(problem, SPECTACLES_E_INVAL, no_writer);
    return SPECTACLES_OK;
}

static void write_bot_id(char out[SP_STATE_BOT_ID_MAX + 1], const char *token)
{
    uint64_t id = spectacles_token_bot(token);
    out[0] = '\0';
    if (id != 0)
        snprintf(out, SP_STATE_BOT_ID_MAX + 1, "%" PRIu64, id);
}

/* Its hash, and the bot that it names. On failure nothing has changed. */
static int keep_token(spectacles_state *state, const char *token)
{
    char hash[SP_DIGEST_TEXT_LENGTH + 1];
    int error = sp_digest_text((sp_slice){(const uint8_t *)token, strlen(token)}, hash);
    if (error != SPECTACLES_OK)
        return SPECTACLES_E_NOMEM;
    memcpy(state->bot, hash, sizeof hash);
    write_bot_id(state->bot_id, token);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_state_new(spectacles_state **out, const spectacles_state_config *config,
                                           spectacles_problem *problem)
{
    spectacles_state_config read;
    int error = read_config(&read, config, problem);
    if (error)
        return error;
    spectacles_state *state = calloc(1, sizeof *state);
    if (!state)
        return sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
    if (keep_token(state, read.token) != SPECTACLES_OK) {
        free(state);
        return sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
    }
    state->intents = read.intents;
    state->shard_count = read.shard_count;
    set_writer(state, read.writer);
    state->complete = true;
    *out = state;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT void spectacles_state_free(spectacles_state *state)
{
    if (!state)
        return;
    sp_records_free(&state->records);
    free(state->gaps);
    free(state);
}

/* ---- Read from bytes ---- */

SPECTACLES_EXPORT void spectacles_state_lost(spectacles_state *state, uint64_t unix_time)
{
    sp_records_free(&state->records);
    state->complete = false;
    state->noticed_at = unix_time;
}

SPECTACLES_EXPORT uint64_t spectacles_state_noticed_at(const spectacles_state *state)
{
    return state->complete ? 0 : state->noticed_at;
}

static int add_unknown_gaps(sp_records *records, uint64_t unix_time)
{
    for (size_t i = 0; i < records->count; i++) {
        if (sp_record_add_unknown(records->list[i], unix_time) != SPECTACLES_OK)
            return SPECTACLES_E_NOMEM;
    }
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_state_read(spectacles_state *state, const uint8_t *bytes, size_t length,
                                            uint64_t unix_time, spectacles_problem *problem)
{
    sp_state_content content = {0};
    int error = sp_state_parse(state, (sp_slice){bytes, length}, &content, problem);
    if (!error && content.orphaned_gap && add_unknown_gaps(&content.records, unix_time) != SPECTACLES_OK)
        error = sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
    if (error) {
        sp_records_free(&content.records);
        if (error != SPECTACLES_E_NOMEM)
            spectacles_state_lost(state, unix_time);
        return error;
    }
    sp_records_free(&state->records);
    state->records = content.records;
    memcpy(state->read_writer, content.writer, sizeof content.writer);
    state->complete = content.complete && !content.orphaned_gap;
    state->noticed_at = unix_time;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_state_open(spectacles_state **out, const uint8_t *bytes, size_t length,
                                            const char *writer, spectacles_problem *problem)
{
    sp_state_head head;
    if (writer && !sp_state_writer_is_valid(writer))
        return sp_refuse(problem, SPECTACLES_E_INVAL, no_writer);
    int error = sp_state_parse_head((sp_slice){bytes, length}, &head, problem);
    if (error)
        return error;
    if (head.shard_count == 0)
        return sp_refuse(problem, SPECTACLES_E_PROTO, "it does not say how many shards the bot has");
    spectacles_state *state = calloc(1, sizeof *state);
    if (!state)
        return sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
    memcpy(state->bot, head.bot, sizeof head.bot);
    memcpy(state->bot_id, head.bot_id, sizeof head.bot_id);
    state->intents = head.intents;
    state->shard_count = head.shard_count;
    set_writer(state, writer);
    error = spectacles_state_read(state, bytes, length, 0, problem);
    if (error)
        spectacles_state_free(state);
    else
        *out = state;
    return error;
}

/* ---- Changed ---- */

SPECTACLES_EXPORT int spectacles_state_set_token(spectacles_state *state, const char *token,
                                                 spectacles_problem *problem)
{
    char bot_id[SP_STATE_BOT_ID_MAX + 1];
    if (!token || !*token)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "the token is missing");
    write_bot_id(bot_id, token);
    if (*bot_id && *state->bot_id && strcmp(bot_id, state->bot_id) != 0)
        return sp_refuse(problem, SPECTACLES_E_AUTH, SP_TOKEN_IS_FOREIGN);
    int error = keep_token(state, token);
    return error == SPECTACLES_OK ? error : sp_refuse(problem, error, "out of memory");
}

bool sp_state_replace(spectacles_state *state, sp_record *record, uint64_t unix_time)
{
    const sp_record *old = sp_records_find(&state->records, record->shard_id);
    if (sp_record_is_empty(record) || (old && sp_record_equals(old, record))) {
        bool removed = sp_record_is_empty(record) && sp_records_remove(&state->records, record->shard_id);
        sp_record_free(record);
        return removed;
    }
    record->time = unix_time;
    sp_records_put(&state->records, record);
    state->complete = state->complete || state->records.count == state->shard_count;
    return true;
}

static int fill(const spectacles_state *state, sp_record *record, const spectacles_session *session,
                const spectacles_gap *gaps, size_t length)
{
    spectacles_session read = {0};
    int error = session ? sp_config_read(&read, sizeof read, session) : SPECTACLES_OK;
    if (error)
        return error;
    if (session && (read.shard_id != record->shard_id || read.shard_count != state->shard_count))
        return SPECTACLES_E_INVAL;
    if (session)
        error = sp_record_set_session(record, &read);
    for (size_t i = 0; i < length && !error; i++) {
        bool fits = gaps[i].size == sizeof gaps[i] && gaps[i].shard_id == record->shard_id;
        error = fits ? sp_record_add_gap(record, &gaps[i]) : SPECTACLES_E_INVAL;
    }
    return error;
}

SPECTACLES_EXPORT int spectacles_state_set(spectacles_state *state, uint32_t shard_id,
                                           const spectacles_session *session, const spectacles_gap *gaps,
                                           size_t length, uint64_t unix_time)
{
    if (shard_id >= state->shard_count)
        return SPECTACLES_E_INVAL;
    sp_record *record = sp_record_new(shard_id, state->shard_count);
    if (!record)
        return SPECTACLES_E_NOMEM;
    int error = fill(state, record, session, gaps, length);
    if (!error)
        error = sp_records_reserve(&state->records, 1);
    if (error) {
        sp_record_free(record);
        return error;
    }
    return sp_state_replace(state, record, unix_time);
}

/* ---- Looked at ---- */

SPECTACLES_EXPORT uint32_t spectacles_state_shard_count(const spectacles_state *state)
{
    return state->shard_count;
}

SPECTACLES_EXPORT uint64_t spectacles_state_intents(const spectacles_state *state)
{
    return state->intents;
}

SPECTACLES_EXPORT const char *spectacles_state_read_writer(const spectacles_state *state)
{
    return *state->read_writer ? state->read_writer : NULL;
}

SPECTACLES_EXPORT int spectacles_state_session(const spectacles_state *state, uint32_t shard_id,
                                               spectacles_session *out)
{
    const sp_record *record = sp_records_find(&state->records, shard_id);
    if (!record || !record->session_id)
        return 0;
    spectacles_session session = sp_record_session(record);
    return sp_stats_write(out, &session, sizeof session) == SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_state_gap(const spectacles_state *state, uint32_t shard_id, size_t index,
                                           spectacles_gap *out)
{
    const sp_record *record = sp_records_find(&state->records, shard_id);
    if (record && index < record->gaps.count) {
        *out = sp_record_gap_at(record, index);
        return 1;
    }
    if (record || state->complete || index > 0 || shard_id >= state->shard_count)
        return 0;
    *out = sp_record_unknown(shard_id, state->noticed_at);
    return 1;
}

SPECTACLES_EXPORT size_t spectacles_state_count(const spectacles_state *state)
{
    return state->records.count;
}

SPECTACLES_EXPORT uint32_t spectacles_state_shard_id(const spectacles_state *state, size_t index)
{
    return index < state->records.count ? state->records.list[index]->shard_id : 0;
}

SPECTACLES_EXPORT uint64_t spectacles_state_time(const spectacles_state *state, uint32_t shard_id)
{
    const sp_record *record = sp_records_find(&state->records, shard_id);
    return record ? record->time : 0;
}
