#ifndef SP_CODEC_TRANSCODE_H
#define SP_CODEC_TRANSCODE_H

#include "core/buffer.h"

/* See codec.h. */
struct spectacles_bytes {
    sp_buffer content;
    sp_buffer keys; /* scratch memory of the writers of ETF and MessagePack */
};

/* One more flag: floats without a fraction become whole numbers in JSON. Commands of workers are read so. */
enum {
    SP_TRANSCODE_WHOLE = 1 << 16
};

/*
 * Appends `document`, rewritten, to `out`. Errors and flags are those of spectacles_transcode(). `keys` is scratch
 * memory. On failure `out` is unchanged.
 */
int sp_transcode(sp_buffer *out, sp_buffer *keys, uint32_t to, uint32_t from, uint32_t flags,
                 sp_slice document, spectacles_problem *problem);

/*
 * Ends a write to the bytes: puts a NUL behind the content, or clears the content after an error. Returns the error, or
 * SPECTACLES_E_NOMEM when there is no room for the NUL.
 */
int sp_bytes_end(struct spectacles_bytes *bytes, int error, spectacles_problem *problem);

#endif
