#ifndef SP_CODEC_READ_JSON_H
#define SP_CODEC_READ_JSON_H

#include "codec/event.h"
#include "codec/scanner.h"

#include <spectacles/codec.h>

/* Reads JSON as events: strict, forward only, without recursion and without allocation. */
typedef struct sp_json_reader {
    sp_scanner scanner;
    enum {
        SP_JSON_EXPECTS_VALUE,
        SP_JSON_EXPECTS_FIRST, /* the first value or key of a container, or its end */
        SP_JSON_EXPECTS_COMMA  /* a comma, or the end of the container */
    } expects;
    bool replace; /* half of a surrogate pair is read as U+FFFD */
    size_t depth;
    uint8_t objects[SPECTACLES_DEPTH_MAX / 8]; /* one bit for each level, set for an object */
} sp_json_reader;

/* replace: half of a surrogate pair is read as U+FFFD. Otherwise the writer that takes the text refuses it. */
void sp_json_reader_start(sp_json_reader *reader, sp_slice text, bool replace);

/* Returns 1 and an event, 0 at the end, or SPECTACLES_E_PROTO: sp_scanner_problem() says why and where. */
int sp_json_reader_next(sp_json_reader *reader, sp_event *event);

#endif
