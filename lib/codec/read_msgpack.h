#ifndef SP_CODEC_READ_MSGPACK_H
#define SP_CODEC_READ_MSGPACK_H

#include "codec/event.h"

#include <spectacles/codec.h>
#include <stdbool.h>

/*
 * Reads MessagePack as events, forward only, without recursion and without allocation. Every length and every count is
 * compared with the bytes that are left before it is used.
 */
typedef struct sp_msgpack_reader {
    const uint8_t *start;
    const uint8_t *at;
    const uint8_t *end;
    const char *error; /* why the document was refused */
    size_t depth;
    bool done;
    char number[24]; /* a key that is a number, in decimal */
    struct {
        size_t left; /* keys and values of a map are counted separately: a key is next when it is even */
        bool map;
    } open[SPECTACLES_DEPTH_MAX];
} sp_msgpack_reader;

void sp_msgpack_reader_start(sp_msgpack_reader *reader, sp_slice document);

/* Returns 1 and an event, 0 at the end, SPECTACLES_E_PROTO, or SPECTACLES_E_UNSUPPORTED (an extension). */
int sp_msgpack_reader_next(sp_msgpack_reader *reader, sp_event *event);

#endif
