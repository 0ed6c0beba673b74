/* Writes a value of a document in each format. Owners call it. */
#include "codec/convert_msgpack.h"
#include "codec/document.h"
#include "codec/etf.h"
#include "codec/format.h"
#include "codec/transcode.h"
#include "codec/write_etf.h"
#include "codec/write_json.h"
#include "core/config.h"
#include "core/export.h"

static int take_json(void *writer, const sp_event *event)
{
    return sp_json_writer_take(writer, event);
}

static int take_etf(void *writer, const sp_event *event)
{
    return sp_etf_writer_take(writer, event);
}

static int write_json(const spectacles_value *value, spectacles_bytes *out, const char **why)
{
    sp_json_writer writer = {.out = &out->content};
    int error = sp_value_events(value, (sp_event_taker){&writer, take_json});
    *why = writer.refusal.text;
    return error;
}

static int write_etf(const spectacles_value *value, spectacles_bytes *out, const char **why)
{
    sp_etf_writer writer;
    sp_etf_writer_start(&writer, &out->content, &out->keys);
    int error = sp_buffer_u8(&out->content, SP_ETF_VERSION);
    error = error ? error : sp_value_events(value, (sp_event_taker){&writer, take_etf});
    *why = writer.refusal.text;
    return error;
}

/* JSON inside a MessagePack text: room for the head of the text comes first. */
static int write_wrapped(const spectacles_value *value, spectacles_bytes *out, const char **why)
{
    static const uint8_t room[SP_MSGPACK_HEAD];
    int error = sp_buffer_append(&out->content, room, sizeof room);
    error = error ? error : write_json(value, out, why);
    return error ? error : sp_msgpack_wrap(&out->content, 0, NULL);
}

static int write_value(const spectacles_value *value, uint32_t format, spectacles_bytes *out,
                       const char **why)
{
    switch (format) {
    case SPECTACLES_FORMAT_JSON:
        return write_json(value, out, why);
    case SPECTACLES_FORMAT_ETF:
        return write_etf(value, out, why);
    case SPECTACLES_FORMAT_MSGPACK:
        return sp_msgpack_write_value(value, &out->content, &out->keys, why);
    default:
        return write_wrapped(value, out, why);
    }
}

static int explain(int error, const char *why, spectacles_problem *problem)
{
    if (error == SPECTACLES_E_PROTO)
        return sp_refuse(problem, error, why);
    return sp_refuse(problem, error,
                     error == SPECTACLES_E_NOMEM ? "out of memory"
                                                 : "the value is too large or nested too deep");
}

SPECTACLES_EXPORT int spectacles_value_write(const spectacles_value *value, uint32_t format,
                                             spectacles_bytes *out, spectacles_problem *problem)
{
    const char *why = NULL;
    sp_buffer_clear(&out->content);
    sp_buffer_clear(&out->keys);
    if (!value)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "there is no value");
    int error = sp_format_check(format, problem);
    if (error)
        return error;
    error = write_value(value, format, out, &why);
    return sp_bytes_end(out, error ? explain(error, why, problem) : error, problem);
}
