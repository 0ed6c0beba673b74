#ifndef GATEWAY_NAMES_H
#define GATEWAY_NAMES_H

#include "settings.h"

/* Checks the names of intents, those of events, and whether the intents bring the events. */
void names_check(const struct settings *settings, struct problems *problems);

#endif
