/* A bot on poll(2). A signal is a byte in a pipe. */
#include "bot.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

static int signals[2];

static void on_signal(int number)
{
    char byte = (char)number;
    if (write(signals[1], &byte, 1) < 0)
        _exit(1);
}

int main(void)
{
    char number;
    spectacles_gateway *gateway = bot_new();
    if (pipe(signals) < 0 || signal(SIGTERM, on_signal) == SIG_ERR || signal(SIGINT, on_signal) == SIG_ERR)
        err(1, "signals");
    while (!spectacles_gateway_stopped(gateway)) {
        struct pollfd fds[] = {{spectacles_gateway_fd(gateway), POLLIN, 0}, {signals[0], POLLIN, 0}};
        if (poll(fds, 2, bot_timeout(gateway)) > 0 && fds[1].revents && read(signals[0], &number, 1) == 1)
            spectacles_gateway_stop(gateway, 0, spectacles_now());
        bot_turn(gateway);
    }
    spectacles_gateway_free(gateway);
    return 0;
}
