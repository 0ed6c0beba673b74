/*
 * The report of `spectacles-gateway check`: the settings in effect without secrets, and everything that is wrong.
 * main.c calls it.
 */
#include "check.h"

#include "show.h"

#include <string.h>

static const char *level_of(const struct problem *problem)
{
    return problem->code == PROBLEM_NOTE ? "note" : "error";
}

/* ---- For people ---- */

static void write_settings(FILE *out, const struct settings *settings)
{
    for (int id = 0; id < SETTING_COUNT; id++) {
        const char *origin = show_origin(settings, (enum setting_id)id);
        fprintf(out, "%-25s ", setting_of((enum setting_id)id)->name);
        show_value(out, settings, (enum setting_id)id);
        if (strcmp(origin, "default") != 0)
            fprintf(out, "  (%s)", origin);
        fputc('\n', out);
    }
}

static void write_verdict(FILE *out, const struct problems *problems)
{
    int code = problems_exit_code(problems);
    if (code == PROBLEM_IS_FINAL)
        fputs("The gateway cannot run with these settings: mend what is told as an error.\n", out);
    else if (code == PROBLEM_MAY_PASS)
        fputs("The gateway cannot run now; what is told as an error may pass.\n", out);
    else
        fputs("The gateway can run with these settings.\n", out);
}

static void write_for_people(FILE *out, const struct settings *settings, const struct problems *problems)
{
    write_settings(out, settings);
    fputc('\n', out);
    for (const struct problem *each = problems->first; each; each = each->next)
        fprintf(out, "%s: %s: %s\n", level_of(each), each->where, each->text);
    if (problems->out_of_memory)
        fputs("error: memory ran out: try again\n", out);
    write_verdict(out, problems);
}

/* ---- As JSON ---- */

/* A value as a JSON text, with no memory in between: what show_value() writes is printable, but may hold quotes. */
static void write_value(FILE *out, const struct settings *settings, enum setting_id id)
{
    char text[4096];
    FILE *stream = fmemopen(text, sizeof text, "w");
    text[0] = '\0';
    if (stream) {
        show_value(stream, settings, id);
        fclose(stream);
    }
    text[sizeof text - 1] = '\0';
    show_json_text(out, text);
}

static void write_json_setting(FILE *out, const struct settings *settings, enum setting_id id)
{
    fprintf(out, "%s{\"name\":\"%s\",\"key\":\"%s\",\"value\":", id ? "," : "", setting_of(id)->name,
            setting_of(id)->key);
    write_value(out, settings, id);
    fputs(",\"from\":", out);
    show_json_text(out, show_origin(settings, id));
    fputc('}', out);
}

static void write_json_problem(FILE *out, const struct problem *problem, bool is_first)
{
    fprintf(out, "%s{\"level\":\"%s\",\"code\":%d,\"where\":", is_first ? "" : ",", level_of(problem),
            (int)problem->code);
    show_json_text(out, problem->where);
    fputs(",\"text\":", out);
    show_json_text(out, problem->text);
    fputc('}', out);
}

static void write_json(FILE *out, const struct settings *settings, const struct problems *problems)
{
    fprintf(out, "{\"exit\":%d,\"settings\":[", problems_exit_code(problems));
    for (int id = 0; id < SETTING_COUNT; id++)
        write_json_setting(out, settings, (enum setting_id)id);
    fputs("],\"problems\":[", out);
    for (const struct problem *each = problems->first; each; each = each->next)
        write_json_problem(out, each, each == problems->first);
    if (problems->out_of_memory)
        fprintf(out,
                "%s{\"level\":\"error\",\"code\":75,\"where\":\"\",\"text\":\"memory ran out: try again\"}",
                problems->first ? "," : "");
    fputs("]}\n", out);
}

void check_write(FILE *out, bool json, const struct settings *settings, const struct problems *problems)
{
    if (json)
        write_json(out, settings, problems);
    else
        write_for_people(out, settings, problems);
}
