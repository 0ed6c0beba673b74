/*
 * What an owner changes while a gateway runs, and what an owner has stored. Called by owners.
 */
#include "core/export.h"
#include "core/sentences.h"
#include "gateway/engines.h"

#include <spectacles/routing.h>
#include <stdlib.h>
#include <string.h>

/* ---- Presence ---- */

static int set_presence_of(spectacles_gateway *gateway, spectacles_shard *shard, const uint8_t *d,
                           size_t length)
{
    int error = spectacles_shard_set_presence(shard, d, length);
    return error == SPECTACLES_OK ? error
                                  : sp_gateway_fail(gateway, error, spectacles_shard_last_error(shard));
}

/* Shards that are added later begin with it. */
static int keep_presence(spectacles_gateway *gateway, const uint8_t *d, size_t length)
{
    spectacles_problem problem = {0};
    if (!d)
        return sp_gateway_fail(gateway, SPECTACLES_E_INVAL, "d is NULL");
    if (spectacles_presence_check(d, length, &problem) != SPECTACLES_OK)
        return sp_gateway_fail(gateway, SPECTACLES_E_INVAL, problem.text);
    char *copy = sp_text_copy((const char *)d, length);
    if (!copy)
        return sp_gateway_fail(gateway, SPECTACLES_E_NOMEM, spectacles_strerror(SPECTACLES_E_NOMEM));
    free(gateway->presence);
    gateway->shard.presence = gateway->presence = copy;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_gateway_set_presence(spectacles_gateway *gateway, const uint8_t *d,
                                                      size_t length)
{
    int error = keep_presence(gateway, d, length);
    for (size_t i = 0; i < gateway->shard_count && error == SPECTACLES_OK; i++)
        error = set_presence_of(gateway, gateway->shards[i], d, length);
    return error;
}

SPECTACLES_EXPORT int spectacles_gateway_set_shard_presence(spectacles_gateway *gateway, uint32_t shard_id,
                                                            const uint8_t *d, size_t length)
{
    const sp_engine *engine = sp_gateway_find_engine(gateway, shard_id);
    return engine ? set_presence_of(gateway, engine->shard, d, length)
                  : sp_gateway_fail(gateway, SPECTACLES_E_INVAL, SP_NO_SUCH_SHARD);
}

/* ---- Relay and poller ---- */

SPECTACLES_EXPORT void spectacles_gateway_set_flags(spectacles_gateway *gateway, uint32_t flags)
{
    spectacles_relay_set_flags(gateway->relay, flags);
}

SPECTACLES_EXPORT int spectacles_gateway_set_allow(spectacles_gateway *gateway, const char *const *allow,
                                                   size_t count, uint32_t allow_all)
{
    return sp_gateway_of_relay(gateway, spectacles_relay_set_allow(gateway->relay, allow, count, allow_all));
}

SPECTACLES_EXPORT int spectacles_gateway_set_latency_budget(spectacles_gateway *gateway,
                                                            uint32_t milliseconds)
{
    if (!gateway->poller)
        return sp_gateway_fail(gateway, SPECTACLES_E_STATE, SP_GATEWAY_NO_LINKS);
    int error = spectacles_poller_set_latency_budget(gateway->poller, milliseconds);
    return sp_gateway_of_poller(gateway, error);
}

SPECTACLES_EXPORT int spectacles_gateway_set_limits(spectacles_gateway *gateway,
                                                    const spectacles_gateway_bot *answer, uint64_t now)
{
    if (answer->verdict != SPECTACLES_GATEWAY_BOT_FINE)
        return sp_gateway_fail(gateway, SPECTACLES_E_INVAL,
                               "the answer of GET /gateway/bot has no limits: its verdict is not FINE");
    int error = sp_gateway_of_relay(
        gateway, spectacles_relay_set_max_concurrency(gateway->relay, answer->max_concurrency));
    if (error != SPECTACLES_OK)
        return error;
    return sp_gateway_of_relay(gateway,
                               spectacles_relay_identify_limit(gateway->relay, answer->total,
                                                               answer->remaining, answer->reset_after, now));
}

SPECTACLES_EXPORT int spectacles_gateway_grant_identify(spectacles_gateway *gateway, uint32_t shard_id,
                                                        uint64_t now)
{
    return sp_gateway_of_relay(gateway, spectacles_relay_grant_identify(gateway->relay, shard_id, now));
}

/* ---- What is stored ---- */

static int note_stored(spectacles_gateway *gateway, sp_engine *engine, const char *session_id, uint64_t seq)
{
    /* SPECTACLES_E_STATE: the heartbeats of the shard do not ask what is stored, or its session has just ended. */
    if (spectacles_shard_stored(engine->shard, session_id, seq) == SPECTACLES_E_INVAL)
        return sp_gateway_fail(gateway, SPECTACLES_E_INVAL, spectacles_shard_last_error(engine->shard));
    int error = spectacles_relay_session_stored(gateway->relay, engine->shard_id, session_id);
    engine->stored = error == SPECTACLES_OK ? seq : engine->stored;
    return sp_gateway_of_relay(gateway, error);
}

SPECTACLES_EXPORT int spectacles_gateway_session_stored(spectacles_gateway *gateway, uint32_t shard_id,
                                                        const char *session_id, uint64_t seq)
{
    sp_engine *engine = sp_gateway_find_engine(gateway, shard_id);
    return engine ? note_stored(gateway, engine, session_id, seq)
                  : sp_gateway_fail(gateway, SPECTACLES_E_INVAL, SP_NO_SUCH_SHARD);
}

SPECTACLES_EXPORT void spectacles_gateway_state_stored(spectacles_gateway *gateway)
{
    spectacles_session present;
    spectacles_session stored;
    spectacles_session_init(&present, sizeof present);
    spectacles_session_init(&stored, sizeof stored);
    for (size_t i = 0; i < gateway->shard_count; i++) {
        sp_engine *engine = gateway->engines[i];
        if (spectacles_state_session(gateway->state, engine->shard_id, &stored) == 1 &&
            spectacles_shard_session(engine->shard, &present) == SPECTACLES_OK &&
            strcmp(stored.session_id, present.session_id) == 0)
            note_stored(gateway, engine, stored.session_id, stored.seq);
    }
}

SPECTACLES_EXPORT int spectacles_gateway_session(const spectacles_gateway *gateway, uint32_t shard_id,
                                                 spectacles_session *out)
{
    const sp_engine *engine = sp_gateway_find_engine(gateway, shard_id);
    return engine ? spectacles_shard_session(engine->shard, out) : SPECTACLES_E_INVAL;
}

SPECTACLES_EXPORT int spectacles_gateway_gap(const spectacles_gateway *gateway, uint32_t shard_id,
                                             size_t index, spectacles_gap *out)
{
    return spectacles_relay_gap(gateway->relay, shard_id, index, out);
}
