#ifndef EXAMPLES_LOOPS_BOT_H
#define EXAMPLES_LOOPS_BOT_H

/*
 * The bot that each program here runs, on a loop of its own. The settings are in the environment: DISCORD_TOKEN,
 * DISCORD_GATEWAY_URL (wss://gateway.discord.gg), DISCORD_SHARD_COUNT (1), and AMQP_URL. With AMQP_URL the messages of
 * the bot go to workers behind RabbitMQ; without it the bot is its own worker.
 */
#include <err.h>
#include <spectacles/spectacles.h>
#include <stdio.h>
#include <stdlib.h>

static inline const char *bot_setting(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value ? value : otherwise;
}

/* Makes the gateway. Exits with a sentence when a setting is wrong. */
static inline spectacles_gateway *bot_new(void)
{
    static const char *const events[] = {"MESSAGE_CREATE"};
    const char *amqp = getenv("AMQP_URL");
    spectacles_gateway *gateway = NULL;
    spectacles_problem problem = {.text = "out of memory"};
    spectacles_shard_config shard;
    spectacles_broker_config broker;
    spectacles_relay_config relay;
    spectacles_gateway_config config;
    spectacles_shard_config_init(&shard, sizeof shard);
    shard.token = getenv("DISCORD_TOKEN");
    shard.gateway_url = bot_setting("DISCORD_GATEWAY_URL", "wss://gateway.discord.gg");
    shard.shard_count = (uint32_t)strtoul(bot_setting("DISCORD_SHARD_COUNT", "1"), NULL, 10);
    shard.intents = SPECTACLES_INTENT_GUILDS | SPECTACLES_INTENT_GUILD_MESSAGES;
    shard.seed = spectacles_random_seed();
    spectacles_broker_config_init(&broker, sizeof broker);
    broker.urls = &amqp;
    broker.url_count = 1;
    spectacles_relay_config_init(&relay, sizeof relay);
    relay.allow = events;
    relay.allow_count = 1;
    spectacles_gateway_config_init(&config, sizeof config);
    config.flags = SPECTACLES_GATEWAY_RESOLVES; /* host names are looked up on threads, and not by the loop */
    config.shard = &shard;
    config.broker = amqp ? &broker : NULL;
    config.relay = &relay;
    if (spectacles_gateway_new(&gateway, &config, &problem) < 0)
        errx(1, "%s", problem.text);
    return gateway;
}

/* An event came: it becomes a line. A message is acknowledged when its work is done. */
static inline void bot_event(spectacles_gateway *gateway, const spectacles_relay_event *event)
{
    if (event->type == SPECTACLES_RELAY_EVENT_MESSAGE) {
        printf("%.*s %.*s\n", (int)event->name_length, event->name, (int)event->body_length,
               (const char *)event->body);
        fflush(stdout);
        spectacles_gateway_acknowledge(gateway, event->ticket);
        return;
    }
    printf("%s %u %s\n", spectacles_relay_event_type_name(event->type), event->shard_id,
           event->text ? event->text : "");
    fflush(stdout);
}

/* One turn: bytes are moved, and events pulled. */
static inline void bot_turn(spectacles_gateway *gateway)
{
    const spectacles_relay_event *event;
    uint64_t now = spectacles_now();
    if (spectacles_gateway_process(gateway, now) == SPECTACLES_E_SYS)
        errx(1, "%s", spectacles_gateway_last_error(gateway));
    while ((event = spectacles_gateway_next_event(gateway, now)))
        bot_event(gateway, event);
}

/* In how many milliseconds the next turn has to be at the latest; -1: it waits for the descriptor. */
static inline int bot_timeout(const spectacles_gateway *gateway)
{
    return spectacles_gateway_timeout(gateway, spectacles_now());
}

#endif
