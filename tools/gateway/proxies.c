/*
 * The proxies of the settings, and those of the environment, which are set there for all programs of a machine. read.c
 * calls it to check, source_environment.c to know the names, and the daemon to choose.
 */
#include "proxies.h"

#include "sources.h"

#include <spectacles/proxy.h>
#include <spectacles/types.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    DESCRIPTION_SIZE = 320
};

/* In small letters and in capitals. HTTP_PROXY is not among them: the library does not read it, as curl does not. */
static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "wss_proxy",   "WSS_PROXY",
                                    "amqp_proxy",  "AMQP_PROXY",  "amqps_proxy", "AMQPS_PROXY",
                                    "http_proxy",  "all_proxy",   "ALL_PROXY"};

bool proxies_has_name(const char *name, size_t length)
{
    static const char end[] = "_proxy";
    return length > strlen(end) && strncasecmp(name + length - strlen(end), end, strlen(end)) == 0;
}

/* The URL may hold a password, and is not shown. */
static void check(const char *name, const char *url, struct problems *problems)
{
    char shown[DESCRIPTION_SIZE];
    spectacles_problem problem = {.text = ""};
    if (spectacles_proxy_describe(shown, sizeof shown, url, &problem) < 0)
        problems_add(problems, PROBLEM_IS_FINAL, name, "%s", problem.text);
    else
        problems_add(problems, PROBLEM_NOTE, name, "there is a proxy: %s", shown);
}

/* "none" means none, also where the environment names one. */
static bool is_none(const char *setting)
{
    return strcasecmp(setting, "none") == 0;
}

static void check_setting(struct settings *settings, enum setting_id id, struct problems *problems)
{
    struct value *value = &settings->values[id];
    char shown[DESCRIPTION_SIZE];
    spectacles_problem problem = {.text = ""};
    if (value->is_wrong || !value->text || is_none(value->text) ||
        spectacles_proxy_describe(shown, sizeof shown, value->text, &problem) >= 0)
        return;
    value->is_wrong = true;
    problems_add(problems, PROBLEM_IS_FINAL, settings_where(settings, id), "%s", problem.text);
}

void proxies_check(struct settings *settings, const struct settings_input *input, struct problems *problems)
{
    check_setting(settings, SETTING_DISCORD_PROXY, problems);
    check_setting(settings, SETTING_BROKER_PROXY, problems);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *url = source_variable(input->environ, names[i]);
        if (url && *url)
            check(names[i], url, problems);
    }
}

/* ---- Choosing ---- */

static const char *choose(const struct settings *settings, enum setting_id id, const char *scheme)
{
    const char *setting = settings_value(settings, id)->text;
    if (!setting)
        return spectacles_proxy_from_environment(scheme);
    return is_none(setting) ? NULL : setting;
}

void proxies_choose(struct proxies *proxies, const struct settings *settings)
{
    const struct value *urls = settings_value(settings, SETTING_AMQP_URL);
    const char *api =
        setting_of(SETTING_API_SCHEME)->words[settings_value(settings, SETTING_API_SCHEME)->number];
    bool is_plain = strcmp(api, "http") == 0;
    bool is_tls = urls->text_count > 0 && strncasecmp(urls->texts[0], "amqps:", 6) == 0;
    proxies->no_proxy = spectacles_no_proxy_from_environment();
    proxies->rest = choose(settings, SETTING_DISCORD_PROXY, api);
    proxies->gateway = choose(settings, SETTING_DISCORD_PROXY, is_plain ? "ws" : "wss");
    proxies->broker = choose(settings, SETTING_BROKER_PROXY, is_tls ? "amqps" : "amqp");
}

static void describe(char out[DESCRIPTION_SIZE], const char *url)
{
    if (!url)
        snprintf(out, DESCRIPTION_SIZE, "none");
    else if (spectacles_proxy_describe(out, DESCRIPTION_SIZE, url, NULL) < 0)
        snprintf(out, DESCRIPTION_SIZE, "one of another kind");
}

void proxies_describe(const struct proxies *proxies, char out[PROXIES_LINE_SIZE])
{
    char rest[DESCRIPTION_SIZE];
    char gateway[DESCRIPTION_SIZE];
    char broker[DESCRIPTION_SIZE];
    out[0] = '\0';
    if (!proxies->rest && !proxies->gateway && !proxies->broker)
        return;
    describe(rest, proxies->rest);
    describe(gateway, proxies->gateway);
    describe(broker, proxies->broker);
    snprintf(out, PROXIES_LINE_SIZE, "proxies: GET /gateway/bot %s, gateway %s, AMQP %s%s", rest, gateway,
             broker, proxies->no_proxy ? "; not for the hosts of NO_PROXY" : "");
}
