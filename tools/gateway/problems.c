/*
 * What is wrong with the settings: a list, so that everything is told at once. It owns the problems. Whoever reads or
 * checks a setting calls it.
 */
#include "problems.h"

#include <spectacles/types.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_there(const struct problems *problems, const struct problem *problem)
{
    for (const struct problem *each = problems->first; each; each = each->next) {
        if (strcmp(each->where, problem->where) == 0 && strcmp(each->text, problem->text) == 0)
            return true;
    }
    return false;
}

static void append(struct problems *problems, struct problem *problem)
{
    if (problems->last)
        problems->last->next = problem;
    else
        problems->first = problem;
    problems->last = problem;
}

void problems_add(struct problems *problems, enum problem_code code, const char *where, const char *format,
                  ...)
{
    char text[PROBLEM_TEXT_SIZE];
    va_list arguments;
    struct problem *problem = calloc(1, sizeof *problem);
    if (!problem) {
        problems->out_of_memory = true;
        return;
    }
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    problem->code = code;
    spectacles_printable(problem->where, sizeof problem->where, where, strlen(where));
    spectacles_printable(problem->text, sizeof problem->text, text, strlen(text));
    if (is_there(problems, problem))
        free(problem);
    else
        append(problems, problem);
}

int problems_exit_code(const struct problems *problems)
{
    int code = problems->out_of_memory ? PROBLEM_MAY_PASS : PROBLEM_NOTE;
    for (const struct problem *each = problems->first; each; each = each->next)
        code = (int)each->code > code ? (int)each->code : code;
    return code;
}

void problems_free(struct problems *problems)
{
    struct problem *next;
    for (struct problem *each = problems->first; each; each = next) {
        next = each->next;
        free(each);
    }
    *problems = (struct problems){0};
}
