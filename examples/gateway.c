/*
 * The Spectacles gateway: a relay between the shards of a Discord bot and an AMQP broker, in one poll(2) loop. The
 * settings are in the environment (settings.h, or --help).
 *
 * SIGTERM or SIGINT stops the gateway in order: the sessions stay resumable. A second signal, a second later or more,
 * ends the gateway at once. SIGUSR1 prints the counters.
 */
#include "discord_api.h"
#include "resolver.h"
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

struct gateway {
    struct settings settings;
    spectacles_gateway_bot bot;
    uint32_t shard_count;
    spectacles_tls *tls;
    spectacles_shard **own_shards;
    size_t own_shard_count;
    spectacles_broker *brokers[2]; /* indexed by enum spectacles_relay_broker */
    spectacles_link **links;       /* of the shards, then of the brokers */
    size_t links_length;
    spectacles_relay *relay;
    struct resolver *resolver;
    struct store *store;       /* NULL: SESSION_FILE is not set */
    spectacles_poller *poller; /* moves the bytes of all links */
    bool names_wanted;         /* a link waits for its address */
    uint64_t stop_at;          /* the gateway ends then, finished or not; 0: it is not stopping */
    int status;
};

/* ---- Signals: the handler writes into a pipe, so that poll() wakes up ---- */

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
        if (poll(&fd, 1, spectacles_poll_timeout(end, now)) > 0 && read(signal_pipe[0], &number, 1) == 1 &&
            number != SIGUSR1)
            exit(0);
    }
}

/* ---- GET /gateway/bot ---- */

static uint32_t shards_here(const struct gateway *gateway)
{
    return gateway->settings.shard_ids ? (uint32_t)gateway->settings.shard_id_count : gateway->shard_count;
}

/* False: ask again later. Exits when only a person can help. */
static bool ask_once(struct gateway *gateway)
{
    enum api_result result = discord_gateway_bot(&gateway->settings, &gateway->bot);
    bool answered = result == API_ANSWERED;
    if (result == API_NEVER || (answered && gateway->bot.verdict == SPECTACLES_GATEWAY_BOT_TOKEN))
        errx(1, "GET /gateway/bot failed: %s%s", gateway->bot.text, answered ? " (DISCORD_TOKEN)" : "");
    return answered && gateway->bot.verdict == SPECTACLES_GATEWAY_BOT_FINE;
}

/* Asks until there is an answer. Waits for as long as Discord asks for, which is hours after a ban. */
static void ask_discord(struct gateway *gateway)
{
    for (uint64_t wait = 1000; !ask_once(gateway); wait *= 2) {
        wait = wait < BACKOFF_CAP ? wait : BACKOFF_CAP;
        uint64_t pause = gateway->bot.wait > wait ? gateway->bot.wait : wait;
        warnx("GET /gateway/bot failed: %s; again in %llu s", gateway->bot.text,
              (unsigned long long)(pause + 999) / 1000);
        pause_for(pause);
    }
}

static void ask_for_shards(struct gateway *gateway)
{
    ask_discord(gateway);
    gateway->shard_count =
        gateway->settings.shard_count ? gateway->settings.shard_count : gateway->bot.shard_count;
    warnx("GET /gateway/bot: %u shards recommended, max_concurrency %u, %u identifies left",
          gateway->bot.shard_count, gateway->bot.max_concurrency, gateway->bot.remaining);
    if (gateway->bot.remaining < shards_here(gateway))
        warnx("only %u identifies are left for %u shards until %llu s from now", gateway->bot.remaining,
              shards_here(gateway), (unsigned long long)gateway->bot.reset_after / 1000);
}

/* ---- Building ---- */

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory)
        errx(1, "out of memory");
    return memory;
}

static spectacles_shard *make_shard(const struct gateway *gateway, uint32_t id)
{
    spectacles_shard *shard = NULL;
    spectacles_problem problem = {.text = "out of memory"};
    spectacles_session session;
    spectacles_shard_config config;
    spectacles_shard_config_init(&config, sizeof config);
    config.flags = SPECTACLES_SHARD_COMMITS;
    config.shard_id = id;
    config.shard_count = gateway->shard_count;
    config.gateway_version = gateway->settings.version;
    config.intents = gateway->settings.intents;
    config.capabilities = gateway->settings.capabilities;
    config.token = gateway->settings.token;
    config.gateway_url = gateway->bot.url;
    config.presence = gateway->settings.presence;
    config.format = gateway->settings.encoding;
    config.compression = gateway->settings.compression;
    if (store_find(gateway->store, id, &session))
        config.session = &session;
    config.seed = spectacles_random_seed();
    if (strcmp(gateway->settings.api_scheme, "https") == 0 && strncmp(gateway->bot.url, "wss://", 6) != 0)
        errx(1, "Discord's API names a gateway without TLS: it is not trusted with the token");
    if (spectacles_shard_new(&shard, &config, &problem) < 0)
        errx(1, "shard %u: %s", id, problem.text);
    return shard;
}

static spectacles_broker *make_broker(const struct gateway *gateway, const char *name)
{
    spectacles_broker *broker = NULL;
    spectacles_problem problem = {.text = "out of memory"};
    spectacles_broker_config config;
    spectacles_broker_config_init(&config, sizeof config);
    config.urls = &gateway->settings.amqp_url;
    config.url_count = 1;
    config.group = gateway->settings.group;
    config.format = gateway->settings.format;
    config.name = name;
    config.window_count = gateway->settings.window_count;
    config.window_bytes = gateway->settings.window_bytes;
    config.seed = spectacles_random_seed();
    if (spectacles_broker_new(&broker, &config, &problem) < 0)
        errx(1, "broker: %s%s%s", problem.text, problem.word[0] ? ": " : "", problem.word);
    return broker;
}

static void make_relay(struct gateway *gateway)
{
    spectacles_problem problem = {.text = "out of memory"};
    spectacles_relay_config config;
    spectacles_relay_config_init(&config, sizeof config);
    config.shard_count = gateway->shard_count;
    config.own_shards = gateway->own_shards;
    config.own_shard_count = gateway->own_shard_count;
    config.events = gateway->brokers[SPECTACLES_RELAY_EVENTS];
    config.commands = gateway->brokers[SPECTACLES_RELAY_COMMANDS];
    config.allow = (const char *const *)gateway->settings.events;
    config.allow_count = gateway->settings.event_count;
    config.max_concurrency = gateway->bot.max_concurrency;
    config.unix_offset = spectacles_unix_time() - spectacles_now();
    config.gaps =
        store_gaps(gateway->store, gateway->own_shards, gateway->own_shard_count, &config.gap_count);
    config.more_ops = gateway->settings.more_ops;
    config.more_op_count = gateway->settings.more_op_count;
    config.unroutable_hold = gateway->settings.unroutable_hold;
    if (spectacles_relay_new(&gateway->relay, &config, &problem) < 0)
        errx(1, "%s", problem.text);
    spectacles_relay_identify_limit(gateway->relay, gateway->bot.total, gateway->bot.remaining,
                                    gateway->bot.reset_after, spectacles_now());
}

static void make_tls(struct gateway *gateway)
{
    spectacles_problem problem;
    bool wanted = strcmp(gateway->settings.api_scheme, "https") == 0 ||
                  strncasecmp(gateway->settings.amqp_url, "amqps", 5) == 0;
    if (wanted && spectacles_tls_new(&gateway->tls, NULL, &problem) < 0)
        errx(1, "%s", problem.text);
}

static void make_links(struct gateway *gateway)
{
    spectacles_problem problem;
    spectacles_link_config config;
    spectacles_link_config_init(&config, sizeof config);
    config.tls = gateway->tls;
    gateway->links_length = gateway->own_shard_count + 2;
    gateway->links = allocate(gateway->links_length, sizeof *gateway->links);
    if (spectacles_poller_new(&gateway->poller, NULL, &problem) < 0)
        errx(1, "%s", problem.text);
    for (size_t i = 0; i < gateway->links_length; i++) {
        size_t broker = i - gateway->own_shard_count;
        spectacles_stream *stream = i < gateway->own_shard_count
                                        ? spectacles_shard_stream(gateway->own_shards[i])
                                        : spectacles_broker_stream(gateway->brokers[broker]);
        if (spectacles_link_new(&gateway->links[i], stream, &config, &problem) < 0)
            errx(1, "%s", problem.text);
        if (spectacles_poller_add(gateway->poller, gateway->links[i], i) < 0)
            errx(1, "%s", spectacles_poller_last_error(gateway->poller));
    }
}

/* Before Discord is asked, so that a wrong AMQP_URL or certificate is told at once. */
static void build_brokers(struct gateway *gateway)
{
    make_tls(gateway);
    gateway->brokers[SPECTACLES_RELAY_EVENTS] = make_broker(gateway, "spectacles gateway: events");
    gateway->brokers[SPECTACLES_RELAY_COMMANDS] = make_broker(gateway, "spectacles gateway: commands");
}

static void open_store(struct gateway *gateway)
{
    spectacles_state_config config;
    if (!gateway->settings.session_file) {
        warnx("SESSION_FILE is not set: a restart will identify anew, and lose what happens in between");
        return;
    }
    spectacles_state_config_init(&config, sizeof config);
    config.token = gateway->settings.token;
    config.intents = gateway->settings.intents;
    config.shard_count = gateway->shard_count;
    gateway->store = store_open(gateway->settings.session_file, &config);
}

static void build(struct gateway *gateway)
{
    open_store(gateway);
    gateway->own_shard_count = shards_here(gateway);
    gateway->own_shards = allocate(gateway->own_shard_count, sizeof(spectacles_shard *));
    for (size_t i = 0; i < gateway->own_shard_count; i++) {
        uint32_t id = gateway->settings.shard_ids ? gateway->settings.shard_ids[i] : (uint32_t)i;
        gateway->own_shards[i] = make_shard(gateway, id);
    }
    make_relay(gateway);
    make_links(gateway);
    gateway->resolver = resolver_new();
}

static void tear_down(struct gateway *gateway)
{
    for (size_t i = 0; i < gateway->links_length; i++)
        spectacles_link_free(gateway->links[i]);
    spectacles_relay_free(gateway->relay);
    for (size_t i = 0; i < gateway->own_shard_count; i++)
        spectacles_shard_free(gateway->own_shards[i]);
    spectacles_broker_free(gateway->brokers[0]);
    spectacles_broker_free(gateway->brokers[1]);
    spectacles_tls_free(gateway->tls);
    resolver_free(gateway->resolver);
    store_close(gateway->store);
    settings_free(&gateway->settings);
    free(gateway->own_shards);
    free(gateway->links);
    spectacles_poller_free(gateway->poller);
}

/* ---- The log ---- */

static void log_summary(const struct gateway *gateway)
{
    spectacles_relay_stats stats;
    spectacles_relay_stats_init(&stats, sizeof stats);
    spectacles_relay_get_stats(gateway->relay, &stats);
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

static void log_shard(const struct gateway *gateway, const spectacles_relay_event *event)
{
    char shard[64];
    snprintf(shard, sizeof shard, "shard %u/%u", event->shard_id, gateway->shard_count);
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

static void stop(struct gateway *gateway, int status, uint64_t now)
{
    if (gateway->stop_at)
        return;
    gateway->status = status;
    gateway->stop_at = now + STOP_TIMEOUT;
    spectacles_relay_stop(gateway->relay, 0, now);
}

static void on_event(struct gateway *gateway, const spectacles_relay_event *event, uint64_t now)
{
    if (event->type == SPECTACLES_RELAY_EVENT_SHARD_LATENCY)
        return;
    /* The session is stored before the log says "ready": a reader of the log may count on the session. */
    if (event->type == SPECTACLES_RELAY_EVENT_SHARD_READY)
        store_write(gateway->store, gateway->own_shards, gateway->own_shard_count, gateway->relay, now);
    if (event->type < SPECTACLES_RELAY_EVENT_BROKER_CONNECTING)
        log_shard(gateway, event);
    else if (event->type <= SPECTACLES_RELAY_EVENT_BROKER_CLOSED)
        log_broker(event);
    else
        log_command(event);
    if (event->type == SPECTACLES_RELAY_EVENT_SHARD_FATAL)
        stop(gateway, 1, now);
}

static void read_signals(struct gateway *gateway, uint64_t now)
{
    unsigned char number;
    while (read(signal_pipe[0], &number, 1) == 1) {
        if (number == SIGUSR1) {
            log_summary(gateway);
        } else if (gateway->stop_at && now < gateway->stop_at - STOP_TIMEOUT + SAME_WISH) {
            continue; /* timeout(1) sends one signal to the process and another one to its group */
        } else if (gateway->stop_at) {
            errx(1, "stopped at once: what was not confirmed will be replayed or delivered again");
        } else {
            warnx("stopping");
            stop(gateway, 0, now);
        }
    }
}

static uint64_t earliest(const struct gateway *gateway)
{
    uint64_t deadline = spectacles_relay_deadline(gateway->relay);
    uint64_t poller = spectacles_poller_deadline(gateway->poller);
    deadline = poller < deadline ? poller : deadline;
    uint64_t store = store_deadline(gateway->store);
    deadline = store < deadline ? store : deadline;
    return gateway->stop_at && gateway->stop_at < deadline ? gateway->stop_at : deadline;
}

/* The resolver looks one name up at a time: its answer may serve any link. */
static void answer_names(struct gateway *gateway)
{
    const spectacles_link *link;
    while ((link = spectacles_poller_next_link(gateway->poller, NULL)))
        gateway->names_wanted |= spectacles_link_wants_address(link) != NULL;
    if (!gateway->names_wanted)
        return;
    gateway->names_wanted = false;
    for (size_t i = 0; i < gateway->links_length; i++) {
        resolver_serve(gateway->resolver, gateway->links[i]);
        gateway->names_wanted |= spectacles_link_wants_address(gateway->links[i]) != NULL;
    }
}

static void wait_for_something(struct gateway *gateway)
{
    struct pollfd fds[] = {{spectacles_poller_fd(gateway->poller), POLLIN, 0},
                           {signal_pipe[0], POLLIN, 0},
                           {resolver_fd(gateway->resolver), POLLIN, 0}};
    int ready = poll(fds, 3, spectacles_poll_timeout(earliest(gateway), spectacles_now()));
    if (ready < 0 && errno != EINTR)
        err(1, "poll");
    if (ready > 0 && fds[1].revents)
        read_signals(gateway, spectacles_now());
    if (ready > 0 && fds[2].revents)
        resolver_hear(gateway->resolver);
}

static void move_bytes(struct gateway *gateway, uint64_t now)
{
    if (spectacles_poller_process(gateway->poller, now) == SPECTACLES_E_SYS)
        errx(1, "%s", spectacles_poller_last_error(gateway->poller));
    answer_names(gateway);
}

static void run(struct gateway *gateway)
{
    const spectacles_relay_event *event;
    while (!spectacles_relay_stopped(gateway->relay)) {
        wait_for_something(gateway);
        uint64_t now = spectacles_now();
        move_bytes(gateway, now);
        while ((event = spectacles_relay_next_event(gateway->relay, now)))
            on_event(gateway, event, now);
        spectacles_poller_flush(gateway->poller, now);
        if (now >= store_deadline(gateway->store))
            store_write(gateway->store, gateway->own_shards, gateway->own_shard_count, gateway->relay, now);
        else
            store_touch(gateway->store, now);
        if (gateway->stop_at && now >= gateway->stop_at) {
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
        printf("gateway, libspectacles %u.%u.%u\n", version >> 16, version >> 8 & 255, version & 255);
    exit(fflush(stdout) == 0 ? 0 : 1);
}

int main(int argc, char **argv)
{
    struct gateway gateway = {0};
    read_arguments(argc, argv);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    catch_signals();
    settings_read(&gateway.settings);
    build_brokers(&gateway);
    ask_for_shards(&gateway);
    build(&gateway);
    run(&gateway);
    store_write(gateway.store, gateway.own_shards, gateway.own_shard_count, gateway.relay, spectacles_now());
    log_summary(&gateway);
    tear_down(&gateway);
    curl_global_cleanup();
    return gateway.status;
}
