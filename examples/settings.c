#include "settings.h"

#include "format.h"

#include <err.h>
#include <spectacles/spectacles.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: gateway [--help | --version]\n\n"
    "Discord on one side, workers behind an AMQP broker on the other. Settings are in the environment:\n\n"
    "  DISCORD_TOKEN             the bot's token (required)\n"
    "  AMQP_URL                  amqp://user:password@host:port/vhost, or amqps:// (required)\n"
    "  DISCORD_EVENTS            events to publish: MESSAGE_CREATE,INTERACTION_CREATE (none)\n"
    "  DISCORD_INTENTS           by name: guilds,guild_messages (none)\n"
    "  DISCORD_RAW_INTENTS       the same as a number (0)\n"
    "  DISCORD_CAPABILITIES      a mask, sent with identify (0: left out)\n"
    "  DISCORD_SHARD_COUNT       of the whole bot (what Discord recommends)\n"
    "  DISCORD_SHARD_IDS         those of this process: 0,2,4-7 (all)\n"
    "  DISCORD_PRESENCE          JSON, op 3's d, sent with identify (none)\n"
    "  DISCORD_MORE_OPS          ops that workers may send besides 3,4,8,31,43 (none)\n"
    "  DISCORD_ENCODING          json or etf (json)\n"
    "  DISCORD_COMPRESSION       zstd-stream, zlib-stream, payload or none (zstd-stream where built with "
    "it)\n"
    "  SESSION_FILE              where sessions outlive a restart (none)\n"
    "  BROKER_GROUP              the exchange (gateway)\n"
    "  BROKER_FORMAT             of bodies: json, etf, msgpack or msgpack-json (json)\n"
    "  BROKER_UNROUTABLE_HOLD    milliseconds that an event without a queue is held back (0: off)\n"
    "  BROKER_WINDOW_COUNT       events that may be unconfirmed (2000)\n"
    "  BROKER_WINDOW_BYTES       bytes of them (1048576)\n"
    "  LATENCY_BUDGET            milliseconds that small events may wait for others to share a wake-up (4)\n"
    "  CONNECT_TIMEOUT           milliseconds for TCP and TLS of a connection (20000)\n"
    "  ADDRESS_FAMILY            any, ipv4 or ipv6: which addresses are connected to (any)\n"
    "  SOURCE_ADDRESS            the address that connections come from (the system's choice)\n"
    "  TCP_KEEPALIVE_IDLE        milliseconds without a byte before the kernel asks; 0: never (60000)\n"
    "  TCP_KEEPALIVE_INTERVAL    milliseconds between two such questions (10000)\n"
    "  TCP_KEEPALIVE_PROBES      questions without an answer that end a connection (3)\n"
    "  TCP_USER_TIMEOUT          milliseconds without an acknowledgement; 0: the kernel's own (90000)\n"
    "  DISCORD_GATEWAY_VERSION   (10)\n"
    "  DISCORD_API_VERSION       (10)\n"
    "  DISCORD_API_HOST          (discord.com)\n"
    "  DISCORD_API_PROTOCOL      https, or http for tests (https)\n"
    "  DISCORD_PROXY             http://user:password@host:port, socks5h:// or none (HTTPS_PROXY, ALL_PROXY, "
    "NO_PROXY)\n"
    "  BROKER_PROXY              the same for AMQP (AMQP_PROXY or AMQPS_PROXY, ALL_PROXY, NO_PROXY)\n"
    "  SSL_CERT_FILE             trusted authorities, PEM (the system's)\n"
    "  SSL_CERT_DIR              or a directory of them\n\n"
    "SIGTERM and SIGINT stop it in order, with status 0; SIGUSR1 prints counters. It logs to stderr.\n";

void settings_arguments(int argc, char **argv)
{
    uint32_t version = spectacles_version();
    if (argc == 1)
        return;
    if (argc > 2 || (strcmp(argv[1], "--help") != 0 && strcmp(argv[1], "--version") != 0))
        errx(1, "'%s' is not known: its settings are in the environment, and --help lists them",
             argv[argc > 2 ? 2 : 1]);
    if (strcmp(argv[1], "--help") == 0)
        fputs(help, stdout);
    else
        printf("gateway, libspectacles %u.%u.%u, %s\n", version >> 16, version >> 8 & 255, version & 255,
               spectacles_tls_library());
    exit(fflush(stdout) == 0 ? 0 : 1);
}

static const char *text(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value && *value ? value : otherwise;
}

static const char *required(const char *name, const char *what)
{
    const char *value = text(name, NULL);
    if (!value)
        errx(1, "%s is not set: %s", name, what);
    return value;
}

/* A copy, which can be wiped. */
static char *required_secret(const char *name, const char *what)
{
    char *copy = strdup(required(name, what));
    if (!copy)
        errx(1, "out of memory");
    return copy;
}

static char *read_token(void)
{
    spectacles_problem problem;
    char *token = required_secret("DISCORD_TOKEN", "the bot's token from Discord's developer portal");
    if (spectacles_token_check(token, &problem) != SPECTACLES_OK)
        errx(1, "DISCORD_TOKEN: %s", problem.text);
    return token;
}

static uint64_t number(const char *name, const char *digits, size_t length, uint64_t most)
{
    char *end;
    char copy[24] = "";
    if (length == 0 || length >= sizeof copy || strspn(digits, "0123456789") < length)
        errx(1, "%s: a whole number from 0 to %llu is expected", name, (unsigned long long)most);
    memcpy(copy, digits, length);
    uint64_t value = strtoull(copy, &end, 10);
    if (value > most)
        errx(1, "%s: a whole number from 0 to %llu is expected", name, (unsigned long long)most);
    return value;
}

static void *grow(void *array, size_t count, size_t size)
{
    void *larger = realloc(array, (count + 1) * size);
    if (!larger)
        errx(1, "out of memory");
    return larger;
}

/* The next word of a list with commas, without the spaces around it. Length 0 at the end. */
static size_t next_word(const char **list, const char **word)
{
    *list += strspn(*list, ", \t");
    *word = *list;
    size_t length = strcspn(*list, ", \t");
    *list += length;
    return length;
}

static void read_events(struct settings *settings)
{
    const char *list = text("DISCORD_EVENTS", "");
    const char *word;
    size_t length;
    while ((length = next_word(&list, &word)) > 0) {
        settings->events = grow(settings->events, settings->event_count, sizeof *settings->events);
        char *copy = calloc(1, length + 1);
        if (!copy)
            errx(1, "out of memory");
        settings->events[settings->event_count++] = memcpy(copy, word, length);
    }
    if (settings->event_count == 0)
        warnx("DISCORD_EVENTS is not set: nothing will be published");
}

static void read_intents(struct settings *settings)
{
    const char *raw = text("DISCORD_RAW_INTENTS", NULL);
    const char *list = text("DISCORD_INTENTS", "");
    const char *word;
    size_t length;
    if (raw)
        settings->intents = number("DISCORD_RAW_INTENTS", raw, strlen(raw), INT64_MAX);
    while ((length = next_word(&list, &word)) > 0) {
        uint64_t intent;
        if (spectacles_intent_parse(&intent, word, length) < 0)
            errx(1, "DISCORD_INTENTS: '%.*s' is not the name of an intent", (int)length, word);
        settings->intents |= intent;
    }
}

static void read_capabilities(struct settings *settings)
{
    const char *mask = text("DISCORD_CAPABILITIES", "0");
    settings->capabilities = number("DISCORD_CAPABILITIES", mask, strlen(mask), INT64_MAX);
}

static void add_shard_id(struct settings *settings, uint32_t id)
{
    settings->shard_ids = grow(settings->shard_ids, settings->shard_id_count, sizeof *settings->shard_ids);
    settings->shard_ids[settings->shard_id_count++] = id;
}

/* "0,2,4-7" */
static void read_shard_ids(struct settings *settings)
{
    static const char name[] = "DISCORD_SHARD_IDS";
    const char *list = text(name, "");
    const char *word;
    size_t length;
    while ((length = next_word(&list, &word)) > 0) {
        const char *dash = memchr(word, '-', length);
        size_t first_length = dash ? (size_t)(dash - word) : length;
        uint64_t first = number(name, word, first_length, 999999);
        uint64_t last = dash ? number(name, dash + 1, length - first_length - 1, 999999) : first;
        if (last < first)
            errx(1, "%s: '%.*s' runs backwards", name, (int)length, word);
        for (uint64_t id = first; id <= last; id++)
            add_shard_id(settings, (uint32_t)id);
    }
}

/* Discord may have new ops before the library knows them. */
static void read_more_ops(struct settings *settings)
{
    static const char name[] = "DISCORD_MORE_OPS";
    const char *list = text(name, "");
    const char *word;
    size_t length;
    while ((length = next_word(&list, &word)) > 0) {
        settings->more_ops = grow(settings->more_ops, settings->more_op_count, sizeof *settings->more_ops);
        settings->more_ops[settings->more_op_count++] = (uint32_t)number(name, word, length, UINT32_MAX);
    }
}

static void read_api(struct settings *settings)
{
    settings->api_scheme = text("DISCORD_API_PROTOCOL", "https");
    settings->api_host = text("DISCORD_API_HOST", "discord.com");
    settings->api_version = text("DISCORD_API_VERSION", "10");
    number("DISCORD_API_VERSION", settings->api_version, strlen(settings->api_version), 100);
    if (strcmp(settings->api_scheme, "https") != 0 && strcmp(settings->api_scheme, "http") != 0)
        errx(1, "DISCORD_API_PROTOCOL is https, or http for tests");
}

static const char *read_presence(void)
{
    spectacles_problem problem;
    const char *presence = text("DISCORD_PRESENCE", NULL);
    if (presence &&
        spectacles_presence_check((const uint8_t *)presence, strlen(presence), &problem) != SPECTACLES_OK)
        errx(1, "DISCORD_PRESENCE: %s (at byte %zu)", problem.text, problem.position);
    return presence;
}

static void warn_of_unsupported(void)
{
    static const char *const names[] = {"BROKER_MESSAGE_TIMEOUT", "PROMETHEUS_ADDRESS",
                                        "PROMETHEUS_ENDPOINT"};
    const char *type = text("BROKER_TYPE", "amqp");
    if (strcmp(type, "amqp") != 0)
        errx(1, "BROKER_TYPE '%s' is not supported: amqp is", type);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (text(names[i], NULL))
            warnx("%s is set, but not supported yet: it is ignored", names[i]);
    }
}

/* The index of a word in a list that ends with NULL. Exits when the list does not have the word. */
static uint32_t choice(const char *name, const char *word, const char *const *words, const char *known)
{
    for (uint32_t i = 0; words[i]; i++) {
        if (strcmp(word, words[i]) == 0)
            return i;
    }
    errx(1, "%s '%s' is not known: %s", name, word, known);
}

static void read_wire(struct settings *settings)
{
    static const char *const encodings[] = {"json", "etf", NULL}; /* in the order of enum spectacles_format */
    static const char *const compressions[] = {"none", "zlib-stream", "zstd-stream", "payload", NULL};
    spectacles_shard_config defaults;
    spectacles_shard_config_init(&defaults, sizeof defaults);
    settings->encoding = SPECTACLES_FORMAT_JSON + choice("DISCORD_ENCODING", text("DISCORD_ENCODING", "json"),
                                                         encodings, "json or etf");
    settings->compression =
        choice("DISCORD_COMPRESSION", text("DISCORD_COMPRESSION", compressions[defaults.compression]),
               compressions, "zstd-stream, zlib-stream, payload or none");
}

static uint64_t positive(const char *name, uint64_t otherwise, uint64_t most)
{
    const char *digits = text(name, NULL);
    uint64_t value = digits ? number(name, digits, strlen(digits), most) : otherwise;
    if (value == 0)
        errx(1, "%s: at least 1 is expected", name);
    return value;
}

/* How much may be unconfirmed, and so in memory, at once. */
static void read_window(struct settings *settings)
{
    spectacles_broker_config defaults;
    spectacles_broker_config_init(&defaults, sizeof defaults);
    settings->window_count = (uint32_t)positive("BROKER_WINDOW_COUNT", defaults.window_count, UINT32_MAX);
    settings->window_bytes = positive("BROKER_WINDOW_BYTES", defaults.window_bytes, INT64_MAX);
}

static void read_time(uint32_t *out, const char *name)
{
    const char *digits = text(name, NULL);
    if (digits)
        *out = (uint32_t)number(name, digits, strlen(digits), INT32_MAX);
}

/* What is out of range the library says when a link is made. */
static void read_link(spectacles_link_config *link)
{
    static const char *const families[] = {"any", "ipv4", "ipv6", NULL};
    static const uint32_t numbers[] = {0, 4, 6};
    const char *source = text("SOURCE_ADDRESS", "");
    spectacles_link_config_init(link, sizeof *link);
    if (strlen(source) >= sizeof link->source_address)
        errx(1, "SOURCE_ADDRESS '%s' is no numeric address", source);
    memcpy(link->source_address, source, strlen(source) + 1);
    link->family =
        numbers[choice("ADDRESS_FAMILY", text("ADDRESS_FAMILY", "any"), families, "any, ipv4 or ipv6")];
    read_time(&link->connect_timeout, "CONNECT_TIMEOUT");
    read_time(&link->keepalive_idle, "TCP_KEEPALIVE_IDLE");
    read_time(&link->keepalive_interval, "TCP_KEEPALIVE_INTERVAL");
    read_time(&link->keepalive_probes, "TCP_KEEPALIVE_PROBES");
    read_time(&link->user_timeout, "TCP_USER_TIMEOUT");
}

void settings_read(struct settings *settings)
{
    const char *version = text("DISCORD_GATEWAY_VERSION", "10");
    const char *count = text("DISCORD_SHARD_COUNT", "0");
    const char *hold = text("BROKER_UNROUTABLE_HOLD", "0");
    const char *budget = text("LATENCY_BUDGET", "4");
    *settings = (struct settings){0};
    settings->token = read_token();
    settings->amqp_url = required("AMQP_URL", "amqp://user:password@host:port/vhost");
    settings->session_file = text("SESSION_FILE", NULL);
    settings->group = text("BROKER_GROUP", "gateway");
    settings->format = format_from_environment();
    settings->unroutable_hold = (uint32_t)number("BROKER_UNROUTABLE_HOLD", hold, strlen(hold), 86400000);
    settings->latency_budget =
        (uint32_t)number("LATENCY_BUDGET", budget, strlen(budget), SPECTACLES_POLLER_BUDGET_MAX);
    settings->presence = read_presence();
    read_wire(settings);
    read_window(settings);
    read_link(&settings->link);
    settings->version = (uint32_t)number("DISCORD_GATEWAY_VERSION", version, strlen(version), 100);
    settings->shard_count = (uint32_t)number("DISCORD_SHARD_COUNT", count, strlen(count), 1000000);
    warn_of_unsupported();
    read_events(settings);
    read_intents(settings);
    read_capabilities(settings);
    read_shard_ids(settings);
    read_more_ops(settings);
    read_api(settings);
    settings->discord_proxy = text("DISCORD_PROXY", NULL);
    settings->broker_proxy = text("BROKER_PROXY", NULL);
}

void settings_wipe(char *secret)
{
    volatile char *at = secret;
    while (secret && *at)
        *at++ = '\0';
}

void settings_free(struct settings *settings)
{
    settings_wipe(settings->token);
    free(settings->token);
    for (size_t i = 0; i < settings->event_count; i++)
        free(settings->events[i]);
    free(settings->events);
    free(settings->shard_ids);
    free(settings->more_ops);
}
