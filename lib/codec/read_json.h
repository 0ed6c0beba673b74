#ifndef SP_CODEC_READ_JSON_H
#define SP_CODEC_READ_JSON_H

#include "codec/event.h"
#include "codec/scanner.h"

#include <spectacles/codec.h>

/* JSON as events. Strict, forward only, without recursion and without allocation. */
typedef struct sp_json_reader {
    sp_scanner scanner;
    enum {
        SP_JSON_WANTS_VALUE,
        SP_JSON_WANTS_FIRST, /* of a container, or its end */
        SP_JSON_WANTS_COMMA  /* or the end of the container */
    } wants;
    bool replace; /* half of a surrogate pair is read as U+FFFD */
    size_t depth;
    uint8_t objects[SPECTACLES_DEPTH_MAX / 8]; /* one bit a level, set for an object */
} sp_json_reader;

/* replace: half of a surrogate pair is read as U+FFFD; otherwise whoever takes the text refuses it. */
void sp_json_reader_start(sp_json_reader *reader, sp_slice text, bool replace);

/* 1 and an event; 0 at the end; SPECTACLES_E_PROTO, and the reader's scanner knows why and where. */
int sp_json_reader_next(sp_json_reader *reader, sp_event *event);

#endif
