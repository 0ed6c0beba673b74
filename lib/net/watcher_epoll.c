/*
 * Watches descriptors with epoll(7). Those of links are edge-triggered: each is registered once in its life, whatever
 * its link waits for. Called by watcher.c.
 */
#include "net/watcher.h"

#ifdef __linux__

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    EVENTS_MAX = 64
};

static int arm(sp_watcher *watcher, bool armed)
{
    struct epoll_event event = {.events = armed ? EPOLLIN : 0};
    return epoll_ctl(watcher->outer, EPOLL_CTL_MOD, watcher->inner, &event) < 0 ? -errno : 0;
}

static int open_both(sp_watcher *watcher)
{
    struct epoll_event event = {.events = EPOLLIN};
    watcher->inner = epoll_create1(EPOLL_CLOEXEC);
    watcher->outer = watcher->inner < 0 ? -1 : epoll_create1(EPOLL_CLOEXEC);
    if (watcher->outer < 0 || epoll_ctl(watcher->outer, EPOLL_CTL_ADD, watcher->inner, &event) < 0)
        return -errno;
    return 0;
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
    uint32_t edges = EPOLLIN | EPOLLOUT | EPOLLRDHUP | (uint32_t)EPOLLET;
    struct epoll_event event = {.events = watched->level ? EPOLLIN : edges, .data.ptr = watched};
    return epoll_ctl(watcher->inner, EPOLL_CTL_ADD, watched->fd, &event) < 0 ? -errno : 0;
}

static void drop(sp_watcher *watcher, sp_watched *watched)
{
    struct epoll_event unused = {0};
    epoll_ctl(watcher->inner, EPOLL_CTL_DEL, watched->fd, &unused);
}

static uint32_t io_of(uint32_t events)
{
    if (events & (EPOLLERR | EPOLLHUP))
        return SPECTACLES_LINK_READ | SPECTACLES_LINK_WRITE;
    return (events & (EPOLLIN | EPOLLRDHUP) ? (uint32_t)SPECTACLES_LINK_READ : 0) |
           (events & EPOLLOUT ? (uint32_t)SPECTACLES_LINK_WRITE : 0);
}

static int wait_for(sp_watcher *watcher, int timeout, sp_ready *ready, int max)
{
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(watcher->inner, events, max < EVENTS_MAX ? max : EVENTS_MAX, timeout);
    if (count < 0)
        return -errno;
    for (int i = 0; i < count; i++)
        ready[i] = (sp_ready){events[i].data.ptr, io_of(events[i].events)};
    return count;
}

const sp_watcher_calls *sp_watcher_epoll(void)
{
    static const sp_watcher_calls calls = {open_both, close_both, add, drop, wait_for, arm};
    return &calls;
}

#else

const sp_watcher_calls *sp_watcher_epoll(void)
{
    return NULL;
}

#endif
