#ifndef GATEWAY_SETTING_H
#define GATEWAY_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The settings of the gateway, in the order in which they are shown. */
enum setting_id {
    SETTING_TOKEN,
    SETTING_EVENTS,
    SETTING_MORE_EVENTS,
    SETTING_INTENTS,
    SETTING_RAW_INTENTS,
    SETTING_CAPABILITIES,
    SETTING_PRESENCE,
    SETTING_SHARD_COUNT,
    SETTING_SHARD_IDS,
    SETTING_SHARDS_PER_PROCESS,
    SETTING_GATEWAY_VERSION,
    SETTING_ENCODING,
    SETTING_COMPRESSION,
    SETTING_MORE_OPS,
    SETTING_API_SCHEME,
    SETTING_API_HOST,
    SETTING_API_VERSION,
    SETTING_DISCORD_PROXY,
    SETTING_AMQP_URL,
    SETTING_MANAGEMENT_URL,
    SETTING_BROKER_TYPE,
    SETTING_BROKER_PROXY,
    SETTING_GROUP,
    SETTING_FORMAT,
    SETTING_QUEUE_TYPE,
    SETTING_DECLARE,
    SETTING_MESSAGE_TIMEOUT,
    SETTING_COMMAND_PREFETCH,
    SETTING_SEND_PREFETCH,
    SETTING_UNROUTABLE_HOLD,
    SETTING_WINDOW_COUNT,
    SETTING_WINDOW_BYTES,
    SETTING_SESSION_FILE,
    SETTING_SESSION_FILE_MISSING,
    SETTING_FLEET,
    SETTING_FLEET_MEMBER,
    SETTING_FLEET_ZONE,
    SETTING_FLEET_WEIGHT,
    SETTING_FLEET_GENERATION,
    SETTING_FLEET_SETTLE,
    SETTING_FLEET_IDENTIFY_RESERVE,
    SETTING_STOP_TIMEOUT,
    SETTING_LATENCY_BUDGET,
    SETTING_CONNECT_TIMEOUT,
    SETTING_ADDRESS_FAMILY,
    SETTING_SOURCE_ADDRESS,
    SETTING_KEEPALIVE_IDLE,
    SETTING_KEEPALIVE_INTERVAL,
    SETTING_KEEPALIVE_PROBES,
    SETTING_USER_TIMEOUT,
    SETTING_CA_FILE,
    SETTING_LOG_LEVEL,
    SETTING_LOG_FORMAT,
    SETTING_PROMETHEUS_ADDRESS,
    SETTING_PROMETHEUS_ENDPOINT,
    SETTING_COUNT
};

/* What a setting is, and so how it is written. */
enum setting_kind {
    SETTING_IS_TEXT,
    SETTING_IS_NUMBER,
    SETTING_IS_SIZE,     /* bytes */
    SETTING_IS_DURATION, /* milliseconds */
    SETTING_IS_CHOICE,   /* the index of a word */
    SETTING_IS_NAMES,
    SETTING_IS_NUMBERS, /* with ranges, as 0,2,4-7 */
    SETTING_IS_URLS,
    SETTING_IS_PRESENCE,
    SETTING_IS_PROXY /* a URL, or none */
};

/* A mask. */
enum setting_flag {
    SETTING_IS_REQUIRED = 1,
    SETTING_IS_SECRET = 2, /* never shown; also read from a file, and from a credential of systemd */
    SETTING_RELOADS = 4,   /* a change is followed while the gateway runs */
    SETTING_NOT_EMPTY = 8  /* an empty text in the environment is a mistake, and does not mean "not set" */
};

/* The words of each choice. What a configuration of the library wants as an enum has the same order. */
enum setting_declare {
    DECLARE_YES,
    DECLARE_PASSIVE,
    DECLARE_NO
};
enum setting_queue_type {
    QUEUE_TYPE_DEFAULT,
    QUEUE_TYPE_CLASSIC,
    QUEUE_TYPE_QUORUM
};
enum setting_family {
    FAMILY_ANY,
    FAMILY_IPV4,
    FAMILY_IPV6
};
enum setting_missing {
    MISSING_NEW,
    MISSING_GAP,
    MISSING_FAIL
};
enum setting_fleet {
    FLEET_OFF,
    FLEET_ON
};
enum setting_log_level {
    LOG_LEVEL_SUPPRESS,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARN,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG
};
enum setting_log_format {
    LOG_FORMAT_TEXT,
    LOG_FORMAT_JSON,
    LOG_FORMAT_JOURNAL
};

/* All that is known about a setting. */
struct setting {
    const char *name;     /* in the environment */
    const char *key;      /* in the file, with dots; compared without regard to case */
    const char *fallback; /* the default, as it would be written in the environment; NULL: there is none */
    const char *fallback_says; /* the default, for people; NULL: the same text */
    const char *help;          /* one sentence without its full stop */
    const char *const *words;  /* CHOICE: ends with NULL */
    uint64_t least;            /* NUMBER, NUMBERS, SIZE, DURATION */
    uint64_t most;
    enum setting_kind kind;
    uint32_t flags;
};

/* Cannot fail. */
const struct setting *setting_of(enum setting_id id);

/* Whether a name is that of a setting, or of the file of a secret (DISCORD_TOKEN_FILE). */
bool setting_has_name(const char *name, size_t length);

/* The name of the credential of systemd that holds a secret: "discord-token" for DISCORD_TOKEN. */
void setting_credential(const struct setting *setting, char *out, size_t size);

#endif
