/*
 * What the JSON reader and the ETF reader of envelopes share: which field a key stands for, and what an event's name
 * may look like. envelope_json.c and envelope_etf.c call it.
 */
#include "codec/envelope_fields.h"

uint32_t sp_envelope_field(sp_slice key)
{
    if (key.length == 1 && key.bytes[0] == 's')
        return SPECTACLES_ENVELOPE_SEQ;
    if (key.length == 1 && key.bytes[0] == 't')
        return SPECTACLES_ENVELOPE_NAME;
    if (key.length == 1 && key.bytes[0] == 'd')
        return SPECTACLES_ENVELOPE_DATA;
    if (key.length == 2 && key.bytes[0] == 'o' && key.bytes[1] == 'p')
        return SPECTACLES_ENVELOPE_OP;
    return 0;
}

bool sp_envelope_is_name(sp_slice name)
{
    bool valid = true;
    for (size_t i = 0; i < name.length; i++)
        valid &= (name.bytes[i] > 0x20) & (name.bytes[i] < 0x7f) & (name.bytes[i] != '\\');
    return valid;
}
