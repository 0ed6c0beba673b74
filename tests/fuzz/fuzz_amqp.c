/*
 * AMQP frames, methods, properties and contents: whole or byte by byte the same comes out, none is over its
 * limit, and all that the decoder gives can be read.
 */
#include "broker/content.h"
#include "fuzz.h"

enum {
    CAP = 5000,
    FRAME_MAX = 8192
};

typedef struct reading {
    sp_buffer input;
    amqp_pool_t pool;
    sp_content content[SP_CHANNELS];
    uint64_t seen; /* a sum over all that came out */
    int error;
} reading;

static void add(reading *reader, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < length; i++)
        reader->seen = reader->seen * 1099511628211u + at[i] + 1;
}

static void add_number(reading *reader, uint64_t number)
{
    add(reader, &number, sizeof number);
}

static void add_short(reading *reader, const sp_short *text)
{
    add_number(reader, text->present);
    if (text->present)
        add(reader, text->chars, text->length);
}

/* Tables are at most as deep as was promised. */
static void add_value(reading *reader, const amqp_field_value_t *value, int depth);
static void add_table(reading *reader, const amqp_table_t *table, int depth)
{
    must(depth <= SP_WIRE_TABLE_DEPTH);
    for (int i = 0; i < table->num_entries; i++) {
        add(reader, table->entries[i].key.bytes, table->entries[i].key.len);
        add_value(reader, &table->entries[i].value, depth);
    }
}

static void add_value(reading *reader, const amqp_field_value_t *value, int depth)
{
    add_number(reader, value->kind);
    if (value->kind == AMQP_FIELD_KIND_TABLE)
        add_table(reader, &value->value.table, depth + 1);
    if (value->kind == AMQP_FIELD_KIND_ARRAY) {
        must(depth < SP_WIRE_TABLE_DEPTH);
        for (int i = 0; i < value->value.array.num_entries; i++)
            add_value(reader, &value->value.array.entries[i], depth + 1);
    }
    if (value->kind == AMQP_FIELD_KIND_UTF8 || value->kind == AMQP_FIELD_KIND_BYTES)
        add(reader, value->value.bytes.bytes, value->value.bytes.len);
}

static int take_method(reading *reader, const sp_wire_frame *frame)
{
    void *method;
    amqp_method_number_t id = sp_wire_method_id(frame->payload);
    int error = sp_wire_decode(frame->payload, &reader->pool, &method);
    add_number(reader, (uint64_t)error);
    if (error)
        return error;
    must(sp_wire_method_name(id));
    if (id == AMQP_CONNECTION_START_METHOD)
        add_table(reader, &((amqp_connection_start_t *)method)->server_properties, 1);
    if (id == AMQP_BASIC_DELIVER_METHOD || id == AMQP_BASIC_RETURN_METHOD)
        return sp_content_begin(&reader->content[frame->channel], id, method);
    return 0;
}

static void add_properties(reading *reader, const sp_wire_frame *frame)
{
    uint64_t size;
    amqp_basic_properties_t *properties;
    int error = sp_wire_decode_header(frame->payload, &reader->pool, &size, &properties);
    add_number(reader, (uint64_t)error);
    if (!error && properties->_flags & AMQP_BASIC_HEADERS_FLAG)
        add_table(reader, &properties->headers, 1);
}

static int take_content(reading *reader, const sp_wire_frame *frame)
{
    sp_content *content = &reader->content[frame->channel];
    if (frame->type == AMQP_FRAME_HEADER)
        add_properties(reader, frame);
    int got = sp_content_frame(content, frame, &reader->pool, CAP);
    must(sp_buffer_length(&content->body) <= CAP);
    if (got != 1)
        return got;
    add_number(reader, content->delivery_tag + content->consumer + content->code + content->tag);
    add_short(reader, &content->key);
    add_short(reader, &content->content_type);
    add_short(reader, &content->message_id);
    add_short(reader, &content->correlation_id);
    add_short(reader, &content->reply_to);
    if (content->refusal)
        return 0;
    must(content->whole.length == content->size && content->size <= CAP);
    add(reader, content->whole.bytes, content->whole.length);
    return 0;
}

static void pull(reading *reader)
{
    sp_wire_frame frame;
    size_t used;
    const char *why = NULL;
    int got = 0;
    while (!reader->error &&
           (got = sp_wire_next(sp_buffer_slice(&reader->input), FRAME_MAX, &frame, &used, &why)) > 0) {
        must(frame.payload.length + SP_WIRE_OVERHEAD == used && used <= FRAME_MAX);
        must(frame.channel < SP_CHANNELS);
        add_number(reader, frame.type);
        if (frame.type == AMQP_FRAME_METHOD)
            reader->error = take_method(reader, &frame);
        else if (frame.type != AMQP_FRAME_HEARTBEAT)
            reader->error = take_content(reader, &frame);
        sp_buffer_consume(&reader->input, used);
    }
    if (got < 0) {
        must(why);
        reader->error = got;
    }
}

static uint64_t read_in(const uint8_t *bytes, size_t length, size_t step, int *error)
{
    reading reader = {.seen = 1};
    init_amqp_pool(&reader.pool, 4096);
    for (size_t at = 0; at < length; at += step) {
        size_t part = length - at < step ? length - at : step;
        must(!sp_buffer_append(&reader.input, bytes + at, part));
        pull(&reader);
    }
    *error = reader.error;
    for (int channel = 0; channel < SP_CHANNELS; channel++)
        sp_content_free(&reader.content[channel]);
    sp_buffer_free(&reader.input);
    empty_amqp_pool(&reader.pool);
    return reader.seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    int whole;
    int parts;
    uint64_t seen = read_in(bytes, length, length + 1, &whole);
    must(seen == read_in(bytes, length, 1, &parts));
    must(whole == parts);
    return 0;
}
