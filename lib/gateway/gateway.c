/*
 * The public face of the gateway: makes the engines and joins them, moves bytes and pulls events, takes their state.
 * Called by owners.
 */
#include "core/config.h"
#include "core/export.h"
#include "core/sentences.h"
#include "gateway/clock.h"
#include "gateway/counters.h"
#include "gateway/engines.h"
#include "gateway/names.h"
#include "gateway/network.h"

#include <stdlib.h>

SPECTACLES_EXPORT const char *spectacles_gateway_last_error(const spectacles_gateway *gateway)
{
    return gateway->last_error.chars;
}

/* ---- Making and freeing ---- */

SPECTACLES_EXPORT void spectacles_gateway_config_init(spectacles_gateway_config *config, size_t size)
{
    const spectacles_gateway_config defaults = {0};
    sp_config_write(config, size, &defaults, sizeof defaults);
}

static int check_config(const spectacles_gateway_config *config, spectacles_problem *problem)
{
    const uint32_t known =
        SPECTACLES_GATEWAY_NO_SHARDS | SPECTACLES_GATEWAY_NO_LINKS | SPECTACLES_GATEWAY_RESOLVES;
    const uint32_t contradiction = SPECTACLES_GATEWAY_NO_LINKS | SPECTACLES_GATEWAY_RESOLVES;
    if (config->flags & ~known)
        return sp_refuse(problem, SPECTACLES_E_UNSUPPORTED,
                         "flags has a bit that this version does not know");
    if (!config->shard)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "shard is required");
    if (!config->shard_ids != (config->shard_id_count == 0))
        return sp_refuse(problem, SPECTACLES_E_INVAL, "shard_ids and shard_id_count do not belong together");
    if ((config->flags & contradiction) == contradiction)
        return sp_refuse(problem, SPECTACLES_E_INVAL,
                         "SPECTACLES_GATEWAY_RESOLVES with SPECTACLES_GATEWAY_NO_LINKS: there are no names");
    if (config->flags & SPECTACLES_GATEWAY_NO_SHARDS && config->shard_ids)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "shard_ids with SPECTACLES_GATEWAY_NO_SHARDS");
    return SPECTACLES_OK;
}

static int make_poller(spectacles_gateway *gateway, const spectacles_gateway_config *config,
                       spectacles_problem *problem)
{
    return gateway->has_links ? spectacles_poller_new(&gateway->poller, config->poller, problem)
                              : SPECTACLES_OK;
}

/* A state of its own, with what the given one holds. */
static int copy_state(spectacles_gateway *gateway, const spectacles_state *given, spectacles_problem *problem)
{
    spectacles_bytes *bytes = NULL;
    spectacles_state_config config;
    spectacles_state_config_init(&config, sizeof config);
    config.token = gateway->shard.token;
    config.intents = gateway->shard.intents;
    config.shard_count = gateway->shard.shard_count;
    int error = spectacles_state_new(&gateway->state, &config, problem);
    if (error != SPECTACLES_OK || !given)
        return error;
    error = spectacles_bytes_new(&bytes);
    if (error == SPECTACLES_OK)
        error = spectacles_state_write(given, bytes);
    if (error != SPECTACLES_OK)
        sp_refuse(problem, error, spectacles_strerror(error));
    else
        error = spectacles_state_read(gateway->state, spectacles_bytes_data(bytes),
                                      spectacles_bytes_length(bytes), spectacles_state_noticed_at(given),
                                      problem);
    spectacles_bytes_free(bytes);
    return error;
}

static int make_shards(spectacles_gateway *gateway, const spectacles_gateway_config *config,
                       spectacles_problem *problem)
{
    size_t count = config->shard_ids ? config->shard_id_count : gateway->shard.shard_count;
    int error = SPECTACLES_OK;
    if (config->flags & SPECTACLES_GATEWAY_NO_SHARDS)
        count = 0;
    for (size_t i = 0; i < count && error == SPECTACLES_OK; i++) {
        uint32_t id = config->shard_ids ? config->shard_ids[i] : (uint32_t)i;
        spectacles_session session;
        spectacles_session_init(&session, sizeof session);
        bool resumes = spectacles_state_session(gateway->state, id, &session) == 1;
        error = sp_gateway_make_shard(gateway, id, resumes ? &session : NULL, problem);
    }
    return error;
}

static int make_relay(spectacles_gateway *gateway, const spectacles_relay_config *given,
                      spectacles_problem *problem)
{
    spectacles_relay_config config;
    spectacles_relay_config_init(&config, sizeof config);
    int error = given ? sp_config_read(&config, sizeof config, given) : SPECTACLES_OK;
    if (error != SPECTACLES_OK)
        return sp_refuse(problem, error,
                         "the size of the relay's configuration is not that of a known version");
    gateway->unix_offset = config.unix_offset;
    if (!gateway->brokers[SPECTACLES_RELAY_EVENTS] && config.allow_count == 0 && !config.allow_all)
        return sp_refuse(problem, SPECTACLES_E_INVAL,
                         "no event would be handed out: name them in relay->allow, or set relay->allow_all");
    config.shard_count = gateway->shard.shard_count;
    config.own_shards = gateway->shards;
    config.own_shard_count = gateway->shard_count;
    config.events = gateway->brokers[SPECTACLES_RELAY_EVENTS];
    config.commands = gateway->brokers[SPECTACLES_RELAY_COMMANDS];
    error = spectacles_state_gaps(gateway->state, gateway->shards, gateway->shard_count, &config.gaps,
                                  &config.gap_count);
    if (error != SPECTACLES_OK)
        return sp_refuse(problem, error, spectacles_strerror(error));
    return spectacles_relay_new(&gateway->relay, &config, problem);
}

static int set_up(spectacles_gateway *gateway, const spectacles_gateway_config *config,
                  spectacles_problem *problem)
{
    sp_list_init(&gateway->names);
    sp_list_init(&gateway->changed);
    gateway->has_links = !(config->flags & SPECTACLES_GATEWAY_NO_LINKS);
    gateway->resolves = config->flags & SPECTACLES_GATEWAY_RESOLVES;
    gateway->network_fd = -1;
    int error = sp_gateway_keep_settings(gateway, config, problem);
    if (error == SPECTACLES_OK)
        error = make_poller(gateway, config, problem);
    if (error == SPECTACLES_OK)
        error = sp_gateway_make_resolver(gateway, problem);
    if (error == SPECTACLES_OK)
        error = sp_gateway_watch_network(gateway, problem);
    if (error == SPECTACLES_OK)
        error = copy_state(gateway, config->state, problem);
    if (error == SPECTACLES_OK)
        error = sp_gateway_make_brokers(gateway, config, problem);
    if (error == SPECTACLES_OK)
        error = make_shards(gateway, config, problem);
    return error == SPECTACLES_OK ? make_relay(gateway, config->relay, problem) : error;
}

SPECTACLES_EXPORT int spectacles_gateway_new(spectacles_gateway **out,
                                             const spectacles_gateway_config *config,
                                             spectacles_problem *problem)
{
    spectacles_gateway_config read;
    spectacles_gateway_config_init(&read, sizeof read);
    int error = sp_config_read(&read, sizeof read, config);
    if (error != SPECTACLES_OK)
        return sp_refuse(problem, error,
                         "the configuration's size is not that of a version this library knows");
    error = check_config(&read, problem);
    if (error != SPECTACLES_OK)
        return error;
    spectacles_gateway *gateway = calloc(1, sizeof *gateway);
    if (!gateway)
        return sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
    error = set_up(gateway, &read, problem);
    if (error != SPECTACLES_OK) {
        spectacles_gateway_free(gateway);
        return error;
    }
    *out = gateway;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT void spectacles_gateway_free(spectacles_gateway *gateway)
{
    if (!gateway)
        return;
    spectacles_relay_free(gateway->relay);
    if (gateway->names.head.next)
        sp_gateway_forget_names(gateway);
    sp_gateway_unwatch_network(gateway);
    sp_gateway_free_engines(gateway);
    spectacles_poller_free(gateway->poller);
    spectacles_state_free(gateway->state);
    sp_gateway_wipe_settings(gateway);
    free(gateway);
}

/* ---- The loop ---- */

SPECTACLES_EXPORT int spectacles_gateway_fd(spectacles_gateway *gateway)
{
    return gateway->poller ? spectacles_poller_fd(gateway->poller) : -1;
}

/* Of what the poller does not know of. */
static uint64_t own_deadline(const spectacles_gateway *gateway)
{
    uint64_t relay = spectacles_relay_deadline(gateway->relay);
    uint64_t names = sp_gateway_names_deadline(gateway);
    return relay < names ? relay : names;
}

SPECTACLES_EXPORT uint64_t spectacles_gateway_deadline(const spectacles_gateway *gateway)
{
    uint64_t own = own_deadline(gateway);
    uint64_t poller = gateway->poller ? spectacles_poller_deadline(gateway->poller) : SPECTACLES_NEVER;
    return own < poller ? own : poller;
}

SPECTACLES_EXPORT int spectacles_gateway_timeout(const spectacles_gateway *gateway, uint64_t now)
{
    return spectacles_poll_timeout(spectacles_gateway_deadline(gateway), now);
}

SPECTACLES_EXPORT int spectacles_gateway_wait(spectacles_gateway *gateway, uint64_t until, uint64_t now)
{
    if (!gateway->poller)
        return sp_gateway_fail(gateway, SPECTACLES_E_STATE, SP_GATEWAY_NO_LINKS);
    uint64_t own = own_deadline(gateway);
    int error = spectacles_poller_wait(gateway->poller, own < until ? own : until, now);
    return sp_gateway_of_poller(gateway, error);
}

SPECTACLES_EXPORT int spectacles_gateway_process(spectacles_gateway *gateway, uint64_t now)
{
    if (!gateway->poller)
        return SPECTACLES_OK;
    int error = spectacles_poller_process(gateway->poller, now);
    sp_gateway_follow_clock(gateway, now);
    sp_gateway_follow_network(gateway, now);
    sp_gateway_collect_names(gateway, now);
    return sp_gateway_of_poller(gateway, error);
}

static void forget_shard(spectacles_gateway *gateway, uint32_t shard_id)
{
    gateway->state_differs |= spectacles_state_set(gateway->state, shard_id, NULL, NULL, 0, 0) == 1;
    sp_gateway_keep_counters(gateway, sp_gateway_find_engine(gateway, shard_id)->shard);
    sp_gateway_free_shard(gateway, shard_id);
}

SPECTACLES_EXPORT const spectacles_relay_event *spectacles_gateway_next_event(spectacles_gateway *gateway,
                                                                              uint64_t now)
{
    if (gateway->has_removed)
        forget_shard(gateway, gateway->removed_id);
    const spectacles_relay_event *event = spectacles_relay_next_event(gateway->relay, now);
    gateway->has_removed = event && event->type == SPECTACLES_RELAY_EVENT_SHARD_REMOVED;
    gateway->removed_id = gateway->has_removed ? event->shard_id : 0;
    if (event && event->type == SPECTACLES_RELAY_EVENT_SHARD_READY)
        sp_gateway_find_engine(gateway, event->shard_id)->stored = 0; /* that was of the session before */
    if (event || !gateway->poller)
        return event;
    spectacles_poller_flush(gateway->poller, now);
    sp_gateway_collect_names(gateway, now);
    return NULL;
}

/* ---- Messages and packets ---- */

SPECTACLES_EXPORT int spectacles_gateway_acknowledge(spectacles_gateway *gateway, uint64_t ticket)
{
    return sp_gateway_of_relay(gateway, spectacles_relay_acknowledge(gateway->relay, ticket));
}

SPECTACLES_EXPORT int spectacles_gateway_send(spectacles_gateway *gateway, uint32_t shard_id, uint32_t op,
                                              const uint8_t *d, size_t length, uint64_t *ticket)
{
    return sp_gateway_of_relay(gateway,
                               spectacles_relay_send(gateway->relay, shard_id, op, d, length, ticket));
}

/* ---- Shards that come and go ---- */

SPECTACLES_EXPORT int spectacles_gateway_add_shard(spectacles_gateway *gateway, uint32_t shard_id,
                                                   const spectacles_session *session,
                                                   const spectacles_gap *gaps, size_t count,
                                                   spectacles_problem *problem)
{
    if (gateway->stops)
        return sp_refuse(problem, SPECTACLES_E_STATE, SP_NO_SHARDS_ANY_MORE);
    int error = sp_gateway_make_shard(gateway, shard_id, session, problem);
    if (error != SPECTACLES_OK)
        return error;
    error = spectacles_relay_add_shard(gateway->relay, sp_gateway_find_engine(gateway, shard_id)->shard, gaps,
                                       count, problem);
    if (error != SPECTACLES_OK)
        sp_gateway_free_shard(gateway, shard_id);
    return error;
}

SPECTACLES_EXPORT int spectacles_gateway_remove_shard(spectacles_gateway *gateway, uint32_t shard_id,
                                                      uint32_t code, uint64_t now)
{
    return sp_gateway_of_relay(gateway, spectacles_relay_remove_shard(gateway->relay, shard_id, code, now));
}

SPECTACLES_EXPORT int spectacles_gateway_drop_shard(spectacles_gateway *gateway, uint32_t shard_id)
{
    int error = sp_gateway_of_relay(gateway, spectacles_relay_drop_shard(gateway->relay, shard_id));
    if (error == SPECTACLES_OK)
        forget_shard(gateway, shard_id);
    return error;
}

/* ---- Stopping ---- */

SPECTACLES_EXPORT int spectacles_gateway_stop(spectacles_gateway *gateway, uint32_t code, uint64_t now)
{
    int error = sp_gateway_of_relay(gateway, spectacles_relay_stop(gateway->relay, code, now));
    gateway->stops |= error == SPECTACLES_OK;
    return error;
}

SPECTACLES_EXPORT int spectacles_gateway_stopped(const spectacles_gateway *gateway)
{
    return spectacles_relay_stopped(gateway->relay);
}

/* ---- The parts ---- */

SPECTACLES_EXPORT spectacles_relay *spectacles_gateway_relay(spectacles_gateway *gateway)
{
    return gateway->relay;
}

SPECTACLES_EXPORT spectacles_poller *spectacles_gateway_poller(spectacles_gateway *gateway)
{
    return gateway->poller;
}

SPECTACLES_EXPORT spectacles_shard *spectacles_gateway_shard(spectacles_gateway *gateway, uint32_t shard_id)
{
    const sp_engine *engine = sp_gateway_find_engine(gateway, shard_id);
    return engine ? engine->shard : NULL;
}

SPECTACLES_EXPORT spectacles_broker *spectacles_gateway_broker(spectacles_gateway *gateway, uint32_t broker)
{
    return broker <= SPECTACLES_RELAY_COMMANDS ? gateway->brokers[broker] : NULL;
}

SPECTACLES_EXPORT spectacles_shard *const *spectacles_gateway_shards(const spectacles_gateway *gateway,
                                                                     size_t *count)
{
    *count = gateway->shard_count;
    return gateway->shards;
}
