/*
 * One gateway payload as an envelope: the public calls, which hand the payload to the reader of its encoding
 * (envelope_json.c, envelope_etf.c). The shard calls them for each payload, and owners may.
 */
#include "codec/envelope.h"

#include "core/config.h"
#include "core/export.h"

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
