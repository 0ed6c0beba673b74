/*
 * The presence of the bot: from TOML to JSON, and the presence of each shard. value.c calls it to read one, and
 * engines.c for that of a shard. What a presence has to hold is checked by the library (spectacles_presence_check()).
 */
#include "presence.h"

#include "redact.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char place_holder[] = "{{shard}}";

/* The fields of op 3, and what a table that leaves one out means. */
static const struct {
    const char *key;
    const char *fallback;
} fields[] = {{"since", "null"}, {"activities", "[]"}, {"status", "\"online\""}, {"afk", "false"}};

enum {
    FIELD_COUNT = sizeof fields / sizeof fields[0],
    SHOWN_SIZE = 48
};

static void write_value(FILE *out, const struct toml_value *value);

static void write_string(FILE *out, const char *text, size_t length)
{
    fputc('"', out);
    for (size_t i = 0; i < length; i++) {
        unsigned char each = (unsigned char)text[i];
        if (each < 0x20 || each == 0x7f)
            fprintf(out, "\\u%04x", each);
        else
            fprintf(out, each == '"' || each == '\\' ? "\\%c" : "%c", each);
    }
    fputc('"', out);
}

static void write_list(FILE *out, const struct toml_value *list)
{
    bool is_table = list->type == TOML_TABLE;
    fputc(is_table ? '{' : '[', out);
    for (const struct toml_value *each = list->first; each; each = each->next) {
        if (each != list->first)
            fputc(',', out);
        if (is_table) {
            write_string(out, each->key, each->key_length);
            fputc(':', out);
        }
        write_value(out, each);
    }
    fputc(is_table ? '}' : ']', out);
}

static void write_value(FILE *out, const struct toml_value *value)
{
    if (value->type == TOML_TABLE || value->type == TOML_ARRAY)
        write_list(out, value);
    else if (value->type == TOML_STRING)
        write_string(out, value->text, value->text_length);
    else if (value->type == TOML_INTEGER)
        fprintf(out, "%lld", (long long)value->integer);
    else if (value->type == TOML_BOOLEAN)
        fputs(value->boolean ? "true" : "false", out);
    else if (isfinite(value->number))
        fprintf(out, "%.17g", value->number);
    else
        fputs("null", out); /* JSON has neither infinity nor NaN */
}

static const struct toml_value *find(const struct toml_value *table, const char *key)
{
    for (const struct toml_value *each = table->first; each; each = each->next) {
        if (strlen(key) == each->key_length && strcasecmp(each->key, key) == 0)
            return each;
    }
    return NULL;
}

static void write_table(FILE *out, const struct toml_value *table)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const struct toml_value *value = find(table, fields[i].key);
        fprintf(out, "%c\"%s\":", i == 0 ? '{' : ',', fields[i].key);
        if (value)
            write_value(out, value);
        else
            fputs(fields[i].fallback, out);
    }
    fputc('}', out);
}

static bool is_field(const struct toml_value *value)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (strcasecmp(value->key, fields[i].key) == 0)
            return true;
    }
    return false;
}

static bool check_fields(const struct reading *reading, const struct given *given)
{
    char shown[SHOWN_SIZE];
    for (const struct toml_value *each = given->toml->first; each; each = each->next) {
        redact(shown, sizeof shown, each->key, each->key_length);
        if (strcasecmp(each->key, "game") == 0)
            return given_refuse(reading, given,
                                "'game', in line %u, was replaced by a list: activities = [{ name = "
                                "\"...\", type = 0 }]",
                                each->place.line);
        if (!is_field(each))
            return given_refuse(reading, given,
                                "'%s', in line %u, is no field of a presence: since, activities, "
                                "status and afk are",
                                shown, each->place.line);
    }
    return true;
}

/* Writes a table as JSON into the arena. */
static bool to_json(const struct reading *reading, const struct toml_value *table, const char **out)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    if (!stream)
        return given_out_of_memory(reading);
    write_table(stream, table);
    bool whole = !ferror(stream);
    whole = fclose(stream) == 0 && whole;
    *out = whole ? arena_copy(reading->arena, text, length) : NULL;
    free(text);
    return *out || given_out_of_memory(reading);
}

bool presence_read(const struct reading *reading, const struct given *given, struct value *value)
{
    const char *text = given->text ? given->text : given->toml->text;
    size_t length = given->text ? given->length : given->toml->text_length;
    if (!given->text && given->toml->type == TOML_TABLE)
        return check_fields(reading, given) && to_json(reading, given->toml, &value->text);
    if (!given->text && given->toml->type != TOML_STRING)
        return given_refuse(reading, given, "this is %s, and a table or a text of JSON is expected",
                            toml_type_name(given->toml->type));
    if (memchr(text, '\0', length))
        return given_refuse(reading, given, "the text holds a NUL character: take it out");
    value->text = arena_copy(reading->arena, text, length);
    return value->text || given_out_of_memory(reading);
}

/* ---- Of a shard ---- */

static size_t put(char *out, size_t size, size_t at, const char *text, size_t length)
{
    for (size_t i = 0; out && i < length && at + i < size; i++)
        out[at + i] = text[i];
    return at + length;
}

size_t presence_of_shard(const char *presence, uint32_t shard_id, char *out, size_t size)
{
    char digits[16];
    size_t at = 0;
    const char *found;
    int length = snprintf(digits, sizeof digits, "%u", shard_id);
    while ((found = strstr(presence, place_holder))) {
        at = put(out, size, at, presence, (size_t)(found - presence));
        at = put(out, size, at, digits, (size_t)length);
        presence = found + strlen(place_holder);
    }
    at = put(out, size, at, presence, strlen(presence));
    if (out && size > 0)
        out[at < size ? at : size - 1] = '\0';
    return at;
}
