/*
 * Rewrites documents from one format into another: it joins a reader to a writer. Owners call spectacles_transcode().
 * The shard (ETF), the broker (bodies) and the relay (commands) call sp_transcode().
 */
#include "codec/transcode.h"

#include "codec/convert_msgpack.h"
#include "codec/etf.h"
#include "codec/format.h"
#include "codec/json.h"
#include "codec/read_etf.h"
#include "codec/read_json.h"
#include "codec/write_etf.h"
#include "codec/write_json.h"
#include "core/config.h"
#include "core/export.h"

#include <spectacles/codec.h>
#include <string.h>

static int refusal(const sp_refusal *refusal, int error, const uint8_t *start, spectacles_problem *problem)
{
    if (error == SPECTACLES_E_PROTO)
        return sp_refuse_at(problem, error, refusal->text, (size_t)(refusal->at - start));
    return sp_refuse(problem, error,
                     error == SPECTACLES_E_NOMEM ? "out of memory"
                                                 : "a text or a container is too large for ETF");
}

static int etf_to_json(sp_buffer *out, uint32_t flags, sp_slice document, spectacles_problem *problem)
{
    sp_etf_reader reader;
    sp_json_writer writer = {.out = out, .quote_big = true, .whole = (flags & SP_TRANSCODE_WHOLE) != 0};
    sp_event event;
    int found;
    sp_etf_reader_start(&reader, document);
    while ((found = sp_etf_reader_next(&reader, &event)) > 0) {
        int error = sp_json_writer_take(&writer, &event);
        if (error)
            return refusal(&writer.refusal, error, reader.start, problem);
    }
    return found < 0 ? sp_refuse_at(problem, found, reader.error, (size_t)(event.at - reader.start)) : found;
}

static int etf_to_etf(sp_buffer *out, sp_buffer *keys, sp_slice document, spectacles_problem *problem)
{
    sp_etf_reader reader;
    sp_etf_writer writer;
    sp_event event;
    int found;
    sp_etf_reader_start(&reader, document);
    sp_etf_writer_start(&writer, out, keys);
    while ((found = sp_etf_reader_next(&reader, &event)) > 0) {
        int error = sp_etf_writer_take(&writer, &event);
        if (error)
            return refusal(&writer.refusal, error, reader.start, problem);
    }
    return found < 0 ? sp_refuse_at(problem, found, reader.error, (size_t)(event.at - reader.start)) : found;
}

static int json_to_etf(sp_buffer *out, sp_buffer *keys, uint32_t flags, sp_slice document,
                       spectacles_problem *problem)
{
    sp_json_reader reader;
    sp_etf_writer writer;
    sp_event event;
    int found;
    sp_json_reader_start(&reader, document, flags & SPECTACLES_REPLACE_SURROGATES);
    sp_etf_writer_start(&writer, out, keys);
    while ((found = sp_json_reader_next(&reader, &event)) > 0) {
        int error = sp_etf_writer_take(&writer, &event);
        if (error)
            return refusal(&writer.refusal, error, reader.scanner.start, problem);
    }
    return found < 0 ? sp_scanner_problem(&reader.scanner, problem) : found;
}

static int json_compact(sp_buffer *out, sp_slice document, spectacles_problem *problem)
{
    sp_json_reader reader;
    sp_json_writer writer = {.out = out};
    sp_event event;
    int found;
    sp_json_reader_start(&reader, document, false);
    while ((found = sp_json_reader_next(&reader, &event)) > 0) {
        int error = sp_json_writer_take(&writer, &event);
        if (error)
            return refusal(&writer.refusal, error, reader.scanner.start, problem);
    }
    return found < 0 ? sp_scanner_problem(&reader.scanner, problem) : found;
}

/* JSON to JSON: the text is checked strictly and copied. */
static int json_copy(sp_buffer *out, sp_slice document, spectacles_problem *problem)
{
    sp_slice value;
    int error = sp_json_check(document, &value, problem);
    if (error)
        return error;
    return sp_buffer_append(out, value.bytes, value.length)
               ? sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory")
               : SPECTACLES_OK;
}

/* Between JSON, ETF and MessagePack. */
static int rewrite(sp_buffer *out, sp_buffer *keys, uint32_t to, uint32_t from, uint32_t flags,
                   sp_slice document, spectacles_problem *problem)
{
    bool from_json = from == SPECTACLES_FORMAT_JSON;
    if (to == SPECTACLES_FORMAT_MSGPACK || from == SPECTACLES_FORMAT_MSGPACK)
        return sp_msgpack_convert(out, keys, to, from, flags, document, problem);
    if (to == SPECTACLES_FORMAT_JSON && from_json)
        return flags & SPECTACLES_COMPACT ? json_compact(out, document, problem)
                                          : json_copy(out, document, problem);
    if (to == SPECTACLES_FORMAT_JSON)
        return etf_to_json(out, flags, document, problem);
    if (sp_buffer_u8(out, SP_ETF_VERSION))
        return sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
    return from_json ? json_to_etf(out, keys, flags, document, problem)
                     : etf_to_etf(out, keys, document, problem);
}

/* Writes JSON inside a MessagePack text. The head states the length of the text, so that it is written last. */
static int write_wrapped(sp_buffer *out, sp_buffer *keys, uint32_t from, uint32_t flags, sp_slice document,
                         spectacles_problem *problem)
{
    uint8_t head[SP_MSGPACK_HEAD] = {0};
    size_t before = sp_buffer_length(out);
    if (sp_buffer_append(out, head, sizeof head))
        return sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
    int error = rewrite(out, keys, SPECTACLES_FORMAT_JSON, from, flags, document, problem);
    if (error)
        return error;
    return sp_msgpack_wrap(out, before, problem);
}

static int unwrap_and_rewrite(sp_buffer *out, sp_buffer *keys, uint32_t to, uint32_t from, uint32_t flags,
                              sp_slice document, spectacles_problem *problem)
{
    const uint8_t *start = document.bytes;
    if (from == SPECTACLES_FORMAT_MSGPACK_JSON) {
        int error = sp_format_unwrap(&document, problem);
        if (error)
            return error;
        from = SPECTACLES_FORMAT_JSON;
    }
    int error = to == SPECTACLES_FORMAT_MSGPACK_JSON
                    ? write_wrapped(out, keys, from, flags, document, problem)
                    : rewrite(out, keys, to, from, flags, document, problem);
    if (error && problem)
        problem->position += (size_t)(document.bytes - start);
    return error;
}

int sp_transcode(sp_buffer *out, sp_buffer *keys, uint32_t to, uint32_t from, uint32_t flags,
                 sp_slice document, spectacles_problem *problem)
{
    size_t before = sp_buffer_length(out);
    int error = sp_format_resolve(&from, document, problem);
    if (!error)
        error = sp_format_check(to, problem);
    if (error)
        return error;
    sp_buffer_clear(keys);
    error = unwrap_and_rewrite(out, keys, to, from, flags, document, problem);
    if (error)
        sp_buffer_truncate(out, before);
    return error;
}

SPECTACLES_EXPORT int spectacles_transcode(spectacles_bytes *out, uint32_t to, uint32_t from, uint32_t flags,
                                           const uint8_t *bytes, size_t length, spectacles_problem *problem)
{
    sp_buffer_clear(&out->content);
    if (flags & ~(uint32_t)(SPECTACLES_REPLACE_SURROGATES | SPECTACLES_COMPACT))
        return sp_refuse(problem, SPECTACLES_E_INVAL, "flags has a bit that this version does not know");
    int error = sp_transcode(&out->content, &out->keys, to, from, flags, (sp_slice){bytes, length}, problem);
    return sp_bytes_end(out, error, problem);
}
