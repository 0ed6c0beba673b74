#ifndef EXAMPLES_SIGNALS_H
#define EXAMPLES_SIGNALS_H

#include <stdint.h>

/*
 * Catches SIGTERM, SIGINT and SIGUSR1, and ignores SIGPIPE and SIGXFSZ. Returns a descriptor that is readable when one
 * has come: for spectacles_poller_watch(). Exits when the system has none to give.
 */
int signals_catch(void);

/* The next signal that has come; 0: there is none. */
int signals_next(void);

/* Sleeps. SIGTERM and SIGINT end the process. */
void signals_pause(uint64_t milliseconds);

#endif
