#ifndef SP_CODEC_ENVELOPE_FIELDS_H
#define SP_CODEC_ENVELOPE_FIELDS_H

#include "core/buffer.h"

#include <spectacles/codec.h>
#include <stdbool.h>

enum {
    /* When these fields stand in front of d, spectacles_envelope_head() has all that it looks for. */
    SP_ENVELOPE_HEAD = SPECTACLES_ENVELOPE_OP | SPECTACLES_ENVELOPE_SEQ | SPECTACLES_ENVELOPE_NAME
};

/* The field that a key stands for, a value of enum spectacles_envelope_member; 0 for any other key. */
uint32_t sp_envelope_field(sp_slice key);

/* Whether a text can be the name of an event: printable ASCII without spaces and backslashes. */
bool sp_envelope_is_name(sp_slice name);

#endif
