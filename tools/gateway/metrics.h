#ifndef GATEWAY_METRICS_H
#define GATEWAY_METRICS_H

#include "http_body.h"
#include "status_snapshot.h"

/*
 * Writes the metrics of a gateway in Prometheus' text format 0.0.4: the five of the Go daemon with their names and
 * labels, and ours, which begin with spectacles_.
 */
void metrics_write(struct http_body *body, const struct snapshot *snapshot);

#endif
