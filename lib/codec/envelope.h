#ifndef SP_CODEC_ENVELOPE_H
#define SP_CODEC_ENVELOPE_H

#include "core/buffer.h"

#include <spectacles/codec.h>
#include <stdbool.h>

/* The two encodings behind spectacles_envelope_scan() and, with head_only, spectacles_envelope_head(). */
int sp_envelope_json(spectacles_envelope *out, sp_slice payload, bool head_only, spectacles_problem *problem);
int sp_envelope_etf(spectacles_envelope *out, sp_slice payload, bool head_only, spectacles_problem *problem);

/* What stands in front of d is enough for one who only asks what it is. */
enum {
    SP_ENVELOPE_HEAD = SPECTACLES_ENVELOPE_OP | SPECTACLES_ENVELOPE_SEQ | SPECTACLES_ENVELOPE_NAME
};

/* Which member a key means, 0 for none. */
uint32_t sp_envelope_member(sp_slice key);

/* Whether this can be the name of an event: printable ASCII, no escapes. */
bool sp_envelope_name(sp_slice name);

#endif
