/*
 * Wrong settings, as operators write them: each is told with one sentence that says where and what to do, and has its
 * exit code. Everything is read from memory: nothing is connected, and so nothing identifies. No sentence shows a
 * secret.
 */
#include "memory.h"
#include "unit.h"

#include <errno.h>

/* A row: what is set besides an environment in which the gateway can run, and what has to be told. */
static const struct wrong {
    const char *set[4]; /* NAME=VALUE, or NAME to take it out */
    const char *file;   /* gateway.toml; NULL: there is none */
    const char *where;
    const char *says;
    int code; /* the exit code */
} rows[] = {
    /* The token */
    {{"DISCORD_TOKEN"}, NULL, "DISCORD_TOKEN", "it is not set: set it, or DISCORD_TOKEN_FILE", 78},
    {{"DISCORD_TOKEN="}, NULL, "DISCORD_TOKEN", "it is not set", 78},
    {{"DISCORD_TOKEN=Bot " MEMORY_TOKEN}, NULL, "DISCORD_TOKEN", "without \"Bot \" in front", 78},
    {{"DISCORD_TOKEN=" MEMORY_TOKEN "\n"}, NULL, "DISCORD_TOKEN", "a line break", 78},
    {{"DISCORD_TOKEN=" MEMORY_TOKEN "\r"}, NULL, "DISCORD_TOKEN", "a line break", 78},
    {{"DISCORD_TOKEN=" MEMORY_TOKEN "\r\nX-Evil: 1"}, NULL, "DISCORD_TOKEN", "a line break", 78},
    {{"DISCORD_TOKEN= " MEMORY_TOKEN}, NULL, "DISCORD_TOKEN", "a space", 78},
    {{"DISCORD_TOKEN=" MEMORY_TOKEN "\t"}, NULL, "DISCORD_TOKEN", "another character", 78},
    {{"DISCORD_TOKEN=t\xc3\xb6ken"}, NULL, "DISCORD_TOKEN", "another character", 78},
    {{"DISCORD_TOKEN"},
     "token = \"Bot " MEMORY_TOKEN "\"",
     "gateway.toml:1:1: token",
     "without \"Bot \"",
     78},
    {{"DISCORD_TOKEN"}, "token = \"\"", "gateway.toml:1:1: token", "the text is empty", 78},
    {{"DISCORD_TOKEN"},
     "token = 5",
     "gateway.toml:1:1: token",
     "this is an integer, and a text is expected",
     78},
    {{"DISCORD_TOKEN"}, "token = \"a\\u0000b\"", "gateway.toml:1:1: token", "NUL", 78},
    {{"DISCORD_TOKEN_FILE=/secrets/token"}, NULL, "DISCORD_TOKEN_FILE", "take one of the two out", 78},
    {{"DISCORD_TOKEN", "DISCORD_TOKEN_FILE=/secrets/none"}, NULL, "DISCORD_TOKEN_FILE", "make the file", 78},
    {{"DISCORD_TOKEN", "DISCORD_TOKEN_FILE=/secrets/denied"},
     NULL,
     "DISCORD_TOKEN_FILE",
     "the right to read it",
     78},
    {{"DISCORD_TOKEN", "DISCORD_TOKEN_FILE=/secrets/folder"},
     NULL,
     "DISCORD_TOKEN_FILE",
     "name the file in it",
     78},
    {{"DISCORD_TOKEN", "DISCORD_TOKEN_FILE=/secrets/empty"},
     NULL,
     "DISCORD_TOKEN_FILE",
     "the file is empty",
     78},
    {{"DISCORD_TOKEN", "DISCORD_TOKEN_FILE=/secrets/two-lines"},
     NULL,
     "DISCORD_TOKEN_FILE",
     "a line break",
     78},
    {{"DISCORD_TOKEN", "DISCORD_TOKEN_FILE=/secrets/large"}, NULL, "DISCORD_TOKEN_FILE", "too long", 78},
    {{"DISCORD_TOKEN", "DISCORD_TOKEN_FILE=/secrets/broken"}, NULL, "DISCORD_TOKEN_FILE", "may pass", 75},
    {{"DISCORD_TOKEN", "DISCORD_TOKEN_FILE=/secrets/full"}, NULL, "DISCORD_TOKEN_FILE", "may pass", 75},
    {{"DISCORD_TOKEN", "CREDENTIALS_DIRECTORY=/denied"},
     NULL,
     "the credential discord-token",
     "the right to read it",
     78},
    {{"DISCORD_TOKEN", "CREDENTIALS_DIRECTORY=/two-lines"},
     NULL,
     "the credential discord-token",
     "a line break",
     78},
    {{"DISCORD_TOKEN"}, "token_file = 1", "gateway.toml:1:1: token_file", "the path of a file", 78},
    {{"DISCORD_TOKEN"},
     "token_file = \"/secrets/none\"",
     "gateway.toml:1:1: token_file",
     "make the file",
     78},
    {{"DISCORD_TOKEN"},
     "token = \"a\"\ntoken_file = \"/secrets/token\"",
     "gateway.toml:2:1: token_file",
     "twice (gateway.toml:1:1: token)",
     78},

    /* Names that nobody knows */
    {{"DISCORD_TOKN=x"}, NULL, "DISCORD_TOKN", "did you mean DISCORD_TOKEN?", 78},
    {{"BROKER_GRUOP=x"}, NULL, "BROKER_GRUOP", "did you mean BROKER_GROUP?", 78},
    {{"DISCORD_EVENT=READY"}, NULL, "DISCORD_EVENT", "did you mean DISCORD_EVENTS?", 78},
    {{"DISCORD_INTENT=guilds"}, NULL, "DISCORD_INTENT", "did you mean DISCORD_INTENTS?", 78},
    {{"DISCORD_SHARDS_COUNT=4"}, NULL, "DISCORD_SHARDS_COUNT", "did you mean DISCORD_SHARD_COUNT?", 78},
    {{"DISCORD_SHARD_ID=4"}, NULL, "DISCORD_SHARD_ID", "did you mean DISCORD_SHARD_IDS?", 78},
    {{"AMQP_URI=amqp://rabbit"}, NULL, "AMQP_URI", "did you mean AMQP_URL?", 78},
    {{"AMQP_URLS=amqp://rabbit"}, NULL, "AMQP_URLS", "did you mean AMQP_URL?", 78},
    {{"SESSIONS_FILE=x"}, NULL, "SESSIONS_FILE", "did you mean SESSION_FILE?", 78},
    {{"BROKER_QUEUETYPE=quorum"}, NULL, "BROKER_QUEUETYPE", "did you mean BROKER_QUEUE_TYPE?", 78},
    {{"PROMETHEUS_ADRESS=:80"}, NULL, "PROMETHEUS_ADRESS", "did you mean PROMETHEUS_ADDRESS?", 78},
    {{"discord_intents=guilds"}, NULL, "discord_intents", "did you mean DISCORD_INTENTS?", 78},
    {{NULL}, "tokn = \"x\"", "gateway.toml:1:1: tokn", "did you mean token?", 78},
    {{NULL}, "[shards]\ncuont = 4", "gateway.toml:2:1: shards.cuont", "did you mean shards.count?", 78},
    {{NULL}, "[sharts]\ncount = 4", "gateway.toml:2:1: sharts.count", "did you mean shards.count?", 78},
    {{NULL}, "count = 4", "gateway.toml:1:1: count", "did you mean shards.count?", 78},
    {{NULL}, "DISCORD_TOKEN = \"x\"", "gateway.toml:1:1: DISCORD_TOKEN", "in a file it is token", 78},
    {{NULL}, "[broker]\n\"\" = 1", "gateway.toml:2:1: broker.", "there is no such key", 78},
    {{NULL}, "[kafka]\nhosts = []", "gateway.toml:2:1: kafka.hosts", "there is no such key", 78},
    {{NULL}, "[kafka]", "gateway.toml:1:2: kafka", "there is no such key", 78},

    /* Settings that other programs have */
    {{"SHARD_STORE_TYPE=redis"}, NULL, "SHARD_STORE_TYPE", "set SESSION_FILE", 78},
    {{"SHARD_STORE_PREFIX=gateway"}, NULL, "SHARD_STORE_PREFIX", "set SESSION_FILE", 78},
    {{NULL}, "[shard_store]\ntype = \"redis\"", "gateway.toml:2:1: shard_store.type", "set SESSION_FILE", 78},
    {{NULL}, "[redis]\nurls = [\"a:6379\"]", "gateway.toml:2:1: redis.urls", "there is no Redis", 78},
    {{NULL}, "[redis]\npool_size = 5", "gateway.toml:2:1: redis.pool_size", "there is no Redis", 78},
    {{"BROKER_URL=amqp://rabbit"}, NULL, "BROKER_URL", "AMQP_URL", 78},
    {{"DISCORD_BOT_TOKEN=x"}, NULL, "DISCORD_BOT_TOKEN", "DISCORD_TOKEN", 78},
    {{NULL}, "raw_intents = 1", "gateway.toml:1:1: raw_intents", "rawintents", 78},
    {{"BROKER_TYPE=redis"}, NULL, "BROKER_TYPE", "'redis' is not known here: write amqp", 78},
    {{NULL},
     "[broker]\ntype = \"stdio\"",
     "gateway.toml:2:1: broker.type",
     "'stdio' is not known here: write amqp",
     78},

    /* Events and intents */
    {{"DISCORD_EVENTS=MESAGE_CREATE"}, NULL, "DISCORD_EVENTS", "did you mean MESSAGE_CREATE?", 78},
    {{"DISCORD_EVENTS=interaction_create"}, NULL, "DISCORD_EVENTS", "did you mean INTERACTION_CREATE?", 78},
    {{"DISCORD_EVENTS=messageCreate"}, NULL, "DISCORD_EVENTS", "did you mean MESSAGE_CREATE?", 78},
    {{"DISCORD_EVENTS=READY;RESUMED"}, NULL, "DISCORD_EVENTS", "DISCORD_MORE_EVENTS", 78},
    {{"DISCORD_EVENTS=*"}, NULL, "DISCORD_EVENTS", "DISCORD_MORE_EVENTS", 78},
    {{"DISCORD_EVENTS=MESSAGE_CREATE"}, NULL, "DISCORD_EVENTS", "GUILD_MESSAGES or DIRECT_MESSAGES", 78},
    {{"DISCORD_EVENTS=PRESENCE_UPDATE", "DISCORD_INTENTS=guilds"},
     NULL,
     "DISCORD_EVENTS",
     "intent GUILD_PRESENCES",
     78},
    {{"DISCORD_EVENTS=GUILD_BAN_ADD", "DISCORD_RAW_INTENTS=1"},
     NULL,
     "DISCORD_EVENTS",
     "intent GUILD_MODERATION",
     78},
    {{NULL}, "events = \"READY\"", "gateway.toml:1:1: events", "a list is expected", 78},
    {{NULL}, "events = [1]", "gateway.toml:1:1: events", "an element of the list is an integer", 78},
    {{NULL}, "events = [\"\"]", "gateway.toml:1:1: events", "an element of the list is empty", 78},
    {{"DISCORD_INTENTS=GUILD_BANS"}, NULL, "DISCORD_INTENTS", "is called GUILD_MODERATION now", 78},
    {{"DISCORD_INTENTS=guild_emojis"}, NULL, "DISCORD_INTENTS", "is called GUILD_EXPRESSIONS now", 78},
    {{"DISCORD_INTENTS=GUILD_EMOJIS_AND_STICKERS"},
     NULL,
     "DISCORD_INTENTS",
     "is called GUILD_EXPRESSIONS now",
     78},
    {{"DISCORD_INTENTS=guild_mesages"}, NULL, "DISCORD_INTENTS", "did you mean GUILD_MESSAGES?", 78},
    {{"DISCORD_INTENTS=513"}, NULL, "DISCORD_INTENTS", "DISCORD_RAW_INTENTS takes numbers", 78},
    {{"DISCORD_INTENTS=all"}, NULL, "DISCORD_INTENTS", "Gateway Intents", 78},
    {{"DISCORD_RAW_INTENTS=guilds"}, NULL, "DISCORD_RAW_INTENTS", "a whole number", 78},
    {{"DISCORD_RAW_INTENTS=-1"}, NULL, "DISCORD_RAW_INTENTS", "a whole number", 78},
    {{"DISCORD_RAW_INTENTS=9223372036854775808"}, NULL, "DISCORD_RAW_INTENTS", "9223372036854775807", 78},
    {{NULL}, "rawintents = \"513\"", "gateway.toml:1:1: rawintents", "an integer is expected", 78},
    {{"DISCORD_CAPABILITIES=1<<15"}, NULL, "DISCORD_CAPABILITIES", "a whole number", 78},

    /* Shards */
    {{"DISCORD_SHARD_IDS=", "DISCORD_SHARD_COUNT=2"}, NULL, "DISCORD_SHARD_IDS", "the list is empty", 78},
    {{"DISCORD_SHARD_IDS=,", "DISCORD_SHARD_COUNT=2"}, NULL, "DISCORD_SHARD_IDS", "the list is empty", 78},
    {{"DISCORD_SHARD_IDS=0"}, NULL, "DISCORD_SHARD_IDS", "set DISCORD_SHARD_COUNT", 78},
    {{"DISCORD_SHARD_IDS=0,4", "DISCORD_SHARD_COUNT=4"},
     NULL,
     "DISCORD_SHARD_IDS",
     "there is no shard 4",
     78},
    {{"DISCORD_SHARD_IDS=7-4", "DISCORD_SHARD_COUNT=8"}, NULL, "DISCORD_SHARD_IDS", "runs backwards", 78},
    {{"DISCORD_SHARD_IDS=1,0-2", "DISCORD_SHARD_COUNT=8"},
     NULL,
     "DISCORD_SHARD_IDS",
     "1 is in the list twice",
     78},
    {{"DISCORD_SHARD_IDS=one", "DISCORD_SHARD_COUNT=8"},
     NULL,
     "DISCORD_SHARD_IDS",
     "'one' is not a number",
     78},
    {{"DISCORD_SHARD_IDS=1-", "DISCORD_SHARD_COUNT=8"}, NULL, "DISCORD_SHARD_IDS", "'1-' is not a range", 78},
    {{"DISCORD_SHARD_IDS=0-99999999", "DISCORD_SHARD_COUNT=8"},
     NULL,
     "DISCORD_SHARD_IDS",
     "is too large",
     78},
    {{"DISCORD_SHARD_COUNT=8"},
     "[shards]\nids = [-1]",
     "gateway.toml:2:1: shards.ids",
     "'-1' is not a number",
     78},
    {{"DISCORD_SHARD_COUNT=8"},
     "[shards]\nids = 3",
     "gateway.toml:2:1: shards.ids",
     "a list is expected",
     78},
    {{"DISCORD_SHARD_COUNT=four"}, NULL, "DISCORD_SHARD_COUNT", "a whole number", 78},
    {{"DISCORD_SHARD_COUNT=-4"}, NULL, "DISCORD_SHARD_COUNT", "a whole number", 78},
    {{"DISCORD_SHARD_COUNT=4.0"}, NULL, "DISCORD_SHARD_COUNT", "a whole number", 78},
    {{"DISCORD_SHARD_COUNT=65537"}, NULL, "DISCORD_SHARD_COUNT", "from 0 to 65536", 78},
    {{NULL}, "shards = 4", "gateway.toml:1:1: shards", "a table is expected", 78},
    {{NULL}, "[shards]\ncount = \"4\"", "gateway.toml:2:1: shards.count", "an integer is expected", 78},
    {{"SHARDS_PER_PROCESS=2", "HOSTNAME=gateway-1"},
     NULL,
     "SHARDS_PER_PROCESS",
     "set DISCORD_SHARD_COUNT",
     78},
    {{"SHARDS_PER_PROCESS=2", "HOSTNAME=gateway", "DISCORD_SHARD_COUNT=4"},
     NULL,
     "SHARDS_PER_PROCESS",
     "set POD_NAME",
     78},
    {{"SHARDS_PER_PROCESS=2", "HOSTNAME=gateway-2", "DISCORD_SHARD_COUNT=4"},
     NULL,
     "SHARDS_PER_PROCESS",
     "run fewer pods",
     78},
    {{"SHARDS_PER_PROCESS=0", "HOSTNAME=gateway-2", "DISCORD_SHARD_COUNT=4"},
     NULL,
     "SHARDS_PER_PROCESS",
     "from 1",
     78},
    {{"SHARDS_PER_PROCESS=2", "POD_NAME=g-0", "DISCORD_SHARD_COUNT=4", "DISCORD_SHARD_IDS=0"},
     NULL,
     "SHARDS_PER_PROCESS",
     "take one of the two out",
     78},

    /* The presence */
    {{"DISCORD_PRESENCE=online"}, NULL, "DISCORD_PRESENCE", "Discord would refuse the presence", 78},
    {{"DISCORD_PRESENCE={\"status\":\"dnd\"}"}, NULL, "DISCORD_PRESENCE", "since", 78},
    {{"DISCORD_PRESENCE={\"since\":null,\"activities\":[{}],\"status\":\"dnd\",\"afk\":false}"},
     NULL,
     "DISCORD_PRESENCE",
     "name",
     78},
    {{NULL}, "presence = 1", "gateway.toml:1:1: presence", "a table or a text of JSON", 78},
    {{NULL}, "[presence]\ngame = {name = \"x\"}", "gateway.toml:1:2: presence", "activities = [", 78},
    {{NULL}, "[presence]\nstate = \"x\"", "gateway.toml:1:2: presence", "no field of a presence", 78},
    {{NULL}, "[presence]\nstatus = 5", "gateway.toml:1:2: presence", "status", 78},
    {{NULL}, "[presence]\nactivities = [{name = \"x\"}]", "gateway.toml:1:2: presence", "type", 78},

    /* The broker */
    {{"AMQP_URL"}, NULL, "AMQP_URL", "it is not set", 78},
    {{"AMQP_URL=rabbit:5672"}, NULL, "AMQP_URL", "neither with amqp://", 78},
    {{"AMQP_URL=redis://rabbit"}, NULL, "AMQP_URL", "neither with amqp://", 78},
    {{"AMQP_URL=amqp://me:" MEMORY_PASSWORD "#@rabbit"}, NULL, "AMQP_URL", "%23", 78},
    {{"AMQP_URL=amqp://me:" MEMORY_PASSWORD "/@rabbit"}, NULL, "AMQP_URL", "%2F", 78},
    {{"AMQP_URL=amqp://me:" MEMORY_PASSWORD "@x@rabbit"}, NULL, "AMQP_URL", "%40", 78},
    {{"AMQP_URL=amqp://me:" MEMORY_PASSWORD " x@rabbit"}, NULL, "AMQP_URL", "white space", 78},
    {{"AMQP_URL=amqp://me:" MEMORY_PASSWORD "@rabbit:70000"}, NULL, "AMQP_URL", "port", 78},
    {{"AMQP_URL=amqp://rabbit?heartbeet=5"}, NULL, "AMQP_URL", "unknown parameter", 78},
    {{"AMQP_URL=amqp://rabbit?heartbeat=often"}, NULL, "AMQP_URL", "a value that it cannot have", 78},
    {{"AMQP_URL=amqp://a,http://b"}, NULL, "AMQP_URL", "one URL for each host", 78},
    {{"AMQP_URL=amqp://a,amqp://b:0"}, NULL, "AMQP_URL (URL 2 of 2)", "port", 78},
    {{"AMQP_URL= , "}, NULL, "AMQP_URL", "there is no URL", 78},
    {{"AMQP_URL"}, "[amqp]\nurl = 1", "gateway.toml:2:1: amqp.url", "a list is expected", 78},
    {{"AMQP_URL"}, "[amqp]\nurl = []", "gateway.toml:2:1: amqp.url", "there is no URL", 78},
    {{"AMQP_URL", "AMQP_URL_FILE=/secrets/none"}, NULL, "AMQP_URL_FILE", "make the file", 78},
    {{"BROKER_GROUP=a\tb"}, NULL, "BROKER_GROUP", "control character", 78},
    {{NULL}, "[broker]\ngroup = \"\"", "gateway.toml:2:1: broker.group", "the text is empty", 78},
    {{"BROKER_FORMAT=xml"}, NULL, "BROKER_FORMAT", "json, etf, msgpack or msgpack-json", 78},
    {{"BROKER_QUEUE_TYPE=stream"}, NULL, "BROKER_QUEUE_TYPE", "default, classic or quorum", 78},
    {{"BROKER_DECLARE=maybe"}, NULL, "BROKER_DECLARE", "yes, passive or no", 78},
    {{"BROKER_MESSAGE_TIMEOUT=120"}, NULL, "BROKER_MESSAGE_TIMEOUT", "a duration such as 500ms", 78},
    {{"BROKER_MESSAGE_TIMEOUT=2 minutes"}, NULL, "BROKER_MESSAGE_TIMEOUT", "a duration such as 500ms", 78},
    {{"BROKER_MESSAGE_TIMEOUT=-2m"}, NULL, "BROKER_MESSAGE_TIMEOUT", "a duration such as 500ms", 78},
    {{"BROKER_MESSAGE_TIMEOUT=25h"}, NULL, "BROKER_MESSAGE_TIMEOUT", "to 24h", 78},
    {{"BROKER_UNROUTABLE_HOLD=soon"}, NULL, "BROKER_UNROUTABLE_HOLD", "a duration", 78},
    {{"BROKER_WINDOW_COUNT=0"}, NULL, "BROKER_WINDOW_COUNT", "from 1", 78},
    {{"BROKER_WINDOW_COUNT=4294967296"}, NULL, "BROKER_WINDOW_COUNT", "to 4294967295", 78},
    {{"BROKER_WINDOW_BYTES=1 M"}, NULL, "BROKER_WINDOW_BYTES", "a size such as 64K", 78},
    {{"BROKER_WINDOW_BYTES=1T"}, NULL, "BROKER_WINDOW_BYTES", "a size such as 64K", 78},
    {{"BROKER_WINDOW_BYTES=0"}, NULL, "BROKER_WINDOW_BYTES", "from 1", 78},
    {{NULL}, "[broker]\nwindow_bytes = true", "gateway.toml:2:1: broker.window_bytes", "true or false", 78},
    {{"BROKER_SEND_PREFETCH=0"}, NULL, "BROKER_SEND_PREFETCH", "to 65535", 78},
    {{"BROKER_COMMAND_PREFETCH=70000"}, NULL, "BROKER_COMMAND_PREFETCH", "to 65535", 78},

    /* Discord's side */
    {{"DISCORD_GATEWAY_VERSION=ten"}, NULL, "DISCORD_GATEWAY_VERSION", "a whole number", 78},
    {{"DISCORD_GATEWAY_VERSION=0"}, NULL, "DISCORD_GATEWAY_VERSION", "from 1", 78},
    {{"DISCORD_API_VERSION=v10"}, NULL, "DISCORD_API_VERSION", "a whole number", 78},
    {{"DISCORD_API_HOST=https://discord.com"}, NULL, "DISCORD_API_HOST", "this is a URL", 78},
    {{"DISCORD_API_HOST=discord.com/api"}, NULL, "DISCORD_API_HOST", "no path", 78},
    {{"DISCORD_API_HOST=proxy:eighty"}, NULL, "DISCORD_API_HOST", "the port", 78},
    {{"DISCORD_API_PROTOCOL=ftp"}, NULL, "DISCORD_API_PROTOCOL", "https or http", 78},
    {{"DISCORD_API_PROTOCOL=http"}, NULL, "DISCORD_API_PROTOCOL", "for everybody to read", 78},
    {{"DISCORD_ENCODING=xml"}, NULL, "DISCORD_ENCODING", "json or etf", 78},
    {{"DISCORD_COMPRESSION=gzip"}, NULL, "DISCORD_COMPRESSION", "zstd-stream", 78},
    {{"DISCORD_COMPRESSION=payload", "DISCORD_ENCODING=etf"},
     NULL,
     "DISCORD_COMPRESSION",
     "for JSON only",
     78},
    {{"DISCORD_MORE_OPS=2"}, NULL, "DISCORD_MORE_OPS", "no worker's to send", 78},
    {{"DISCORD_MORE_OPS=fifty"}, NULL, "DISCORD_MORE_OPS", "'fifty' is not a number", 78},

    /* The process */
    {{"SESSION_FILE", "SESSION_FILE_MISSING=gap"},
     NULL,
     "SESSION_FILE_MISSING",
     "SESSION_FILE is not set",
     78},
    {{"SESSION_FILE_MISSING=ignore"}, NULL, "SESSION_FILE_MISSING", "new, gap or fail", 78},
    {{"SESSION_FILE", "FLEET=on"}, NULL, "FLEET", "set DISCORD_SHARD_COUNT", 78},
    {{"SESSION_FILE", "FLEET=on", "DISCORD_SHARD_COUNT=4", "DISCORD_SHARD_IDS=0"},
     NULL,
     "DISCORD_SHARD_IDS",
     "the fleet shares all shards",
     78},
    {{"SESSION_FILE", "FLEET=on", "DISCORD_SHARD_COUNT=4", "BROKER_DECLARE=no"},
     NULL,
     "BROKER_DECLARE",
     "yes is expected",
     78},
    {{"SESSION_FILE", "FLEET=on", "DISCORD_SHARD_COUNT=4", "FLEET_MEMBER=two words"},
     NULL,
     "FLEET_MEMBER",
     "without spaces",
     78},
    {{"SESSION_FILE", "FLEET=on", "DISCORD_SHARD_COUNT=4", "FLEET_ZONE=two words"},
     NULL,
     "FLEET_ZONE",
     "without spaces",
     78},
    {{"FLEET=yes"}, NULL, "FLEET", "off or on", 78},
    {{"FLEET_WEIGHT=0"}, NULL, "FLEET_WEIGHT", "to 1000", 78},
    {{"STOP_TIMEOUT=0"}, NULL, "STOP_TIMEOUT", "a duration", 78},
    {{"STOP_TIMEOUT=10"}, NULL, "STOP_TIMEOUT", "a duration", 78},
    {{NULL}, "stop_timeout = 10", "gateway.toml:1:1: stop_timeout", "a duration", 78},
    {{"CONNECT_TIMEOUT=20"}, NULL, "CONNECT_TIMEOUT", "a duration", 78},
    {{"ADDRESS_FAMILY=6"}, NULL, "ADDRESS_FAMILY", "any, ipv4 or ipv6", 78},
    {{"SOURCE_ADDRESS=eth0"}, NULL, "SOURCE_ADDRESS", "numeric", 78},
    {{"SOURCE_ADDRESS=eth0.a-name-that-is-longer-than-any-address-in-the-world"},
     NULL,
     "SOURCE_ADDRESS",
     "numeric",
     78},
    {{"SOURCE_ADDRESS=::1", "ADDRESS_FAMILY=ipv4"}, NULL, "SOURCE_ADDRESS", "family", 78},
    {{"TCP_KEEPALIVE_IDLE=60"}, NULL, "TCP_KEEPALIVE_IDLE", "a duration", 78},
    {{"TCP_KEEPALIVE_PROBES=128"}, NULL, "TCP_KEEPALIVE_PROBES", "to 127", 78},
    {{"HTTPS_PROXY=https://me:" MEMORY_PASSWORD "@proxy"}, NULL, "HTTPS_PROXY", "TLS", 78},
    {{"AMQP_PROXY=http://me:" MEMORY_PASSWORD "@:x"}, NULL, "AMQP_PROXY", "proxy", 78},
    {{"all_proxy=socks4://proxy"}, NULL, "all_proxy", "SOCKS", 78},
    {{"LATENCY_BUDGET=2s"}, NULL, "LATENCY_BUDGET", "to 1s", 78},
    {{"LOG_LEVEL=verbose"}, NULL, "LOG_LEVEL", "suppress, error, warn, info or debug", 78},
    {{"LOG_FORMAT=xml"}, NULL, "LOG_FORMAT", "text, json or journal", 78},
    {{"PROMETHEUS_ADDRESS=8080"}, NULL, "PROMETHEUS_ADDRESS", "as :8080", 78},
    {{"PROMETHEUS_ADDRESS=localhost:0"}, NULL, "PROMETHEUS_ADDRESS", "from 1 to 65535", 78},
    {{"PROMETHEUS_ADDRESS=http://localhost:80"}, NULL, "PROMETHEUS_ADDRESS", "an address and a port", 78},
    {{"PROMETHEUS_ADDRESS=:80", "PROMETHEUS_ENDPOINT=metrics"},
     NULL,
     "PROMETHEUS_ENDPOINT",
     "a path is expected",
     78},

    /* Secrets in the wrong place are not shown */
    {{"BROKER_TYPE=amqp://me:" MEMORY_PASSWORD "@rabbit"},
     NULL,
     "BROKER_TYPE",
     "(hidden: it may be a secret)",
     78},
    {{"DISCORD_EVENTS=" MEMORY_TOKEN}, NULL, "DISCORD_EVENTS", "(hidden: it may be a secret)", 78},
    {{"DISCORD_INTENTS=" MEMORY_TOKEN}, NULL, "DISCORD_INTENTS", "(hidden: it may be a secret)", 78},
    {{"DISCORD_SHARD_COUNT=" MEMORY_TOKEN}, NULL, "DISCORD_SHARD_COUNT", "(hidden: it may be a secret)", 78},
    {{"DISCORD_MORE_OPS=" MEMORY_TOKEN}, NULL, "DISCORD_MORE_OPS", "(hidden: it may be a secret)", 78},
    {{NULL},
     "\"" MEMORY_TOKEN "\" = 1",
     "gateway.toml:1:1: (hidden: it may be a secret)",
     "there is no such key",
     78},

    /* The file */
    {{NULL}, "events = [\"READY\"", "gateway.toml:1:10", "close it with ]", 78},
    {{NULL}, "token", "gateway.toml:1:6", "a = is expected", 78},
    {{NULL}, "group = gateway", "gateway.toml:1:9", "quotation marks", 78},
    {{NULL}, "[broker]\ngroup = \"a\"\n[broker]\n", "gateway.toml:3:2", "in line 1", 78},
    {{NULL}, "[broker]\ngroup = \"a\"\nGroup = \"b\"", "gateway.toml:3:1: broker.Group", "twice", 78},
    {{NULL}, "token: x", "gateway.toml:1:6", "a = is expected", 78},
    {{NULL}, "since = 2026-11-28", "gateway.toml:1:9", "no setting is a date", 78},
    {{NULL}, "{\"token\": \"x\"}", "gateway.toml:1:1", "the name of a key is expected", 78},
};

enum {
    ROW_COUNT = sizeof rows / sizeof rows[0],
    WRONG_SETTINGS = 98 /* as many as the operator had who tried the daemon */
};

static void add_files(struct memory *memory, const char *file)
{
    static char large[SETTINGS_SECRET_MAX + 2];
    memset(large, 'x', sizeof large - 1);
    memory_add_file(memory, "/secrets/token", MEMORY_TOKEN "\n", 0);
    memory_add_file(memory, "/secrets/two-lines", MEMORY_TOKEN "\n\n", 0);
    memory_add_file(memory, "/secrets/empty", "\n", 0);
    memory_add_file(memory, "/secrets/large", large, 0);
    memory_add_file(memory, "/secrets/denied", NULL, EACCES);
    memory_add_file(memory, "/secrets/folder", NULL, EISDIR);
    memory_add_file(memory, "/secrets/broken", NULL, EIO);
    memory_add_file(memory, "/secrets/full", NULL, EMFILE);
    memory_add_file(memory, "/denied/discord-token", NULL, EACCES);
    memory_add_file(memory, "/two-lines/discord-token", MEMORY_TOKEN "\r\n\r\n", 0);
    if (file)
        memory_add_file(memory, "gateway.toml", file, 0);
}

/* The only problem that is an error. Fails when there is none, or a second one. */
static const struct problem *only_error(const struct problems *problems, size_t row)
{
    const struct problem *found = NULL;
    for (const struct problem *each = problems->first; each; each = each->next) {
        if (strstr(each->text, MEMORY_TOKEN) || strstr(each->text, MEMORY_PASSWORD) ||
            strstr(each->where, MEMORY_TOKEN))
            fail_msg("row %zu shows a secret: %s: %s", row, each->where, each->text);
        if (each->code == PROBLEM_NOTE)
            continue;
        if (found)
            fail_msg("row %zu (%s) is told twice: %s: %s, and %s: %s", row, rows[row].where, found->where,
                     found->text, each->where, each->text);
        found = each;
    }
    if (!found)
        fail_msg("row %zu is not told: %s", row, rows[row].where);
    return found;
}

static void check_row(size_t row)
{
    const struct wrong *wrong = &rows[row];
    struct memory memory;
    struct settings settings;
    struct problems problems = {0};
    memory_begin(&memory);
    add_files(&memory, wrong->file);
    for (size_t i = 0; i < 4 && wrong->set[i]; i++)
        memory_set(&memory, wrong->set[i]);
    int code = memory_read(&memory, &settings, &problems);
    const struct problem *told = only_error(&problems, row);
    if (strcmp(told->where, wrong->where) != 0 || !strstr(told->text, wrong->says) || strlen(told->text) < 10)
        fail_msg("row %zu: %s: %s", row, told->where, told->text);
    if (code != wrong->code)
        fail_msg("row %zu (%s): exit code %d", row, wrong->where, code);
    problems_free(&problems);
    settings_free(&settings);
}

static void each_wrong_setting_is_one_sentence(void **state)
{
    (void)state;
    for (size_t row = 0; row < ROW_COUNT; row++)
        check_row(row);
    assert_true(ROW_COUNT >= WRONG_SETTINGS);
}

/* All of them at once, as far as they go together: each is told, and nothing of it hides something else. */
static void all_problems_are_told_at_once(void **state)
{
    struct memory memory;
    struct settings settings;
    struct problems problems = {0};
    size_t errors = 0;
    (void)state;
    memory_begin(&memory);
    memory_set(&memory, "DISCORD_TOKEN=a b");
    memory_set(&memory, "AMQP_URL=http://rabbit");
    memory_set(&memory, "DISCORD_EVENTS=REDY,MESSAGE_CREATE");
    memory_set(&memory, "DISCORD_SHARD_COUNT=x");
    memory_set(&memory, "BROKER_GRUOP=x");
    memory_set(&memory, "DISCORD_PRESENCE=x");
    memory_set(&memory, "DISCORD_ENCODING=etf");
    memory_set(&memory, "DISCORD_COMPRESSION=payload");
    memory_set(&memory, "ADDRESS_FAMILY=ipv6");
    memory_set(&memory, "SOURCE_ADDRESS=127.0.0.1");
    memory_add_file(&memory, "gateway.toml", "[log]\nlevel = \"loud\"\n[api]\nhost = 5\n", 0);
    assert_int_equal(memory_read(&memory, &settings, &problems), 78);
    for (const struct problem *each = problems.first; each; each = each->next)
        errors += each->code != PROBLEM_NOTE;
    assert_int_equal(errors, 11);
    problems_free(&problems);
    settings_free(&settings);
}

/* A final problem weighs more than one that may pass. */
static void what_is_final_decides_the_exit_code(void **state)
{
    struct memory memory;
    struct settings settings;
    struct problems problems = {0};
    (void)state;
    memory_begin(&memory);
    memory_add_file(&memory, "/secrets/broken", NULL, EIO);
    memory_set(&memory, "DISCORD_TOKEN");
    memory_set(&memory, "DISCORD_TOKEN_FILE=/secrets/broken");
    memory_set(&memory, "LOG_LEVEL=loud");
    assert_int_equal(memory_read(&memory, &settings, &problems), 78);
    problems_free(&problems);
    settings_free(&settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_wrong_setting_is_one_sentence),
        cmocka_unit_test(all_problems_are_told_at_once),
        cmocka_unit_test(what_is_final_decides_the_exit_code),
    };
    return cmocka_run_group_tests_name("tools/wrong_settings", tests, NULL, NULL);
}
