/*
 * The table of all settings: the names, the limits, the defaults and the help of each. It owns nothing but constants.
 * The readers, the checks, check.c and page.c call it.
 *
 * Names and keys are those of the Go daemon spec-tacles/gateway, where it has the setting. Defaults that the library
 * has as well are held against it by tests/unit/tools/test_setting.c.
 */
#include "setting.h"

#include <spectacles/spectacles.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    VERSION_MAX = 100,
    SHARDS_MAX = 65536,
    DAY = 86400000,
    HOUR = 3600000,
    WEIGHT_MAX = 1000,
    RESERVE_MAX = 1000000,
    KEEPALIVE_MAX = 32767000,
    KEEPALIVE_PROBES_MAX = 127
};

static const char *const encodings[] = {"json", "etf", NULL};
static const char *const compressions[] = {"none", "zlib-stream", "zstd-stream", "payload", NULL};
static const char *const formats[] = {"json", "etf", "msgpack", "msgpack-json", NULL};
static const char *const schemes[] = {"https", "http", NULL};
static const char *const broker_types[] = {"amqp", NULL};
static const char *const queue_types[] = {"default", "classic", "quorum", NULL};
static const char *const declares[] = {"yes", "passive", "no", NULL};
static const char *const families[] = {"any", "ipv4", "ipv6", NULL};
static const char *const missing[] = {"new", "gap", "fail", NULL};
static const char *const fleet[] = {"off", "on", NULL};
static const char *const log_levels[] = {"suppress", "error", "warn", "info", "debug", NULL};
static const char *const log_formats[] = {"text", "json", "journal", NULL};

static const struct setting settings[SETTING_COUNT] = {
    [SETTING_TOKEN] = {.name = "DISCORD_TOKEN",
                       .key = "token",
                       .help = "The bot's token, from Discord's developer portal, without `Bot` in front",
                       .flags = SETTING_IS_REQUIRED | SETTING_IS_SECRET | SETTING_RELOADS},
    [SETTING_EVENTS] = {.name = "DISCORD_EVENTS",
                        .key = "events",
                        .kind = SETTING_IS_NAMES,
                        .fallback_says = "none: nothing is published",
                        .help = "The events to publish, as `MESSAGE_CREATE,INTERACTION_CREATE`",
                        .flags = SETTING_RELOADS},
    [SETTING_MORE_EVENTS] =
        {.name = "DISCORD_MORE_EVENTS",
         .key = "more_events",
         .kind = SETTING_IS_NAMES,
         .help = "Events to publish that Discord has and this version does not know; they are not "
                 "checked",
         .flags = SETTING_RELOADS},
    [SETTING_INTENTS] = {.name = "DISCORD_INTENTS",
                         .key = "intents",
                         .kind = SETTING_IS_NAMES,
                         .help = "The intents by name, in any case, as `guilds,guild_messages`"},
    [SETTING_RAW_INTENTS] = {.name = "DISCORD_RAW_INTENTS",
                             .key = "rawintents",
                             .kind = SETTING_IS_NUMBER,
                             .fallback = "0",
                             .most = INT64_MAX,
                             .help = "More intents, as a number; they are added to those with names"},
    [SETTING_CAPABILITIES] = {.name = "DISCORD_CAPABILITIES",
                              .key = "capabilities",
                              .kind = SETTING_IS_NUMBER,
                              .fallback = "0",
                              .most = INT64_MAX,
                              .help =
                                  "Discord's gateway capabilities, sent with identify; 0 leaves them out"},
    [SETTING_PRESENCE] =
        {.name = "DISCORD_PRESENCE",
         .key = "presence",
         .kind = SETTING_IS_PRESENCE,
         .help = "The presence: JSON with since, activities, status and afk, or a table in the file; "
                 "`{{shard}}` in it becomes the number of each shard",
         .flags = SETTING_RELOADS},
    [SETTING_SHARD_COUNT] = {.name = "DISCORD_SHARD_COUNT",
                             .key = "shards.count",
                             .kind = SETTING_IS_NUMBER,
                             .fallback = "0",
                             .fallback_says = "0: what Discord recommends, or what the stored sessions have",
                             .most = SHARDS_MAX,
                             .help = "The number of shards of the whole bot"},
    [SETTING_SHARD_IDS] = {.name = "DISCORD_SHARD_IDS",
                           .key = "shards.ids",
                           .kind = SETTING_IS_NUMBERS,
                           .fallback_says = "all",
                           .most = SHARDS_MAX - 1,
                           .help = "The shards of this process, as `0,2,4-7`; needs DISCORD_SHARD_COUNT",
                           .flags = SETTING_NOT_EMPTY},
    [SETTING_SHARDS_PER_PROCESS] =
        {.name = "SHARDS_PER_PROCESS",
         .key = "shards.per_process",
         .kind = SETTING_IS_NUMBER,
         .fallback_says = "not set",
         .least = 1,
         .most = SHARDS_MAX,
         .help = "How many shards each pod of a StatefulSet has: gateway-2 of three each has "
                 "6 to 8 (POD_NAME, or else HOSTNAME); in the place of DISCORD_SHARD_IDS"},
    [SETTING_GATEWAY_VERSION] = {.name = "DISCORD_GATEWAY_VERSION",
                                 .key = "gateway_version",
                                 .kind = SETTING_IS_NUMBER,
                                 .fallback = "10",
                                 .least = 1,
                                 .most = VERSION_MAX,
                                 .help = "The version of Discord's gateway"},
    [SETTING_ENCODING] = {.name = "DISCORD_ENCODING",
                          .key = "encoding",
                          .kind = SETTING_IS_CHOICE,
                          .fallback = "json",
                          .words = encodings,
                          .help = "What Discord's gateway is asked to write"},
    [SETTING_COMPRESSION] =
        {.name = "DISCORD_COMPRESSION",
         .key = "compression",
         .kind = SETTING_IS_CHOICE,
         .fallback_says = "zstd-stream; zlib-stream where built without zstd",
         .words = compressions,
         .help = "How Discord's gateway compresses; zlib-stream takes a ninth of the memory of "
                 "zstd-stream, and more CPU"},
    [SETTING_MORE_OPS] =
        {.name = "DISCORD_MORE_OPS",
         .key = "more_ops",
         .kind = SETTING_IS_NUMBERS,
         .most = UINT32_MAX,
         .help = "Ops that workers may send besides 3, 4, 8, 31 and 43, when Discord has new ones"},
    [SETTING_API_SCHEME] = {.name = "DISCORD_API_PROTOCOL",
                            .key = "api.scheme",
                            .kind = SETTING_IS_CHOICE,
                            .fallback = "https",
                            .words = schemes,
                            .help = "http is for a proxy on the same machine, and for tests"},
    [SETTING_API_HOST] =
        {.name = "DISCORD_API_HOST",
         .key = "api.host",
         .fallback = "discord.com",
         .help = "The host of Discord's API, or of a proxy in front of it, as `host` or `host:port`"},
    [SETTING_API_VERSION] = {.name = "DISCORD_API_VERSION",
                             .key = "api.version",
                             .kind = SETTING_IS_NUMBER,
                             .fallback = "10",
                             .least = 1,
                             .most = VERSION_MAX,
                             .help = "The version of Discord's API"},
    [SETTING_DISCORD_PROXY] = {.name = "DISCORD_PROXY",
                               .key = "discord_proxy",
                               .kind = SETTING_IS_PROXY,
                               .fallback_says = "HTTPS_PROXY or ALL_PROXY, but for NO_PROXY",
                               .help = "The proxy to Discord, for the HTTP request and for the sockets: "
                                       "`http://user:password@host:port`, `socks5h://`, or `none`",
                               .flags = SETTING_IS_SECRET},
    [SETTING_AMQP_URL] =
        {.name = "AMQP_URL",
         .key = "amqp.url",
         .kind = SETTING_IS_URLS,
         .help = "`amqp://user:password@host:port/vhost`, or `amqps://` for TLS; several with commas, "
                 "for the nodes of a cluster",
         .flags = SETTING_IS_REQUIRED | SETTING_IS_SECRET | SETTING_RELOADS},
    [SETTING_MANAGEMENT_URL] =
        {.name = "RABBITMQ_MANAGEMENT_URL",
         .key = "amqp.management_url",
         .fallback_says = "port 15672 of the broker's host, or 15671 with amqps",
         .help = "RabbitMQ's management API, as `http://user:password@host:15672`; for `doctor` alone",
         .flags = SETTING_IS_SECRET},
    [SETTING_BROKER_TYPE] = {.name = "BROKER_TYPE",
                             .key = "broker.type",
                             .kind = SETTING_IS_CHOICE,
                             .fallback = "amqp",
                             .words = broker_types,
                             .help = "The Go daemon's setting: amqp is what there is"},
    [SETTING_BROKER_PROXY] = {.name = "BROKER_PROXY",
                              .key = "broker.proxy",
                              .kind = SETTING_IS_PROXY,
                              .fallback_says = "AMQP_PROXY, AMQPS_PROXY or ALL_PROXY, but for NO_PROXY",
                              .help = "The proxy to the broker, as DISCORD_PROXY",
                              .flags = SETTING_IS_SECRET},
    [SETTING_GROUP] = {.name = "BROKER_GROUP",
                       .key = "broker.group",
                       .fallback = "gateway",
                       .help = "The exchange, and the first part of the names of queues"},
    [SETTING_FORMAT] = {.name = "BROKER_FORMAT",
                        .key = "broker.format",
                        .kind = SETTING_IS_CHOICE,
                        .fallback = "json",
                        .words = formats,
                        .help = "The format of published bodies; all four are read"},
    [SETTING_QUEUE_TYPE] =
        {.name = "BROKER_QUEUE_TYPE",
         .key = "broker.queue_type",
         .kind = SETTING_IS_CHOICE,
         .fallback = "default",
         .words = queue_types,
         .help = "The type of the queues that the gateway declares; default is that of the virtual "
                 "host"},
    [SETTING_DECLARE] =
        {.name = "BROKER_DECLARE",
         .key = "broker.declare",
         .kind = SETTING_IS_CHOICE,
         .fallback = "yes",
         .words = declares,
         .help = "Whether the gateway declares exchange and queues; passive looks whether they exist"},
    [SETTING_MESSAGE_TIMEOUT] =
        {.name = "BROKER_MESSAGE_TIMEOUT",
         .key = "broker.message_timeout",
         .kind = SETTING_IS_DURATION,
         .fallback = "2m",
         .most = DAY,
         .help = "For how long a command may wait in the queue of a shard that another process "
                 "serves; 0 is for ever. Events never expire"},
    [SETTING_COMMAND_PREFETCH] = {.name = "BROKER_COMMAND_PREFETCH",
                                  .key = "broker.command_prefetch",
                                  .kind = SETTING_IS_NUMBER,
                                  .fallback = "16",
                                  .least = 1,
                                  .most = UINT16_MAX,
                                  .help = "How many packets of one shard may be held at a time"},
    [SETTING_SEND_PREFETCH] = {.name = "BROKER_SEND_PREFETCH",
                               .key = "broker.send_prefetch",
                               .kind = SETTING_IS_NUMBER,
                               .fallback = "2000",
                               .least = 1,
                               .most = UINT16_MAX,
                               .help = "How many `SEND`s may be held at a time, of at most 4 KiB each. A "
                                       "burst beyond it from workers that "
                                       "write the expiration `0` is dropped by RabbitMQ"},
    [SETTING_UNROUTABLE_HOLD] =
        {.name = "BROKER_UNROUTABLE_HOLD",
         .key = "broker.unroutable_hold",
         .kind = SETTING_IS_DURATION,
         .fallback = "0",
         .most = DAY,
         .help = "For how long events of a name are held back after no queue took one; 0 is off"},
    [SETTING_WINDOW_COUNT] =
        {.name = "BROKER_WINDOW_COUNT",
         .key = "broker.window_count",
         .kind = SETTING_IS_NUMBER,
         .fallback = "2000",
         .least = 1,
         .most = UINT32_MAX,
         .help = "How many events may be unconfirmed; beyond that Discord's sockets are not read"},
    [SETTING_WINDOW_BYTES] = {.name = "BROKER_WINDOW_BYTES",
                              .key = "broker.window_bytes",
                              .kind = SETTING_IS_SIZE,
                              .fallback = "1M",
                              .least = 1,
                              .most = INT64_MAX,
                              .help = "How many bytes of events may be unconfirmed"},
    [SETTING_SESSION_FILE] =
        {.name = "SESSION_FILE",
         .key = "sessions.file",
         .help = "Where sessions are stored, so that a restart resumes them; a file for each "
                 "process"},
    [SETTING_SESSION_FILE_MISSING] =
        {.name = "SESSION_FILE_MISSING",
         .key = "sessions.missing",
         .kind = SETTING_IS_CHOICE,
         .fallback = "new",
         .words = missing,
         .help = "When the file of sessions is not there: begin anew, declare gaps, or "
                 "fail"},
    [SETTING_FLEET] =
        {.name = "FLEET",
         .key = "fleet.enabled",
         .kind = SETTING_IS_CHOICE,
         .fallback = "off",
         .words = fleet,
         .help =
             "on: this process shares the shards of the bot with other processes, on any hosts, and RabbitMQ "
             "keeps the sessions in the place of SESSION_FILE; needs DISCORD_SHARD_COUNT"},
    [SETTING_FLEET_MEMBER] =
        {.name = "FLEET_MEMBER",
         .key = "fleet.member",
         .fallback_says = "the name of the host",
         .help = "The name of this process in the fleet: another one for each process, and the "
                 "same one after a restart"},
    [SETTING_FLEET_ZONE] = {.name = "FLEET_ZONE",
                            .key = "fleet.zone",
                            .fallback_says = "none",
                            .help =
                                "Where this process runs, as a rack or a zone of a cloud: who goes on when a "
                                "process is gone is in another zone, where there is one"},
    [SETTING_FLEET_WEIGHT] = {.name = "FLEET_WEIGHT",
                              .key = "fleet.weight",
                              .kind = SETTING_IS_NUMBER,
                              .fallback = "100",
                              .least = 1,
                              .most = WEIGHT_MAX,
                              .help =
                                  "How large the share of this process is, beside the weights of the others"},
    [SETTING_FLEET_GENERATION] =
        {.name = "FLEET_GENERATION",
         .key = "fleet.generation",
         .kind = SETTING_IS_NUMBER,
         .fallback = "1",
         .least = 1,
         .most = UINT32_MAX,
         .help = "Raised, in all processes, to begin anew: all shards identify, and declare a gap. `fleet "
                 "reshard` "
                 "raises what is stored: `fleet status` shows that number, and a greater one begins anew"},
    [SETTING_FLEET_SETTLE] = {.name = "FLEET_SETTLE",
                              .key = "fleet.settle",
                              .kind = SETTING_IS_DURATION,
                              .fallback = "10s",
                              .most = HOUR,
                              .help =
                                  "For how long nobody has come or left until slots move, so that several "
                                  "processes that come one after the other take their shares at once; "
                                  "takeovers wait for nothing"},
    [SETTING_FLEET_IDENTIFY_RESERVE] =
        {.name = "FLEET_IDENTIFY_RESERVE",
         .key = "fleet.identify_reserve",
         .kind = SETTING_IS_NUMBER,
         .fallback = "50",
         .most = RESERVE_MAX,
         .help =
             "How many identifies of a day the fleet never uses, so that a person can still do something: "
             "Discord resets the token of a bot that uses up more than it has"},
    [SETTING_STOP_TIMEOUT] = {.name = "STOP_TIMEOUT",
                              .key = "stop_timeout",
                              .kind = SETTING_IS_DURATION,
                              .fallback = "8s",
                              .least = 1000,
                              .most = HOUR,
                              .help = "For how long an orderly stop may take; Docker kills after 10 s",
                              .flags = SETTING_RELOADS},
    [SETTING_LATENCY_BUDGET] =
        {.name = "LATENCY_BUDGET",
         .key = "latency_budget",
         .kind = SETTING_IS_DURATION,
         .fallback = "4ms",
         .most = SPECTACLES_POLLER_BUDGET_MAX,
         .help = "By how much an event may be delayed, so that more are read at once and cost "
                 "less; 4ms halve the cost of 1,000 events a second",
         .flags = SETTING_RELOADS},
    [SETTING_CONNECT_TIMEOUT] =
        {.name = "CONNECT_TIMEOUT",
         .key = "connect_timeout",
         .kind = SETTING_IS_DURATION,
         .fallback = "20s",
         .least = 1000,
         .most = HOUR,
         .help = "For how long a connection may take to stand: the host name, TCP and TLS together"},
    [SETTING_ADDRESS_FAMILY] = {.name = "ADDRESS_FAMILY",
                                .key = "address_family",
                                .kind = SETTING_IS_CHOICE,
                                .fallback = "any",
                                .words = families,
                                .help = "Which addresses of a host are tried"},
    [SETTING_SOURCE_ADDRESS] = {.name = "SOURCE_ADDRESS",
                                .key = "source_address",
                                .fallback_says = "the system chooses",
                                .help = "The numeric address that connections come from"},
    [SETTING_KEEPALIVE_IDLE] =
        {.name = "TCP_KEEPALIVE_IDLE",
         .key = "tcp.keepalive_idle",
         .kind = SETTING_IS_DURATION,
         .fallback = "1m",
         .most = KEEPALIVE_MAX,
         .help = "After how long without a byte the kernel asks whether the peer lives; 0 is "
                 "never"},
    [SETTING_KEEPALIVE_INTERVAL] = {.name = "TCP_KEEPALIVE_INTERVAL",
                                    .key = "tcp.keepalive_interval",
                                    .kind = SETTING_IS_DURATION,
                                    .fallback = "10s",
                                    .least = 1000,
                                    .most = KEEPALIVE_MAX,
                                    .help = "How long the kernel waits between two such questions"},
    [SETTING_KEEPALIVE_PROBES] = {.name = "TCP_KEEPALIVE_PROBES",
                                  .key = "tcp.keepalive_probes",
                                  .kind = SETTING_IS_NUMBER,
                                  .fallback = "3",
                                  .least = 1,
                                  .most = KEEPALIVE_PROBES_MAX,
                                  .help = "After how many questions without an answer a connection is lost"},
    [SETTING_USER_TIMEOUT] = {.name = "TCP_USER_TIMEOUT",
                              .key = "tcp.user_timeout",
                              .kind = SETTING_IS_DURATION,
                              .fallback = "1m30s",
                              .most = HOUR,
                              .help =
                                  "For how long a peer may acknowledge nothing of what was sent before the "
                                  "connection is lost; 0 is the kernel's own time"},
    [SETTING_CA_FILE] = {.name = "SSL_CERT_FILE",
                         .key = "tls.ca_file",
                         .fallback_says = "the system's",
                         .help = "The trusted authorities: a file of PEM",
                         .flags = SETTING_RELOADS},
    [SETTING_LOG_LEVEL] = {.name = "LOG_LEVEL",
                           .key = "log.level",
                           .kind = SETTING_IS_CHOICE,
                           .fallback = "info",
                           .words = log_levels,
                           .help = "Which lines are logged: those of a level, and of all levels before it",
                           .flags = SETTING_RELOADS},
    [SETTING_LOG_FORMAT] =
        {.name = "LOG_FORMAT",
         .key = "log.format",
         .kind = SETTING_IS_CHOICE,
         .fallback = "text",
         .words = log_formats,
         .help =
             "How it is logged; journal writes entries with fields where stderr leads to systemd's journal, "
             "and lines with systemd's priorities elsewhere"},
    [SETTING_PROMETHEUS_ADDRESS] =
        {.name = "PROMETHEUS_ADDRESS",
         .key = "prometheus.address",
         .fallback_says = "off",
         .help = "Where metrics, probes and the status page are served, as `host:port` or `:port`"},
    [SETTING_PROMETHEUS_ENDPOINT] = {.name = "PROMETHEUS_ENDPOINT",
                                     .key = "prometheus.endpoint",
                                     .fallback = "/metrics",
                                     .help = "The path of the metrics"},
};

const struct setting *setting_of(enum setting_id id)
{
    return &settings[id];
}

static bool is(const char *name, size_t length, const char *known, const char *suffix)
{
    size_t known_length = strlen(known);
    return length == known_length + strlen(suffix) && memcmp(name, known, known_length) == 0 &&
           memcmp(name + known_length, suffix, strlen(suffix)) == 0;
}

bool setting_has_name(const char *name, size_t length)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (is(name, length, settings[i].name, ""))
            return true;
        if (settings[i].flags & SETTING_IS_SECRET && is(name, length, settings[i].name, "_FILE"))
            return true;
    }
    return false;
}

void setting_credential(const struct setting *setting, char *out, size_t size)
{
    snprintf(out, size, "%s", setting->name);
    for (char *at = out; *at; at++)
        *at = (char)(*at == '_' ? '-' : *at | 0x20);
}
