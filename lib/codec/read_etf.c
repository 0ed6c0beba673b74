/* Reads ETF as events. transcode.c, convert_msgpack.c, documents and the envelope's reader of ETF call it. */
#include "codec/read_etf.h"

#include "codec/etf.h"
#include "codec/number.h"

#include <math.h>
#include <string.h>

void sp_etf_reader_start(sp_etf_reader *reader, sp_slice term)
{
    static const uint8_t nothing[1] = {0};
    const uint8_t *bytes = term.bytes ? term.bytes : nothing;
    reader->start = reader->at = bytes;
    reader->end = bytes + term.length;
    reader->error = NULL;
    reader->depth = 0;
    reader->done = false;
    if (term.length > 0 && *bytes == SP_ETF_VERSION)
        reader->at++;
}

/* The position of the mistake is event->at. */
static int refuse(sp_etf_reader *reader, const char *why)
{
    reader->error = why;
    return SPECTACLES_E_PROTO;
}

static int cut_off(sp_etf_reader *reader)
{
    return refuse(reader, "the term is cut off, or a length in it is too large");
}

/* ---- The one place that reads bytes ---- */

static bool has(const sp_etf_reader *reader, size_t length)
{
    return (size_t)(reader->end - reader->at) >= length;
}

/* A big-endian number of 1, 2, 4 or 8 bytes. */
static bool take(sp_etf_reader *reader, size_t width, uint64_t *out)
{
    if (!has(reader, width))
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++)
        value = value << 8 | reader->at[i];
    reader->at += width;
    *out = value;
    return true;
}

static bool take_slice(sp_etf_reader *reader, uint64_t length, sp_slice *out)
{
    if ((uint64_t)(reader->end - reader->at) < length)
        return false;
    *out = (sp_slice){reader->at, (size_t)length};
    reader->at += length;
    return true;
}

/* A slice with its length in front, a number of `width` bytes. */
static bool take_counted(sp_etf_reader *reader, size_t width, sp_slice *out)
{
    uint64_t length;
    return take(reader, width, &length) && take_slice(reader, length, out);
}

/* ---- Scalars ---- */

static int integer(sp_event *event, int64_t value)
{
    event->type = SP_EVENT_INTEGER;
    event->as.integer = value;
    return 1;
}

static int big(sp_etf_reader *reader, sp_event *event, size_t width)
{
    uint64_t length;
    uint64_t sign;
    sp_slice bytes;
    if (!take(reader, width, &length) || !take(reader, 1, &sign) || !take_slice(reader, length, &bytes))
        return cut_off(reader);
    if (sign > 1)
        return refuse(reader, "a big number's sign is neither 0 nor 1");
    while (bytes.length > 0 && bytes.bytes[bytes.length - 1] == 0)
        bytes.length--;
    if (bytes.length > SP_BIG_BYTES_MAX)
        return refuse(reader, "a big number has more than 1024 bytes");
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.length && i < 8; i++)
        value |= (uint64_t)bytes.bytes[i] << (8 * i);
    if (bytes.length <= 8 && value <= (uint64_t)INT64_MAX + sign)
        return integer(event, sign ? (int64_t)(0 - value) : (int64_t)value);
    event->type = bytes.length <= 8 && !sign ? SP_EVENT_UNSIGNED : SP_EVENT_BIG;
    event->as.natural = value;
    event->form = SP_FORM_BINARY;
    event->negative = (int)sign;
    event->text = bytes;
    return 1;
}

static int real(sp_etf_reader *reader, sp_event *event, double value)
{
    if (!isfinite(value))
        return refuse(reader, "a float is not finite");
    event->type = SP_EVENT_REAL;
    event->form = SP_FORM_NONE;
    event->as.real = value;
    return 1;
}

static int new_float(sp_etf_reader *reader, sp_event *event)
{
    uint64_t bits;
    double value;
    if (!take(reader, 8, &bits))
        return cut_off(reader);
    memcpy(&value, &bits, sizeof value);
    return real(reader, event, value);
}

/* FLOAT_EXT: "%.20e" in 31 bytes, as Erlang wrote floats before 2010. */
static int old_float(sp_etf_reader *reader, sp_event *event)
{
    sp_slice text;
    if (!take_slice(reader, 31, &text))
        return cut_off(reader);
    const uint8_t *end = memchr(text.bytes, 0, text.length);
    text.length = end ? (size_t)(end - text.bytes) : text.length;
    size_t i = text.length > 0 && text.bytes[0] == '-';
    size_t digits = 0;
    for (; i < text.length && text.bytes[i] >= '0' && text.bytes[i] <= '9'; i++)
        digits++;
    if (i < text.length && text.bytes[i] == '.')
        for (i++; i < text.length && text.bytes[i] >= '0' && text.bytes[i] <= '9'; i++)
            digits++;
    if (digits > 0 && i < text.length && text.bytes[i] == 'e') {
        i++;
        i += i < text.length && (text.bytes[i] == '+' || text.bytes[i] == '-');
        size_t first = i;
        while (i < text.length && text.bytes[i] >= '0' && text.bytes[i] <= '9')
            i++;
        digits = i > first ? digits : 0;
    }
    if (digits == 0 || i < text.length)
        return refuse(reader, "a float in text is none");
    return real(reader, event, sp_number_real(text));
}

static bool text_is(sp_slice text, const char *word)
{
    return text.length == strlen(word) && memcmp(text.bytes, word, text.length) == 0;
}

static int atom(sp_etf_reader *reader, sp_event *event, size_t width, enum sp_event_form form)
{
    if (!take_counted(reader, width, &event->text))
        return cut_off(reader);
    event->type = SP_EVENT_TEXT;
    event->form = form;
    if (event->text.length > 5 || event->text.length < 3)
        return 1;
    if (text_is(event->text, "nil") || text_is(event->text, "null"))
        event->type = SP_EVENT_NULL;
    else if (text_is(event->text, "true"))
        event->type = SP_EVENT_TRUE;
    else if (text_is(event->text, "false"))
        event->type = SP_EVENT_FALSE;
    return 1;
}

/* ---- Containers ---- */

static int push(sp_etf_reader *reader, sp_event *event, uint32_t left, enum sp_etf_frame frame)
{
    if (reader->depth == SPECTACLES_DEPTH_MAX)
        return refuse(reader, "the term is nested too deep");
    reader->left[reader->depth] = left;
    reader->frame[reader->depth++] = (uint8_t)frame;
    event->type = frame == SP_ETF_IN_MAP ? SP_EVENT_OBJECT : SP_EVENT_ARRAY;
    return 1;
}

/* Every element takes at least one byte: a count larger than the bytes that are left is refused. */
static int open_counted(sp_etf_reader *reader, sp_event *event, size_t width, enum sp_etf_frame frame)
{
    uint64_t count;
    uint64_t each = frame == SP_ETF_IN_MAP ? 2 : 1;
    if (!take(reader, width, &count) || count * each > (uint64_t)(reader->end - reader->at))
        return cut_off(reader);
    if (count * each > UINT32_MAX)
        return refuse(reader, "a term has too many elements");
    event->as.count = (size_t)count;
    return push(reader, event, (uint32_t)(count * each), frame);
}

static int open_charlist(sp_etf_reader *reader, sp_event *event)
{
    uint64_t count;
    if (!take(reader, 2, &count) || !has(reader, (size_t)count))
        return cut_off(reader);
    event->as.count = (size_t)count;
    return push(reader, event, (uint32_t)count, SP_ETF_IN_CHARLIST);
}

static int open_empty(sp_etf_reader *reader, sp_event *event)
{
    event->as.count = 0;
    return push(reader, event, 0, SP_ETF_IN_TUPLE);
}

/* ---- Terms ---- */

static int unsupported(sp_etf_reader *reader, uint8_t tag)
{
    reader->error = tag == SP_ETF_COMPRESSED ? "the term is compressed"
                                             : "a term is of a kind that JSON has no place for";
    return SPECTACLES_E_UNSUPPORTED;
}

static int term(sp_etf_reader *reader, sp_event *event)
{
    uint64_t value;
    event->at = reader->at;
    if (!has(reader, 1))
        return cut_off(reader);
    uint8_t tag = *reader->at++;
    switch (tag) {
    case SP_ETF_SMALL_ATOM:
        return atom(reader, event, 1, SP_FORM_LATIN1);
    case SP_ETF_SMALL_ATOM_UTF8:
        return atom(reader, event, 1, SP_FORM_UTF8);
    case SP_ETF_ATOM:
        return atom(reader, event, 2, SP_FORM_LATIN1);
    case SP_ETF_ATOM_UTF8:
        return atom(reader, event, 2, SP_FORM_UTF8);
    case SP_ETF_BINARY:
        event->type = SP_EVENT_TEXT;
        event->form = SP_FORM_UTF8;
        return take_counted(reader, 4, &event->text) ? 1 : cut_off(reader);
    case SP_ETF_SMALL_INTEGER:
        return take(reader, 1, &value) ? integer(event, (int64_t)value) : cut_off(reader);
    case SP_ETF_INTEGER:
        return take(reader, 4, &value) ? integer(event, (int32_t)(uint32_t)value) : cut_off(reader);
    case SP_ETF_SMALL_BIG:
        return big(reader, event, 1);
    case SP_ETF_LARGE_BIG:
        return big(reader, event, 4);
    case SP_ETF_NEW_FLOAT:
        return new_float(reader, event);
    case SP_ETF_FLOAT:
        return old_float(reader, event);
    case SP_ETF_MAP:
        return open_counted(reader, event, 4, SP_ETF_IN_MAP);
    case SP_ETF_LIST:
        return open_counted(reader, event, 4, SP_ETF_IN_LIST);
    case SP_ETF_SMALL_TUPLE:
        return open_counted(reader, event, 1, SP_ETF_IN_TUPLE);
    case SP_ETF_LARGE_TUPLE:
        return open_counted(reader, event, 4, SP_ETF_IN_TUPLE);
    case SP_ETF_STRING:
        return open_charlist(reader, event);
    case SP_ETF_NIL:
        return open_empty(reader, event);
    default:
        return unsupported(reader, tag);
    }
}

/* Keys in JSON are texts. A key in ETF becomes one: a binary or an atom by its text, a whole number in decimal. */
static int key(sp_etf_reader *reader, sp_event *event)
{
    int found = term(reader, event);
    if (found < 0)
        return found;
    switch (event->type) {
    case SP_EVENT_NULL:
    case SP_EVENT_TRUE:
    case SP_EVENT_FALSE:
    case SP_EVENT_TEXT:
        break;
    case SP_EVENT_INTEGER:
    case SP_EVENT_UNSIGNED: {
        bool negative = event->type == SP_EVENT_INTEGER && event->as.integer < 0;
        reader->number[0] = '-';
        size_t length = sp_number_decimal(negative ? 0 - event->as.natural : event->as.natural,
                                          reader->number + negative);
        event->text = (sp_slice){(const uint8_t *)reader->number, length + negative};
        event->form = SP_FORM_CHECKED;
        break;
    }
    default:
        return refuse(reader, "a map's key is neither text nor an atom nor a whole number below 2^64");
    }
    event->type = SP_EVENT_KEY;
    return 1;
}

static int close_frame(sp_etf_reader *reader, sp_event *event)
{
    uint8_t frame = reader->frame[reader->depth - 1];
    event->at = reader->at;
    if (frame == SP_ETF_IN_LIST) {
        if (!has(reader, 1))
            return cut_off(reader);
        if (*reader->at++ != SP_ETF_NIL)
            return refuse(reader, "a list's tail is not the empty list");
    }
    event->type = frame == SP_ETF_IN_MAP ? SP_EVENT_END_OBJECT : SP_EVENT_END_ARRAY;
    reader->depth--;
    return 1;
}

static int next_in_frame(sp_etf_reader *reader, sp_event *event)
{
    size_t top = reader->depth - 1;
    if (reader->left[top] == 0)
        return close_frame(reader, event);
    uint32_t left = reader->left[top]--;
    switch (reader->frame[top]) {
    case SP_ETF_IN_CHARLIST:
        event->at = reader->at;
        return integer(event, *reader->at++);
    case SP_ETF_IN_MAP:
        return left % 2 == 0 ? key(reader, event) : term(reader, event);
    default:
        return term(reader, event);
    }
}

int sp_etf_reader_next(sp_etf_reader *reader, sp_event *event)
{
    if (reader->depth > 0)
        return next_in_frame(reader, event);
    event->at = reader->at;
    if (!reader->done) {
        reader->done = true;
        return term(reader, event);
    }
    return reader->at == reader->end ? 0 : refuse(reader, "something stands behind the term");
}

/* ---- Passing over ---- */

/*
 * Passes over the terms of the innermost frame as long as they are of the common kinds. The first term of another kind,
 * or one that does not fit, is left to the reader, which reports the mistake.
 */
static void pass_simple(sp_etf_reader *reader)
{
    const uint8_t *at = reader->at;
    const uint8_t *end = reader->end;
    uint32_t left = reader->left[reader->depth - 1];
    bool map = reader->frame[reader->depth - 1] == SP_ETF_IN_MAP;
    /* The longest head of a term has five bytes. */
    for (; left > 0 && end - at >= 5; left--) {
        size_t length;
        switch (*at) {
        case SP_ETF_BINARY:
            length = 5 + ((size_t)at[1] << 24 | (size_t)at[2] << 16 | (size_t)at[3] << 8 | at[4]);
            break;
        case SP_ETF_SMALL_ATOM:
        case SP_ETF_SMALL_ATOM_UTF8:
            length = 2 + (size_t)at[1];
            break;
        case SP_ETF_ATOM:
        case SP_ETF_ATOM_UTF8:
            length = 3 + ((size_t)at[1] << 8 | at[2]);
            break;
        case SP_ETF_SMALL_INTEGER:
            length = 2;
            break;
        case SP_ETF_INTEGER:
            length = 5;
            break;
        case SP_ETF_SMALL_BIG:
            length = at[1] <= 8 && at[2] <= 1 && !(map && left % 2 == 0) ? 3 + (size_t)at[1] : SIZE_MAX;
            break;
        case SP_ETF_NIL:
            length = map && left % 2 == 0 ? SIZE_MAX : 1;
            break;
        default:
            length = SIZE_MAX;
            break;
        }
        if ((size_t)(end - at) < length)
            break;
        at += length;
    }
    reader->at = at;
    reader->left[reader->depth - 1] = left;
}

int sp_etf_reader_skip(sp_etf_reader *reader)
{
    sp_event event;
    size_t outside = reader->depth;
    int found;
    do {
        if (reader->depth > outside && reader->frame[reader->depth - 1] != SP_ETF_IN_CHARLIST)
            pass_simple(reader);
        found = sp_etf_reader_next(reader, &event);
    } while (found > 0 && reader->depth > outside);
    return found;
}
