/*
 * Reads values out of JSON text without building a tree, and writes JSON strings. The shard, the relay, routing and
 * state call it for the few values that they need.
 */
#include "codec/json.h"

#include "codec/scanner.h"
#include "core/config.h"
#include "core/export.h"

#include <spectacles/codec.h>
#include <string.h>

int sp_json_check(sp_slice text, sp_slice *value, spectacles_problem *problem)
{
    sp_scanner scanner = sp_scanner_of(text);
    sp_slice found;
    if (!sp_scanner_value(&scanner, &found) || !sp_scanner_end(&scanner))
        return sp_scanner_problem(&scanner, problem);
    *value = found;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_json_check(const uint8_t *bytes, size_t length, spectacles_problem *problem)
{
    sp_slice value;
    return sp_json_check((sp_slice){bytes, length}, &value, problem);
}

enum sp_json_type sp_json_type(sp_slice value)
{
    if (value.length == 0)
        return SP_JSON_NONE;
    switch (value.bytes[0]) {
    case '{':
        return SP_JSON_OBJECT;
    case '[':
        return SP_JSON_ARRAY;
    case '"':
        return SP_JSON_STRING;
    case 'n':
        return SP_JSON_NULL;
    case 't':
        return SP_JSON_TRUE;
    case 'f':
        return SP_JSON_FALSE;
    default:
        return value.bytes[0] == '-' || (value.bytes[0] >= '0' && value.bytes[0] <= '9') ? SP_JSON_NUMBER
                                                                                         : SP_JSON_NONE;
    }
}

int sp_json_next(sp_slice container, size_t *cursor, sp_slice *key, sp_slice *value)
{
    enum sp_json_type type = sp_json_type(container);
    if ((type != SP_JSON_OBJECT && type != SP_JSON_ARRAY) || *cursor >= container.length)
        return 0;
    sp_scanner scanner = sp_scanner_of(container);
    scanner.at += *cursor ? *cursor : 1;
    sp_scanner_space(&scanner);
    if (*cursor && !sp_scanner_eat(&scanner, ','))
        return 0;
    sp_scanner_space(&scanner);
    if (scanner.at == scanner.end || *scanner.at == '}' || *scanner.at == ']')
        return 0;
    sp_slice name = {NULL, 0};
    sp_slice found;
    if (type == SP_JSON_OBJECT && !sp_scanner_key(&scanner, &name))
        return 0;
    if (!sp_scanner_value(&scanner, &found))
        return 0;
    if (key)
        *key = name;
    *value = found;
    *cursor = (size_t)(scanner.at - scanner.start);
    return 1;
}

/* ---- Text ---- */

static uint32_t hex4(const uint8_t *at)
{
    uint32_t value = 0;
    for (size_t i = 0; i < 4; i++) {
        uint8_t digit = at[i];
        uint32_t nibble = digit <= '9' ? digit - (uint32_t)'0' : (digit | 0x20u) - (uint32_t)'a' + 10;
        value = value << 4 | (nibble & 0xf);
    }
    return value;
}

/* Writes a character as UTF-8. Returns its width, 0 for a lone surrogate. */
static size_t utf8_of(uint32_t point, uint8_t out[4])
{
    if ((point >= 0xd800 && point < 0xe000) || point > 0x10ffff)
        return 0;
    if (point < 0x80) {
        out[0] = (uint8_t)point;
        return 1;
    }
    size_t width = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = width - 1; i > 0; i--) {
        out[i] = (uint8_t)(0x80 | (point & 0x3f));
        point >>= 6;
    }
    static const uint8_t lead[5] = {0, 0, 0xc0, 0xe0, 0xf0};
    out[0] = (uint8_t)(lead[width] | point);
    return width;
}

/* The character of \u and its digits, or of a surrogate pair. A lone surrogate gives 0xd800, which is no character. */
static uint32_t escaped_point(sp_reader *reader)
{
    const uint32_t alone = 0xd800;
    sp_slice digits = sp_reader_take(reader, 4);
    if (!digits.bytes)
        return alone;
    uint32_t high = hex4(digits.bytes);
    if (high < 0xd800 || high > 0xdbff)
        return high;
    sp_slice second = sp_reader_take(reader, 6);
    if (!second.bytes || second.bytes[0] != '\\' || second.bytes[1] != 'u')
        return alone;
    uint32_t low = hex4(second.bytes + 2);
    if (low < 0xdc00 || low > 0xdfff)
        return alone;
    return 0x10000 + ((high - 0xd800) << 10 | (low - 0xdc00));
}

/* Reads a byte or an escape. Returns the width of its UTF-8, 0 for a lone surrogate or an unknown escape. */
static size_t next_character(sp_reader *reader, uint8_t out[4])
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    out[0] = sp_reader_u8(reader);
    if (out[0] != '\\')
        return 1;
    uint8_t kind = sp_reader_u8(reader);
    if (kind == 'u')
        return utf8_of(escaped_point(reader), out);
    const char *found = kind ? strchr(from, kind) : NULL;
    if (!found)
        return 0;
    out[0] = (uint8_t)to[found - from];
    return 1;
}

size_t sp_json_character(const uint8_t *at, const uint8_t *end, uint8_t out[4], size_t *written)
{
    sp_reader reader = sp_reader_of((sp_slice){at, (size_t)(end - at)});
    *written = next_character(&reader, out);
    return *written && !reader.failed ? reader.position : 0;
}

int sp_json_text(sp_slice string, char *out, size_t size)
{
    if (sp_json_type(string) != SP_JSON_STRING || string.length < 2)
        return SPECTACLES_E_PROTO;
    /* The first pass measures, the second one writes: on failure `out` is unchanged. */
    for (int pass = 0; pass < 2; pass++) {
        sp_reader reader = sp_reader_of((sp_slice){string.bytes + 1, string.length - 2});
        size_t length = 0;
        while (sp_reader_left(&reader) > 0) {
            uint8_t character[4];
            size_t width = next_character(&reader, character);
            if (width == 0 || character[0] == '\0' || reader.failed)
                return SPECTACLES_E_PROTO;
            if (pass)
                memcpy(out + length, character, width);
            length += width;
            if (length >= size || length > INT32_MAX)
                return SPECTACLES_E_TOOBIG;
        }
        if (size == 0)
            return SPECTACLES_E_TOOBIG;
        if (pass) {
            out[length] = '\0';
            return (int)length;
        }
    }
    return SPECTACLES_E_PROTO;
}

bool sp_json_key_is(sp_slice key, const char *text)
{
    sp_reader reader = sp_reader_of(key);
    while (sp_reader_left(&reader) > 0) {
        uint8_t character[4];
        size_t width = next_character(&reader, character);
        if (width == 0 || character[0] == '\0' || strncmp((const char *)character, text, width) != 0)
            return false;
        text += width;
    }
    return *text == '\0';
}

int sp_json_find(sp_slice object, const char *key, sp_slice *value)
{
    size_t cursor = 0;
    int found = 0;
    sp_slice name;
    sp_slice each;
    sp_slice last = {NULL, 0};
    if (sp_json_type(object) != SP_JSON_OBJECT)
        return 0;
    while (sp_json_next(object, &cursor, &name, &each)) {
        if (!sp_json_key_is(name, key))
            continue;
        if (found)
            return SPECTACLES_E_PROTO;
        found = 1;
        last = each;
    }
    if (found)
        *value = last;
    return found;
}

int sp_json_u64(sp_slice number, uint64_t *out)
{
    uint64_t value = 0;
    if (number.length == 0 || number.length > 20 || (number.length > 1 && number.bytes[0] == '0'))
        return SPECTACLES_E_PROTO;
    for (size_t i = 0; i < number.length; i++) {
        uint8_t digit = (uint8_t)(number.bytes[i] - '0');
        if (digit > 9 || (i == 19 && value > (UINT64_MAX - digit) / 10)) /* 19 digits always fit */
            return SPECTACLES_E_PROTO;
        value = value * 10 + digit;
    }
    *out = value;
    return SPECTACLES_OK;
}

static int write_escaped(sp_buffer *buffer, uint8_t byte)
{
    static const char hex[] = "0123456789abcdef";
    if (byte == '"' || byte == '\\') {
        uint8_t pair[2] = {'\\', byte};
        return sp_buffer_append(buffer, pair, sizeof pair);
    }
    uint8_t six[6] = {'\\', 'u', '0', '0', (uint8_t)hex[byte >> 4], (uint8_t)hex[byte & 0xf]};
    return sp_buffer_append(buffer, six, sizeof six);
}

int sp_json_write_text(sp_buffer *buffer, const char *text, size_t length)
{
    size_t before = sp_buffer_length(buffer);
    const uint8_t *bytes = (const uint8_t *)text;
    size_t plain = 0;
    int error = sp_buffer_u8(buffer, '"');
    for (size_t i = 0; i < length && error == SPECTACLES_OK; i++) {
        if (bytes[i] >= 0x20 && bytes[i] != '"' && bytes[i] != '\\')
            continue;
        error = sp_buffer_append(buffer, bytes + plain, i - plain);
        if (error == SPECTACLES_OK)
            error = write_escaped(buffer, bytes[i]);
        plain = i + 1;
    }
    if (error == SPECTACLES_OK)
        error = sp_buffer_append(buffer, bytes + plain, length - plain);
    if (error == SPECTACLES_OK)
        error = sp_buffer_u8(buffer, '"');
    if (error != SPECTACLES_OK)
        sp_buffer_truncate(buffer, before);
    return error;
}
