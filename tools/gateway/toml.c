/*
 * A reader of TOML 1.0.0: the lines, keys and values of a document. It owns the document, which is a tree of values
 * in one arena. source_file.c calls it.
 *
 * What recurses (arrays and tables in braces) adds a value to the tree before it goes deeper, and toml_add() holds
 * the limit on the depth.
 */
#include "toml.h"

#include "toml_reader.h"
#include "toml_scalar.h"
#include "toml_string.h"
#include "toml_tree.h"

#include <spectacles/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct toml {
    struct arena arena;
    struct toml_value root;
};

/* A key with its dots taken apart. */
struct dotted {
    struct toml_key parts[TOML_DEPTH_MAX];
    size_t count;
};

static bool read_value(struct toml_reader *reader, struct toml_value *value);

/* ---- Keys ---- */

static bool is_bare(char character)
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '_' || character == '-';
}

static bool read_bare(struct toml_reader *reader, struct toml_key *key)
{
    while (reader->at < reader->end && is_bare(*reader->at))
        reader->at++;
    key->length = (size_t)(reader->at - key->at);
    if (key->length == 0)
        return toml_refuse(reader, key->at,
                           "the name of a key is expected here: letters, digits, _ and -, or a text in "
                           "quotation marks");
    key->text = arena_copy(reader->arena, key->at, key->length);
    return key->text || toml_fail(reader, SPECTACLES_E_NOMEM);
}

static bool read_part(struct toml_reader *reader, struct toml_key *key)
{
    key->at = reader->at;
    if (toml_sees(reader, "\"") || toml_sees(reader, "'"))
        return toml_read_string(reader, false, &key->text, &key->length);
    return read_bare(reader, key);
}

static bool read_key(struct toml_reader *reader, struct dotted *key)
{
    do {
        toml_skip_space(reader);
        if (key->count == TOML_DEPTH_MAX)
            return toml_refuse(reader, reader->at, "a key may have at most %d parts", TOML_DEPTH_MAX);
        if (!read_part(reader, &key->parts[key->count]))
            return false;
        key->count++;
        toml_skip_space(reader);
    } while (toml_takes(reader, "."));
    return true;
}

static bool read_pair(struct toml_reader *reader, struct toml_value *table)
{
    struct dotted key = {.count = 0};
    if (!read_key(reader, &key))
        return false;
    if (!toml_takes(reader, "="))
        return toml_refuse(reader, reader->at, "a = is expected here, between a key and its value");
    toml_skip_space(reader);
    struct toml_value *parent = toml_table_of_key(reader, table, key.parts, key.count);
    struct toml_value *value = parent ? toml_add(reader, parent, &key.parts[key.count - 1]) : NULL;
    return value && read_value(reader, value);
}

/* ---- Values ---- */

static bool read_array(struct toml_reader *reader, struct toml_value *array)
{
    const char *start = reader->at;
    array->type = TOML_ARRAY;
    array->rules.frozen = true;
    reader->at++;
    for (toml_skip_lines(reader); !toml_takes(reader, "]"); toml_skip_lines(reader)) {
        struct toml_value *value = toml_add(reader, array, NULL);
        if (!value || (reader->at < reader->end && !read_value(reader, value)))
            return false;
        toml_skip_lines(reader);
        if (reader->at == reader->end)
            return toml_refuse(reader, start, "this list does not end: close it with ]");
        if (!toml_takes(reader, ",") && !toml_sees(reader, "]"))
            return toml_refuse(reader, reader->at,
                               "a , or a ] is expected here, behind an element of a list");
    }
    return true;
}

static bool read_pairs(struct toml_reader *reader, struct toml_value *table)
{
    toml_skip_space(reader);
    if (toml_takes(reader, "}"))
        return true;
    do {
        toml_skip_space(reader);
        if (!read_pair(reader, table))
            return false;
        toml_skip_space(reader);
    } while (toml_takes(reader, ","));
    return toml_takes(reader, "}") ||
           toml_refuse(reader, reader->at,
                       "a , or a } is expected here: a table in braces stands on one line");
}

static bool read_inline_table(struct toml_reader *reader, struct toml_value *table)
{
    uint32_t section = reader->section;
    table->rules.frozen = true;
    reader->at++;
    reader->section = ++reader->section_count;
    bool whole = read_pairs(reader, table);
    reader->section = section;
    return whole;
}

static bool read_value(struct toml_reader *reader, struct toml_value *value)
{
    if (toml_sees(reader, "["))
        return read_array(reader, value);
    if (toml_sees(reader, "{"))
        return read_inline_table(reader, value);
    if (!toml_sees(reader, "\"") && !toml_sees(reader, "'"))
        return toml_read_scalar(reader, value);
    value->type = TOML_STRING;
    return toml_read_string(reader, true, &value->text, &value->text_length);
}

/* ---- Lines ---- */

/* Reads [a.b] or [[a.b]]. NULL: it is wrong. */
static struct toml_value *read_header(struct toml_reader *reader, struct toml_value *root)
{
    struct dotted key = {.count = 0};
    bool is_element = toml_takes(reader, "[[");
    if (!is_element)
        toml_takes(reader, "[");
    if (!read_key(reader, &key))
        return NULL;
    if (!toml_takes(reader, is_element ? "]]" : "]")) {
        toml_refuse(reader, reader->at, "%s is expected here, behind the name of a table",
                    is_element ? "]]" : "a ]");
        return NULL;
    }
    reader->section = ++reader->section_count;
    return is_element ? toml_element_of_header(reader, root, key.parts, key.count)
                      : toml_table_of_header(reader, root, key.parts, key.count);
}

static bool read_document(struct toml_reader *reader, struct toml_value *root)
{
    struct toml_value *table = root;
    toml_takes(reader, "\xef\xbb\xbf");
    for (toml_skip_lines(reader); reader->at < reader->end; toml_skip_lines(reader)) {
        if (toml_sees(reader, "["))
            table = read_header(reader, root);
        else if (!read_pair(reader, table))
            return false;
        if (!table || !toml_end_line(reader))
            return false;
    }
    return true;
}

int toml_read(struct toml **out, const char *bytes, size_t length, struct toml_problem *problem)
{
    struct toml *toml = calloc(1, sizeof *toml);
    if (!toml)
        return SPECTACLES_E_NOMEM;
    toml->root = (struct toml_value){.type = TOML_TABLE, .place = {1, 1}};
    struct toml_reader reader = {.start = bytes,
                                 .at = bytes,
                                 .end = bytes + length,
                                 .arena = &toml->arena,
                                 .section = 1,
                                 .section_count = 1,
                                 .problem = problem};
    if (length > TOML_BYTES_MAX) {
        toml_refuse(&reader, bytes, "the file is longer than %d bytes", TOML_BYTES_MAX);
        reader.error = SPECTACLES_E_TOOBIG;
    } else if (toml_check_characters(&reader) && read_document(&reader, &toml->root)) {
        *out = toml;
        return SPECTACLES_OK;
    }
    toml_free(toml);
    return reader.error;
}

void toml_free(struct toml *toml)
{
    if (!toml)
        return;
    arena_free(&toml->arena);
    free(toml);
}

const struct toml_value *toml_root(const struct toml *toml)
{
    return &toml->root;
}

const char *toml_type_name(enum toml_type type)
{
    static const char *const names[] = {
        "nothing", "a table", "a list", "a text", "an integer", "a number with a fraction", "true or false"};
    return names[type];
}
