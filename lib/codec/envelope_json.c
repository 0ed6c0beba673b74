#include "codec/envelope.h"
#include "codec/json.h"
#include "codec/scanner.h"

static uint32_t member_of(sp_slice key)
{
    static const char *const names[] = {"s", "t", "d", "op"};
    uint32_t member = sp_envelope_member(key);
    if (member || key.length < 6)
        return member;
    /* Only an escape makes a key of one or two letters this long: rare enough to look four times. */
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (sp_json_key_is(key, names[i]))
            return sp_envelope_member((sp_slice){(const uint8_t *)names[i], i == 3 ? 2 : 1});
    }
    return 0;
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
    sp_slice name = {value.bytes + 1, value.length - 2};
    if (!sp_envelope_name(name))
        return sp_scanner_refuse(scanner, "t is not the name of an event");
    out->name = (const char *)name.bytes;
    out->name_length = name.length;
    out->members |= SPECTACLES_ENVELOPE_NAME;
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
        out->data = value.bytes;
        out->data_length = value.length;
        out->members |= SPECTACLES_ENVELOPE_DATA;
        return true;
    default:
        return true;
    }
}

/*
 * The four keys as programs write them: no escapes, no white space. Everything else is left to the scanner,
 * which gives the same result.
 */
static bool quick_key(sp_scanner *scanner, uint32_t *member)
{
    const uint8_t *at = scanner->at;
    if (scanner->end - at < 5 || at[0] != '"')
        return false;
    size_t length = at[2] == '"' ? 1 : 2;
    if (at[length + 1] != '"' || at[length + 2] != ':')
        return false;
    *member = sp_envelope_member((sp_slice){at + 1, length});
    scanner->at += *member ? length + 3 : 0;
    return *member != 0;
}

/* Likewise a name without escapes, and a number of a few digits. */
static bool quick_name(sp_scanner *scanner, spectacles_envelope *out)
{
    const uint8_t *at = scanner->at + 1;
    while (at<scanner->end && * at> 0x20 && *at < 0x7f && *at != '"' && *at != '\\')
        at++;
    if (at >= scanner->end || *scanner->at != '"' || *at != '"')
        return false;
    out->name = (const char *)scanner->at + 1;
    out->name_length = (size_t)(at - scanner->at) - 1;
    out->members |= SPECTACLES_ENVELOPE_NAME;
    scanner->at = at + 1;
    return true;
}

static bool quick_number(sp_scanner *scanner, uint32_t *out)
{
    const uint8_t *at = scanner->at;
    uint32_t number = 0;
    for (; at < scanner->end && *at >= '0' && *at <= '9'; at++) {
        if (at - scanner->at == 9 || (at > scanner->at && number == 0))
            return false;
        number = number * 10 + (*at - (uint32_t)'0');
    }
    if (at == scanner->at || at == scanner->end || (*at != ',' && *at != '}'))
        return false;
    scanner->at = at;
    *out = number;
    return true;
}

static bool quick_value(sp_scanner *scanner, spectacles_envelope *out, uint32_t member)
{
    uint32_t number;
    if (member == SPECTACLES_ENVELOPE_NAME)
        return quick_name(scanner, out);
    if (member != SPECTACLES_ENVELOPE_OP && member != SPECTACLES_ENVELOPE_SEQ)
        return false;
    if (!quick_number(scanner, &number))
        return false;
    if (member == SPECTACLES_ENVELOPE_OP)
        out->op = number;
    else
        out->seq = number;
    out->members |= member;
    return true;
}

enum next {
    REFUSED,
    MEMBER,
    END,
    ENOUGH
};

static enum next next_member(sp_scanner *scanner, spectacles_envelope *out, bool head_only, uint32_t *seen)
{
    sp_slice key;
    sp_slice value;
    uint32_t member;
    if (!quick_key(scanner, &member)) {
        if (!sp_scanner_key(scanner, &key))
            return REFUSED;
        member = member_of(key);
    }
    if (member & *seen) {
        sp_scanner_refuse(scanner, "op, s, t or d stands in the payload twice");
        return REFUSED;
    }
    *seen |= member;
    if (head_only && member == SPECTACLES_ENVELOPE_DATA)
        return (*seen & SP_ENVELOPE_HEAD) == SP_ENVELOPE_HEAD ? ENOUGH : END;
    if (!quick_value(scanner, out, member) &&
        (!sp_scanner_value(scanner, &value) || !take(scanner, out, member, value)))
        return REFUSED;
    sp_scanner_space(scanner);
    if (sp_scanner_eat(scanner, ','))
        return MEMBER;
    if (sp_scanner_eat(scanner, '}'))
        return END;
    sp_scanner_refuse(scanner, "a comma or a closing brace was expected here");
    return REFUSED;
}

int sp_envelope_json(spectacles_envelope *out, sp_slice payload, bool head_only, spectacles_problem *problem)
{
    sp_scanner scanner = sp_scanner_of(payload);
    enum next next = MEMBER;
    uint32_t seen = 0;
    sp_scanner_space(&scanner);
    if (!sp_scanner_eat(&scanner, '{')) {
        sp_scanner_refuse(&scanner, "a payload is a JSON object");
        return sp_scanner_problem(&scanner, problem);
    }
    sp_scanner_space(&scanner);
    if (sp_scanner_eat(&scanner, '}'))
        next = END;
    while (next == MEMBER)
        next = next_member(&scanner, out, head_only, &seen);
    if (next == REFUSED || (!head_only && !sp_scanner_end(&scanner)))
        return sp_scanner_problem(&scanner, problem);
    return next == ENOUGH;
}
