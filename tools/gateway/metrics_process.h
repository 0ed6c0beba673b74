#ifndef GATEWAY_METRICS_PROCESS_H
#define GATEWAY_METRICS_PROCESS_H

#include "http_body.h"

/*
 * Writes what Prometheus' clients tell of every process, under their names: CPU time, memory, descriptors, start.
 * start_time: milliseconds since 1970.
 */
void metrics_process_write(struct http_body *body, uint64_t start_time);

#endif
