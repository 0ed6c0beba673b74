/*
 * Proxies in the environment. They are set there for all programs of a machine, so that they have no key in the file
 * of settings. read.c calls it to check, and source_environment.c to know the names.
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

void proxies_check(const struct settings_input *input, struct problems *problems)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *url = source_variable(input->environ, names[i]);
        if (url && *url)
            check(names[i], url, problems);
    }
}
