/*
 * Structs that begin with their size, and problems: why a call without a handle failed. Every `_new` and every reader
 * of a text calls it.
 */
#include "core/config.h"

#include <string.h>

static uint32_t size_of(const void *in)
{
    uint32_t size;
    memcpy(&size, in, sizeof size);
    return size;
}

int sp_config_read(void *out, size_t known, const void *in)
{
    uint32_t size = size_of(in);
    if (size < sizeof size)
        return SPECTACLES_E_INVAL;
    const unsigned char *bytes = in;
    for (size_t i = known; i < size; i++) {
        if (bytes[i] != 0)
            return SPECTACLES_E_UNSUPPORTED;
    }
    memcpy(out, in, size < known ? size : known);
    return SPECTACLES_OK;
}

void sp_config_write(void *out, size_t size, const void *defaults, size_t known)
{
    uint32_t stated = (uint32_t)size;
    if (!out || size < sizeof stated)
        return;
    memset(out, 0, size);
    memcpy(out, defaults, size < known ? size : known);
    memcpy(out, &stated, sizeof stated);
}

int sp_stats_write(void *out, const void *stats, size_t known)
{
    if (!out || size_of(out) < sizeof(uint32_t))
        return SPECTACLES_E_INVAL;
    sp_config_write(out, size_of(out), stats, known);
    return SPECTACLES_OK;
}

int sp_refuse(spectacles_problem *problem, int error, const char *text)
{
    return sp_refuse_at(problem, error, text, 0);
}

int sp_refuse_at(spectacles_problem *problem, int error, const char *text, size_t position)
{
    if (!problem)
        return error;
    *problem = (spectacles_problem){.position = position};
    size_t length = strlen(text);
    length = length < sizeof problem->text ? length : sizeof problem->text - 1;
    memcpy(problem->text, text, length);
    return error;
}

int sp_refuse_entry(spectacles_problem *problem, int error, const char *text, size_t index)
{
    sp_refuse(problem, error, text);
    if (problem)
        problem->index = index;
    return error;
}

int sp_config_take(void *out, size_t known, const void *in, spectacles_problem *problem)
{
    int error = sp_config_read(out, known, in);
    if (error == SPECTACLES_OK)
        return error;
    return sp_refuse(problem, error,
                     error == SPECTACLES_E_UNSUPPORTED ? "the configuration is newer than the library"
                                                       : "the size of the configuration is not set");
}
