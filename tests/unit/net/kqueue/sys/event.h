#ifndef TESTS_NET_KQUEUE_SYS_EVENT_H
#define TESTS_NET_KQUEUE_SYS_EVENT_H

#include <stdint.h>
#include <time.h>

/*
 * The part of kqueue(2) that lib/net/watcher_kqueue.c uses, over epoll, so that the file is compiled and run on Linux.
 * Names, fields and meanings are those of FreeBSD's manual; the numbers are its own. Strict: whatever else is asked for
 * ends the test.
 */
struct kevent {
    uintptr_t ident;
    short filter;
    unsigned short flags;
    unsigned int fflags;
    int64_t data;
    void *udata;
};

enum {
    EVFILT_READ = -1,
    EVFILT_WRITE = -2
};

enum {
    EV_ADD = 0x0001,
    EV_DELETE = 0x0002,
    EV_ENABLE = 0x0004,
    EV_DISABLE = 0x0008,
    EV_CLEAR = 0x0020,
    EV_ERROR = 0x4000,
    EV_EOF = 0x8000
};

#define EV_SET(kev, a, b, c, d, e, f)                                                                        \
    (*(kev) = (struct kevent){(uintptr_t)(a), (short)(b), (unsigned short)(c), (d), (e), (f)})

int kqueue(void);
int kevent(int queue, const struct kevent *changes, int change_count, struct kevent *events, int event_count,
           const struct timespec *timeout);

/* close(2) for watcher_kqueue.c: what a queue watches goes with it. */
int kqueue_close(int fd);

#endif
