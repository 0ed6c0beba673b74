#ifndef SP_CODEC_CONVERT_MSGPACK_H
#define SP_CODEC_CONVERT_MSGPACK_H

#include "core/buffer.h"

#include <spectacles/document.h>
#include <stdbool.h>

enum {
    SP_MSGPACK_HEAD = 5 /* the longest head of a text or a container: a tag, and a length of four bytes */
};

/* Whether this build has MessagePack: convert_msgpack.c defines these functions then, and otherwise no_msgpack.c. */
bool sp_msgpack_supported(void);

/*
 * Appends `document`, rewritten, to `out`. `to`, `from` or both are SPECTACLES_FORMAT_MSGPACK; the other one is JSON or
 * ETF. `keys` is scratch memory. flags and errors: as for spectacles_transcode(). On failure `out` holds what was
 * written so far.
 */
int sp_msgpack_convert(sp_buffer *out, sp_buffer *keys, uint32_t to, uint32_t from, uint32_t flags,
                       sp_slice document, spectacles_problem *problem);

/* Appends a value of a document to `out`. `heads` is scratch memory. On SPECTACLES_E_PROTO *why is the reason. */
int sp_msgpack_write_value(const spectacles_value *value, sp_buffer *out, sp_buffer *heads, const char **why);

/*
 * Makes a MessagePack text of the content of `out` behind its first `before` bytes. The first SP_MSGPACK_HEAD bytes
 * there are room for the head of the text. SPECTACLES_E_TOOBIG: the text is longer than 4 GiB.
 */
int sp_msgpack_wrap(sp_buffer *out, size_t before, spectacles_problem *problem);

/* Writes the head of a text of this length (below 2^32) and returns how long the head is. */
size_t sp_msgpack_text_head(uint8_t head[SP_MSGPACK_HEAD], size_t length);

#endif
