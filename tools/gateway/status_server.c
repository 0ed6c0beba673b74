/* The part of the daemon that shows how it stands. daemon.c calls it. */
#include "status_server.h"

bool status_server_begin(struct status_server *server, const struct settings *settings,
                         struct problems *problems)
{
    const char *address = settings_value(settings, SETTING_PROMETHEUS_ADDRESS)->text;
    *server = (struct status_server){0};
    status_begin(&server->status, spectacles_unix_time(), spectacles_now());
    if (!address)
        return true;
    server->http = http_new(address, problems);
    return server->http;
}

void status_server_end(struct status_server *server)
{
    http_free(server->http);
    server->http = NULL;
}

void status_server_watch(const struct status_server *server, struct loop *loop)
{
    if (!server->http)
        return;
    loop_watch(loop, http_descriptor(server->http), POLLIN);
    loop_until(loop, http_deadline(server->http, spectacles_now()));
}

void status_server_process(struct status_server *server, const struct settings *settings,
                           struct gateways *gateways, const struct loop *loop, uint64_t now)
{
    server->status.turn = now;
    if (!server->http ||
        (!loop_found(loop, http_descriptor(server->http)) && http_deadline(server->http, now) > now))
        return;
    const struct routes routes = {
        .metrics_path = settings_value(settings, SETTING_PROMETHEUS_ENDPOINT)->text,
        .status = &server->status,
        .gateways = gateways,
        .names = {.group = settings_value(settings, SETTING_GROUP)->text,
                  .window_count = settings_value(settings, SETTING_WINDOW_COUNT)->number},
        .now = now,
        .unix_time = spectacles_unix_time(),
    };
    http_process(server->http, &routes);
}
