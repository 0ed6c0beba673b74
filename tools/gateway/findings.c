/*
 * Findings: what the doctor has found, how it is printed, and the exit code that follows. The files doctor_*.c call
 * it.
 */
#include "findings.h"

#include "problems.h"
#include "show.h"

#include <spectacles/types.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    COLUMNS = 100 /* of a line for people */
};

static const char *const level_names[] = {[FINDING_IS_FINE] = "ok",
                                          [FINDING_IS_NOTE] = "note",
                                          [FINDING_IS_WARNING] = "warning",
                                          [FINDING_MAY_PASS] = "error",
                                          [FINDING_IS_FINAL] = "error"};

/* ---- Making ---- */

/* Texts of brokers and of Discord are part of sentences: control characters have no place in a report. */
__attribute__((format(printf, 3, 0))) static void write_text(char *out, size_t size, const char *format,
                                                             va_list arguments)
{
    char text[FINDING_WHAT_SIZE];
    vsnprintf(text, sizeof text, format, arguments);
    spectacles_printable(out, size, text, strlen(text));
}

struct finding *findings_add(struct findings *findings, enum finding_level level, const char *field,
                             const char *format, ...)
{
    struct finding *finding = calloc(1, sizeof *finding);
    va_list arguments;
    if (!finding) {
        findings->out_of_memory = true;
        return NULL;
    }
    finding->level = level;
    snprintf(finding->field, sizeof finding->field, "%s", field);
    va_start(arguments, format);
    write_text(finding->what, sizeof finding->what, format, arguments);
    va_end(arguments);
    if (findings->last)
        findings->last->next = finding;
    else
        findings->first = finding;
    findings->last = finding;
    return finding;
}

void finding_why(struct finding *finding, const char *format, ...)
{
    va_list arguments;
    if (!finding)
        return;
    va_start(arguments, format);
    write_text(finding->why, sizeof finding->why, format, arguments);
    va_end(arguments);
}

void finding_mend(struct finding *finding, const char *format, ...)
{
    va_list arguments;
    if (!finding)
        return;
    va_start(arguments, format);
    write_text(finding->mend, sizeof finding->mend, format, arguments);
    va_end(arguments);
}

/* ---- The exit code ---- */

static int code_of(enum finding_level level)
{
    if (level == FINDING_IS_FINAL)
        return PROBLEM_IS_FINAL;
    return level == FINDING_MAY_PASS ? PROBLEM_MAY_PASS : PROBLEM_NOTE;
}

int findings_exit_code(const struct findings *findings)
{
    int code = findings->out_of_memory ? PROBLEM_MAY_PASS : 0;
    for (const struct finding *each = findings->first; each; each = each->next)
        code = code_of(each->level) > code ? code_of(each->level) : code;
    return code;
}

/* ---- For people ---- */

/* A text in lines of COLUMNS, broken at spaces. What has no spaces stays whole: somebody copies it. */
static void write_wrapped(FILE *out, const char *head, const char *text)
{
    size_t indent = strlen(head);
    size_t column = indent;
    fputs(head, out);
    while (*text) {
        size_t word = strcspn(text, " ");
        if (column > indent && column + 1 + word > COLUMNS) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            fputc(' ', out);
            column++;
        }
        fwrite(text, 1, word, out);
        column += word;
        text += word + strspn(text + word, " ");
    }
    fputc('\n', out);
}

static void write_finding(FILE *out, const struct finding *finding)
{
    char head[FINDING_FIELD_SIZE + 16];
    snprintf(head, sizeof head, "%-8s %-10s ", level_names[finding->level], finding->field);
    write_wrapped(out, head, finding->what);
    if (finding->why[0])
        write_wrapped(out, "         why:       ", finding->why);
    if (finding->mend[0])
        fprintf(out, "         mend:      %s\n", finding->mend); /* one line, to be copied */
}

static size_t count(const struct findings *findings, enum finding_level least, enum finding_level most)
{
    size_t sum = 0;
    for (const struct finding *each = findings->first; each; each = each->next)
        sum += each->level >= least && each->level <= most;
    return sum;
}

static void write_verdict(FILE *out, const struct findings *findings)
{
    int code = findings_exit_code(findings);
    size_t errors = count(findings, FINDING_MAY_PASS, FINDING_IS_FINAL);
    size_t warnings = count(findings, FINDING_IS_WARNING, FINDING_IS_WARNING);
    fprintf(out, "\n%zu error%s, %zu warning%s. ", errors, errors == 1 ? "" : "s", warnings,
            warnings == 1 ? "" : "s");
    if (code == PROBLEM_IS_FINAL)
        fputs("A person has to mend what is told as an error.\n", out);
    else if (code == PROBLEM_MAY_PASS)
        fputs("What is told as an error may pass by itself.\n", out);
    else
        fputs("The gateway can run.\n", out);
}

static void write_for_people(FILE *out, const struct findings *findings)
{
    for (const struct finding *each = findings->first; each; each = each->next)
        write_finding(out, each);
    if (findings->out_of_memory)
        fputs("error    memory     memory ran out, and findings are missing: try again\n", out);
    write_verdict(out, findings);
}

/* ---- As JSON ---- */

static void write_json_finding(FILE *out, const struct finding *finding, bool is_first)
{
    fprintf(out, "%s{\"level\":\"%s\",\"code\":%d,\"field\":", is_first ? "" : ",",
            level_names[finding->level], code_of(finding->level));
    show_json_text(out, finding->field);
    fputs(",\"what\":", out);
    show_json_text(out, finding->what);
    fputs(",\"why\":", out);
    show_json_text(out, finding->why);
    fputs(",\"mend\":", out);
    show_json_text(out, finding->mend);
    fputc('}', out);
}

static void write_json(FILE *out, const struct findings *findings)
{
    fprintf(out, "{\"exit\":%d,\"complete\":%s,\"findings\":[", findings_exit_code(findings),
            findings->out_of_memory ? "false" : "true");
    for (const struct finding *each = findings->first; each; each = each->next)
        write_json_finding(out, each, each == findings->first);
    fputs("]}\n", out);
}

void findings_write(FILE *out, bool json, const struct findings *findings)
{
    if (json)
        write_json(out, findings);
    else
        write_for_people(out, findings);
}

void findings_free(struct findings *findings)
{
    struct finding *next;
    for (struct finding *each = findings->first; each; each = next) {
        next = each->next;
        free(each);
    }
    *findings = (struct findings){0};
}
