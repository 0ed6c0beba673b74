#include "codec/format.h"

#include "codec/convert_msgpack.h"
#include "codec/etf.h"
#include "codec/json.h"
#include "codec/token.h"
#include "codec/transcode.h"
#include "core/config.h"
#include "core/export.h"

#include <spectacles/format.h>
#include <string.h>

/* ---- Recognising ---- */

static bool begins_json(sp_slice body)
{
    size_t at = 0;
    while (at < body.length && sp_token_space(body.bytes[at]))
        at++;
    return at < body.length && body.bytes[at] && strchr("{[\"-0123456789tfn", body.bytes[at]);
}

/* A text or binary of MessagePack: what stands behind its head, and how long it claims to be. */
static bool msgpack_text(sp_slice body, sp_slice *inside, uint64_t *claim)
{
    sp_reader reader = sp_reader_of(body);
    uint8_t tag = sp_reader_u8(&reader);
    if ((tag & 0xe0) == 0xa0)
        *claim = tag & 0x1f;
    else if (tag == 0xd9 || tag == 0xc4)
        *claim = sp_reader_u8(&reader);
    else if (tag == 0xda || tag == 0xc5)
        *claim = sp_reader_u16(&reader);
    else if (tag == 0xdb || tag == 0xc6)
        *claim = sp_reader_u32(&reader);
    else
        return false;
    *inside = sp_reader_take(&reader, sp_reader_left(&reader));
    return !reader.failed;
}

/* How long MessagePack's scalars are in which there are only bits; 0 for other tags. */
static size_t scalar_length(uint8_t tag)
{
    static const uint8_t lengths[] = {1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 5, 9, 2, 3, 5, 9, 2, 3, 5, 9};
    if (tag < 0x80 || tag >= 0xe0)
        return 1;
    return tag >= 0xc0 && tag < 0xc0 + sizeof lengths ? lengths[tag - 0xc0] : 0;
}

static uint32_t other_format(sp_slice body)
{
    sp_slice inside;
    uint64_t claim;
    uint8_t tag = body.bytes[0];
    size_t length = scalar_length(tag);
    if (length > 0)
        return body.length == length ? SPECTACLES_FORMAT_MSGPACK : SPECTACLES_FORMAT_RAW;
    if (tag == SP_ETF_VERSION && (body.length == 1 || body.bytes[1] < 128))
        return SPECTACLES_FORMAT_ETF;
    if (tag == SP_ETF_VERSION && body.bytes[1] < 160)
        return SPECTACLES_FORMAT_RAW;
    if (msgpack_text(body, &inside, &claim) && inside.length > 0 &&
        (inside.bytes[0] == '{' || inside.bytes[0] == '['))
        return SPECTACLES_FORMAT_MSGPACK_JSON;
    return tag == 0xc1 ? SPECTACLES_FORMAT_RAW : SPECTACLES_FORMAT_MSGPACK;
}

SPECTACLES_EXPORT uint32_t spectacles_format_of(const uint8_t *bytes, size_t length)
{
    sp_slice body = {bytes, length};
    if (length == 0)
        return SPECTACLES_FORMAT_RAW;
    return begins_json(body) ? SPECTACLES_FORMAT_JSON : other_format(body);
}

SPECTACLES_EXPORT const char *spectacles_format_content_type(uint32_t format)
{
    static const char *const types[] = {
        [SPECTACLES_FORMAT_RAW] = "application/octet-stream",
        [SPECTACLES_FORMAT_JSON] = "application/json",
        [SPECTACLES_FORMAT_ETF] = "application/x-erlang-binary",
        [SPECTACLES_FORMAT_MSGPACK] = "application/msgpack",
        [SPECTACLES_FORMAT_MSGPACK_JSON] = "application/msgpack",
    };
    return types[format < sizeof types / sizeof types[0] ? format : SPECTACLES_FORMAT_RAW];
}

/* ---- Converting ---- */

int sp_format_check(uint32_t format, spectacles_problem *problem)
{
    if (format < SPECTACLES_FORMAT_JSON || format > SPECTACLES_FORMAT_MSGPACK_JSON)
        return sp_refuse(problem, SPECTACLES_E_INVAL,
                         "there is no such format: it has to be JSON, ETF, MSGPACK or MSGPACK_JSON");
    if (format >= SPECTACLES_FORMAT_MSGPACK && !sp_msgpack_supported())
        return sp_refuse(problem, SPECTACLES_E_UNSUPPORTED,
                         "this build has no MessagePack: build the library where msgpack-c is installed");
    return SPECTACLES_OK;
}

static int check(uint32_t to, uint32_t *from, sp_slice document, spectacles_problem *problem)
{
    if (*from == SPECTACLES_FORMAT_RAW)
        *from = spectacles_format_of(document.bytes, document.length);
    if (*from == SPECTACLES_FORMAT_RAW)
        return sp_refuse(problem, SPECTACLES_E_PROTO,
                         "the body is in no format that is known here: JSON, ETF or MessagePack");
    int error = sp_format_check(*from, problem);
    return error ? error : sp_format_check(to, problem);
}

/* It was JSON on its way here, and JSON it stays: strict, but not written anew. */
static int copy_json(sp_buffer *out, sp_slice document, spectacles_problem *problem)
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
static int rewrite(sp_buffer *out, sp_buffer *keys, uint32_t to, uint32_t from, sp_slice document,
                   spectacles_problem *problem)
{
    if (to == SPECTACLES_FORMAT_MSGPACK || from == SPECTACLES_FORMAT_MSGPACK)
        return sp_msgpack_convert(out, keys, to, from, document, problem);
    if (to == SPECTACLES_FORMAT_JSON && from == SPECTACLES_FORMAT_JSON)
        return copy_json(out, document, problem);
    return sp_transcode(out, keys,
                        to == SPECTACLES_FORMAT_JSON ? SPECTACLES_ENCODING_JSON : SPECTACLES_ENCODING_ETF,
                        from == SPECTACLES_FORMAT_JSON ? SPECTACLES_ENCODING_JSON : SPECTACLES_ENCODING_ETF,
                        document, problem);
}

/* Puts the head of a text in front of what is to be written behind it: how long that is shows in the end. */
static int write_wrapped(sp_buffer *out, sp_buffer *keys, uint32_t from, sp_slice document,
                         spectacles_problem *problem)
{
    uint8_t head[SP_MSGPACK_HEAD] = {0};
    size_t before = sp_buffer_length(out);
    if (sp_buffer_append(out, head, sizeof head))
        return sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
    int error = rewrite(out, keys, SPECTACLES_FORMAT_JSON, from, document, problem);
    if (error)
        return error;
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

static int unwrap(sp_slice *document, spectacles_problem *problem)
{
    sp_slice inside;
    uint64_t claim;
    if (!msgpack_text(*document, &inside, &claim))
        return sp_refuse(problem, SPECTACLES_E_PROTO,
                         "the body is no MessagePack text, as JSON in MessagePack has to be");
    if (claim != inside.length)
        return sp_refuse(problem, SPECTACLES_E_PROTO,
                         claim > inside.length ? "the MessagePack text is cut off, or its length is a lie"
                                               : "something stands behind the MessagePack text");
    *document = inside;
    return SPECTACLES_OK;
}

/* The format is known, and what is in a wrapping is to be taken out of it. */
static int convert(sp_buffer *out, sp_buffer *keys, uint32_t to, uint32_t from, sp_slice document,
                   spectacles_problem *problem)
{
    const uint8_t *start = document.bytes;
    if (from == SPECTACLES_FORMAT_MSGPACK_JSON) {
        int error = unwrap(&document, problem);
        if (error)
            return error;
        from = SPECTACLES_FORMAT_JSON;
    }
    int error = to == SPECTACLES_FORMAT_MSGPACK_JSON ? write_wrapped(out, keys, from, document, problem)
                                                     : rewrite(out, keys, to, from, document, problem);
    if (error && problem)
        problem->position += (size_t)(document.bytes - start);
    return error;
}

int sp_format_convert(sp_buffer *out, sp_buffer *keys, uint32_t to, uint32_t from, sp_slice document,
                      spectacles_problem *problem)
{
    size_t before = sp_buffer_length(out);
    int error = check(to, &from, document, problem);
    if (error)
        return error;
    error = convert(out, keys, to, from, document, problem);
    if (error)
        sp_buffer_truncate(out, before);
    return error;
}

SPECTACLES_EXPORT int spectacles_format_convert(spectacles_bytes *out, uint32_t to, uint32_t from,
                                                const uint8_t *bytes, size_t length,
                                                spectacles_problem *problem)
{
    sp_buffer_clear(&out->content);
    int error = sp_format_convert(&out->content, &out->keys, to, from, (sp_slice){bytes, length}, problem);
    return sp_bytes_end(out, error, problem);
}
