/*
 * spectacles/document.h - JSON, ETF and MessagePack as values: look into them, build them, write them.
 *
 * SPDX-License-Identifier: MIT
 *
 * Every format is read into the same kind of value. A document owns its values. They live until the document is
 * cleared, parsed into again, or freed, whether they are attached to another value or not. One thread at a time may use
 * a document and its values. No function blocks. Nothing recurses: a value that is nested deep needs no more stack than
 * a flat one.
 *
 * What survives, and how it is told apart:
 *   whole numbers    exact, of any size (up to 2466 digits); SPECTACLES_VALUE_INTEGER when they fit int64_t or
 *                    uint64_t, otherwise SPECTACLES_VALUE_NUMBER
 *   other numbers    SPECTACLES_VALUE_NUMBER; from JSON they keep the text they had (1e400, 1.10), so that JSON gives
 *                    them back as they came
 *   text             UTF-8 with its length; a NUL inside is a character like any other
 *   repeated keys    are kept in their order; a look-up finds the last one, as JavaScript and Python do
 *   depth            SPECTACLES_DEPTH_MAX (codec.h), when read and when written
 *   lone surrogates  "\ud800" in JSON is no character: refused, or read as U+FFFD (SPECTACLES_REPLACE_SURROGATES)
 *
 * Looking: each function that looks into a value takes NULL for "no value", and answers it with nothing. So look-ups
 * can be chained: spectacles_value_get(spectacles_value_get(d, "author"), "id").
 */
#ifndef SPECTACLES_DOCUMENT_H
#define SPECTACLES_DOCUMENT_H

#include <spectacles/codec.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A document: the memory of its values, and one value that is its root. */
typedef struct spectacles_document spectacles_document;

/* A value of a document. It belongs to the document, and is never freed by itself. */
typedef struct spectacles_value spectacles_value;

/* What a value is. */
enum spectacles_value_type {
    /* no value: the pointer is NULL */
    SPECTACLES_VALUE_NONE = 0,
    /* null */
    SPECTACLES_VALUE_NULL = 1,
    /* false */
    SPECTACLES_VALUE_FALSE = 2,
    /* true */
    SPECTACLES_VALUE_TRUE = 3,
    /* a whole number that fits int64_t or uint64_t */
    SPECTACLES_VALUE_INTEGER = 4,
    /* any other number: with a fraction or an exponent, or a larger whole number */
    SPECTACLES_VALUE_NUMBER = 5,
    /* a text */
    SPECTACLES_VALUE_TEXT = 6,
    /* an array */
    SPECTACLES_VALUE_ARRAY = 7,
    /* an object: members, each a key and a value */
    SPECTACLES_VALUE_OBJECT = 8
};

/*
 * Makes an empty document.
 *
 * Returns 0, or:
 *   SPECTACLES_E_NOMEM  memory ran out
 */
int spectacles_document_new(spectacles_document **out);

/* Frees a document and all its values. NULL does nothing. */
void spectacles_document_free(spectacles_document *document);

/* Ends the life of every value of the document. Keeps some memory for the next ones. Cannot fail. */
void spectacles_document_clear(spectacles_document *document);

/*
 * Reads one whole JSON text, ETF term or MessagePack document in the place of what the document held. The
 * bytes are copied: they need not outlive the call.
 *
 * format:  a value of enum spectacles_format (codec.h); RAW means what spectacles_format_of() says.
 * flags:   SPECTACLES_REPLACE_SURROGATES, or 0.
 * problem: may be NULL; on failure it says why and at which byte.
 *
 * Returns 0. On failure the document is empty. Errors:
 *   SPECTACLES_E_PROTO        the bytes are no such document, or are in no known format
 *   SPECTACLES_E_UNSUPPORTED  they hold a value that JSON has no place for, or this build has no MessagePack
 *   SPECTACLES_E_INVAL        no such format, or an unknown flag
 *   SPECTACLES_E_TOOBIG       a key is longer than 4 GiB
 *   SPECTACLES_E_NOMEM        memory ran out
 */
int spectacles_document_parse(spectacles_document *document, uint32_t format, uint32_t flags,
                              const uint8_t *bytes, size_t length, spectacles_problem *problem);

/* The value that was parsed, or set as the root; NULL when there is none. It belongs to the document. Cannot fail. */
spectacles_value *spectacles_document_root(const spectacles_document *document);

/*
 * Makes a value the root of its document, in the place of the former root.
 *
 * value: a value of this document that is attached to no other value.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  value is NULL, belongs to another document, or is attached to another value
 */
int spectacles_document_set_root(spectacles_document *document, spectacles_value *value);

/*
 * Writes a value and all that it contains into `out`, in the place of what `out` held. The formats are written as
 * spectacles_transcode() writes them (codec.h), except that whole numbers stay numbers in JSON. JavaScript rounds
 * numbers beyond 2^53: write a text where JavaScript will read it.
 *
 * value:   NULL is refused. format:  a value of enum spectacles_format except RAW. problem: may be NULL; on failure it
 * says why.
 *
 * Returns 0. On failure `out` is empty. Errors:
 *   SPECTACLES_E_INVAL        value is NULL, or no such format
 *   SPECTACLES_E_PROTO        the format has no place for a value: a number beyond a float's range, in ETF a repeated
 *                             key
 *   SPECTACLES_E_UNSUPPORTED  this build has no MessagePack
 *   SPECTACLES_E_TOOBIG       the value is nested deeper than SPECTACLES_DEPTH_MAX, or a text is longer than 4 GiB
 *   SPECTACLES_E_NOMEM        memory ran out
 */
int spectacles_value_write(const spectacles_value *value, uint32_t format, spectacles_bytes *out,
                           spectacles_problem *problem);

/*
 * What a value is.
 *
 * Returns a value of enum spectacles_value_type: SPECTACLES_VALUE_NONE for NULL. Cannot fail.
 */
uint32_t spectacles_value_type(const spectacles_value *value);

/* Returns 1 for true, and 0 for every other value and for NULL. Cannot fail. */
int spectacles_value_is_true(const spectacles_value *value);

/*
 * Reads a whole number, which may be negative. 1.0 and 1e3 are no whole numbers.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL   value is NULL, or no whole number
 *   SPECTACLES_E_TOOBIG  the number is out of the range of int64_t
 */
int spectacles_value_int64(const spectacles_value *value, int64_t *out);

/*
 * Reads a whole number that is not negative. 1.0 and 1e3 are no whole numbers.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL   value is NULL, or no whole number
 *   SPECTACLES_E_TOOBIG  the number is out of the range of uint64_t
 */
int spectacles_value_uint64(const spectacles_value *value, uint64_t *out);

/*
 * Reads any number, rounded to the nearest double.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL   value is NULL, or no number
 *   SPECTACLES_E_TOOBIG  the number is out of the range of double
 */
int spectacles_value_double(const spectacles_value *value, double *out);

/*
 * Reads a Discord id (Discord: "Snowflakes"): a text of decimal digits, as JSON has it, or a whole number, as
 * ETF has it.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  value is NULL or something else, or the number is not below 2^64
 */
int spectacles_value_snowflake(const spectacles_value *value, uint64_t *out);

/*
 * A text. For a SPECTACLES_VALUE_NUMBER it is the number as it was written.
 *
 * length: receives the length of the text in bytes, without its NUL; may be NULL.
 *
 * Returns UTF-8, NUL-terminated, which lives as long as the value; NULL for every other value and for NULL.
 * Cannot fail.
 */
const char *spectacles_value_text(const spectacles_value *value, size_t *length);

/* Returns the number of elements or members; 0 for every other value and for NULL. Linear. Cannot fail. */
size_t spectacles_value_count(const spectacles_value *value);

/*
 * The first element of an array, or the first member of an object. Members are in the order in which they were read or
 * set.
 *
 * Returns NULL when the container is empty, and when it is NULL or no container. Cannot fail.
 */
spectacles_value *spectacles_value_first(const spectacles_value *container);

/*
 * The element or member behind another one.
 *
 * Returns NULL behind the last one, and for a value that is in no container. Cannot fail.
 */
spectacles_value *spectacles_value_next(const spectacles_value *value);

/*
 * The key of a member of an object.
 *
 * length: receives the length of the key in bytes, without its NUL; may be NULL.
 *
 * Returns UTF-8, NUL-terminated, which lives as long as the value; NULL when the value is no member. Cannot fail.
 */
const char *spectacles_value_key(const spectacles_value *value, size_t *length);

/*
 * Finds a member by a key that is written in the source of a program: the last one when the key is repeated. Linear.
 *
 * key: NUL-terminated.
 *
 * Returns NULL when there is none, and when `object` is NULL or no object. Cannot fail.
 */
spectacles_value *spectacles_value_get(const spectacles_value *object, const char *key);

/*
 * Finds a member by a key of any bytes: the last one when the key is repeated. Linear.
 *
 * key:    may hold NULs.
 * length: the length of `key` in bytes.
 *
 * Returns NULL when there is none, and when `object` is NULL or no object. Cannot fail.
 */
spectacles_value *spectacles_value_member(const spectacles_value *object, const char *key, size_t length);

/*
 * An element of an array. Linear: walk with spectacles_value_next() to see all of them.
 *
 * index: counted from 0.
 *
 * Returns NULL behind the end, and when `array` is no array. Cannot fail.
 */
spectacles_value *spectacles_value_at(const spectacles_value *array, size_t index);

/*
 * Makes the value null. As every value that a function makes, it belongs to the document and is attached to nothing:
 * attach it with spectacles_value_append(), spectacles_value_set() or spectacles_document_set_root().
 *
 * Returns 0, or:
 *   SPECTACLES_E_NOMEM  memory ran out
 */
int spectacles_document_null(spectacles_document *document, spectacles_value **out);

/*
 * Makes true or false. As spectacles_document_null().
 *
 * truth: 0 makes false, every other number makes true.
 *
 * Returns 0 or SPECTACLES_E_NOMEM.
 */
int spectacles_document_bool(spectacles_document *document, int truth, spectacles_value **out);

/*
 * Makes a whole number, which may be negative. As spectacles_document_null().
 *
 * Returns 0 or SPECTACLES_E_NOMEM.
 */
int spectacles_document_int64(spectacles_document *document, int64_t number, spectacles_value **out);

/*
 * Makes a whole number that is not negative. As spectacles_document_null().
 *
 * Returns 0 or SPECTACLES_E_NOMEM.
 */
int spectacles_document_uint64(spectacles_document *document, uint64_t number, spectacles_value **out);

/*
 * Makes an empty array. As spectacles_document_null().
 *
 * Returns 0 or SPECTACLES_E_NOMEM.
 */
int spectacles_document_array(spectacles_document *document, spectacles_value **out);

/*
 * Makes an empty object. As spectacles_document_null().
 *
 * Returns 0 or SPECTACLES_E_NOMEM.
 */
int spectacles_document_object(spectacles_document *document, spectacles_value **out);

/*
 * Makes a number from a double. It is written as the shortest decimal number that reads back as the same double, always
 * with a fraction or an exponent. The value is attached to nothing.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  the number is infinite or not a number
 *   SPECTACLES_E_NOMEM  memory ran out
 */
int spectacles_document_double(spectacles_document *document, double number, spectacles_value **out);

/*
 * Makes a number of any size from its text. The value is attached to nothing.
 *
 * text: a number as JSON writes it (RFC 8259, section 6); copied.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  the text is no such number
 *   SPECTACLES_E_NOMEM  memory ran out
 */
int spectacles_document_number(spectacles_document *document, const char *text, size_t length,
                               spectacles_value **out);

/*
 * Makes a text. The value is attached to nothing.
 *
 * text: UTF-8; copied. It may hold NULs.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  the text is not UTF-8
 *   SPECTACLES_E_NOMEM  memory ran out
 */
int spectacles_document_text(spectacles_document *document, const char *text, size_t length,
                             spectacles_value **out);

/*
 * Attaches a value to an array, behind the last element.
 *
 * value: of the same document, attached to nothing, not the root, and neither the array nor a container around it.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  `array` is no array, or the value is not as it has to be
 */
int spectacles_value_append(spectacles_value *array, spectacles_value *value);

/*
 * Attaches a value to an object as its last member. Every member that had the key is detached.
 *
 * key:   `length` bytes of UTF-8; copied.
 * value: as for spectacles_value_append().
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  `object` is no object, the key is not UTF-8, or the value is not as it has to be
 *   SPECTACLES_E_NOMEM  memory ran out
 */
int spectacles_value_set(spectacles_value *object, const char *key, size_t length, spectacles_value *value);

/*
 * Takes a value out of its container, or off being the root. It can be attached elsewhere then, and lives on
 * as all values of the document do. Linear. NULL does nothing. Cannot fail.
 */
void spectacles_value_detach(spectacles_value *value);

#ifdef __cplusplus
}
#endif

#endif
