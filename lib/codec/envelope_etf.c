#include "codec/envelope.h"
#include "codec/read_etf.h"
#include "core/config.h"

static int refuse(sp_etf_reader *reader, const char *why)
{
    reader->error = why;
    return SPECTACLES_E_PROTO;
}

static bool whole(const sp_event *event, uint64_t most)
{
    return event->type == SP_EVENT_INTEGER && event->as.integer >= 0 && event->as.natural <= most;
}

static int take_op(sp_etf_reader *reader, spectacles_envelope *out, const sp_event *value)
{
    if (!whole(value, UINT32_MAX))
        return refuse(reader, "op is not a whole number below 2^32");
    out->op = (uint32_t)value->as.natural;
    out->members |= SPECTACLES_ENVELOPE_OP;
    return 1;
}

static int take_seq(sp_etf_reader *reader, spectacles_envelope *out, const sp_event *value)
{
    if (value->type == SP_EVENT_NULL)
        return 1;
    if (!whole(value, INT64_MAX))
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
    if (!sp_envelope_name(value->text))
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

static int take(sp_etf_reader *reader, spectacles_envelope *out, uint32_t member)
{
    sp_event value;
    if (member == 0)
        return sp_etf_reader_skip(reader);
    if (member == SPECTACLES_ENVELOPE_DATA)
        return take_data(reader, out);
    int found = sp_etf_reader_next(reader, &value);
    if (found < 0)
        return found;
    return member == SPECTACLES_ENVELOPE_OP    ? take_op(reader, out, &value)
           : member == SPECTACLES_ENVELOPE_SEQ ? take_seq(reader, out, &value)
                                               : take_name(reader, out, &value);
}

/* 1: read on; 0: the map is at its end, or d comes and is not wanted. */
static int next_member(sp_etf_reader *reader, spectacles_envelope *out, bool head_only, uint32_t *seen)
{
    sp_event key;
    int found = sp_etf_reader_next(reader, &key);
    if (found < 0 || key.type != SP_EVENT_KEY)
        return found < 0 ? found : 0;
    uint32_t member = sp_envelope_member(key.text);
    if (member & *seen)
        return refuse(reader, "op, s, t or d stands in the payload twice");
    *seen |= member;
    if (head_only && member == SPECTACLES_ENVELOPE_DATA)
        return 0;
    return take(reader, out, member);
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
        found = next_member(&reader, out, head_only, &seen);
    if (found == 0 && head_only)
        return reader.depth > 0 && (seen & SP_ENVELOPE_HEAD) == SP_ENVELOPE_HEAD;
    if (found == 0)
        found = sp_etf_reader_next(&reader, &event);
    if (found < 0)
        return sp_refuse_at(problem, found, reader.error, (size_t)(reader.at - reader.start));
    return SPECTACLES_OK;
}
