/*
 * What the sources of settings share: names of places, and files that cannot be read. source_*.c call it.
 */
#include "sources.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *source_variable(const char *const *environ, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; environ[i]; i++) {
        if (strncmp(environ[i], name, length) == 0 && environ[i][length] == '=')
            return environ[i] + length + 1;
    }
    return NULL;
}

const char *source_where(const struct reading *reading, const char *format, ...)
{
    char text[PROBLEM_WHERE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *copy = arena_copy(reading->arena, text, strlen(text));
    if (!copy)
        given_out_of_memory(reading);
    return copy;
}

/* What a person has to mend. All else (no descriptor is free, the disk fails) may pass. */
static bool is_final(int error)
{
    static const int errors[] = {ENOENT, EACCES, EPERM, EISDIR, ENOTDIR, ELOOP, ENAMETOOLONG, EFBIG};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if (errors[i] == error)
            return true;
    }
    return false;
}

static const char *advice(int error)
{
    if (error == ENOENT)
        return "make the file, or take the setting out";
    if (error == EACCES || error == EPERM)
        return "give the user of the gateway the right to read it";
    if (error == EISDIR)
        return "name the file in it";
    if (error == EFBIG)
        return "it is too long to be what is meant here";
    return is_final(error) ? "name another path" : "this may pass, so try again";
}

void source_refuse_file(const struct reading *reading, const char *where, const char *path, int error)
{
    problems_add(reading->problems, is_final(error) ? PROBLEM_IS_FINAL : PROBLEM_MAY_PASS, where,
                 "the file '%.120s' cannot be read (%s): %s", path, strerror(error), advice(error));
}
