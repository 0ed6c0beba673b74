#ifndef SP_BROKER_CONTENT_H
#define SP_BROKER_CONTENT_H

#include "broker/wire.h"

#include <spectacles/broker.h>

/* A method and its content, as the frames arrive: a delivery (basic.deliver) or a return (basic.return). */

enum {
    SP_SHORT_MAX = 255
};

/* A copy of a short string of AMQP. The frame with the string may be gone before the body is complete. */
typedef struct sp_short {
    char chars[SP_SHORT_MAX + 1];
    size_t length;
    bool present;
} sp_short;

enum sp_content_state {
    SP_CONTENT_NONE,   /* no content is expected */
    SP_CONTENT_HEADER, /* the content header is expected */
    SP_CONTENT_BODY    /* body frames are expected */
};

typedef struct sp_content {
    enum sp_content_state state;
    amqp_method_number_t method;
    /* From the method. */
    uint64_t delivery_tag;
    uint64_t consumer; /* the consumer's id: see consumer.h */
    bool redelivered;
    uint16_t code;
    sp_short text;
    sp_short key;
    /* From the header. */
    sp_short content_type;
    sp_short message_id;
    sp_short correlation_id;
    sp_short reply_to;
    sp_short expiration;
    uint8_t priority;
    sp_buffer header_bytes;
    spectacles_header *headers; /* the headers point into header_bytes */
    size_t header_count;
    size_t header_room;
    uint64_t tag;  /* of a return: the tag of the publish that came back; 0 when the message has no tag */
    uint64_t size; /* bytes of the body, as the header says */
    uint64_t got;  /* bytes of the body that have arrived */
    const char *refusal; /* why the body is not kept; NULL: the body is kept */
    sp_buffer body;
    sp_slice whole; /* the complete body: in `body`, or in the frame when a single frame had all of it */
} sp_content;

void sp_content_free(sp_content *content);
void sp_content_reset(sp_content *content);

/* A method with content has arrived. SPECTACLES_E_PROTO when the content before it is not complete. */
int sp_content_begin(sp_content *content, amqp_method_number_t method, const void *decoded);

/*
 * A header frame or a body frame has arrived. Returns 1 when the content is complete, 0 when more frames are expected,
 * SPECTACLES_E_PROTO when the frame may not come here, or SPECTACLES_E_NOMEM. Content over max_size, or with malformed
 * properties, is read to its end as well; it then has a refusal instead of a body.
 */
int sp_content_frame(sp_content *content, const sp_wire_frame *frame, amqp_pool_t *pool, uint64_t max_size);

/* The characters of a short string, or NULL when the string is absent. */
const char *sp_short_text(const sp_short *text);

/* Fills in the fields that MESSAGE and REPLY have in common. */
void sp_content_fill_event(const sp_content *content, spectacles_broker_event *event);

#endif
