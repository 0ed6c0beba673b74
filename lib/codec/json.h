#ifndef SP_CODEC_JSON_H
#define SP_CODEC_JSON_H

#include "core/buffer.h"

#include <stdbool.h>

/*
 * Reading JSON in place: no tree, no allocation, no recursion. A value is the slice of its text, without
 * white space around it. sp_json_check() is strict and comes first, once per text from outside; the functions
 * behind it rely on a checked text (they stay within its bounds in any case).
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

/* Checks one whole text and gives the slice of its value, white space taken off. 0 or SPECTACLES_E_PROTO. */
int sp_json_check(sp_slice text, sp_slice *value, spectacles_problem *problem);

enum sp_json_type sp_json_type(sp_slice value);

/*
 * Walks an object's members or an array's elements: 1 and the next one, 0 at the end. cursor starts at 0. The
 * key is the slice between the quotes, escapes and all. key may be NULL; for an array it has to be.
 */
int sp_json_next(sp_slice container, size_t *cursor, sp_slice *key, sp_slice *value);

/* Whether a key (as sp_json_next gives it) means this text once its escapes are resolved. */
bool sp_json_key_is(sp_slice key, const char *text);

/* 1 and the value of a member, 0 when there is none, SPECTACLES_E_PROTO when the key is there twice. */
int sp_json_find(sp_slice object, const char *key, sp_slice *value);

/* A number without sign, fraction and exponent, below 2^64. SPECTACLES_E_PROTO otherwise. */
int sp_json_u64(sp_slice number, uint64_t *out);

/*
 * The text of a string, escapes resolved, NUL-terminated; returns its length. SPECTACLES_E_TOOBIG when size
 * is too small, SPECTACLES_E_PROTO when it holds a NUL or a lone surrogate, which no C text can carry.
 */
int sp_json_text(sp_slice string, char *out, size_t size);

/*
 * One escape or byte of a checked string: the UTF-8 that it stands for. Returns what it takes of the input, 0
 * for a lone surrogate.
 */
size_t sp_json_character(const uint8_t *at, const uint8_t *end, uint8_t out[4], size_t *written);

/* Appends a JSON string, quotes and escapes included. The text has to be UTF-8. SPECTACLES_E_NOMEM. */
int sp_json_write_text(sp_buffer *buffer, const char *text, size_t length);

#endif
