/*
 * Lookups on threads: each has a thread of its own, which ends with it. Called by resolver.c.
 *
 * A thread that is inside the system's resolver cannot be interrupted, and nobody waits for it: it is detached. What
 * the threads share with the resolver is freed by whoever leaves last.
 */
#include "net/lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    /* The resolvers of libc and of nsswitch keep answers on the stack. */
    STACK_SIZE = 512 * 1024
};

typedef struct shared {
    pthread_mutex_t mutex;
    sp_list done;
    size_t holders; /* the resolver, and each thread */
    bool closed;    /* by the resolver */
    int pipe[2];
} shared;

typedef struct task {
    shared *shared;
    sp_lookup *lookup;
} task;

sp_lookup *sp_lookup_new(const char *host)
{
    sp_lookup *lookup = calloc(1, sizeof *lookup);
    if (lookup)
        strncpy(lookup->host, host, sizeof lookup->host - 1);
    return lookup;
}

void sp_lookup_free(sp_lookup *lookup)
{
    if (!lookup)
        return;
    free(lookup->addresses);
    free(lookup);
}

/* ---- What is shared ---- */

static sp_lookup *take_locked(shared *self)
{
    sp_list_node *node = sp_list_take(&self->done);
    return node ? sp_list_owner(node, sp_lookup, node) : NULL;
}

static void destroy(shared *self)
{
    pthread_mutex_destroy(&self->mutex);
    close(self->pipe[0]);
    close(self->pipe[1]);
    free(self);
}

/* Called with the mutex held, and lets go of it. */
static void leave(shared *self)
{
    bool last = --self->holders == 0;
    pthread_mutex_unlock(&self->mutex);
    if (last)
        destroy(self);
}

/* A pipe that is full is readable already. */
static void wake(const shared *self)
{
    ssize_t written;
    do
        written = write(self->pipe[1], "", 1);
    while (written < 0 && errno == EINTR);
}

static void give_back(shared *self, sp_lookup *lookup)
{
    pthread_mutex_lock(&self->mutex);
    if (self->closed) {
        sp_lookup_free(lookup);
    } else {
        sp_list_add(&self->done, &lookup->node);
        wake(self);
    }
    leave(self);
}

/* ---- Threads ---- */

static void *work(void *user)
{
    task *given = user;
    task own = *given;
    free(given);
    sp_lookup_resolve(own.lookup);
    give_back(own.shared, own.lookup);
    return NULL;
}

/* Signals are for the threads of the owner. */
static int start_thread(task *given)
{
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t all;
    sigset_t before;
    int error = pthread_attr_init(&attributes);
    if (error != 0)
        return -error;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&thread, &attributes, work, given);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return -error;
}

static int start(void *self, sp_lookup *lookup)
{
    shared *common = self;
    task *given = malloc(sizeof *given);
    if (!given) {
        sp_lookup_free(lookup);
        return -ENOMEM;
    }
    *given = (task){common, lookup};
    pthread_mutex_lock(&common->mutex);
    common->holders++;
    pthread_mutex_unlock(&common->mutex);
    int error = start_thread(given);
    if (error == 0)
        return 0;
    pthread_mutex_lock(&common->mutex);
    leave(common);
    sp_lookup_free(lookup);
    free(given);
    return error;
}

/* ---- The place ---- */

static int descriptor(void *self)
{
    return ((shared *)self)->pipe[0];
}

/* The pipe is emptied first: a lookup that is done in between is taken now, and announced once too often. */
static sp_lookup *take(void *self)
{
    shared *common = self;
    char drained[64];
    while (read(common->pipe[0], drained, sizeof drained) > 0)
        continue;
    pthread_mutex_lock(&common->mutex);
    sp_lookup *lookup = take_locked(common);
    pthread_mutex_unlock(&common->mutex);
    return lookup;
}

static void close_place(void *self)
{
    shared *common = self;
    sp_lookup *lookup;
    pthread_mutex_lock(&common->mutex);
    common->closed = true;
    while ((lookup = take_locked(common)))
        sp_lookup_free(lookup);
    leave(common);
}

static int open_pipe(int out[2])
{
    if (pipe(out) < 0)
        return -errno;
    for (int i = 0; i < 2; i++) {
        fcntl(out[i], F_SETFL, O_NONBLOCK);
        fcntl(out[i], F_SETFD, FD_CLOEXEC);
    }
    return 0;
}

int sp_lookup_threads(sp_lookup_place *out)
{
    shared *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    int error = open_pipe(self->pipe);
    if (error < 0) {
        free(self);
        return error;
    }
    pthread_mutex_init(&self->mutex, NULL);
    sp_list_init(&self->done);
    self->holders = 1;
    *out = (sp_lookup_place){self, descriptor, start, take, close_place};
    return 0;
}
