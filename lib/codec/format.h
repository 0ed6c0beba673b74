#ifndef SP_CODEC_FORMAT_H
#define SP_CODEC_FORMAT_H

#include "core/buffer.h"

#include <spectacles/codec.h>
#include <stdbool.h>

/* Whether a format can be written by this build: 0, SPECTACLES_E_INVAL or SPECTACLES_E_UNSUPPORTED. */
int sp_format_check(uint32_t format, spectacles_problem *problem);

/*
 * Replaces SPECTACLES_FORMAT_RAW by the format that the document seems to be in, and checks it. SPECTACLES_E_PROTO: in
 * none. Other errors as sp_format_check().
 */
int sp_format_resolve(uint32_t *format, sp_slice document, spectacles_problem *problem);

/* A text or binary of MessagePack: what stands behind its head, and how long the head claims it to be. */
bool sp_format_msgpack_text(sp_slice body, sp_slice *inside, uint64_t *claim);

/* Narrows a MSGPACK_JSON document to the JSON text inside. SPECTACLES_E_PROTO when it is no such text. */
int sp_format_unwrap(sp_slice *document, spectacles_problem *problem);

#endif
