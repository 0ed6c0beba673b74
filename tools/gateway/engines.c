/*
 * The settings as configurations of the library, and the library's own checks of them. read.c calls it to check,
 * and the daemon to make its engines.
 *
 * The library's rules are not written again here. Each setting is put alone into configurations that are right
 * otherwise, and engines are made of them: what the library then says is about this setting.
 */
#include "engines.h"

#include "presence.h"
#include "sources.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    SHARD_ID_MAX = 65535 /* the longest number that a presence may get */
};

static const struct value *value_of(const struct settings *settings, enum setting_id id)
{
    return settings_value(settings, id);
}

static uint32_t number_of(const struct settings *settings, enum setting_id id)
{
    return (uint32_t)value_of(settings, id)->number;
}

static void link_configurations(struct engines *engines)
{
    spectacles_gateway_config_init(&engines->gateway, sizeof engines->gateway);
    spectacles_shard_config_init(&engines->shard, sizeof engines->shard);
    spectacles_broker_config_init(&engines->broker, sizeof engines->broker);
    spectacles_relay_config_init(&engines->relay, sizeof engines->relay);
    spectacles_link_config_init(&engines->link, sizeof engines->link);
    spectacles_poller_config_init(&engines->poller, sizeof engines->poller);
    spectacles_fleet_config_init(&engines->fleet, sizeof engines->fleet);
    engines->gateway.shard = &engines->shard;
    engines->gateway.broker = &engines->broker;
    engines->gateway.relay = &engines->relay;
    engines->gateway.link = &engines->link;
    engines->gateway.poller = &engines->poller;
    engines->broker.name = "spectacles-gateway";
}

/* ---- Each setting in its place ---- */

static void apply_to_shard(struct engines *engines, const struct settings *settings, enum setting_id id)
{
    spectacles_shard_config *shard = &engines->shard;
    if (id == SETTING_TOKEN)
        shard->token = value_of(settings, id)->text;
    else if (id == SETTING_INTENTS || id == SETTING_RAW_INTENTS)
        shard->intents = settings_intents(settings);
    else if (id == SETTING_CAPABILITIES)
        shard->capabilities = value_of(settings, id)->number;
    else if (id == SETTING_PRESENCE)
        shard->presence = value_of(settings, id)->text;
    else if (id == SETTING_GATEWAY_VERSION)
        shard->gateway_version = number_of(settings, id);
    else if (id == SETTING_ENCODING)
        shard->format = SPECTACLES_FORMAT_JSON + number_of(settings, id);
    else if (id == SETTING_COMPRESSION)
        shard->compression = number_of(settings, id);
    else if (id == SETTING_SHARD_COUNT && value_of(settings, id)->number > 0)
        shard->shard_count = number_of(settings, id);
}

static void apply_to_broker(struct engines *engines, const struct settings *settings, enum setting_id id)
{
    spectacles_broker_config *broker = &engines->broker;
    if (id == SETTING_AMQP_URL) {
        broker->urls = value_of(settings, id)->texts;
        broker->url_count = value_of(settings, id)->text_count;
    } else if (id == SETTING_GROUP) {
        broker->group = value_of(settings, id)->text;
    } else if (id == SETTING_FORMAT) {
        broker->format = SPECTACLES_FORMAT_JSON + number_of(settings, id);
    } else if (id == SETTING_DECLARE) {
        broker->declare = SPECTACLES_DECLARE + number_of(settings, id);
    } else if (id == SETTING_QUEUE_TYPE) {
        broker->queue_type = SPECTACLES_QUEUE_DEFAULT + number_of(settings, id);
    } else if (id == SETTING_WINDOW_COUNT) {
        broker->window_count = number_of(settings, id);
    } else if (id == SETTING_WINDOW_BYTES) {
        broker->window_bytes = value_of(settings, id)->number;
    }
}

static void apply_to_relay(struct engines *engines, const struct settings *settings, enum setting_id id)
{
    spectacles_relay_config *relay = &engines->relay;
    if (id == SETTING_EVENTS || id == SETTING_MORE_EVENTS) {
        relay->allow = settings->events;
        relay->allow_count = settings->event_count;
    } else if (id == SETTING_MORE_OPS) {
        relay->more_ops = value_of(settings, id)->numbers;
        relay->more_op_count = value_of(settings, id)->number_count;
    } else if (id == SETTING_COMMAND_PREFETCH) {
        relay->command_prefetch = number_of(settings, id);
    } else if (id == SETTING_SEND_PREFETCH) {
        relay->send_prefetch = number_of(settings, id);
    } else if (id == SETTING_MESSAGE_TIMEOUT) {
        relay->command_timeout = number_of(settings, id);
    } else if (id == SETTING_UNROUTABLE_HOLD) {
        relay->unroutable_hold = number_of(settings, id);
    } else if (id == SETTING_LATENCY_BUDGET) {
        engines->poller.latency_budget = number_of(settings, id);
    } else if (id == SETTING_SHARD_IDS) {
        engines->gateway.shard_ids = value_of(settings, id)->numbers;
        engines->gateway.shard_id_count = value_of(settings, id)->number_count;
    }
}

static void apply_to_link(struct engines *engines, const struct settings *settings, enum setting_id id)
{
    static const uint32_t families[] = {[FAMILY_ANY] = 0, [FAMILY_IPV4] = 4, [FAMILY_IPV6] = 6};
    spectacles_link_config *link = &engines->link;
    if (id == SETTING_CONNECT_TIMEOUT)
        link->connect_timeout = number_of(settings, id);
    else if (id == SETTING_ADDRESS_FAMILY)
        link->family = families[number_of(settings, id)];
    else if (id == SETTING_SOURCE_ADDRESS && value_of(settings, id)->text)
        snprintf(link->source_address, sizeof link->source_address, "%s", value_of(settings, id)->text);
    else if (id == SETTING_KEEPALIVE_IDLE)
        link->keepalive_idle = number_of(settings, id);
    else if (id == SETTING_KEEPALIVE_INTERVAL)
        link->keepalive_interval = number_of(settings, id);
    else if (id == SETTING_KEEPALIVE_PROBES)
        link->keepalive_probes = number_of(settings, id);
    else if (id == SETTING_USER_TIMEOUT)
        link->user_timeout = number_of(settings, id);
}

static void apply_to_fleet(struct engines *engines, const struct settings *settings, enum setting_id id)
{
    spectacles_fleet_config *fleet = &engines->fleet;
    if (id == SETTING_FLEET_MEMBER)
        fleet->member = value_of(settings, id)->text;
    else if (id == SETTING_FLEET_ZONE)
        fleet->zone = value_of(settings, id)->text;
    else if (id == SETTING_FLEET_WEIGHT)
        fleet->weight = number_of(settings, id);
    else if (id == SETTING_FLEET_GENERATION)
        fleet->generation = number_of(settings, id);
    else if (id == SETTING_FLEET_SETTLE)
        fleet->settle = number_of(settings, id);
    else if (id == SETTING_FLEET_IDENTIFY_RESERVE)
        fleet->identify_reserve = number_of(settings, id);
}

static void apply(struct engines *engines, const struct settings *settings, enum setting_id id)
{
    apply_to_shard(engines, settings, id);
    apply_to_broker(engines, settings, id);
    apply_to_relay(engines, settings, id);
    apply_to_link(engines, settings, id);
    apply_to_fleet(engines, settings, id);
}

void engines_configure(struct engines *engines, const struct settings *settings)
{
    link_configurations(engines);
    for (int id = 0; id < SETTING_COUNT; id++)
        apply(engines, settings, (enum setting_id)id);
}

/* ---- The library's checks ---- */

/* Configurations that are right, but for the settings that are put into them. */
static void begin_probe(struct engines *engines)
{
    static const char *const urls[] = {"amqp://localhost"};
    link_configurations(engines);
    engines->gateway.flags = SPECTACLES_GATEWAY_NO_LINKS;
    engines->shard.token = "token";
    engines->shard.seed = 1;
    engines->broker.urls = urls;
    engines->broker.url_count = 1;
}

/* The shards themselves are checked by rules.c. Here one is enough, and thousands would only take time. */
static void end_probe(struct engines *engines)
{
    engines->shard.gateway_url = "wss://gateway.discord.gg";
    engines->gateway.shard_ids = NULL;
    engines->gateway.shard_id_count = 0;
    engines->shard.shard_count = 1;
}

/* Makes a member of a fleet, over a broker of its own. Nothing is connected. */
static int make_fleet(const struct engines *engines, spectacles_problem *problem)
{
    spectacles_fleet_config config = engines->fleet;
    spectacles_broker_config own = engines->broker;
    spectacles_broker *broker = NULL;
    spectacles_fleet *fleet = NULL;
    own.seed = 1;
    int error = spectacles_broker_new(&broker, &own, problem);
    config.broker = broker;
    config.group = "gateway";
    config.token = "token";
    config.member = config.member ? config.member : "member";
    config.shard_count = 1;
    config.seed = 1;
    if (error == SPECTACLES_OK)
        error = spectacles_fleet_new(&fleet, &config, problem);
    spectacles_fleet_free(fleet);
    spectacles_broker_free(broker);
    return error;
}

/* Makes a gateway without links, one link, and a member of a fleet. None of them connects. */
static int make_engines(struct engines *engines, spectacles_problem *problem)
{
    spectacles_gateway *gateway = NULL;
    spectacles_link *link = NULL;
    int error = spectacles_gateway_new(&gateway, &engines->gateway, problem);
    if (error)
        return error;
    spectacles_broker *broker = spectacles_gateway_broker(gateway, SPECTACLES_RELAY_EVENTS);
    error = spectacles_link_new(&link, spectacles_broker_stream(broker), &engines->link, problem);
    spectacles_link_free(link);
    spectacles_gateway_free(gateway);
    return error == SPECTACLES_OK ? make_fleet(engines, problem) : error;
}

/* head: what the library's sentence begins with. */
static bool is_library_fine(struct engines *engines, const char *where, const char *head,
                            struct problems *problems)
{
    spectacles_problem problem = {.text = ""};
    end_probe(engines);
    int error = make_engines(engines, &problem);
    if (error == SPECTACLES_E_NOMEM)
        problems->out_of_memory = true;
    else if (error && problem.position > 0)
        problems_add(problems, PROBLEM_IS_FINAL, where, "%s%s (at byte %zu)", head, problem.text,
                     problem.position);
    else if (error)
        problems_add(problems, PROBLEM_IS_FINAL, where, "%s%s%s%s", head, problem.text,
                     problem.word[0] ? ": " : "", problem.word);
    return error == SPECTACLES_OK;
}

size_t engines_descriptors(size_t shards)
{
    struct engines engines;
    spectacles_gateway *gateway = NULL;
    begin_probe(&engines);
    end_probe(&engines);
    engines.gateway.flags = 0;
    engines.shard.gateway_url = "ws://localhost"; /* so that no certificate is read */
    if (spectacles_gateway_new(&gateway, &engines.gateway, NULL) != SPECTACLES_OK)
        return 0;
    size_t count = spectacles_gateway_descriptors(gateway) + shards - engines.shard.shard_count;
    spectacles_gateway_free(gateway);
    return count;
}

static void probe(struct settings *settings, enum setting_id id, struct problems *problems)
{
    struct engines engines;
    begin_probe(&engines);
    apply(&engines, settings, id);
    if (!is_library_fine(&engines, settings_where(settings, id), "", problems))
        settings->values[id].is_wrong = true;
}

/* Each URL by itself, so that the sentence can say which one it is about. */
static void probe_urls(struct settings *settings, struct problems *problems)
{
    struct value *urls = &settings->values[SETTING_AMQP_URL];
    for (size_t i = 0; i < urls->text_count; i++) {
        struct engines engines;
        char where[2 * PROBLEM_WHERE_SIZE];
        const char *all = settings_where(settings, SETTING_AMQP_URL);
        snprintf(where, sizeof where, urls->text_count > 1 ? "%.190s (URL %zu of %zu)" : "%.190s", all, i + 1,
                 urls->text_count);
        begin_probe(&engines);
        engines.broker.urls = &urls->texts[i];
        urls->is_wrong |= !is_library_fine(&engines, where, "", problems);
    }
}

/* A presence is checked as the shard with the longest number has it. */
static void probe_presence(struct settings *settings, struct problems *problems)
{
    struct engines engines;
    struct value *presence = &settings->values[SETTING_PRESENCE];
    if (!presence->text)
        return;
    size_t size = presence_of_shard(presence->text, SHARD_ID_MAX, NULL, 0) + 1;
    char *text = arena_take(&settings->arena, size);
    if (!text) {
        problems->out_of_memory = true;
        return;
    }
    presence_of_shard(presence->text, SHARD_ID_MAX, text, size);
    begin_probe(&engines);
    engines.shard.presence = text;
    presence->is_wrong |= !is_library_fine(&engines, settings_where(settings, SETTING_PRESENCE),
                                           "Discord would refuse the presence: ", problems);
}

/* Two settings of which one limits the other. Returns whether both go together, or were told already. */
static bool probe_pair(struct settings *settings, enum setting_id first, enum setting_id second,
                       struct problems *problems)
{
    struct engines engines;
    if (value_of(settings, first)->is_wrong || value_of(settings, second)->is_wrong)
        return true;
    begin_probe(&engines);
    apply(&engines, settings, first);
    apply(&engines, settings, second);
    return is_library_fine(&engines, settings_where(settings, second), "", problems);
}

/* What is left: settings that are right by themselves. */
static void probe_together(struct settings *settings, struct problems *problems)
{
    struct engines engines;
    begin_probe(&engines);
    for (int id = 0; id < SETTING_COUNT; id++) {
        bool is_missing = setting_of((enum setting_id)id)->flags & SETTING_IS_REQUIRED &&
                          !settings_is_set(settings, (enum setting_id)id);
        if (!value_of(settings, (enum setting_id)id)->is_wrong && id != SETTING_PRESENCE && !is_missing)
            apply(&engines, settings, (enum setting_id)id);
    }
    is_library_fine(&engines, "the settings together", "", problems);
}

void engines_check(struct settings *settings, struct problems *problems)
{
    for (int id = 0; id < SETTING_COUNT; id++) {
        bool is_apart = id == SETTING_AMQP_URL || id == SETTING_PRESENCE || id == SETTING_ENCODING ||
                        id == SETTING_COMPRESSION;
        if (!is_apart && settings_is_set(settings, (enum setting_id)id) && !settings->values[id].is_wrong)
            probe(settings, (enum setting_id)id, problems);
    }
    if (!settings->values[SETTING_AMQP_URL].is_wrong)
        probe_urls(settings, problems);
    if (!settings->values[SETTING_PRESENCE].is_wrong)
        probe_presence(settings, problems);
    bool is_json_or_stream = probe_pair(settings, SETTING_ENCODING, SETTING_COMPRESSION, problems);
    bool is_one_family = probe_pair(settings, SETTING_ADDRESS_FAMILY, SETTING_SOURCE_ADDRESS, problems);
    if (is_json_or_stream && is_one_family)
        probe_together(settings, problems);
}

/* ---- Certificates ---- */

int engines_tls(spectacles_tls **out, const struct settings *settings, spectacles_problem *problem)
{
    spectacles_tls_config config;
    spectacles_tls_config_init(&config, sizeof config);
    config.ca_file = value_of(settings, SETTING_CA_FILE)->text;
    return spectacles_tls_new(out, &config, problem);
}

bool engines_broker_wants_tls(const struct settings *settings)
{
    const struct value *urls = value_of(settings, SETTING_AMQP_URL);
    bool wants = false;
    for (size_t i = 0; i < urls->text_count; i++)
        wants |= strncasecmp(urls->texts[i], "amqps:", 6) == 0;
    return wants;
}

int engines_broker_tls(spectacles_tls **out, const struct settings *settings, spectacles_problem *problem)
{
    return engines_broker_wants_tls(settings) ? engines_tls(out, settings, problem) : SPECTACLES_OK;
}
