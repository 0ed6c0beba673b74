/*
 * Reads a gateway payload in JSON as an envelope. envelope.c calls it.
 *
 * The keys, the name and the numbers of almost every payload are written without escapes and without white space. The
 * quick_ functions read those without the scanner. They leave everything else to the scanner, which gives the same
 * result.
 */
#include "codec/envelope.h"
#include "codec/envelope_fields.h"
#include "codec/json.h"
#include "codec/scanner.h"

static uint32_t field_of(sp_slice key)
{
    static const char *const names[] = {"s", "t", "d", "op"};
    uint32_t field = sp_envelope_field(key);
    if (field || key.length < 6)
        return field;
    /* A key of one or two letters is this long only when it is written with escapes, which is rare. */
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (sp_json_key_is(key, names[i]))
            return sp_envelope_field((sp_slice){(const uint8_t *)names[i], i == 3 ? 2 : 1});
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
    if (!sp_envelope_is_name(name))
        return sp_scanner_refuse(scanner, "t is not the name of an event");
    out->name = (const char *)name.bytes;
    out->name_length = name.length;
    out->members |= SPECTACLES_ENVELOPE_NAME;
    return true;
}

static bool take(sp_scanner *scanner, spectacles_envelope *out, uint32_t field, sp_slice value)
{
    switch (field) {
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

/* One of the four keys, and its colon. False, and nothing is read, for every other key. */
static bool quick_key(sp_scanner *scanner, uint32_t *field)
{
    const uint8_t *at = scanner->at;
    if (scanner->end - at < 5 || at[0] != '"')
        return false;
    size_t length = at[2] == '"' ? 1 : 2;
    if (at[length + 1] != '"' || at[length + 2] != ':')
        return false;
    *field = sp_envelope_field((sp_slice){at + 1, length});
    scanner->at += *field ? length + 3 : 0;
    return *field != 0;
}

/* A name without escapes. */
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

/* A number of at most nine digits. */
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

static bool quick_value(sp_scanner *scanner, spectacles_envelope *out, uint32_t field)
{
    uint32_t number;
    if (field == SPECTACLES_ENVELOPE_NAME)
        return quick_name(scanner, out);
    if (field != SPECTACLES_ENVELOPE_OP && field != SPECTACLES_ENVELOPE_SEQ)
        return false;
    if (!quick_number(scanner, &number))
        return false;
    if (field == SPECTACLES_ENVELOPE_OP)
        out->op = number;
    else
        out->seq = number;
    out->members |= field;
    return true;
}

/* What stands behind the field that was read. */
enum next {
    REFUSED,
    FIELD,
    END,
    ENOUGH /* op, s and t were read, d comes, and only the head is wanted */
};

static enum next next_field(sp_scanner *scanner, spectacles_envelope *out, bool head_only, uint32_t *seen)
{
    sp_slice key;
    sp_slice value;
    uint32_t field;
    if (!quick_key(scanner, &field)) {
        if (!sp_scanner_key(scanner, &key))
            return REFUSED;
        field = field_of(key);
    }
    if (field & *seen) {
        sp_scanner_refuse(scanner, "op, s, t or d stands in the payload twice");
        return REFUSED;
    }
    *seen |= field;
    if (head_only && field == SPECTACLES_ENVELOPE_DATA)
        return (*seen & SP_ENVELOPE_HEAD) == SP_ENVELOPE_HEAD ? ENOUGH : END;
    if (!quick_value(scanner, out, field) &&
        (!sp_scanner_value(scanner, &value) || !take(scanner, out, field, value)))
        return REFUSED;
    sp_scanner_space(scanner);
    if (sp_scanner_eat(scanner, ','))
        return FIELD;
    if (sp_scanner_eat(scanner, '}'))
        return END;
    sp_scanner_refuse(scanner, "a comma or a closing brace was expected here");
    return REFUSED;
}

int sp_envelope_json(spectacles_envelope *out, sp_slice payload, bool head_only, spectacles_problem *problem)
{
    sp_scanner scanner = sp_scanner_of(payload);
    enum next next = FIELD;
    uint32_t seen = 0;
    sp_scanner_space(&scanner);
    if (!sp_scanner_eat(&scanner, '{')) {
        sp_scanner_refuse(&scanner, "a payload is a JSON object");
        return sp_scanner_problem(&scanner, problem);
    }
    sp_scanner_space(&scanner);
    if (sp_scanner_eat(&scanner, '}'))
        next = END;
    while (next == FIELD)
        next = next_field(&scanner, out, head_only, &seen);
    if (next == REFUSED || (!head_only && !sp_scanner_end(&scanner)))
        return sp_scanner_problem(&scanner, problem);
    return next == ENOUGH;
}
