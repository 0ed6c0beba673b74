/*
 * The Spectacles gateway: a relay between the shards of a Discord bot and an AMQP broker, in one loop. The settings are
 * in the environment (settings.h, or --help).
 *
 * SIGTERM or SIGINT stops the gateway in order: the sessions stay resumable. A second signal, a second later or more,
 * ends the gateway at once. SIGUSR1 prints the counters.
 */
#include "engines.h"
#include "settings.h"
#include "signals.h"
#include "store.h"

#include <curl/curl.h>
#include <err.h>
#include <signal.h>
#include <spectacles/spectacles.h>
#include <stdbool.h>

enum {
    STOP_TIMEOUT = 10000,
    SAME_WISH = 1000
};

struct daemon {
    struct settings settings;
    spectacles_gateway *gateway;
    struct store *store; /* NULL: SESSION_FILE is not set */
    uint64_t stop_at;    /* the daemon ends then, finished or not; 0: it is not stopping */
    int status;
    int signals; /* readable when a signal has come */
};

static void log_summary(const struct daemon *daemon)
{
    spectacles_relay_stats stats;
    spectacles_relay_stats_init(&stats, sizeof stats);
    spectacles_relay_get_stats(spectacles_gateway_relay(daemon->gateway), &stats);
    warnx("summary dispatched=%llu filtered=%llu published=%llu confirmed=%llu unroutable=%llu held=%llu "
          "commands=%llu routed=%llu sent=%llu rejected=%llu identifies=%llu",
          (unsigned long long)stats.dispatched, (unsigned long long)stats.filtered,
          (unsigned long long)stats.published, (unsigned long long)stats.confirmed,
          (unsigned long long)stats.unroutable, (unsigned long long)stats.held,
          (unsigned long long)stats.commands, (unsigned long long)stats.routed,
          (unsigned long long)stats.sent, (unsigned long long)stats.rejected,
          (unsigned long long)stats.identifies);
}

static void stop(struct daemon *daemon, int status, uint64_t now)
{
    if (daemon->stop_at)
        return;
    daemon->status = status;
    daemon->stop_at = now + STOP_TIMEOUT;
    spectacles_gateway_stop(daemon->gateway, 0, now);
}

/* When all shards wait together, RATE_LIMITED is one line for all of them. */
static bool is_worth_a_line(const spectacles_relay_event *event)
{
    return event->type != SPECTACLES_RELAY_EVENT_SHARD_LATENCY && event->hold_until == 0;
}

static void on_event(struct daemon *daemon, const spectacles_relay_event *event, uint64_t now)
{
    char line[SPECTACLES_RELAY_LINE_SIZE];
    /* The session is stored before the log says "ready": a reader of the log may count on the session. */
    if (event->type == SPECTACLES_RELAY_EVENT_SHARD_READY)
        store_write(daemon->store, daemon->gateway, now);
    spectacles_relay_event_describe(line, sizeof line, event, now);
    if (is_worth_a_line(event))
        warnx("%s", line);
    if (event->type == SPECTACLES_RELAY_EVENT_SHARD_FATAL)
        stop(daemon, 1, now);
}

static void read_signals(struct daemon *daemon, uint64_t now)
{
    int number;
    while ((number = signals_next())) {
        if (number == SIGUSR1) {
            log_summary(daemon);
        } else if (daemon->stop_at && now < daemon->stop_at - STOP_TIMEOUT + SAME_WISH) {
            continue; /* timeout(1) sends one signal to the process and another one to its group */
        } else if (daemon->stop_at) {
            errx(1, "stopped at once: what was not confirmed will be replayed or delivered again");
        } else {
            warnx("stopping");
            stop(daemon, 0, now);
        }
    }
}

static void turn(struct daemon *daemon)
{
    const spectacles_relay_event *event;
    uint64_t due = store_deadline(daemon->store);
    if (daemon->stop_at && daemon->stop_at < due)
        due = daemon->stop_at;
    if (spectacles_gateway_wait(daemon->gateway, due, spectacles_now()) != SPECTACLES_OK)
        errx(1, "%s", spectacles_gateway_last_error(daemon->gateway));
    uint64_t now = spectacles_now();
    if (spectacles_gateway_process(daemon->gateway, now) == SPECTACLES_E_SYS)
        errx(1, "%s", spectacles_gateway_last_error(daemon->gateway));
    if (spectacles_poller_is_readable(spectacles_gateway_poller(daemon->gateway), daemon->signals))
        read_signals(daemon, now);
    while ((event = spectacles_gateway_next_event(daemon->gateway, now)))
        on_event(daemon, event, now);
    if (now >= store_deadline(daemon->store))
        store_write(daemon->store, daemon->gateway, now);
    else
        store_touch(daemon->store, now);
}

static void run(struct daemon *daemon)
{
    while (!spectacles_gateway_stopped(daemon->gateway)) {
        turn(daemon);
        if (daemon->stop_at && spectacles_now() >= daemon->stop_at) {
            warnx("not everything could be finished within %d s: it will be replayed or delivered again",
                  STOP_TIMEOUT / 1000);
            return;
        }
    }
}

int main(int argc, char **argv)
{
    struct daemon daemon = {0};
    settings_arguments(argc, argv);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    daemon.signals = signals_catch();
    settings_read(&daemon.settings);
    daemon.gateway = engines_make(&daemon.settings, &daemon.store);
    spectacles_poller *poller = spectacles_gateway_poller(daemon.gateway);
    if (spectacles_poller_watch(poller, daemon.signals) != SPECTACLES_OK)
        errx(1, "%s", spectacles_poller_last_error(poller));
    run(&daemon);
    store_write(daemon.store, daemon.gateway, spectacles_now());
    log_summary(&daemon);
    spectacles_gateway_free(daemon.gateway);
    store_close(daemon.store);
    settings_free(&daemon.settings);
    curl_global_cleanup();
    return daemon.status;
}
