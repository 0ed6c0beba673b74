#ifndef GATEWAY_ARGUMENTS_H
#define GATEWAY_ARGUMENTS_H

#include "problems.h"

enum command {
    COMMAND_RUN,
    COMMAND_CHECK,
    COMMAND_SETTINGS,
    COMMAND_TOP,
    COMMAND_HELP,
    COMMAND_VERSION
};

/* The command line. */
struct arguments {
    enum command command;
    const char *config; /* NULL: not given */
    bool json;
    bool markdown;
    bool once;
    bool man;
};

/* Reads the command line. What is wrong is added to the problems. */
void arguments_read(struct arguments *arguments, int argc, const char *const *argv,
                    struct problems *problems);

#endif
