/* The values of a document: looking into them, building them, writing them. Called by owners only. */
#include "codec/convert_msgpack.h"
#include "codec/document.h"
#include "codec/etf.h"
#include "codec/format.h"
#include "codec/number.h"
#include "codec/transcode.h"
#include "codec/write_etf.h"
#include "codec/write_json.h"
#include "core/config.h"
#include "core/export.h"

#include <math.h>
#include <string.h>

/* ---- Looking ---- */

SPECTACLES_EXPORT uint32_t spectacles_value_type(const spectacles_value *value)
{
    if (!value)
        return SPECTACLES_VALUE_NONE;
    switch (value->type) {
    case SP_EVENT_NULL:
        return SPECTACLES_VALUE_NULL;
    case SP_EVENT_FALSE:
        return SPECTACLES_VALUE_FALSE;
    case SP_EVENT_TRUE:
        return SPECTACLES_VALUE_TRUE;
    case SP_EVENT_INTEGER:
    case SP_EVENT_UNSIGNED:
        return SPECTACLES_VALUE_INTEGER;
    case SP_EVENT_TEXT:
        return SPECTACLES_VALUE_TEXT;
    case SP_EVENT_ARRAY:
        return SPECTACLES_VALUE_ARRAY;
    case SP_EVENT_OBJECT:
        return SPECTACLES_VALUE_OBJECT;
    default:
        return SPECTACLES_VALUE_NUMBER;
    }
}

static bool is(const spectacles_value *value, enum sp_event_type type)
{
    return value && value->type == (uint8_t)type;
}

SPECTACLES_EXPORT int spectacles_value_is_true(const spectacles_value *value)
{
    return is(value, SP_EVENT_TRUE);
}

SPECTACLES_EXPORT int spectacles_value_int64(const spectacles_value *value, int64_t *out)
{
    if (is(value, SP_EVENT_UNSIGNED) || is(value, SP_EVENT_BIG))
        return SPECTACLES_E_TOOBIG;
    if (!is(value, SP_EVENT_INTEGER))
        return SPECTACLES_E_INVAL;
    *out = value->as.integer;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_value_uint64(const spectacles_value *value, uint64_t *out)
{
    if (is(value, SP_EVENT_BIG) || (is(value, SP_EVENT_INTEGER) && value->as.integer < 0))
        return SPECTACLES_E_TOOBIG;
    if (!is(value, SP_EVENT_INTEGER) && !is(value, SP_EVENT_UNSIGNED))
        return SPECTACLES_E_INVAL;
    *out = value->as.natural;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_value_double(const spectacles_value *value, double *out)
{
    double number;
    if (is(value, SP_EVENT_INTEGER))
        number = (double)value->as.integer;
    else if (is(value, SP_EVENT_UNSIGNED))
        number = (double)value->as.natural;
    else if (is(value, SP_EVENT_BIG) || is(value, SP_EVENT_REAL))
        number = sp_number_real((sp_slice){(const uint8_t *)value->as.text.chars, value->as.text.length});
    else
        return SPECTACLES_E_INVAL;
    if (!isfinite(number))
        return SPECTACLES_E_TOOBIG;
    *out = number;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_value_snowflake(const spectacles_value *value, uint64_t *out)
{
    if (!is(value, SP_EVENT_TEXT))
        return spectacles_value_uint64(value, out) ? SPECTACLES_E_INVAL : SPECTACLES_OK;
    sp_slice digits = {(const uint8_t *)value->as.text.chars, value->as.text.length};
    for (size_t i = 0; i < digits.length; i++) {
        if (digits.bytes[i] < '0' || digits.bytes[i] > '9')
            return SPECTACLES_E_INVAL;
    }
    return digits.length > 0 && sp_number_natural(digits, out) ? SPECTACLES_OK : SPECTACLES_E_INVAL;
}

SPECTACLES_EXPORT const char *spectacles_value_text(const spectacles_value *value, size_t *length)
{
    if (!is(value, SP_EVENT_TEXT) && !is(value, SP_EVENT_BIG) && !is(value, SP_EVENT_REAL))
        return NULL;
    if (length)
        *length = value->as.text.length;
    return value->as.text.chars;
}

static bool is_container(const spectacles_value *value)
{
    return is(value, SP_EVENT_ARRAY) || is(value, SP_EVENT_OBJECT);
}

SPECTACLES_EXPORT size_t spectacles_value_count(const spectacles_value *value)
{
    size_t count = 0;
    for (const spectacles_value *each = spectacles_value_first(value); each; each = each->next)
        count++;
    return count;
}

SPECTACLES_EXPORT spectacles_value *spectacles_value_first(const spectacles_value *container)
{
    return is_container(container) ? container->as.children.first : NULL;
}

SPECTACLES_EXPORT spectacles_value *spectacles_value_next(const spectacles_value *value)
{
    return value ? value->next : NULL;
}

SPECTACLES_EXPORT const char *spectacles_value_key(const spectacles_value *value, size_t *length)
{
    if (!value || !value->key)
        return NULL;
    if (length)
        *length = value->key_length;
    return value->key;
}

SPECTACLES_EXPORT spectacles_value *spectacles_value_member(const spectacles_value *object, const char *key,
                                                            size_t length)
{
    spectacles_value *found = NULL;
    if (!is(object, SP_EVENT_OBJECT))
        return NULL;
    for (spectacles_value *each = object->as.children.first; each; each = each->next) {
        if (each->key_length == length && (length == 0 || memcmp(each->key, key, length) == 0))
            found = each;
    }
    return found;
}

SPECTACLES_EXPORT spectacles_value *spectacles_value_get(const spectacles_value *object, const char *key)
{
    return spectacles_value_member(object, key, strlen(key));
}

SPECTACLES_EXPORT spectacles_value *spectacles_value_at(const spectacles_value *array, size_t index)
{
    spectacles_value *each = is(array, SP_EVENT_ARRAY) ? array->as.children.first : NULL;
    while (each && index-- > 0)
        each = each->next;
    return each;
}

/* ---- Writing ---- */

static int write_key(sp_event_taker to, const spectacles_value *value)
{
    sp_event event = {.type = SP_EVENT_KEY, .form = SP_FORM_CHECKED};
    event.text = (sp_slice){(const uint8_t *)value->key, value->key_length};
    return to.take(to.writer, &event);
}

static int write_one(sp_event_taker to, const spectacles_value *value)
{
    sp_event event = {.type = (enum sp_event_type)value->type};
    if (value->type == SP_EVENT_INTEGER || value->type == SP_EVENT_UNSIGNED)
        event.as.natural = value->as.natural;
    if (value->type == SP_EVENT_TEXT || value->type == SP_EVENT_BIG || value->type == SP_EVENT_REAL) {
        event.form = value->type == SP_EVENT_TEXT ? SP_FORM_CHECKED : SP_FORM_DECIMAL;
        event.text = (sp_slice){(const uint8_t *)value->as.text.chars, value->as.text.length};
    }
    return to.take(to.writer, &event);
}

static int write_end(sp_event_taker to, const spectacles_value *container)
{
    sp_event event = {.type = container->type == SP_EVENT_ARRAY ? SP_EVENT_END_ARRAY : SP_EVENT_END_OBJECT};
    return to.take(to.writer, &event);
}

/* Down to the first child, on to the next, up to the parent: the way back is in the values, not on a stack. */
int sp_value_events(const spectacles_value *root, sp_event_taker to)
{
    const spectacles_value *at = root;
    size_t depth = 0;
    for (;;) {
        int error = at->parent && at != root && at->parent->type == SP_EVENT_OBJECT ? write_key(to, at) : 0;
        error = error ? error : write_one(to, at);
        if (error)
            return error;
        if (is_container(at) && depth == SPECTACLES_DEPTH_MAX)
            return SPECTACLES_E_TOOBIG;
        if (is_container(at) && at->as.children.first) {
            at = at->as.children.first;
            depth++;
            continue;
        }
        if (is_container(at) && (error = write_end(to, at)))
            return error;
        while (at != root && !at->next) {
            at = at->parent;
            depth--;
            if ((error = write_end(to, at)))
                return error;
        }
        if (at == root)
            return SPECTACLES_OK;
        at = at->next;
    }
}

static int take_json(void *writer, const sp_event *event)
{
    return sp_json_writer_take(writer, event);
}

static int take_etf(void *writer, const sp_event *event)
{
    return sp_etf_writer_take(writer, event);
}

static int write_json(const spectacles_value *value, spectacles_bytes *out, const char **why)
{
    sp_json_writer writer = {.out = &out->content};
    int error = sp_value_events(value, (sp_event_taker){&writer, take_json});
    *why = writer.refusal.text;
    return error;
}

static int write_etf(const spectacles_value *value, spectacles_bytes *out, const char **why)
{
    sp_etf_writer writer;
    sp_etf_writer_start(&writer, &out->content, &out->keys);
    int error = sp_buffer_u8(&out->content, SP_ETF_VERSION);
    error = error ? error : sp_value_events(value, (sp_event_taker){&writer, take_etf});
    *why = writer.refusal.text;
    return error;
}

/* JSON inside a MessagePack text: room for the head of the text comes first. */
static int write_wrapped(const spectacles_value *value, spectacles_bytes *out, const char **why)
{
    static const uint8_t room[SP_MSGPACK_HEAD];
    int error = sp_buffer_append(&out->content, room, sizeof room);
    error = error ? error : write_json(value, out, why);
    return error ? error : sp_msgpack_wrap(&out->content, 0, NULL);
}

static int write_value(const spectacles_value *value, uint32_t format, spectacles_bytes *out,
                       const char **why)
{
    switch (format) {
    case SPECTACLES_FORMAT_JSON:
        return write_json(value, out, why);
    case SPECTACLES_FORMAT_ETF:
        return write_etf(value, out, why);
    case SPECTACLES_FORMAT_MSGPACK:
        return sp_msgpack_write_value(value, &out->content, &out->keys, why);
    default:
        return write_wrapped(value, out, why);
    }
}

static int explain(int error, const char *why, spectacles_problem *problem)
{
    if (error == SPECTACLES_E_PROTO)
        return sp_refuse(problem, error, why);
    return sp_refuse(problem, error,
                     error == SPECTACLES_E_NOMEM ? "out of memory"
                                                 : "the value is too large or nested too deep");
}

SPECTACLES_EXPORT int spectacles_value_write(const spectacles_value *value, uint32_t format,
                                             spectacles_bytes *out, spectacles_problem *problem)
{
    const char *why = NULL;
    sp_buffer_clear(&out->content);
    sp_buffer_clear(&out->keys);
    if (!value)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "there is no value");
    int error = sp_format_check(format, problem);
    if (error)
        return error;
    error = write_value(value, format, out, &why);
    return sp_bytes_end(out, error ? explain(error, why, problem) : error, problem);
}
