/* Members of JSON objects that are read and written by name. Called by state and fleet, for what they store. */
#include "codec/fields.h"

#include <string.h>

bool sp_field_u64(sp_slice object, const char *key, uint64_t *out)
{
    sp_slice value;
    return sp_json_find(object, key, &value) == 1 && sp_json_u64(value, out) == SPECTACLES_OK;
}

bool sp_field_u64_or_null(sp_slice object, const char *key, uint64_t *out)
{
    sp_slice value;
    *out = 0;
    if (sp_json_find(object, key, &value) != 1)
        return false;
    return sp_json_type(value) == SP_JSON_NULL || sp_json_u64(value, out) == SPECTACLES_OK;
}

bool sp_field_text(sp_slice object, const char *key, char *out, size_t size)
{
    sp_slice value;
    return sp_json_find(object, key, &value) == 1 && sp_json_text(value, out, size) >= 0;
}

static bool find(sp_slice object, const char *key, enum sp_json_type type, sp_slice *out)
{
    return sp_json_find(object, key, out) == 1 && sp_json_type(*out) == type;
}

bool sp_field_array(sp_slice object, const char *key, sp_slice *out)
{
    return find(object, key, SP_JSON_ARRAY, out);
}

bool sp_field_object(sp_slice object, const char *key, sp_slice *out)
{
    return find(object, key, SP_JSON_OBJECT, out);
}

bool sp_field_each(sp_slice object, const char *key, bool (*read)(sp_slice each, void *out), void *out)
{
    size_t cursor = 0;
    sp_slice array;
    sp_slice each;
    if (!sp_field_array(object, key, &array))
        return false;
    while (sp_json_next(array, &cursor, NULL, &each)) {
        if (!read(each, out))
            return false;
    }
    return true;
}

bool sp_field_next_u64(sp_slice array, size_t *cursor, uint64_t *out)
{
    sp_slice value;
    return sp_json_next(array, cursor, NULL, &value) && sp_json_u64(value, out) == SPECTACLES_OK;
}

bool sp_field_next_u32(sp_slice array, size_t *cursor, uint32_t *out)
{
    uint64_t number;
    if (!sp_field_next_u64(array, cursor, &number) || number > UINT32_MAX)
        return false;
    *out = (uint32_t)number;
    return true;
}

void sp_field_write_number(sp_buffer *out, const char *key, uint64_t value)
{
    sp_buffer_text(out, key);
    sp_buffer_decimal(out, value);
}

void sp_field_write_text(sp_buffer *out, const char *key, const char *text)
{
    sp_buffer_text(out, key);
    if (text)
        sp_json_write_text(out, text, strlen(text));
    else
        sp_buffer_text(out, "null");
}
