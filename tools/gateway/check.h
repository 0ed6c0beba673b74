#ifndef GATEWAY_CHECK_H
#define GATEWAY_CHECK_H

#include "settings.h"

#include <stdio.h>

/* Writes the settings in effect and all problems, for people or as JSON. */
void check_write(FILE *out, bool json, const struct settings *settings, const struct problems *problems);

#endif
