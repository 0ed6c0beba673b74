#ifndef GATEWAY_SHOW_H
#define GATEWAY_SHOW_H

#include "settings.h"

#include <stdio.h>

/* Writes the value of a setting for people, as it would be set in the environment. Secrets are never written. */
void show_value(FILE *out, const struct settings *settings, enum setting_id id);

/* Where the value comes from: "the default", or the place that set it. */
const char *show_origin(const struct settings *settings, enum setting_id id);

/* Writes a text as JSON writes one. */
void show_json_text(FILE *out, const char *text);

#endif
