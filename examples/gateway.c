/*
 * The Spectacles gateway: a relay between the shards of a Discord bot and an AMQP broker, in one loop. The settings are
 * in the environment (settings.h, or --help).
 *
 * SIGTERM or SIGINT stops the gateway in order: the sessions stay resumable. A second signal, a second later or more,
 * ends the gateway at once. SIGUSR1 prints the counters.
 */
#include "discord_api.h"
#include "proxies.h"
#include "settings.h"
#include "store.h"

#include <curl/curl.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spectacles/spectacles.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
    STOP_TIMEOUT = 10000,
    SAME_WISH = 1000,
    SESSION_SHOWN = 6,
    BACKOFF_CAP = 60000
};

struct daemon {
    struct settings settings;
    struct proxies proxies;
    spectacles_gateway_bot bot;
    uint32_t shard_count;
    spectacles_tls *tls; /* NULL: nothing needs it */
    spectacles_gateway *gateway;
    struct store *store; /* NULL: SESSION_FILE is not set */
    uint64_t stop_at;    /* the daemon ends then, finished or not; 0: it is not stopping */
    int status;
};

/* ---- Signals: the handler writes into a pipe, which ends each wait ---- */

static int signal_pipe[2];

static void on_signal(int number)
{
    unsigned char byte = (unsigned char)number;
    if (write(signal_pipe[1], &byte, 1) < 0)
        return;
}

static void catch_signals(void)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGUSR1};
    struct sigaction action = {.sa_handler = on_signal};
    if (pipe(signal_pipe) < 0)
        err(1, "pipe");
    for (int i = 0; i < 2; i++) {
        fcntl(signal_pipe[i], F_SETFL, O_NONBLOCK);
        fcntl(signal_pipe[i], F_SETFD, FD_CLOEXEC);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaction(numbers[i], &action, NULL);
    /*
     * SIGXFSZ: a write beyond the limit on the size of files fails with an error. SIGPIPE: so does a write to a log
     * that is closed, or to a connection that curl's peer has closed.
     */
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
}

/* Sleeps. SIGTERM and SIGINT end the process. */
static void pause_for(uint64_t ms)
{
    uint64_t end = spectacles_now() + ms;
    for (uint64_t now = spectacles_now(); now < end; now = spectacles_now()) {
        struct pollfd fd = {signal_pipe[0], POLLIN, 0};
        unsigned char number = 0;
        int ready = poll(&fd, 1, spectacles_poll_timeout(end, now));
        if (ready < 0 && errno != EINTR)
            err(1, "poll");
        if (ready > 0 && read(signal_pipe[0], &number, 1) == 1 && number != SIGUSR1)
            exit(0);
    }
}

/* ---- GET /gateway/bot ---- */

static uint32_t shards_here(const struct daemon *daemon)
{
    return daemon->settings.shard_ids ? (uint32_t)daemon->settings.shard_id_count : daemon->shard_count;
}

/* False: ask again later. Exits when only a person can help. */
static bool ask_once(struct daemon *daemon)
{
    enum api_result result = discord_gateway_bot(&daemon->settings, &daemon->bot);
    bool answered = result == API_ANSWERED;
    if (result == API_NEVER || (answered && daemon->bot.verdict == SPECTACLES_GATEWAY_BOT_TOKEN))
        errx(1, "GET /gateway/bot failed: %s%s", daemon->bot.text, answered ? " (DISCORD_TOKEN)" : "");
    return answered && daemon->bot.verdict == SPECTACLES_GATEWAY_BOT_FINE;
}

/* Asks until there is an answer. Waits for as long as Discord asks for, which is hours after a ban. */
static void ask_discord(struct daemon *daemon)
{
    for (uint64_t wait = 1000; !ask_once(daemon); wait *= 2) {
        wait = wait < BACKOFF_CAP ? wait : BACKOFF_CAP;
        uint64_t pause = daemon->bot.wait > wait ? daemon->bot.wait : wait;
        warnx("GET /gateway/bot failed: %s; again in %llu s", daemon->bot.text,
              (unsigned long long)(pause + 999) / 1000);
        pause_for(pause);
    }
}

static void ask_for_shards(struct daemon *daemon)
{
    ask_discord(daemon);
    daemon->shard_count =
        daemon->settings.shard_count ? daemon->settings.shard_count : daemon->bot.shard_count;
    warnx("GET /gateway/bot: %u shards recommended, max_concurrency %u, %u identifies left",
          daemon->bot.shard_count, daemon->bot.max_concurrency, daemon->bot.remaining);
    if (daemon->bot.remaining < shards_here(daemon))
        warnx("only %u identifies are left for %u shards until %llu s from now", daemon->bot.remaining,
              shards_here(daemon), (unsigned long long)daemon->bot.reset_after / 1000);
}

/* ---- Building ---- */

static void make_tls(struct daemon *daemon)
{
    spectacles_problem problem;
    bool wanted = strcmp(daemon->settings.api_scheme, "https") == 0 ||
                  strncasecmp(daemon->settings.amqp_url, "amqps", 5) == 0;
    if (wanted && spectacles_tls_new(&daemon->tls, NULL, &problem) < 0)
        errx(1, "%s", problem.text);
}

static void set_broker(const struct daemon *daemon, spectacles_broker_config *config)
{
    spectacles_broker_config_init(config, sizeof *config);
    config->urls = &daemon->settings.amqp_url;
    config->url_count = 1;
    config->group = daemon->settings.group;
    config->format = daemon->settings.format;
    config->name = "spectacles gateway";
    config->window_count = daemon->settings.window_count;
    config->window_bytes = daemon->settings.window_bytes;
    config->seed = spectacles_random_seed();
}

/* What can be wrong with it is told before Discord is asked. */
static void check_broker(const struct daemon *daemon)
{
    spectacles_broker *broker = NULL;
    spectacles_problem problem = {.text = "out of memory"};
    spectacles_broker_config config;
    set_broker(daemon, &config);
    if (spectacles_broker_new(&broker, &config, &problem) < 0)
        errx(1, "broker: %s%s%s", problem.text, problem.word[0] ? ": " : "", problem.word);
    spectacles_broker_free(broker);
}

static void set_shard(const struct daemon *daemon, spectacles_shard_config *config)
{
    spectacles_shard_config_init(config, sizeof *config);
    config->shard_count = daemon->shard_count;
    config->gateway_version = daemon->settings.version;
    config->intents = daemon->settings.intents;
    config->capabilities = daemon->settings.capabilities;
    config->token = daemon->settings.token;
    config->gateway_url = daemon->bot.url;
    config->presence = daemon->settings.presence;
    config->format = daemon->settings.encoding;
    config->compression = daemon->settings.compression;
    config->seed = spectacles_random_seed();
    if (strcmp(daemon->settings.api_scheme, "https") == 0 && strncmp(daemon->bot.url, "wss://", 6) != 0)
        errx(1, "Discord's API names a gateway without TLS: it is not trusted with the token");
}

static void set_relay(const struct daemon *daemon, spectacles_relay_config *config)
{
    spectacles_relay_config_init(config, sizeof *config);
    config->allow = (const char *const *)daemon->settings.events;
    config->allow_count = daemon->settings.event_count;
    config->unix_offset = spectacles_unix_time() - spectacles_now();
    config->more_ops = daemon->settings.more_ops;
    config->more_op_count = daemon->settings.more_op_count;
    config->unroutable_hold = daemon->settings.unroutable_hold;
}

static void open_store(struct daemon *daemon)
{
    spectacles_state_config config;
    if (!daemon->settings.session_file) {
        warnx("SESSION_FILE is not set: a restart will identify anew, and lose what happens in between");
        return;
    }
    spectacles_state_config_init(&config, sizeof config);
    config.token = daemon->settings.token;
    config.intents = daemon->settings.intents;
    config.shard_count = daemon->shard_count;
    daemon->store = store_open(daemon->settings.session_file, &config);
}

static void make_gateway(struct daemon *daemon)
{
    spectacles_problem problem = {.text = "out of memory"};
    spectacles_shard_config shard;
    spectacles_broker_config broker;
    spectacles_relay_config relay;
    spectacles_link_config link = daemon->settings.link;
    spectacles_link_config broker_link;
    spectacles_poller_config poller;
    spectacles_gateway_config config;
    set_shard(daemon, &shard);
    set_broker(daemon, &broker);
    set_relay(daemon, &relay);
    link.tls = daemon->tls;
    link.no_proxy = daemon->proxies.no_proxy;
    broker_link = link;
    link.proxy = daemon->proxies.gateway;
    broker_link.proxy = daemon->proxies.broker;
    spectacles_poller_config_init(&poller, sizeof poller);
    poller.latency_budget = daemon->settings.latency_budget;
    spectacles_gateway_config_init(&config, sizeof config);
    config.flags = SPECTACLES_GATEWAY_RESOLVES;
    config.shard = &shard;
    config.shard_ids = daemon->settings.shard_ids;
    config.shard_id_count = daemon->settings.shard_ids ? daemon->settings.shard_id_count : 0;
    config.broker = &broker;
    config.relay = &relay;
    config.link = &link;
    config.broker_link = &broker_link;
    config.poller = &poller;
    config.state = store_state(daemon->store);
    if (spectacles_gateway_new(&daemon->gateway, &config, &problem) < 0)
        errx(1, "%s", problem.text);
    if (spectacles_gateway_set_limits(daemon->gateway, &daemon->bot, spectacles_now()) != SPECTACLES_OK)
        errx(1, "%s", spectacles_gateway_last_error(daemon->gateway));
}

/* One descriptor for each shard: counted before anything is connected. */
static void make_room(const struct daemon *daemon)
{
    spectacles_problem problem;
    size_t needed = spectacles_gateway_descriptors(daemon->gateway);
    if (spectacles_raise_descriptors(needed, &problem) != SPECTACLES_OK)
        errx(1, "%u shards: %s", shards_here(daemon), problem.text);
}

static void tear_down(struct daemon *daemon)
{
    spectacles_gateway_free(daemon->gateway);
    spectacles_tls_free(daemon->tls);
    store_close(daemon->store);
    settings_free(&daemon->settings);
}

/* ---- The log ---- */

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

static unsigned long long until(uint64_t time)
{
    uint64_t now = spectacles_now();
    return time > now ? (unsigned long long)(time - now) : 0;
}

static void log_shard(const struct daemon *daemon, const spectacles_relay_event *event)
{
    char shard[64];
    snprintf(shard, sizeof shard, "shard %u/%u", event->shard_id, daemon->shard_count);
    switch (event->type) {
    case SPECTACLES_RELAY_EVENT_SHARD_CONNECTING:
        warnx("%s connecting to %s", shard, event->text);
        break;
    case SPECTACLES_RELAY_EVENT_SHARD_IDENTIFYING:
        warnx("%s identifying", shard);
        break;
    case SPECTACLES_RELAY_EVENT_SHARD_READY:
        warnx("%s ready, session %.*s...", shard, SESSION_SHOWN, event->session_id ? event->session_id : "");
        break;
    case SPECTACLES_RELAY_EVENT_SHARD_RESUMED:
        warnx("%s resumed, session %.*s...", shard, SESSION_SHOWN,
              event->session_id ? event->session_id : "");
        break;
    case SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED:
        /* When all shards wait together, RATE_LIMITED is one line for all of them. */
        if (event->hold_until == 0)
            warnx("%s disconnected: %s; again in %llu ms", shard, event->text, until(event->until));
        break;
    case SPECTACLES_RELAY_EVENT_SHARD_GAP:
        warnx("%s GAP: %s", shard, event->text);
        break;
    case SPECTACLES_RELAY_EVENT_SHARD_CLOSED:
        warnx("%s closed", shard);
        break;
    case SPECTACLES_RELAY_EVENT_SHARD_LATE:
    case SPECTACLES_RELAY_EVENT_SHARD_PLAIN:
        warnx("%s: %s", shard, event->text);
        break;
    default:
        warnx("%s FATAL: %s", shard, event->text);
    }
}

static void log_broker(const spectacles_relay_event *event)
{
    const char *broker = event->broker == SPECTACLES_RELAY_EVENTS ? "broker events" : "broker commands";
    const char *text = event->text ? event->text : "";
    switch (event->type) {
    case SPECTACLES_RELAY_EVENT_BROKER_CONNECTING:
        warnx("%s connecting to %s", broker, text);
        break;
    case SPECTACLES_RELAY_EVENT_BROKER_READY:
        warnx("%s ready (%s)", broker, text);
        break;
    case SPECTACLES_RELAY_EVENT_BROKER_DISCONNECTED:
        warnx("%s disconnected: %s; again in %llu ms", broker, text, until(event->until));
        break;
    case SPECTACLES_RELAY_EVENT_BROKER_BLOCKED:
        warnx("%s blocked: %s", broker, text);
        break;
    case SPECTACLES_RELAY_EVENT_BROKER_UNBLOCKED:
        warnx("%s unblocked", broker);
        break;
    default:
        warnx("%s closed", broker);
    }
}

static void log_command(const spectacles_relay_event *event)
{
    char name[256];
    spectacles_printable(name, sizeof name, event->name, event->name_length);
    const char *text = event->text ? event->text : "";
    switch (event->type) {
    case SPECTACLES_RELAY_EVENT_SUBSCRIBED:
        warnx("queue %s stands", text);
        break;
    case SPECTACLES_RELAY_EVENT_UNSUBSCRIBED:
        warnx("queue for %s lost: %s; again in %llu ms", name, text, until(event->until));
        break;
    case SPECTACLES_RELAY_EVENT_PUBLISH_FAILED:
        warnx("publish under %s failed: %s", name, text);
        break;
    case SPECTACLES_RELAY_EVENT_UNROUTABLE:
        warnx("%s is held back for %llu ms: %s", name, until(event->until), text);
        break;
    case SPECTACLES_RELAY_EVENT_RATE_LIMITED:
        warnx("no shard connects for %llu s: %s (shard %u)", until(event->until) / 1000, text,
              event->shard_id);
        break;
    case SPECTACLES_RELAY_EVENT_IDENTIFY_LIMIT:
        warnx("%s", event->text);
        break;
    case SPECTACLES_RELAY_EVENT_COMMAND_LIMITED:
        warnx("shard %u: %s", event->shard_id, text);
        break;
    case SPECTACLES_RELAY_EVENT_COMMAND_ROUTED:
        warnx("SEND with op %u routed to shard %u", event->op, event->shard_id);
        break;
    case SPECTACLES_RELAY_EVENT_COMMAND_SENT:
        warnx("op %u sent on shard %u", event->op, event->shard_id);
        break;
    case SPECTACLES_RELAY_EVENT_COMMAND_REJECTED:
        warnx("command under %s rejected: %s", name, text);
        break;
    default:
        break;
    }
}

/* ---- Running ---- */

static void write_store(struct daemon *daemon, uint64_t now)
{
    store_write(daemon->store, spectacles_gateway_relay(daemon->gateway), now);
}

static void stop(struct daemon *daemon, int status, uint64_t now)
{
    if (daemon->stop_at)
        return;
    daemon->status = status;
    daemon->stop_at = now + STOP_TIMEOUT;
    spectacles_gateway_stop(daemon->gateway, 0, now);
}

static void on_event(struct daemon *daemon, const spectacles_relay_event *event, uint64_t now)
{
    if (event->type == SPECTACLES_RELAY_EVENT_SHARD_LATENCY)
        return;
    /* The session is stored before the log says "ready": a reader of the log may count on the session. */
    if (event->type == SPECTACLES_RELAY_EVENT_SHARD_READY)
        write_store(daemon, now);
    if (event->type < SPECTACLES_RELAY_EVENT_BROKER_CONNECTING)
        log_shard(daemon, event);
    else if (event->type <= SPECTACLES_RELAY_EVENT_BROKER_CLOSED)
        log_broker(event);
    else
        log_command(event);
    if (event->type == SPECTACLES_RELAY_EVENT_SHARD_FATAL)
        stop(daemon, 1, now);
}

static void read_signals(struct daemon *daemon, uint64_t now)
{
    unsigned char number;
    while (read(signal_pipe[0], &number, 1) == 1) {
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

/* The deadline of what is the daemon's own. */
static uint64_t own_deadline(const struct daemon *daemon)
{
    uint64_t store = store_deadline(daemon->store);
    return daemon->stop_at && daemon->stop_at < store ? daemon->stop_at : store;
}

static void watch(struct daemon *daemon, int fd)
{
    spectacles_poller *poller = spectacles_gateway_poller(daemon->gateway);
    if (spectacles_poller_watch(poller, fd) != SPECTACLES_OK)
        errx(1, "%s", spectacles_poller_last_error(poller));
}

static void move_bytes(struct daemon *daemon, uint64_t now)
{
    spectacles_poller *poller = spectacles_gateway_poller(daemon->gateway);
    if (spectacles_gateway_process(daemon->gateway, now) == SPECTACLES_E_SYS)
        errx(1, "%s", spectacles_gateway_last_error(daemon->gateway));
    if (spectacles_poller_is_readable(poller, signal_pipe[0]))
        read_signals(daemon, now);
}

static void turn(struct daemon *daemon)
{
    const spectacles_relay_event *event;
    if (spectacles_gateway_wait(daemon->gateway, own_deadline(daemon), spectacles_now()) != SPECTACLES_OK)
        errx(1, "%s", spectacles_gateway_last_error(daemon->gateway));
    uint64_t now = spectacles_now();
    move_bytes(daemon, now);
    while ((event = spectacles_gateway_next_event(daemon->gateway, now)))
        on_event(daemon, event, now);
    if (now >= store_deadline(daemon->store))
        write_store(daemon, now);
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

static void read_arguments(int argc, char **argv)
{
    uint32_t version = spectacles_version();
    if (argc == 1)
        return;
    if (argc > 2 || (strcmp(argv[1], "--help") != 0 && strcmp(argv[1], "--version") != 0))
        errx(1, "'%s' is not known: its settings are in the environment, and --help lists them",
             argv[argc > 2 ? 2 : 1]);
    if (strcmp(argv[1], "--help") == 0)
        settings_help();
    else
        printf("gateway, libspectacles %u.%u.%u, %s\n", version >> 16, version >> 8 & 255, version & 255,
               spectacles_tls_library());
    exit(fflush(stdout) == 0 ? 0 : 1);
}

int main(int argc, char **argv)
{
    struct daemon daemon = {0};
    read_arguments(argc, argv);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    catch_signals();
    settings_read(&daemon.settings);
    proxies_read(&daemon.proxies, &daemon.settings);
    make_tls(&daemon);
    check_broker(&daemon);
    proxies_log(&daemon.proxies, &daemon.settings);
    ask_for_shards(&daemon);
    proxies_log_gateway(&daemon.proxies, daemon.bot.url);
    open_store(&daemon);
    make_gateway(&daemon);
    make_room(&daemon);
    watch(&daemon, signal_pipe[0]);
    run(&daemon);
    write_store(&daemon, spectacles_now());
    log_summary(&daemon);
    tear_down(&daemon);
    curl_global_cleanup();
    return daemon.status;
}
