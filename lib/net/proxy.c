/*
 * Proxies as their URLs name them. Called by the link, which goes through them, and by owners, for a log.
 */
#include "net/proxy.h"

#include "core/config.h"
#include "core/export.h"
#include "core/percent.h"
#include "core/wipe.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static int refuse(spectacles_problem *problem, const char *text)
{
    return sp_refuse(problem, SPECTACLES_E_INVAL, text);
}

/* Sets the protocol, and *rest to what follows the scheme. */
static int parse_scheme(sp_proxy *out, const char *url, const char **rest, spectacles_problem *problem)
{
    static const struct {
        const char *name;
        enum sp_proxy_protocol protocol;
    } schemes[] = {{"http", SP_PROXY_HTTP}, {"socks5h", SP_PROXY_SOCKS5}, {"socks5", SP_PROXY_SOCKS5}};
    const char *colon = strstr(url, "://");
    *rest = colon ? colon + 3 : url;
    out->protocol = SP_PROXY_HTTP;
    if (!colon)
        return SPECTACLES_OK;
    size_t length = (size_t)(colon - url);
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (length == strlen(schemes[i].name) && strncasecmp(url, schemes[i].name, length) == 0) {
            out->protocol = schemes[i].protocol;
            return SPECTACLES_OK;
        }
    }
    return sp_refuse(
        problem, SPECTACLES_E_UNSUPPORTED,
        "the URL of the proxy begins with none of http://, socks5h:// and socks5:// (a proxy that is "
        "reached over TLS, https://, and SOCKS4 are not supported)");
}

static int parse_credentials(sp_proxy *out, const char *text, size_t length, spectacles_problem *problem)
{
    const char *colon = memchr(text, ':', length);
    size_t user = colon ? (size_t)(colon - text) : length;
    if (!sp_percent_decode(out->user, sizeof out->user, text, user))
        return refuse(
            problem,
            "the user in the URL of the proxy is longer than 255 bytes, holds a control character, or "
            "has a malformed percent escape (a '%' is written %25)");
    if (colon && !sp_percent_decode(out->password, sizeof out->password, colon + 1, length - user - 1))
        return refuse(
            problem,
            "the password in the URL of the proxy is longer than 255 bytes, holds a control character, "
            "or has a malformed percent escape (a '%' is written %25)");
    if (out->protocol == SP_PROXY_HTTP && strchr(out->user, ':'))
        return refuse(problem, "the user in the URL of the proxy has a colon, which Basic cannot carry");
    out->has_credentials = out->user[0] || out->password[0];
    return SPECTACLES_OK;
}

static bool parse_port(uint32_t *out, const char *digits, size_t length)
{
    uint32_t value = 0;
    if (length == 0 || length > 5)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        value = value * 10 + (uint32_t)(digits[i] - '0');
    }
    *out = value;
    return value > 0 && value <= 65535;
}

/* Whether these characters can be a name or, with colons, an IPv6 address. */
static bool is_host(const char *host, bool bracketed)
{
    static const char fit[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    for (; *host; host++) {
        if (!strchr(fit, *host) && !(bracketed && *host == ':'))
            return false;
    }
    return true;
}

static int parse_host(sp_proxy *out, const char *text, size_t length, spectacles_problem *problem)
{
    bool bracketed = length > 0 && text[0] == '[';
    const char *end = text + length;
    const char *host = text + bracketed;
    const char *host_end = memchr(text, bracketed ? ']' : ':', length);
    if (!host_end && !bracketed)
        host_end = end;
    size_t host_length = host_end ? (size_t)(host_end - host) : 0;
    if (host_length == 0 || host_length > SP_PROXY_TEXT_MAX)
        return refuse(problem, "the URL of the proxy names no host, or one that is longer than 255 bytes");
    memcpy(out->host, host, host_length);
    if (strlen(out->host) != host_length || !is_host(out->host, bracketed))
        return refuse(problem, "the host in the URL of the proxy is malformed (user and password come before "
                               "an '@', and IPv6 stands in brackets)");
    host_end += bracketed;
    if (host_end == end)
        return SPECTACLES_OK;
    if (*host_end != ':' || !parse_port(&out->port, host_end + 1, (size_t)(end - host_end - 1)))
        return refuse(problem,
                      "the port in the URL of the proxy is not a number from 1 to 65535 (in a user or "
                      "a password ':' is written %3A, '/' %2F, '#' %23 and '?' %3F)");
    return SPECTACLES_OK;
}

int sp_proxy_parse(sp_proxy *out, const char *url, spectacles_problem *problem)
{
    const char *rest;
    *out = (sp_proxy){.port = SP_PROXY_PORT};
    int error = parse_scheme(out, url, &rest, problem);
    if (error != SPECTACLES_OK)
        return error;
    size_t length = strcspn(rest, "/?#");
    if (rest[length] && strcmp(rest + length, "/") != 0)
        return refuse(problem, "the URL of the proxy has something behind its host and port (in a user or a "
                               "password '/' is written %2F, '#' %23 and '?' %3F)");
    const char *at = memchr(rest, '@', length);
    for (const char *next = at; next; next = memchr(next + 1, '@', (size_t)(rest + length - next - 1)))
        at = next;
    if (at) {
        error = parse_credentials(out, rest, (size_t)(at - rest), problem);
        length -= (size_t)(at + 1 - rest);
        rest = at + 1;
    }
    return error == SPECTACLES_OK ? parse_host(out, rest, length, problem) : error;
}

void sp_proxy_place(char out[SP_PROXY_PLACE_SIZE], const char *host, uint32_t port)
{
    bool colon = strchr(host, ':');
    snprintf(out, SP_PROXY_PLACE_SIZE, "%s%s%s:%u", colon ? "[" : "", host, colon ? "]" : "", (unsigned)port);
}

SPECTACLES_EXPORT int spectacles_proxy_describe(char *out, size_t size, const char *url,
                                                spectacles_problem *problem)
{
    sp_proxy proxy;
    char place[SP_PROXY_PLACE_SIZE];
    if (size > 0)
        out[0] = '\0';
    int error = sp_proxy_parse(&proxy, url, problem);
    sp_proxy_place(place, proxy.host, proxy.port);
    const char *scheme = proxy.protocol == SP_PROXY_HTTP ? "http" : "socks5h";
    sp_wipe(&proxy, sizeof proxy);
    if (error != SPECTACLES_OK)
        return error;
    if (strlen(scheme) + 3 + strlen(place) >= size)
        return sp_refuse(problem, SPECTACLES_E_TOOBIG, "the room for the proxy's name is too small");
    return snprintf(out, size, "%s://%s", scheme, place);
}
