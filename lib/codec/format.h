#ifndef SP_CODEC_FORMAT_H
#define SP_CODEC_FORMAT_H

#include "core/buffer.h"

#include <spectacles/codec.h>
#include <stdbool.h>

/* Checks that this build can write a format. Returns 0, SPECTACLES_E_INVAL or SPECTACLES_E_UNSUPPORTED. */
int sp_format_check(uint32_t format, spectacles_problem *problem);

/*
 * Replaces SPECTACLES_FORMAT_RAW by the format that the document seems to have, and checks the format. Returns 0,
 * SPECTACLES_E_PROTO when the document has no known format, or an error of sp_format_check().
 */
int sp_format_resolve(uint32_t *format, sp_slice document, spectacles_problem *problem);

/*
 * Splits a MessagePack text or binary: *inside is everything behind its head, *claim the length that the head states.
 */
bool sp_format_msgpack_text(sp_slice body, sp_slice *inside, uint64_t *claim);

/*
 * Narrows a MSGPACK_JSON document to the JSON text in it. Returns 0, or SPECTACLES_E_PROTO when it is no such document.
 */
int sp_format_unwrap(sp_slice *document, spectacles_problem *problem);

#endif
