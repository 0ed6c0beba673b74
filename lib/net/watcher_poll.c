/*
 * Watches descriptors with poll(2), which every system has. Each wait costs as much as there are descriptors, and no
 * single descriptor stands for all of them. Called by watcher.c.
 */
#include "net/watcher.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

static int open_nothing(sp_watcher *watcher)
{
    (void)watcher;
    return 0;
}

static void free_arrays(sp_watcher *watcher)
{
    free(watcher->fds);
    free(watcher->watched);
    watcher->fds = NULL;
    watcher->watched = NULL;
}

static int make_room(sp_watcher *watcher)
{
    if (watcher->count < watcher->capacity)
        return 0;
    size_t capacity = watcher->capacity ? watcher->capacity * 2 : 16;
    if (capacity > SIZE_MAX / sizeof *watcher->fds)
        return -ENOMEM;
    struct pollfd *fds = realloc(watcher->fds, capacity * sizeof *fds);
    if (!fds)
        return -ENOMEM;
    watcher->fds = fds;
    sp_watched **watched = realloc(watcher->watched, capacity * sizeof *watched);
    if (!watched)
        return -ENOMEM;
    watcher->watched = watched;
    watcher->capacity = capacity;
    return 0;
}

static int add(sp_watcher *watcher, sp_watched *watched)
{
    int error = make_room(watcher);
    if (error < 0)
        return error;
    watched->place = watcher->count++;
    watcher->watched[watched->place] = watched;
    return 0;
}

static void drop(sp_watcher *watcher, sp_watched *watched)
{
    sp_watched *last = watcher->watched[--watcher->count];
    last->place = watched->place;
    watcher->watched[last->place] = last;
}

/* A descriptor that is watched for nothing would report a hang-up in every turn: it is left out. */
static void ask(sp_watcher *watcher)
{
    for (size_t i = 0; i < watcher->count; i++) {
        uint32_t io = watcher->watched[i]->io;
        int events = (io & SPECTACLES_LINK_READ ? POLLIN : 0) | (io & SPECTACLES_LINK_WRITE ? POLLOUT : 0);
        watcher->fds[i] = (struct pollfd){io ? watcher->watched[i]->fd : -1, (short)events, 0};
    }
}

static uint32_t io_of(short revents)
{
    if (revents & (POLLERR | POLLHUP | POLLNVAL))
        return SPECTACLES_LINK_READ | SPECTACLES_LINK_WRITE;
    return (revents & POLLIN ? (uint32_t)SPECTACLES_LINK_READ : 0) |
           (revents & POLLOUT ? (uint32_t)SPECTACLES_LINK_WRITE : 0);
}

static int wait_for(sp_watcher *watcher, int timeout, sp_ready *ready, int max)
{
    int found = 0;
    ask(watcher);
    if (poll(watcher->fds, (nfds_t)watcher->count, timeout) < 0)
        return -errno;
    /* The next wait begins behind the last one that was found, so that a busy one does not hide the others. */
    for (size_t i = 0; i < watcher->count && found < max; i++) {
        size_t place = (watcher->turn + i) % watcher->count;
        if (watcher->fds[place].revents == 0)
            continue;
        ready[found++] = (sp_ready){watcher->watched[place], io_of(watcher->fds[place].revents)};
        if (found == max)
            watcher->turn = place + 1;
    }
    return found;
}

static int arm_nothing(sp_watcher *watcher, bool armed)
{
    (void)watcher;
    (void)armed;
    return 0;
}

const sp_watcher_calls *sp_watcher_poll(void)
{
    static const sp_watcher_calls calls = {open_nothing, free_arrays, add, drop, wait_for, arm_nothing};
    return &calls;
}
