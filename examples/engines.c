/* From the settings to a gateway: GET /gateway/bot, then the configurations of its parts. gateway.c calls it. */
#include "engines.h"

#include "discord_api.h"
#include "proxies.h"
#include "signals.h"
#include "store.h"

#include <err.h>
#include <spectacles/spectacles.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum {
    BACKOFF_CAP = 60000 /* milliseconds */
};

struct engines {
    const struct settings *settings;
    struct proxies proxies;
    spectacles_gateway_bot bot;
    uint32_t shard_count;
    spectacles_tls *tls; /* NULL: nothing needs it */
    struct store *store;
    spectacles_gateway *gateway;
};

/* ---- GET /gateway/bot ---- */

static uint32_t shards_here(const struct engines *engines)
{
    return engines->settings->shard_ids ? (uint32_t)engines->settings->shard_id_count : engines->shard_count;
}

/* False: ask again later. Exits when only a person can help. */
static bool ask_once(struct engines *engines)
{
    enum api_result result = discord_gateway_bot(engines->settings, engines->proxies.rest, &engines->bot);
    bool answered = result == API_ANSWERED;
    if (result == API_NEVER || (answered && engines->bot.verdict == SPECTACLES_GATEWAY_BOT_TOKEN))
        errx(1, "GET /gateway/bot failed: %s%s", engines->bot.text, answered ? " (DISCORD_TOKEN)" : "");
    return answered && engines->bot.verdict == SPECTACLES_GATEWAY_BOT_FINE;
}

/* Asks until there is an answer. Waits for as long as Discord asks for, which is hours after a ban. */
static void ask_discord(struct engines *engines)
{
    for (uint64_t wait = 1000; !ask_once(engines); wait *= 2) {
        wait = wait < BACKOFF_CAP ? wait : BACKOFF_CAP;
        uint64_t pause = engines->bot.wait > wait ? engines->bot.wait : wait;
        warnx("GET /gateway/bot failed: %s; again in %llu s", engines->bot.text,
              (unsigned long long)(pause + 999) / 1000);
        signals_pause(pause);
    }
}

static void ask_for_shards(struct engines *engines)
{
    ask_discord(engines);
    engines->shard_count =
        engines->settings->shard_count ? engines->settings->shard_count : engines->bot.shard_count;
    warnx("GET /gateway/bot: %u shards recommended, max_concurrency %u, %u identifies left",
          engines->bot.shard_count, engines->bot.max_concurrency, engines->bot.remaining);
    if (engines->bot.remaining < shards_here(engines))
        warnx("only %u identifies are left for %u shards until %llu s from now", engines->bot.remaining,
              shards_here(engines), (unsigned long long)engines->bot.reset_after / 1000);
}

/* ---- Building ---- */

static void make_tls(struct engines *engines)
{
    spectacles_problem problem;
    bool wanted = strcmp(engines->settings->api_scheme, "https") == 0 ||
                  strncasecmp(engines->settings->amqp_url, "amqps", 5) == 0;
    if (wanted && spectacles_tls_new(&engines->tls, NULL, &problem) < 0)
        errx(1, "%s", problem.text);
}

static void set_broker(const struct engines *engines, spectacles_broker_config *config)
{
    spectacles_broker_config_init(config, sizeof *config);
    config->urls = &engines->settings->amqp_url;
    config->url_count = 1;
    config->group = engines->settings->group;
    config->format = engines->settings->format;
    config->name = "spectacles gateway";
    config->window_count = engines->settings->window_count;
    config->window_bytes = engines->settings->window_bytes;
    config->seed = spectacles_random_seed();
}

/* What can be wrong with it is told before Discord is asked. */
static void check_broker(const struct engines *engines)
{
    spectacles_broker *broker = NULL;
    spectacles_problem problem = {.text = "out of memory"};
    spectacles_broker_config config;
    set_broker(engines, &config);
    if (spectacles_broker_new(&broker, &config, &problem) < 0)
        errx(1, "broker: %s%s%s", problem.text, problem.word[0] ? ": " : "", problem.word);
    spectacles_broker_free(broker);
}

static void set_shard(const struct engines *engines, spectacles_shard_config *config)
{
    spectacles_shard_config_init(config, sizeof *config);
    config->shard_count = engines->shard_count;
    config->gateway_version = engines->settings->version;
    config->intents = engines->settings->intents;
    config->capabilities = engines->settings->capabilities;
    config->token = engines->settings->token;
    config->gateway_url = engines->bot.url;
    config->presence = engines->settings->presence;
    config->format = engines->settings->encoding;
    config->compression = engines->settings->compression;
    config->seed = spectacles_random_seed();
    if (strcmp(engines->settings->api_scheme, "https") == 0 && strncmp(engines->bot.url, "wss://", 6) != 0)
        errx(1, "Discord's API names a gateway without TLS: it is not trusted with the token");
}

static void set_relay(const struct engines *engines, spectacles_relay_config *config)
{
    spectacles_relay_config_init(config, sizeof *config);
    config->allow = (const char *const *)engines->settings->events;
    config->allow_count = engines->settings->event_count;
    config->unix_offset = spectacles_unix_time() - spectacles_now();
    config->more_ops = engines->settings->more_ops;
    config->more_op_count = engines->settings->more_op_count;
    config->unroutable_hold = engines->settings->unroutable_hold;
}

static void open_store(struct engines *engines)
{
    spectacles_state_config config;
    if (!engines->settings->session_file) {
        warnx("SESSION_FILE is not set: a restart will identify anew, and lose what happens in between");
        return;
    }
    spectacles_state_config_init(&config, sizeof config);
    config.token = engines->settings->token;
    config.intents = engines->settings->intents;
    config.shard_count = engines->shard_count;
    engines->store = store_open(engines->settings->session_file, &config);
}

static void make_gateway(struct engines *engines)
{
    spectacles_problem problem = {.text = "out of memory"};
    spectacles_shard_config shard;
    spectacles_broker_config broker;
    spectacles_relay_config relay;
    spectacles_link_config link = engines->settings->link;
    spectacles_link_config broker_link;
    spectacles_poller_config poller;
    spectacles_gateway_config config;
    set_shard(engines, &shard);
    set_broker(engines, &broker);
    set_relay(engines, &relay);
    link.tls = engines->tls;
    link.no_proxy = engines->proxies.no_proxy;
    broker_link = link;
    link.proxy = engines->proxies.gateway;
    broker_link.proxy = engines->proxies.broker;
    spectacles_poller_config_init(&poller, sizeof poller);
    poller.latency_budget = engines->settings->latency_budget;
    spectacles_gateway_config_init(&config, sizeof config);
    config.flags = SPECTACLES_GATEWAY_RESOLVES;
    config.shard = &shard;
    config.shard_ids = engines->settings->shard_ids;
    config.shard_id_count = engines->settings->shard_ids ? engines->settings->shard_id_count : 0;
    config.broker = &broker;
    config.relay = &relay;
    config.link = &link;
    config.broker_link = &broker_link;
    config.poller = &poller;
    config.state = store_state(engines->store);
    if (spectacles_gateway_new(&engines->gateway, &config, &problem) < 0)
        errx(1, "%s", problem.text);
    if (spectacles_gateway_set_limits(engines->gateway, &engines->bot, spectacles_now()) != SPECTACLES_OK)
        errx(1, "%s", spectacles_gateway_last_error(engines->gateway));
}

/* One descriptor for each shard: counted before anything is connected. */
static void make_room(const struct engines *engines)
{
    spectacles_problem problem;
    size_t needed = spectacles_gateway_descriptors(engines->gateway);
    if (spectacles_raise_descriptors(needed, &problem) != SPECTACLES_OK)
        errx(1, "%u shards: %s", shards_here(engines), problem.text);
}

spectacles_gateway *engines_make(const struct settings *settings, struct store **store)
{
    struct engines engines = {.settings = settings};
    proxies_read(&engines.proxies, settings);
    make_tls(&engines);
    check_broker(&engines);
    proxies_log(&engines.proxies);
    ask_for_shards(&engines);
    proxies_log_gateway(&engines.proxies, engines.bot.url);
    open_store(&engines);
    make_gateway(&engines);
    make_room(&engines);
    spectacles_tls_free(engines.tls); /* the links hold it */
    *store = engines.store;
    return engines.gateway;
}
