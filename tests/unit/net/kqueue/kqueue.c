/*
 * kqueue(2) over epoll, as far as watcher_kqueue.c needs it: see sys/event.h. A queue is an epoll instance. Each filter
 * of a descriptor is registered on its own, as kqueue has it; epoll takes a descriptor once, so that the filter for
 * writing watches a copy.
 */
#undef close /* the test's is kqueue_close() */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/event.h>
#include <unistd.h>

enum {
    EVENTS_MAX = 64
};

typedef struct knote {
    struct knote *next;
    int queue;
    uintptr_t ident;
    short filter;
    unsigned short flags;
    void *udata;
    int watched; /* the descriptor that epoll watches */
} knote;

static knote *knotes;

int kqueue(void)
{
    return epoll_create1(0);
}

static knote **find(int queue, uintptr_t ident, short filter)
{
    knote **place = &knotes;
    while (*place && ((*place)->queue != queue || (*place)->ident != ident || (*place)->filter != filter))
        place = &(*place)->next;
    return place;
}

static void forget(knote **place)
{
    knote *old = *place;
    *place = old->next;
    if (old->filter == EVFILT_WRITE)
        close(old->watched);
    free(old);
}

int kqueue_close(int fd)
{
    knote **place = &knotes;
    while (*place) {
        if ((*place)->queue == fd)
            forget(place);
        else
            place = &(*place)->next;
    }
    return close(fd);
}

static knote *make(int queue, const struct kevent *change)
{
    knote *made = calloc(1, sizeof *made);
    assert(made);
    *made = (knote){knotes, queue, change->ident, change->filter, 0, NULL, (int)change->ident};
    if (change->filter == EVFILT_WRITE)
        made->watched = dup((int)change->ident);
    assert(made->watched >= 0);
    knotes = made;
    return made;
}

static int add(int queue, const struct kevent *change)
{
    knote *found = *find(queue, change->ident, change->filter);
    int how = found ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    knote *each = found ? found : make(queue, change);
    struct epoll_event event = {.data.ptr = each};
    each->udata = change->udata;
    each->flags = change->flags;
    if (!(change->flags & EV_DISABLE))
        event.events = change->filter == EVFILT_READ ? EPOLLIN | EPOLLRDHUP : EPOLLOUT;
    if (change->flags & EV_CLEAR)
        event.events |= (uint32_t)EPOLLET;
    return epoll_ctl(queue, how, each->watched, &event);
}

static int apply(int queue, const struct kevent *change)
{
    struct epoll_event unused = {0};
    assert(change->filter == EVFILT_READ || change->filter == EVFILT_WRITE);
    assert((change->flags & ~(EV_ADD | EV_DELETE | EV_ENABLE | EV_DISABLE | EV_CLEAR)) == 0);
    assert(change->fflags == 0 && change->data == 0);
    if (change->flags & EV_ADD)
        return add(queue, change);
    assert(change->flags == EV_DELETE);
    knote **place = find(queue, change->ident, change->filter);
    if (!*place) {
        errno = ENOENT;
        return -1;
    }
    /* A descriptor that was closed before it was deleted has gone from epoll already. */
    epoll_ctl(queue, EPOLL_CTL_DEL, (*place)->watched, &unused);
    forget(place);
    return 0;
}

static struct kevent describe(const struct epoll_event *event)
{
    const knote *each = event->data.ptr;
    unsigned ended = each->filter == EVFILT_READ ? EPOLLRDHUP | EPOLLHUP | EPOLLERR : EPOLLHUP | EPOLLERR;
    return (struct kevent){
        .ident = each->ident,
        .filter = each->filter,
        .flags = (unsigned short)((each->flags & EV_CLEAR) | (event->events & ended ? EV_EOF : 0)),
        .udata = each->udata};
}

int kevent(int queue, const struct kevent *changes, int change_count, struct kevent *events, int event_count,
           const struct timespec *timeout)
{
    struct epoll_event found[EVENTS_MAX];
    assert((change_count == 0) != (event_count == 0) && event_count <= EVENTS_MAX);
    assert(!timeout || (timeout->tv_nsec >= 0 && timeout->tv_nsec < 1000000000L));
    for (int i = 0; i < change_count; i++) {
        if (apply(queue, &changes[i]) < 0)
            return -1;
    }
    if (event_count == 0)
        return 0;
    int milliseconds = timeout ? (int)(timeout->tv_sec * 1000 + (timeout->tv_nsec + 999999) / 1000000) : -1;
    int count = epoll_wait(queue, found, event_count, milliseconds);
    for (int i = 0; i < count; i++)
        events[i] = describe(&found[i]);
    return count;
}
