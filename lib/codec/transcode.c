#include "codec/transcode.h"

#include "codec/etf.h"
#include "codec/read_etf.h"
#include "codec/read_json.h"
#include "codec/write_etf.h"
#include "codec/write_json.h"
#include "core/config.h"
#include "core/export.h"

#include <spectacles/codec.h>

static int refusal(const sp_refusal *refusal, int error, const uint8_t *start, spectacles_problem *problem)
{
    if (error == SPECTACLES_E_PROTO)
        return sp_refuse_at(problem, error, refusal->text, (size_t)(refusal->at - start));
    return sp_refuse(problem, error,
                     error == SPECTACLES_E_NOMEM ? "out of memory"
                                                 : "a text or a container is too large for ETF");
}

static int etf_to_json(sp_buffer *out, sp_slice document, spectacles_problem *problem)
{
    sp_etf_reader reader;
    sp_json_writer writer = {.out = out, .quote_big = true};
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

static int json_to_etf(sp_buffer *out, sp_buffer *keys, sp_slice document, spectacles_problem *problem)
{
    sp_json_reader reader;
    sp_etf_writer writer;
    sp_event event;
    int found;
    sp_json_reader_start(&reader, document);
    sp_etf_writer_start(&writer, out, keys);
    while ((found = sp_json_reader_next(&reader, &event)) > 0) {
        int error = sp_etf_writer_take(&writer, &event);
        if (error)
            return refusal(&writer.refusal, error, reader.scanner.start, problem);
    }
    return found < 0 ? sp_scanner_problem(&reader.scanner, problem) : found;
}

static int json_to_json(sp_buffer *out, sp_slice document, spectacles_problem *problem)
{
    sp_json_reader reader;
    sp_json_writer writer = {.out = out};
    sp_event event;
    int found;
    sp_json_reader_start(&reader, document);
    while ((found = sp_json_reader_next(&reader, &event)) > 0) {
        int error = sp_json_writer_take(&writer, &event);
        if (error)
            return refusal(&writer.refusal, error, reader.scanner.start, problem);
    }
    return found < 0 ? sp_scanner_problem(&reader.scanner, problem) : found;
}

static int choose(sp_buffer *out, sp_buffer *keys, uint32_t to, uint32_t from, sp_slice document,
                  spectacles_problem *problem)
{
    if (to > SPECTACLES_ENCODING_ETF || from > SPECTACLES_ENCODING_ETF)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "there is no such encoding");
    if (to == SPECTACLES_ENCODING_JSON)
        return from == SPECTACLES_ENCODING_JSON ? json_to_json(out, document, problem)
                                                : etf_to_json(out, document, problem);
    if (sp_buffer_u8(out, SP_ETF_VERSION))
        return sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
    return from == SPECTACLES_ENCODING_JSON ? json_to_etf(out, keys, document, problem)
                                            : etf_to_etf(out, keys, document, problem);
}

int sp_transcode(sp_buffer *out, sp_buffer *keys, uint32_t to, uint32_t from, sp_slice document,
                 spectacles_problem *problem)
{
    size_t before = sp_buffer_length(out);
    sp_buffer_clear(keys);
    int error = choose(out, keys, to, from, document, problem);
    if (error)
        sp_buffer_truncate(out, before);
    return error;
}

SPECTACLES_EXPORT int spectacles_transcode(spectacles_bytes *out, uint32_t to, uint32_t from,
                                           const uint8_t *bytes, size_t length, spectacles_problem *problem)
{
    sp_buffer_clear(&out->content);
    int error = sp_transcode(&out->content, &out->keys, to, from, (sp_slice){bytes, length}, problem);
    return sp_bytes_end(out, error, problem);
}
