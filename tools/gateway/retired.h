#ifndef GATEWAY_RETIRED_H
#define GATEWAY_RETIRED_H

#include "problems.h"

#include <stddef.h>

/* A setting that other programs have and this one does not. */
struct retired {
    const char *name;       /* in the environment */
    const char *key;        /* in the file; NULL: there is none */
    const char *advice;     /* what to do */
    enum problem_code code; /* in the environment; in the file it is always final */
};

/* By name in the environment, or by key in the file. NULL: nothing is known about it. */
const struct retired *retired_name(const char *name, size_t length);
const struct retired *retired_key(const char *key);

/* The names of old intents. What an intent is called now; NULL: it is no old name. */
const char *retired_intent(const char *name, size_t length);

#endif
