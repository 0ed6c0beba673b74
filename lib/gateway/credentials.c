/*
 * What a gateway logs in with and whom it trusts, replaced while it runs: token, certificates, URLs of the broker. What
 * stands goes on with the former ones. Called by owners.
 */
#include "core/export.h"
#include "core/wipe.h"
#include "gateway/engines.h"
#include "net/tls.h"

#include <stdlib.h>
#include <string.h>

/* ---- The token ---- */

/* Shards that are added later begin with it. */
static int keep_token(spectacles_gateway *gateway, const char *token)
{
    char *copy = sp_text_copy(token, strlen(token));
    if (!copy)
        return sp_gateway_fail(gateway, SPECTACLES_E_NOMEM, spectacles_strerror(SPECTACLES_E_NOMEM));
    sp_wipe_text(gateway->token);
    gateway->shard.token = gateway->token = copy;
    return SPECTACLES_OK;
}

/* The sessions go on, and are stored under the new token. */
static int set_state_token(spectacles_gateway *gateway, const char *token)
{
    spectacles_problem problem = {.text = ""};
    int error = spectacles_token_check(token, &problem);
    if (error == SPECTACLES_OK)
        error = spectacles_state_set_token(gateway->state, token, &problem);
    if (error != SPECTACLES_OK)
        return sp_gateway_fail(gateway, error, problem.text);
    gateway->state_differs = true;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_gateway_set_token(spectacles_gateway *gateway, const char *token)
{
    int error = set_state_token(gateway, token);
    if (error == SPECTACLES_OK)
        error = keep_token(gateway, token);
    for (size_t i = 0; i < gateway->shard_count && error == SPECTACLES_OK; i++) {
        error = spectacles_shard_set_token(gateway->shards[i], token);
        if (error != SPECTACLES_OK)
            sp_gateway_fail(gateway, error, spectacles_shard_last_error(gateway->shards[i]));
    }
    return error;
}

/* ---- Certificates ---- */

static int check_tls(spectacles_gateway *gateway, const spectacles_tls *tls)
{
    if (!gateway->has_links)
        return sp_gateway_fail(gateway, SPECTACLES_E_STATE, SP_GATEWAY_NO_LINKS);
    return tls ? SPECTACLES_OK
               : sp_gateway_fail(gateway, SPECTACLES_E_INVAL,
                                 "tls is NULL: spectacles_tls_new() makes the defaults");
}

SPECTACLES_EXPORT int spectacles_gateway_set_tls(spectacles_gateway *gateway, spectacles_tls *tls)
{
    int error = check_tls(gateway, tls);
    if (error != SPECTACLES_OK)
        return error;
    sp_tls_hold(tls);
    spectacles_tls_free(gateway->tls);
    gateway->link.config.tls = gateway->tls = tls;
    for (size_t i = 0; i < gateway->shard_count; i++)
        spectacles_link_set_tls(gateway->engines[i]->link, tls);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_gateway_set_broker_tls(spectacles_gateway *gateway, spectacles_tls *tls)
{
    int error = check_tls(gateway, tls);
    for (size_t i = 0; i < 2 && error == SPECTACLES_OK; i++) {
        if (gateway->broker_engines[i])
            spectacles_link_set_tls(gateway->broker_engines[i]->link, tls);
    }
    return error;
}

/* ---- The broker ---- */

SPECTACLES_EXPORT int spectacles_gateway_set_broker_urls(spectacles_gateway *gateway, const char *const *urls,
                                                         size_t count, uint64_t now)
{
    int error = SPECTACLES_OK;
    if (!gateway->brokers[SPECTACLES_RELAY_EVENTS])
        return sp_gateway_fail(gateway, SPECTACLES_E_STATE, "the gateway was made without brokers");
    for (size_t i = 0; i < 2 && error == SPECTACLES_OK; i++) {
        error = spectacles_broker_set_urls(gateway->brokers[i], urls, count, now);
        if (error != SPECTACLES_OK)
            sp_gateway_fail(gateway, error, spectacles_broker_last_error(gateway->brokers[i]));
    }
    return error;
}
