/*
 * Watches many descriptors, in the way that the system is best at. Called by the poller, and by links that leave it.
 */
#include "net/watcher.h"

#include <errno.h>

static const sp_watcher_calls *best(void)
{
    const sp_watcher_calls *calls = sp_watcher_epoll();
    if (!calls)
        calls = sp_watcher_kqueue();
    return calls ? calls : sp_watcher_poll();
}

static const sp_watcher_calls *of_kind(uint32_t kind)
{
    switch (kind) {
    case SPECTACLES_POLLER_EPOLL:
        return sp_watcher_epoll();
    case SPECTACLES_POLLER_KQUEUE:
        return sp_watcher_kqueue();
    case SPECTACLES_POLLER_POLL:
        return sp_watcher_poll();
    default:
        return best();
    }
}

int sp_watcher_open(sp_watcher *watcher, uint32_t kind)
{
    *watcher = (sp_watcher){.calls = of_kind(kind), .inner = -1, .outer = -1};
    if (!watcher->calls)
        return -ENOSYS;
    int error = watcher->calls->open(watcher);
    if (error < 0)
        sp_watcher_close(watcher);
    return error;
}

void sp_watcher_close(sp_watcher *watcher)
{
    if (watcher->calls)
        watcher->calls->close(watcher);
    watcher->calls = NULL;
}

static void forget(sp_watcher *watcher, const sp_watched *watched)
{
    for (int i = 0; i < watcher->ready_count; i++) {
        if (watcher->ready[i].watched == watched)
            watcher->ready[i].watched = NULL;
    }
}

int sp_watcher_watch(sp_watcher *watcher, sp_watched *watched, int fd, uint32_t io)
{
    watched->io = io;
    if (fd == watched->fd)
        return 0;
    if (watched->fd >= 0) {
        watcher->calls->remove(watcher, watched);
        forget(watcher, watched);
    }
    watched->fd = fd;
    int error = fd >= 0 ? watcher->calls->add(watcher, watched) : 0;
    if (error < 0)
        watched->fd = -1;
    return error;
}
