/* Inflates compressed ETF terms. Owners who accept such terms call it; nothing in the library does. */
#include "codec/etf.h"
#include "codec/transcode.h"
#include "core/config.h"
#include "core/export.h"

#include <spectacles/codec.h>
#include <zlib.h>

enum {
    COMPRESSED_HEADER = 6, /* version, tag, size */
    DEFLATE_RATIO_MAX = 1032
};

static int inflate_term(sp_buffer *out, sp_slice term, size_t size, spectacles_problem *problem)
{
    /* Deflate grows nothing more than 1032 times. A larger claim is refused before memory is reserved. */
    if (size / DEFLATE_RATIO_MAX > term.length)
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

static int inflate_or_copy(sp_buffer *out, sp_slice term, size_t max, spectacles_problem *problem)
{
    sp_reader reader = sp_reader_of(term);
    uint8_t version = sp_reader_u8(&reader);
    bool compressed = version == SP_ETF_VERSION && sp_reader_u8(&reader) == SP_ETF_COMPRESSED;
    size_t size = compressed ? sp_reader_u32(&reader) : term.length;
    if (compressed && reader.failed)
        return sp_refuse(problem, SPECTACLES_E_PROTO, "the compressed term is cut off");
    if (size > max)
        return sp_refuse(problem, SPECTACLES_E_TOOBIG, "the term is larger than allowed");
    if (compressed)
        return inflate_term(out, sp_reader_take(&reader, sp_reader_left(&reader)), size, problem);
    return sp_buffer_append(out, term.bytes, term.length)
               ? sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory")
               : SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_etf_inflate(spectacles_bytes *out, const uint8_t *bytes, size_t length,
                                             size_t max, spectacles_problem *problem)
{
    sp_buffer_clear(&out->content);
    return sp_bytes_end(out, inflate_or_copy(&out->content, (sp_slice){bytes, length}, max, problem),
                        problem);
}
