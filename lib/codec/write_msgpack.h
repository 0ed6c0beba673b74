#ifndef SP_CODEC_WRITE_MSGPACK_H
#define SP_CODEC_WRITE_MSGPACK_H

#include "codec/event.h"

#include <msgpack.h>
#include <spectacles/codec.h>
#include <stdbool.h>

/*
 * Events to MessagePack, packed by msgpack-c, each value in its smallest form. A container's head says how much is
 * in it, and JSON tells that last: so there is room for the longest head at first, and sp_msgpack_writer_end()
 * moves everything together, once.
 */
typedef struct sp_msgpack_writer {
    sp_buffer *out;
    sp_buffer *heads; /* the containers, in the order in which they begin in out */
    msgpack_packer packer;
    bool quote_big; /* whole numbers beyond 2^53 as strings: JavaScript has only doubles */
    sp_refusal refusal;
    size_t depth;
    size_t open[SPECTACLES_DEPTH_MAX]; /* which of the heads */
} sp_msgpack_writer;

void sp_msgpack_writer_start(sp_msgpack_writer *writer, sp_buffer *out, sp_buffer *heads, bool quote_big);

/*
 * 0; SPECTACLES_E_PROTO for what MessagePack cannot carry (see refusal): a text that is not UTF-8, a number too
 * large for a float; SPECTACLES_E_TOOBIG: longer than 4 GiB; SPECTACLES_E_NOMEM.
 */
int sp_msgpack_writer_take(sp_msgpack_writer *writer, const sp_event *event);

/* Everything has been taken. */
void sp_msgpack_writer_end(sp_msgpack_writer *writer);

#endif
