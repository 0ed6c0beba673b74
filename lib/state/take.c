/*
 * Between a state and the engines: takes sessions and gaps from shards and their relay, and gives gaps to a relay. It
 * calls the public functions of the engines alone. Owners call it.
 */
#include "core/export.h"
#include "state/state.h"

#include <stdlib.h>

/* ---- From the engines ---- */

/* A session that cannot be stored becomes a gap: a restart could not resume the session. */
static int add_session(sp_record *record, const spectacles_shard *shard, uint64_t unix_time)
{
    spectacles_session session = {.size = sizeof session};
    if (spectacles_shard_session(shard, &session) != SPECTACLES_OK)
        return SPECTACLES_OK;
    int error = sp_record_set_session(record, &session);
    return error == SPECTACLES_E_INVAL ? sp_record_add_unknown(record, unix_time) : error;
}

static int add_shard(sp_records *fresh, const spectacles_state *state, const spectacles_shard *shard,
                     uint64_t unix_time)
{
    uint32_t shard_id = spectacles_shard_id(shard);
    if (spectacles_shard_count(shard) != state->shard_count)
        return SPECTACLES_E_INVAL;
    sp_record *record = sp_record_new(shard_id, state->shard_count);
    if (!record)
        return SPECTACLES_E_NOMEM;
    int error = add_session(record, shard, unix_time);
    if (error) {
        sp_record_free(record);
        return error;
    }
    sp_records_put(fresh, record);
    return SPECTACLES_OK;
}

/* Gaps of other shards than these stay in the relay and in their records. */
static int add_gaps(const sp_records *fresh, const spectacles_relay *relay)
{
    spectacles_gap gap = {.size = sizeof gap};
    for (size_t i = 0; spectacles_relay_gap(relay, i, &gap) == 1; i++) {
        sp_record *record = sp_records_find(fresh, gap.shard_id);
        int error = record ? sp_record_add_gap(record, &gap) : SPECTACLES_OK;
        if (error == SPECTACLES_E_INVAL)
            error = sp_record_add_unknown(record, gap.unix_time);
        if (error)
            return error;
    }
    return SPECTACLES_OK;
}

static int collect(const spectacles_state *state, sp_records *fresh, spectacles_shard *const *shards,
                   size_t count, const spectacles_relay *relay, uint64_t unix_time)
{
    int error = sp_records_reserve(fresh, count);
    for (size_t i = 0; i < count && !error; i++)
        error = add_shard(fresh, state, shards[i], unix_time);
    return error ? error : add_gaps(fresh, relay);
}

SPECTACLES_EXPORT int spectacles_state_take(spectacles_state *state, spectacles_shard *const *shards,
                                            size_t count, const spectacles_relay *relay, uint64_t unix_time)
{
    sp_records fresh = {0};
    bool changed = false;
    int error = collect(state, &fresh, shards, count, relay, unix_time);
    if (!error)
        error = sp_records_reserve(&state->records, fresh.count);
    if (error) {
        sp_records_free(&fresh);
        return error;
    }
    for (size_t i = 0; i < fresh.count; i++)
        changed |= sp_state_replace(state, fresh.list[i], unix_time);
    free(fresh.list);
    return changed;
}

/* ---- To the engines ---- */

static int add_gap(spectacles_state *state, size_t count, const spectacles_gap *gap)
{
    if (count == state->gaps_capacity) {
        size_t capacity = count ? count * 2 : 8;
        spectacles_gap *gaps =
            capacity <= SIZE_MAX / sizeof *gaps ? realloc(state->gaps, capacity * sizeof *gaps) : NULL;
        if (!gaps)
            return SPECTACLES_E_NOMEM;
        state->gaps = gaps;
        state->gaps_capacity = capacity;
    }
    state->gaps[count] = *gap;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_state_gaps(spectacles_state *state, spectacles_shard *const *shards,
                                            size_t count, const spectacles_gap **gaps, size_t *gap_count)
{
    spectacles_gap gap;
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t shard_id = spectacles_shard_id(shards[i]);
        for (size_t n = 0; spectacles_state_gap(state, shard_id, n, &gap) == 1; n++) {
            if (add_gap(state, found, &gap) != SPECTACLES_OK)
                return SPECTACLES_E_NOMEM;
            found++;
        }
    }
    *gaps = found > 0 ? state->gaps : NULL;
    *gap_count = found;
    return SPECTACLES_OK;
}
