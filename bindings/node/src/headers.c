/* Headers of messages, both ways: broker.c calls it. */
#include "headers.h"

#include <string.h>

enum {
    DEPTH = 32 /* of tables in tables; what is deeper is left out */
};

/* ---- To JavaScript ---- */

static size_t value_length(const spectacles_header *header, int depth);

static size_t entry_length(const spectacles_header *header, int depth)
{
    return 2 + header->key_length + value_length(header, depth);
}

static bool is_container(const spectacles_header *header)
{
    return header->type == SPECTACLES_HEADER_TABLE || header->type == SPECTACLES_HEADER_ARRAY;
}

static size_t entries_length(const spectacles_header *header, int depth)
{
    size_t position = 0, length = 0;
    spectacles_header entry;
    while (depth < DEPTH && spectacles_header_next(header, &position, &entry))
        length += entry_length(&entry, depth + 1);
    return length;
}

static size_t value_length(const spectacles_header *header, int depth)
{
    if (is_container(header))
        return 4 + entries_length(header, depth);
    switch (header->type) {
    case SPECTACLES_HEADER_NOTHING:
        return 0;
    case SPECTACLES_HEADER_BOOLEAN:
        return 1;
    case SPECTACLES_HEADER_INTEGER:
    case SPECTACLES_HEADER_TIMESTAMP:
    case SPECTACLES_HEADER_REAL:
        return 8;
    default:
        return 4 + header->bytes_length;
    }
}

size_t headers_length(const spectacles_header *headers, size_t count)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length += entry_length(&headers[i], 0);
    return length;
}

static uint8_t *write_number(uint8_t *to, uint64_t number, int size)
{
    for (int i = 0; i < size; i++)
        *to++ = (uint8_t)(number >> 8 * i);
    return to;
}

static uint8_t *write_bytes(uint8_t *to, const void *bytes, size_t length)
{
    if (length > 0)
        memcpy(to, bytes, length);
    return to + length;
}

static uint8_t *write_entry(uint8_t *to, const spectacles_header *header, int depth);

static uint8_t *write_entries(uint8_t *to, const spectacles_header *header, int depth)
{
    size_t position = 0;
    spectacles_header entry;
    to = write_number(to, entries_length(header, depth), 4);
    while (depth < DEPTH && spectacles_header_next(header, &position, &entry))
        to = write_entry(to, &entry, depth + 1);
    return to;
}

static uint8_t *write_entry(uint8_t *to, const spectacles_header *header, int depth)
{
    uint64_t real;
    memcpy(&real, &header->real, sizeof real);
    *to++ = (uint8_t)header->type;
    *to++ = (uint8_t)header->key_length;
    to = write_bytes(to, header->key, header->key_length);
    if (is_container(header))
        return write_entries(to, header, depth);
    switch (header->type) {
    case SPECTACLES_HEADER_NOTHING:
        return to;
    case SPECTACLES_HEADER_BOOLEAN:
        return write_number(to, header->integer != 0, 1);
    case SPECTACLES_HEADER_INTEGER:
    case SPECTACLES_HEADER_TIMESTAMP:
        return write_number(to, (uint64_t)header->integer, 8);
    case SPECTACLES_HEADER_REAL:
        return write_number(to, real, 8);
    default:
        return write_bytes(write_number(to, header->bytes_length, 4), header->bytes, header->bytes_length);
    }
}

void batch_put_headers(batch *self, uint32_t *record, const spectacles_header *headers, size_t count,
                       size_t length)
{
    uint8_t *to = self->bytes + self->at;
    record[SPAN_HEADERS] = (uint32_t)self->at;
    record[SPAN_HEADERS + 1] = (uint32_t)length;
    for (size_t i = 0; i < count; i++)
        to = write_entry(to, &headers[i], 0);
    self->at += length;
}

/* ---- From JavaScript ---- */

static void read_number(given *from, napi_value value, spectacles_header *out)
{
    napi_get_value_double(from->env, value, &out->real);
    bool is_whole = out->real >= -9007199254740991.0 && out->real <= 9007199254740991.0 &&
                    out->real == (double)(int64_t)out->real;
    out->type = is_whole ? SPECTACLES_HEADER_INTEGER : SPECTACLES_HEADER_REAL;
    out->integer = is_whole ? (int64_t)out->real : 0;
}

static void read_value(given *from, const char *name, spectacles_header *out)
{
    napi_value value;
    napi_valuetype type;
    bool flag = false;
    if (!given_has(from, name, &value))
        return; /* NOTHING */
    napi_typeof(from->env, value, &type);
    if (type == napi_boolean) {
        napi_get_value_bool(from->env, value, &flag);
        out->type = SPECTACLES_HEADER_BOOLEAN;
        out->integer = flag;
    } else if (type == napi_number) {
        read_number(from, value, out);
    } else if (type == napi_bigint) {
        napi_get_value_bigint_int64(from->env, value, &out->integer, &flag);
        out->type = SPECTACLES_HEADER_INTEGER;
    } else {
        text given = given_bytes(from, name);
        out->type = type == napi_string ? SPECTACLES_HEADER_TEXT : SPECTACLES_HEADER_BINARY;
        out->bytes = (const uint8_t *)given.bytes;
        out->bytes_length = given.length;
    }
}

const spectacles_header *given_headers(given *from, const char *name, size_t *count)
{
    uint32_t length = 0;
    napi_value outer = from->object, inner, names, key;
    *count = 0;
    if (!given_has(from, name, &inner))
        return NULL;
    if (napi_get_property_names(from->env, inner, &names) != napi_ok ||
        napi_get_array_length(from->env, names, &length) != napi_ok)
        length = 0;
    spectacles_header *made = given_take(from, (length + 1) * sizeof *made);
    from->object = inner;
    for (uint32_t i = 0; made && i < length && !from->is_wrong; i++) {
        napi_get_element(from->env, names, i, &key);
        made[i].key = given_text_of(from, name, key);
        made[i].key_length = made[i].key ? strlen(made[i].key) : 0;
        if (made[i].key)
            read_value(from, made[i].key, &made[i]);
    }
    from->object = outer;
    *count = made ? length : 0;
    return made;
}
