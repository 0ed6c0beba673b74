#ifndef GATEWAY_STATUS_JSON_H
#define GATEWAY_STATUS_JSON_H

#include "http_body.h"
#include "status_snapshot.h"

/* What the gateway runs with, for those who look at it. Borrowed. */
struct status_names {
    const char *group;
    uint64_t window_count; /* how many publishes may be unconfirmed */
};

/* Writes the gateway as JSON: what the page and `spectacles-gateway top` read. Times are milliseconds since 1970. */
void status_json_write(struct http_body *body, const struct snapshot *snapshot,
                       const struct status_names *names);

#endif
