/* Events as records and one buffer. Engines fill a batch between two calls into JavaScript. */
#include "batch.h"

#include <string.h>

napi_value batch_new(napi_env env, batch *self)
{
    void *data;
    size_t size = sizeof(uint32_t[BATCH_RECORDS][RECORD_LENGTH]);
    napi_value bytes, records, buffers, both;
    if (napi_create_arraybuffer(env, size, &data, &bytes) != napi_ok ||
        napi_create_typedarray(env, napi_uint32_array, size / sizeof(uint32_t), bytes, 0, &records) !=
            napi_ok ||
        napi_create_array_with_length(env, 2, &buffers) != napi_ok ||
        napi_create_array_with_length(env, 2, &both) != napi_ok)
        return fail(env, SPECTACLES_E_NOMEM, NULL);
    self->records = data;
    napi_create_reference(env, records, 1, &self->records_ref);
    napi_create_reference(env, buffers, 1, &self->buffers);
    napi_set_element(env, both, 0, records);
    napi_set_element(env, both, 1, buffers);
    return both;
}

void batch_free(napi_env env, batch *self)
{
    if (self->records_ref)
        napi_delete_reference(env, self->records_ref);
    if (self->buffers)
        napi_delete_reference(env, self->buffers);
    self->records_ref = self->buffers = NULL;
}

/* Node itself ends when it has no memory for a buffer. */
static uint8_t *new_buffer(napi_env env, batch *self, uint32_t index, size_t size)
{
    void *data = NULL;
    napi_value buffers, buffer;
    napi_get_reference_value(env, self->buffers, &buffers);
    if (napi_create_buffer(env, size, &data, &buffer) != napi_ok)
        napi_fatal_error("spectacles", NAPI_AUTO_LENGTH, "out of memory", NAPI_AUTO_LENGTH);
    napi_set_element(env, buffers, index, buffer);
    return data;
}

void batch_begin(napi_env env, batch *self)
{
    self->count = 0;
    self->is_full = false;
    if (!self->shared || BATCH_BUFFER - self->used < BATCH_LOW) {
        self->shared = new_buffer(env, self, 0, BATCH_BUFFER);
        self->used = 0;
    }
}

uint32_t *batch_add(napi_env env, batch *self, size_t length)
{
    uint32_t *record = self->records[self->count++];
    memset(record, 0, sizeof *self->records);
    for (int span = SPAN_NAME; span < RECORD_LENGTH; span += 2)
        record[span + 1] = ABSENT;
    if (length <= BATCH_BUFFER - self->used) {
        self->bytes = self->shared;
        self->at = self->used;
        self->used += length;
    } else {
        self->bytes = new_buffer(env, self, 1, length);
        self->at = 0;
        record[FIELD_FLAGS] = FLAG_OWN;
        self->is_full = true;
    }
    if (self->count == BATCH_RECORDS || BATCH_BUFFER - self->used < BATCH_LOW)
        self->is_full = true;
    return record;
}

void batch_put(batch *self, uint32_t *record, enum field span, const void *bytes, size_t length)
{
    if (!bytes)
        return;
    record[span] = (uint32_t)self->at;
    record[span + 1] = (uint32_t)length;
    memcpy(self->bytes + self->at, bytes, length);
    self->at += length;
}

void batch_put_number(uint32_t *record, enum field field, uint64_t number)
{
    record[field] = (uint32_t)number;
    record[field + 1] = (uint32_t)(number >> 32);
}

/* ---- Names ---- */

static uint32_t hash(const char *name, size_t length)
{
    uint32_t made = 2166136261u;
    for (size_t i = 0; i < length; i++)
        made = (made ^ (uint8_t)name[i]) * 16777619u;
    return made;
}

void batch_put_name(batch *self, uint32_t *record, const char *name, size_t length)
{
    names *known = &self->names;
    record[FIELD_NAME] = ABSENT;
    if (!name)
        return;
    if (length <= NAME_SIZE) {
        uint32_t at = hash(name, length) % (2 * NAME_COUNT);
        for (; known->table[at]; at = (at + 1) % (2 * NAME_COUNT)) {
            uint32_t number = known->table[at] - 1u;
            if (known->lengths[number] == length && memcmp(known->texts[number], name, length) == 0) {
                record[FIELD_NAME] = number;
                return;
            }
        }
        if (known->count < NAME_COUNT) {
            memcpy(known->texts[known->count], name, length);
            known->lengths[known->count] = (uint8_t)length;
            record[FIELD_NAME] = known->count++;
            known->table[at] = (uint16_t)known->count;
        }
    }
    batch_put(self, record, SPAN_NAME, name, length);
}
