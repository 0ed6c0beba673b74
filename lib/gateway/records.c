/*
 * The sessions and gaps of a gateway, for whoever stores them: all at once, or shard by shard. Called by owners.
 */
#include "core/config.h"
#include "core/export.h"
#include "gateway/engines.h"

#include <stdlib.h>

/* ---- All at once ---- */

static void list_changed(spectacles_gateway *gateway)
{
    const spectacles_shard *shard = NULL;
    while ((shard = spectacles_relay_next_changed(gateway->relay, shard)))
        sp_list_add(&gateway->changed, &sp_gateway_find_engine(gateway, spectacles_shard_id(shard))->changed);
}

SPECTACLES_EXPORT int spectacles_gateway_take_state(spectacles_gateway *gateway, uint64_t unix_time)
{
    list_changed(gateway);
    int changed = spectacles_state_take(gateway->state, gateway->relay, unix_time);
    if (changed < 0)
        return sp_gateway_fail(gateway, changed, spectacles_strerror(changed));
    changed |= gateway->state_differs;
    gateway->state_differs = false;
    return changed;
}

SPECTACLES_EXPORT int spectacles_gateway_write_state(const spectacles_gateway *gateway, spectacles_bytes *out)
{
    return spectacles_state_write(gateway->state, out);
}

/* ---- Shard by shard ---- */

SPECTACLES_EXPORT int spectacles_gateway_next_changed(spectacles_gateway *gateway, uint32_t *shard_id)
{
    sp_list_node *node = sp_list_take(&gateway->changed);
    if (!node)
        return 0;
    *shard_id = sp_list_owner(node, sp_engine, changed)->shard_id;
    return 1;
}

SPECTACLES_EXPORT int spectacles_gateway_write_shards(const spectacles_gateway *gateway,
                                                      const uint32_t *shard_ids, size_t count,
                                                      spectacles_bytes *out)
{
    return spectacles_state_write_shards(gateway->state, shard_ids, count, out);
}

/* The gaps of a shard. *gaps: to be freed with free(), NULL when there are none. */
static int copy_gaps(const spectacles_state *state, uint32_t shard_id, spectacles_gap **gaps, size_t *count)
{
    spectacles_gap gap;
    *gaps = NULL;
    *count = 0;
    while (spectacles_state_gap(state, shard_id, *count, &gap) == 1)
        ++*count;
    if (*count == 0)
        return SPECTACLES_OK;
    *gaps = calloc(*count, sizeof **gaps);
    for (size_t i = 0; *gaps && i < *count; i++)
        spectacles_state_gap(state, shard_id, i, *gaps + i);
    return *gaps ? SPECTACLES_OK : SPECTACLES_E_NOMEM;
}

SPECTACLES_EXPORT int spectacles_gateway_add_stored_shard(spectacles_gateway *gateway, uint32_t shard_id,
                                                          const spectacles_state *state,
                                                          spectacles_problem *problem)
{
    spectacles_gap *gaps;
    size_t count;
    spectacles_session session;
    spectacles_session_init(&session, sizeof session);
    int error = copy_gaps(state, shard_id, &gaps, &count);
    if (error != SPECTACLES_OK)
        return sp_refuse(problem, error, spectacles_strerror(error));
    bool resumes = spectacles_state_session(state, shard_id, &session) == 1;
    error = spectacles_gateway_add_shard(gateway, shard_id, resumes ? &session : NULL, gaps, count, problem);
    free(gaps);
    return error;
}
