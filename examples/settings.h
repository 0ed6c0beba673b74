#ifndef EXAMPLES_SETTINGS_H
#define EXAMPLES_SETTINGS_H

#include <spectacles/link.h>
#include <stddef.h>
#include <stdint.h>

/* The gateway's settings, from the environment. The names are those of spec-tacles/gateway. */
struct settings {
    char *token;   /* DISCORD_TOKEN */
    char **events; /* DISCORD_EVENTS: the names of the events to publish */
    size_t event_count;
    uint64_t intents;      /* DISCORD_INTENTS (names) or DISCORD_RAW_INTENTS (a number) */
    uint64_t capabilities; /* DISCORD_CAPABILITIES, a mask; 0: none */
    const char *presence;  /* DISCORD_PRESENCE (JSON), or NULL */
    uint32_t version;      /* DISCORD_GATEWAY_VERSION */
    uint32_t encoding;     /* DISCORD_ENCODING: json (default) or etf */
    uint32_t compression;  /* DISCORD_COMPRESSION: zstd-stream, zlib-stream, payload or none */
    uint32_t shard_count;  /* DISCORD_SHARD_COUNT; 0: the number that Discord recommends */
    uint32_t *shard_ids;   /* DISCORD_SHARD_IDS, as "0,2,4-7"; NULL: all */
    size_t shard_id_count;
    uint32_t *more_ops; /* DISCORD_MORE_OPS: ops that workers may send besides 3, 4, 8, 31 and 43 */
    size_t more_op_count;
    const char *session_file; /* SESSION_FILE: stores the sessions over a restart; or NULL */
    const char *group;        /* BROKER_GROUP */
    uint32_t format;          /* BROKER_FORMAT: of published bodies, enum spectacles_format */
    uint32_t unroutable_hold; /* BROKER_UNROUTABLE_HOLD: milliseconds; 0: off */
    uint32_t window_count;    /* BROKER_WINDOW_COUNT: publishes that may be unconfirmed */
    uint64_t window_bytes;    /* BROKER_WINDOW_BYTES: bytes of their bodies */
    uint32_t latency_budget;  /* LATENCY_BUDGET: milliseconds; 0: everything is read as it comes */
    /* CONNECT_TIMEOUT, ADDRESS_FAMILY, SOURCE_ADDRESS, TCP_KEEPALIVE_IDLE, _INTERVAL, _PROBES, TCP_USER_TIMEOUT */
    spectacles_link_config link;
    const char *amqp_url;      /* AMQP_URL */
    const char *discord_proxy; /* DISCORD_PROXY: a URL, or "none"; NULL: what the environment says */
    const char *broker_proxy;  /* BROKER_PROXY: the same for AMQP */
    const char *api_scheme;    /* DISCORD_API_PROTOCOL: https, or http for tests */
    const char *api_host;      /* DISCORD_API_HOST */
    const char *api_version;   /* DISCORD_API_VERSION */
};

/* What the command line asks for: --help and --version are answered, and end the process. Exits on any other word. */
void settings_arguments(int argc, char **argv);

/* Reads the environment. Exits with a sentence when a setting is missing or wrong. */
void settings_read(struct settings *settings);
void settings_free(struct settings *settings);

/* Overwrites a secret text before it is freed. */
void settings_wipe(char *secret);

#endif
