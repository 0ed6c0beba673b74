#ifndef GATEWAY_TOML_H
#define GATEWAY_TOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A reader of TOML 1.0.0 for files of settings. Strict: whatever the specification forbids is refused, with line and
 * column. Dates are refused as well, because no setting is a date. Sizes are bounded (enum toml_limit).
 */

enum toml_limit {
    TOML_BYTES_MAX = 1 << 20,    /* of a document */
    TOML_VALUES_MAX = 10000,     /* of a document; tables and arrays count */
    TOML_DEPTH_MAX = 32,         /* tables and arrays in one another, the document itself included */
    TOML_PROBLEM_TEXT_SIZE = 240 /* bytes of a sentence, with its NUL */
};

enum toml_type {
    TOML_TABLE = 1,
    TOML_ARRAY,
    TOML_STRING,
    TOML_INTEGER,
    TOML_FLOAT,
    TOML_BOOLEAN
};

/* Lines and columns count from 1; a column is a character. */
struct toml_place {
    uint32_t line;
    uint32_t column;
};

/* What is wrong in a document. The text is one sentence, and shows nothing of the document but names of keys. */
struct toml_problem {
    struct toml_place place;
    char text[TOML_PROBLEM_TEXT_SIZE];
};

/* What a reader keeps about a table, for the rules on what may be added to it. Nobody else reads it. */
struct toml_rules {
    uint32_t section; /* the section that has defined the table; 0: none has, it was only passed through */
    bool frozen;      /* written as one value ({...} or [...]): nothing is added to it */
    uint32_t depth;
};

/* A value. Everything in it belongs to the document. */
struct toml_value {
    enum toml_type type;
    struct toml_place place; /* of the key; in an array, of the value */
    const char *key;         /* NUL-terminated; NULL in an array, and for the document */
    size_t key_length;
    struct toml_value *next;  /* the next value of the same table or array */
    struct toml_value *first; /* TABLE, ARRAY */
    struct toml_value *last;
    const char *text; /* STRING: NUL-terminated; may hold NULs */
    size_t text_length;
    int64_t integer;
    double number;
    bool boolean;
    struct toml_rules rules;
};

/* A document that was read. It holds copies of all texts. */
struct toml;

/*
 * Reads a document.
 *
 * out: free it with toml_free(). Unchanged on failure.
 * problem: filled on SPECTACLES_E_PROTO and SPECTACLES_E_TOOBIG.
 *
 * Returns 0, or:
 *   SPECTACLES_E_PROTO   the document is not TOML, or holds a date
 *   SPECTACLES_E_TOOBIG  a limit of enum toml_limit is exceeded
 *   SPECTACLES_E_NOMEM   memory ran out
 */
int toml_read(struct toml **out, const char *bytes, size_t length, struct toml_problem *problem);

/* Wipes all texts, because a token may be among them, and frees the document. NULL is fine. */
void toml_free(struct toml *toml);

/* The document: a table. */
const struct toml_value *toml_root(const struct toml *toml);

/* What a type is called in a sentence: "a table", "an integer". Static. */
const char *toml_type_name(enum toml_type type);

#endif
