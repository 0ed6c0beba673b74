/*
 * Values of JavaScript: options that are read, and what calls give back. Every file with functions of the addon
 * calls it.
 */
#include "values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct block {
    block *next;
    char bytes[];
};

void given_free(given *self)
{
    for (block *each = self->blocks, *next; each; each = next) {
        next = each->next;
        free(each);
    }
    self->blocks = NULL;
}

static void *wrong(given *self, const char *name, const char *what)
{
    char sentence[256];
    snprintf(sentence, sizeof sentence, "%s %s", name, what);
    if (!self->is_wrong)
        fail(self->env, SPECTACLES_E_INVAL, sentence);
    self->is_wrong = true;
    return NULL;
}

void *given_take(given *self, size_t size)
{
    block *made = self->is_wrong || size > SIZE_MAX - sizeof *made ? NULL : calloc(1, sizeof *made + size);
    if (!made) {
        if (!self->is_wrong)
            fail(self->env, SPECTACLES_E_NOMEM, NULL);
        self->is_wrong = true;
        return NULL;
    }
    made->next = self->blocks;
    self->blocks = made;
    return made->bytes;
}

bool given_has(given *self, const char *name, napi_value *value)
{
    napi_valuetype type = napi_undefined;
    if (self->is_wrong)
        return false;
    if (napi_get_named_property(self->env, self->object, name, value) != napi_ok) {
        self->is_wrong = true; /* an accessor has thrown */
        return false;
    }
    napi_typeof(self->env, *value, &type);
    return type != napi_undefined && type != napi_null;
}

/* ---- Texts and bytes ---- */

const char *given_text_of(given *self, const char *name, napi_value value)
{
    size_t length;
    if (napi_get_value_string_utf8(self->env, value, NULL, 0, &length) != napi_ok)
        return wrong(self, name, "is not a string");
    char *made = given_take(self, length + 1);
    if (!made)
        return NULL;
    napi_get_value_string_utf8(self->env, value, made, length + 1, &length);
    return memchr(made, 0, length) ? wrong(self, name, "has a NUL character in it") : made;
}

const char *given_text(given *self, const char *name)
{
    napi_value value;
    return given_has(self, name, &value) ? given_text_of(self, name, value) : NULL;
}

const char *const *given_texts(given *self, const char *name, size_t *count)
{
    uint32_t length;
    napi_value array, value;
    *count = 0;
    if (!given_has(self, name, &array))
        return NULL;
    if (napi_get_array_length(self->env, array, &length) != napi_ok)
        return wrong(self, name, "is not an array");
    const char **made = given_take(self, (length + 1) * sizeof *made);
    for (uint32_t i = 0; made && i < length; i++) {
        napi_get_element(self->env, array, i, &value);
        made[i] = given_text_of(self, name, value);
    }
    *count = made ? length : 0;
    return made;
}

/* The memory of JavaScript, which stays where it is for as long as the call takes. */
static bool view(napi_env env, napi_value value, text *out)
{
    void *data = NULL;
    bool is_buffer = false;
    napi_is_buffer(env, value, &is_buffer);
    if (!is_buffer || napi_get_buffer_info(env, value, &data, &out->length) != napi_ok)
        return false;
    out->bytes = data ? data : "";
    return true;
}

text given_bytes(given *self, const char *name)
{
    napi_value value;
    text made = {NULL, 0};
    if (given_has(self, name, &value) && !view(self->env, value, &made)) {
        made.bytes = given_text_of(self, name, value);
        made.length = made.bytes ? strlen(made.bytes) : 0;
    }
    return made;
}

text scratch_text(napi_env env, engine *self, napi_value value)
{
    size_t length = 0;
    text made = {NULL, 0};
    if (view(env, value, &made))
        return made;
    if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) {
        fail(env, SPECTACLES_E_INVAL, "a string or a buffer is wanted");
        return made;
    }
    if (length >= self->scratch_size) {
        char *larger = realloc(self->scratch, length + 1);
        if (!larger) {
            fail(env, SPECTACLES_E_NOMEM, NULL);
            return made;
        }
        self->scratch = larger;
        self->scratch_size = length + 1;
    }
    napi_get_value_string_utf8(env, value, self->scratch, self->scratch_size, &made.length);
    made.bytes = self->scratch;
    return made;
}

/* ---- Numbers ---- */

bool read_u64(napi_env env, napi_value value, uint64_t *number)
{
    double given;
    bool lossless = false;
    if (napi_get_value_bigint_uint64(env, value, number, &lossless) == napi_ok)
        return lossless;
    if (napi_get_value_double(env, value, &given) != napi_ok || !(given >= 0 && given <= 9007199254740991.0))
        return false;
    *number = (uint64_t)given;
    return (double)*number == given;
}

uint64_t given_u64(given *self, const char *name, uint64_t absent)
{
    napi_value value;
    uint64_t number;
    if (!given_has(self, name, &value))
        return absent;
    if (!read_u64(self->env, value, &number)) {
        wrong(self, name, "is not a whole number from 0 on");
        return absent;
    }
    return number;
}

uint32_t given_u32(given *self, const char *name, uint32_t absent)
{
    uint64_t number = given_u64(self, name, absent);
    if (number <= UINT32_MAX)
        return (uint32_t)number;
    wrong(self, name, "is too large");
    return absent;
}

bool given_bool(given *self, const char *name)
{
    bool made = false;
    napi_value value;
    if (given_has(self, name, &value) && napi_get_value_bool(self->env, value, &made) != napi_ok)
        wrong(self, name, "is neither true nor false");
    return made;
}

const uint64_t *given_wide_ids(given *self, const char *name, size_t *count)
{
    uint32_t length;
    napi_value array, value;
    *count = 0;
    if (!given_has(self, name, &array))
        return NULL;
    if (napi_get_array_length(self->env, array, &length) != napi_ok)
        return wrong(self, name, "is not an array");
    uint64_t *made = given_take(self, (length + 1) * sizeof *made);
    for (uint32_t i = 0; made && i < length; i++) {
        napi_get_element(self->env, array, i, &value);
        if (!read_u64(self->env, value, &made[i]))
            return wrong(self, name, "has something else than an id in it");
    }
    *count = made ? length : 0;
    return made;
}

const uint32_t *given_ids(given *self, const char *name, size_t *count)
{
    const uint64_t *wide = given_wide_ids(self, name, count);
    uint32_t *made = wide ? given_take(self, (*count + 1) * sizeof *made) : NULL;
    for (size_t i = 0; made && i < *count; i++) {
        if (wide[i] > UINT32_MAX)
            return wrong(self, name, "has something else than a shard id in it");
        made[i] = (uint32_t)wide[i];
    }
    return made;
}

/* ---- Results ---- */

napi_value new_text(napi_env env, const char *text)
{
    napi_value made;
    napi_create_string_utf8(env, text ? text : "", NAPI_AUTO_LENGTH, &made);
    return made;
}

napi_value new_number(napi_env env, uint64_t number)
{
    napi_value made;
    napi_create_double(env, (double)number, &made);
    return made;
}

napi_value new_bool(napi_env env, bool value)
{
    napi_value made;
    napi_get_boolean(env, value, &made);
    return made;
}

napi_value new_bytes(napi_env env, const void *bytes, size_t length)
{
    napi_value made;
    if (napi_create_buffer_copy(env, length, bytes, NULL, &made) != napi_ok)
        return fail(env, SPECTACLES_E_NOMEM, NULL);
    return made;
}

static napi_value new_counter(napi_env env, const char *at, bool is_narrow)
{
    uint32_t narrow;
    uint64_t wide;
    memcpy(&narrow, at, sizeof narrow);
    if (is_narrow)
        return new_number(env, narrow);
    memcpy(&wide, at, sizeof wide);
    return new_number(env, wide);
}

napi_value new_counters(napi_env env, const void *from, const counter *counters, size_t count)
{
    napi_value made, value;
    napi_create_object(env, &made);
    for (size_t i = 0; i < count; i++) {
        const char *at = (const char *)from + counters[i].offset;
        if (counters[i].count) {
            napi_create_array_with_length(env, counters[i].count, &value);
            for (uint32_t item = 0; item < counters[i].count; item++)
                napi_set_element(env, value, item, new_counter(env, at + item * sizeof(uint64_t), false));
        } else {
            value = new_counter(env, at, counters[i].is_narrow);
        }
        napi_set_named_property(env, made, counters[i].name, value);
    }
    return made;
}
