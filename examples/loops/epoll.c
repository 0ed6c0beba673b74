/* A bot on epoll(7). The argument "edge" watches the gateway edge-triggered. A signal is read from a descriptor. */
#include "bot.h"

#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? -1 : signalfd(-1, &set, SFD_CLOEXEC);
}

static void watch(int loop, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (fd < 0 || epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event) < 0)
        err(1, "epoll");
}

int main(int argc, char **argv)
{
    int signals = open_signals(); /* before any thread of the gateway */
    spectacles_gateway *gateway = bot_new();
    int loop = epoll_create1(EPOLL_CLOEXEC);
    watch(loop, signals, EPOLLIN);
    watch(loop, spectacles_gateway_fd(gateway),
          argc > 1 && strcmp(argv[1], "edge") == 0 ? EPOLLIN | EPOLLET : EPOLLIN);
    while (!spectacles_gateway_stopped(gateway)) {
        struct epoll_event events[2];
        int count = epoll_wait(loop, events, 2, bot_timeout(gateway));
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == signals)
                spectacles_gateway_stop(gateway, 0, spectacles_now());
        }
        bot_turn(gateway);
    }
    spectacles_gateway_free(gateway);
    return 0;
}
