#ifndef GATEWAY_METRICS_GO_H
#define GATEWAY_METRICS_GO_H

#include "http_body.h"
#include "status_snapshot.h"

/* Writes the five metrics of the Go daemon spec-tacles/gateway. */
void metrics_go_write(struct http_body *body, const struct snapshot *snapshot);

#endif
