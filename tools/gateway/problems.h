#ifndef GATEWAY_PROBLEMS_H
#define GATEWAY_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    PROBLEM_WHERE_SIZE = 200,
    PROBLEM_TEXT_SIZE = 640
};

/* How bad a problem is, as exit codes: what sysexits.h calls EX_TEMPFAIL and EX_CONFIG. */
enum problem_code {
    PROBLEM_NOTE = 0,      /* the gateway can run; somebody should know */
    PROBLEM_MAY_PASS = 75, /* the same settings may be right later */
    PROBLEM_IS_FINAL = 78  /* a person has to mend something */
};

/* One thing that is wrong: where, and one sentence that says what, and what to do. Never holds a secret. */
struct problem {
    enum problem_code code;
    struct problem *next;
    char where[PROBLEM_WHERE_SIZE]; /* the name of a setting, or FILE:LINE:COLUMN: KEY */
    char text[PROBLEM_TEXT_SIZE];
};

/* All that is wrong, in the order in which it was found. All zero: nothing. */
struct problems {
    struct problem *first;
    struct problem *last;
    bool out_of_memory; /* a problem could not be kept, or a setting could not */
};

/* Adds a problem. The same problem is not added twice. */
void problems_add(struct problems *problems, enum problem_code code, const char *where, const char *format,
                  ...) __attribute__((format(printf, 4, 5)));

/* The exit code: 78 when anything is final, else 75 when anything may pass or memory ran out, else 0. */
int problems_exit_code(const struct problems *problems);

/* Frees the list, and leaves it empty. */
void problems_free(struct problems *problems);

#endif
