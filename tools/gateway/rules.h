#ifndef GATEWAY_RULES_H
#define GATEWAY_RULES_H

#include "input.h"
#include "settings.h"

/* Checks what no setting can say by itself: what is missing, and what does not go together. */
void rules_check(struct settings *settings, const struct settings_input *input, struct problems *problems);

#endif
