/*
 * One broker connection for tests in other languages: lines on standard input say what to do, each line on
 * standard output is a JSON object and tells one event, or what came of a command.
 *
 *     broker_tool [--group G] [--window COUNT] [--window-bytes BYTES] [--id PREFIX] [--patience MS]
 *                 [--declare passive|nothing] [--format NUMBER] [--queue-type classic|quorum]
 *                 [--exchange-type fanout] [--heartbeat SECONDS] URL...
 *
 *     publish COUNT SIZE KEY [transient] [mandatory] [exchange=NAME] [priority=N] [expiration=MS]
 *             [header.NAME=VALUE] [...]        up to COUNT, until one is refused
 *     publish-forever SIZE KEY [...]           as many as the window takes, until `enough`
 *     enough
 *     subscribe EVENT [SUBGROUP] [PREFETCH] [NAME=VALUE ...]   SUBGROUP - is none; arguments of the queue
 *     declare EVENT [SUBGROUP]                 the queue without a consumer
 *     subscribe-queue QUEUE [PREFETCH] [NAME=VALUE ...]        the queue of this name, which is not bound
 *     subscribe-exclusive EVENT                a queue that RabbitMQ names
 *     unsubscribe NUMBER
 *     ack                                      acknowledges what is held, and from now on at once (default)
 *     ack-all COUNT                            acknowledges the first COUNT that are held, with one method
 *     hold                                     from now on acknowledges nothing
 *     requeue                                  rejects what is held, to be delivered again
 *     call TIMEOUT KEY BODY [exchange=NAME]
 *     reply                                    from now on replies to what asks for it, with RE: and the body;
 *                                              with --format, with {"echo":body}
 *     stats
 *     close                                    and ends with the event CLOSED; so does the end of the input
 *
 * --format: bodies are written in this one of enum spectacles_format, and shown and given in JSON.
 * --patience: its clock skips what a back-off or the next try of a subscription has to wait beyond so much.
 * VALUE is an integer if it looks like one, a boolean if it is true or false, otherwise text. A message with the tag N
 * has the message-id PREFIX:N, and the same text at the start of its body.
 */
#include "broker_tool.h"

#include <err.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

uint64_t now_of(const tool *work)
{
    return spectacles_now() + work->skipped;
}

/* ---- Messages ---- */

/* The body that is published may be that of the event. */
static void reply(tool *work, const spectacles_broker_event *event)
{
    char body[512];
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    int asked_length;
    const char *asked = body_of(work, event, &asked_length);
    int length =
        snprintf(body, sizeof body, work->format ? "{\"echo\":%.*s}" : "RE:%.*s", asked_length, asked);
    message.body = (const uint8_t *)body;
    message.body_length = (size_t)length < sizeof body ? (size_t)length : sizeof body - 1;
    message.content_type = work->format ? NULL : "text/plain";
    message.format = work->format ? SPECTACLES_FORMAT_JSON : SPECTACLES_FORMAT_RAW;
    if (spectacles_broker_reply(work->broker, event->reply_to, event->correlation_id, &message, NULL) < 0)
        errx(EXIT_FAILURE, "%s", spectacles_broker_last_error(work->broker));
    work->published++;
}

static void on_message(tool *work, uint64_t delivery)
{
    if (!work->hold) {
        spectacles_broker_ack(work->broker, delivery);
        return;
    }
    uint64_t *held = realloc(work->held, (work->held_count + 1) * sizeof *held);
    if (!held)
        errx(EXIT_FAILURE, "out of memory");
    work->held = held;
    held[work->held_count++] = delivery;
}

/* ---- The loop ---- */

/* Returns 0 after the last event. */
static int pull_events(tool *work, uint64_t now)
{
    const spectacles_broker_event *event;
    while ((event = spectacles_broker_next_event(work->broker, now)) != NULL) {
        uint64_t delivery = event->delivery; /* the event ends with the next call on its broker */
        uint32_t type = event->type;
        if (type == SPECTACLES_BROKER_EVENT_UNSUBSCRIBED)
            work->retry_at = event->until;
        put_event(work, event);
        if (work->reply && event->reply_to && type == SPECTACLES_BROKER_EVENT_MESSAGE)
            reply(work, event);
        if (type == SPECTACLES_BROKER_EVENT_CLOSED)
            return 0;
        if (type == SPECTACLES_BROKER_EVENT_MESSAGE)
            on_message(work, delivery);
    }
    return 1;
}

/* Time is an argument of the library: a wait can be passed over. */
static void skip_waiting(tool *work)
{
    uint64_t now = now_of(work);
    uint64_t until = work->retry_at;
    if (spectacles_broker_state(work->broker) == SPECTACLES_BROKER_BACKOFF)
        until = spectacles_stream_deadline(spectacles_broker_stream(work->broker));
    if (until != SPECTACLES_NEVER && until > now && until - now > work->patience)
        work->skipped += until - now - work->patience;
}

static void run(tool *work, spectacles_link *link)
{
    for (uint32_t ready = 0;;) {
        uint64_t now = now_of(work);
        if (spectacles_link_process(link, ready, now) < 0)
            errx(EXIT_FAILURE, "out of memory");
        spectacles_link_resolve(link);
        int goes_on = pull_events(work, now);
        publish_what_fits(work);
        if (fflush(stdout) != 0)
            err(EXIT_FAILURE, "stdout");
        if (!goes_on)
            return;

        uint32_t io = spectacles_link_interest(link);
        int events = (io & SPECTACLES_LINK_READ ? POLLIN : 0) | (io & SPECTACLES_LINK_WRITE ? POLLOUT : 0);
        struct pollfd fds[] = {{spectacles_link_fd(link), (short)events, 0},
                               {work->input_ended ? -1 : STDIN_FILENO, POLLIN, 0}};
        skip_waiting(work);
        poll(fds, 2, spectacles_poll_timeout(spectacles_link_deadline(link), now_of(work)));
        ready = fds[0].revents ? io : 0;
        if (fds[1].revents)
            read_commands(work);
    }
}

static void read_options(tool *work, spectacles_broker_config *config, int argc, char **argv)
{
    static const struct option options[] = {{"group", required_argument, NULL, 'g'},
                                            {"window", required_argument, NULL, 'w'},
                                            {"window-bytes", required_argument, NULL, 'b'},
                                            {"id", required_argument, NULL, 'i'},
                                            {"patience", required_argument, NULL, 'p'},
                                            {"declare", required_argument, NULL, 'd'},
                                            {"format", required_argument, NULL, 'f'},
                                            {"queue-type", required_argument, NULL, 'q'},
                                            {"exchange-type", required_argument, NULL, 'e'},
                                            {"heartbeat", required_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'g')
            config->group = optarg;
        else if (option == 'w')
            config->window_count = (uint32_t)strtoul(optarg, NULL, 10);
        else if (option == 'b')
            config->window_bytes = strtoull(optarg, NULL, 10);
        else if (option == 'i')
            work->prefix = optarg;
        else if (option == 'p')
            work->patience = strtoull(optarg, NULL, 10);
        else if (option == 'f')
            config->format = work->format = (uint32_t)strtoul(optarg, NULL, 10);
        else if (option == 'e')
            config->exchange_type = SPECTACLES_EXCHANGE_FANOUT;
        else if (option == 'h')
            config->heartbeat = (uint32_t)strtoul(optarg, NULL, 10);
        else if (option == 'q')
            config->queue_type =
                strcmp(optarg, "quorum") == 0 ? SPECTACLES_QUEUE_QUORUM : SPECTACLES_QUEUE_CLASSIC;
        else if (option == 'd')
            config->declare =
                strcmp(optarg, "passive") == 0 ? SPECTACLES_DECLARE_PASSIVE : SPECTACLES_DECLARE_NOTHING;
        else
            errx(EXIT_FAILURE, "usage: broker_tool [--group G] [--window COUNT] [--window-bytes BYTES] "
                               "[--id PREFIX] [--patience MS] [--declare passive|nothing] [--format NUMBER] "
                               "[--queue-type classic|quorum] [--exchange-type fanout] [--heartbeat SECONDS] "
                               "URL...");
    }
    config->urls = (const char *const *)argv + optind;
    config->url_count = (size_t)(argc - optind);
}

int main(int argc, char **argv)
{
    tool work = {.prefix = "m", .patience = UINT64_MAX};
    spectacles_problem problem;
    spectacles_broker_config config;
    spectacles_link *link;
    spectacles_broker_config_init(&config, sizeof config);
    read_options(&work, &config, argc, argv);
    config.name = "broker_tool";
    config.seed = spectacles_random_seed();
    if (spectacles_broker_new(&work.broker, &config, &problem) < 0)
        errx(EXIT_FAILURE, "URL %zu: %s", problem.position, problem.text);
    if (spectacles_link_new(&link, spectacles_broker_stream(work.broker), NULL, NULL) < 0 ||
        spectacles_bytes_new(&work.json) < 0)
        errx(EXIT_FAILURE, "out of memory");
    run(&work, link);
    spectacles_link_free(link);
    spectacles_broker_free(work.broker);
    spectacles_bytes_free(work.json);
    free(work.held);
    return EXIT_SUCCESS;
}
