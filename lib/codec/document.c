/*
 * Documents: the memory of their values, reading bytes into values, building values. value.c looks into values,
 * write_value.c writes them. Owners call all three.
 */
#include "codec/document.h"

#include "codec/event_text.h"
#include "codec/format.h"
#include "codec/number.h"
#include "codec/read_etf.h"
#include "codec/read_json.h"
#include "codec/read_msgpack.h"
#include "core/config.h"
#include "core/export.h"

#include <stdlib.h>
#include <string.h>

enum {
    CHUNK_FIRST = 4096,
    CHUNK_MAX = 1 << 20
};

/* ---- Memory ---- */

static sp_chunk *add_chunk(spectacles_document *document, size_t min)
{
    size_t size = document->chunks ? document->chunks->size * 2 : CHUNK_FIRST;
    size = size > CHUNK_MAX ? CHUNK_MAX : size;
    size = size < min ? min : size;
    sp_chunk *chunk = size > SIZE_MAX - sizeof *chunk ? NULL : malloc(sizeof *chunk + size);
    if (!chunk)
        return NULL;
    *chunk = (sp_chunk){.next = document->chunks, .size = size, .used = 0};
    document->chunks = chunk;
    return chunk;
}

void *sp_document_room(spectacles_document *document, size_t size, size_t alignment)
{
    sp_chunk *chunk = document->chunks;
    size_t padding = chunk ? (0 - chunk->used) & (alignment - 1) : 0;
    if (!chunk || chunk->size - chunk->used < padding || chunk->size - chunk->used - padding < size) {
        chunk = add_chunk(document, size);
        padding = 0;
    }
    if (!chunk)
        return NULL;
    uint8_t *room = (uint8_t *)chunk->bytes + chunk->used + padding;
    chunk->used += padding + size;
    return room;
}

static void free_chunks(sp_chunk *chunk)
{
    while (chunk) {
        sp_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
}

spectacles_value *sp_document_value(spectacles_document *document, enum sp_event_type type)
{
    spectacles_value *value = sp_document_room(document, sizeof *value, _Alignof(spectacles_value));
    if (value)
        *value = (spectacles_value){.document = document, .type = (uint8_t)type};
    return value;
}

void sp_value_attach(spectacles_value *container, spectacles_value *value)
{
    if (container->as.children.last)
        container->as.children.last->next = value;
    else
        container->as.children.first = value;
    container->as.children.last = value;
    value->parent = container;
    value->next = NULL;
}

/* ---- Reading ---- */

typedef struct builder {
    spectacles_document *document;
    spectacles_value *container; /* the innermost one that is open */
    const char *key;             /* of the next value, which is a member of an object */
    uint32_t key_length;
    sp_refusal refusal;
} builder;

/*
 * Copies a text into the document. Room that the text did not need is given back: it is still the last that was taken.
 */
static const char *copy_text(builder *build, const sp_event *event, size_t *length)
{
    size_t wanted = sp_event_text_room(event) + 1;
    uint8_t *room = sp_document_room(build->document, wanted, 1);
    if (!room)
        return NULL;
    uint8_t *end = sp_event_text(event, room, &build->refusal);
    if (!end)
        return NULL;
    *end = '\0';
    *length = (size_t)(end - room);
    build->document->chunks->used -= wanted - *length - 1;
    return (const char *)room;
}

static int failed(const builder *build)
{
    return build->refusal.text ? SPECTACLES_E_PROTO : SPECTACLES_E_NOMEM;
}

static int take_key(builder *build, const sp_event *event)
{
    size_t length;
    build->key = copy_text(build, event, &length);
    if (!build->key)
        return failed(build);
    if (length > UINT32_MAX)
        return SPECTACLES_E_TOOBIG;
    build->key_length = (uint32_t)length;
    return SPECTACLES_OK;
}

/* Keeps a number as text: one that fits neither int64_t nor uint64_t. */
static int take_digits(builder *build, const sp_event *event, spectacles_value *value)
{
    char digits[1 + SP_BIG_DIGITS_MAX];
    sp_event decimal = *event;
    decimal.form = SP_FORM_UTF8;
    if (event->form == SP_FORM_NONE)
        decimal.text = (sp_slice){(const uint8_t *)digits, sp_number_print(event->as.real, digits)};
    if (event->form == SP_FORM_BINARY) {
        digits[0] = '-';
        size_t count = sp_number_digits(event->text, digits + 1);
        decimal.text =
            (sp_slice){(const uint8_t *)digits + !event->negative, count + (event->negative ? 1 : 0)};
    }
    value->as.text.chars = copy_text(build, &decimal, &value->as.text.length);
    return value->as.text.chars ? SPECTACLES_OK : failed(build);
}

static int fill(builder *build, const sp_event *event, spectacles_value *value)
{
    switch (event->type) {
    case SP_EVENT_INTEGER:
    case SP_EVENT_UNSIGNED:
        value->as.natural = event->as.natural;
        return SPECTACLES_OK;
    case SP_EVENT_REAL:
    case SP_EVENT_BIG:
        return take_digits(build, event, value);
    case SP_EVENT_TEXT:
        value->as.text.chars = copy_text(build, event, &value->as.text.length);
        return value->as.text.chars ? SPECTACLES_OK : failed(build);
    default:
        return SPECTACLES_OK;
    }
}

static int take_value(builder *build, const sp_event *event)
{
    spectacles_value *value = sp_document_value(build->document, event->type);
    int error = value ? fill(build, event, value) : SPECTACLES_E_NOMEM;
    if (error)
        return error;
    value->key = build->key;
    value->key_length = build->key_length;
    build->key = NULL;
    build->key_length = 0;
    if (build->container)
        sp_value_attach(build->container, value);
    else
        build->document->root = value;
    if (event->type == SP_EVENT_ARRAY || event->type == SP_EVENT_OBJECT)
        build->container = value;
    return SPECTACLES_OK;
}

static int take(builder *build, const sp_event *event)
{
    if (event->type == SP_EVENT_KEY)
        return take_key(build, event);
    if (event->type != SP_EVENT_END_ARRAY && event->type != SP_EVENT_END_OBJECT)
        return take_value(build, event);
    build->container = build->container->parent;
    return SPECTACLES_OK;
}

static int explain(const builder *build, int error, const uint8_t *start, spectacles_problem *problem)
{
    if (error == SPECTACLES_E_PROTO)
        return sp_refuse_at(problem, error, build->refusal.text, (size_t)(build->refusal.at - start));
    return sp_refuse(problem, error, spectacles_strerror(error));
}

static int read_json(builder *build, bool replace, sp_slice text, spectacles_problem *problem)
{
    sp_json_reader reader;
    sp_event event;
    int found;
    sp_json_reader_start(&reader, text, replace);
    while ((found = sp_json_reader_next(&reader, &event)) > 0) {
        int error = take(build, &event);
        if (error)
            return explain(build, error, reader.scanner.start, problem);
    }
    return found < 0 ? sp_scanner_problem(&reader.scanner, problem) : SPECTACLES_OK;
}

static int read_etf(builder *build, sp_slice term, spectacles_problem *problem)
{
    sp_etf_reader reader;
    sp_event event;
    int found;
    sp_etf_reader_start(&reader, term);
    while ((found = sp_etf_reader_next(&reader, &event)) > 0) {
        int error = take(build, &event);
        if (error)
            return explain(build, error, reader.start, problem);
    }
    return found < 0 ? sp_refuse_at(problem, found, reader.error, (size_t)(event.at - reader.start))
                     : SPECTACLES_OK;
}

static int read_msgpack(builder *build, sp_slice document, spectacles_problem *problem)
{
    sp_msgpack_reader reader;
    sp_event event;
    int found;
    sp_msgpack_reader_start(&reader, document);
    while ((found = sp_msgpack_reader_next(&reader, &event)) > 0) {
        int error = take(build, &event);
        if (error)
            return explain(build, error, reader.start, problem);
    }
    return found < 0 ? sp_refuse_at(problem, found, reader.error, (size_t)(event.at - reader.start))
                     : SPECTACLES_OK;
}

static int read_wrapped(builder *build, bool replace, sp_slice document, spectacles_problem *problem)
{
    const uint8_t *start = document.bytes;
    int error = sp_format_unwrap(&document, problem);
    if (error)
        return error;
    error = read_json(build, replace, document, problem);
    if (error && problem)
        problem->position += (size_t)(document.bytes - start);
    return error;
}

static int read_document(builder *build, uint32_t format, bool replace, sp_slice input,
                         spectacles_problem *problem)
{
    switch (format) {
    case SPECTACLES_FORMAT_JSON:
        return read_json(build, replace, input, problem);
    case SPECTACLES_FORMAT_ETF:
        return read_etf(build, input, problem);
    case SPECTACLES_FORMAT_MSGPACK:
        return read_msgpack(build, input, problem);
    default:
        return read_wrapped(build, replace, input, problem);
    }
}

SPECTACLES_EXPORT int spectacles_document_parse(spectacles_document *document, uint32_t format,
                                                uint32_t flags, const uint8_t *bytes, size_t length,
                                                spectacles_problem *problem)
{
    builder build = {.document = document};
    sp_slice input = {bytes, length};
    spectacles_document_clear(document);
    if (flags & ~(uint32_t)SPECTACLES_REPLACE_SURROGATES)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "flags has a bit that this version does not know");
    int error = sp_format_resolve(&format, input, problem);
    if (error == SPECTACLES_OK)
        error = read_document(&build, format, flags & SPECTACLES_REPLACE_SURROGATES, input, problem);
    if (error)
        spectacles_document_clear(document);
    return error;
}

/* ---- The handle ---- */

SPECTACLES_EXPORT int spectacles_document_new(spectacles_document **out)
{
    spectacles_document *document = calloc(1, sizeof *document);
    if (!document)
        return SPECTACLES_E_NOMEM;
    *out = document;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT void spectacles_document_free(spectacles_document *document)
{
    if (!document)
        return;
    free_chunks(document->chunks);
    free(document);
}

SPECTACLES_EXPORT void spectacles_document_clear(spectacles_document *document)
{
    document->root = NULL;
    if (!document->chunks)
        return;
    free_chunks(document->chunks->next);
    document->chunks->next = NULL;
    document->chunks->used = 0;
}

SPECTACLES_EXPORT spectacles_value *spectacles_document_root(const spectacles_document *document)
{
    return document->root;
}

SPECTACLES_EXPORT int spectacles_document_set_root(spectacles_document *document, spectacles_value *value)
{
    if (!value || value->document != document || value->parent)
        return SPECTACLES_E_INVAL;
    document->root = value;
    return SPECTACLES_OK;
}

/* ---- Building ---- */

/* Hands out a new value, or reports that memory ran out. */
static int made(spectacles_value *value, spectacles_value **out)
{
    if (!value)
        return SPECTACLES_E_NOMEM;
    *out = value;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_document_null(spectacles_document *document, spectacles_value **out)
{
    return made(sp_document_value(document, SP_EVENT_NULL), out);
}

SPECTACLES_EXPORT int spectacles_document_bool(spectacles_document *document, int truth,
                                               spectacles_value **out)
{
    return made(sp_document_value(document, truth ? SP_EVENT_TRUE : SP_EVENT_FALSE), out);
}

SPECTACLES_EXPORT int spectacles_document_int64(spectacles_document *document, int64_t number,
                                                spectacles_value **out)
{
    spectacles_value *value = sp_document_value(document, SP_EVENT_INTEGER);
    if (value)
        value->as.integer = number;
    return made(value, out);
}

SPECTACLES_EXPORT int spectacles_document_uint64(spectacles_document *document, uint64_t number,
                                                 spectacles_value **out)
{
    spectacles_value *value =
        sp_document_value(document, number > INT64_MAX ? SP_EVENT_UNSIGNED : SP_EVENT_INTEGER);
    if (value)
        value->as.natural = number;
    return made(value, out);
}

SPECTACLES_EXPORT int spectacles_document_array(spectacles_document *document, spectacles_value **out)
{
    return made(sp_document_value(document, SP_EVENT_ARRAY), out);
}

SPECTACLES_EXPORT int spectacles_document_object(spectacles_document *document, spectacles_value **out)
{
    return made(sp_document_value(document, SP_EVENT_OBJECT), out);
}

SPECTACLES_EXPORT int spectacles_document_double(spectacles_document *document, double number,
                                                 spectacles_value **out)
{
    char chars[SP_REAL_CHARS];
    if (number - number != 0)
        return SPECTACLES_E_INVAL;
    return spectacles_document_number(document, chars, sp_number_print(number, chars), out);
}

static int build_from(spectacles_document *document, const sp_event *event, spectacles_value **out)
{
    builder build = {.document = document};
    spectacles_value *value = sp_document_value(document, event->type);
    int error = value ? fill(&build, event, value) : SPECTACLES_E_NOMEM;
    if (error)
        return error == SPECTACLES_E_PROTO ? SPECTACLES_E_INVAL : error;
    return made(value, out);
}

SPECTACLES_EXPORT int spectacles_document_number(spectacles_document *document, const char *text,
                                                 size_t length, spectacles_value **out)
{
    sp_json_reader reader;
    sp_event event;
    sp_event end;
    sp_json_reader_start(&reader, (sp_slice){(const uint8_t *)text, length}, false);
    if (sp_json_reader_next(&reader, &event) != 1 || sp_json_reader_next(&reader, &end) != 0 ||
        event.type < SP_EVENT_INTEGER || event.type > SP_EVENT_REAL)
        return SPECTACLES_E_INVAL;
    return build_from(document, &event, out);
}

SPECTACLES_EXPORT int spectacles_document_text(spectacles_document *document, const char *text, size_t length,
                                               spectacles_value **out)
{
    sp_event event = {.type = SP_EVENT_TEXT, .form = SP_FORM_UTF8, .text = {(const uint8_t *)text, length}};
    return build_from(document, &event, out);
}

static bool may_attach(const spectacles_value *container, const spectacles_value *value)
{
    if (!value || value->document != container->document || value->parent || value == value->document->root)
        return false;
    for (const spectacles_value *at = container; at; at = at->parent) {
        if (at == value)
            return false;
    }
    return true;
}

SPECTACLES_EXPORT int spectacles_value_append(spectacles_value *array, spectacles_value *value)
{
    if (!array || array->type != SP_EVENT_ARRAY || !may_attach(array, value))
        return SPECTACLES_E_INVAL;
    sp_value_attach(array, value);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_value_set(spectacles_value *object, const char *key, size_t length,
                                           spectacles_value *value)
{
    if (!object || object->type != SP_EVENT_OBJECT || !may_attach(object, value) || length > UINT32_MAX)
        return SPECTACLES_E_INVAL;
    builder build = {.document = object->document};
    sp_event event = {.type = SP_EVENT_KEY, .form = SP_FORM_UTF8, .text = {(const uint8_t *)key, length}};
    int error = take_key(&build, &event);
    if (error)
        return error == SPECTACLES_E_PROTO ? SPECTACLES_E_INVAL : error;
    spectacles_value *old;
    while ((old = spectacles_value_member(object, key, length)))
        spectacles_value_detach(old);
    value->key = build.key;
    value->key_length = build.key_length;
    sp_value_attach(object, value);
    return SPECTACLES_OK;
}

static void unlink_from(spectacles_value *parent, const spectacles_value *value)
{
    spectacles_value *before = NULL;
    for (spectacles_value *at = parent->as.children.first; at != value; at = at->next)
        before = at;
    if (before)
        before->next = value->next;
    else
        parent->as.children.first = value->next;
    if (parent->as.children.last == value)
        parent->as.children.last = before;
}

SPECTACLES_EXPORT void spectacles_value_detach(spectacles_value *value)
{
    if (!value)
        return;
    if (value->parent)
        unlink_from(value->parent, value);
    else if (value->document->root == value)
        value->document->root = NULL;
    value->parent = NULL;
    value->next = NULL;
    value->key = NULL;
}
