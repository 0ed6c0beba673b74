/* Reads MessagePack as events. convert_msgpack.c and documents call it. */
#include "codec/read_msgpack.h"

#include "codec/number.h"

#include <math.h>
#include <string.h>

/*
 * The first byte of a value (MessagePack specification, "Formats"). Some tags hold a number or a length in their low
 * bits.
 */
enum tag {
    FIX_MAP = 0x80,
    FIX_ARRAY = 0x90,
    FIX_TEXT = 0xa0,
    NIL = 0xc0,
    NEVER = 0xc1,
    FALSE = 0xc2,
    TRUE = 0xc3,
    BINARY_8 = 0xc4, /* 16, 32 */
    EXT_8 = 0xc7,    /* 16, 32 */
    FLOAT_32 = 0xca,
    FLOAT_64 = 0xcb,
    UNSIGNED_8 = 0xcc, /* 16, 32, 64 */
    SIGNED_8 = 0xd0,   /* 16, 32, 64 */
    FIX_EXT_1 = 0xd4,  /* 2, 4, 8, 16 */
    TEXT_8 = 0xd9,     /* 16, 32 */
    ARRAY_16 = 0xdc,   /* 32 */
    MAP_16 = 0xde,     /* 32 */
    NEGATIVE = 0xe0
};

void sp_msgpack_reader_start(sp_msgpack_reader *reader, sp_slice document)
{
    static const uint8_t nothing[1] = {0};
    const uint8_t *bytes = document.bytes ? document.bytes : nothing;
    reader->start = reader->at = bytes;
    reader->end = bytes + document.length;
    reader->error = NULL;
    reader->depth = 0;
    reader->done = false;
}

/* The position of the mistake is event->at. */
static int refuse(sp_msgpack_reader *reader, const char *why)
{
    reader->error = why;
    return SPECTACLES_E_PROTO;
}

static int cut_off(sp_msgpack_reader *reader)
{
    return refuse(reader, "the document is cut off, or a length in it is too large");
}

/* ---- The one place that reads bytes ---- */

/* A big-endian number of 1, 2, 4 or 8 bytes. */
static bool take(sp_msgpack_reader *reader, size_t width, uint64_t *out)
{
    if ((size_t)(reader->end - reader->at) < width)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++)
        value = value << 8 | reader->at[i];
    reader->at += width;
    *out = value;
    return true;
}

/* ---- Scalars ---- */

static int integer(sp_event *event, int64_t value)
{
    event->type = SP_EVENT_INTEGER;
    event->as.integer = value;
    return 1;
}

static int natural(sp_msgpack_reader *reader, sp_event *event, size_t width)
{
    uint64_t value;
    if (!take(reader, width, &value))
        return cut_off(reader);
    event->type = value > INT64_MAX ? SP_EVENT_UNSIGNED : SP_EVENT_INTEGER;
    event->as.natural = value;
    return 1;
}

static int whole(sp_msgpack_reader *reader, sp_event *event, size_t width)
{
    uint64_t value;
    if (!take(reader, width, &value))
        return cut_off(reader);
    uint64_t sign = UINT64_C(1) << (8 * width - 1);
    return integer(event, (int64_t)((value ^ sign) - sign));
}

static int real(sp_msgpack_reader *reader, sp_event *event, double value)
{
    if (!isfinite(value))
        return refuse(reader, "a float is not finite");
    event->type = SP_EVENT_REAL;
    event->form = SP_FORM_NONE;
    event->as.real = value;
    return 1;
}

static int float_32(sp_msgpack_reader *reader, sp_event *event)
{
    uint64_t taken;
    float value;
    if (!take(reader, 4, &taken))
        return cut_off(reader);
    uint32_t bits = (uint32_t)taken;
    memcpy(&value, &bits, sizeof value);
    return real(reader, event, (double)value);
}

static int float_64(sp_msgpack_reader *reader, sp_event *event)
{
    uint64_t bits;
    double value;
    if (!take(reader, 8, &bits))
        return cut_off(reader);
    memcpy(&value, &bits, sizeof value);
    return real(reader, event, value);
}

static int text(sp_msgpack_reader *reader, sp_event *event, uint64_t length)
{
    if ((uint64_t)(reader->end - reader->at) < length)
        return cut_off(reader);
    event->type = SP_EVENT_TEXT;
    event->form = SP_FORM_UTF8;
    event->text = (sp_slice){reader->at, (size_t)length};
    reader->at += length;
    return 1;
}

static int counted_text(sp_msgpack_reader *reader, sp_event *event, size_t width)
{
    uint64_t length;
    return take(reader, width, &length) ? text(reader, event, length) : cut_off(reader);
}

static int simple(sp_event *event, enum sp_event_type type)
{
    event->type = type;
    return 1;
}

/* ---- Containers ---- */

/* Every element takes at least one byte: a count larger than the bytes that are left is refused. */
static int open_container(sp_msgpack_reader *reader, sp_event *event, bool map, uint64_t count)
{
    uint64_t left = map ? 2 * count : count;
    if (left > (uint64_t)(reader->end - reader->at))
        return cut_off(reader);
    if (reader->depth == SPECTACLES_DEPTH_MAX)
        return refuse(reader, "the document is nested too deep");
    reader->open[reader->depth].left = (size_t)left;
    reader->open[reader->depth++].map = map;
    event->type = map ? SP_EVENT_OBJECT : SP_EVENT_ARRAY;
    event->as.count = (size_t)count;
    return 1;
}

static int open_counted(sp_msgpack_reader *reader, sp_event *event, bool map, size_t width)
{
    uint64_t count;
    return take(reader, width, &count) ? open_container(reader, event, map, count) : cut_off(reader);
}

/* ---- Values ---- */

static int no_value(sp_msgpack_reader *reader, uint8_t tag)
{
    if (tag == NEVER)
        return refuse(reader, "a value begins with 0xc1, which MessagePack never uses");
    reader->error = "an extension of MessagePack (a timestamp is one) has no place in JSON";
    return SPECTACLES_E_UNSUPPORTED;
}

/* Tags with a number of 1, 2, 4 or 8 bytes behind them. The distance to the first tag of the kind tells the width. */
static int sized(sp_msgpack_reader *reader, sp_event *event, uint8_t tag)
{
    if (tag >= MAP_16)
        return open_counted(reader, event, true, (size_t)2 << (tag - MAP_16));
    if (tag >= ARRAY_16)
        return open_counted(reader, event, false, (size_t)2 << (tag - ARRAY_16));
    if (tag >= TEXT_8)
        return counted_text(reader, event, (size_t)1 << (tag - TEXT_8));
    if (tag >= FIX_EXT_1)
        return no_value(reader, tag);
    if (tag >= SIGNED_8)
        return whole(reader, event, (size_t)1 << (tag - SIGNED_8));
    if (tag >= UNSIGNED_8)
        return natural(reader, event, (size_t)1 << (tag - UNSIGNED_8));
    if (tag >= EXT_8)
        return no_value(reader, tag);
    return counted_text(reader, event, (size_t)1 << (tag - BINARY_8));
}

static int value(sp_msgpack_reader *reader, sp_event *event)
{
    event->at = reader->at;
    if (reader->at == reader->end)
        return cut_off(reader);
    uint8_t tag = *reader->at++;
    if (tag < FIX_MAP)
        return integer(event, tag);
    if (tag >= NEGATIVE)
        return integer(event, (int64_t)tag - 256);
    if (tag < FIX_ARRAY)
        return open_container(reader, event, true, tag - FIX_MAP);
    if (tag < FIX_TEXT)
        return open_container(reader, event, false, tag - FIX_ARRAY);
    if (tag < NIL)
        return text(reader, event, tag - FIX_TEXT);
    switch (tag) {
    case NIL:
        return simple(event, SP_EVENT_NULL);
    case NEVER:
        return no_value(reader, tag);
    case FALSE:
        return simple(event, SP_EVENT_FALSE);
    case TRUE:
        return simple(event, SP_EVENT_TRUE);
    case FLOAT_32:
        return float_32(reader, event);
    case FLOAT_64:
        return float_64(reader, event);
    default:
        return sized(reader, event, tag);
    }
}

/* Keys in JSON are texts. A key in MessagePack becomes one: a text as it is, a whole number in decimal. */
static int key(sp_msgpack_reader *reader, sp_event *event)
{
    int found = value(reader, event);
    if (found < 0)
        return found;
    if (event->type == SP_EVENT_INTEGER || event->type == SP_EVENT_UNSIGNED) {
        bool negative = event->type == SP_EVENT_INTEGER && event->as.integer < 0;
        reader->number[0] = '-';
        size_t length = sp_number_decimal(negative ? 0 - event->as.natural : event->as.natural,
                                          reader->number + negative);
        event->text = (sp_slice){(const uint8_t *)reader->number, length + negative};
        event->form = SP_FORM_CHECKED;
    } else if (event->type != SP_EVENT_TEXT) {
        return refuse(reader, "a map's key is neither text nor a whole number");
    }
    event->type = SP_EVENT_KEY;
    return 1;
}

int sp_msgpack_reader_next(sp_msgpack_reader *reader, sp_event *event)
{
    if (reader->depth > 0) {
        size_t top = reader->depth - 1;
        bool map = reader->open[top].map;
        size_t left = reader->open[top].left;
        if (left > 0) {
            reader->open[top].left--;
            return map && left % 2 == 0 ? key(reader, event) : value(reader, event);
        }
        event->at = reader->at;
        reader->depth--;
        return simple(event, map ? SP_EVENT_END_OBJECT : SP_EVENT_END_ARRAY);
    }
    event->at = reader->at;
    if (!reader->done) {
        reader->done = true;
        return value(reader, event);
    }
    return reader->at == reader->end ? 0 : refuse(reader, "something stands behind the document");
}
