#ifndef TESTS_NET_CROWD_H
#define TESTS_NET_CROWD_H

#include "core/stream.h"
#include "unit.h"

#include <spectacles/poller.h>
#include <stdbool.h>

/*
 * Many links in one poller, over real sockets. Their engines do what the test says, and their peers are in the same
 * process.
 */
enum {
    CROWD_ROOM = 4096,
    CROWD_TURNS_MAX = 20000
};

/* An engine that wants to be connected, remembers what it was fed, and writes what it is given. */
typedef struct engine {
    spectacles_stream stream;
    spectacles_endpoint endpoint;
    spectacles_link *link;
    int peer;
    size_t number; /* in the crowd: the first that it writes on each connection */
    bool wants_connection;
    bool wants_input;
    uint64_t deadline;
    uint8_t in[CROWD_ROOM];
    size_t in_length;
    const uint8_t *out;
    size_t out_length;
    int opened;
    int ended;
    int expired;
    char text[200];
} engine;

typedef struct crowd {
    spectacles_poller *poller;
    engine *engines;
    size_t count;
    int listener;
    uint64_t now;
} crowd;

/* As many links as the descriptors of the process allow, at most `wanted`: each takes two. */
size_t crowd_possible(size_t wanted);

/* So many engines that want to be connected to us, under this name. kind and budget: of the poller. */
crowd *crowd_begin(size_t count, uint32_t kind, uint32_t budget, const char *host);
void crowd_end(crowd *self);

/* Waits a little for real, and moves the invented clock by nothing. */
void crowd_turn(crowd *self);

/* Takes one connection, and hears from whom it is. False when there is none. */
bool crowd_accept_one(crowd *self);

/* How many engines have a peer; how many were fed so many bytes. */
size_t crowd_with_peers(const crowd *self);
size_t crowd_with_bytes(const crowd *self, size_t length);

/* Until each engine has a peer. */
void crowd_connect(crowd *self);

#define until(condition)                                                                                     \
    for (int i_ = 0; !(condition); i_++) {                                                                   \
        assert_true(i_ < CROWD_TURNS_MAX);                                                                   \
        crowd_turn(self);                                                                                    \
    }

#endif
