#include "codec/envelope.h"

#include "core/config.h"
#include "core/export.h"

uint32_t sp_envelope_member(sp_slice key)
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

bool sp_envelope_name(sp_slice name)
{
    bool fine = true;
    for (size_t i = 0; i < name.length; i++)
        fine &= (name.bytes[i] > 0x20) & (name.bytes[i] < 0x7f) & (name.bytes[i] != '\\');
    return fine;
}

static int read_payload(spectacles_envelope *out, uint32_t format, sp_slice payload, bool head_only,
                        spectacles_problem *problem)
{
    spectacles_envelope found = {0};
    if (format != SPECTACLES_FORMAT_JSON && format != SPECTACLES_FORMAT_ETF)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "an envelope is written in JSON or ETF");
    int result = format == SPECTACLES_FORMAT_ETF ? sp_envelope_etf(&found, payload, head_only, problem)
                                                 : sp_envelope_json(&found, payload, head_only, problem);
    if (result == (head_only ? 1 : SPECTACLES_OK))
        *out = found;
    return result;
}

SPECTACLES_EXPORT int spectacles_envelope_scan(spectacles_envelope *out, uint32_t format,
                                               const uint8_t *bytes, size_t length,
                                               spectacles_problem *problem)
{
    return read_payload(out, format, (sp_slice){bytes, length}, false, problem);
}

SPECTACLES_EXPORT int spectacles_envelope_head(spectacles_envelope *out, uint32_t format,
                                               const uint8_t *bytes, size_t length,
                                               spectacles_problem *problem)
{
    return read_payload(out, format, (sp_slice){bytes, length}, true, problem);
}
