#include "codec/convert_msgpack.h"
#include "core/config.h"

/* A build without msgpack-c: what the rest of the library asks is answered, and nothing is converted. */

bool sp_msgpack_supported(void)
{
    return false;
}

int sp_msgpack_convert(sp_buffer *out, sp_buffer *keys, uint32_t to, uint32_t from, sp_slice document,
                       spectacles_problem *problem)
{
    (void)out;
    (void)keys;
    (void)to;
    (void)from;
    (void)document;
    return sp_refuse(problem, SPECTACLES_E_UNSUPPORTED, "this build has no MessagePack");
}

size_t sp_msgpack_text_head(uint8_t head[SP_MSGPACK_HEAD], size_t length)
{
    (void)head;
    (void)length;
    return 0;
}
