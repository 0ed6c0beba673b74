#ifndef GATEWAY_ARGUMENTS_H
#define GATEWAY_ARGUMENTS_H

#include "problems.h"

enum command {
    COMMAND_RUN,
    COMMAND_CHECK,
    COMMAND_DOCTOR,
    COMMAND_SETTINGS,
    COMMAND_TOP,
    COMMAND_SESSIONS,
    COMMAND_FLEET,
    COMMAND_HELP,
    COMMAND_VERSION
};

enum {
    ARGUMENTS_WORDS_MAX = 64
};

/* The command line. */
struct arguments {
    enum command command;
    const char *config; /* NULL: not given */
    bool json;
    bool markdown;
    bool once;
    bool man;
    bool all;
    const char *prefix;                     /* NULL: not given */
    const char *words[ARGUMENTS_WORDS_MAX]; /* of `sessions` and `fleet`: list, and what stands behind it */
    size_t word_count;
};

/* Reads the command line. What is wrong is added to the problems. */
void arguments_read(struct arguments *arguments, int argc, const char *const *argv,
                    struct problems *problems);

#endif
