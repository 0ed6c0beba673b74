/*
 * Headers of messages and arguments of queues: field tables of AMQP, from and to the public struct. Called by
 * owners, and by message.c, publish_record.c and topology.c.
 */
#include "broker/headers.h"

#include "core/export.h"
#include "core/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- What RabbitMQ can read ---- */

static const char reserved[] = "spectacles-";

static bool has_bytes(const spectacles_header *header)
{
    return header->type == SPECTACLES_HEADER_TEXT || header->type == SPECTACLES_HEADER_BINARY;
}

static const char *problem_of(const spectacles_header *header)
{
    if (!header->key || header->key_length == 0 || header->key_length > UINT8_MAX)
        return "the key of a header has to have 1 to 255 bytes";
    if (header->key_length >= sizeof reserved - 1 && memcmp(header->key, reserved, sizeof reserved - 1) == 0)
        return "keys of headers that begin with \"spectacles-\" are reserved";
    if (header->type > SPECTACLES_HEADER_REAL)
        return "a header has a type that can not be sent: nothing, boolean, integer, text, binary, timestamp "
               "and real can";
    if (has_bytes(header) && !header->bytes && header->bytes_length > 0)
        return "the bytes of a header are NULL but have a length";
    if (!sp_utf8_is_whole(header->key, header->key_length))
        return "the key of a header is not UTF-8";
    /* Erlang has no infinity and no NaN: RabbitMQ ends the connection (541). */
    if (header->type == SPECTACLES_HEADER_REAL && !isfinite(header->real))
        return "a header is not a number or infinite, which RabbitMQ can not read: only finite numbers can "
               "be sent";
    /* RabbitMQ counts in milliseconds, with 63 bits. */
    if (header->type == SPECTACLES_HEADER_TIMESTAMP &&
        (header->integer < 0 || header->integer > INT64_MAX / 1000))
        return "a timestamp in a header has to be seconds from 0 to 9223372036854775";
    return NULL;
}

static bool begins(const spectacles_header *header, const char *words)
{
    size_t length = strlen(words);
    return header->key_length >= length && memcmp(header->key, words, length) == 0;
}

static bool is_named(const spectacles_header *header, const char *name)
{
    return header->key_length == strlen(name) && begins(header, name);
}

/* By RabbitMQ's rules for what becomes a text of AMQP 1.0 (mc_util:is_utf8_no_null_limited). */
static bool is_text(const spectacles_header *header)
{
    return header->type == SPECTACLES_HEADER_TEXT && sp_utf8_is_whole(header->bytes, header->bytes_length) &&
           (header->bytes_length == 0 || !memchr(header->bytes, 0, header->bytes_length));
}

const char *sp_headers_message_problem(const spectacles_header *headers, size_t count)
{
    const char *problem = sp_headers_problem(headers, count, SP_HEADERS_BYTES);
    for (size_t i = 0; !problem && i < count; i++) {
        /* RabbitMQ ends the channel when these headers are not arrays, and a sent header can not be an array. */
        if (is_named(&headers[i], "CC") || is_named(&headers[i], "BCC"))
            problem = "headers CC and BCC are lists of routing keys in RabbitMQ, and can not be sent";
        else if (is_named(&headers[i], "x-stream-filter-value") && !is_text(&headers[i]))
            problem = "the header x-stream-filter-value has to be text (UTF-8): RabbitMQ can read nothing "
                      "else there";
        else if (begins(&headers[i], "x-amqp-1.0-"))
            problem = "headers that begin with \"x-amqp-1.0-\" are RabbitMQ's own, and can not be sent";
    }
    return problem;
}

const char *sp_headers_problem(const spectacles_header *headers, size_t count, size_t most)
{
    size_t length = 4;
    if (count > SP_HEADERS_MAX)
        return "there are more than 64 headers or arguments";
    if (!headers && count > 0)
        return "the headers or arguments are NULL but have a count";
    for (size_t i = 0; i < count; i++) {
        const char *problem = problem_of(&headers[i]);
        if (problem)
            return problem;
        size_t value = has_bytes(&headers[i]) ? headers[i].bytes_length : 4;
        /*
         * One entry: the length of the key, the key, the kind, at most four bytes for the length of the value, the
         * value.
         */
        if (value > most || (length += 1 + headers[i].key_length + 1 + 4 + value) > most)
            return "the headers of a message have to have at most 4096 bytes together, the arguments of a "
                   "queue 2048";
    }
    return NULL;
}

/* ---- Writing ---- */

static amqp_bytes_t bytes_of(const void *bytes, size_t length)
{
    union {
        const void *in;
        void *out;
    } pointer = {bytes};
    return (amqp_bytes_t){length, pointer.out};
}

static amqp_field_value_t value_of(const spectacles_header *header)
{
    amqp_field_value_t value = {.kind = AMQP_FIELD_KIND_VOID};
    if (has_bytes(header)) {
        value.kind = header->type == SPECTACLES_HEADER_TEXT ? AMQP_FIELD_KIND_UTF8 : AMQP_FIELD_KIND_BYTES;
        value.value.bytes = bytes_of(header->bytes, header->bytes_length);
    } else if (header->type == SPECTACLES_HEADER_BOOLEAN) {
        value.kind = AMQP_FIELD_KIND_BOOLEAN;
        value.value.boolean = header->integer != 0;
    } else if (header->type == SPECTACLES_HEADER_INTEGER) {
        /* Some clients read the 64-bit kind as unsigned, so 32 bits are used where they suffice. */
        bool narrow = header->integer >= INT32_MIN && header->integer <= INT32_MAX;
        value.kind = narrow ? AMQP_FIELD_KIND_I32 : AMQP_FIELD_KIND_I64;
        if (narrow)
            value.value.i32 = (int32_t)header->integer;
        else
            value.value.i64 = header->integer;
    } else if (header->type == SPECTACLES_HEADER_TIMESTAMP) {
        value.kind = AMQP_FIELD_KIND_TIMESTAMP;
        value.value.u64 = (uint64_t)header->integer;
    } else if (header->type == SPECTACLES_HEADER_REAL) {
        value.kind = AMQP_FIELD_KIND_F64;
        value.value.f64 = header->real;
    }
    return value;
}

void sp_headers_write(amqp_table_entry_t *out, const spectacles_header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        out[i].key = bytes_of(headers[i].key, headers[i].key_length);
        out[i].value = value_of(&headers[i]);
    }
}

static void *move(char **room, const void *bytes, size_t length)
{
    char *at = *room;
    if (length > 0)
        memcpy(at, bytes, length);
    *room += length;
    return at;
}

spectacles_header *sp_headers_copy(const spectacles_header *headers, size_t count)
{
    size_t size = (count + 1) * sizeof *headers;
    for (size_t i = 0; i < count; i++)
        size += headers[i].key_length + (has_bytes(&headers[i]) ? headers[i].bytes_length : 0);
    spectacles_header *copy = malloc(size);
    char *room = copy ? (char *)(copy + count) : NULL;
    for (size_t i = 0; copy && i < count; i++) {
        copy[i] = headers[i];
        copy[i].key = move(&room, headers[i].key, headers[i].key_length);
        if (has_bytes(&headers[i]))
            copy[i].bytes = move(&room, headers[i].bytes, headers[i].bytes_length);
    }
    return copy;
}

/* ---- Reading ---- */

static void read_real(sp_reader *reader, spectacles_header *out, uint8_t kind)
{
    union {
        uint64_t bits;
        double real;
    } wide = {0};
    union {
        uint32_t bits;
        float real;
    } narrow = {0};
    out->type = SPECTACLES_HEADER_REAL;
    if (kind == AMQP_FIELD_KIND_F64)
        wide.bits = sp_reader_u64(reader);
    else
        narrow.bits = sp_reader_u32(reader);
    out->real = kind == AMQP_FIELD_KIND_F64 ? wide.real : (double)narrow.real;
}

static bool read_integer(sp_reader *reader, spectacles_header *out, uint8_t kind)
{
    out->type = SPECTACLES_HEADER_INTEGER;
    if (kind == AMQP_FIELD_KIND_I8)
        out->integer = (int8_t)sp_reader_u8(reader);
    else if (kind == AMQP_FIELD_KIND_U8)
        out->integer = sp_reader_u8(reader);
    else if (kind == AMQP_FIELD_KIND_I16)
        out->integer = (int16_t)sp_reader_u16(reader);
    else if (kind == AMQP_FIELD_KIND_U16)
        out->integer = sp_reader_u16(reader);
    else if (kind == AMQP_FIELD_KIND_I32)
        out->integer = (int32_t)sp_reader_u32(reader);
    else if (kind == AMQP_FIELD_KIND_U32)
        out->integer = sp_reader_u32(reader);
    else if (kind == AMQP_FIELD_KIND_I64)
        out->integer = (int64_t)sp_reader_u64(reader);
    else
        return false;
    return true;
}

static void read_bytes(sp_reader *reader, spectacles_header *out, uint32_t type, size_t length)
{
    sp_slice bytes = sp_reader_take(reader, length);
    out->type = type;
    out->bytes = bytes.bytes;
    out->bytes_length = bytes.length;
}

static bool read_unsigned(sp_reader *reader, spectacles_header *out)
{
    sp_reader start = *reader;
    uint64_t value = sp_reader_u64(reader);
    out->type = SPECTACLES_HEADER_INTEGER;
    out->integer = (int64_t)value;
    if (value > INT64_MAX) {
        out->integer = 0;
        read_bytes(&start, out, SPECTACLES_HEADER_OTHER, 8);
    }
    return true;
}

static bool read_value(sp_reader *reader, spectacles_header *out)
{
    uint8_t kind = sp_reader_u8(reader);
    if (read_integer(reader, out, kind))
        return true;
    switch (kind) {
    case AMQP_FIELD_KIND_VOID:
        out->type = SPECTACLES_HEADER_NOTHING;
        return true;
    case AMQP_FIELD_KIND_BOOLEAN:
        out->type = SPECTACLES_HEADER_BOOLEAN;
        out->integer = sp_reader_u8(reader) != 0;
        return true;
    case AMQP_FIELD_KIND_U64:
        return read_unsigned(reader, out);
    case AMQP_FIELD_KIND_TIMESTAMP:
        out->type = SPECTACLES_HEADER_TIMESTAMP;
        out->integer = (int64_t)sp_reader_u64(reader);
        return true;
    case AMQP_FIELD_KIND_F32:
    case AMQP_FIELD_KIND_F64:
        read_real(reader, out, kind);
        return true;
    case AMQP_FIELD_KIND_DECIMAL:
        read_bytes(reader, out, SPECTACLES_HEADER_OTHER, 5);
        return true;
    case AMQP_FIELD_KIND_UTF8:
        read_bytes(reader, out, SPECTACLES_HEADER_TEXT, sp_reader_u32(reader));
        return true;
    case AMQP_FIELD_KIND_BYTES:
        read_bytes(reader, out, SPECTACLES_HEADER_BINARY, sp_reader_u32(reader));
        return true;
    case AMQP_FIELD_KIND_TABLE:
        read_bytes(reader, out, SPECTACLES_HEADER_TABLE, sp_reader_u32(reader));
        return true;
    case AMQP_FIELD_KIND_ARRAY:
        read_bytes(reader, out, SPECTACLES_HEADER_ARRAY, sp_reader_u32(reader));
        return true;
    default:
        return false;
    }
}

SPECTACLES_EXPORT int spectacles_header_next(const spectacles_header *in, size_t *position,
                                             spectacles_header *out)
{
    spectacles_header read = {0};
    if (!in || (in->type != SPECTACLES_HEADER_TABLE && in->type != SPECTACLES_HEADER_ARRAY) ||
        *position >= in->bytes_length)
        return 0;
    sp_reader reader = sp_reader_of((sp_slice){in->bytes + *position, in->bytes_length - *position});
    if (in->type == SPECTACLES_HEADER_TABLE) {
        union {
            const uint8_t *bytes;
            const char *chars;
        } key;
        sp_slice name = sp_reader_take(&reader, sp_reader_u8(&reader));
        key.bytes = name.bytes;
        read.key = key.chars;
        read.key_length = name.length;
    }
    if (!read_value(&reader, &read) || reader.failed)
        return 0;
    *position += reader.position;
    *out = read;
    return 1;
}

SPECTACLES_EXPORT const spectacles_header *
spectacles_headers_find(const spectacles_header *headers, size_t count, const char *key, size_t key_length)
{
    for (size_t i = 0; i < count; i++) {
        const spectacles_header *each = &headers[i];
        if (each->key_length == key_length && (key_length == 0 || memcmp(each->key, key, key_length) == 0))
            return each;
    }
    return NULL;
}

SPECTACLES_EXPORT int spectacles_header_find(const spectacles_header *in, const char *key, size_t length,
                                             spectacles_header *out)
{
    size_t position = 0;
    spectacles_header each;
    if (!in || in->type != SPECTACLES_HEADER_TABLE)
        return 0;
    while (spectacles_header_next(in, &position, &each)) {
        if (each.key_length != length || (length > 0 && memcmp(each.key, key, length) != 0))
            continue;
        *out = each;
        return 1;
    }
    return 0;
}
