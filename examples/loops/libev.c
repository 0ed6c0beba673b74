/* A bot on libev. Each turn sets the timer anew. */
#include "bot.h"

#include <ev.h>
#include <signal.h>

static spectacles_gateway *gateway;
static ev_timer timer;

static void turn(struct ev_loop *loop)
{
    bot_turn(gateway);
    int timeout = bot_timeout(gateway);
    ev_now_update(loop); /* timers count from the time of the loop, which stands still during a turn */
    ev_timer_stop(loop, &timer);
    ev_timer_set(&timer, timeout / 1000.0, 0);
    if (timeout >= 0)
        ev_timer_start(loop, &timer);
}

static void on_readable(struct ev_loop *loop, ev_io *watcher, int events)
{
    (void)watcher, (void)events;
    turn(loop);
}

static void on_timer(struct ev_loop *loop, ev_timer *watcher, int events)
{
    (void)watcher, (void)events;
    turn(loop);
}

static void on_signal(struct ev_loop *loop, ev_signal *watcher, int events)
{
    (void)watcher, (void)events;
    spectacles_gateway_stop(gateway, 0, spectacles_now());
    turn(loop);
}

int main(void)
{
    ev_io readable;
    ev_signal signals[2];
    struct ev_loop *loop = ev_default_loop(0);
    gateway = bot_new();
    ev_io_init(&readable, on_readable, spectacles_gateway_fd(gateway), EV_READ);
    ev_io_start(loop, &readable);
    ev_init(&timer, on_timer);
    for (int i = 0; i < 2; i++) {
        ev_signal_init(&signals[i], on_signal, i ? SIGINT : SIGTERM);
        ev_signal_start(loop, &signals[i]);
    }
    turn(loop);
    while (!spectacles_gateway_stopped(gateway))
        ev_run(loop, EVRUN_ONCE);
    ev_io_stop(loop, &readable); /* before its descriptor is closed */
    spectacles_gateway_free(gateway);
    return 0;
}
