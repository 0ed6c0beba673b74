#ifndef GATEWAY_METRICS_TEXT_H
#define GATEWAY_METRICS_TEXT_H

#include "http_body.h"

/* Begins a metric: the lines HELP and TYPE. help has no backslash and no line feed. */
void metrics_begin(struct http_body *body, const char *name, const char *type, const char *help);

/* One sample. labels: as they stand in braces, or NULL. */
void metrics_sample(struct http_body *body, const char *name, const char *labels, uint64_t value);

/* Two lists of labels as one. Returns `out`, or NULL when both are empty. first: may be NULL. */
enum {
    METRICS_LABELS_SIZE = 160
};
const char *metrics_join(char out[METRICS_LABELS_SIZE], const char *first, const char *second);

/* One sample of a shard. label: what the number of the shard is called. more: further labels; "": none. */
void metrics_shard(struct http_body *body, const char *name, const char *label, uint32_t shard,
                   const char *more, uint64_t value);

/* One sample of a time that is counted in milliseconds, and shown in seconds. */
void metrics_seconds(struct http_body *body, const char *name, const char *labels, uint64_t milliseconds);

/* A metric with one sample and no labels. */
void metrics_one(struct http_body *body, const char *name, const char *type, const char *help,
                 uint64_t value);

#endif
