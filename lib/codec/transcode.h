#ifndef SP_CODEC_TRANSCODE_H
#define SP_CODEC_TRANSCODE_H

#include "core/buffer.h"

/* What a caller of the public functions holds (codec.h). */
struct spectacles_bytes {
    sp_buffer content;
    sp_buffer keys; /* scratch of the ETF writer */
};

/* Appends `document`, rewritten, to `out` (codec.h, spectacles_transcode). On failure out is as it was. */
int sp_transcode(sp_buffer *out, sp_buffer *keys, uint32_t to, uint32_t from, uint32_t flags,
                 sp_slice document, spectacles_problem *problem);

/* Ends a write to the bytes: a NUL behind what is there, or nothing at all after an error. Returns it. */
int sp_bytes_end(struct spectacles_bytes *bytes, int error, spectacles_problem *problem);

#endif
