/*
 * All settings from one input: the lines up to an empty one are the environment, what is behind it is gateway.toml.
 * Whatever stands there, the exit code fits the problems, each problem has a place and a sentence, and nothing shows
 * the token.
 */
#include "check.h"
#include "fuzz.h"
#include "read.h"
#include "reload.h"

#include <errno.h>
#include <stdio.h>

enum {
    ENTRIES_MAX = 64
};

static const char token[] = "a.token.that-nothing-may-show";

/* What the settings are read from. */
struct source {
    const char *environ[ENTRIES_MAX + 1];
    size_t count;
    const char *file;
    size_t file_length;
};

static int read_file(void *context, const char *path, size_t max, char **bytes, size_t *length)
{
    const struct source *source = context;
    bool is_settings = strcmp(path, "gateway.toml") == 0;
    *length = is_settings ? source->file_length : strlen(token);
    if (*length > max)
        return EFBIG;
    *bytes = malloc(*length + 1);
    must(*bytes);
    memcpy(*bytes, is_settings ? source->file : token, *length);
    return 0;
}

/* Cuts the lines into entries. Returns what is behind the empty line. */
static char *cut(struct source *source, char *text, char *end)
{
    while (text < end && *text != '\n' && source->count < ENTRIES_MAX) {
        char *line = memchr(text, '\n', (size_t)(end - text));
        source->environ[source->count++] = text;
        text = line ? line + 1 : end;
        if (line)
            *line = '\0';
    }
    return text < end && *text == '\n' ? text + 1 : text;
}

static void check(const struct settings *settings, const struct problems *problems, int code)
{
    char *report = NULL;
    size_t length = 0;
    bool is_told = false;
    FILE *out = open_memstream(&report, &length);
    must(out);
    for (const struct problem *each = problems->first; each; each = each->next) {
        must(each->text[0]);
        is_told |= each->code != PROBLEM_NOTE;
    }
    must(!problems->out_of_memory && code == problems_exit_code(problems) && is_told == (code != 0));
    check_write(out, false, settings, problems);
    must(fflush(out) == 0);
    size_t text = length;
    check_write(out, true, settings, problems);
    must(fclose(out) == 0 && !strstr(report, token));
    must(!spectacles_json_check((const uint8_t *)report + text, length - text, NULL));
    free(report);
}

/* A fuzzer that knows the token writes it anywhere. */
static bool has_token(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i + strlen(token) <= length; i++) {
        if (memcmp(bytes + i, token, strlen(token)) == 0)
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct reload_change changes[SETTING_COUNT];
    struct source source = {.environ = {"DISCORD_TOKEN_FILE=/token"}, .count = 1};
    struct settings settings;
    struct problems problems = {0};
    char *text = has_token(bytes, length) ? NULL : malloc(length + 1);
    if (!text)
        return 0;
    memcpy(text, bytes, length);
    text[length] = '\0';
    source.file = cut(&source, text, text + length);
    source.file_length = (size_t)(text + length - source.file);
    struct settings_input input = {.environ = source.environ, .read_file = read_file, .context = &source};
    int code = settings_read(&settings, &input, &problems);
    check(&settings, &problems, code);
    must(reload_compare(&settings, &settings, changes) == 0);
    problems_free(&problems);
    settings_free(&settings);
    free(text);
    return 0;
}
