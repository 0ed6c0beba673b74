#ifndef GATEWAY_SETTINGS_H
#define GATEWAY_SETTINGS_H

#include "arena.h"
#include "problems.h"
#include "setting.h"
#include "value.h"

/*
 * The settings of a gateway: read from the environment, from a file of TOML, and from files of secrets. Nothing is
 * global: the environment and a function that reads files are given, so that tests need neither.
 */

enum {
    SETTINGS_FILE_MAX = 1 << 20,
    SETTINGS_SECRET_MAX = 1 << 16
};

/* Where settings are read from. */
struct settings_input {
    const char *const *environ; /* NAME=VALUE, ends with NULL */
    const char *config;         /* --config; NULL: gateway.toml, if it is there */
    /*
     * Reads a whole file, of at most `max` bytes. Returns 0, and then *bytes is to be freed with free(); or a number
     * of errno: EFBIG for a longer file.
     */
    int (*read_file)(void *context, const char *path, size_t max, char **bytes, size_t *length);
    void *context;
};

/* What was read. Everything in it belongs to it. */
struct settings {
    struct arena arena;
    struct value values[SETTING_COUNT];
    const char *config;  /* the file that was read; NULL: there was none */
    const char **events; /* the names of DISCORD_EVENTS and DISCORD_MORE_EVENTS */
    size_t event_count;
};

/*
 * Reads and checks all settings. What is wrong is added to `problems`, all of it at once.
 *
 * settings: filled whatever is wrong; values that are wrong are marked. Free it with settings_free().
 *
 * Returns the exit code of the problems: 0, 75 or 78.
 */
int settings_read(struct settings *settings, const struct settings_input *input, struct problems *problems);

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
