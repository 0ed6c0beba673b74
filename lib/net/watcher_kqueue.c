/*
 * Watches descriptors with kqueue(2). Those of links are edge-triggered (EV_CLEAR): each is registered once in its
 * life, whatever its link waits for. Called by watcher.c.
 */
#include "net/watcher.h"

#ifdef SP_HAVE_KQUEUE

#include <sys/types.h> /* first: the sys/event.h of OpenBSD needs it */

#include <errno.h>
#include <fcntl.h>
#include <sys/event.h>
#include <sys/time.h>
#include <unistd.h>

enum {
    EVENTS_MAX = 64
};

static int change(int queue, const struct kevent *changes, int count)
{
    const struct timespec at_once = {0, 0};
    return kevent(queue, changes, count, NULL, 0, &at_once) < 0 ? -errno : 0;
}

static int arm(sp_watcher *watcher, bool armed)
{
    struct kevent event;
    EV_SET(&event, watcher->inner, EVFILT_READ, EV_ADD | (armed ? EV_ENABLE : EV_DISABLE), 0, 0, NULL);
    return change(watcher->outer, &event, 1);
}

static int open_both(sp_watcher *watcher)
{
    watcher->inner = kqueue();
    watcher->outer = watcher->inner < 0 ? -1 : kqueue();
    if (watcher->outer < 0 || fcntl(watcher->inner, F_SETFD, FD_CLOEXEC) < 0 ||
        fcntl(watcher->outer, F_SETFD, FD_CLOEXEC) < 0)
        return -errno;
    return arm(watcher, true);
}

static void close_both(sp_watcher *watcher)
{
    if (watcher->outer >= 0)
        close(watcher->outer);
    if (watcher->inner >= 0)
        close(watcher->inner);
}

static int add(sp_watcher *watcher, sp_watched *watched)
{
    struct kevent events[2];
    EV_SET(&events[0], watched->fd, EVFILT_READ, EV_ADD | (watched->level ? 0 : EV_CLEAR), 0, 0, watched);
    EV_SET(&events[1], watched->fd, EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0, watched);
    return change(watcher->inner, events, watched->level ? 1 : 2);
}

static void drop(sp_watcher *watcher, sp_watched *watched)
{
    struct kevent events[2];
    EV_SET(&events[0], watched->fd, EVFILT_READ, EV_DELETE, 0, 0, NULL);
    EV_SET(&events[1], watched->fd, EVFILT_WRITE, EV_DELETE, 0, 0, NULL);
    change(watcher->inner, &events[0], 1);
    change(watcher->inner, &events[1], 1);
}

static uint32_t io_of(const struct kevent *event)
{
    if (event->flags & (EV_EOF | EV_ERROR))
        return SPECTACLES_LINK_READ | SPECTACLES_LINK_WRITE;
    return event->filter == EVFILT_READ ? SPECTACLES_LINK_READ : SPECTACLES_LINK_WRITE;
}

static int wait_for(sp_watcher *watcher, int timeout, sp_ready *ready, int max)
{
    struct kevent events[EVENTS_MAX];
    struct timespec time = {timeout / 1000, timeout % 1000 * 1000000L};
    int count = kevent(watcher->inner, NULL, 0, events, max < EVENTS_MAX ? max : EVENTS_MAX,
                       timeout < 0 ? NULL : &time);
    if (count < 0)
        return -errno;
    for (int i = 0; i < count; i++)
        ready[i] = (sp_ready){(void *)events[i].udata, io_of(&events[i])};
    return count;
}

const sp_watcher_calls *sp_watcher_kqueue(void)
{
    static const sp_watcher_calls calls = {open_both, close_both, add, drop, wait_for, arm};
    return &calls;
}

#else

const sp_watcher_calls *sp_watcher_kqueue(void)
{
    return NULL;
}

#endif
