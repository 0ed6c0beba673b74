#ifndef SP_BROKER_WIRE_H
#define SP_BROKER_WIRE_H

#include "broker/amqp.h"
#include "core/buffer.h"

/*
 * Frames of AMQP 0-9-1 (section 2.3.5 of the specification). librabbitmq decodes and encodes their payloads. Before
 * that this file checks types, sizes, the end octet, and how deep tables are nested.
 */

enum {
    SP_WIRE_HEADER = 7,
    SP_WIRE_PROTOCOL = 8, /* bytes of a protocol header */
    SP_WIRE_OVERHEAD = 8, /* header and end octet */
    SP_WIRE_FRAME_MAX = 131072,
    SP_WIRE_FRAME_MIN = 8192, /* RabbitMQ 4.1 refuses less */
    SP_WIRE_TABLE_DEPTH = 16
};

/* The channels of a connection. An error on one channel does not disturb the others. */
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
 * Reads the frame at the start of the input. Returns 1, with the length of the frame in *used; 0 when the frame is not
 * complete; or SPECTACLES_E_PROTO, with a sentence in *why.
 */
int sp_wire_next(sp_slice input, uint32_t frame_max, sp_wire_frame *out, size_t *used, const char **why);

/*
 * Appends a method frame. method: librabbitmq's struct for this id. On failure nothing is appended: SPECTACLES_E_NOMEM,
 * or SPECTACLES_E_TOOBIG.
 */
int sp_wire_method(sp_buffer *out, uint16_t channel, amqp_method_number_t id, const void *method);

/* Appends a content: a header frame, and body frames of at most frame_max bytes. On failure nothing is appended. */
int sp_wire_content(sp_buffer *out, uint16_t channel, const amqp_basic_properties_t *properties,
                    sp_slice body, uint32_t frame_max);

/* Appends body frames only. */
int sp_wire_body(sp_buffer *out, uint16_t channel, sp_slice body, uint32_t frame_max);

/* Changes the basic.ack at the end of the buffer: its delivery tag becomes `tag`, and `multiple` is set. */
void sp_wire_set_ack(sp_buffer *out, uint64_t tag);

int sp_wire_heartbeat(sp_buffer *out);

/* The id of the method in the payload of a method frame; 0 when the payload is too short. */
amqp_method_number_t sp_wire_method_id(sp_slice payload);

/* The name of a method in the specification; NULL for a method that a broker does not send to a client. */
const char *sp_wire_method_name(amqp_method_number_t id);

/*
 * Decodes the payload of a method frame into librabbitmq's struct, which points into the payload and into the pool.
 * SPECTACLES_E_PROTO when the method is malformed, or is not a method that a broker sends.
 */
int sp_wire_decode(sp_slice payload, amqp_pool_t *pool, void **method);

/*
 * Decodes a content header: the size of the body, and the properties. SPECTACLES_E_INVAL when only the properties are
 * malformed.
 */
int sp_wire_decode_header(sp_slice payload, amqp_pool_t *pool, uint64_t *body_size,
                          amqp_basic_properties_t **properties);

/* The table of headers, without its length, in a content header that sp_wire_decode_header() has decoded. */
sp_slice sp_wire_headers(sp_slice payload);

/* Whether a table, which begins with its length, is well-formed and nested at most SP_WIRE_TABLE_DEPTH deep. */
bool sp_wire_table_is_sane(sp_reader *reader);

amqp_bytes_t sp_wire_text(const char *text);

/* Whether the bytes are equal to the text. */
bool sp_wire_is(amqp_bytes_t bytes, const char *text);

/* Whether a text of RabbitMQ has this name in single quotes. */
bool sp_wire_quotes(amqp_bytes_t text, sp_slice name);

#endif
