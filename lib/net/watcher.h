#ifndef SP_NET_WATCHER_H
#define SP_NET_WATCHER_H

#include <spectacles/poller.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A descriptor that is watched. It belongs to a link, or to the owner of the poller. */
typedef struct sp_watched {
    int fd;                /* -1: none */
    uint32_t io;           /* what it is watched for: enum spectacles_link_io; poll(2) alone looks at it */
    bool level;            /* it is ready as long as there is something to read, and never for writing */
    size_t place;          /* of poll(2): in the array, counted from 0 */
    spectacles_link *link; /* NULL: it is the owner's (descriptors.h) */
} sp_watched;

/* What a descriptor is ready for. */
typedef struct sp_ready {
    sp_watched *watched; /* NULL: it is not watched any more */
    uint32_t io;         /* a mask of enum spectacles_link_io; an error or a hang-up is both */
} sp_ready;

enum {
    SP_READY_MAX = 64 /* that one look finds */
};

typedef struct sp_watcher sp_watcher;

/* What a way of the system to watch many descriptors has to do. Errors are negative errnos. */
typedef struct sp_watcher_calls {
    int (*open)(sp_watcher *watcher);
    void (*close)(sp_watcher *watcher);
    int (*add)(sp_watcher *watcher, sp_watched *watched);
    void (*remove)(sp_watcher *watcher, sp_watched *watched);
    /* Waits, and returns how many are ready, at most max. timeout: as poll(2) has it. */
    int (*wait)(sp_watcher *watcher, int timeout, sp_ready *ready, int max);
    /* Whether the outer descriptor is readable while something is ready. At first it is. */
    int (*arm)(sp_watcher *watcher, bool armed);
} sp_watcher_calls;

struct sp_watcher {
    const sp_watcher_calls *calls;
    int inner; /* where the descriptors of the links are; -1: poll(2) */
    int outer; /* holds the inner one; this one the owner watches; -1: poll(2) */
    struct pollfd *fds;
    sp_watched **watched; /* of each of fds */
    size_t count;
    size_t capacity;
    sp_ready ready[SP_READY_MAX]; /* found, and not worked on yet */
    int ready_count;
    size_t turn; /* of poll(2): where the next wait begins to look */
};

/* NULL when the system has no such thing. */
const sp_watcher_calls *sp_watcher_epoll(void);
const sp_watcher_calls *sp_watcher_kqueue(void);
const sp_watcher_calls *sp_watcher_poll(void);

/* kind: enum spectacles_poller_kind. Returns 0, -ENOSYS when the system has no such thing, or another errno. */
int sp_watcher_open(sp_watcher *watcher, uint32_t kind);
void sp_watcher_close(sp_watcher *watcher);

/*
 * Watches another descriptor in the place of the last one, and forgets what was found ready of that; -1: none. Returns
 * 0 or a negative errno.
 */
int sp_watcher_watch(sp_watcher *watcher, sp_watched *watched, int fd, uint32_t io);

#endif
