#ifndef TESTS_UNIT_TOOLS_LISTENER_H
#define TESTS_UNIT_TOOLS_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

/* A TCP server on a free port of loopback, for one peer at a time, by hand. */
struct listener {
    int socket;
    unsigned port;
    int peer; /* -1: there is none */
};

void listener_begin(struct listener *listener);
void listener_end(struct listener *listener);

/* Whether a peer has come, or had come before. Does not wait. */
bool listener_accept(struct listener *listener);

/* Whether the peer has sent so many bytes. Does not wait. */
bool listener_has(const struct listener *listener, size_t length);

/* Ends the connection to the peer. */
void listener_hang_up(struct listener *listener);

#endif
