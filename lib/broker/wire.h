#ifndef SP_BROKER_WIRE_H
#define SP_BROKER_WIRE_H

#include "broker/amqp.h"
#include "core/buffer.h"

/*
 * AMQP 0-9-1 frames (section 2.3.5 of the specification), with librabbitmq as the codec of what is in them.
 * Nothing reaches librabbitmq before it has been checked here: types, sizes, the end octet, how deep tables
 * are nested.
 */

enum {
    SP_WIRE_HEADER = 7,
    SP_WIRE_OVERHEAD = 8, /* header and end octet */
    SP_WIRE_FRAME_MAX = 131072,
    SP_WIRE_FRAME_MIN = 8192, /* RabbitMQ 4.1 refuses less */
    SP_WIRE_TABLE_DEPTH = 16
};

/* Our channels: an error on one of them hurts no other. */
enum {
    SP_CHANNEL_CONNECTION = 0,
    SP_CHANNEL_DECLARE = 1,
    SP_CHANNEL_PUBLISH = 2,
    SP_CHANNEL_CONSUME = 3,
    SP_CHANNELS = 4
};

typedef struct sp_wire_frame {
    uint8_t type; /* AMQP_FRAME_METHOD, _HEADER, _BODY or _HEARTBEAT */
    uint16_t channel;
    sp_slice payload;
} sp_wire_frame;

/*
 * The frame at the start of the input: 1 and how many bytes it takes, 0 when it is not complete,
 * SPECTACLES_E_PROTO and *why.
 */
int sp_wire_next(sp_slice input, uint32_t frame_max, sp_wire_frame *out, size_t *used, const char **why);

/* Appends a method frame; `method` is librabbitmq's struct for that id. All of it, or nothing and
 * SPECTACLES_E_NOMEM. */
int sp_wire_method(sp_buffer *out, uint16_t channel, amqp_method_number_t id, const void *method);

/* Appends a content: header frame and body frames of at most frame_max bytes. All of it, or nothing. */
int sp_wire_content(sp_buffer *out, uint16_t channel, const amqp_basic_properties_t *properties,
                    sp_slice body, uint32_t frame_max);

/* Appends body frames only. */
int sp_wire_body(sp_buffer *out, uint16_t channel, sp_slice body, uint32_t frame_max);

/* Makes the basic.ack at the end of the buffer one of `tag`, `multiple`. */
void sp_wire_set_ack(sp_buffer *out, uint64_t tag);

int sp_wire_heartbeat(sp_buffer *out);

/* The id of a method frame's payload; 0 when it is too short. */
amqp_method_number_t sp_wire_method_id(sp_slice payload);

/* Its name as the specification has it; NULL when it is none that a broker sends to a client. */
const char *sp_wire_method_name(amqp_method_number_t id);

/*
 * Decodes a method frame's payload into librabbitmq's struct; it points into the payload and into the pool.
 * SPECTACLES_E_PROTO when it is malformed, or not one that a broker sends.
 */
int sp_wire_decode(sp_slice payload, amqp_pool_t *pool, void **method);

/* A content header: the size of the body and its properties. */
int sp_wire_decode_header(sp_slice payload, amqp_pool_t *pool, uint64_t *body_size,
                          amqp_basic_properties_t **properties);

/* The headers in a content header that was decoded without an error, as a table without its length. */
sp_slice sp_wire_headers(sp_slice payload);

/* Whether a table (its length first) is well-formed and nested at most SP_WIRE_TABLE_DEPTH deep. Without
 * recursion. */
bool sp_wire_table_is_sane(sp_reader *reader);

amqp_bytes_t sp_wire_text(const char *text);

/* Whether the bytes are that text. */
bool sp_wire_is(amqp_bytes_t bytes, const char *text);

/* Whether a broker's text names this in single quotes. */
bool sp_wire_quotes(amqp_bytes_t text, sp_slice name);

#endif
