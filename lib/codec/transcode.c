#include "codec/transcode.h"

#include "codec/etf.h"
#include "codec/read_etf.h"
#include "codec/read_json.h"
#include "codec/write_etf.h"
#include "codec/write_json.h"
#include "core/config.h"
#include "core/export.h"

#include <spectacles/codec.h>
#include <stdlib.h>
#include <zlib.h>

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

/* ---- The public face ---- */

SPECTACLES_EXPORT int spectacles_bytes_new(spectacles_bytes **out)
{
    spectacles_bytes *bytes = calloc(1, sizeof *bytes);
    if (!bytes)
        return SPECTACLES_E_NOMEM;
    *out = bytes;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT void spectacles_bytes_free(spectacles_bytes *bytes)
{
    if (!bytes)
        return;
    sp_buffer_free(&bytes->content);
    sp_buffer_free(&bytes->keys);
    free(bytes);
}

SPECTACLES_EXPORT const uint8_t *spectacles_bytes_data(const spectacles_bytes *bytes)
{
    static const uint8_t nothing[1] = {0};
    sp_slice slice = sp_buffer_slice(&bytes->content);
    return slice.length ? slice.bytes : nothing;
}

SPECTACLES_EXPORT size_t spectacles_bytes_length(const spectacles_bytes *bytes)
{
    return sp_buffer_length(&bytes->content);
}

int sp_bytes_end(spectacles_bytes *bytes, int error, spectacles_problem *problem)
{
    uint8_t *behind = error ? NULL : sp_buffer_reserve(&bytes->content, 1);
    if (behind)
        *behind = '\0';
    else
        sp_buffer_clear(&bytes->content);
    return error || behind ? error : sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
}

SPECTACLES_EXPORT int spectacles_transcode(spectacles_bytes *out, uint32_t to, uint32_t from,
                                           const uint8_t *bytes, size_t length, spectacles_problem *problem)
{
    sp_buffer_clear(&out->content);
    int error = sp_transcode(&out->content, &out->keys, to, from, (sp_slice){bytes, length}, problem);
    return sp_bytes_end(out, error, problem);
}

/* ---- Compressed terms ---- */

enum {
    COMPRESSED_HEADER = 6, /* version, tag, size */
    DEFLATE_MOST = 1032
};

static int inflate_term(sp_buffer *out, sp_slice term, size_t size, spectacles_problem *problem)
{
    /* Nothing that deflate writes grows more than 1032 times: a greater claim is a lie, and reserves nothing. */
    if (size / DEFLATE_MOST > term.length)
        return sp_refuse_at(problem, SPECTACLES_E_PROTO, "the compressed term claims an impossible size", 2);
    z_stream stream = {.next_in = (z_const Bytef *)(uintptr_t)term.bytes};
    uint8_t *room = sp_buffer_u8(out, SP_ETF_VERSION) ? NULL : sp_buffer_reserve(out, size + 1);
    if (term.length > UINT32_MAX)
        return sp_refuse(problem, SPECTACLES_E_TOOBIG, "the compressed term is longer than 4 GiB");
    if (!room || inflateInit(&stream) != Z_OK)
        return sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
    stream.avail_in = (uInt)term.length;
    stream.next_out = room;
    stream.avail_out = (uInt)size; /* a claim of 32 bits */
    int state = inflate(&stream, Z_FINISH);
    bool whole = state == Z_STREAM_END && stream.avail_out == 0 && stream.avail_in == 0;
    inflateEnd(&stream);
    sp_buffer_grow(out, size);
    return whole ? SPECTACLES_OK
                 : sp_refuse_at(problem, SPECTACLES_E_PROTO,
                                "the compressed term does not inflate to the size it claims",
                                COMPRESSED_HEADER);
}

static int inflate_or_copy(sp_buffer *out, sp_slice term, size_t most, spectacles_problem *problem)
{
    sp_reader reader = sp_reader_of(term);
    bool compressed = sp_reader_u8(&reader) == SP_ETF_VERSION && sp_reader_u8(&reader) == SP_ETF_COMPRESSED;
    size_t size = compressed ? sp_reader_u32(&reader) : term.length;
    if (compressed && reader.failed)
        return sp_refuse(problem, SPECTACLES_E_PROTO, "the compressed term is cut off");
    if (size > most)
        return sp_refuse(problem, SPECTACLES_E_TOOBIG, "the term is larger than allowed");
    if (compressed)
        return inflate_term(out, sp_reader_take(&reader, sp_reader_left(&reader)), size, problem);
    return sp_buffer_append(out, term.bytes, term.length)
               ? sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory")
               : SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_etf_inflate(spectacles_bytes *out, const uint8_t *bytes, size_t length,
                                             size_t most, spectacles_problem *problem)
{
    sp_buffer_clear(&out->content);
    return sp_bytes_end(out, inflate_or_copy(&out->content, (sp_slice){bytes, length}, most, problem),
                        problem);
}
