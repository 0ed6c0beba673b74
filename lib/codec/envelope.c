#include "codec/json.h"
#include "codec/scanner.h"
#include "core/export.h"

#include <spectacles/codec.h>

static uint32_t member_of(sp_slice key)
{
    if (key.length == 1 && key.bytes[0] == 's')
        return SPECTACLES_ENVELOPE_SEQ;
    if (key.length == 1 && key.bytes[0] == 't')
        return SPECTACLES_ENVELOPE_NAME;
    if (key.length == 1 && key.bytes[0] == 'd')
        return SPECTACLES_ENVELOPE_DATA;
    if (key.length == 2 && key.bytes[0] == 'o' && key.bytes[1] == 'p')
        return SPECTACLES_ENVELOPE_OP;
    if (key.length < 6)
        return 0;
    /* Only an escape makes a key of one or two letters this long: rare enough to look at four times. */
    return sp_json_key_is(key, "s")    ? (uint32_t)SPECTACLES_ENVELOPE_SEQ
           : sp_json_key_is(key, "t")  ? (uint32_t)SPECTACLES_ENVELOPE_NAME
           : sp_json_key_is(key, "d")  ? (uint32_t)SPECTACLES_ENVELOPE_DATA
           : sp_json_key_is(key, "op") ? (uint32_t)SPECTACLES_ENVELOPE_OP
                                       : 0;
}

static bool take_op(sp_scanner *scanner, spectacles_envelope *out, sp_slice value)
{
    uint64_t op;
    if (sp_json_u64(value, &op) != SPECTACLES_OK || op > UINT32_MAX)
        return sp_scanner_refuse(scanner, "op is not a whole number below 2^32");
    out->op = (uint32_t)op;
    out->members |= SPECTACLES_ENVELOPE_OP;
    return true;
}

static bool take_seq(sp_scanner *scanner, spectacles_envelope *out, sp_slice value)
{
    if (sp_json_type(value) == SP_JSON_NULL)
        return true;
    uint64_t seq;
    if (sp_json_u64(value, &seq) != SPECTACLES_OK || seq > INT64_MAX)
        return sp_scanner_refuse(scanner, "s is not a whole number below 2^63");
    out->seq = seq;
    out->members |= SPECTACLES_ENVELOPE_SEQ;
    return true;
}

static bool take_name(sp_scanner *scanner, spectacles_envelope *out, sp_slice value)
{
    if (sp_json_type(value) == SP_JSON_NULL)
        return true;
    if (sp_json_type(value) != SP_JSON_STRING)
        return sp_scanner_refuse(scanner, "t is neither a string nor null");
    for (size_t i = 1; i + 1 < value.length; i++) {
        if (value.bytes[i] <= 0x20 || value.bytes[i] >= 0x7f || value.bytes[i] == '\\')
            return sp_scanner_refuse(scanner, "t is not the name of an event");
    }
    out->name = (const char *)value.bytes + 1;
    out->name_length = value.length - 2;
    out->members |= SPECTACLES_ENVELOPE_NAME;
    return true;
}

static bool take_data(spectacles_envelope *out, sp_slice value)
{
    out->data = value.bytes;
    out->data_length = value.length;
    out->members |= SPECTACLES_ENVELOPE_DATA;
    return true;
}

static bool take(sp_scanner *scanner, spectacles_envelope *out, uint32_t member, sp_slice value)
{
    switch (member) {
    case SPECTACLES_ENVELOPE_OP:
        return take_op(scanner, out, value);
    case SPECTACLES_ENVELOPE_SEQ:
        return take_seq(scanner, out, value);
    case SPECTACLES_ENVELOPE_NAME:
        return take_name(scanner, out, value);
    case SPECTACLES_ENVELOPE_DATA:
        return take_data(out, value);
    default:
        return true;
    }
}

static bool scan_member(sp_scanner *scanner, spectacles_envelope *out, uint32_t *seen)
{
    sp_slice key;
    sp_slice value;
    if (!sp_scanner_key(scanner, &key))
        return false;
    uint32_t member = member_of(key);
    if (member & *seen)
        return sp_scanner_refuse(scanner, "op, s, t or d stands in the payload twice");
    *seen |= member;
    return sp_scanner_value(scanner, &value) && take(scanner, out, member, value);
}

static bool scan_object(sp_scanner *scanner, spectacles_envelope *out)
{
    uint32_t seen = 0;
    sp_scanner_space(scanner);
    if (!sp_scanner_eat(scanner, '{'))
        return sp_scanner_refuse(scanner, "a payload is a JSON object");
    sp_scanner_space(scanner);
    if (sp_scanner_eat(scanner, '}'))
        return sp_scanner_end(scanner);
    for (;;) {
        if (!scan_member(scanner, out, &seen))
            return false;
        sp_scanner_space(scanner);
        if (sp_scanner_eat(scanner, '}'))
            return sp_scanner_end(scanner);
        if (!sp_scanner_eat(scanner, ','))
            return sp_scanner_refuse(scanner, "a comma or a closing brace was expected here");
    }
}

SPECTACLES_EXPORT int spectacles_envelope_scan(spectacles_envelope *out, const uint8_t *bytes, size_t length,
                                               spectacles_problem *problem)
{
    sp_scanner scanner = sp_scanner_of((sp_slice){bytes, length});
    spectacles_envelope found = {0};
    if (!scan_object(&scanner, &found))
        return sp_scanner_problem(&scanner, problem);
    *out = found;
    return SPECTACLES_OK;
}
