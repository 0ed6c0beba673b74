/* Which path has which answer. http.c calls it for each request that it has checked. */
#include "http_routes.h"

#include "health.h"
#include "metrics.h"
#include "page_status.h"

#include <string.h>

static const char plain[] = "text/plain; charset=utf-8";

static const struct {
    const char *path;
    enum route route;
} fixed_routes[] = {
    {"/", ROUTE_PAGE},
    {"/status.json", ROUTE_STATUS},
    {"/livez", ROUTE_LIVE},
    {"/readyz", ROUTE_READY},
};

/* The path of the metrics is a setting, and goes first: whoever sets it to "/" means it, as in the Go daemon. */
enum route routes_find(const struct routes *routes, const char *path)
{
    if (strcmp(path, routes->metrics_path) == 0)
        return ROUTE_METRICS;
    for (size_t i = 0; i < sizeof fixed_routes / sizeof *fixed_routes; i++)
        if (strcmp(path, fixed_routes[i].path) == 0)
            return fixed_routes[i].route;
    return ROUTE_NONE;
}

static void answer_none(struct http_answer *answer, const struct routes *routes)
{
    answer->code = 404;
    http_body_format(&answer->body,
                     "There is nothing here. There is: %s (metrics), / (the page), /status.json, "
                     "/livez, /readyz\n",
                     routes->metrics_path);
}

static void answer_from_snapshot(struct http_answer *answer, const struct routes *routes, enum route route)
{
    struct snapshot snapshot;
    if (snapshot_take(&snapshot, routes->gateways, routes->status, routes->now, routes->unix_time) < 0) {
        answer->body.is_short = true;
        return;
    }
    if (route == ROUTE_METRICS) {
        answer->type = "text/plain; version=0.0.4; charset=utf-8";
        metrics_write(&answer->body, &snapshot);
    } else {
        answer->type = "application/json";
        status_json_write(&answer->body, &snapshot, &routes->names);
    }
    snapshot_free(&snapshot);
}

static void answer_page(struct http_answer *answer)
{
    answer->type = "text/html; charset=utf-8";
    answer->fixed = page_status_html;
    answer->fixed_length = page_status_html_length;
    answer->policy = page_status_policy;
}

static void refuse_for_memory(struct http_answer *answer)
{
    http_body_free(&answer->body);
    answer->code = 503;
    answer->type = plain;
    answer->fixed = "memory ran out: try again\n";
    answer->fixed_length = strlen(answer->fixed);
}

void routes_answer(struct http_answer *answer, const struct routes *routes, enum route route)
{
    *answer = (struct http_answer){.code = 200, .type = plain};
    switch (route) {
    case ROUTE_METRICS:
    case ROUTE_STATUS:
        answer_from_snapshot(answer, routes, route);
        break;
    case ROUTE_PAGE:
        answer_page(answer);
        break;
    case ROUTE_LIVE:
        answer->code = health_is_alive(&answer->body, routes->status, routes->now) ? 200 : 503;
        break;
    case ROUTE_READY:
        answer->code =
            health_is_ready(&answer->body, routes->status, gateways_serving(routes->gateways)) ? 200 : 503;
        break;
    default:
        answer_none(answer, routes);
        break;
    }
    if (answer->body.is_short)
        refuse_for_memory(answer);
}
