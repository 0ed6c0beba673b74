/*
 * Signals through a pipe: the handler writes the number, and the loop reads it. It owns both ends of the pipe. daemon.c
 * calls it. Parts that have a thread start their threads here.
 *
 * A handler is given nothing but a number, so that the end of the pipe that it writes to is the one global of the
 * daemon.
 */
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

struct signals {
    int ends[2];
};

static const int caught[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2};

/* A write to a peer that is gone, or beyond the limit on the size of files, fails with an error then. */
static const int ignored[] = {SIGPIPE,   SIGXFSZ, SIGXCPU, SIGALRM, SIGVTALRM,
                              SIGPROF,   SIGTTIN, SIGTTOU, SIGTSTP,
#ifdef SIGPOLL
                              SIGPOLL,
#endif
#ifdef SIGPWR
                              SIGPWR,
#endif
#ifdef SIGSTKFLT
                              SIGSTKFLT,
#endif
                              SIGURG};

enum {
    CAUGHT_COUNT = sizeof caught / sizeof caught[0],
    IGNORED_COUNT = sizeof ignored / sizeof ignored[0]
};

static volatile sig_atomic_t written = -1;

/* A pipe that is full holds enough signals for everybody. */
static void on_signal(int number)
{
    int kept = errno;
    unsigned char byte = (unsigned char)number;
    if (write(written, &byte, 1) < 0)
        errno = kept;
    errno = kept;
}

static bool prepare(int fd)
{
    return fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static void set_all(void (*handler)(int), void (*others)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < CAUGHT_COUNT; i++)
        sigaction(caught[i], &action, NULL);
    action.sa_handler = others;
    for (size_t i = 0; i < IGNORED_COUNT; i++)
        sigaction(ignored[i], &action, NULL);
#ifdef SIGRTMIN
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
        sigaction(number, &action, NULL);
#endif
}

struct signals *signals_new(void)
{
    struct signals *signals = calloc(1, sizeof *signals);
    if (!signals || pipe(signals->ends) < 0) {
        free(signals);
        return NULL;
    }
    if (!prepare(signals->ends[0]) || !prepare(signals->ends[1])) {
        signals_free(signals);
        return NULL;
    }
    written = signals->ends[1];
    set_all(on_signal, SIG_IGN);
    return signals;
}

void signals_free(struct signals *signals)
{
    if (!signals)
        return;
    set_all(SIG_DFL, SIG_DFL);
    written = -1;
    close(signals->ends[0]);
    close(signals->ends[1]);
    free(signals);
}

int signals_descriptor(const struct signals *signals)
{
    return signals->ends[0];
}

int signals_next(struct signals *signals)
{
    unsigned char number;
    return read(signals->ends[0], &number, 1) == 1 ? number : 0;
}

int signals_start_thread(pthread_t *thread, void *(*run)(void *), void *context)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(thread, NULL, run, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}
