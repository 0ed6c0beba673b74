/* A bot on libuv. Each turn sets the timer anew. */
#include "bot.h"

#include <signal.h>
#include <uv.h>

static uv_timer_t timer;

static void on_timer(uv_timer_t *handle);

static void turn(spectacles_gateway *gateway)
{
    bot_turn(gateway);
    int timeout = bot_timeout(gateway);
    uv_update_time(timer.loop); /* timers count from the time of the loop, which stands still during a turn */
    if (timeout >= 0)
        uv_timer_start(&timer, on_timer, (uint64_t)timeout, 0);
    if (spectacles_gateway_stopped(gateway))
        uv_stop(timer.loop);
}

static void on_timer(uv_timer_t *handle)
{
    turn(handle->data);
}

static void on_readable(uv_poll_t *handle, int status, int events)
{
    (void)status, (void)events;
    turn(handle->data);
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    spectacles_gateway_stop(handle->data, 0, spectacles_now());
    turn(handle->data);
}

int main(void)
{
    uv_poll_t readable;
    uv_signal_t signals[2];
    uv_loop_t *loop = uv_default_loop();
    spectacles_gateway *gateway = bot_new();
    uv_timer_init(loop, &timer);
    uv_poll_init(loop, &readable, spectacles_gateway_fd(gateway));
    readable.data = timer.data = signals[0].data = signals[1].data = gateway;
    uv_poll_start(&readable, UV_READABLE, on_readable);
    for (int i = 0; i < 2; i++) {
        uv_signal_init(loop, &signals[i]);
        uv_signal_start(&signals[i], on_signal, i ? SIGINT : SIGTERM);
    }
    turn(gateway);
    uv_run(loop, UV_RUN_DEFAULT);
    uv_poll_stop(&readable); /* before its descriptor is closed */
    spectacles_gateway_free(gateway);
    return 0;
}
