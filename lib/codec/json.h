#ifndef SP_CODEC_JSON_H
#define SP_CODEC_JSON_H

#include "core/buffer.h"

#include <stdbool.h>

/*
 * Reads JSON in place: no tree, no allocation, no recursion. A value is the slice of its text, without white space
 * around it. Call sp_json_check() first, once for each text from outside: it is strict. The other functions rely on a
 * checked text. They stay within the bounds of any text.
 */

enum sp_json_type {
    SP_JSON_NONE = 0, /* not a JSON value */
    SP_JSON_NULL,
    SP_JSON_FALSE,
    SP_JSON_TRUE,
    SP_JSON_NUMBER,
    SP_JSON_STRING,
    SP_JSON_ARRAY,
    SP_JSON_OBJECT
};

/* Checks one whole text. *value is its value, without the white space around it. Returns 0 or SPECTACLES_E_PROTO. */
int sp_json_check(sp_slice text, sp_slice *value, spectacles_problem *problem);

/* The type of a value, by its first byte. SP_JSON_NONE for an empty slice. */
enum sp_json_type sp_json_type(sp_slice value);

/*
 * Steps to the next member of an object or element of an array. Returns 1, or 0 at the end. *cursor is 0 before the
 * first step, and then the offset behind the last value. *key is the inside of the key's quotes, with its escapes; an
 * array leaves it empty. key may be NULL.
 */
int sp_json_next(sp_slice container, size_t *cursor, sp_slice *key, sp_slice *value);

/* Whether a key (as sp_json_next() gives it) is this text when its escapes are resolved. */
bool sp_json_key_is(sp_slice key, const char *text);

/* Finds a member by its key. Returns 1, 0 when there is none, SPECTACLES_E_PROTO when the object has the key twice. */
int sp_json_find(sp_slice object, const char *key, sp_slice *value);

/* Reads a number without sign, fraction and exponent, below 2^64. SPECTACLES_E_PROTO for everything else. */
int sp_json_u64(sp_slice number, uint64_t *out);

/*
 * Copies the text of a string to `out`, with its escapes resolved, NUL-terminated. Returns its length in bytes, or, and
 * `out` is then unchanged:
 *   SPECTACLES_E_TOOBIG  size is too small
 *   SPECTACLES_E_PROTO   it is no string, or holds a NUL or a lone surrogate, which no C text can carry
 */
int sp_json_text(sp_slice string, char *out, size_t size);

/*
 * Resolves one escape or one byte of a checked string to UTF-8. Returns how many bytes of the input it takes, 0 for a
 * lone surrogate.
 */
size_t sp_json_character(const uint8_t *at, const uint8_t *end, uint8_t out[4], size_t *written);

/* Appends a text as a JSON string, in quotes and escaped. The text has to be UTF-8. Returns 0 or SPECTACLES_E_NOMEM. */
int sp_json_write_text(sp_buffer *buffer, const char *text, size_t length);

#endif
