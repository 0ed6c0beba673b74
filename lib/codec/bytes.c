/*
 * The bytes that the library hands to an owner: made, read, freed. Owners call it; each function that fills the bytes
 * ends with sp_bytes_end().
 */
#include "codec/transcode.h"
#include "core/config.h"
#include "core/export.h"

#include <spectacles/codec.h>
#include <stdlib.h>

SPECTACLES_EXPORT int spectacles_bytes_new(spectacles_bytes **out)
{
    spectacles_bytes *bytes = calloc(1, sizeof *bytes);
    if (!bytes)
        return SPECTACLES_E_NOMEM;
    *out = bytes;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT void spectacles_bytes_free(spectacles_bytes *bytes)
{
    if (!bytes)
        return;
    sp_buffer_free(&bytes->content);
    sp_buffer_free(&bytes->keys);
    free(bytes);
}

SPECTACLES_EXPORT const uint8_t *spectacles_bytes_data(const spectacles_bytes *bytes)
{
    static const uint8_t nothing[1] = {0};
    sp_slice slice = sp_buffer_slice(&bytes->content);
    return slice.length ? slice.bytes : nothing;
}

SPECTACLES_EXPORT size_t spectacles_bytes_length(const spectacles_bytes *bytes)
{
    return sp_buffer_length(&bytes->content);
}

int sp_bytes_end(spectacles_bytes *bytes, int error, spectacles_problem *problem)
{
    uint8_t *behind = error ? NULL : sp_buffer_reserve(&bytes->content, 1);
    if (behind)
        *behind = '\0';
    else
        sp_buffer_clear(&bytes->content);
    return error || behind ? error : sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
}
