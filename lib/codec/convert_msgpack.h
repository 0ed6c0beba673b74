#ifndef SP_CODEC_CONVERT_MSGPACK_H
#define SP_CODEC_CONVERT_MSGPACK_H

#include "core/buffer.h"

#include <stdbool.h>

enum {
    SP_MSGPACK_HEAD = 5 /* the longest head of a text or a container: a tag, and a length of four bytes */
};

/* ---- convert_msgpack.c, with the library; no_msgpack.c in builds without it ---- */

bool sp_msgpack_supported(void);

/*
 * Appends `document` in another format to `out`: one of the two is SPECTACLES_FORMAT_MSGPACK, the other that, JSON
 * or ETF. `keys` is scratch. On failure out holds whatever was written so far.
 */
int sp_msgpack_convert(sp_buffer *out, sp_buffer *keys, uint32_t to, uint32_t from, sp_slice document,
                       spectacles_problem *problem);

/* Writes the head of a text of this length (below 2^32) and returns how long it is. */
size_t sp_msgpack_text_head(uint8_t head[SP_MSGPACK_HEAD], size_t length);

#endif
