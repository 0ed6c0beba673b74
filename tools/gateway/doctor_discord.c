/*
 * The doctor's look at Discord's API: GET /gateway/bot, and what its answer says of the token, the clock, the
 * certificates, the budget of identifies and the number of shards. doctor.c calls it.
 */
#include "doctor_discord.h"

#include "wipe.h"

#include <stdlib.h>
#include <string.h>

static const char field[] = "Discord";

enum {
    URL_SIZE = 640,
    PLACE_SIZE = 512,
    CLOCK_NOTE = 5,      /* seconds */
    CLOCK_WARNING = 120, /* seconds: certificates and the times of gaps suffer */
    DAY = 86400,
    CERTIFICATE_WARNING = 7 * DAY
};

/* ---- Asking ---- */

static void ask(struct doctor *doctor, struct web_answer *answer)
{
    static const char before[] = "Authorization: Bot ";
    char url[URL_SIZE];
    const struct settings *settings = doctor->settings;
    const char *token = settings_value(settings, SETTING_TOKEN)->text;
    size_t size = sizeof before + strlen(token);
    char *authorization = malloc(size);
    *answer = (struct web_answer){.error = "memory ran out"};
    if (!authorization)
        return;
    snprintf(authorization, size, "%s%s", before, token);
    snprintf(url, sizeof url, "%s://%.500s/api/v%u/gateway/bot",
             setting_of(SETTING_API_SCHEME)->words[settings_value(settings, SETTING_API_SCHEME)->number],
             settings_value(settings, SETTING_API_HOST)->text,
             (unsigned)settings_value(settings, SETTING_API_VERSION)->number);
    web_get(answer, &(struct web_request){.url = url,
                                          .authorization = authorization,
                                          .ca_file = settings_value(settings, SETTING_CA_FILE)->text,
                                          .proxy = doctor->proxies.rest ? doctor->proxies.rest : "",
                                          .timeout = DOCTOR_TIMEOUT});
    wipe_and_free(authorization);
}

/* A proxy may answer with the request that it received, token included. The start of an answer is printed. */
static void take_out(char *bytes, size_t length, const char *secret)
{
    size_t secret_length = strlen(secret);
    for (size_t at = 0; secret_length > 0 && at + secret_length <= length; at++) {
        if (memcmp(bytes + at, secret, secret_length) == 0)
            memset(bytes + at, '*', secret_length);
    }
}

/* ---- Findings ---- */

/* Where TLS is spoken, as openssl wants it: with a port. */
static void write_place(const struct doctor *doctor, char out[PLACE_SIZE])
{
    const char *host = settings_value(doctor->settings, SETTING_API_HOST)->text;
    const char *bracket = strrchr(host, ']');
    snprintf(out, PLACE_SIZE, "%.500s%s", host, strchr(bracket ? bracket : host, ':') ? "" : ":443");
}

static void tell_no_answer(struct doctor *doctor, const struct web_answer *answer)
{
    const char *host = settings_value(doctor->settings, SETTING_API_HOST)->text;
    char place[PLACE_SIZE];
    struct finding *finding =
        findings_add(doctor->findings, answer->is_certificate ? FINDING_IS_FINAL : FINDING_MAY_PASS, field,
                     "%s does not answer: %s", host, answer->error);
    write_place(doctor, place);
    if (answer->is_certificate) {
        finding_why(
            finding,
            "the gateway speaks with nobody whose certificate it cannot check: the token would be read on "
            "the way");
        finding_mend(finding,
                     "openssl s_client -connect %s </dev/null; then SSL_CERT_FILE, the clock, or the server",
                     place);
    } else {
        finding_why(finding,
                    "without this answer the gateway does not know where to connect, and no shard starts");
        finding_mend(
            finding,
            "curl -v https://%s/api/v10/gateway; then DISCORD_API_HOST, HTTPS_PROXY, or the firewall", host);
    }
}

static bool is_persons(uint32_t status)
{
    return status == 400 || status == 404 || status == 405;
}

static void tell_verdict(struct doctor *doctor, const struct web_answer *answer)
{
    struct finding *finding;
    bool is_token = doctor->bot.verdict == SPECTACLES_GATEWAY_BOT_TOKEN;
    finding = findings_add(doctor->findings,
                           is_token || is_persons(answer->status) ? FINDING_IS_FINAL : FINDING_MAY_PASS,
                           field, "%s", doctor->bot.text);
    if (is_token) {
        finding_why(finding,
                    "no shard can start; Discord blocks addresses that go on asking with a wrong token");
        finding_mend(finding, "take a new token from Discord's developer portal, and set DISCORD_TOKEN");
    } else if (is_persons(answer->status)) {
        finding_why(finding, "whoever answers there is not Discord's API, or not this version of it");
        finding_mend(finding, "set DISCORD_API_HOST and DISCORD_API_VERSION, or take both out");
    } else {
        finding_why(finding, "the gateway asks again by itself until it has an answer");
        finding_mend(finding,
                     "wait; https://discordstatus.com tells of outages. A proxy in between may answer "
                     "as well: DISCORD_API_HOST, HTTPS_PROXY");
    }
}

static void tell_clock(struct doctor *doctor, const struct web_answer *answer)
{
    int64_t here = (int64_t)(spectacles_unix_time() / 1000);
    int64_t off = here - answer->server_time;
    uint64_t size = (uint64_t)(off < 0 ? -off : off);
    struct finding *finding;
    if (!answer->server_time)
        return;
    if (size <= CLOCK_NOTE) {
        findings_add(doctor->findings, FINDING_IS_FINE, "clock",
                     "the clock is that of Discord's server, to %d s", CLOCK_NOTE);
        return;
    }
    finding = findings_add(doctor->findings, size > CLOCK_WARNING ? FINDING_IS_WARNING : FINDING_IS_NOTE,
                           "clock", "the clock of this machine is %llu s %s that of Discord's server",
                           (unsigned long long)size, off < 0 ? "behind" : "before");
    finding_why(finding, "gap records carry a wrong time, and certificates that are good count as expired");
    finding_mend(finding, "timedatectl set-ntp true");
}

static void tell_certificate(struct doctor *doctor, const struct web_answer *answer)
{
    char place[PLACE_SIZE];
    int64_t left = answer->certificate_end - (int64_t)(spectacles_unix_time() / 1000);
    struct finding *finding;
    if (!answer->certificate_end)
        return;
    finding =
        findings_add(doctor->findings, left < CERTIFICATE_WARNING ? FINDING_IS_WARNING : FINDING_IS_FINE,
                     "TLS", "the certificates of %s are trusted, for another %lld days",
                     settings_value(doctor->settings, SETTING_API_HOST)->text, (long long)left / DAY);
    if (left >= CERTIFICATE_WARNING)
        return;
    finding_why(finding,
                "when it ends, nothing here can connect any more; whoever runs that server has to renew it");
    write_place(doctor, place);
    finding_mend(finding, "openssl s_client -connect %s </dev/null | openssl x509 -noout -enddate -issuer",
                 place);
}

static void tell_budget(struct doctor *doctor)
{
    const spectacles_gateway_bot *bot = &doctor->bot;
    unsigned long long minutes = (unsigned long long)(bot->reset_after + 59999) / 60000;
    bool is_low = bot->remaining < bot->total / 10;
    struct finding *finding =
        findings_add(doctor->findings, is_low ? FINDING_IS_WARNING : FINDING_IS_FINE, field,
                     "%u of %u identifies are left, and all again in %llu min; %u may go out in 5 s",
                     bot->remaining, bot->total, minutes, bot->max_concurrency);
    if (is_low) {
        finding_why(
            finding,
            "something identifies again and again: look for restarts without stored sessions. Discord "
            "resets the token of a bot that goes on without a budget");
        finding_mend(finding, "journalctl -u spectacles-gateway --since today | grep -c identif");
    }
}

void doctor_discord(struct doctor *doctor)
{
    struct web_answer answer;
    ask(doctor, &answer);
    spectacles_gateway_bot_init(&doctor->bot, sizeof doctor->bot);
    if (answer.status == 0) {
        tell_no_answer(doctor, &answer);
    } else {
        take_out(answer.body, answer.length, settings_value(doctor->settings, SETTING_TOKEN)->text);
        spectacles_gateway_bot_read(&doctor->bot, answer.status, answer.retry_after,
                                    strlen(answer.retry_after), (const uint8_t *)answer.body, answer.length);
        doctor->has_bot = doctor->bot.verdict == SPECTACLES_GATEWAY_BOT_FINE;
        tell_clock(doctor, &answer);
        tell_certificate(doctor, &answer);
        if (doctor->has_bot)
            tell_budget(doctor);
        else
            tell_verdict(doctor, &answer);
    }
    web_answer_free(&answer);
}

/* ---- The number of shards ---- */

/*
 * Discord: "Sharding for Large Bots". A bot in more than 150,000 guilds has a max_concurrency above 1, and its number
 * of shards has to be a multiple of that; Discord closes with 4010 otherwise.
 */
static void tell_multiple(struct doctor *doctor)
{
    uint32_t step = doctor->bot.max_concurrency;
    struct finding *finding;
    if (step <= 1 || doctor->shard_count % step == 0 || doctor->bot.shard_count % step != 0)
        return;
    finding = findings_add(doctor->findings, FINDING_IS_FINAL, "shards", "%u shards are no multiple of %u",
                           doctor->shard_count, step);
    finding_why(
        finding,
        "Discord gives large bots %u identifies at a time and wants such a multiple; it closes every shard "
        "with 4010 otherwise (\"Sharding for Large Bots\")",
        step);
    finding_mend(finding, "DISCORD_SHARD_COUNT=%u", (doctor->shard_count / step + 1) * step);
}

/* Discord recommends about one shard for 1,000 guilds, and closes shards with more than 2,500 guilds with 4011. */
static void tell_recommendation(struct doctor *doctor)
{
    uint32_t count = doctor->shard_count;
    uint32_t wanted = doctor->bot.shard_count;
    struct finding *finding;
    if ((uint64_t)count * 5 < (uint64_t)wanted * 2) {
        finding = findings_add(doctor->findings, FINDING_IS_WARNING, "shards",
                               "there are %u shards, and Discord recommends %u", count, wanted);
        finding_why(
            finding,
            "Discord closes a shard that would have more than 2,500 guilds with 4011 (Sharding required)");
        finding_mend(finding, "DISCORD_SHARD_COUNT=%u", wanted);
    } else if (count != wanted) {
        findings_add(doctor->findings, FINDING_IS_NOTE, "shards",
                     "there are %u shards, and Discord recommends %u; a routine restart keeps the number",
                     count, wanted);
    } else {
        findings_add(doctor->findings, FINDING_IS_FINE, "shards",
                     "%u, as Discord recommends; %zu of them are this process's", count,
                     doctor->shard_id_count);
    }
}

void doctor_shard_count(struct doctor *doctor)
{
    if (!doctor->has_bot || !doctor->shard_count)
        return;
    tell_multiple(doctor);
    tell_recommendation(doctor);
}
