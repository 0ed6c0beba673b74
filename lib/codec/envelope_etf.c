/* Reads a gateway payload in ETF as an envelope. envelope.c calls it. */
#include "codec/envelope.h"
#include "codec/envelope_fields.h"
#include "codec/read_etf.h"
#include "core/config.h"

static int refuse(sp_etf_reader *reader, const char *why)
{
    reader->error = why;
    return SPECTACLES_E_PROTO;
}

static bool is_natural(const sp_event *event, uint64_t max)
{
    return event->type == SP_EVENT_INTEGER && event->as.integer >= 0 && event->as.natural <= max;
}

static int take_op(sp_etf_reader *reader, spectacles_envelope *out, const sp_event *value)
{
    if (!is_natural(value, UINT32_MAX))
        return refuse(reader, "op is not a whole number below 2^32");
    out->op = (uint32_t)value->as.natural;
    out->members |= SPECTACLES_ENVELOPE_OP;
    return 1;
}

static int take_seq(sp_etf_reader *reader, spectacles_envelope *out, const sp_event *value)
{
    if (value->type == SP_EVENT_NULL)
        return 1;
    if (!is_natural(value, INT64_MAX))
        return refuse(reader, "s is not a whole number below 2^63");
    out->seq = value->as.natural;
    out->members |= SPECTACLES_ENVELOPE_SEQ;
    return 1;
}

static int take_name(sp_etf_reader *reader, spectacles_envelope *out, const sp_event *value)
{
    if (value->type == SP_EVENT_NULL)
        return 1;
    if (value->type != SP_EVENT_TEXT)
        return refuse(reader, "t is neither a string nor nil");
    if (!sp_envelope_is_name(value->text))
        return refuse(reader, "t is not the name of an event");
    out->name = (const char *)value->text.bytes;
    out->name_length = value->text.length;
    out->members |= SPECTACLES_ENVELOPE_NAME;
    return 1;
}

static int take_data(sp_etf_reader *reader, spectacles_envelope *out)
{
    const uint8_t *first = reader->at;
    int found = sp_etf_reader_skip(reader);
    out->data = first;
    out->data_length = (size_t)(reader->at - first);
    out->members |= SPECTACLES_ENVELOPE_DATA;
    return found;
}

static int take(sp_etf_reader *reader, spectacles_envelope *out, uint32_t field)
{
    sp_event value;
    if (field == 0)
        return sp_etf_reader_skip(reader);
    if (field == SPECTACLES_ENVELOPE_DATA)
        return take_data(reader, out);
    int found = sp_etf_reader_next(reader, &value);
    if (found < 0)
        return found;
    return field == SPECTACLES_ENVELOPE_OP    ? take_op(reader, out, &value)
           : field == SPECTACLES_ENVELOPE_SEQ ? take_seq(reader, out, &value)
                                              : take_name(reader, out, &value);
}

/* Reads one field. 1: read on. 0: the map has ended, or the next field is d and d is not wanted. */
static int next_field(sp_etf_reader *reader, spectacles_envelope *out, bool head_only, uint32_t *seen)
{
    sp_event key;
    int found = sp_etf_reader_next(reader, &key);
    if (found < 0 || key.type != SP_EVENT_KEY)
        return found < 0 ? found : 0;
    uint32_t field = sp_envelope_field(key.text);
    if (field & *seen)
        return refuse(reader, "op, s, t or d stands in the payload twice");
    *seen |= field;
    if (head_only && field == SPECTACLES_ENVELOPE_DATA)
        return 0;
    return take(reader, out, field);
}

int sp_envelope_etf(spectacles_envelope *out, sp_slice payload, bool head_only, spectacles_problem *problem)
{
    sp_etf_reader reader;
    sp_event event;
    uint32_t seen = 0;
    sp_etf_reader_start(&reader, payload);
    int found = sp_etf_reader_next(&reader, &event);
    if (found > 0 && event.type != SP_EVENT_OBJECT)
        found = refuse(&reader, "a payload is a map");
    while (found > 0)
        found = next_field(&reader, out, head_only, &seen);
    if (found == 0 && head_only)
        return reader.depth > 0 && (seen & SP_ENVELOPE_HEAD) == SP_ENVELOPE_HEAD;
    if (found == 0)
        found = sp_etf_reader_next(&reader, &event);
    if (found < 0)
        return sp_refuse_at(problem, found, reader.error, (size_t)(reader.at - reader.start));
    return SPECTACLES_OK;
}
