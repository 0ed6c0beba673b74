#ifndef SP_CODEC_FORMAT_H
#define SP_CODEC_FORMAT_H

#include "core/buffer.h"

#include <stdbool.h>

/* Whether it is one that can be written, and this build has it: 0, SPECTACLES_E_INVAL or SPECTACLES_E_UNSUPPORTED. */
int sp_format_check(uint32_t format, spectacles_problem *problem);

/* Appends `document`, rewritten, to `out` (spectacles_format_convert). On failure out is as it was. */
int sp_format_convert(sp_buffer *out, sp_buffer *keys, uint32_t to, uint32_t from, sp_slice document,
                      spectacles_problem *problem);

#endif
