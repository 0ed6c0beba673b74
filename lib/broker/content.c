/*
 * Puts content together: the properties and the body that follow basic.deliver and basic.return. Called by
 * receive.c, rpc.c and connection.c.
 */
#include "broker/content.h"

#include "broker/consumer.h"

#include <spectacles/codec.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEPT_BODY = 64 * 1024,
    KEPT_HEADERS = 4096,
    KEPT_HEADER_COUNT = 64
};

void sp_content_free(sp_content *content)
{
    sp_buffer_free(&content->body);
    sp_buffer_free(&content->header_bytes);
    free(content->headers);
    *content = (sp_content){0};
}

void sp_content_reset(sp_content *content)
{
    sp_buffer_clear(&content->body);
    sp_buffer_shrink(&content->body, KEPT_BODY);
    /* The bytes of the short strings are not cleared: `present` says which strings are valid. */
    content->state = SP_CONTENT_NONE;
    content->content_type.present = content->message_id.present = false;
    content->correlation_id.present = content->reply_to.present = content->expiration.present = false;
    content->header_count = 0;
    if (content->header_room > KEPT_HEADER_COUNT) {
        free(content->headers);
        content->headers = NULL;
        content->header_room = 0;
    }
    content->priority = 0;
    content->tag = content->size = content->got = 0;
    content->refusal = NULL;
    content->whole = (sp_slice){NULL, 0};
}

const char *sp_short_text(const sp_short *text)
{
    return text->present ? text->chars : NULL;
}

static void copy(sp_short *out, amqp_bytes_t bytes)
{
    out->length = bytes.len < SP_SHORT_MAX ? bytes.len : SP_SHORT_MAX;
    if (out->length > 0)
        memcpy(out->chars, bytes.bytes, out->length);
    out->chars[out->length] = '\0';
    out->present = true;
}

int sp_content_begin(sp_content *content, amqp_method_number_t method, const void *decoded)
{
    if (content->state != SP_CONTENT_NONE)
        return SPECTACLES_E_PROTO;
    sp_content_reset(content);
    content->state = SP_CONTENT_HEADER;
    content->method = method;
    if (method == AMQP_BASIC_DELIVER_METHOD) {
        const amqp_basic_deliver_t *deliver = decoded;
        content->delivery_tag = deliver->delivery_tag;
        content->redelivered = deliver->redelivered;
        content->consumer = sp_consumer_read_tag(deliver->consumer_tag);
        copy(&content->key, deliver->routing_key);
    } else {
        const amqp_basic_return_t *returned = decoded;
        content->code = returned->reply_code;
        copy(&content->text, returned->reply_text);
        copy(&content->key, returned->routing_key);
    }
    return SPECTACLES_OK;
}

static uint64_t tag_of(const amqp_basic_properties_t *properties)
{
    static const char name[] = "spectacles-tag";
    if (!(properties->_flags & AMQP_BASIC_HEADERS_FLAG))
        return 0;
    for (int i = 0; i < properties->headers.num_entries; i++) {
        const amqp_table_entry_t *entry = &properties->headers.entries[i];
        bool named =
            entry->key.len == sizeof name - 1 && memcmp(entry->key.bytes, name, sizeof name - 1) == 0;
        if (named && entry->value.kind == AMQP_FIELD_KIND_I64)
            return (uint64_t)entry->value.value.i64;
    }
    return 0;
}

static bool make_room(sp_content *content)
{
    size_t room = content->header_room ? content->header_room * 2 : 8;
    spectacles_header *headers = realloc(content->headers, room * sizeof *headers);
    if (!headers)
        return false;
    content->headers = headers;
    content->header_room = room;
    return true;
}

/* The count of headers is limited by the size of a frame. */
static int read_headers(sp_content *content, sp_slice table)
{
    const spectacles_header all = {
        .type = SPECTACLES_HEADER_TABLE, .bytes = table.bytes, .bytes_length = table.length};
    spectacles_header each;
    size_t position = 0;
    while (spectacles_header_next(&all, &position, &each)) {
        if (content->header_count == content->header_room && !make_room(content))
            return SPECTACLES_E_NOMEM;
        content->headers[content->header_count++] = each;
    }
    return SPECTACLES_OK;
}

static int copy_headers(sp_content *content, sp_slice payload)
{
    sp_slice table = sp_wire_headers(payload);
    if (!table.bytes)
        return SPECTACLES_OK;
    sp_buffer_clear(&content->header_bytes);
    sp_buffer_shrink(&content->header_bytes, KEPT_HEADERS);
    if (sp_buffer_append(&content->header_bytes, table.bytes, table.length) < 0) {
        content->header_bytes.failed = false;
        return SPECTACLES_E_NOMEM;
    }
    sp_slice kept = sp_buffer_slice(&content->header_bytes);
    return read_headers(content, kept);
}

static int copy_properties(sp_content *content, const amqp_basic_properties_t *properties, sp_slice payload)
{
    if (properties->_flags & AMQP_BASIC_CONTENT_TYPE_FLAG)
        copy(&content->content_type, properties->content_type);
    if (properties->_flags & AMQP_BASIC_MESSAGE_ID_FLAG)
        copy(&content->message_id, properties->message_id);
    if (properties->_flags & AMQP_BASIC_CORRELATION_ID_FLAG)
        copy(&content->correlation_id, properties->correlation_id);
    if (properties->_flags & AMQP_BASIC_REPLY_TO_FLAG)
        copy(&content->reply_to, properties->reply_to);
    if (properties->_flags & AMQP_BASIC_EXPIRATION_FLAG)
        copy(&content->expiration, properties->expiration);
    if (properties->_flags & AMQP_BASIC_PRIORITY_FLAG)
        content->priority = properties->priority;
    content->tag = tag_of(properties);
    return copy_headers(content, payload);
}

static int finish(sp_content *content)
{
    if (content->got < content->size)
        return 0;
    content->state = SP_CONTENT_NONE;
    return 1;
}

static int take_header(sp_content *content, sp_slice payload, amqp_pool_t *pool, uint64_t max_size)
{
    amqp_basic_properties_t *properties;
    int error = sp_wire_decode_header(payload, pool, &content->size, &properties);
    if (error == SPECTACLES_OK)
        error = copy_properties(content, properties, payload);
    if (error == SPECTACLES_E_INVAL)
        content->refusal = "its properties are malformed or nested too deep";
    else if (error != SPECTACLES_OK)
        return error;
    if (content->size > max_size)
        content->refusal = "its body is over the limit on its size";
    content->state = SP_CONTENT_BODY;
    return finish(content);
}

static int take_body(sp_content *content, sp_slice payload)
{
    if (payload.length > content->size - content->got || payload.length == 0)
        return SPECTACLES_E_PROTO;
    bool whole = payload.length == content->size;
    if (!content->refusal && !whole && sp_buffer_append(&content->body, payload.bytes, payload.length) < 0) {
        content->body.failed = false;
        return SPECTACLES_E_NOMEM;
    }
    content->got += payload.length;
    content->whole = whole ? payload : sp_buffer_slice(&content->body);
    return finish(content);
}

int sp_content_frame(sp_content *content, const sp_wire_frame *frame, amqp_pool_t *pool, uint64_t max_size)
{
    if (frame->type == AMQP_FRAME_HEADER && content->state == SP_CONTENT_HEADER)
        return take_header(content, frame->payload, pool, max_size);
    if (frame->type == AMQP_FRAME_BODY && content->state == SP_CONTENT_BODY)
        return take_body(content, frame->payload);
    return SPECTACLES_E_PROTO;
}

void sp_content_fill_event(const sp_content *content, spectacles_broker_event *event)
{
    static const uint8_t empty[1] = {0};
    event->body = content->whole.bytes ? content->whole.bytes : empty;
    event->body_length = content->whole.length;
    event->format = spectacles_format_of(event->body, event->body_length);
    event->content_type = sp_short_text(&content->content_type);
    event->message_id = sp_short_text(&content->message_id);
    event->correlation_id = sp_short_text(&content->correlation_id);
    event->reply_to = sp_short_text(&content->reply_to);
    event->expiration = sp_short_text(&content->expiration);
    event->priority = content->priority;
    event->headers = content->header_count > 0 ? content->headers : NULL;
    event->header_count = content->header_count;
}
