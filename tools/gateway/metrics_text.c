/* The lines of Prometheus' text format 0.0.4. metrics.c, metrics_go.c and metrics_process.c call it. */
#include "metrics_text.h"

#include <stdio.h>

void metrics_begin(struct http_body *body, const char *name, const char *type, const char *help)
{
    http_body_text(body, "# HELP ");
    http_body_text(body, name);
    http_body_text(body, " ");
    http_body_text(body, help);
    http_body_text(body, "\n# TYPE ");
    http_body_text(body, name);
    http_body_text(body, " ");
    http_body_text(body, type);
    http_body_text(body, "\n");
}

static void name_and_labels(struct http_body *body, const char *name, const char *labels)
{
    http_body_text(body, name);
    if (labels) {
        http_body_text(body, "{");
        http_body_text(body, labels);
        http_body_text(body, "}");
    }
    http_body_text(body, " ");
}

void metrics_sample(struct http_body *body, const char *name, const char *labels, uint64_t value)
{
    name_and_labels(body, name, labels);
    http_body_number(body, value);
    http_body_text(body, "\n");
}

const char *metrics_join(char out[METRICS_LABELS_SIZE], const char *first, const char *second)
{
    bool has_both = first && *first && *second;
    snprintf(out, METRICS_LABELS_SIZE, "%s%s%s", first ? first : "", has_both ? "," : "", second);
    return *out ? out : NULL;
}

void metrics_shard(struct http_body *body, const char *name, const char *label, uint32_t shard,
                   const char *more, uint64_t value)
{
    http_body_text(body, name);
    http_body_text(body, "{");
    http_body_text(body, label);
    http_body_text(body, "=\"");
    http_body_number(body, shard);
    http_body_text(body, *more ? "\"," : "\"");
    http_body_text(body, more);
    http_body_text(body, "} ");
    http_body_number(body, value);
    http_body_text(body, "\n");
}

void metrics_seconds(struct http_body *body, const char *name, const char *labels, uint64_t milliseconds)
{
    name_and_labels(body, name, labels);
    http_body_format(body, "%llu.%03u\n", (unsigned long long)(milliseconds / 1000),
                     (unsigned)(milliseconds % 1000));
}

void metrics_one(struct http_body *body, const char *name, const char *type, const char *help, uint64_t value)
{
    metrics_begin(body, name, type, help);
    metrics_sample(body, name, NULL, value);
}
