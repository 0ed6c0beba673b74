#ifndef GATEWAY_HTTP_ROUTES_H
#define GATEWAY_HTTP_ROUTES_H

#include "gateways.h"
#include "http_body.h"
#include "status_json.h"

/* What can be asked for. */
enum route {
    ROUTE_NONE,
    ROUTE_METRICS,
    ROUTE_PAGE,
    ROUTE_STATUS,
    ROUTE_LIVE,
    ROUTE_READY,
    ROUTE_COUNT
};

/* What answers are made from. Borrowed. */
struct routes {
    const char *metrics_path; /* PROMETHEUS_ENDPOINT */
    const struct status *status;
    struct gateways *gateways;
    struct status_names names;
    uint64_t now;
    uint64_t unix_time;
};

/* An answer. */
struct http_answer {
    unsigned code; /* the status of HTTP */
    const char *type;
    const char *policy; /* Content-Security-Policy; NULL: none */
    const char *fixed;  /* a body that lives as long as the program; NULL: `body` is the body */
    size_t fixed_length;
    struct http_body body; /* http_body_free() frees it */
};

/* The route of a path, which has to be spelled out exactly: there are no folders and no files behind it. */
enum route routes_find(const struct routes *routes, const char *path);

/* Makes the answer. */
void routes_answer(struct http_answer *answer, const struct routes *routes, enum route route);

#endif
