/*
 * Settings and names that the Go daemon and its neighbours have, and what takes their place here. It owns nothing but
 * constants. The readers of the environment, of the file and of names call it.
 */
#include "retired.h"

#include <string.h>
#include <strings.h>

static const char store[] =
    "the sessions are stored in a file here: set SESSION_FILE (sessions.file in a file), and take "
    "this out";
static const char redis[] =
    "there is no Redis here: RabbitMQ is the broker (AMQP_URL), sessions are stored in SESSION_FILE";

static const struct retired settings[] = {
    {"SHARD_STORE_TYPE", "shard_store.type", store, PROBLEM_IS_FINAL},
    {"SHARD_STORE_PREFIX", "shard_store.prefix", store, PROBLEM_IS_FINAL},
    {"REDIS_URL", "redis.urls", redis, PROBLEM_NOTE},
    {"REDIS_POOL_SIZE", "redis.pool_size", redis, PROBLEM_NOTE},
    {"BROKER_URL", "broker.url", "the broker's address is AMQP_URL (amqp.url in a file)", PROBLEM_IS_FINAL},
    {"DISCORD_SHARDS", "shards.total", "the number of shards is DISCORD_SHARD_COUNT (shards.count in a file)",
     PROBLEM_IS_FINAL},
    {"DISCORD_BOT_TOKEN", "bot_token", "the token is DISCORD_TOKEN (token in a file)", PROBLEM_IS_FINAL},
    {"DISCORD_LOG_LEVEL", "log_level", "what is logged is LOG_LEVEL (log.level in a file)", PROBLEM_IS_FINAL},
    {"DISCORD_RAWINTENTS", "raw_intents", "the number is DISCORD_RAW_INTENTS (rawintents in a file)",
     PROBLEM_IS_FINAL},
    {"SPECTACLES_SESSION_FILE", "session_file",
     "the file of sessions is SESSION_FILE (sessions.file in a file)", PROBLEM_IS_FINAL},
};

static const struct {
    const char *old;
    const char *now;
} intents[] = {{"GUILD_BANS", "GUILD_MODERATION"},
               {"GUILD_EMOJIS", "GUILD_EXPRESSIONS"},
               {"GUILD_EMOJIS_AND_STICKERS", "GUILD_EXPRESSIONS"}};

const struct retired *retired_name(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (strlen(settings[i].name) == length && memcmp(settings[i].name, name, length) == 0)
            return &settings[i];
    }
    return NULL;
}

const struct retired *retired_key(const char *key)
{
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (strcasecmp(settings[i].key, key) == 0)
            return &settings[i];
    }
    return NULL;
}

const char *retired_intent(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof intents / sizeof intents[0]; i++) {
        if (strlen(intents[i].old) == length && strncasecmp(intents[i].old, name, length) == 0)
            return intents[i].now;
    }
    return NULL;
}
