/*
 * A line of the log as bytes: as text, as JSON, and in the two forms of systemd's journal. It owns nothing but
 * constants. log.c calls it.
 */
#include "log_line.h"

#include "show.h"

#include <inttypes.h>
#include <spectacles/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    TIME_SIZE = 40
};

static const char *const levels[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

int log_line_priority(enum setting_log_level level)
{
    static const int priorities[] = {
        [LOG_LEVEL_ERROR] = 3, [LOG_LEVEL_WARN] = 4, [LOG_LEVEL_INFO] = 6, [LOG_LEVEL_DEBUG] = 7};
    return priorities[level];
}

/* ---- Parts of a line ---- */

/* As RFC 3339 has it, in UTC. */
static void write_time(FILE *out, uint64_t unix_time)
{
    char text[TIME_SIZE];
    struct tm parts;
    time_t seconds = (time_t)(unix_time / 1000);
    if (!gmtime_r(&seconds, &parts) || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts) == 0)
        snprintf(text, sizeof text, "%" PRIu64, unix_time / 1000);
    fprintf(out, "%s.%03uZ", text, (unsigned)(unix_time % 1000));
}

/* ---- Forms ---- */

/* The fields for machines, behind the sentence. */
static void write_trailer(FILE *out, const struct log_line *line)
{
    fprintf(out, " [%s", line->event);
    if (line->has_shard)
        fprintf(out, " shard=%" PRIu32, line->shard_id);
    if (line->code)
        fprintf(out, " code=%" PRIu32, line->code);
    if (line->subject) {
        fputs(" subject=", out);
        show_json_text(out, line->subject);
    }
    fputs("]\n", out);
}

static void write_text(FILE *out, const struct log_line *line, uint64_t unix_time)
{
    write_time(out, unix_time);
    fprintf(out, " %-5s %s", levels[line->level], line->text);
    write_trailer(out, line);
}

static void write_prefixed(FILE *out, const struct log_line *line)
{
    fprintf(out, "<%d>%s", log_line_priority(line->level), line->text);
    write_trailer(out, line);
}

static void write_json(FILE *out, const struct log_line *line, uint64_t unix_time)
{
    fputs("{\"time\":\"", out);
    write_time(out, unix_time);
    fprintf(out, "\",\"level\":\"%s\",\"event\":", levels[line->level]);
    show_json_text(out, line->event);
    if (line->has_shard)
        fprintf(out, ",\"shard\":%" PRIu32, line->shard_id);
    if (line->code)
        fprintf(out, ",\"code\":%" PRIu32, line->code);
    if (line->subject) {
        fputs(",\"subject\":", out);
        show_json_text(out, line->subject);
    }
    fputs(",\"message\":", out);
    show_json_text(out, line->text);
    fputs("}\n", out);
}

/* A field is NAME=VALUE and a line feed. A printable value has no line feed of its own. */
static void write_fields(FILE *out, const struct log_line *line)
{
    fprintf(out, "PRIORITY=%d\nSYSLOG_IDENTIFIER=spectacles-gateway\nSPECTACLES_EVENT=%s\n",
            log_line_priority(line->level), line->event);
    if (line->has_shard)
        fprintf(out, "SPECTACLES_SHARD=%" PRIu32 "\n", line->shard_id);
    if (line->code)
        fprintf(out, "SPECTACLES_CODE=%" PRIu32 "\n", line->code);
    if (line->subject)
        fprintf(out, "SPECTACLES_SUBJECT=%s\n", line->subject);
    fprintf(out, "MESSAGE=%s\n", line->text);
}

static void write_form(FILE *out, const struct log_line *line, enum log_line_form form, uint64_t unix_time)
{
    switch (form) {
    case LOG_LINE_TEXT:
        write_text(out, line, unix_time);
        break;
    case LOG_LINE_JSON:
        write_json(out, line, unix_time);
        break;
    case LOG_LINE_PREFIXED:
        write_prefixed(out, line);
        break;
    default:
        write_fields(out, line);
    }
}

/* ---- The whole line ---- */

/* A printable copy without secrets, which is never longer. NULL: memory ran out. */
static char *copy_printable(const char *text, const struct log_secrets *secrets)
{
    size_t length = strlen(text);
    char *copy = malloc(length + 1);
    if (!copy)
        return NULL;
    spectacles_printable(copy, length + 1, text, length);
    log_secrets_hide(secrets, copy);
    return copy;
}

static int write_printable(const struct log_line *line, enum log_line_form form, uint64_t unix_time,
                           char **out, size_t *length)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&bytes, &size);
    if (!file)
        return SPECTACLES_E_NOMEM;
    write_form(file, line, form, unix_time);
    bool has_failed = ferror(file) != 0;
    if (fclose(file) != 0 || has_failed) {
        free(bytes);
        return SPECTACLES_E_NOMEM;
    }
    *out = bytes;
    *length = size;
    return SPECTACLES_OK;
}

int log_line_write(const struct log_line *line, enum log_line_form form, const struct log_secrets *secrets,
                   uint64_t unix_time, char **out, size_t *length)
{
    struct log_line printable = *line;
    char *event = copy_printable(line->event, secrets);
    char *text = copy_printable(line->text, secrets);
    char *subject = line->subject ? copy_printable(line->subject, secrets) : NULL;
    int error = SPECTACLES_E_NOMEM;
    printable.event = event;
    printable.text = text;
    printable.subject = subject;
    if (event && text && (subject || !line->subject))
        error = write_printable(&printable, form, unix_time, out, length);
    free(event);
    free(text);
    free(subject);
    return error;
}
