#ifndef SP_CODEC_WRITE_JSON_H
#define SP_CODEC_WRITE_JSON_H

#include "codec/event.h"

#include <stdbool.h>

/* Writes events as JSON without white space. */
typedef struct sp_json_writer {
    sp_buffer *out;
    bool comma;     /* a value was written in front: a comma is due */
    bool quote_big; /* write whole numbers beyond 2^53 as strings: JavaScript has only doubles */
    bool whole;     /* write floats without a fraction as whole numbers, where a float holds each of them */
    sp_refusal refusal;
} sp_json_writer;

/* Writes one event. Returns 0, SPECTACLES_E_PROTO when a text is not UTF-8 (see refusal), or SPECTACLES_E_NOMEM. */
int sp_json_writer_take(sp_json_writer *writer, const sp_event *event);

#endif
