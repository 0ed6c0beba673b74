#ifndef GATEWAY_FINDINGS_H
#define GATEWAY_FINDINGS_H

#include <stdbool.h>
#include <stdio.h>

enum {
    FINDING_FIELD_SIZE = 24,
    FINDING_WHAT_SIZE = 640,
    FINDING_WHY_SIZE = 480,
    FINDING_MEND_SIZE = 480
};

/* How bad a finding is. The last two decide the exit code. */
enum finding_level {
    FINDING_IS_FINE,
    FINDING_IS_NOTE,    /* somebody should know */
    FINDING_IS_WARNING, /* the gateway can run, and something is going to hurt */
    FINDING_MAY_PASS,   /* the gateway cannot run, or loses something, now: 75 */
    FINDING_IS_FINAL    /* a person has to mend something: 78 */
};

/* One thing that was looked at: what was found, why it matters, and the command that mends it. Never holds a secret. */
struct finding {
    enum finding_level level;
    struct finding *next;
    char field[FINDING_FIELD_SIZE]; /* what was looked at: "names", "Discord", "queues" */
    char what[FINDING_WHAT_SIZE];
    char why[FINDING_WHY_SIZE];   /* empty: there is nothing to explain */
    char mend[FINDING_MEND_SIZE]; /* a command, or a setting; empty: nothing has to be done */
};

/* All findings, in the order in which they were made. All zero: none. */
struct findings {
    struct finding *first;
    struct finding *last;
    bool out_of_memory; /* a finding could not be kept */
};

/* Adds a finding. NULL: memory ran out, which is noted. Belongs to the list. */
struct finding *findings_add(struct findings *findings, enum finding_level level, const char *field,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Why a finding matters. Does nothing for NULL. */
void finding_why(struct finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What mends it. Does nothing for NULL. */
void finding_mend(struct finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* 78 when anything is final, else 75 when anything may pass or memory ran out, else 0. */
int findings_exit_code(const struct findings *findings);

/* Writes all findings and a verdict, for people or as JSON. */
void findings_write(FILE *out, bool json, const struct findings *findings);

/* Frees the list, and leaves it empty. */
void findings_free(struct findings *findings);

#endif
