#ifndef GATEWAY_TOP_FETCH_H
#define GATEWAY_TOP_FETCH_H

#include "http_body.h"

enum {
    TOP_WHY_SIZE = 200
};

/*
 * Asks an HTTP server for a path. Blocks for a few seconds at most.
 *
 * address: as PROMETHEUS_ADDRESS has it; ":9090" is this machine.
 * out: receives the body. http_body_free() frees it, also on failure.
 * why: on failure, one sentence.
 */
bool top_fetch(const char *address, const char *path, struct http_body *out, char why[TOP_WHY_SIZE]);

#endif
