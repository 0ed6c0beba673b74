/*
 * Values of JavaScript as the library takes them, and back. Options are read from one object. The first one that is
 * wrong throws, and the others are read as if they were absent: a caller looks once, at the end.
 */
#ifndef VALUES_H
#define VALUES_H

#include "engine.h"

/* Not NUL-terminated where it has a length; with one all the same. */
typedef struct text {
    const char *bytes; /* NULL: an error is thrown */
    size_t length;
} text;

typedef struct block block;

/* What is given to one call. The texts live until given_free(). */
typedef struct given {
    napi_env env;
    napi_value object;
    block *blocks;
    bool is_wrong; /* an error is thrown */
} given;

void given_free(given *self);
void *given_take(given *self, size_t size);
/* False: the option is absent, or nothing is read any more. */
bool given_has(given *self, const char *name, napi_value *value);
/* NULL: it is absent. */
const char *given_text(given *self, const char *name);
const char *const *given_texts(given *self, const char *name, size_t *count);
const char *given_text_of(given *self, const char *name, napi_value value);
text given_bytes(given *self, const char *name);
uint32_t given_u32(given *self, const char *name, uint32_t absent);
uint64_t given_u64(given *self, const char *name, uint64_t absent);
bool given_bool(given *self, const char *name);
const uint32_t *given_ids(given *self, const char *name, size_t *count);
const uint64_t *given_wide_ids(given *self, const char *name, size_t *count);

/* A string as UTF-8, or the bytes of a buffer. A string is valid until the next call with this engine. */
text scratch_text(napi_env env, engine *self, napi_value value);

napi_value new_text(napi_env env, const char *text);
napi_value new_number(napi_env env, uint64_t number);
napi_value new_bool(napi_env env, bool value);
napi_value new_bytes(napi_env env, const void *bytes, size_t length);
/* A number or a bigint. */
bool read_u64(napi_env env, napi_value value, uint64_t *number);

/* The fields of a struct of counters. */
typedef struct counter {
    const char *name;
    size_t offset;
    uint32_t count; /* of an array; 0: a single one */
    bool is_narrow; /* 32 bits */
} counter;

#define COUNTER(type, field)                                                                                 \
    {                                                                                                        \
#field, offsetof(type, field), 0, sizeof(((type *)0)->field) == sizeof(uint32_t)                     \
    }
#define COUNTERS(type, field)                                                                                \
    {                                                                                                        \
#field, offsetof(type, field), sizeof(((type *)0)->field) / sizeof(uint64_t), false                  \
    }

napi_value new_counters(napi_env env, const void *from, const counter *counters, size_t count);

#endif
