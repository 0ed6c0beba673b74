#ifndef GATEWAY_SIGNALS_H
#define GATEWAY_SIGNALS_H

#include <pthread.h>

/*
 * The signals of the process, as numbers that are read when there is time. A process has one of these at a time.
 *
 *   SIGTERM, SIGINT, SIGQUIT   stop in order
 *   SIGHUP                     reload
 *   SIGUSR1, SIGUSR2           for people who look at the daemon
 *
 * All other signals that would end or stop the process by surprise are ignored: SIGPIPE, SIGXFSZ, SIGALRM, SIGTTOU and
 * their like. What means a fault of the program (SIGSEGV, SIGABRT) stays as it is.
 */
struct signals;

/* Catches the signals. NULL: the system refuses, and errno says why. */
struct signals *signals_new(void);

/* The signals go back to their defaults. NULL is fine. */
void signals_free(struct signals *signals);

/* Readable when a signal was caught. */
int signals_descriptor(const struct signals *signals);

/* The next signal that was caught; 0: there is none. Does not block. */
int signals_next(struct signals *signals);

/*
 * Starts a thread that no signal reaches. Signals are for the loop, and a write of the thread to a peer that is gone,
 * or beyond the limit on the size of files, fails with an error. (The library's resolver has threads of its own, which
 * nobody joins; it offers none to its owners.)
 *
 * Returns 0, or an errno of pthread_create().
 */
int signals_start_thread(pthread_t *thread, void *(*run)(void *), void *context);

#endif
