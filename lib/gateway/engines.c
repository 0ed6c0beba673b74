/*
 * The engines of a gateway, and the links under them: made from the settings, found by shard id, freed. Called by
 * gateway.c.
 */
#include "gateway/engines.h"

#include "core/config.h"
#include "core/sentences.h"
#include "core/sorted.h"
#include "core/wipe.h"
#include "net/tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    NAME_MAX = 200
};

/* ---- Settings ---- */

static char *copy_of(const char *text, bool *failed)
{
    size_t size = text ? strlen(text) + 1 : 0;
    char *copy = size ? malloc(size) : NULL;
    if (copy)
        memcpy(copy, text, size);
    *failed |= size && !copy;
    return copy;
}

static int copy_shard(spectacles_gateway *gateway, const spectacles_shard_config *given,
                      spectacles_problem *problem)
{
    bool failed = false;
    spectacles_shard_config *shard = &gateway->shard;
    spectacles_shard_config_init(shard, sizeof *shard);
    int error = sp_config_read(shard, sizeof *shard, given);
    if (error != SPECTACLES_OK)
        return sp_refuse(problem, error,
                         "the size of the shard's configuration is not that of a known version");
    shard->token = gateway->token = copy_of(shard->token, &failed);
    shard->gateway_url = gateway->gateway_url = copy_of(shard->gateway_url, &failed);
    shard->presence = gateway->presence = copy_of(shard->presence, &failed);
    shard->user_agent = gateway->user_agent = copy_of(shard->user_agent, &failed);
    shard->flags |= SPECTACLES_SHARD_COMMITS;
    shard->session = NULL;
    gateway->random.state = shard->seed;
    return failed ? sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory") : SPECTACLES_OK;
}

static bool wants_tls(const spectacles_gateway_config *config)
{
    if (config->shard->gateway_url && strncasecmp(config->shard->gateway_url, "wss:", 4) == 0)
        return true;
    for (size_t i = 0; config->broker && i < config->broker->url_count; i++) {
        if (config->broker->urls[i] && strncasecmp(config->broker->urls[i], "amqps:", 6) == 0)
            return true;
    }
    return false;
}

/* Loaded once, and not by each link. */
static int share_certificates(spectacles_gateway *gateway, const spectacles_gateway_config *config,
                              spectacles_problem *problem)
{
    spectacles_link_config *link = &gateway->link.config;
    spectacles_link_config *broker_link = &gateway->broker_link.config;
    int error = SPECTACLES_OK;
    if (link->tls) {
        gateway->tls = link->tls;
        sp_tls_hold(gateway->tls);
    } else if (gateway->has_links && wants_tls(config)) {
        error = spectacles_tls_new(&gateway->tls, NULL, problem);
        link->tls = gateway->tls;
    }
    if (!broker_link->tls)
        broker_link->tls = link->tls;
    return error;
}

static int copy_link(sp_link_settings *out, const spectacles_link_config *given, spectacles_problem *problem)
{
    bool failed = false;
    spectacles_link_config_init(&out->config, sizeof out->config);
    int error = given ? sp_config_read(&out->config, sizeof out->config, given) : SPECTACLES_OK;
    if (error != SPECTACLES_OK)
        return sp_refuse(problem, error,
                         "the size of the link's configuration is not that of a known version");
    if (out->config.flags & SPECTACLES_LINK_DESCRIPTORS)
        return sp_refuse(problem, SPECTACLES_E_UNSUPPORTED,
                         "a gateway makes its connections itself: SPECTACLES_LINK_DESCRIPTORS is for links "
                         "that their owner drives");
    out->config.proxy = out->proxy = copy_of(out->config.proxy, &failed);
    out->config.no_proxy = out->no_proxy = copy_of(out->config.no_proxy, &failed);
    return failed ? sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory") : SPECTACLES_OK;
}

static void wipe_link(sp_link_settings *link)
{
    sp_wipe_text(link->proxy);
    free(link->no_proxy);
}

int sp_gateway_keep_settings(spectacles_gateway *gateway, const spectacles_gateway_config *config,
                             spectacles_problem *problem)
{
    int error = copy_shard(gateway, config->shard, problem);
    if (error == SPECTACLES_OK)
        error = copy_link(&gateway->link, config->link, problem);
    if (error == SPECTACLES_OK)
        error = copy_link(&gateway->broker_link, config->broker_link ? config->broker_link : config->link,
                          problem);
    return error == SPECTACLES_OK ? share_certificates(gateway, config, problem) : error;
}

void sp_gateway_wipe_settings(spectacles_gateway *gateway)
{
    sp_wipe_text(gateway->token);
    free(gateway->gateway_url);
    free(gateway->presence);
    free(gateway->user_agent);
    wipe_link(&gateway->link);
    wipe_link(&gateway->broker_link);
    spectacles_tls_free(gateway->tls);
}

/* ---- Links ---- */

static int make_link(spectacles_gateway *gateway, sp_engine *engine, spectacles_stream *stream,
                     spectacles_problem *problem)
{
    const sp_link_settings *settings = engine->broker ? &gateway->broker_link : &gateway->link;
    if (!gateway->has_links)
        return SPECTACLES_OK;
    int error = spectacles_link_new(&engine->link, stream, &settings->config, problem);
    if (error != SPECTACLES_OK)
        return error;
    error = spectacles_poller_add(gateway->poller, engine->link, (uint64_t)(uintptr_t)engine);
    return error == SPECTACLES_OK ? error
                                  : sp_refuse(problem, error, spectacles_poller_last_error(gateway->poller));
}

static void free_engine(sp_engine *engine)
{
    if (!engine)
        return;
    sp_list_remove(&engine->wants_address);
    sp_list_remove(&engine->changed);
    spectacles_link_free(engine->link);
    spectacles_shard_free(engine->shard);
    spectacles_broker_free(engine->broker);
    free(engine);
}

/* ---- Brokers ---- */

static int make_broker(spectacles_gateway *gateway, const spectacles_broker_config *given, size_t index,
                       spectacles_problem *problem)
{
    static const char *const purposes[] = {"events", "commands"};
    char name[NAME_MAX + 16];
    spectacles_broker_config config;
    spectacles_broker_config_init(&config, sizeof config);
    int error = sp_config_read(&config, sizeof config, given);
    if (error != SPECTACLES_OK)
        return sp_refuse(problem, error,
                         "the size of the broker's configuration is not that of a known version");
    snprintf(name, sizeof name, "%.*s (%s)", NAME_MAX, config.name ? config.name : "spectacles gateway",
             purposes[index]);
    config.name = name;
    uint64_t drawn = sp_random_next(&gateway->random);
    config.seed = config.seed ? config.seed + index : drawn | 1;
    sp_engine *engine = gateway->broker_engines[index] = calloc(1, sizeof *engine);
    if (!engine)
        return sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
    error = spectacles_broker_new(&engine->broker, &config, problem);
    if (error != SPECTACLES_OK)
        return error;
    gateway->brokers[index] = engine->broker;
    return make_link(gateway, engine, spectacles_broker_stream(engine->broker), problem);
}

int sp_gateway_make_brokers(spectacles_gateway *gateway, const spectacles_gateway_config *config,
                            spectacles_problem *problem)
{
    if (!config->broker)
        return SPECTACLES_OK;
    int error = make_broker(gateway, config->broker, SPECTACLES_RELAY_EVENTS, problem);
    return error == SPECTACLES_OK ? make_broker(gateway, config->broker, SPECTACLES_RELAY_COMMANDS, problem)
                                  : error;
}

/* ---- Shards ---- */

static uint32_t id_at(const void *engines, size_t index)
{
    return ((sp_engine *const *)engines)[index]->shard_id;
}

static size_t place_of(const spectacles_gateway *gateway, uint32_t shard_id)
{
    return sp_sorted_place(gateway->engines, gateway->shard_count, shard_id, id_at);
}

sp_engine *sp_gateway_find_engine(const spectacles_gateway *gateway, uint32_t shard_id)
{
    size_t place = place_of(gateway, shard_id);
    bool found = place < gateway->shard_count && gateway->engines[place]->shard_id == shard_id;
    return found ? gateway->engines[place] : NULL;
}

static int make_room(spectacles_gateway *gateway)
{
    if (gateway->shard_count < gateway->capacity)
        return SPECTACLES_OK;
    size_t capacity = gateway->capacity ? gateway->capacity * 2 : 16;
    sp_engine **engines = realloc(gateway->engines, capacity * sizeof(sp_engine *));
    if (engines)
        gateway->engines = engines;
    spectacles_shard **shards = realloc(gateway->shards, capacity * sizeof(spectacles_shard *));
    if (shards)
        gateway->shards = shards;
    if (!engines || !shards)
        return SPECTACLES_E_NOMEM;
    gateway->capacity = capacity;
    return SPECTACLES_OK;
}

static void insert(spectacles_gateway *gateway, sp_engine *engine)
{
    size_t place = place_of(gateway, engine->shard_id);
    size_t behind = gateway->shard_count++ - place;
    memmove(gateway->engines + place + 1, gateway->engines + place, behind * sizeof(sp_engine *));
    memmove(gateway->shards + place + 1, gateway->shards + place, behind * sizeof(spectacles_shard *));
    gateway->engines[place] = engine;
    gateway->shards[place] = engine->shard;
}

int sp_gateway_make_shard(spectacles_gateway *gateway, uint32_t shard_id, const spectacles_session *session,
                          spectacles_problem *problem)
{
    if (sp_gateway_find_engine(gateway, shard_id))
        return sp_refuse(problem, SPECTACLES_E_INVAL, SP_SERVED_ALREADY);
    sp_engine *engine = make_room(gateway) == SPECTACLES_OK ? calloc(1, sizeof *engine) : NULL;
    if (!engine)
        return sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
    spectacles_shard_config config = gateway->shard;
    config.shard_id = engine->shard_id = shard_id;
    config.session = session;
    config.seed = gateway->shard.seed ? sp_random_next(&gateway->random) | 1 : 0;
    int error = spectacles_shard_new(&engine->shard, &config, problem);
    if (error == SPECTACLES_OK)
        error = make_link(gateway, engine, spectacles_shard_stream(engine->shard), problem);
    if (error != SPECTACLES_OK) {
        free_engine(engine);
        return error;
    }
    insert(gateway, engine);
    return SPECTACLES_OK;
}

void sp_gateway_free_shard(spectacles_gateway *gateway, uint32_t shard_id)
{
    size_t place = place_of(gateway, shard_id);
    sp_engine *engine = gateway->engines[place];
    size_t behind = --gateway->shard_count - place;
    memmove(gateway->engines + place, gateway->engines + place + 1, behind * sizeof(sp_engine *));
    memmove(gateway->shards + place, gateway->shards + place + 1, behind * sizeof(spectacles_shard *));
    free_engine(engine);
}

void sp_gateway_free_engines(spectacles_gateway *gateway)
{
    for (size_t i = 0; i < gateway->shard_count; i++)
        free_engine(gateway->engines[i]);
    for (size_t i = 0; i < 2; i++)
        free_engine(gateway->broker_engines[i]);
    free(gateway->engines);
    free(gateway->shards);
}
