#ifndef TESTS_TOOLS_SHOWN_H
#define TESTS_TOOLS_SHOWN_H

#include "unit.h"

#include "http_routes.h"

/* A gateway with brokers and without links, and what is shown of it. The clock is the test's. */
struct shown {
    struct gateways gateways;
    struct status status;
    struct routes routes;
};

void shown_begin(struct shown *shown, uint32_t shard_count);
void shown_end(struct shown *shown);

/* Another gateway, beside the first one. */
void shown_add(struct shown *shown, uint32_t shard_count);

/* Asks for a path. The body is NUL-terminated; http_body_free() frees it. */
struct http_answer shown_ask(const struct shown *shown, const char *path);

#endif
