#ifndef SP_ROUTING_RETRY_AFTER_H
#define SP_ROUTING_RETRY_AFTER_H

#include "core/buffer.h"

/*
 * How long a server asks its clients to wait: the header Retry-After (RFC 9110, section 10.2.3), and the body of
 * Discord's answer 429 (Discord: "Rate Limits"). Both readers return milliseconds, rounded up, at most
 * SP_RETRY_AFTER_MAX; 0 when they find no time. A date is not read, because an engine has no clock to compare it with.
 */
enum {
    /* A day. 23 hours have been seen; a longer wait would only stop a shard until a person looks. */
    SP_RETRY_AFTER_MAX = 86400000,
    /* The wait after a 429 that states none. Without it fifty shards would ask ten times a second. */
    SP_RETRY_AFTER_DEFAULT = 30000
};

/* Reads the value of the header: seconds, which may have a fraction. */
uint64_t sp_retry_after_header(sp_slice value);

/* Reads the body: a JSON object with "retry_after" in seconds. Text around the object (chunks) is ignored. */
uint64_t sp_retry_after_body(sp_slice body);

#endif
