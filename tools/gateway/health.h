#ifndef GATEWAY_HEALTH_H
#define GATEWAY_HEALTH_H

#include "gateways.h"
#include "http_body.h"

/*
 * Whether the process lives: its loop has turned in the last half minute. Writes one sentence.
 */
bool health_is_alive(struct http_body *body, const struct status *status, uint64_t now);

/*
 * Whether the process can do its work: both brokers are ready, each of its shards has been READY or RESUMED once, and
 * it does not stop. Writes one line for each thing that is missing.
 *
 * gateway: the one that serves. NULL while there is none, because Discord has not been asked yet.
 */
bool health_is_ready(struct http_body *body, const struct status *status, const struct gateway *gateway);

#endif
