/*
 * The doctor's look at host names: those of Discord's API and of each broker, by the library's resolver, side by side.
 * doctor.c calls it.
 */
#include "doctor_names.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const char field[] = "names";

enum {
    NAMES_MAX = 32,
    SHOWN_ADDRESSES = 4
};

/* A name, and what it is for. */
struct name {
    char host[256];
    const char *setting;
    bool is_answered;
};

/* All names that are looked up. */
struct names {
    struct name names[NAMES_MAX];
    size_t count;
};

static bool is_numeric(const char *host)
{
    unsigned char address[16];
    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

/* A proxy looks the name up by itself. */
static bool goes_through(const struct doctor *doctor, const char *proxy, const char *host)
{
    return proxy && !spectacles_proxy_is_excepted(doctor->proxies.no_proxy, host);
}

static void add(struct doctor *doctor, struct names *names, const char *host, const char *setting,
                const char *proxy)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->names[i].host, host) == 0)
            return;
    }
    if (goes_through(doctor, proxy, host)) {
        findings_add(doctor->findings, FINDING_IS_NOTE, field, "%s (%s) is looked up by the proxy", host,
                     setting);
    } else if (!is_numeric(host) && names->count < NAMES_MAX) {
        struct name *name = &names->names[names->count++];
        *name = (struct name){.setting = setting};
        snprintf(name->host, sizeof name->host, "%s", host);
    }
}

/* The host of a URL, or of "host:port" with a scheme in front. */
static void add_url(struct doctor *doctor, struct names *names, const char *url, const char *setting,
                    const char *proxy)
{
    struct web_url parts;
    if (web_url_read(&parts, url))
        add(doctor, names, parts.host, setting, proxy);
    web_url_free(&parts);
}

static void collect(struct doctor *doctor, struct names *names)
{
    char api[600];
    const struct value *urls = settings_value(doctor->settings, SETTING_AMQP_URL);
    snprintf(api, sizeof api, "https://%.500s/", settings_value(doctor->settings, SETTING_API_HOST)->text);
    add_url(doctor, names, api, "DISCORD_API_HOST", doctor->proxies.rest);
    for (size_t i = 0; i < urls->text_count; i++)
        add_url(doctor, names, urls->texts[i], "AMQP_URL", doctor->proxies.broker);
}

/* ---- Answers ---- */

/* The first addresses, with commas. */
static void shorten(char *out, size_t size, const char *addresses)
{
    size_t at = 0;
    unsigned count = 1;
    for (; *addresses && at + 6 < size; addresses++) {
        if (*addresses == ' ' && count++ == SHOWN_ADDRESSES) {
            snprintf(out + at, size - at, ", ...");
            return;
        }
        if (*addresses == ' ')
            out[at++] = ',';
        out[at++] = *addresses;
    }
    out[at] = '\0';
}

static void tell(struct doctor *doctor, const struct name *name, const spectacles_answer *answer)
{
    char shown[SHOWN_ADDRESSES * 50 + 16];
    struct finding *finding;
    if (answer && answer->addresses) {
        shorten(shown, sizeof shown, answer->addresses);
        findings_add(doctor->findings, FINDING_IS_FINE, field, "%s (%s) is %s", name->host, name->setting,
                     shown);
        return;
    }
    finding = findings_add(doctor->findings, FINDING_MAY_PASS, field, "%s (%s) has no address: %s",
                           name->host, name->setting, answer ? answer->why : "nobody answered in time");
    finding_why(finding, "the gateway cannot connect to what it cannot find; it tries again by itself");
    finding_mend(finding, "getent ahosts %s; mend %s, or the name servers in /etc/resolv.conf", name->host,
                 name->setting);
}

static struct name *find(struct names *names, const char *host)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->names[i].host, host) == 0 && !names->names[i].is_answered)
            return &names->names[i];
    }
    return NULL;
}

static void take_answers(struct doctor *doctor, struct names *names, spectacles_resolver *resolver,
                         size_t *open)
{
    const spectacles_answer *answer;
    while ((answer = spectacles_resolver_next_answer(resolver, spectacles_now()))) {
        struct name *name = find(names, answer->host);
        if (!name)
            continue;
        name->is_answered = true;
        tell(doctor, name, answer);
        --*open;
    }
}

static void look_up(struct doctor *doctor, struct names *names, spectacles_resolver *resolver)
{
    size_t open = names->count;
    uint64_t end = spectacles_now() + DOCTOR_TIMEOUT + 1000;
    for (size_t i = 0; i < names->count; i++)
        spectacles_resolver_ask(resolver, names->names[i].host, 0, spectacles_now());
    while (open > 0 && spectacles_now() < end) {
        struct pollfd waits = {.fd = spectacles_resolver_fd(resolver), .events = POLLIN};
        poll(&waits, 1, spectacles_poll_timeout(spectacles_resolver_deadline(resolver), spectacles_now()));
        take_answers(doctor, names, resolver, &open);
    }
    for (size_t i = 0; i < names->count; i++) {
        if (!names->names[i].is_answered)
            tell(doctor, &names->names[i], NULL);
    }
}

static void tell_no_resolver(struct doctor *doctor)
{
    struct finding *finding =
        findings_add(doctor->findings, FINDING_MAY_PASS, field,
                     "no name can be looked up: this process has no descriptors or no memory left");
    finding_why(finding, "the gateway would not find anything either");
    finding_mend(finding, "ulimit -n; free -m");
}

void doctor_names(struct doctor *doctor)
{
    struct names names = {.count = 0};
    spectacles_resolver *resolver = NULL;
    collect(doctor, &names);
    if (names.count == 0)
        return;
    if (spectacles_resolver_new(&resolver, NULL, NULL) == SPECTACLES_OK)
        look_up(doctor, &names, resolver);
    else
        tell_no_resolver(doctor);
    spectacles_resolver_free(resolver);
}
