#ifndef GATEWAY_STATUS_SERVER_H
#define GATEWAY_STATUS_SERVER_H

#include "gateways.h"
#include "http.h"
#include "loop.h"
#include "settings.h"

/*
 * What the daemon shows of itself: what its events have told, and the HTTP server at PROMETHEUS_ADDRESS. Without that
 * setting there is no server, and everything else works.
 */
struct status_server {
    struct status status;
    struct http *http; /* NULL: PROMETHEUS_ADDRESS is not set */
};

/*
 * Begins to listen, if that is wanted.
 *
 * Returns false when that is not possible; then a sentence is added to the problems. status_server_end() frees it, also
 * after that.
 */
bool status_server_begin(struct status_server *server, const struct settings *settings,
                         struct problems *problems);
void status_server_end(struct status_server *server);

/* Adds what is waited for, and until when. */
void status_server_watch(const struct status_server *server, struct loop *loop);

/*
 * One turn, after loop_wait(): the loop has turned, and who asks is answered. Costs nothing when nobody does.
 */
void status_server_process(struct status_server *server, const struct settings *settings,
                           struct gateways *gateways, const struct loop *loop, uint64_t now);

#endif
