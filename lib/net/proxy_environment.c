/*
 * The proxies that the environment names, by curl's rules. Called by owners, who hand them to links. The library never
 * looks at these variables by itself.
 */
#include "core/export.h"

#include <spectacles/proxy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SCHEME_MAX = 16
};

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* In capital letters: of ASCII, whatever the locale. */
static void raise_case(char *text)
{
    for (; *text; text++) {
        if (*text >= 'a' && *text <= 'z')
            *text = (char)(*text - 'a' + 'A');
    }
}

/* <scheme>_proxy, or else <SCHEME>_PROXY. HTTP_PROXY is not read: CGI makes it of a header "Proxy" of the client. */
static const char *of_scheme(const char *scheme)
{
    char name[SCHEME_MAX + sizeof "_proxy"];
    if (strlen(scheme) > SCHEME_MAX)
        return NULL;
    snprintf(name, sizeof name, "%s_proxy", scheme);
    const char *value = variable(name);
    if (value || strcmp(scheme, "http") == 0)
        return value;
    raise_case(name);
    return variable(name);
}

SPECTACLES_EXPORT const char *spectacles_proxy_from_environment(const char *scheme)
{
    const char *value = of_scheme(scheme);
    if (!value && strcmp(scheme, "wss") == 0)
        value = of_scheme("https");
    if (!value && strcmp(scheme, "ws") == 0)
        value = of_scheme("http");
    return value ? value : of_scheme("all");
}

SPECTACLES_EXPORT const char *spectacles_no_proxy_from_environment(void)
{
    const char *value = variable("no_proxy");
    return value ? value : variable("NO_PROXY");
}
