/*
 * Writes events as ETF. transcode.c and convert_msgpack.c call it with the events of a reader, write_value.c with those
 * of a document.
 */
#include "codec/write_etf.h"

#include "codec/etf.h"
#include "codec/event_text.h"
#include "codec/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEADER = 5 /* a tag and a count */
};

/* A key in the output. */
typedef struct key_place {
    size_t offset;
    uint32_t length;
    uint32_t hash; /* of the key's bytes; its highest bits differ for most other keys */
} key_place;

void sp_etf_writer_start(sp_etf_writer *writer, sp_buffer *out, sp_buffer *keys)
{
    writer->out = out;
    writer->keys = keys;
    writer->refusal = (sp_refusal){NULL, NULL};
    writer->depth = 0;
}

static int refuse(sp_etf_writer *writer, const char *why, const uint8_t *at)
{
    writer->refusal = (sp_refusal){why, at};
    return SPECTACLES_E_PROTO;
}

static inline uint8_t *room(sp_buffer *out, size_t length)
{
    return out->capacity - out->end >= length && out->bytes ? out->bytes + out->end
                                                            : sp_buffer_reserve(out, length);
}

static inline int append(sp_buffer *out, const void *bytes, size_t length)
{
    uint8_t *to = room(out, length);
    if (!to)
        return SPECTACLES_E_NOMEM;
    if (length)
        memcpy(to, bytes, length);
    out->end += length;
    return SPECTACLES_OK;
}

static inline int put(sp_etf_writer *writer, const void *bytes, size_t length)
{
    return append(writer->out, bytes, length);
}

static void store32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static int put_counted(sp_etf_writer *writer, uint8_t tag, uint32_t count)
{
    uint8_t header[HEADER] = {tag};
    store32(header + 1, count);
    return put(writer, header, sizeof header);
}

/* ---- Numbers ---- */

static int put_big(sp_etf_writer *writer, bool negative, const uint8_t *magnitude, size_t length)
{
    uint8_t header[6] = {SP_ETF_SMALL_BIG, (uint8_t)length, negative};
    size_t width = 3;
    if (length > 255) {
        header[0] = SP_ETF_LARGE_BIG;
        store32(header + 1, (uint32_t)length);
        header[5] = negative;
        width = 6;
    }
    int error = put(writer, header, width);
    return error ? error : put(writer, magnitude, length);
}

static int integer(sp_etf_writer *writer, const sp_event *event)
{
    bool negative = event->type == SP_EVENT_INTEGER && event->as.integer < 0;
    uint64_t natural = negative ? 0 - event->as.natural : event->as.natural;
    if (!negative && natural < 256) {
        uint8_t small[2] = {SP_ETF_SMALL_INTEGER, (uint8_t)natural};
        return put(writer, small, sizeof small);
    }
    if (natural <= (uint64_t)INT32_MAX + negative)
        return put_counted(writer, SP_ETF_INTEGER, (uint32_t)event->as.natural);
    uint8_t magnitude[8];
    size_t length = 0;
    for (; natural; natural >>= 8)
        magnitude[length++] = (uint8_t)natural;
    return put_big(writer, negative, magnitude, length);
}

static int big(sp_etf_writer *writer, const sp_event *event)
{
    uint8_t magnitude[SP_BIG_BYTES_MAX];
    if (event->form == SP_FORM_BINARY)
        return put_big(writer, event->negative, event->text.bytes, event->text.length);
    bool negative = event->text.bytes[0] == '-';
    sp_slice digits = {event->text.bytes + negative, event->text.length - negative};
    size_t length = sp_number_magnitude(digits, magnitude);
    if (length == 0)
        return refuse(writer, "a whole number is too long for ETF (more than 2466 digits)", event->at);
    return put_big(writer, negative, magnitude, length);
}

static int real(sp_etf_writer *writer, const sp_event *event)
{
    double value = event->form == SP_FORM_DECIMAL ? sp_number_real(event->text) : event->as.real;
    uint64_t bits;
    if (!isfinite(value))
        return refuse(writer, "a number is too large for a float, and ETF has nothing larger", event->at);
    memcpy(&bits, &value, sizeof bits);
    uint8_t term[9] = {SP_ETF_NEW_FLOAT};
    for (int i = 0; i < 8; i++)
        term[1 + i] = (uint8_t)(bits >> (56 - 8 * i));
    return put(writer, term, sizeof term);
}

/* ---- Text ---- */

static int text(sp_etf_writer *writer, const sp_event *event)
{
    uint8_t *header = room(writer->out, HEADER + sp_event_text_room(event));
    if (!header)
        return SPECTACLES_E_NOMEM;
    uint8_t *end = sp_event_text(event, header + HEADER, &writer->refusal);
    if (!end)
        return SPECTACLES_E_PROTO;
    size_t length = (size_t)(end - header) - HEADER;
    if (length > UINT32_MAX)
        return SPECTACLES_E_TOOBIG;
    header[0] = SP_ETF_BINARY;
    store32(header + 1, (uint32_t)length);
    writer->out->end += HEADER + length;
    return SPECTACLES_OK;
}

static const uint8_t atom_nil[] = {SP_ETF_SMALL_ATOM, 3, 'n', 'i', 'l'};
static const uint8_t atom_false[] = {SP_ETF_SMALL_ATOM, 5, 'f', 'a', 'l', 's', 'e'};
static const uint8_t atom_true[] = {SP_ETF_SMALL_ATOM, 4, 't', 'r', 'u', 'e'};

/* ---- Keys ---- */

static const uint8_t *key_bytes(const sp_etf_writer *writer, const key_place *place)
{
    return writer->out->bytes + writer->out->start + place->offset;
}

static uint32_t hash_of(const uint8_t *bytes, uint32_t length)
{
    uint32_t first = 0;
    uint32_t last = 0;
    if (length >= 4) {
        memcpy(&first, bytes, 4);
        memcpy(&last, bytes + length - 4, 4);
    } else {
        for (uint32_t i = 0; i < length; i++)
            last = last << 8 | bytes[i];
    }
    return (first * 0x85ebca6bu ^ last) * 0x9e3779b1u + length;
}

static int key(sp_etf_writer *writer, const sp_event *event)
{
    size_t before = writer->out->end - writer->out->start;
    int error = text(writer, event);
    if (error)
        return error;
    uint32_t length = (uint32_t)(writer->out->end - writer->out->start - before - HEADER);
    key_place place = {before + HEADER, length, 0};
    place.hash = hash_of(key_bytes(writer, &place), length);
    return append(writer->keys, &place, sizeof place);
}

/* qsort() gives its comparison only the elements, so that each element has a pointer to its bytes. */
typedef struct sort_key {
    const uint8_t *bytes;
    size_t length;
} sort_key;

static int compare(const void *a, const void *b)
{
    const sort_key *one = a;
    const sort_key *two = b;
    if (one->length != two->length)
        return one->length < two->length ? -1 : 1;
    return one->length ? memcmp(one->bytes, two->bytes, one->length) : 0;
}

static bool same(const sp_etf_writer *writer, const key_place *one, const key_place *two)
{
    return one->hash == two->hash && one->length == two->length &&
           memcmp(key_bytes(writer, one), key_bytes(writer, two), one->length) == 0;
}

enum {
    FEW = 48 /* up to 48 keys are compared with each other; more are sorted, so that no input is slow */
};

static bool equals_an_earlier_one(const sp_etf_writer *writer, const key_place *keys, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (same(writer, &keys[i], &keys[j]))
            return true;
    }
    return false;
}

/* The hash of each key chooses one of 256 bits. Only keys with the same bit are compared. */
static bool repeats_among_few(const sp_etf_writer *writer, const key_place *keys, size_t count)
{
    uint64_t taken[4] = {0};
    for (size_t i = 0; i < count; i++) {
        uint32_t high = keys[i].hash >> 24;
        uint64_t bit = UINT64_C(1) << high % 64;
        if (taken[high / 64] & bit && equals_an_earlier_one(writer, keys, i))
            return true;
        taken[high / 64] |= bit;
    }
    return false;
}

static int repeats_among_many(const sp_etf_writer *writer, const key_place *keys, size_t count, bool *repeat)
{
    sort_key *sorted = count <= SIZE_MAX / sizeof *sorted ? malloc(count * sizeof *sorted) : NULL;
    if (!sorted)
        return SPECTACLES_E_NOMEM;
    for (size_t i = 0; i < count; i++)
        sorted[i] = (sort_key){key_bytes(writer, &keys[i]), keys[i].length};
    qsort(sorted, count, sizeof *sorted, compare);
    *repeat = false;
    for (size_t i = 1; i < count; i++)
        *repeat |= compare(&sorted[i - 1], &sorted[i]) == 0;
    free(sorted);
    return SPECTACLES_OK;
}

static int check_keys(sp_etf_writer *writer, const sp_event *event, size_t first)
{
    sp_slice all = sp_buffer_slice(writer->keys);
    if (all.length == first)
        return SPECTACLES_OK;
    const key_place *keys = (const key_place *)(const void *)(all.bytes + first);
    size_t count = (all.length - first) / sizeof *keys;
    bool repeat = false;
    int error = SPECTACLES_OK;
    if (count <= FEW)
        repeat = count > 1 && repeats_among_few(writer, keys, count);
    else
        error = repeats_among_many(writer, keys, count, &repeat);
    sp_buffer_truncate(writer->keys, first);
    if (repeat)
        return refuse(writer, "an object that ends here has a key twice: Erlang's maps have each once",
                      event->at);
    return error;
}

/* ---- Containers ---- */

static int open_container(sp_etf_writer *writer, const sp_event *event)
{
    if (writer->depth == SPECTACLES_DEPTH_MAX)
        return refuse(writer, "the value is nested too deep", event->at);
    writer->open[writer->depth].header = sp_buffer_length(writer->out);
    writer->open[writer->depth].keys = sp_buffer_length(writer->keys);
    writer->open[writer->depth++].count = 0;
    return put_counted(writer, event->type == SP_EVENT_OBJECT ? SP_ETF_MAP : SP_ETF_LIST, 0);
}

static int close_container(sp_etf_writer *writer, const sp_event *event)
{
    static const uint8_t nil = SP_ETF_NIL;
    writer->depth--;
    size_t header = writer->open[writer->depth].header;
    uint32_t count = writer->open[writer->depth].count;
    store32(writer->out->bytes + writer->out->start + header + 1, count);
    if (event->type == SP_EVENT_END_OBJECT)
        return check_keys(writer, event, writer->open[writer->depth].keys);
    if (count == 0)
        sp_buffer_truncate(writer->out, header);
    return put(writer, &nil, 1);
}

static int write(sp_etf_writer *writer, const sp_event *event)
{
    switch (event->type) {
    case SP_EVENT_NULL:
        return put(writer, atom_nil, sizeof atom_nil);
    case SP_EVENT_FALSE:
        return put(writer, atom_false, sizeof atom_false);
    case SP_EVENT_TRUE:
        return put(writer, atom_true, sizeof atom_true);
    case SP_EVENT_INTEGER:
    case SP_EVENT_UNSIGNED:
        return integer(writer, event);
    case SP_EVENT_BIG:
        return big(writer, event);
    case SP_EVENT_REAL:
        return real(writer, event);
    case SP_EVENT_TEXT:
        return text(writer, event);
    case SP_EVENT_KEY:
        return key(writer, event);
    case SP_EVENT_ARRAY:
    case SP_EVENT_OBJECT:
        return open_container(writer, event);
    default:
        return close_container(writer, event);
    }
}

int sp_etf_writer_take(sp_etf_writer *writer, const sp_event *event)
{
    bool ends = event->type == SP_EVENT_END_ARRAY || event->type == SP_EVENT_END_OBJECT;
    if (writer->depth > 0 && !ends && event->type != SP_EVENT_KEY) {
        uint32_t *count = &writer->open[writer->depth - 1].count;
        if (*count == UINT32_MAX)
            return SPECTACLES_E_TOOBIG;
        ++*count;
    }
    return write(writer, event);
}
