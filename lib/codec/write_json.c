/*
 * Writes events as JSON. transcode.c and convert_msgpack.c call it with the events of a reader, write_value.c with
 * those of a document.
 */
#include "codec/write_json.h"

#include "codec/number.h"
#include "codec/plain.h"
#include "core/text.h"

#include <string.h>

enum {
    ESCAPE = 6,     /* bytes of the longest escape, \u001f */
    CLOSING = 2,    /* a quote and a colon */
    EXACT_BITS = 53 /* of a double: JavaScript rounds larger whole numbers */
};

static inline uint8_t *room(sp_buffer *out, size_t length)
{
    return out->capacity - out->end >= length && out->bytes ? out->bytes + out->end
                                                            : sp_buffer_reserve(out, length);
}

static int refuse(sp_json_writer *writer, const char *why, const uint8_t *at)
{
    writer->refusal = (sp_refusal){why, at};
    return SPECTACLES_E_PROTO;
}

static inline int put(sp_json_writer *writer, const void *bytes, size_t length)
{
    uint8_t *to = room(writer->out, length);
    if (!to)
        return SPECTACLES_E_NOMEM;
    memcpy(to, bytes, length);
    writer->out->end += length;
    return SPECTACLES_OK;
}

/* ---- Text ---- */

/* Writes the shortest escape of a byte that has to be escaped (RFC 8259, section 7). */
static size_t escape(uint8_t byte, uint8_t out[ESCAPE])
{
    static const char from[] = "\"\\\b\f\n\r\t";
    static const char to[] = "\"\\bfnrt";
    static const char hex[] = "0123456789abcdef";
    const char *found = byte ? strchr(from, byte) : NULL;
    out[0] = '\\';
    if (found) {
        out[1] = (uint8_t)to[found - from];
        return 2;
    }
    memcpy(out + 1, "u00", 3);
    out[4] = (uint8_t)hex[byte >> 4];
    out[5] = (uint8_t)hex[byte & 15];
    return ESCAPE;
}

/* Writes one character that is not plain. Returns how many bytes of the input it takes, 0 when it is not UTF-8. */
static size_t character(const sp_event *event, const uint8_t *at, const uint8_t *end, uint8_t *to,
                        size_t *written)
{
    if (*at < 0x80) {
        *written = escape(*at, to);
        return 1;
    }
    if (event->form == SP_FORM_LATIN1) {
        to[0] = (uint8_t)(0xc0 | *at >> 6);
        to[1] = (uint8_t)(0x80 | (*at & 0x3f));
        *written = 2;
        return 1;
    }
    *written = sp_utf8_sequence(at, (size_t)(end - at));
    memcpy(to, at, *written);
    return *written;
}

/*
 * Copies a text that was not JSON: checks and escapes it. `to` has room for the whole text when it is plain; each
 * escape asks for more. Returns where the text ends. NULL when it is not UTF-8, or memory ran out.
 */
static uint8_t *raw_text(sp_json_writer *writer, const sp_event *event, uint8_t *to)
{
    const uint8_t *at = event->text.bytes;
    const uint8_t *end = at + event->text.length;
    for (;;) {
        const uint8_t *behind = sp_plain_copy(at, end, to);
        to += behind - at;
        at = behind;
        if (at == end)
            return to;
        size_t written;
        writer->out->end = (size_t)(to - writer->out->bytes);
        to = room(writer->out, (size_t)(end - at) + ESCAPE + SP_PLAIN_STEP + CLOSING);
        if (!to)
            return NULL;
        size_t width = character(event, at, end, to, &written);
        if (width == 0) {
            refuse(writer, "a text is not UTF-8", at);
            return NULL;
        }
        to += written;
        at += width;
    }
}

/* Writes a text in quotes, and behind a key a colon. */
static int text(sp_json_writer *writer, const sp_event *event)
{
    uint8_t *to = room(writer->out, 1 + event->text.length + SP_PLAIN_STEP + CLOSING);
    if (!to)
        return SPECTACLES_E_NOMEM;
    *to++ = '"';
    if (event->form != SP_FORM_JSON && event->form != SP_FORM_JSON_REPLACED && event->form != SP_FORM_PLAIN)
        to = raw_text(writer, event, to);
    else if (event->text.length > 0)
        to = (uint8_t *)memcpy(to, event->text.bytes, event->text.length) + event->text.length;
    if (!to)
        return writer->refusal.text ? SPECTACLES_E_PROTO : SPECTACLES_E_NOMEM;
    *to++ = '"';
    *to = ':';
    to += event->type == SP_EVENT_KEY;
    writer->out->end = (size_t)(to - writer->out->bytes);
    return SPECTACLES_OK;
}

/* ---- Numbers ---- */

static int whole(sp_json_writer *writer, bool negative, const void *digits, size_t length, bool quoted)
{
    int error = quoted ? put(writer, "\"", 1) : SPECTACLES_OK;
    if (!error && negative)
        error = put(writer, "-", 1);
    if (!error)
        error = put(writer, digits, length);
    return error || !quoted ? error : put(writer, "\"", 1);
}

static int integer(sp_json_writer *writer, const sp_event *event)
{
    char digits[20];
    bool negative = event->type == SP_EVENT_INTEGER && event->as.integer < 0;
    uint64_t natural = negative ? 0 - event->as.natural : event->as.natural;
    size_t length = sp_number_decimal(natural, digits);
    return whole(writer, negative, digits, length, writer->quote_big && natural > UINT64_C(1) << EXACT_BITS);
}

static int big(sp_json_writer *writer, const sp_event *event)
{
    char digits[SP_BIG_DIGITS_MAX];
    sp_slice text = event->text; /* SP_FORM_DECIMAL: the sign is in the text */
    bool negative = event->form == SP_FORM_BINARY && event->negative;
    if (event->form == SP_FORM_BINARY)
        text = (sp_slice){(const uint8_t *)digits, sp_number_digits(event->text, digits)};
    return whole(writer, negative, text.bytes, text.length, writer->quote_big);
}

/* Whether a float is a whole number that no other number has been rounded to. */
static bool is_exact(double real)
{
    const double most = (double)(UINT64_C(1) << EXACT_BITS);
    return real > -most && real < most && real == (double)(int64_t)real;
}

static int real(sp_json_writer *writer, const sp_event *event)
{
    char chars[SP_REAL_CHARS];
    if (writer->whole && event->form == SP_FORM_NONE && is_exact(event->as.real))
        return integer(writer, &(sp_event){.type = SP_EVENT_INTEGER, .as.integer = (int64_t)event->as.real});
    if (event->form == SP_FORM_DECIMAL)
        return put(writer, event->text.bytes, event->text.length);
    return put(writer, chars, sp_number_print(event->as.real, chars));
}

/* ---- Events ---- */

static int write(sp_json_writer *writer, const sp_event *event)
{
    switch (event->type) {
    case SP_EVENT_NULL:
        return put(writer, "null", 4);
    case SP_EVENT_FALSE:
        return put(writer, "false", 5);
    case SP_EVENT_TRUE:
        return put(writer, "true", 4);
    case SP_EVENT_INTEGER:
    case SP_EVENT_UNSIGNED:
        return integer(writer, event);
    case SP_EVENT_BIG:
        return big(writer, event);
    case SP_EVENT_REAL:
        return real(writer, event);
    case SP_EVENT_TEXT:
    case SP_EVENT_KEY:
        return text(writer, event);
    case SP_EVENT_ARRAY:
        return put(writer, "[", 1);
    case SP_EVENT_OBJECT:
        return put(writer, "{", 1);
    case SP_EVENT_END_ARRAY:
        return put(writer, "]", 1);
    default:
        return put(writer, "}", 1);
    }
}

int sp_json_writer_take(sp_json_writer *writer, const sp_event *event)
{
    bool ends = event->type == SP_EVENT_END_ARRAY || event->type == SP_EVENT_END_OBJECT;
    int error = writer->comma && !ends ? put(writer, ",", 1) : SPECTACLES_OK;
    writer->comma =
        event->type != SP_EVENT_KEY && event->type != SP_EVENT_ARRAY && event->type != SP_EVENT_OBJECT;
    return error ? error : write(writer, event);
}
