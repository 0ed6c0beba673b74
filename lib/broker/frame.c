#include "broker/frame.h"

void sp_frame_put_head(uint8_t *out, uint8_t type, uint16_t channel, size_t size)
{
    out[0] = type;
    out[1] = (uint8_t)(channel >> 8);
    out[2] = (uint8_t)channel;
    for (unsigned i = 0; i < 4; i++)
        out[3 + i] = (uint8_t)(size >> (24 - 8 * i));
}

/* Whoever answers is not an AMQP 0-9-1 broker: say which mistake that usually is. */
static int refuse_type(uint8_t type, sp_text *why)
{
    if (type == 'A')
        sp_text_set(why, "the server does not speak AMQP 0-9-1 (it answered with another protocol version)");
    else if (type == 'H')
        sp_text_set(why, "a web server answers on this port; RabbitMQ's AMQP port is 5672 (amqps: 5671)");
    else if (type == 0x15 || type == 0x16)
        sp_text_set(why, "the server speaks TLS on this port; use amqps:// instead of amqp://");
    else
        sp_text_set(why, "the server sent a frame of the unknown type %u", (unsigned)type);
    return SPECTACLES_E_PROTO;
}

static int known_type(uint8_t type)
{
    return type == AMQP_FRAME_METHOD || type == AMQP_FRAME_HEADER || type == AMQP_FRAME_BODY ||
           type == AMQP_FRAME_HEARTBEAT;
}

int sp_frame_read(sp_frame *out, sp_slice in, uint32_t frame_max, sp_text *why)
{
    if (in.length == 0)
        return 0;
    if (!known_type(in.bytes[0]))
        return refuse_type(in.bytes[0], why);
    if (in.length < SP_FRAME_HEAD)
        return 0;
    sp_reader reader = sp_reader_of(in);
    sp_frame frame = {.type = sp_reader_u8(&reader)};
    frame.channel = sp_reader_u16(&reader);
    uint32_t size = sp_reader_u32(&reader);
    if (size > frame_max - SP_FRAME_OVERHEAD) {
        sp_text_set(why, "the server sent a frame of %lu bytes, more than the agreed %lu",
                    (unsigned long)size, (unsigned long)frame_max);
        return SPECTACLES_E_PROTO;
    }
    if (in.length - SP_FRAME_HEAD <= size)
        return 0;
    frame.payload = sp_reader_take(&reader, size);
    frame.size = (size_t)size + SP_FRAME_OVERHEAD;
    if (sp_reader_u8(&reader) != AMQP_FRAME_END) {
        sp_text_set(why, "the server sent a frame without its end octet");
        return SPECTACLES_E_PROTO;
    }
    *out = frame;
    return 1;
}

int sp_frame_content_head(sp_content_head *out, sp_slice payload)
{
    sp_reader reader = sp_reader_of(payload);
    uint16_t class_id = sp_reader_u16(&reader);
    uint16_t weight = sp_reader_u16(&reader);
    uint64_t body_size = sp_reader_u64(&reader);
    if (reader.failed || class_id != AMQP_BASIC_CLASS || weight != 0 || body_size > INT64_MAX)
        return SPECTACLES_E_PROTO;
    *out = (sp_content_head){body_size, sp_reader_take(&reader, sp_reader_left(&reader))};
    return SPECTACLES_OK;
}

/* Where the tables and arrays end that the walk is inside of. */
typedef struct walk {
    sp_reader reader;
    size_t ends[SP_TABLE_DEPTH];
    int is_table[SP_TABLE_DEPTH];
    int depth;
} walk;

static void enter(walk *w, int is_table)
{
    uint32_t size = sp_reader_u32(&w->reader);
    size_t limit = w->depth ? w->ends[w->depth - 1] : w->reader.length;
    if (w->reader.failed || w->depth == SP_TABLE_DEPTH || size > limit - w->reader.position) {
        w->reader.failed = true;
        return;
    }
    w->ends[w->depth] = w->reader.position + size;
    w->is_table[w->depth] = is_table;
    w->depth++;
}

/* The bytes that a value of this kind takes behind its kind; -1: it says so itself; -2: unknown kind. */
static int width_of(uint8_t kind)
{
    switch (kind) {
    case AMQP_FIELD_KIND_VOID:
        return 0;
    case AMQP_FIELD_KIND_BOOLEAN:
    case AMQP_FIELD_KIND_I8:
    case AMQP_FIELD_KIND_U8:
        return 1;
    case AMQP_FIELD_KIND_I16:
    case AMQP_FIELD_KIND_U16:
        return 2;
    case AMQP_FIELD_KIND_I32:
    case AMQP_FIELD_KIND_U32:
    case AMQP_FIELD_KIND_F32:
        return 4;
    case AMQP_FIELD_KIND_DECIMAL:
        return 5;
    case AMQP_FIELD_KIND_I64:
    case AMQP_FIELD_KIND_U64:
    case AMQP_FIELD_KIND_F64:
    case AMQP_FIELD_KIND_TIMESTAMP:
        return 8;
    case AMQP_FIELD_KIND_UTF8:
    case AMQP_FIELD_KIND_BYTES:
        return -1;
    default:
        return -2;
    }
}

static void step(walk *w)
{
    if (w->is_table[w->depth - 1])
        sp_reader_take(&w->reader, sp_reader_u8(&w->reader));
    uint8_t kind = sp_reader_u8(&w->reader);
    if (kind == AMQP_FIELD_KIND_TABLE || kind == AMQP_FIELD_KIND_ARRAY) {
        enter(w, kind == AMQP_FIELD_KIND_TABLE);
        return;
    }
    int width = width_of(kind);
    if (width == -2)
        w->reader.failed = true;
    else
        sp_reader_take(&w->reader, width == -1 ? sp_reader_u32(&w->reader) : (size_t)width);
}

/* Walks over one table without recursion: a message may nest as deep as its frame is long. */
static int skip_table(sp_reader *reader)
{
    walk w = {.reader = *reader};
    enter(&w, 1);
    while (!w.reader.failed && w.depth > 0) {
        size_t end = w.ends[w.depth - 1];
        if (w.reader.position == end)
            w.depth--;
        else if (w.reader.position > end)
            w.reader.failed = true;
        else
            step(&w);
    }
    *reader = w.reader;
    return !w.reader.failed;
}

static void skip_property(sp_reader *reader, unsigned bit)
{
    switch (bit) {
    case 13: /* headers */
        skip_table(reader);
        return;
    case 12: /* delivery-mode, priority */
    case 11:
        sp_reader_u8(reader);
        return;
    case 6: /* timestamp */
        sp_reader_u64(reader);
        return;
    default:
        sp_reader_take(reader, sp_reader_u8(reader));
    }
}

int sp_frame_properties_valid(sp_slice properties)
{
    sp_reader reader = sp_reader_of(properties);
    uint16_t flags = sp_reader_u16(&reader);
    if (flags & 3)
        return 0;
    for (unsigned bit = 15; bit >= 2; bit--) {
        if (flags & (1U << bit))
            skip_property(&reader, bit);
    }
    return !reader.failed && sp_reader_left(&reader) == 0;
}

/* connection.start is the only method from a server that holds a table: version, table, two long strings. */
static int start_valid(sp_slice arguments)
{
    sp_reader reader = sp_reader_of(arguments);
    sp_reader_u16(&reader);
    if (!skip_table(&reader))
        return 0;
    sp_reader_take(&reader, sp_reader_u32(&reader));
    sp_reader_take(&reader, sp_reader_u32(&reader));
    return !reader.failed;
}

/* What a server may send; anything else is not even decoded. */
static int from_server(amqp_method_number_t number)
{
    static const amqp_method_number_t known[] = {
        AMQP_BASIC_DELIVER_METHOD,      AMQP_BASIC_ACK_METHOD,
        AMQP_BASIC_NACK_METHOD,         AMQP_BASIC_RETURN_METHOD,
        AMQP_BASIC_CANCEL_METHOD,       AMQP_BASIC_QOS_OK_METHOD,
        AMQP_BASIC_CONSUME_OK_METHOD,   AMQP_CONNECTION_START_METHOD,
        AMQP_CONNECTION_TUNE_METHOD,    AMQP_CONNECTION_OPEN_OK_METHOD,
        AMQP_CONNECTION_CLOSE_METHOD,   AMQP_CONNECTION_CLOSE_OK_METHOD,
        AMQP_CONNECTION_BLOCKED_METHOD, AMQP_CONNECTION_UNBLOCKED_METHOD,
        AMQP_CHANNEL_OPEN_OK_METHOD,    AMQP_CHANNEL_FLOW_METHOD,
        AMQP_CHANNEL_CLOSE_METHOD,      AMQP_EXCHANGE_DECLARE_OK_METHOD,
        AMQP_QUEUE_DECLARE_OK_METHOD,   AMQP_QUEUE_BIND_OK_METHOD,
        AMQP_CONFIRM_SELECT_OK_METHOD,
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i] == number)
            return 1;
    }
    return 0;
}

int sp_frame_method(amqp_method_number_t *number, void **method, sp_slice payload, amqp_pool_t *pool)
{
    sp_reader reader = sp_reader_of(payload);
    amqp_method_number_t id = sp_reader_u32(&reader);
    sp_slice arguments = sp_reader_take(&reader, sp_reader_left(&reader));
    if (reader.failed || !from_server(id))
        return SPECTACLES_E_PROTO;
    if (id == AMQP_CONNECTION_START_METHOD && !start_valid(arguments))
        return SPECTACLES_E_PROTO;
    recycle_amqp_pool(pool);
    int status = amqp_decode_method(id, pool, sp_amqp_bytes(arguments.bytes, arguments.length), method);
    if (status == AMQP_STATUS_NO_MEMORY)
        return SPECTACLES_E_NOMEM;
    if (status < 0)
        return SPECTACLES_E_PROTO;
    *number = id;
    return SPECTACLES_OK;
}

int sp_frame_write_method(sp_buffer *out, uint16_t channel, amqp_method_number_t number, void *method)
{
    uint8_t *room = sp_buffer_reserve(out, SP_METHOD_MAX);
    if (!room)
        return SPECTACLES_E_NOMEM;
    uint8_t *payload = room + SP_FRAME_HEAD;
    int length =
        amqp_encode_method(number, method, sp_amqp_bytes(payload + 4, SP_METHOD_MAX - SP_FRAME_OVERHEAD - 4));
    if (length < 0)
        return SPECTACLES_E_NOMEM;
    size_t size = (size_t)length + 4;
    sp_frame_put_head(room, AMQP_FRAME_METHOD, channel, size);
    for (unsigned i = 0; i < 4; i++)
        payload[i] = (uint8_t)(number >> (24 - 8 * i));
    payload[size] = AMQP_FRAME_END;
    sp_buffer_grow(out, size + SP_FRAME_OVERHEAD);
    return SPECTACLES_OK;
}

int sp_frame_write_heartbeat(sp_buffer *out)
{
    static const uint8_t heartbeat[] = {AMQP_FRAME_HEARTBEAT, 0, 0, 0, 0, 0, 0, AMQP_FRAME_END};
    return sp_buffer_append(out, heartbeat, sizeof heartbeat);
}
