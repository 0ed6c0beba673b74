/* A gateway in the process of the bot, without a broker. The sessions are kept in SESSION_FILE. */
#include "feed.h"
#include "sessions.h"

#include <err.h>
#include <spectacles/spectacles.h>
#include <stdlib.h>
#include <string.h>

enum {
    TURN = 250 /* milliseconds, at most */
};

struct gateway_feed {
    struct feed feed;
    spectacles_gateway *gateway;
    struct sessions *sessions; /* NULL: they are not kept */
    uint32_t shard_count;
};

static void *must(void *made)
{
    if (!made)
        errx(EXIT_FAILURE, "out of memory");
    return made;
}

/* ---- The calls of a feed ---- */

static struct gateway_feed *of(struct feed *feed)
{
    return (struct gateway_feed *)feed;
}

static bool turn(struct feed *feed)
{
    struct gateway_feed *self = of(feed);
    uint64_t now = spectacles_now();
    if (now >= sessions_due(self->sessions))
        sessions_write(self->sessions, self->gateway, now);
    if (spectacles_gateway_stopped(self->gateway))
        return false;
    spectacles_gateway_wait(self->gateway, now + TURN, now);
    if (spectacles_gateway_process(self->gateway, spectacles_now()) < 0)
        errx(EXIT_FAILURE, "%s", spectacles_gateway_last_error(self->gateway));
    return true;
}

static bool tell(const spectacles_relay_event *event, struct feed_event *out)
{
    *out = (struct feed_event){.text = event->text ? event->text : "", .ticket = event->ticket};
    if (event->type == SPECTACLES_RELAY_EVENT_MESSAGE) {
        out->name = event->name;
        out->id = event->message_id;
        out->body = event->body;
        out->length = event->body_length;
        return true;
    }
    out->answer = event->ticket;
    out->sent = event->type == SPECTACLES_RELAY_EVENT_COMMAND_SENT;
    return out->sent || event->type == SPECTACLES_RELAY_EVENT_COMMAND_REJECTED;
}

static void tell_people(const spectacles_relay_event *event)
{
    char line[SPECTACLES_RELAY_LINE_SIZE];
    spectacles_relay_event_describe(line, sizeof line, event, spectacles_now());
    if (event->type != SPECTACLES_RELAY_EVENT_SHARD_LATENCY)
        warnx("%s", line);
}

static bool next(struct feed *feed, struct feed_event *out)
{
    struct gateway_feed *self = of(feed);
    const spectacles_relay_event *event;
    while ((event = spectacles_gateway_next_event(self->gateway, spectacles_now()))) {
        if (tell(event, out))
            return true;
        tell_people(event);
        if (event->type == SPECTACLES_RELAY_EVENT_SHARD_READY ||
            event->type == SPECTACLES_RELAY_EVENT_SHARD_GAP)
            sessions_write(self->sessions, self->gateway, spectacles_now());
        if (event->type == SPECTACLES_RELAY_EVENT_SHARD_FATAL)
            errx(EXIT_FAILURE, "Discord does not accept this bot");
    }
    return false;
}

static void acknowledge(struct feed *feed, uint64_t ticket)
{
    spectacles_gateway_acknowledge(of(feed)->gateway, ticket);
}

static uint64_t send_packet(struct feed *feed, uint64_t guild_id, uint32_t op, const char *d)
{
    struct gateway_feed *self = of(feed);
    uint64_t ticket = 0;
    uint32_t shard = spectacles_route_shard(guild_id, self->shard_count);
    if (spectacles_gateway_send(self->gateway, shard, op, (const uint8_t *)d, strlen(d), &ticket) < 0)
        warnx("%s", spectacles_gateway_last_error(self->gateway));
    return ticket;
}

static void stop(struct feed *feed)
{
    spectacles_gateway_stop(of(feed)->gateway, 0, spectacles_now());
}

static void free_feed(struct feed *feed)
{
    struct gateway_feed *self = of(feed);
    spectacles_gateway_free(self->gateway);
    sessions_free(self->sessions);
    free(self);
}

/* ---- Making one ---- */

static void set_shard(struct gateway_feed *self, spectacles_shard_config *config, const char *const *events,
                      size_t count)
{
    const char *shards = getenv("DISCORD_SHARD_COUNT");
    spectacles_shard_config_init(config, sizeof *config);
    config->token = getenv("DISCORD_TOKEN");
    config->gateway_url = getenv("DISCORD_GATEWAY_URL");
    if (!config->gateway_url)
        config->gateway_url = "wss://gateway.discord.gg";
    config->shard_count = self->shard_count = shards ? (uint32_t)strtoul(shards, NULL, 10) : 1;
    config->seed = spectacles_random_seed();
    for (size_t i = 0; i < count; i++)
        config->intents |= spectacles_intents_for_event(events[i], strlen(events[i]));
}

static void make_gateway(struct gateway_feed *self, const char *const *events, size_t count)
{
    spectacles_problem problem = {.text = "out of memory"};
    spectacles_gateway_config config;
    spectacles_shard_config shard;
    spectacles_relay_config relay;
    set_shard(self, &shard, events, count);
    spectacles_relay_config_init(&relay, sizeof relay);
    relay.allow = events;
    relay.allow_count = count;
    relay.unix_offset = spectacles_unix_time() - spectacles_now();
    spectacles_gateway_config_init(&config, sizeof config);
    config.flags = SPECTACLES_GATEWAY_RESOLVES;
    config.shard = &shard;
    config.relay = &relay;
    if (shard.token)
        self->sessions = sessions_read(&config, &shard, &relay);
    if (spectacles_gateway_new(&self->gateway, &config, &problem) < 0)
        errx(EXIT_FAILURE, "%s", problem.text);
}

struct feed *feed_of_gateway(const char *const *events, size_t count)
{
    struct gateway_feed *self = must(calloc(1, sizeof *self));
    self->feed = (struct feed){turn, next, acknowledge, send_packet, stop, free_feed};
    make_gateway(self, events, count);
    return &self->feed;
}
