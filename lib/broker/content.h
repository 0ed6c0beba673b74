#ifndef SP_BROKER_CONTENT_H
#define SP_BROKER_CONTENT_H

#include "broker/wire.h"

#include <spectacles/broker.h>

/* A method that is followed by content, being put together: a delivery (basic.deliver) or a return
 * (basic.return). */

enum {
    SP_SHORT_MAX = 255
};

/* A short string of AMQP, copied: the frame that it came in may be gone when the body is complete. */
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
    uint64_t consumer; /* its id: see consumer.h */
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
    spectacles_header *headers; /* they point into header_bytes */
    size_t header_count;
    size_t header_room;
    uint64_t tag; /* of a return: that of our publish, 0 when it has none */
    uint64_t size;
    uint64_t got;
    const char *refusal; /* the body is passed over: why */
    sp_buffer body;
    sp_slice whole; /* the complete body: in `body`, or in the one frame that it came in */
} sp_content;

void sp_content_free(sp_content *content);
void sp_content_reset(sp_content *content);

/* A method with content came. SPECTACLES_E_PROTO when the last content is not complete. */
int sp_content_begin(sp_content *content, amqp_method_number_t method, const void *decoded);

/*
 * A header or body frame came. 1 when the content is complete, 0 when more is expected, SPECTACLES_E_PROTO
 * when it may not stand here, SPECTACLES_E_NOMEM. Content over max_size or with properties that can not be
 * read is complete in the end as well, with a refusal instead of a body.
 */
int sp_content_frame(sp_content *content, const sp_wire_frame *frame, amqp_pool_t *pool, uint64_t max_size);

/* NULL when it is absent. */
const char *sp_short_text(const sp_short *text);

/* Fills in what a MESSAGE and a REPLY tell alike. */
void sp_content_fill_event(const sp_content *content, spectacles_broker_event *event);

#endif
