/*
 * Reads and writes frames of AMQP. All bytes are checked before librabbitmq decodes them. Called by every file that
 * writes a method, and by receive.c, content.c and timers.c.
 */
#include "broker/wire.h"

#include <string.h>

enum {
    SHORT_MAX = 255,
    QUOTE_MAX = 64, /* the first name in a text of RabbitMQ begins within so many bytes */
    /* The largest methods are start-ok, with two texts of 255 bytes and a small table, and queue.declare. */
    METHOD_MAX = 4096,
    /* Five texts of 255 bytes, and headers. Fits into the smallest frame_max. */
    PROPERTIES_MAX = 6144
};

static int refuse(const char **why, const char *text)
{
    *why = text;
    return SPECTACLES_E_PROTO;
}

/* A broker answers a protocol header that it does not know with the one that it speaks (AMQP 0-9-1, section 4.2.2). */
static const char *refused_header(sp_slice input)
{
    static const uint8_t ours[] = {'A', 'M', 'Q', 'P', 0, 0, 9, 1};
    return memcmp(input.bytes, ours, sizeof ours) == 0
               ? "the broker speaks AMQP 0-9-1, and did not see that we do: something in front of it sends "
                 "other "
                 "bytes first, such as a proxy with a PROXY header that the broker does not expect"
               : "the broker speaks another version of AMQP than 0-9-1";
}

int sp_wire_next(sp_slice input, uint32_t frame_max, sp_wire_frame *out, size_t *used, const char **why)
{
    if (input.length < SP_WIRE_HEADER)
        return 0;
    sp_reader reader = sp_reader_of(input);
    uint8_t type = sp_reader_u8(&reader);
    uint16_t channel = sp_reader_u16(&reader);
    uint32_t size = sp_reader_u32(&reader);
    if (type == 'A' && memcmp(input.bytes, "AMQP", 4) == 0)
        return input.length < SP_WIRE_PROTOCOL ? 0 : refuse(why, refused_header(input));
    if (type != AMQP_FRAME_METHOD && type != AMQP_FRAME_HEADER && type != AMQP_FRAME_BODY &&
        type != AMQP_FRAME_HEARTBEAT)
        return refuse(
            why,
            "the broker sent a frame of an unknown type: is this an AMQP port, with the right use of TLS?");
    if (channel >= SP_CHANNELS)
        return refuse(why, "the broker sent a frame on a channel that was never opened");
    if (size > frame_max - SP_WIRE_OVERHEAD)
        return refuse(why, "the broker sent a frame over the size that was agreed on");
    if (sp_reader_left(&reader) < (size_t)size + 1)
        return 0;
    out->type = type;
    out->channel = channel;
    out->payload = sp_reader_take(&reader, size);
    if (sp_reader_u8(&reader) != AMQP_FRAME_END)
        return refuse(why, "the broker sent a frame without its end octet");
    *used = reader.position;
    return 1;
}

amqp_bytes_t sp_wire_text(const char *text)
{
    return amqp_cstring_bytes(text);
}

bool sp_wire_is(amqp_bytes_t bytes, const char *text)
{
    return bytes.len == strlen(text) && memcmp(bytes.bytes, text, bytes.len) == 0;
}

/*
 * Whether a text that was cut begins to quote this name. RabbitMQ cuts its texts at 255 bytes, and ends them with three
 * dots. Of a long name only the part before the dots can be compared.
 */
static bool quotes_cut(const char *chars, size_t length, sp_slice name)
{
    if (length != SHORT_MAX || memcmp(chars + SHORT_MAX - 3, "...", 3) != 0)
        return false;
    const char *quote = memchr(chars, '\'', QUOTE_MAX);
    size_t left = quote ? (size_t)(chars + SHORT_MAX - 3 - (quote + 1)) : SIZE_MAX;
    return name.length >= left && memcmp(quote + 1, name.bytes, left) == 0;
}

bool sp_wire_quotes(amqp_bytes_t text, sp_slice name)
{
    const char *chars = text.bytes;
    for (size_t i = 0; i + name.length + 2 <= text.len; i++) {
        if (chars[i] == '\'' && chars[i + 1 + name.length] == '\'' &&
            memcmp(chars + i + 1, name.bytes, name.length) == 0)
            return true;
    }
    return quotes_cut(chars, text.len, name);
}

/* ---- Writing ---- */

static void put_u32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

/* Completes a frame whose payload is written: adds the header in front of the payload, and the end octet. */
static void close_frame(sp_buffer *out, uint8_t *frame, uint8_t type, uint16_t channel, uint32_t size)
{
    frame[0] = type;
    frame[1] = (uint8_t)(channel >> 8);
    frame[2] = (uint8_t)channel;
    put_u32(frame + 3, size);
    frame[SP_WIRE_HEADER + size] = AMQP_FRAME_END;
    sp_buffer_grow(out, SP_WIRE_OVERHEAD + size);
}

/*
 * Keeps the buffer usable after a failed write. A caller that writes several frames removes the frames it has written.
 */
static int no_memory(sp_buffer *out)
{
    out->failed = false;
    return SPECTACLES_E_NOMEM;
}

int sp_wire_method(sp_buffer *out, uint16_t channel, amqp_method_number_t id, const void *method)
{
    /* The encoder does not change the method, but its parameter is not const. */
    union {
        const void *in;
        void *out;
    } decoded = {method};
    uint8_t *frame = sp_buffer_reserve(out, SP_WIRE_OVERHEAD + 4 + METHOD_MAX);
    if (!frame)
        return no_memory(out);
    put_u32(frame + SP_WIRE_HEADER, id);
    amqp_bytes_t room = {METHOD_MAX, frame + SP_WIRE_HEADER + 4};
    int written = amqp_encode_method(id, decoded.out, room);
    if (written < 0)
        return SPECTACLES_E_TOOBIG;
    close_frame(out, frame, AMQP_FRAME_METHOD, channel, (uint32_t)written + 4);
    return SPECTACLES_OK;
}

static int write_content_header(sp_buffer *out, uint16_t channel, const amqp_basic_properties_t *properties,
                                uint64_t body_size)
{
    enum {
        FIXED = 12
    };
    union {
        const void *in;
        void *out;
    } decoded = {properties};
    uint8_t *frame = sp_buffer_reserve(out, SP_WIRE_OVERHEAD + FIXED + PROPERTIES_MAX);
    if (!frame)
        return no_memory(out);
    uint8_t *payload = frame + SP_WIRE_HEADER;
    put_u32(payload, (uint32_t)AMQP_BASIC_CLASS << 16);
    put_u32(payload + 4, (uint32_t)(body_size >> 32));
    put_u32(payload + 8, (uint32_t)body_size);
    amqp_bytes_t room = {PROPERTIES_MAX, payload + FIXED};
    int written = amqp_encode_properties(AMQP_BASIC_CLASS, decoded.out, room);
    if (written < 0)
        return SPECTACLES_E_TOOBIG;
    close_frame(out, frame, AMQP_FRAME_HEADER, channel, (uint32_t)written + FIXED);
    return SPECTACLES_OK;
}

int sp_wire_body(sp_buffer *out, uint16_t channel, sp_slice body, uint32_t frame_max)
{
    size_t before = sp_buffer_length(out);
    size_t most = frame_max - SP_WIRE_OVERHEAD;
    for (size_t at = 0; at < body.length;) {
        size_t piece = body.length - at < most ? body.length - at : most;
        uint8_t *frame = sp_buffer_reserve(out, SP_WIRE_OVERHEAD + piece);
        if (!frame) {
            sp_buffer_truncate(out, before);
            return no_memory(out);
        }
        memcpy(frame + SP_WIRE_HEADER, body.bytes + at, piece);
        close_frame(out, frame, AMQP_FRAME_BODY, channel, (uint32_t)piece);
        at += piece;
    }
    return SPECTACLES_OK;
}

int sp_wire_content(sp_buffer *out, uint16_t channel, const amqp_basic_properties_t *properties,
                    sp_slice body, uint32_t frame_max)
{
    size_t before = sp_buffer_length(out);
    int error = write_content_header(out, channel, properties, body.length);
    if (error == SPECTACLES_OK)
        error = sp_wire_body(out, channel, body, frame_max);
    if (error != SPECTACLES_OK)
        sp_buffer_truncate(out, before);
    return error;
}

void sp_wire_set_ack(sp_buffer *out, uint64_t tag)
{
    /* A basic.ack ends with the delivery tag (8 octets), an octet of bits, and the end octet. */
    uint8_t *at = out->bytes + out->end - 10;
    put_u32(at, (uint32_t)(tag >> 32));
    put_u32(at + 4, (uint32_t)tag);
    at[8] = 1;
}

int sp_wire_heartbeat(sp_buffer *out)
{
    uint8_t *frame = sp_buffer_reserve(out, SP_WIRE_OVERHEAD);
    if (!frame)
        return no_memory(out);
    close_frame(out, frame, AMQP_FRAME_HEARTBEAT, SP_CHANNEL_CONNECTION, 0);
    return SPECTACLES_OK;
}

/* ---- Reading ---- */

/* Reads past a value of this kind. False for a kind that is unknown. */
static bool pass_scalar(sp_reader *reader, uint8_t kind)
{
    switch (kind) {
    case AMQP_FIELD_KIND_VOID:
        return true;
    case AMQP_FIELD_KIND_BOOLEAN:
    case AMQP_FIELD_KIND_I8:
    case AMQP_FIELD_KIND_U8:
        sp_reader_u8(reader);
        return true;
    case AMQP_FIELD_KIND_I16:
    case AMQP_FIELD_KIND_U16:
        sp_reader_u16(reader);
        return true;
    case AMQP_FIELD_KIND_I32:
    case AMQP_FIELD_KIND_U32:
    case AMQP_FIELD_KIND_F32:
        sp_reader_u32(reader);
        return true;
    case AMQP_FIELD_KIND_I64:
    case AMQP_FIELD_KIND_U64:
    case AMQP_FIELD_KIND_F64:
    case AMQP_FIELD_KIND_TIMESTAMP:
        sp_reader_u64(reader);
        return true;
    case AMQP_FIELD_KIND_DECIMAL:
        sp_reader_take(reader, 5);
        return true;
    case AMQP_FIELD_KIND_UTF8:
    case AMQP_FIELD_KIND_BYTES:
        sp_reader_take(reader, sp_reader_u32(reader));
        return true;
    default:
        return false;
    }
}

bool sp_wire_table_is_sane(sp_reader *reader)
{
    struct {
        size_t end;
        bool table;
    } open[SP_WIRE_TABLE_DEPTH];
    size_t depth = 0;
    uint8_t kind = AMQP_FIELD_KIND_TABLE;
    for (;;) {
        if (kind == AMQP_FIELD_KIND_TABLE || kind == AMQP_FIELD_KIND_ARRAY) {
            size_t length = sp_reader_u32(reader);
            size_t limit = depth ? open[depth - 1].end : reader->length;
            if (depth == SP_WIRE_TABLE_DEPTH || reader->failed || reader->position > limit ||
                length > limit - reader->position)
                return false;
            open[depth].end = reader->position + length;
            open[depth++].table = kind == AMQP_FIELD_KIND_TABLE;
        } else if (!pass_scalar(reader, kind)) {
            return false;
        }
        if (reader->failed || reader->position > open[depth - 1].end)
            return false;
        while (depth > 0 && reader->position == open[depth - 1].end)
            depth--;
        if (depth == 0)
            return true;
        if (open[depth - 1].table)
            sp_reader_take(reader, sp_reader_u8(reader));
        kind = sp_reader_u8(reader);
    }
}

amqp_method_number_t sp_wire_method_id(sp_slice payload)
{
    sp_reader reader = sp_reader_of(payload);
    return sp_reader_u32(&reader);
}

const char *sp_wire_method_name(amqp_method_number_t id)
{
    /* The two methods that come most often are first, so that they are found at once. */
    static const struct {
        amqp_method_number_t id;
        const char *name;
    } sent[] = {{AMQP_BASIC_DELIVER_METHOD, "basic.deliver"},
                {AMQP_BASIC_ACK_METHOD, "basic.ack"},
                {AMQP_CONNECTION_START_METHOD, "connection.start"},
                {AMQP_CONNECTION_SECURE_METHOD, "connection.secure"},
                {AMQP_CONNECTION_TUNE_METHOD, "connection.tune"},
                {AMQP_CONNECTION_OPEN_OK_METHOD, "connection.open-ok"},
                {AMQP_CONNECTION_CLOSE_METHOD, "connection.close"},
                {AMQP_CONNECTION_CLOSE_OK_METHOD, "connection.close-ok"},
                {AMQP_CONNECTION_BLOCKED_METHOD, "connection.blocked"},
                {AMQP_CONNECTION_UNBLOCKED_METHOD, "connection.unblocked"},
                {AMQP_CHANNEL_OPEN_OK_METHOD, "channel.open-ok"},
                {AMQP_CHANNEL_FLOW_METHOD, "channel.flow"},
                {AMQP_CHANNEL_CLOSE_METHOD, "channel.close"},
                {AMQP_CHANNEL_CLOSE_OK_METHOD, "channel.close-ok"},
                {AMQP_EXCHANGE_DECLARE_OK_METHOD, "exchange.declare-ok"},
                {AMQP_QUEUE_DECLARE_OK_METHOD, "queue.declare-ok"},
                {AMQP_QUEUE_BIND_OK_METHOD, "queue.bind-ok"},
                {AMQP_BASIC_QOS_OK_METHOD, "basic.qos-ok"},
                {AMQP_BASIC_CONSUME_OK_METHOD, "basic.consume-ok"},
                {AMQP_BASIC_CANCEL_METHOD, "basic.cancel"},
                {AMQP_BASIC_CANCEL_OK_METHOD, "basic.cancel-ok"},
                {AMQP_BASIC_RETURN_METHOD, "basic.return"},
                {AMQP_BASIC_NACK_METHOD, "basic.nack"},
                {AMQP_CONFIRM_SELECT_OK_METHOD, "confirm.select-ok"}};
    for (size_t i = 0; i < sizeof sent / sizeof sent[0]; i++) {
        if (sent[i].id == id)
            return sent[i].name;
    }
    return NULL;
}

static amqp_bytes_t bytes_of(sp_slice slice, size_t skip)
{
    union {
        const uint8_t *in;
        void *out;
    } bytes = {slice.bytes + skip};
    return (amqp_bytes_t){slice.length - skip, bytes.out};
}

static int decode_error(int status)
{
    return status == AMQP_STATUS_NO_MEMORY ? SPECTACLES_E_NOMEM : SPECTACLES_E_PROTO;
}

int sp_wire_decode(sp_slice payload, amqp_pool_t *pool, void **method)
{
    amqp_method_number_t id = sp_wire_method_id(payload);
    /* Methods that only clients send are refused: their tables are not checked here, and the decoder recurses. */
    if (payload.length < 4 || !sp_wire_method_name(id))
        return SPECTACLES_E_PROTO;
    /* Only this method of a broker has a table. The table follows the id and two octets of the version. */
    if (id == AMQP_CONNECTION_START_METHOD) {
        sp_reader reader = sp_reader_of(payload);
        sp_reader_take(&reader, 6);
        if (!sp_wire_table_is_sane(&reader))
            return SPECTACLES_E_PROTO;
    }
    recycle_amqp_pool(pool);
    int status = amqp_decode_method(id, pool, bytes_of(payload, 4), method);
    return status < 0 ? decode_error(status) : SPECTACLES_OK;
}

/* Reads past the properties in front of the headers. False when the list of properties has no headers. */
static bool pass_to_headers(sp_reader *reader)
{
    uint16_t flags = sp_reader_u16(reader);
    if (flags & AMQP_BASIC_CONTENT_TYPE_FLAG)
        sp_reader_take(reader, sp_reader_u8(reader));
    if (flags & AMQP_BASIC_CONTENT_ENCODING_FLAG)
        sp_reader_take(reader, sp_reader_u8(reader));
    return flags & AMQP_BASIC_HEADERS_FLAG;
}

static bool headers_are_sane(sp_slice properties)
{
    sp_reader reader = sp_reader_of(properties);
    /* The two lowest bits of the flags announce more flags, or properties that the class basic does not have. */
    if (properties.length < 2 || properties.bytes[1] & 3)
        return false;
    return !pass_to_headers(&reader) || sp_wire_table_is_sane(&reader);
}

sp_slice sp_wire_headers(sp_slice payload)
{
    sp_reader reader = sp_reader_of(payload);
    sp_reader_take(&reader, 12);
    if (!pass_to_headers(&reader))
        return (sp_slice){NULL, 0};
    return sp_reader_take(&reader, sp_reader_u32(&reader));
}

int sp_wire_decode_header(sp_slice payload, amqp_pool_t *pool, uint64_t *body_size,
                          amqp_basic_properties_t **properties)
{
    sp_reader reader = sp_reader_of(payload);
    uint16_t class_id = sp_reader_u16(&reader);
    sp_reader_u16(&reader);
    uint64_t size = sp_reader_u64(&reader);
    if (reader.failed || class_id != AMQP_BASIC_CLASS)
        return SPECTACLES_E_PROTO;
    *body_size = size;
    *properties = NULL;
    if (!headers_are_sane((sp_slice){payload.bytes + reader.position, payload.length - reader.position}))
        return SPECTACLES_E_INVAL;
    void *decoded;
    recycle_amqp_pool(pool);
    int status = amqp_decode_properties(class_id, pool, bytes_of(payload, reader.position), &decoded);
    if (status < 0)
        return status == AMQP_STATUS_NO_MEMORY ? SPECTACLES_E_NOMEM : SPECTACLES_E_INVAL;
    *properties = decoded;
    return SPECTACLES_OK;
}
