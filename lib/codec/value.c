/* Looks into the values of a document (document.c builds them, write_value.c writes them). Owners call it. */
#include "codec/document.h"
#include "codec/number.h"
#include "core/export.h"

#include <math.h>
#include <string.h>

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

SPECTACLES_EXPORT size_t spectacles_value_count(const spectacles_value *value)
{
    size_t count = 0;
    for (const spectacles_value *each = spectacles_value_first(value); each; each = each->next)
        count++;
    return count;
}

SPECTACLES_EXPORT spectacles_value *spectacles_value_first(const spectacles_value *container)
{
    return container && sp_value_is_container(container) ? container->as.children.first : NULL;
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
