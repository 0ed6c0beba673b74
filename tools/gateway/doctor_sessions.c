/*
 * The doctor's look at the file of sessions: whose sessions they are, how old they are, and how many identifies a
 * restart costs. doctor.c calls it.
 */
#include "doctor_sessions.h"

#include "files.h"
#include "wipe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char field[] = "sessions";

enum {
    FRESH = 120 /* seconds for which Discord keeps a session at least, as seen; nobody documents more */
};

/* ---- The file ---- */

/* Returns an errno. *bytes is to be given to free_file(). */
static int read_file(const struct doctor *doctor, char **bytes, size_t *length)
{
    const char *path = settings_value(doctor->settings, SETTING_SESSION_FILE)->text;
    return path ? files_read(NULL, path, SPECTACLES_STATE_MAX, bytes, length) : ENOENT;
}

static void free_file(char *bytes, size_t length)
{
    wipe(bytes, length);
    free(bytes);
}

/* What the lines say. */
struct lines {
    uint32_t shard_count; /* the largest; 0: there are no sessions */
    uint64_t newest;      /* milliseconds since 1970; 0: not known */
};

static void look_at_record(struct lines *lines, const spectacles_value *record)
{
    uint64_t count = 0;
    uint64_t time = 0;
    const spectacles_value *shard = spectacles_value_get(record, "shard");
    if (spectacles_value_uint64(spectacles_value_at(shard, 1), &count) == SPECTACLES_OK &&
        count > lines->shard_count && count <= SPECTACLES_GATEWAY_BOT_SHARDS_MAX)
        lines->shard_count = (uint32_t)count;
    if (spectacles_value_uint64(spectacles_value_get(record, "time"), &time) == SPECTACLES_OK &&
        time > lines->newest)
        lines->newest = time;
}

/* Lines that are malformed are told by spectacles_state_read(). */
static void read_lines(struct lines *lines, const char *bytes, size_t length)
{
    spectacles_document *document = NULL;
    const char *end = bytes + length;
    *lines = (struct lines){0};
    if (spectacles_document_new(&document) != SPECTACLES_OK)
        return;
    for (const char *at = bytes; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t line = newline ? (size_t)(newline - at) : (size_t)(end - at);
        if (spectacles_document_parse(document, SPECTACLES_FORMAT_JSON, 0, (const uint8_t *)at, line, NULL) ==
            SPECTACLES_OK)
            look_at_record(lines, spectacles_document_root(document));
        at += line + 1;
    }
    spectacles_document_free(document);
}

void doctor_stored_count(struct doctor *doctor)
{
    char *bytes = NULL;
    size_t length = 0;
    struct lines lines;
    if (read_file(doctor, &bytes, &length) != 0)
        return;
    read_lines(&lines, bytes, length);
    doctor->stored_count = lines.shard_count;
    free_file(bytes, length);
}

/* ---- Whose sessions they are ---- */

static size_t count_resumable(const struct doctor *doctor, const spectacles_state *state)
{
    size_t sum = 0;
    for (size_t i = 0; i < doctor->shard_id_count; i++) {
        spectacles_session session;
        spectacles_session_init(&session, sizeof session);
        sum += spectacles_state_session(state, doctor->shard_ids[i], &session) == 1 &&
               session.shard_count == doctor->shard_count;
    }
    return sum;
}

static void tell_refusal(struct doctor *doctor, int error, const spectacles_problem *problem)
{
    const char *path = settings_value(doctor->settings, SETTING_SESSION_FILE)->text;
    struct finding *finding =
        findings_add(doctor->findings, error == SPECTACLES_E_NOMEM ? FINDING_MAY_PASS : FINDING_IS_WARNING,
                     field, "the sessions in '%.200s' cannot be used: %s", path, problem->text);
    finding_why(finding, "the next start identifies all %zu shards, and declares a gap for each",
                doctor->shard_id_count);
    if (error == SPECTACLES_E_AUTH)
        finding_mend(finding, "set SESSION_FILE to the file of this bot, or: mv '%.200s' '%.200s.other'",
                     path, path);
    else
        finding_mend(finding,
                     "bring the file back from a copy, or accept the gap: mv '%.200s' '%.200s.broken'", path,
                     path);
}

/* "3 s", "12 min", "5 h", "2 d". */
static void write_age(char out[32], uint64_t seconds)
{
    if (seconds < 120)
        snprintf(out, 32, "%llu s", (unsigned long long)seconds);
    else if (seconds < 7200)
        snprintf(out, 32, "%llu min", (unsigned long long)seconds / 60);
    else if (seconds < 172800)
        snprintf(out, 32, "%llu h", (unsigned long long)seconds / 3600);
    else
        snprintf(out, 32, "%llu d", (unsigned long long)seconds / 86400);
}

static void tell_age(struct doctor *doctor, const struct lines *lines)
{
    char age[32];
    uint64_t now = spectacles_unix_time();
    uint64_t seconds = lines->newest && now > lines->newest ? (now - lines->newest) / 1000 : 0;
    struct finding *finding;
    write_age(age, seconds);
    if (seconds <= FRESH || doctor->resumable == 0)
        return;
    finding =
        findings_add(doctor->findings, FINDING_IS_NOTE, field, "the newest session was stored %s ago", age);
    finding_why(
        finding,
        "the file changes with each event, so no gateway seems to run here. Discord keeps a session for a "
        "few minutes after its connection has ended; older ones are given up, with a gap record for each");
}

/* What a restart costs now. */
static void tell_cost(struct doctor *doctor)
{
    size_t cost = doctor->shard_id_count - doctor->resumable;
    struct finding *finding;
    if (!doctor->shard_count)
        return;
    finding = findings_add(doctor->findings, cost ? FINDING_IS_NOTE : FINDING_IS_FINE, field,
                           "%zu of %zu shards can resume: a restart now costs %zu identif%s",
                           doctor->resumable, doctor->shard_id_count, cost, cost == 1 ? "y" : "ies");
    if (doctor->resumable && cost)
        finding_why(finding,
                    "a shard without a session identifies, and misses what happened while it was away");
    if (doctor->has_bot && cost > doctor->bot.remaining) {
        finding =
            findings_add(doctor->findings, FINDING_MAY_PASS, field,
                         "a restart needs %zu identifies, and %u are left for the next %llu min", cost,
                         doctor->bot.remaining, (unsigned long long)doctor->bot.reset_after / 60000 + 1);
        finding_why(
            finding,
            "Discord resets the token of a bot that identifies more often than it may; the gateway waits "
            "instead, and shards stay away for so long");
        finding_mend(finding, "do not restart before the budget is reset");
    }
}

static void look(struct doctor *doctor, const char *bytes, size_t length)
{
    spectacles_state *state = NULL;
    spectacles_problem problem = {.text = ""};
    struct lines lines;
    spectacles_state_config config;
    spectacles_state_config_init(&config, sizeof config);
    config.shard_count = doctor->shard_count;
    config.intents = doctor->engines.shard.intents;
    config.token = doctor->engines.shard.token;
    int error = spectacles_state_new(&state, &config, &problem);
    if (error == SPECTACLES_OK)
        error =
            spectacles_state_read(state, (const uint8_t *)bytes, length, spectacles_unix_time(), &problem);
    if (error == SPECTACLES_OK) {
        doctor->resumable = count_resumable(doctor, state);
        read_lines(&lines, bytes, length);
        tell_age(doctor, &lines);
    } else {
        tell_refusal(doctor, error, &problem);
    }
    spectacles_state_free(state);
}

static void tell_missing(struct doctor *doctor, int error)
{
    const char *path = settings_value(doctor->settings, SETTING_SESSION_FILE)->text;
    struct finding *finding;
    if (!path) {
        finding = findings_add(doctor->findings, FINDING_IS_WARNING, field, "SESSION_FILE is not set");
        finding_why(
            finding,
            "every restart identifies all shards, and loses what happens meanwhile without a gap record");
        finding_mend(finding, "SESSION_FILE=/var/lib/spectacles-gateway/sessions");
    } else if (error == ENOENT) {
        findings_add(doctor->findings, FINDING_IS_NOTE, field,
                     "'%.200s' is not there: no session is stored yet", path);
    } else {
        finding = findings_add(doctor->findings, FINDING_IS_FINAL, field, "'%.200s' cannot be read: %s", path,
                               strerror(error));
        finding_why(finding, "the next start could not resume what is in it");
        finding_mend(finding, "ls -l '%.200s'", path);
    }
}

static void tell_other_count(struct doctor *doctor)
{
    struct finding *finding;
    if (!doctor->stored_count || doctor->stored_count == doctor->shard_count)
        return;
    finding = findings_add(doctor->findings, FINDING_IS_WARNING, field,
                           "the stored sessions are of %u shards, and the settings say %u",
                           doctor->stored_count, doctor->shard_count);
    finding_why(finding, "the next start reshards: every shard identifies, and declares a gap");
    finding_mend(finding, "DISCORD_SHARD_COUNT=%u, unless you want to reshard", doctor->stored_count);
}

void doctor_sessions(struct doctor *doctor)
{
    char *bytes = NULL;
    size_t length = 0;
    if (settings_value(doctor->settings, SETTING_FLEET)->number == FLEET_ON) {
        findings_add(doctor->findings, FINDING_IS_FINE, field,
                     "sessions are kept by the fleet, in RabbitMQ: `spectacles-gateway fleet status`");
        return;
    }
    int error = read_file(doctor, &bytes, &length);
    if (error) {
        tell_missing(doctor, error);
    } else if (doctor->shard_count) {
        tell_other_count(doctor);
        look(doctor, bytes, length);
    }
    tell_cost(doctor);
    free_file(bytes, length);
}
