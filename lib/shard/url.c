/* Reads and compares URLs of gateways. Called by shard.c and session.c. */
#include "shard/url.h"

#include <string.h>
#include <strings.h>

static const char *after(const char *text, const char *prefix)
{
    size_t length = strlen(prefix);
    return strncasecmp(text, prefix, length) == 0 ? text + length : NULL;
}

static bool has_empty_label(const char *host, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (host[i] == '.' && (i == 0 || i + 1 == length || host[i + 1] == '.'))
            return true;
    }
    return false;
}

static bool is_host(const char *host, size_t length, bool bracketed)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    static const char numeric[] = "0123456789abcdefABCDEF:.";
    const char *allowed = bracketed ? numeric : plain;
    if (length == 0 || length > SP_HOST_MAX || strspn(host, allowed) < length)
        return false;
    return bracketed || !has_empty_label(host, length);
}

/* Reads the port behind a colon. 0 when it is not valid. */
static uint32_t port_of(const char *digits, size_t length)
{
    uint32_t port = 0;
    if (length == 0 || length > 5)
        return 0;
    for (size_t i = 0; i < length; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return 0;
        port = port * 10 + (uint32_t)(digits[i] - '0');
    }
    return port <= 65535 ? port : 0;
}

static int refuse(const char **why, const char *text)
{
    *why = text;
    return SPECTACLES_E_INVAL;
}

static int parse_authority(sp_url *out, const char *text, size_t length, const char **why)
{
    bool bracketed = length > 0 && text[0] == '[';
    const char *close = bracketed ? memchr(text, ']', length) : NULL;
    if (bracketed && !close)
        return refuse(why, "the gateway URL has an IPv6 address without a closing bracket");
    const char *host = bracketed ? text + 1 : text;
    const char *colon = bracketed ? close + 1 : memchr(text, ':', length);
    const char *end = text + length;
    if (!colon)
        colon = end;
    size_t host_length = (size_t)((bracketed ? close : colon) - host);
    if (!is_host(host, host_length, bracketed))
        return refuse(why, "the gateway URL has no valid host name");
    if (colon < end) {
        out->port = *colon == ':' ? port_of(colon + 1, (size_t)(end - colon - 1)) : 0;
        if (out->port == 0)
            return refuse(why, "the gateway URL has no valid port (1 to 65535)");
    }
    memcpy(out->host, host, host_length);
    out->host[host_length] = '\0';
    return SPECTACLES_OK;
}

int sp_url_parse(sp_url *out, const char *text, const char **why)
{
    sp_url url = {.tls = true, .port = 443};
    const char *rest = after(text, "wss://");
    if (!rest) {
        rest = after(text, "ws://");
        url.tls = false;
        url.port = 80;
    }
    if (!rest)
        return refuse(why, "the gateway URL begins neither with wss:// nor with ws://");
    int error = parse_authority(&url, rest, strcspn(rest, "/?#"), why);
    if (error == SPECTACLES_OK)
        *out = url;
    return error;
}

static bool is_numeric(const char *host)
{
    return strchr(host, ':') || strspn(host, "0123456789.") == strlen(host);
}

/* Where the label before `end` begins: behind the last dot, or at the host itself when there is no dot. */
static const char *label_before(const char *host, const char *end)
{
    while (end > host && end[-1] != '.')
        end--;
    return end;
}

/*
 * The part of a host name that has one owner: the last two labels (discord.gg). Some countries sell names at the third
 * level (co.uk, com.br): there it is three labels. A label of two letters behind a label of at most three letters
 * counts as such a suffix. When this guess is wrong, fewer hosts are trusted, and not more.
 */
static const char *domain_of(const char *host)
{
    const char *end = host + strlen(host);
    const char *last = label_before(host, end);
    if (is_numeric(host) || last == host)
        return host;
    const char *second = label_before(host, last - 1);
    bool shared = end - last == 2 && last - 1 - second <= 3;
    return shared && second > host ? label_before(host, second - 1) : second;
}

bool sp_url_trusts(const sp_url *base, const sp_url *resume)
{
    if (base->tls && !resume->tls)
        return false;
    if (strcasecmp(base->host, resume->host) == 0)
        return true;
    const char *domain = domain_of(base->host);
    if (!strchr(domain, '.') || is_numeric(base->host) || is_numeric(resume->host))
        return false;
    return strcasecmp(domain, domain_of(resume->host)) == 0;
}
