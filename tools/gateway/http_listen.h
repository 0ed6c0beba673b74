#ifndef GATEWAY_HTTP_LISTEN_H
#define GATEWAY_HTTP_LISTEN_H

#include "problems.h"

/*
 * Listens at an address as PROMETHEUS_ADDRESS has it: "host:port", "[::1]:port", or ":port" for all addresses of the
 * machine, IPv4 and IPv6. A host name is looked up, which may take a while: call it at the start.
 *
 * Returns a socket that does not block, or -1; then a sentence is added to the problems.
 */
int http_listen(const char *address, struct problems *problems);

#endif
