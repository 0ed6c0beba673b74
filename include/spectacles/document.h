/*
 * spectacles/document.h - JSON, ETF and MessagePack as values: look into them, build them, write them.
 *
 * SPDX-License-Identifier: MIT
 *
 * Every format is read into the same kind of value. A document owns its values; they live until it is cleared, parsed
 * into again, or freed, whether they are attached to another value or not. One thread at a time may use a
 * document and its values. Nothing recurses: what is nested deep needs no more stack than what is flat.
 *
 * What survives, and how it is told apart:
 *   whole numbers    exact, of any size (up to 2466 digits); SPECTACLES_VALUE_INTEGER when they fit int64_t or
 *                    uint64_t, otherwise SPECTACLES_VALUE_NUMBER
 *   other numbers    SPECTACLES_VALUE_NUMBER; from JSON they keep the text they had (1e400, 1.10), so that
 *                    JSON gives them back as they came
 *   text             UTF-8 with its length; a NUL inside is a character like any other
 *   repeated keys    are kept in their order; a look-up finds the last one, as JavaScript and Python do
 *   depth            SPECTACLES_DEPTH_MAX (codec.h), when read and when written
 *   lone surrogates  "\ud800" in JSON is no character: refused, or read as U+FFFD (SPECTACLES_REPLACE_SURROGATES)
 */
#ifndef SPECTACLES_DOCUMENT_H
#define SPECTACLES_DOCUMENT_H

#include <spectacles/codec.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spectacles_document spectacles_document;
typedef struct spectacles_value spectacles_value;

enum spectacles_value_type {
    SPECTACLES_VALUE_NONE = 0, /* no value: a NULL pointer */
    SPECTACLES_VALUE_NULL = 1,
    SPECTACLES_VALUE_FALSE = 2,
    SPECTACLES_VALUE_TRUE = 3,
    SPECTACLES_VALUE_INTEGER = 4,
    SPECTACLES_VALUE_NUMBER = 5,
    SPECTACLES_VALUE_TEXT = 6,
    SPECTACLES_VALUE_ARRAY = 7,
    SPECTACLES_VALUE_OBJECT = 8
};

/* An empty document. SPECTACLES_E_NOMEM. */
int spectacles_document_new(spectacles_document **out);

/* NULL is fine. */
void spectacles_document_free(spectacles_document *document);

/* Forgets every value; keeps memory for the next ones. */
void spectacles_document_clear(spectacles_document *document);

/*
 * Reads one whole JSON text, ETF term or MessagePack document in the place of what the document held. The bytes are
 * copied: they need not outlive the call.
 *
 * format: a value of enum spectacles_format (codec.h); RAW means what spectacles_format_of() says.
 * flags:  SPECTACLES_REPLACE_SURROGATES, or 0.
 * problem: may be NULL; on failure it says why and at which byte.
 *
 * Returns 0. On failure the document is empty. Errors:
 *   SPECTACLES_E_PROTO        the bytes are no such document, or are in no known format
 *   SPECTACLES_E_UNSUPPORTED  they hold a value that JSON has no place for, or this build has no MessagePack
 *   SPECTACLES_E_INVAL        no such format, or an unknown flag
 *   SPECTACLES_E_TOOBIG       a key is beyond 4 GiB
 *   SPECTACLES_E_NOMEM        memory ran out
 */
int spectacles_document_parse(spectacles_document *document, uint32_t format, uint32_t flags,
                              const uint8_t *bytes, size_t length, spectacles_problem *problem);

/* What was parsed, or set; NULL when there is nothing. It belongs to the document. */
spectacles_value *spectacles_document_root(const spectacles_document *document);

/* Makes a value of this document its root. SPECTACLES_E_INVAL: of another one, or attached to another value. */
int spectacles_document_set_root(spectacles_document *document, spectacles_value *value);

/*
 * Writes a value and all that it contains into `out`, in the place of what `out` held. The formats are written as
 * spectacles_transcode() writes them (codec.h), except that whole numbers stay numbers in JSON. JavaScript rounds
 * numbers beyond 2^53: write a text where JavaScript will read it.
 *
 * value:  NULL is refused.
 * format: a value of enum spectacles_format except RAW.
 * problem: may be NULL; on failure it says why.
 *
 * Returns 0. On failure `out` is empty. Errors:
 *   SPECTACLES_E_INVAL        value is NULL, or no such format
 *   SPECTACLES_E_PROTO        the format has no place for a value: a number beyond a float's range, a repeated key in ETF
 *   SPECTACLES_E_UNSUPPORTED  this build has no MessagePack
 *   SPECTACLES_E_TOOBIG       the value is nested deeper than SPECTACLES_DEPTH_MAX, or a text is beyond 4 GiB
 *   SPECTACLES_E_NOMEM        memory ran out
 */
int spectacles_value_write(const spectacles_value *value, uint32_t format, spectacles_bytes *out,
                           spectacles_problem *problem);

/*
 * Looking. Each of these takes NULL for "no value" and answers it with nothing, so that look-ups can be chained:
 * spectacles_value_get(spectacles_value_get(d, "author"), "id").
 */

/* A value of enum spectacles_value_type. */
uint32_t spectacles_value_type(const spectacles_value *value);

/* 1 for true, 0 for everything else. */
int spectacles_value_is_true(const spectacles_value *value);

/*
 * The number. SPECTACLES_E_INVAL: not a number, or not a whole one; SPECTACLES_E_TOOBIG: out of range. A number
 * such as 1.0 or 1e3 is not a whole one. _double rounds to the nearest; beyond its range SPECTACLES_E_TOOBIG.
 */
int spectacles_value_int64(const spectacles_value *value, int64_t *out);
int spectacles_value_uint64(const spectacles_value *value, uint64_t *out);
int spectacles_value_double(const spectacles_value *value, double *out);

/*
 * A Discord id: a text of decimal digits below 2^64, as JSON has it, or a whole number, as ETF has it.
 * SPECTACLES_E_INVAL: something else.
 */
int spectacles_value_snowflake(const spectacles_value *value, uint64_t *out);

/*
 * A text: UTF-8, NUL-terminated, its length in `length` (may be NULL), which does not count that NUL; it lives as long
 * as the value. For a SPECTACLES_VALUE_NUMBER that has one, the number as it was written. NULL for everything else.
 */
const char *spectacles_value_text(const spectacles_value *value, size_t *length);

/* How many elements or members; 0 for everything that is not a container. */
size_t spectacles_value_count(const spectacles_value *value);

/* Walks a container: its first element or member, and the one behind another; NULL when there is none. */
spectacles_value *spectacles_value_first(const spectacles_value *container);
spectacles_value *spectacles_value_next(const spectacles_value *value);

/* The key of a member (as text is given); NULL for what is no member. */
const char *spectacles_value_key(const spectacles_value *value, size_t *length);

/* The last member with this key (NUL-terminated, or with its length); NULL when there is none. Linear. */
spectacles_value *spectacles_value_get(const spectacles_value *object, const char *key);
spectacles_value *spectacles_value_member(const spectacles_value *object, const char *key, size_t length);

/* The element at an index from 0; NULL behind the end. Linear: walk with _next to see them all. */
spectacles_value *spectacles_value_at(const spectacles_value *array, size_t index);

/*
 * Building. A new value belongs to the document and hangs nowhere. All of these: SPECTACLES_E_NOMEM.
 */
int spectacles_document_null(spectacles_document *document, spectacles_value **out);
int spectacles_document_bool(spectacles_document *document, int truth, spectacles_value **out);
int spectacles_document_int64(spectacles_document *document, int64_t number, spectacles_value **out);
int spectacles_document_uint64(spectacles_document *document, uint64_t number, spectacles_value **out);
int spectacles_document_array(spectacles_document *document, spectacles_value **out);
int spectacles_document_object(spectacles_document *document, spectacles_value **out);

/* SPECTACLES_E_INVAL: not finite. */
int spectacles_document_double(spectacles_document *document, double number, spectacles_value **out);

/* A number as JSON writes it, of any size. SPECTACLES_E_INVAL: not such a number. */
int spectacles_document_number(spectacles_document *document, const char *text, size_t length,
                               spectacles_value **out);

/* Copies. SPECTACLES_E_INVAL: not UTF-8. */
int spectacles_document_text(spectacles_document *document, const char *text, size_t length,
                             spectacles_value **out);

/*
 * Hangs a value behind the last element, or under a key, in the place of every member that had the key. The
 * value must be of the same document, hang nowhere, be no root, and not be the container or around it; the container
 * must be one of that kind; and the key, which is copied, UTF-8: SPECTACLES_E_INVAL. _set: SPECTACLES_E_NOMEM.
 */
int spectacles_value_append(spectacles_value *array, spectacles_value *value);
int spectacles_value_set(spectacles_value *object, const char *key, size_t length, spectacles_value *value);

/* Takes a value off its container, or off being the root; it can be hung elsewhere. Linear. NULL is fine. */
void spectacles_value_detach(spectacles_value *value);

#ifdef __cplusplus
}
#endif

#endif
