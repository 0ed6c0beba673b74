#ifndef GATEWAY_TOP_H
#define GATEWAY_TOP_H

#include "problems.h"

#include <stdbool.h>

/*
 * `spectacles-gateway top`: shows the gateway in a terminal, and draws it anew every two seconds until somebody ends
 * it.
 *
 * address: as PROMETHEUS_ADDRESS has it.
 * once: draw it once, without colours and cursor movements. A standard output that is no terminal has the same effect.
 *
 * Returns the exit code. What is wrong is added to the problems.
 */
int top_run(const char *address, bool once, struct problems *problems);

#endif
