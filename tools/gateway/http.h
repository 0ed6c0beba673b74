#ifndef GATEWAY_HTTP_H
#define GATEWAY_HTTP_H

#include "http_routes.h"
#include "problems.h"

/* The HTTP server of the gateway. It has no thread: the loop of the daemon calls it. */
struct http;

/*
 * Begins to listen at an address, as http_listen() takes it.
 *
 * Returns NULL when that is not possible; then a sentence is added to the problems.
 */
struct http *http_new(const char *address, struct problems *problems);
void http_free(struct http *http);

/* Readable when http_process() has something to do. It never changes. */
int http_descriptor(const struct http *http);

/* When http_process() is to be called at the latest, on the clock of `now`; SPECTACLES_NEVER for never. */
uint64_t http_deadline(const struct http *http, uint64_t now);

/*
 * Takes connections, reads requests and writes answers, as far as that is possible without waiting.
 * routes: what answers are made from; not held.
 */
void http_process(struct http *http, const struct routes *routes);

/* The port that it listens at. */
unsigned http_port(const struct http *http);

#endif
