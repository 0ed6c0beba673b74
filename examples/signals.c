/* The signals of a process: a handler writes them into a pipe, which ends each wait. Called by gateway.c, engines.c. */
#include "signals.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spectacles/spectacles.h>
#include <stdlib.h>
#include <unistd.h>

static int ends[2];

static void on_signal(int number)
{
    unsigned char byte = (unsigned char)number;
    if (write(ends[1], &byte, 1) < 0)
        return;
}

int signals_catch(void)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGUSR1};
    struct sigaction action = {.sa_handler = on_signal};
    if (pipe(ends) < 0)
        err(1, "pipe");
    for (int i = 0; i < 2; i++) {
        fcntl(ends[i], F_SETFL, O_NONBLOCK);
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaction(numbers[i], &action, NULL);
    /*
     * SIGXFSZ: a write beyond the limit on the size of files fails with an error. SIGPIPE: so does a write to a log
     * that is closed, or to a connection that curl's peer has closed.
     */
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    return ends[0];
}

int signals_next(void)
{
    unsigned char number;
    return read(ends[0], &number, 1) == 1 ? number : 0;
}

void signals_pause(uint64_t milliseconds)
{
    uint64_t end = spectacles_now() + milliseconds;
    for (uint64_t now = spectacles_now(); now < end; now = spectacles_now()) {
        struct pollfd fd = {ends[0], POLLIN, 0};
        int ready = poll(&fd, 1, spectacles_poll_timeout(end, now));
        if (ready < 0 && errno != EINTR)
            err(1, "poll");
        int number = ready > 0 ? signals_next() : 0;
        if (number != 0 && number != SIGUSR1)
            exit(0);
    }
}
