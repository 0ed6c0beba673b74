/*
 * Settings in the environment: what is set, and names that nobody knows. read.c calls it.
 *
 * The environment belongs to others as well. A name is a mistake when it is nearly that of a setting which nobody
 * else has (DISCORD_TOKN). It is only noted when it is nearly a common one (LOGLEVEL), or when it has the first word
 * of our names. What Docker and Kubernetes set for a service called "amqp" or "broker" is passed over.
 */
#include "nearest.h"
#include "proxies.h"
#include "redact.h"
#include "retired.h"
#include "sources.h"

#include <stdio.h>
#include <string.h>

enum {
    SHOWN_SIZE = 64
};

static void read_setting(struct settings *settings, const struct settings_input *input,
                         const struct reading *reading, enum setting_id id)
{
    const struct setting *setting = setting_of(id);
    const char *text = source_variable(input->environ, setting->name);
    struct given given = {.setting = setting, .where = setting->name, .text = text};
    if (!text || (!*text && !(setting->flags & SETTING_NOT_EMPTY)))
        return;
    given.length = strlen(text);
    value_read(reading, &given, &settings->values[id]);
    settings->values[id].origin = VALUE_FROM_ENVIRONMENT;
}

/* ---- Names that are not settings ---- */

/* Names that are read elsewhere: by the library, by the rules, by systemd. */
static bool is_known_elsewhere(const char *name, size_t length)
{
    static const char *const names[] = {"SSL_CERT_DIR", "POD_NAME", "HOSTNAME", "CREDENTIALS_DIRECTORY"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0)
            return true;
    }
    return false;
}

static bool has(const char *name, size_t length, const char *part)
{
    size_t part_length = strlen(part);
    for (size_t i = 0; i + part_length <= length; i++) {
        if (memcmp(name + i, part, part_length) == 0)
            return true;
    }
    return false;
}

static bool ends_with(const char *name, size_t length, const char *end)
{
    return length >= strlen(end) && memcmp(name + length - strlen(end), end, strlen(end)) == 0;
}

/* AMQP_SERVICE_HOST, AMQP_PORT, AMQP_PORT_5672_TCP_ADDR: what Kubernetes tells of a service called "amqp". */
static bool is_service_link(const char *name, size_t length)
{
    return has(name, length, "_SERVICE_HOST") || has(name, length, "_SERVICE_PORT") ||
           has(name, length, "_TCP") || has(name, length, "_UDP") || ends_with(name, length, "_PORT");
}

static bool looks_like_ours(const char *name, size_t length)
{
    static const char *const beginnings[] = {"DISCORD_",     "BROKER_",      "AMQP_",      "SHARDS_",
                                             "SHARD_STORE_", "SESSION_FILE", "PROMETHEUS_"};
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        if (length >= strlen(beginnings[i]) && memcmp(name, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    }
    return false;
}

static const char *nearest_name(const char *name, size_t length)
{
    struct nearest nearest = {0};
    for (int id = 0; id < SETTING_COUNT; id++)
        nearest_look(&nearest, setting_of((enum setting_id)id)->name, name, length);
    nearest_look(&nearest, "DISCORD_TOKEN_FILE", name, length);
    nearest_look(&nearest, "AMQP_URL_FILE", name, length);
    return nearest.name;
}

static void tell_unknown(const struct reading *reading, const char *name, size_t length)
{
    char shown[SHOWN_SIZE];
    const struct retired *retired = retired_name(name, length);
    const char *meant = nearest_name(name, length);
    redact(shown, sizeof shown, name, length);
    if (retired)
        problems_add(reading->problems, retired->code, shown, "%s", retired->advice);
    else if (meant)
        problems_add(reading->problems,
                     looks_like_ours(meant, strlen(meant)) ? PROBLEM_IS_FINAL : PROBLEM_NOTE, shown,
                     "there is no such setting: did you mean %s?", meant);
    else if (looks_like_ours(name, length))
        problems_add(
            reading->problems, PROBLEM_NOTE, shown,
            "the gateway has no such setting, and passes it over: `spectacles-gateway settings` lists all");
}

static void look_at(const struct reading *reading, const char *entry)
{
    const char *equals = strchr(entry, '=');
    size_t length = equals ? (size_t)(equals - entry) : 0;
    if (length == 0 || !equals[1] || setting_has_name(entry, length) || is_known_elsewhere(entry, length) ||
        proxies_has_name(entry, length) || is_service_link(entry, length))
        return;
    tell_unknown(reading, entry, length);
}

void source_environment(struct settings *settings, const struct settings_input *input,
                        const struct reading *reading)
{
    for (int id = 0; id < SETTING_COUNT; id++)
        read_setting(settings, input, reading, (enum setting_id)id);
    for (size_t i = 0; input->environ[i]; i++)
        look_at(reading, input->environ[i]);
}
