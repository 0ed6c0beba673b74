/*
 * A gateway between Discord and an AMQP broker, in one loop: what spectacles-gateway (tools/gateway) is without its
 * settings, metrics and commands. It serves all shards of a bot, and publishes the events that it is told.
 *
 *     DISCORD_TOKEN=... AMQP_URL=amqp://... SESSION_FILE=... gateway EVENT...
 *
 * DISCORD_GATEWAY_URL, DISCORD_SHARD_COUNT (1) and SESSION_FILE need not be set. SIGTERM and SIGINT stop the gateway in
 * order: the sessions stay resumable. SIGUSR1 prints counters.
 */
#include "sessions.h"

#include <err.h>
#include <signal.h>
#include <spectacles/spectacles.h>
#include <stdlib.h>
#include <string.h>

enum {
    TICK = 250 /* milliseconds after which a signal is noticed at the latest */
};

struct parts {
    spectacles_shard_config shard;
    spectacles_broker_config broker;
    spectacles_relay_config relay;
    spectacles_gateway_config gateway;
};

static volatile sig_atomic_t stop;
static volatile sig_atomic_t asks_for_counters;

static void on_signal(int number)
{
    if (number == SIGUSR1)
        asks_for_counters = 1;
    else
        stop = 1;
}

/* ---- Making ---- */

static void set_shard(spectacles_shard_config *config, const char *const *events, size_t count)
{
    const char *url = getenv("DISCORD_GATEWAY_URL");
    const char *shards = getenv("DISCORD_SHARD_COUNT");
    spectacles_shard_config_init(config, sizeof *config);
    config->token = getenv("DISCORD_TOKEN");
    config->gateway_url = url ? url : "wss://gateway.discord.gg";
    config->shard_count = shards ? (uint32_t)strtoul(shards, NULL, 10) : 1;
    config->seed = spectacles_random_seed();
    for (size_t i = 0; i < count; i++)
        config->intents |= spectacles_intents_for_event(events[i], strlen(events[i]));
}

static void set_parts(struct parts *parts, const char *const *url, const char *const *events, size_t count)
{
    set_shard(&parts->shard, events, count);
    spectacles_broker_config_init(&parts->broker, sizeof parts->broker);
    parts->broker.urls = url;
    parts->broker.url_count = 1;
    parts->broker.seed = spectacles_random_seed();
    spectacles_relay_config_init(&parts->relay, sizeof parts->relay);
    parts->relay.allow = events;
    parts->relay.allow_count = count;
    parts->relay.unix_offset = spectacles_unix_time() - spectacles_now();
    parts->relay.flags = SPECTACLES_RELAY_BROKERS_FIRST;
    spectacles_gateway_config_init(&parts->gateway, sizeof parts->gateway);
    parts->gateway.flags = SPECTACLES_GATEWAY_RESOLVES;
    parts->gateway.shard = &parts->shard;
    parts->gateway.broker = &parts->broker;
    parts->gateway.relay = &parts->relay;
}

/* ---- Running ---- */

static void tell_counters(const spectacles_gateway *gateway)
{
    spectacles_gateway_stats stats;
    spectacles_gateway_stats_init(&stats, sizeof stats);
    spectacles_gateway_get_stats(gateway, &stats);
    warnx("summary dispatched=%llu published=%llu confirmed=%llu routed=%llu sent=%llu",
          (unsigned long long)stats.received, (unsigned long long)stats.published,
          (unsigned long long)stats.confirmed, (unsigned long long)stats.routed,
          (unsigned long long)stats.sent);
}

static void on_event(spectacles_gateway *gateway, struct sessions *sessions,
                     const spectacles_relay_event *event, uint64_t now)
{
    char line[SPECTACLES_RELAY_LINE_SIZE];
    spectacles_relay_event_describe(line, sizeof line, event, now);
    if (event->type != SPECTACLES_RELAY_EVENT_SHARD_LATENCY)
        warnx("%s", line);
    if (event->type == SPECTACLES_RELAY_EVENT_SHARD_READY || event->type == SPECTACLES_RELAY_EVENT_SHARD_GAP)
        sessions_write(sessions, gateway, now);
    if (event->type == SPECTACLES_RELAY_EVENT_SHARD_FATAL)
        stop = 1;
}

static void turn(spectacles_gateway *gateway, struct sessions *sessions)
{
    const spectacles_relay_event *event;
    spectacles_gateway_wait(gateway, spectacles_now() + TICK, spectacles_now());
    uint64_t now = spectacles_now();
    if (spectacles_gateway_process(gateway, now) < 0)
        errx(EXIT_FAILURE, "%s", spectacles_gateway_last_error(gateway));
    while ((event = spectacles_gateway_next_event(gateway, now)))
        on_event(gateway, sessions, event, now);
    if (now >= sessions_due(sessions))
        sessions_write(sessions, gateway, now);
    if (asks_for_counters) {
        asks_for_counters = 0; /* before it is answered: a signal that comes now asks again */
        tell_counters(gateway);
    }
}

int main(int argc, char **argv)
{
    struct parts parts;
    spectacles_gateway *gateway;
    spectacles_problem problem = {.text = "out of memory"};
    const char *url = getenv("AMQP_URL");
    if (argc < 2 || !getenv("DISCORD_TOKEN") || !url)
        errx(EXIT_FAILURE, "usage: DISCORD_TOKEN=... AMQP_URL=... gateway EVENT...");
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    signal(SIGUSR1, on_signal);
    set_parts(&parts, &url, (const char *const *)argv + 1, (size_t)argc - 1);
    struct sessions *sessions = sessions_read(&parts.gateway, &parts.shard, &parts.relay);
    if (spectacles_gateway_new(&gateway, &parts.gateway, &problem) < 0)
        errx(EXIT_FAILURE, "%s", problem.text);
    while (!spectacles_gateway_stopped(gateway)) {
        turn(gateway, sessions);
        if (stop)
            spectacles_gateway_stop(gateway, 0, spectacles_now());
    }
    sessions_write(sessions, gateway, spectacles_now());
    spectacles_gateway_free(gateway);
    sessions_free(sessions);
    return EXIT_SUCCESS;
}
