#ifndef GATEWAY_SESSIONS_H
#define GATEWAY_SESSIONS_H

#include "arguments.h"
#include "input.h"
#include "settings.h"

#include <stdio.h>

/* What `spectacles-gateway sessions` works with. */
struct sessions_command {
    const struct arguments *arguments;
    const struct settings_input *input;
    FILE *in;
    FILE *out;
};

/*
 * Lists, exports, imports or forgets stored sessions. What is wrong is added to the problems; nothing is written then.
 *
 * list looks while a gateway runs. export, import and forget take the lock of SESSION_FILE, and so are refused then.
 */
void sessions_run(const struct sessions_command *command, struct problems *problems);

#endif
