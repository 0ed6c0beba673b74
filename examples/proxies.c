#include "proxies.h"

#include <err.h>
#include <spectacles/spectacles.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    HOST_SIZE = 256,
    SHOWN_SIZE = 320
};

/* The host of a URL, or of "host:port": without user, password, brackets and port. */
static void host_of(char out[HOST_SIZE], const char *url)
{
    const char *scheme = strstr(url, "://");
    const char *host = scheme ? scheme + 3 : url;
    const char *end = host + strcspn(host, "/?#");
    for (const char *at = host; at < end; at++)
        host = *at == '@' ? at + 1 : host;
    size_t length = *host == '[' ? strcspn(host + 1, "]") : strcspn(host, ":/?#");
    host += *host == '[';
    snprintf(out, HOST_SIZE, "%.*s", (int)(length < HOST_SIZE ? length : HOST_SIZE - 1), host);
}

/* The setting, where "none" means none, or else what the environment says. */
static const char *choose(const char *setting, const char *scheme)
{
    if (!setting)
        return spectacles_proxy_from_environment(scheme);
    return strcasecmp(setting, "none") == 0 ? NULL : setting;
}

static int is_excepted(const struct proxies *proxies, const char *url)
{
    char host[HOST_SIZE];
    host_of(host, url);
    return spectacles_proxy_is_excepted(proxies->no_proxy, host);
}

static void check(const char *url, const char *name)
{
    char shown[SHOWN_SIZE];
    spectacles_problem problem;
    if (url && spectacles_proxy_describe(shown, sizeof shown, url, &problem) < 0)
        errx(1, "%s, or the environment's proxy in its place: %s; %s=none is the way without a proxy", name,
             problem.text, name);
}

void proxies_read(struct proxies *proxies, const struct settings *settings)
{
    int is_plain = strcmp(settings->api_scheme, "http") == 0;
    int is_tls = strncasecmp(settings->amqp_url, "amqps:", 6) == 0;
    proxies->no_proxy = spectacles_no_proxy_from_environment();
    proxies->rest = choose(settings->discord_proxy, is_plain ? "http" : "https");
    proxies->gateway = choose(settings->discord_proxy, is_plain ? "ws" : "wss");
    proxies->broker = choose(settings->broker_proxy, is_tls ? "amqps" : "amqp");
    if (proxies->rest && is_excepted(proxies, settings->api_host))
        proxies->rest = NULL;
    if (proxies->broker && is_excepted(proxies, settings->amqp_url))
        proxies->broker = NULL;
    check(proxies->gateway, "DISCORD_PROXY");
    check(proxies->broker, "BROKER_PROXY");
}

static const char *shown(char out[SHOWN_SIZE], const char *url)
{
    if (!url)
        return "none";
    return spectacles_proxy_describe(out, SHOWN_SIZE, url, NULL) < 0 ? "one of another kind" : out;
}

void proxies_log(const struct proxies *proxies)
{
    char texts[3][SHOWN_SIZE];
    if (!proxies->rest && !proxies->gateway && !proxies->broker)
        return;
    warnx("proxies: GET /gateway/bot %s, gateway %s, AMQP %s", shown(texts[0], proxies->rest),
          shown(texts[1], proxies->gateway), shown(texts[2], proxies->broker));
}

void proxies_log_gateway(const struct proxies *proxies, const char *gateway_url)
{
    char host[HOST_SIZE];
    host_of(host, gateway_url);
    if (proxies->gateway && is_excepted(proxies, gateway_url))
        warnx("proxies: gateway none, because NO_PROXY excepts %s", host);
}
