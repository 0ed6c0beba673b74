#ifndef GATEWAY_INPUT_H
#define GATEWAY_INPUT_H

#include <stddef.h>

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

#endif
