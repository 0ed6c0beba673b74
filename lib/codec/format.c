/*
 * Recognises formats, and says which of them this build can read and write. transcode.c, documents, the broker and the
 * relay call it for bodies that arrive.
 */
#include "codec/format.h"

#include "codec/convert_msgpack.h"
#include "codec/etf.h"
#include "codec/token.h"
#include "core/config.h"
#include "core/export.h"
#include "core/names.h"

#include <string.h>

static bool begins_json(sp_slice body)
{
    size_t at = 0;
    while (at < body.length && sp_token_space(body.bytes[at]))
        at++;
    return at < body.length && body.bytes[at] && strchr("{[\"-0123456789tfn", body.bytes[at]);
}

bool sp_format_msgpack_text(sp_slice body, sp_slice *inside, uint64_t *claim)
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

/* The length of a MessagePack number, nil, true or false with its tag; 0 for the tags of everything else. */
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
    if (sp_format_msgpack_text(body, &inside, &claim) && inside.length > 0 &&
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

SPECTACLES_EXPORT const char *spectacles_format_name(uint32_t format)
{
    static const char *const names[] = {
        [SPECTACLES_FORMAT_RAW] = "RAW",
        [SPECTACLES_FORMAT_JSON] = "JSON",
        [SPECTACLES_FORMAT_ETF] = "ETF",
        [SPECTACLES_FORMAT_MSGPACK] = "MSGPACK",
        [SPECTACLES_FORMAT_MSGPACK_JSON] = "MSGPACK_JSON",
    };
    return sp_name_of(names, sizeof names / sizeof names[0], format);
}

/* Letters of either case are the same, and so are '-' and '_'. */
static bool is_name(const char *name, const char *given, size_t length)
{
    if (strlen(name) != length)
        return false;
    for (size_t i = 0; i < length; i++) {
        char each = given[i] >= 'a' && given[i] <= 'z' ? (char)(given[i] - 'a' + 'A') : given[i];
        if (name[i] != (each == '-' ? '_' : each))
            return false;
    }
    return true;
}

SPECTACLES_EXPORT int spectacles_format_parse(uint32_t *format, const char *name, size_t length)
{
    for (uint32_t i = SPECTACLES_FORMAT_JSON; i <= SPECTACLES_FORMAT_MSGPACK_JSON; i++) {
        if (is_name(spectacles_format_name(i), name, length)) {
            *format = i;
            return SPECTACLES_OK;
        }
    }
    return SPECTACLES_E_INVAL;
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

int sp_format_resolve(uint32_t *format, sp_slice document, spectacles_problem *problem)
{
    if (*format == SPECTACLES_FORMAT_RAW)
        *format = spectacles_format_of(document.bytes, document.length);
    if (*format == SPECTACLES_FORMAT_RAW)
        return sp_refuse(problem, SPECTACLES_E_PROTO,
                         "the body is in no format that is known here: JSON, ETF or MessagePack");
    return sp_format_check(*format, problem);
}

int sp_format_unwrap(sp_slice *document, spectacles_problem *problem)
{
    sp_slice inside;
    uint64_t claim;
    if (!sp_format_msgpack_text(*document, &inside, &claim))
        return sp_refuse(problem, SPECTACLES_E_PROTO,
                         "the body is no MessagePack text, as JSON in MessagePack has to be");
    if (claim != inside.length)
        return sp_refuse(problem, SPECTACLES_E_PROTO,
                         claim > inside.length ? "the MessagePack text is cut off, or its length is a lie"
                                               : "something stands behind the MessagePack text");
    *document = inside;
    return SPECTACLES_OK;
}
