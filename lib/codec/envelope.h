#ifndef SP_CODEC_ENVELOPE_H
#define SP_CODEC_ENVELOPE_H

#include "core/buffer.h"

#include <spectacles/codec.h>
#include <stdbool.h>

/*
 * The two readers behind spectacles_envelope_scan() and, with head_only, spectacles_envelope_head(). Results and errors
 * are theirs. `out` has to be zero, and holds only a part of the fields after an error.
 */
int sp_envelope_json(spectacles_envelope *out, sp_slice payload, bool head_only, spectacles_problem *problem);
int sp_envelope_etf(spectacles_envelope *out, sp_slice payload, bool head_only, spectacles_problem *problem);

#endif
