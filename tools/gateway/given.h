#ifndef GATEWAY_GIVEN_H
#define GATEWAY_GIVEN_H

#include "arena.h"
#include "problems.h"
#include "setting.h"
#include "toml.h"

/* What a value is read from: a text, or a value of TOML. */
struct given {
    const struct setting *setting;
    const char *where;
    const char *text; /* NULL: it is TOML */
    size_t length;
    const struct toml_value *toml;
};

/* What reading needs. */
struct reading {
    struct arena *arena;
    struct problems *problems;
};

/* Tells a problem with a value that is given, and returns false. */
bool given_refuse(const struct reading *reading, const struct given *given, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Says that memory ran out, and returns false. */
bool given_out_of_memory(const struct reading *reading);

#endif
