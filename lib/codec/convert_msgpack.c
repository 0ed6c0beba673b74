/*
 * Rewrites documents from and to MessagePack. It is compiled where msgpack-c is installed; elsewhere no_msgpack.c takes
 * its place. transcode.c and write_value.c call it.
 */
#include "codec/convert_msgpack.h"

#include "codec/document.h"
#include "codec/etf.h"
#include "codec/read_etf.h"
#include "codec/read_json.h"
#include "codec/read_msgpack.h"
#include "codec/transcode.h"
#include "codec/write_etf.h"
#include "codec/write_json.h"
#include "codec/write_msgpack.h"
#include "core/config.h"

#include <string.h>

bool sp_msgpack_supported(void)
{
    return true;
}

/* ---- The reader of any format ---- */

typedef struct source {
    uint32_t format;
    union {
        sp_json_reader json;
        sp_etf_reader etf;
        sp_msgpack_reader msgpack;
    } as;
} source;

static void start_source(source *from, uint32_t format, bool replace, sp_slice document)
{
    from->format = format;
    if (format == SPECTACLES_FORMAT_JSON)
        sp_json_reader_start(&from->as.json, document, replace);
    else if (format == SPECTACLES_FORMAT_ETF)
        sp_etf_reader_start(&from->as.etf, document);
    else
        sp_msgpack_reader_start(&from->as.msgpack, document);
}

static int next(source *from, sp_event *event)
{
    if (from->format == SPECTACLES_FORMAT_JSON)
        return sp_json_reader_next(&from->as.json, event);
    if (from->format == SPECTACLES_FORMAT_ETF)
        return sp_etf_reader_next(&from->as.etf, event);
    return sp_msgpack_reader_next(&from->as.msgpack, event);
}

static const uint8_t *start_of(const source *from)
{
    if (from->format == SPECTACLES_FORMAT_JSON)
        return from->as.json.scanner.start;
    return from->format == SPECTACLES_FORMAT_ETF ? from->as.etf.start : from->as.msgpack.start;
}

static int explain_source(const source *from, int error, const sp_event *event, spectacles_problem *problem)
{
    if (from->format == SPECTACLES_FORMAT_JSON)
        return sp_scanner_problem(&from->as.json.scanner, problem);
    const char *why = from->format == SPECTACLES_FORMAT_ETF ? from->as.etf.error : from->as.msgpack.error;
    return sp_refuse_at(problem, error, why, (size_t)(event->at - start_of(from)));
}

/* ---- The writer of any format ---- */

typedef struct sink {
    uint32_t format;
    union {
        sp_json_writer json;
        sp_etf_writer etf;
        sp_msgpack_writer msgpack;
    } as;
} sink;

static int start_sink(sink *to, uint32_t format, uint32_t from, sp_buffer *out, sp_buffer *keys)
{
    to->format = format;
    sp_buffer_clear(keys);
    if (format == SPECTACLES_FORMAT_JSON) {
        to->as.json = (sp_json_writer){.out = out, .quote_big = true};
    } else if (format == SPECTACLES_FORMAT_ETF) {
        sp_etf_writer_start(&to->as.etf, out, keys);
        return sp_buffer_u8(out, SP_ETF_VERSION);
    } else {
        sp_msgpack_writer_start(&to->as.msgpack, out, keys, from == SPECTACLES_FORMAT_ETF);
    }
    return SPECTACLES_OK;
}

static int take(sink *to, const sp_event *event)
{
    if (to->format == SPECTACLES_FORMAT_JSON)
        return sp_json_writer_take(&to->as.json, event);
    if (to->format == SPECTACLES_FORMAT_ETF)
        return sp_etf_writer_take(&to->as.etf, event);
    return sp_msgpack_writer_take(&to->as.msgpack, event);
}

static int explain_sink(const sink *to, int error, const uint8_t *start, spectacles_problem *problem)
{
    const sp_refusal *refusal = &to->as.json.refusal;
    if (to->format != SPECTACLES_FORMAT_JSON)
        refusal = to->format == SPECTACLES_FORMAT_ETF ? &to->as.etf.refusal : &to->as.msgpack.refusal;
    if (error == SPECTACLES_E_PROTO)
        return sp_refuse_at(problem, error, refusal->text, (size_t)(refusal->at - start));
    return sp_refuse(problem, error,
                     error == SPECTACLES_E_NOMEM ? "out of memory" : "a text or a container is too large");
}

/* ---- From the reader to the writer ---- */

static int convert(source *from, sink *to, spectacles_problem *problem)
{
    sp_event event;
    int found;
    while ((found = next(from, &event)) > 0) {
        int error = take(to, &event);
        if (error)
            return explain_sink(to, error, start_of(from), problem);
    }
    return found < 0 ? explain_source(from, found, &event, problem) : found;
}

int sp_msgpack_convert(sp_buffer *out, sp_buffer *keys, uint32_t to, uint32_t from, uint32_t flags,
                       sp_slice document, spectacles_problem *problem)
{
    source in;
    sink end;
    start_source(&in, from, flags & SPECTACLES_REPLACE_SURROGATES, document);
    if (start_sink(&end, to, from, out, keys))
        return sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
    if (to == SPECTACLES_FORMAT_JSON)
        end.as.json.whole = flags & SP_TRANSCODE_WHOLE;
    int error = convert(&in, &end, problem);
    if (!error && to == SPECTACLES_FORMAT_MSGPACK)
        sp_msgpack_writer_end(&end.as.msgpack);
    return error;
}

static int take_for_value(void *writer, const sp_event *event)
{
    return sp_msgpack_writer_take(writer, event);
}

int sp_msgpack_write_value(const spectacles_value *value, sp_buffer *out, sp_buffer *heads, const char **why)
{
    sp_msgpack_writer writer;
    sp_msgpack_writer_start(&writer, out, heads, false);
    int error = sp_value_events(value, (sp_event_taker){&writer, take_for_value});
    if (error == SPECTACLES_OK)
        sp_msgpack_writer_end(&writer);
    *why = writer.refusal.text;
    return error;
}

int sp_msgpack_wrap(sp_buffer *out, size_t before, spectacles_problem *problem)
{
    uint8_t head[SP_MSGPACK_HEAD];
    size_t length = sp_buffer_length(out) - before - sizeof head;
    if (length > UINT32_MAX)
        return sp_refuse(problem, SPECTACLES_E_TOOBIG, "the text is too long for MessagePack");
    size_t width = sp_msgpack_text_head(head, length);
    uint8_t *start = out->bytes + out->start + before;
    memmove(start + width, start + sizeof head, length);
    memcpy(start, head, width);
    sp_buffer_truncate(out, before + width + length);
    return SPECTACLES_OK;
}
