#ifndef GATEWAY_SETTINGS_H
#define GATEWAY_SETTINGS_H

#include "arena.h"
#include "problems.h"
#include "setting.h"
#include "value.h"

/* The settings of a gateway, as read.h has read them. Everything in it belongs to it. */
struct settings {
    struct arena arena;
    struct value values[SETTING_COUNT];
    const char *config;  /* the file that was read; NULL: there was none */
    const char **events; /* the names of DISCORD_EVENTS and DISCORD_MORE_EVENTS */
    size_t event_count;
};

/* Wipes and frees everything. */
void settings_free(struct settings *settings);

/* The value of a setting; that of its default when it is not set. */
const struct value *settings_value(const struct settings *settings, enum setting_id id);

/* Whether the value comes from somebody, and not from the default. */
bool settings_is_set(const struct settings *settings, enum setting_id id);

/* All intents: those with names and the raw ones. */
uint64_t settings_intents(const struct settings *settings);

/* For sentences: where the value of a setting comes from, or its name when it comes from nowhere. */
const char *settings_where(const struct settings *settings, enum setting_id id);

#endif
