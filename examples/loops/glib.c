/* A bot on GLib's main loop: a source that is ready when the gateway's descriptor is, or at its deadline. */
#include "bot.h"

#include <glib-unix.h>

typedef struct bot_source {
    GSource source;
    spectacles_gateway *gateway;
    GMainLoop *loop;
} bot_source;

static gboolean turn(GSource *source, GSourceFunc unused, gpointer data)
{
    spectacles_gateway *gateway = ((bot_source *)source)->gateway;
    (void)unused, (void)data;
    bot_turn(gateway);
    int timeout = bot_timeout(gateway);
    g_source_set_ready_time(source,
                            timeout < 0 ? -1 : g_get_monotonic_time() + timeout * G_GINT64_CONSTANT(1000));
    if (spectacles_gateway_stopped(gateway))
        g_main_loop_quit(((bot_source *)source)->loop);
    return G_SOURCE_CONTINUE;
}

static gboolean on_signal(gpointer data)
{
    bot_source *source = data;
    spectacles_gateway_stop(source->gateway, 0, spectacles_now());
    g_source_set_ready_time(&source->source, 0);
    return G_SOURCE_CONTINUE;
}

int main(void)
{
    static GSourceFuncs calls = {.dispatch = turn};
    bot_source *source = (bot_source *)g_source_new(&calls, sizeof *source);
    source->gateway = bot_new();
    source->loop = g_main_loop_new(NULL, FALSE);
    g_source_add_unix_fd(&source->source, spectacles_gateway_fd(source->gateway), G_IO_IN);
    g_source_set_ready_time(&source->source, 0);
    g_source_attach(&source->source, NULL);
    g_unix_signal_add(SIGTERM, on_signal, source);
    g_unix_signal_add(SIGINT, on_signal, source);
    g_main_loop_run(source->loop);
    g_source_destroy(&source->source); /* before its descriptor is closed */
    spectacles_gateway_free(source->gateway);
    g_main_loop_unref(source->loop);
    g_source_unref(&source->source);
    return 0;
}
