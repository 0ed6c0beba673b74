/*
 * The wait of the daemon: one poll(2) for everything that the daemon has. It owns the list of descriptors of one turn.
 * daemon.c calls it, and each part of the daemon that has descriptors.
 */
#include "loop.h"

#include <assert.h>
#include <errno.h>
#include <spectacles/spectacles.h>

void loop_begin(struct loop *loop)
{
    loop->count = 0;
    loop->deadline = SPECTACLES_NEVER;
}

void loop_watch(struct loop *loop, int fd, int events)
{
    assert(loop->count < LOOP_DESCRIPTORS_MAX);
    if (fd >= 0 && loop->count < LOOP_DESCRIPTORS_MAX)
        loop->watched[loop->count++] = (struct pollfd){.fd = fd, .events = (short)events};
}

void loop_until(struct loop *loop, uint64_t deadline)
{
    if (deadline < loop->deadline)
        loop->deadline = deadline;
}

/* After a signal poll(2) has written nothing. */
static void forget_found(struct loop *loop)
{
    for (size_t i = 0; i < loop->count; i++)
        loop->watched[i].revents = 0;
}

int loop_wait(struct loop *loop, uint64_t now)
{
    if (poll(loop->watched, (nfds_t)loop->count, spectacles_poll_timeout(loop->deadline, now)) >= 0)
        return 0;
    forget_found(loop);
    return errno == EINTR || errno == EAGAIN ? 0 : errno;
}

int loop_found(const struct loop *loop, int fd)
{
    int found = 0;
    for (size_t i = 0; i < loop->count; i++) {
        if (loop->watched[i].fd == fd)
            found |= loop->watched[i].revents;
    }
    return found;
}
