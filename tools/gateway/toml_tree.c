/*
 * The tables of a TOML document, and the rules for what may be added to which table. It owns the struct toml_rules of
 * each value. toml.c calls it.
 *
 * The specification's rules, in terms of sections. A section is what stands behind a header, up to the next one.
 * - A header defines its table. A table is defined once, by a header or by dotted keys.
 * - The tables that a header passes on its way are not defined by it: a later header may define them.
 * - Dotted keys define the tables that they pass, and go on adding to these in the same section only.
 * - What was written as one value, {...} or [...], is frozen.
 */
#include "toml_tree.h"

#include "redact.h"

#include <spectacles/types.h>
#include <string.h>

enum {
    KEY_SHOWN = 60
};

static struct toml_value *refuse_again(struct toml_reader *reader, const struct toml_key *key,
                                       const struct toml_value *before)
{
    char shown[KEY_SHOWN];
    redact(shown, sizeof shown, key->text, key->length);
    toml_refuse(reader, key->at, "'%s' is there already, in line %u: put both together, or remove one", shown,
                before->place.line);
    return NULL;
}

static struct toml_value *find(const struct toml_value *table, const struct toml_key *key)
{
    for (struct toml_value *each = table->first; each; each = each->next) {
        if (each->key_length == key->length && memcmp(each->key, key->text, key->length) == 0)
            return each;
    }
    return NULL;
}

static bool has_room(struct toml_reader *reader, const struct toml_value *parent, const char *at)
{
    if (reader->error)
        return false;
    if (parent->rules.depth >= TOML_DEPTH_MAX)
        toml_refuse(reader, at, "more than %d tables and arrays are in one another here", TOML_DEPTH_MAX);
    else if (reader->count >= TOML_VALUES_MAX)
        toml_refuse(reader, at, "a file may have at most %d values", TOML_VALUES_MAX);
    else
        return true;
    reader->error = SPECTACLES_E_TOOBIG;
    return false;
}

static struct toml_value *append(struct toml_reader *reader, struct toml_value *parent,
                                 const struct toml_key *key)
{
    const char *at = key ? key->at : reader->at;
    struct toml_value *value = has_room(reader, parent, at) ? arena_take(reader->arena, sizeof *value) : NULL;
    if (!value) {
        toml_fail(reader, SPECTACLES_E_NOMEM);
        return NULL;
    }
    value->type = TOML_TABLE;
    value->place = toml_place_of(reader, at);
    value->key = key ? key->text : NULL;
    value->key_length = key ? key->length : 0;
    value->rules.depth = parent->rules.depth + 1;
    if (parent->last)
        parent->last->next = value;
    else
        parent->first = value;
    parent->last = value;
    reader->count++;
    return value;
}

struct toml_value *toml_add(struct toml_reader *reader, struct toml_value *parent, const struct toml_key *key)
{
    struct toml_value *before = key ? find(parent, key) : NULL;
    return before ? refuse_again(reader, key, before) : append(reader, parent, key);
}

/* The table that a key leads to: of an array of tables, the last one. NULL: nothing may be added to it. */
static struct toml_value *enter(struct toml_reader *reader, struct toml_value *value,
                                const struct toml_key *key)
{
    char shown[KEY_SHOWN];
    bool is_open = value->type == TOML_TABLE || value->type == TOML_ARRAY;
    if (!is_open || value->rules.frozen) {
        redact(shown, sizeof shown, key->text, key->length);
        toml_refuse(reader, key->at, "'%s' is a value already, in line %u: nothing can be added to it", shown,
                    value->place.line);
        return NULL;
    }
    return value->type == TOML_ARRAY ? value->last : value;
}

static struct toml_value *pass(struct toml_reader *reader, struct toml_value *table,
                               const struct toml_key *key)
{
    struct toml_value *found = find(table, key);
    return found ? enter(reader, found, key) : append(reader, table, key);
}

struct toml_value *toml_table_of_key(struct toml_reader *reader, struct toml_value *table,
                                     const struct toml_key *keys, size_t count)
{
    for (size_t i = 0; table && i + 1 < count; i++) {
        table = pass(reader, table, &keys[i]);
        if (!table)
            return NULL;
        if (table->rules.section && table->rules.section != reader->section)
            return refuse_again(reader, &keys[i], table);
        table->rules.section = reader->section;
    }
    return table;
}

static struct toml_value *parent_of_header(struct toml_reader *reader, struct toml_value *root,
                                           const struct toml_key *keys, size_t count)
{
    struct toml_value *table = root;
    for (size_t i = 0; table && i + 1 < count; i++)
        table = pass(reader, table, &keys[i]);
    return table;
}

struct toml_value *toml_table_of_header(struct toml_reader *reader, struct toml_value *root,
                                        const struct toml_key *keys, size_t count)
{
    const struct toml_key *key = &keys[count - 1];
    struct toml_value *parent = parent_of_header(reader, root, keys, count);
    struct toml_value *found = parent ? find(parent, key) : NULL;
    if (!parent)
        return NULL;
    if (found && (found->type != TOML_TABLE || found->rules.frozen || found->rules.section))
        return refuse_again(reader, key, found);
    struct toml_value *table = found ? found : append(reader, parent, key);
    if (table)
        table->rules.section = reader->section;
    return table;
}

struct toml_value *toml_element_of_header(struct toml_reader *reader, struct toml_value *root,
                                          const struct toml_key *keys, size_t count)
{
    const struct toml_key *key = &keys[count - 1];
    struct toml_value *parent = parent_of_header(reader, root, keys, count);
    struct toml_value *array = parent ? find(parent, key) : NULL;
    if (!parent)
        return NULL;
    if (array && (array->type != TOML_ARRAY || array->rules.frozen))
        return refuse_again(reader, key, array);
    if (!array)
        array = append(reader, parent, key);
    if (!array)
        return NULL;
    array->type = TOML_ARRAY;
    struct toml_value *element = append(reader, array, NULL);
    if (element)
        element->rules.section = reader->section;
    return element;
}
