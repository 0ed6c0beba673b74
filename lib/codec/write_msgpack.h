#ifndef SP_CODEC_WRITE_MSGPACK_H
#define SP_CODEC_WRITE_MSGPACK_H

#include "codec/event.h"

#include <msgpack.h>
#include <spectacles/codec.h>
#include <stdbool.h>

/*
 * Writes events as MessagePack, packed by msgpack-c, each value in its smallest form. The head of a container states
 * how many values it holds, and a reader of JSON knows that only at its end. So each container gets room for the
 * longest head first, and sp_msgpack_writer_end() moves everything together, once.
 */
typedef struct sp_msgpack_writer {
    sp_buffer *out;
    sp_buffer *heads; /* the containers, in the order in which they begin in `out` */
    msgpack_packer packer;
    bool quote_big; /* write whole numbers beyond 2^53 as strings: JavaScript has only doubles */
    sp_refusal refusal;
    size_t depth;
    size_t open[SPECTACLES_DEPTH_MAX]; /* the indexes of the open containers in `heads` */
} sp_msgpack_writer;

void sp_msgpack_writer_start(sp_msgpack_writer *writer, sp_buffer *out, sp_buffer *heads, bool quote_big);

/*
 * Writes one event. Returns 0, or:
 *   SPECTACLES_E_PROTO   MessagePack cannot carry it (see refusal): a text that is not UTF-8, a number beyond a float's
 *                        range
 *   SPECTACLES_E_TOOBIG  a text or a container is longer than 4 GiB
 *   SPECTACLES_E_NOMEM   memory ran out
 */
int sp_msgpack_writer_take(sp_msgpack_writer *writer, const sp_event *event);

/* Ends the writing when all events have been taken: puts the heads in their places. */
void sp_msgpack_writer_end(sp_msgpack_writer *writer);

#endif
