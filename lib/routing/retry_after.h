#ifndef SP_ROUTING_RETRY_AFTER_H
#define SP_ROUTING_RETRY_AFTER_H

#include "core/buffer.h"

/*
 * How long a server asks to be left alone: the header Retry-After (RFC 9110, section 10.2.3), and what Discord writes into
 * the body of a 429 (Discord: "Rate Limits"). Both readers give milliseconds, rounded up, at most SP_RETRY_AFTER_MOST; 0
 * when there is nothing that can be read. A date is not read: an engine has no clock to hold it against.
 */
enum {
    /* A day: 23 hours have been seen. More is nobody's wish, and would park a shard until somebody looks. */
    SP_RETRY_AFTER_MOST = 86400000,
    /* Of a 429 that says nothing: without it fifty shards would ask ten times a second. */
    SP_RETRY_AFTER_UNSAID = 30000
};

/* The value of the header: seconds, whole or with a fraction. */
uint64_t sp_retry_after_header(sp_slice value);

/* The body: a JSON object with "retry_after", seconds with a fraction. What stands around the object (chunks) is ignored. */
uint64_t sp_retry_after_body(sp_slice body);

#endif
