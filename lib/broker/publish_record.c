/*
 * The bytes of a publish: basic.publish, its properties and headers, and its body in frames. Called by
 * publishes.c, which keeps them.
 */
#include "broker/publish_record.h"
#include "broker/headers.h"

static const char tag_header[] = "spectacles-tag";

static void set_text(amqp_basic_properties_t *properties, amqp_flags_t flag, amqp_bytes_t *field,
                     const char *text)
{
    if (!text)
        return;
    properties->_flags |= flag;
    *field = sp_wire_text(text);
}

static amqp_basic_properties_t properties_of(const spectacles_message *message)
{
    amqp_basic_properties_t properties = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG};
    properties.delivery_mode = message->flags & SPECTACLES_MESSAGE_TRANSIENT ? 1 : 2;
    set_text(&properties, AMQP_BASIC_CONTENT_TYPE_FLAG, &properties.content_type, message->content_type);
    set_text(&properties, AMQP_BASIC_MESSAGE_ID_FLAG, &properties.message_id, message->message_id);
    set_text(&properties, AMQP_BASIC_CORRELATION_ID_FLAG, &properties.correlation_id,
             message->correlation_id);
    set_text(&properties, AMQP_BASIC_REPLY_TO_FLAG, &properties.reply_to, message->reply_to);
    set_text(&properties, AMQP_BASIC_EXPIRATION_FLAG, &properties.expiration, message->expiration);
    if (message->priority) {
        properties._flags |= AMQP_BASIC_PRIORITY_FLAG;
        properties.priority = (uint8_t)message->priority;
    }
    return properties;
}

static int write_method(sp_buffer *out, const spectacles_message *message, const char *group)
{
    union {
        const char *in;
        void *out;
    } key = {message->key};
    amqp_basic_publish_t publish = {
        .exchange = sp_wire_text(message->exchange ? message->exchange : group),
        .routing_key = {message->key_length, key.out},
        .mandatory = message->flags & SPECTACLES_MESSAGE_MANDATORY ? 1 : 0,
    };
    return sp_wire_method(out, SP_CHANNEL_PUBLISH, AMQP_BASIC_PUBLISH_METHOD, &publish);
}

/*
 * A basic.return does not name its publish. So each message has a header with its tag, which basic.return brings back.
 */
static size_t write_headers(amqp_table_entry_t *out, const spectacles_message *message, uint64_t tag)
{
    size_t count = message->header_count;
    sp_headers_write(out, message->headers, count);
    if (message->flags & SPECTACLES_MESSAGE_MANDATORY)
        out[count++] =
            (amqp_table_entry_t){.key = sp_wire_text(tag_header),
                                 .value = {.kind = AMQP_FIELD_KIND_I64, .value = {.i64 = (int64_t)tag}}};
    return count;
}

int sp_publish_write(sp_publishes *publishes, const spectacles_message *message, const char *group,
                     uint64_t tag)
{
    size_t before = sp_buffer_length(&publishes->bytes);
    sp_slice body = {message->body, message->body_length};
    amqp_basic_properties_t properties = properties_of(message);
    amqp_table_entry_t entries[SP_HEADERS_MAX + 1];
    size_t count = write_headers(entries, message, tag);
    if (count > 0) {
        properties._flags |= AMQP_BASIC_HEADERS_FLAG;
        properties.headers = (amqp_table_t){(int)count, entries};
    }
    int error = write_method(&publishes->bytes, message, group);
    if (error == SPECTACLES_OK)
        error =
            sp_wire_content(&publishes->bytes, SP_CHANNEL_PUBLISH, &properties, body, publishes->frame_max);
    if (error != SPECTACLES_OK)
        sp_buffer_truncate(&publishes->bytes, before);
    return error;
}

int sp_publish_reframe(sp_buffer *out, sp_slice frames, uint32_t frame_max)
{
    sp_wire_frame frame;
    size_t used;
    const char *why;
    while (frames.length > 0 && sp_wire_next(frames, SP_WIRE_FRAME_MAX, &frame, &used, &why) == 1) {
        int error = frame.type == AMQP_FRAME_BODY ? sp_wire_body(out, frame.channel, frame.payload, frame_max)
                                                  : sp_buffer_append(out, frames.bytes, used);
        if (error != SPECTACLES_OK)
            return error;
        frames.bytes += used;
        frames.length -= used;
    }
    return SPECTACLES_OK;
}
