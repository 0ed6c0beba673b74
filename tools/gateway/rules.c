/*
 * What has to hold between settings, and for addresses. It also works out the shards of a pod of a StatefulSet, which
 * then are the shard ids. read.c calls it.
 */
#include "rules.h"

#include "redact.h"
#include "shard_ids.h"
#include "sources.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    SHOWN_SIZE = 80,
    FLEET_GROUP_MAX = 100 /* bytes of BROKER_GROUP: names of the fleet's queues stand behind it (fleet.h) */
};

/* What a rule looks at. */
struct rules {
    struct settings *settings;
    const struct settings_input *input;
    struct problems *problems;
};

static const struct value *value_of(const struct rules *rules, enum setting_id id)
{
    return settings_value(rules->settings, id);
}

static const char *where(const struct rules *rules, enum setting_id id)
{
    return settings_where(rules->settings, id);
}

/* Whether somebody has set it, and it can be read. */
static bool is_right(const struct rules *rules, enum setting_id id)
{
    return settings_is_set(rules->settings, id) && !value_of(rules, id)->is_wrong;
}

static void check_required(const struct rules *rules)
{
    for (int id = 0; id < SETTING_COUNT; id++) {
        const struct setting *setting = setting_of((enum setting_id)id);
        if (setting->flags & SETTING_IS_REQUIRED && !settings_is_set(rules->settings, (enum setting_id)id))
            problems_add(rules->problems, PROBLEM_IS_FINAL, setting->name,
                         "it is not set: set it, or %s_FILE, or %s in a "
                         "file",
                         setting->name, setting->key);
    }
}

/* ---- Shards ---- */

static void check_shard_ids(const struct rules *rules)
{
    const struct value *ids = value_of(rules, SETTING_SHARD_IDS);
    const struct value *count = value_of(rules, SETTING_SHARD_COUNT);
    if (!is_right(rules, SETTING_SHARD_IDS) || count->is_wrong)
        return;
    if (count->number == 0)
        problems_add(rules->problems, PROBLEM_IS_FINAL, where(rules, SETTING_SHARD_IDS),
                     "the number of shards of the whole bot is missing: set DISCORD_SHARD_COUNT, the same in "
                     "all processes");
    for (size_t i = 0; count->number > 0 && i < ids->number_count; i++) {
        if (ids->numbers[i] >= count->number) {
            problems_add(rules->problems, PROBLEM_IS_FINAL, where(rules, SETTING_SHARD_IDS),
                         "there is no shard %u when DISCORD_SHARD_COUNT is %" PRIu64
                         ": the last one is %" PRIu64,
                         ids->numbers[i], count->number, count->number - 1);
            return;
        }
    }
}

static const char *pod_name(const struct rules *rules)
{
    const char *name = source_variable(rules->input->environ, "POD_NAME");
    if (!name || !*name)
        name = source_variable(rules->input->environ, "HOSTNAME");
    return name && *name ? name : "";
}

/* Sets the shard ids of this pod: so many, from ordinal times so many on. */
static void set_shard_ids(const struct rules *rules, uint64_t per_process, uint64_t count, uint32_t ordinal)
{
    const char *name = where(rules, SETTING_SHARDS_PER_PROCESS);
    uint64_t first = per_process * ordinal;
    struct value *ids = &rules->settings->values[SETTING_SHARD_IDS];
    struct reading reading = {&rules->settings->arena, rules->problems};
    if (first >= count) {
        problems_add(rules->problems, PROBLEM_IS_FINAL, name,
                     "nothing is left for pod %u: its first shard would be %" PRIu64
                     ", and DISCORD_SHARD_COUNT is %" PRIu64 ": run fewer pods",
                     ordinal, first, count);
        return;
    }
    *ids = (struct value){.where = name, .origin = value_of(rules, SETTING_SHARDS_PER_PROCESS)->origin};
    uint64_t left = count - first;
    shard_ids_of_range(&reading, ids, (uint32_t)first, (uint32_t)(left < per_process ? left : per_process));
}

static void check_per_process(const struct rules *rules)
{
    uint32_t ordinal;
    char shown[SHOWN_SIZE];
    const char *name = where(rules, SETTING_SHARDS_PER_PROCESS);
    const char *pod = pod_name(rules);
    const struct value *count = value_of(rules, SETTING_SHARD_COUNT);
    if (!is_right(rules, SETTING_SHARDS_PER_PROCESS) || count->is_wrong)
        return;
    redact(shown, sizeof shown, pod, strlen(pod));
    if (settings_is_set(rules->settings, SETTING_SHARD_IDS))
        problems_add(rules->problems, PROBLEM_IS_FINAL, name,
                     "DISCORD_SHARD_IDS is set as well: take one of the two out");
    else if (count->number == 0)
        problems_add(rules->problems, PROBLEM_IS_FINAL, name,
                     "the number of shards of the whole bot is missing: set DISCORD_SHARD_COUNT, the same in "
                     "all pods");
    else if (!shard_ids_ordinal(pod, &ordinal))
        problems_add(rules->problems, PROBLEM_IS_FINAL, name,
                     "the name of the pod, '%s', does not end with its number, as gateway-2: set POD_NAME",
                     shown);
    else
        set_shard_ids(rules, value_of(rules, SETTING_SHARDS_PER_PROCESS)->number, count->number, ordinal);
}

/* ---- Addresses ---- */

static bool is_port(const char *text)
{
    size_t length = strlen(text);
    unsigned long port = strtoul(text, NULL, 10);
    return length > 0 && length <= 5 && strspn(text, "0123456789") == length && port > 0 && port <= 65535;
}

/* The port behind a host; NULL: there is none. An IPv6 address stands in brackets. */
static const char *port_of(const char *host)
{
    const char *bracket = strrchr(host, ']');
    const char *colon = strrchr(bracket ? bracket : host, ':');
    return colon ? colon + 1 : NULL;
}

static void check_api_host(const struct rules *rules)
{
    const struct value *host = value_of(rules, SETTING_API_HOST);
    const char *port = host->text ? port_of(host->text) : NULL;
    if (!is_right(rules, SETTING_API_HOST))
        return;
    if (strstr(host->text, "://"))
        problems_add(rules->problems, PROBLEM_IS_FINAL, where(rules, SETTING_API_HOST),
                     "this is a URL, and a host is expected: take what stands before :// out "
                     "(DISCORD_API_PROTOCOL has it)");
    else if (strpbrk(host->text, "/?#@ \t\r\n"))
        problems_add(
            rules->problems, PROBLEM_IS_FINAL, where(rules, SETTING_API_HOST),
            "a host alone is expected, as discord.com or localhost:8080: no path, no user, no spaces");
    else if (port && !is_port(port))
        problems_add(rules->problems, PROBLEM_IS_FINAL, where(rules, SETTING_API_HOST),
                     "the port is not a number from 1 to 65535");
}

static void check_api_scheme(const struct rules *rules)
{
    const struct value *scheme = value_of(rules, SETTING_API_SCHEME);
    const struct value *host = value_of(rules, SETTING_API_HOST);
    if (is_right(rules, SETTING_API_SCHEME) &&
        strcmp(setting_of(SETTING_API_SCHEME)->words[scheme->number], "http") == 0 && !host->is_wrong &&
        strcasecmp(host->text, "discord.com") == 0)
        problems_add(rules->problems, PROBLEM_IS_FINAL, where(rules, SETTING_API_SCHEME),
                     "http would send the token to discord.com for everybody to read: set https, or the "
                     "DISCORD_API_HOST of a "
                     "proxy");
}

static void check_prometheus(const struct rules *rules)
{
    const struct value *address = value_of(rules, SETTING_PROMETHEUS_ADDRESS);
    const struct value *endpoint = value_of(rules, SETTING_PROMETHEUS_ENDPOINT);
    const char *port = address->text ? port_of(address->text) : NULL;
    if (is_right(rules, SETTING_PROMETHEUS_ADDRESS) &&
        (!port || !is_port(port) || strpbrk(address->text, "/ \t")))
        problems_add(
            rules->problems, PROBLEM_IS_FINAL, where(rules, SETTING_PROMETHEUS_ADDRESS),
            "an address and a port are expected, as :8080 or 127.0.0.1:8080, the port from 1 to 65535");
    if (is_right(rules, SETTING_PROMETHEUS_ENDPOINT) && *endpoint->text != '/')
        problems_add(rules->problems, PROBLEM_IS_FINAL, where(rules, SETTING_PROMETHEUS_ENDPOINT),
                     "a path is expected, as /metrics");
    if (is_right(rules, SETTING_PROMETHEUS_ENDPOINT) &&
        !settings_is_set(rules->settings, SETTING_PROMETHEUS_ADDRESS))
        problems_add(rules->problems, PROBLEM_NOTE, where(rules, SETTING_PROMETHEUS_ENDPOINT),
                     "no metrics are served, because PROMETHEUS_ADDRESS is not set");
}

/* ---- The fleet ---- */

static bool is_fleet(const struct rules *rules)
{
    return value_of(rules, SETTING_FLEET)->number == FLEET_ON;
}

static void refuse_beside_fleet(const struct rules *rules, enum setting_id id, const char *why)
{
    if (settings_is_set(rules->settings, id))
        problems_add(rules->problems, PROBLEM_IS_FINAL, where(rules, id), "FLEET is on, and %s: take it out",
                     why);
}

static void check_fleet(const struct rules *rules)
{
    const struct value *count = value_of(rules, SETTING_SHARD_COUNT);
    const struct value *group = value_of(rules, SETTING_GROUP);
    const struct value *declare = value_of(rules, SETTING_DECLARE);
    refuse_beside_fleet(rules, SETTING_SHARD_IDS, "the fleet shares all shards of the bot");
    refuse_beside_fleet(rules, SETTING_SHARDS_PER_PROCESS, "the fleet shares all shards of the bot");
    if (!count->is_wrong && count->number == 0)
        problems_add(
            rules->problems, PROBLEM_IS_FINAL, where(rules, SETTING_FLEET),
            "the number of shards of the whole bot is missing: set DISCORD_SHARD_COUNT, the same in all "
            "processes of the fleet");
    if (!declare->is_wrong && declare->number != DECLARE_YES)
        problems_add(rules->problems, PROBLEM_IS_FINAL, where(rules, SETTING_DECLARE),
                     "FLEET is on, and declares queues of its own: yes is expected");
    if (!group->is_wrong && group->text && strlen(group->text) > FLEET_GROUP_MAX)
        problems_add(rules->problems, PROBLEM_IS_FINAL, where(rules, SETTING_GROUP),
                     "FLEET is on, and has room for a name of %d bytes", (int)FLEET_GROUP_MAX);
}

static void check_no_fleet(const struct rules *rules)
{
    static const enum setting_id settings[] = {SETTING_FLEET_MEMBER, SETTING_FLEET_ZONE,
                                               SETTING_FLEET_WEIGHT, SETTING_FLEET_GENERATION,
                                               SETTING_FLEET_SETTLE, SETTING_FLEET_IDENTIFY_RESERVE};
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (is_right(rules, settings[i]))
            problems_add(rules->problems, PROBLEM_NOTE, where(rules, settings[i]),
                         "it is not looked at, because FLEET is off");
    }
}

/* ---- Sessions, and what is published ---- */

static void check_sessions(const struct rules *rules)
{
    if (!settings_is_set(rules->settings, SETTING_SESSION_FILE) &&
        is_right(rules, SETTING_SESSION_FILE_MISSING))
        problems_add(rules->problems, PROBLEM_IS_FINAL, where(rules, SETTING_SESSION_FILE_MISSING),
                     "it says what to do without the file of sessions, but SESSION_FILE is not set: set it");
    else if (!settings_is_set(rules->settings, SETTING_SESSION_FILE) && !is_fleet(rules))
        problems_add(rules->problems, PROBLEM_NOTE, "SESSION_FILE",
                     "it is not set: a restart identifies anew, and loses what happens in between");
}

static void check_events(const struct rules *rules)
{
    if (!settings_is_set(rules->settings, SETTING_EVENTS) &&
        !settings_is_set(rules->settings, SETTING_MORE_EVENTS))
        problems_add(rules->problems, PROBLEM_NOTE, "DISCORD_EVENTS", "it is not set: nothing is published");
}

void rules_check(struct settings *settings, const struct settings_input *input, struct problems *problems)
{
    struct rules rules = {settings, input, problems};
    check_required(&rules);
    check_shard_ids(&rules);
    check_per_process(&rules);
    check_api_host(&rules);
    check_api_scheme(&rules);
    check_prometheus(&rules);
    if (is_fleet(&rules))
        check_fleet(&rules);
    else
        check_no_fleet(&rules);
    check_sessions(&rules);
    check_events(&rules);
}
