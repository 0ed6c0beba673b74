/*
 * The gateway handle of the daemon, made of the settings, the answer of Discord and the stored sessions. It owns
 * nothing when its calls are over. gateways.c, member_carry.c and follow.c call it.
 */
#include "handle.h"

#include "engines.h"
#include "presence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    OTHERS = 32, /* descriptors of log, files, HTTP and signals */
    /*
     * Milliseconds behind the wait for confirms: half a second for an events broker that has gone silent, three seconds
     * for the commands broker (relay.h), and the rest for the file of sessions.
     */
    CLOSING_TIME = 4000
};

static const char place_holder[] = "{{shard}}";

/* What Discord shows of a bot without a presence. */
static const char no_presence[] = "{\"since\":null,\"activities\":[],\"status\":\"online\",\"afk\":false}";

/* ---- Presence ---- */

static bool names_shard(const char *presence)
{
    return strstr(presence, place_holder) != NULL;
}

static int set_presence_of(spectacles_gateway *gateway, uint32_t shard_id, const char *presence)
{
    size_t length = presence_of_shard(presence, shard_id, NULL, 0);
    char *text = malloc(length + 1);
    if (!text)
        return SPECTACLES_E_NOMEM;
    presence_of_shard(presence, shard_id, text, length + 1);
    int error = spectacles_gateway_set_shard_presence(gateway, shard_id, (const uint8_t *)text, length);
    free(text);
    return error;
}

/* That of the settings, or of a bot which has none. */
static const char *presence_of_settings(const struct settings *settings)
{
    const char *presence = settings_value(settings, SETTING_PRESENCE)->text;
    return presence ? presence : no_presence;
}

int handle_set_shard_presence(spectacles_gateway *gateway, const struct settings *settings, uint32_t shard_id)
{
    const char *presence = presence_of_settings(settings);
    return names_shard(presence) ? set_presence_of(gateway, shard_id, presence) : SPECTACLES_OK;
}

int handle_set_presence(spectacles_gateway *gateway, const struct settings *settings)
{
    size_t count;
    int error = SPECTACLES_OK;
    const char *presence = presence_of_settings(settings);
    spectacles_shard *const *shards = spectacles_gateway_shards(gateway, &count);
    if (!names_shard(presence))
        return spectacles_gateway_set_presence(gateway, (const uint8_t *)presence, strlen(presence));
    for (size_t i = 0; i < count && error == SPECTACLES_OK; i++)
        error = set_presence_of(gateway, spectacles_shard_id(shards[i]), presence);
    return error;
}

/* ---- Making it ---- */

static bool is_fleet(const struct settings *settings)
{
    return settings_value(settings, SETTING_FLEET)->number == FLEET_ON;
}

static bool wants_tls(const struct settings *settings, const spectacles_gateway_bot *bot)
{
    return strncasecmp(bot->url, "wss:", 4) == 0 || engines_broker_wants_tls(settings);
}

/* An orderly stop waits for confirms for most of the time that it has. */
static uint32_t drain_timeout(const struct settings *settings)
{
    uint32_t whole = (uint32_t)settings_value(settings, SETTING_STOP_TIMEOUT)->number;
    return whole > 2 * CLOSING_TIME ? whole - CLOSING_TIME : whole / 2;
}

static void complete(struct engines *engines, const struct settings *settings,
                     const struct handle_parts *parts, spectacles_tls *tls,
                     spectacles_link_config *broker_link)
{
    engines->shard.gateway_url = parts->bot->url;
    engines->shard.shard_count = parts->shard_count;
    engines->shard.seed = spectacles_random_seed();
    if (engines->shard.presence && names_shard(engines->shard.presence))
        engines->shard.presence = NULL; /* each shard gets its own */
    engines->broker.seed = spectacles_random_seed();
    engines->broker.drain_timeout = drain_timeout(settings);
    engines->relay.unix_offset = spectacles_unix_time() - spectacles_now();
    engines->relay.flags = SPECTACLES_RELAY_BROKERS_FIRST | parts->flags;
    if (parts->state || is_fleet(settings)) {
        engines->relay.flags |= SPECTACLES_RELAY_HOLDS_NEW_SESSIONS;
        engines->shard.flags |= SPECTACLES_SHARD_STORED_HEARTBEATS;
    }
    if (is_fleet(settings))
        engines->relay.flags |= SPECTACLES_RELAY_GRANTED_IDENTIFIES;
    engines->link.tls = tls;
    engines->link.no_proxy = parts->proxies->no_proxy;
    *broker_link = engines->link;
    engines->link.proxy = parts->proxies->gateway;
    broker_link->proxy = parts->proxies->broker;
    engines->gateway.flags = SPECTACLES_GATEWAY_RESOLVES;
    if (is_fleet(settings))
        engines->gateway.flags |= SPECTACLES_GATEWAY_NO_SHARDS;
    engines->gateway.broker_link = broker_link;
    engines->gateway.state = parts->state;
}

/* Whoever is asked over TLS does not send the token elsewhere without TLS. */
static bool is_trusted(const struct settings *settings, const spectacles_gateway_bot *bot)
{
    const struct value *scheme = settings_value(settings, SETTING_API_SCHEME);
    bool is_https = strcmp(setting_of(SETTING_API_SCHEME)->words[scheme->number], "https") == 0;
    return !is_https || strncasecmp(bot->url, "wss://", 6) == 0;
}

static int say(spectacles_problem *problem, int error, const char *text)
{
    *problem = (spectacles_problem){.text = ""};
    snprintf(problem->text, sizeof problem->text, "%s", text);
    return error;
}

/* What can be set when the handle is there. */
static int finish(spectacles_gateway *gateway, const struct settings *settings,
                  const struct handle_parts *parts, spectacles_problem *problem)
{
    int error = spectacles_gateway_set_limits(gateway, parts->bot, spectacles_now());
    if (error == SPECTACLES_OK && settings_value(settings, SETTING_PRESENCE)->text &&
        names_shard(settings_value(settings, SETTING_PRESENCE)->text))
        error = handle_set_presence(gateway, settings);
    if (error != SPECTACLES_OK)
        return say(problem, error, spectacles_gateway_last_error(gateway));
    size_t count = spectacles_gateway_descriptors(gateway) + parts->descriptors + OTHERS;
    if (is_fleet(settings)) /* all others may be gone */
        count += parts->shard_count;
    return spectacles_raise_descriptors(count, problem);
}

int handle_new(spectacles_gateway **out, const struct settings *settings, const struct handle_parts *parts,
               spectacles_problem *problem)
{
    struct engines engines;
    spectacles_link_config broker_link;
    spectacles_gateway *gateway = NULL;
    spectacles_tls *tls = NULL;
    if (!is_trusted(settings, parts->bot))
        return say(problem, SPECTACLES_E_INVAL,
                   "Discord's API names a gateway without TLS: it is not trusted with the token "
                   "(DISCORD_API_HOST)");
    int error = wants_tls(settings, parts->bot) ? engines_tls(&tls, settings, problem) : SPECTACLES_OK;
    if (error != SPECTACLES_OK)
        return error;
    engines_configure(&engines, settings);
    complete(&engines, settings, parts, tls, &broker_link);
    error = spectacles_gateway_new(&gateway, &engines.gateway, problem);
    spectacles_tls_free(tls); /* the links hold it */
    if (error == SPECTACLES_OK)
        error = finish(gateway, settings, parts, problem);
    if (error != SPECTACLES_OK) {
        spectacles_gateway_free(gateway);
        return error;
    }
    *out = gateway;
    return SPECTACLES_OK;
}

/* ---- Looking ---- */

bool handle_brokers_are_ready(spectacles_gateway *gateway)
{
    for (uint32_t each = SPECTACLES_RELAY_EVENTS; each <= SPECTACLES_RELAY_COMMANDS; each++) {
        if (spectacles_broker_state(spectacles_gateway_broker(gateway, each)) != SPECTACLES_BROKER_READY)
            return false;
    }
    return true;
}
