/*
 * Between a state and the engines: takes sessions and gaps from a relay and its shards, and gives gaps to a relay. It
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

/* A gap that cannot be stored becomes one whose sessions are not known. */
static int add_gaps(sp_record *record, const spectacles_relay *relay)
{
    spectacles_gap gap = {.size = sizeof gap};
    int error = SPECTACLES_OK;
    for (size_t i = 0; error == SPECTACLES_OK && spectacles_relay_gap(relay, record->shard_id, i, &gap);
         i++) {
        error = sp_record_add_gap(record, &gap);
        if (error == SPECTACLES_E_INVAL)
            error = sp_record_add_unknown(record, gap.unix_time);
    }
    return error;
}

/* Appends the record of a shard as the shard is now. */
static int add_shard(sp_records *fresh, const spectacles_state *state, const spectacles_shard *shard,
                     const spectacles_relay *relay, uint64_t unix_time)
{
    if (spectacles_shard_count(shard) != state->shard_count)
        return SPECTACLES_E_INVAL;
    if (sp_records_reserve(fresh, 1) != SPECTACLES_OK)
        return SPECTACLES_E_NOMEM;
    sp_record *record = sp_record_new(spectacles_shard_id(shard), state->shard_count);
    if (!record)
        return SPECTACLES_E_NOMEM;
    fresh->list[fresh->count++] = record;
    int error = add_session(record, shard, unix_time);
    return error == SPECTACLES_OK ? add_gaps(record, relay) : error;
}

/* fresh: in the order in which the shards changed, and not sorted. */
static int collect(const spectacles_state *state, sp_records *fresh, const spectacles_relay *relay,
                   uint64_t unix_time)
{
    const spectacles_shard *shard = NULL;
    int error = SPECTACLES_OK;
    while (error == SPECTACLES_OK && (shard = spectacles_relay_next_changed(relay, shard)))
        error = add_shard(fresh, state, shard, relay, unix_time);
    return error;
}

/* A record that says that nothing of its shard is missing stays until there is something to say. */
static bool is_still_empty(const spectacles_state *state, const sp_record *record)
{
    const sp_record *old = sp_records_find(&state->records, record->shard_id);
    return old && sp_record_is_empty(old) && sp_record_is_empty(record);
}

static bool put(spectacles_state *state, sp_record *record, uint64_t unix_time)
{
    if (!is_still_empty(state, record))
        return sp_state_replace(state, record, unix_time);
    sp_record_free(record);
    return false;
}

SPECTACLES_EXPORT int spectacles_state_take(spectacles_state *state, spectacles_relay *relay,
                                            uint64_t unix_time)
{
    sp_records fresh = {0};
    bool changed = false;
    int error = collect(state, &fresh, relay, unix_time);
    if (error == SPECTACLES_OK)
        error = sp_records_reserve(&state->records, fresh.count);
    if (error != SPECTACLES_OK) {
        sp_records_free(&fresh);
        return error;
    }
    for (size_t i = 0; i < fresh.count; i++)
        changed |= put(state, fresh.list[i], unix_time);
    free(fresh.list);
    spectacles_relay_forget_changed(relay);
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
