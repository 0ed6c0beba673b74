#ifndef SP_BROKER_FRAME_H
#define SP_BROKER_FRAME_H

#include "broker/amqp.h"
#include "core/buffer.h"
#include "core/text.h"

/* AMQP 0-9-1, 4.2.3 "General Frame Format": type, channel, size, payload, end octet. */
enum {
    SP_FRAME_HEAD = 7,
    SP_FRAME_OVERHEAD = 8,
    SP_TABLE_DEPTH = 32, /* nested deeper, a table is refused before librabbitmq recurses into it */
    SP_METHOD_MAX = 12288
};

typedef struct sp_frame {
    uint8_t type;
    uint16_t channel;
    sp_slice payload;
    size_t size; /* of all of it */
} sp_frame;

/* 1: *out is the frame at the start of `in`. 0: more bytes are needed. SPECTACLES_E_PROTO: why says what is
 * wrong. */
int sp_frame_read(sp_frame *out, sp_slice in, uint32_t frame_max, sp_text *why);

/* The head of a content (2.3.5.2 "Content Framing"). */
typedef struct sp_content_head {
    uint64_t body_size;
    sp_slice properties; /* from the flags on */
} sp_content_head;

int sp_frame_content_head(sp_content_head *out, sp_slice payload);

/* 1 when the bytes are well-formed basic properties, with tables no deeper than SP_TABLE_DEPTH. */
int sp_frame_properties_valid(sp_slice properties);

/*
 * Decodes a method into the pool. The arguments that hold tables (connection.start) are checked before, since
 * librabbitmq recurses on them. SPECTACLES_E_PROTO, SPECTACLES_E_NOMEM.
 */
int sp_frame_method(amqp_method_number_t *number, void **method, sp_slice payload, amqp_pool_t *pool);

/* Append whole frames. 0 or SPECTACLES_E_NOMEM; nothing is appended then. */
int sp_frame_write_method(sp_buffer *out, uint16_t channel, amqp_method_number_t number, void *method);
int sp_frame_write_heartbeat(sp_buffer *out);

/* A frame head into seven bytes. */
void sp_frame_put_head(uint8_t *out, uint8_t type, uint16_t channel, size_t size);

#endif
