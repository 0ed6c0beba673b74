#ifndef GATEWAY_SOURCES_H
#define GATEWAY_SOURCES_H

#include "input.h"
#include "settings.h"

/* The value of a name in an environment; NULL: it is not there. */
const char *source_variable(const char *const *environ, const char *name);

/*
 * The sources of settings. Each reads what it has into the values, and adds what is wrong to the problems. Call them
 * from the weakest to the strongest: a later one replaces what an earlier one has read.
 */
void source_file(struct settings *settings, const struct settings_input *input,
                 const struct reading *reading);
void source_secrets(struct settings *settings, const struct settings_input *input,
                    const struct reading *reading);
void source_environment(struct settings *settings, const struct settings_input *input,
                        const struct reading *reading);

/*
 * Reads a secret from a file into a value, without the line end behind it.
 *
 * where: what names the file, for sentences.
 */
void source_secret_file(struct settings *settings, const struct settings_input *input,
                        const struct reading *reading, enum setting_id id, const char *where,
                        const char *path, enum value_origin origin);

/*
 * Tells what an errno of a file means, with the exit code that fits: what is missing or forbidden is a person's to
 * mend.
 */
void source_refuse_file(const struct reading *reading, const char *where, const char *path, int error);

/* Copies what a sentence calls a source into the arena. NULL: memory ran out, which was noted. */
const char *source_where(const struct reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
