/*
 * Takes the place of convert_msgpack.c in builds without msgpack-c. transcode.c and write_value.c call it, but never
 * get this far: sp_format_check() refuses MessagePack before.
 */
#include "codec/convert_msgpack.h"
#include "core/config.h"

bool sp_msgpack_supported(void)
{
    return false;
}

int sp_msgpack_convert(sp_buffer *out, sp_buffer *keys, uint32_t to, uint32_t from, uint32_t flags,
                       sp_slice document, spectacles_problem *problem)
{
    (void)out;
    (void)keys;
    (void)to;
    (void)from;
    (void)flags;
    (void)document;
    return sp_refuse(problem, SPECTACLES_E_UNSUPPORTED, "this build has no MessagePack");
}

int sp_msgpack_write_value(const spectacles_value *value, sp_buffer *out, sp_buffer *heads, const char **why)
{
    (void)value;
    (void)out;
    (void)heads;
    *why = "this build has no MessagePack";
    return SPECTACLES_E_UNSUPPORTED;
}

int sp_msgpack_wrap(sp_buffer *out, size_t before, spectacles_problem *problem)
{
    (void)out;
    (void)before;
    return sp_refuse(problem, SPECTACLES_E_UNSUPPORTED, "this build has no MessagePack");
}
