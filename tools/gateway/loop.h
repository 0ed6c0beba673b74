#ifndef GATEWAY_LOOP_H
#define GATEWAY_LOOP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One turn of the daemon: the descriptors that are watched, and until when. Each part of the daemon adds what it has at
 * the beginning of the turn, the loop waits once for all of them, and then each part looks at what is its own:
 *
 *     loop_begin(&loop);
 *     loop_watch(&loop, signals_descriptor(signals), POLLIN);
 *     loop_until(&loop, store_deadline(store));
 *     ...
 *     loop_wait(&loop, spectacles_now());
 *     now = spectacles_now();
 *     if (loop_found(&loop, signals_descriptor(signals)))
 *         ...
 *
 * A loop that is all zero is empty. It owns nothing: descriptors stay their owners'.
 */
enum {
    LOOP_DESCRIPTORS_MAX = 64
};

struct loop {
    struct pollfd watched[LOOP_DESCRIPTORS_MAX];
    size_t count;
    uint64_t deadline; /* milliseconds, on the clock of spectacles_now() */
};

/* Begins a turn: nothing is watched, and there is no deadline. */
void loop_begin(struct loop *loop);

/*
 * Watches a descriptor in this turn. A negative one is passed over.
 *
 * events: POLLIN, POLLOUT or both.
 */
void loop_watch(struct loop *loop, int fd, int events);

/* The turn ends at this time at the latest. SPECTACLES_NEVER changes nothing. */
void loop_until(struct loop *loop, uint64_t deadline);

/*
 * Waits until a descriptor is ready, the deadline has passed, or a signal was caught. Blocks, for five seconds at most.
 *
 * now: spectacles_now().
 *
 * Returns 0, or a number of errno: the system refuses to wait.
 */
int loop_wait(struct loop *loop, uint64_t now);

/* What was found of a descriptor: POLLIN, POLLOUT, POLLERR, POLLHUP; 0: nothing, or it was not watched. */
int loop_found(const struct loop *loop, int fd);

#endif
