/* Writes events as MessagePack. convert_msgpack.c calls it, also for the values of a document. */
#include "codec/write_msgpack.h"

#include "codec/convert_msgpack.h"
#include "codec/event_text.h"
#include "codec/number.h"

#include <math.h>
#include <string.h>

enum {
    EXACT_BITS = 53 /* of a double: JavaScript rounds larger whole numbers */
};

/* A container in the output, with room for the longest head. */
typedef struct head_place {
    size_t offset;
    size_t count;
    bool map;
} head_place;

/* ---- What the packer writes to ---- */

static int append(void *out, const char *bytes, size_t length)
{
    return sp_buffer_append(out, bytes, length);
}

typedef struct small_head {
    uint8_t *bytes;
    size_t length;
} small_head;

static int fill(void *head, const char *bytes, size_t length)
{
    small_head *to = head;
    if (length > SP_MSGPACK_HEAD - to->length)
        return -1;
    memcpy(to->bytes + to->length, bytes, length);
    to->length += length;
    return 0;
}

size_t sp_msgpack_text_head(uint8_t head[SP_MSGPACK_HEAD], size_t length)
{
    small_head to = {head, 0};
    msgpack_packer packer = {&to, fill};
    msgpack_pack_str(&packer, length);
    return to.length;
}

static size_t container_head(uint8_t head[SP_MSGPACK_HEAD], const head_place *place)
{
    small_head to = {head, 0};
    msgpack_packer packer = {&to, fill};
    if (place->map)
        msgpack_pack_map(&packer, place->count);
    else
        msgpack_pack_array(&packer, place->count);
    return to.length;
}

void sp_msgpack_writer_start(sp_msgpack_writer *writer, sp_buffer *out, sp_buffer *heads, bool quote_big)
{
    writer->out = out;
    writer->heads = heads;
    writer->quote_big = quote_big;
    writer->refusal = (sp_refusal){NULL, NULL};
    writer->depth = 0;
    msgpack_packer_init(&writer->packer, out, append);
    sp_buffer_clear(heads);
}

static int refuse(sp_msgpack_writer *writer, const char *why, const uint8_t *at)
{
    writer->refusal = (sp_refusal){why, at};
    return SPECTACLES_E_PROTO;
}

/* The packer fails only when its output has no memory. */
static int packed(int failed)
{
    return failed ? SPECTACLES_E_NOMEM : SPECTACLES_OK;
}

/* ---- Numbers ---- */

static int digits(sp_msgpack_writer *writer, bool negative, const void *text, size_t length)
{
    int failed = msgpack_pack_str(&writer->packer, length + negative);
    if (!failed && negative)
        failed = msgpack_pack_str_body(&writer->packer, "-", 1);
    return packed(failed ? failed : msgpack_pack_str_body(&writer->packer, text, length));
}

static int integer(sp_msgpack_writer *writer, const sp_event *event)
{
    char text[20];
    bool negative = event->type == SP_EVENT_INTEGER && event->as.integer < 0;
    uint64_t natural = negative ? 0 - event->as.natural : event->as.natural;
    if (writer->quote_big && natural > UINT64_C(1) << EXACT_BITS)
        return digits(writer, negative, text, sp_number_decimal(natural, text));
    return packed(negative ? msgpack_pack_int64(&writer->packer, event->as.integer)
                           : msgpack_pack_uint64(&writer->packer, natural));
}

/* MessagePack has no integer beyond 64 bits, and a float would round the number: it is written as a text. */
static int big(sp_msgpack_writer *writer, const sp_event *event)
{
    char text[SP_BIG_DIGITS_MAX];
    if (event->form == SP_FORM_DECIMAL)
        return digits(writer, false, event->text.bytes, event->text.length);
    return digits(writer, event->negative != 0, text, sp_number_digits(event->text, text));
}

static int real(sp_msgpack_writer *writer, const sp_event *event)
{
    double value = event->form == SP_FORM_DECIMAL ? sp_number_real(event->text) : event->as.real;
    if (!isfinite(value))
        return refuse(writer, "a number is too large for a float, and MessagePack has nothing larger",
                      event->at);
    return packed(msgpack_pack_double(&writer->packer, value));
}

/* ---- Text ---- */

/*
 * The length of a text is known when its escapes are resolved. Most texts have no escapes: the head is guessed, and the
 * text moved when the guess was wrong.
 */
static int text(sp_msgpack_writer *writer, const sp_event *event)
{
    uint8_t head[SP_MSGPACK_HEAD];
    size_t guess = sp_msgpack_text_head(head, event->text.length);
    uint8_t *to = sp_buffer_reserve(writer->out, guess + sp_event_text_room(event));
    if (!to)
        return SPECTACLES_E_NOMEM;
    const uint8_t *end = sp_event_text(event, to + guess, &writer->refusal);
    if (!end)
        return SPECTACLES_E_PROTO;
    size_t length = (size_t)(end - to) - guess;
    if (length > UINT32_MAX)
        return SPECTACLES_E_TOOBIG;
    size_t width = length == event->text.length ? guess : sp_msgpack_text_head(head, length);
    /* There is room for a longer head: sp_event_text_room() is more than the text needs. */
    if (width != guess)
        memmove(to + width, to + guess, length);
    memcpy(to, head, width);
    sp_buffer_grow(writer->out, width + length);
    return SPECTACLES_OK;
}

/* ---- Containers ---- */

static head_place *place_at(const sp_msgpack_writer *writer, size_t index)
{
    return (head_place *)(void *)(writer->heads->bytes + writer->heads->start) + index;
}

static int open_container(sp_msgpack_writer *writer, const sp_event *event)
{
    static const uint8_t room[SP_MSGPACK_HEAD] = {0};
    head_place place = {sp_buffer_length(writer->out), 0, event->type == SP_EVENT_OBJECT};
    if (writer->depth == SPECTACLES_DEPTH_MAX)
        return refuse(writer, "the value is nested too deep", event->at);
    writer->open[writer->depth++] = sp_buffer_length(writer->heads) / sizeof place;
    int error = sp_buffer_append(writer->heads, &place, sizeof place);
    return error ? error : sp_buffer_append(writer->out, room, sizeof room);
}

void sp_msgpack_writer_end(sp_msgpack_writer *writer)
{
    size_t count = sp_buffer_length(writer->heads) / sizeof(head_place);
    if (count == 0)
        return;
    uint8_t *bytes = writer->out->bytes + writer->out->start;
    size_t to = place_at(writer, 0)->offset;
    size_t end = sp_buffer_length(writer->out);
    for (size_t i = 0; i < count; i++) {
        const head_place *place = place_at(writer, i);
        size_t from = place->offset + SP_MSGPACK_HEAD;
        size_t next = i + 1 < count ? place_at(writer, i + 1)->offset : end;
        uint8_t head[SP_MSGPACK_HEAD];
        size_t width = container_head(head, place);
        memcpy(bytes + to, head, width);
        memmove(bytes + to + width, bytes + from, next - from);
        to += width + next - from;
    }
    sp_buffer_truncate(writer->out, to);
}

/* ---- Events ---- */

static int write(sp_msgpack_writer *writer, const sp_event *event)
{
    switch (event->type) {
    case SP_EVENT_NULL:
        return packed(msgpack_pack_nil(&writer->packer));
    case SP_EVENT_FALSE:
        return packed(msgpack_pack_false(&writer->packer));
    case SP_EVENT_TRUE:
        return packed(msgpack_pack_true(&writer->packer));
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
    case SP_EVENT_OBJECT:
        return open_container(writer, event);
    default:
        writer->depth--;
        return SPECTACLES_OK;
    }
}

/* Counts a value of the innermost container. */
static int count(const sp_msgpack_writer *writer)
{
    head_place *place = place_at(writer, writer->open[writer->depth - 1]);
    if (place->count == UINT32_MAX)
        return SPECTACLES_E_TOOBIG;
    place->count++;
    return SPECTACLES_OK;
}

int sp_msgpack_writer_take(sp_msgpack_writer *writer, const sp_event *event)
{
    bool ends = event->type == SP_EVENT_END_ARRAY || event->type == SP_EVENT_END_OBJECT;
    int error = writer->depth > 0 && !ends && event->type != SP_EVENT_KEY ? count(writer) : SPECTACLES_OK;
    return error ? error : write(writer, event);
}
