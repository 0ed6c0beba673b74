#ifndef GATEWAY_TOML_TREE_H
#define GATEWAY_TOML_TREE_H

#include "toml_reader.h"

/* A part of a key: of a.b, there are two. */
struct toml_key {
    const char *at; /* in the document */
    const char *text;
    size_t length;
};

/*
 * Adds a value, which is a table until something else is written into it. The key is NULL in an array.
 * NULL: the key is there already, or a limit is reached.
 */
struct toml_value *toml_add(struct toml_reader *reader, struct toml_value *parent,
                            const struct toml_key *key);

/*
 * The table in which the last part of a dotted key is set. NULL: a part of the key is no table that may be added to.
 */
struct toml_value *toml_table_of_key(struct toml_reader *reader, struct toml_value *table,
                                     const struct toml_key *keys, size_t count);

/* What [a.b] means: the table, made where it is missing. NULL: it was defined before, or is no table. */
struct toml_value *toml_table_of_header(struct toml_reader *reader, struct toml_value *root,
                                        const struct toml_key *keys, size_t count);

/* What [[a.b]] means: one more table in an array of tables. */
struct toml_value *toml_element_of_header(struct toml_reader *reader, struct toml_value *root,
                                          const struct toml_key *keys, size_t count);

#endif
