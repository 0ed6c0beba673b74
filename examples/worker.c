/*
 * A worker: consumes the events of a group, and prints each event as a line, `<EVENT> <body>`. The body is printed in
 * JSON, whatever format it came in. When a message begins with "!members", the worker publishes a SEND that asks
 * Discord for the members of the guild.
 *
 *     AMQP_URL=amqp://... worker [--group G] [--subgroup S] [--count N] [--ids] [--copies] [--listen] EVENT...
 *
 * Workers of one subgroup share the events; each subgroup gets all events.
 *
 *   --count N   ends after N events
 *   --listen    only prints, and answers no "!members"
 *   --ids       prints `<EVENT> <message-id> <body>`
 *   --copies    prints copies too. Otherwise only the first event with a message-id is printed
 *
 * BROKER_FORMAT is the format of the SEND: json, etf, msgpack or msgpack-json.
 */
#include "format.h"

#include <cjson/cJSON.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spectacles/spectacles.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    COMMANDS_MAX = 256
};

/*
 * A SEND that is not confirmed yet, and the delivery that asked for it. The delivery is acknowledged after the
 * confirm.
 */
struct command {
    uint64_t tag;
    uint64_t delivery;
    uint64_t guild_id;
};

struct worker {
    spectacles_broker *broker;
    spectacles_bytes *json; /* holds a body that was turned into JSON */
    const char *subgroup;
    spectacles_copies *copies; /* NULL: copies are printed too */
    int ids;
    int listen;
    uint64_t left; /* events to print before the worker ends; 0: the worker is closing */
    size_t command_count;
    struct command commands[COMMANDS_MAX];
};

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

struct text {
    const uint8_t *bytes;
    size_t length;
};

/* Gives the body in JSON, or as it is when its format is not known. 0 when the body cannot be read. */
static int read_body(struct worker *worker, const spectacles_broker_event *event, struct text *out)
{
    spectacles_problem problem;
    *out = (struct text){event->body, event->body_length};
    if (event->format == SPECTACLES_FORMAT_JSON || event->format == SPECTACLES_FORMAT_RAW)
        return 1;
    if (spectacles_transcode(worker->json, SPECTACLES_FORMAT_JSON, event->format, 0, event->body,
                             event->body_length, &problem) < 0) {
        char key[256];
        spectacles_printable(key, sizeof key, event->key, event->key_length);
        warnx("a message under %s cannot be read: %s, at byte %zu", key, problem.text, problem.position);
        return 0;
    }
    *out = (struct text){spectacles_bytes_data(worker->json), spectacles_bytes_length(worker->json)};
    return 1;
}

/* 1 when a message asks for the members of its guild. The strict check comes first, because cJSON is lenient. */
static int asks_for_members(const char *key, const struct text *body, uint64_t *guild_id, uint64_t *nonce)
{
    if (strcmp(key, "MESSAGE_CREATE") != 0 || spectacles_json_check(body->bytes, body->length, NULL) < 0)
        return 0;
    cJSON *message = cJSON_ParseWithLength((const char *)body->bytes, body->length);
    int asks = strncmp(text_of(message, "content"), "!members", strlen("!members")) == 0;
    *guild_id = strtoull(text_of(message, "guild_id"), NULL, 10);
    *nonce = strtoull(text_of(message, "id"), NULL, 10);
    cJSON_Delete(message);
    return asks && *guild_id != 0;
}

/* Publishes a SEND. The gateway finds the shard of the guild. Discord's answer has the nonce. */
static int request_members(struct worker *worker, uint64_t delivery, uint64_t guild_id, uint64_t nonce)
{
    static const char format[] = "{\"op\":8,\"d\":{\"guild_id\":\"%" PRIu64
                                 "\",\"query\":\"\",\"limit\":0,\"nonce\":\"%" PRIu64 "\"}}";
    char packet[160];
    uint8_t body[224];
    struct command command = {0, delivery, guild_id};
    int length = snprintf(packet, sizeof packet, format, guild_id, nonce);
    length =
        spectacles_send_build(body, sizeof body, guild_id, (const uint8_t *)packet, (size_t)length, NULL);
    if (length < 0)
        return length;
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    message.flags = SPECTACLES_MESSAGE_MANDATORY; /* where no gateway runs, the SEND comes back */
    message.key = spectacles_route_send_key();
    message.key_length = strlen(spectacles_route_send_key());
    message.body = body;
    message.body_length = (size_t)length;
    message.format = SPECTACLES_FORMAT_JSON;
    int error = spectacles_broker_publish(worker->broker, &message, &command.tag);
    if (error == SPECTACLES_OK)
        worker->commands[worker->command_count++] = command;
    return error;
}

static void stop(struct worker *worker, uint64_t now)
{
    worker->left = 0;
    spectacles_broker_close(worker->broker, now);
}

/* A publisher may write anything into a key or an id. It must not break the line. */
static void print_word(const char *word, size_t length)
{
    char shown[256];
    spectacles_printable(shown, sizeof shown, word, length);
    printf("%s ", shown);
}

static void print(const struct worker *worker, const spectacles_broker_event *event, const struct text *body)
{
    print_word(event->key, event->key_length);
    if (worker->ids && event->message_id)
        print_word(event->message_id, strlen(event->message_id));
    else if (worker->ids)
        print_word("-", 1);
    if (body->length > 0)
        fwrite(body->bytes, 1, body->length, stdout);
    putchar('\n');
}

/* 1 when the event was printed before. Otherwise `mark` is what it is known by. */
static int is_copy(const struct worker *worker, const spectacles_broker_event *event,
                   spectacles_copy_mark *mark, uint64_t now)
{
    const char *id = event->message_id ? event->message_id : "";
    if (!worker->copies)
        return 0;
    spectacles_copies_mark(worker->copies, id, strlen(id), event->headers, event->header_count, mark);
    return spectacles_copies_leave_out(worker->copies, mark, now);
}

static void on_message(struct worker *worker, const spectacles_broker_event *event, uint64_t now)
{
    uint64_t delivery = event->delivery;
    uint64_t guild_id;
    uint64_t nonce;
    struct text body;
    spectacles_copy_mark mark;
    if (worker->left == 0)
        return; /* the worker is closing: the unacknowledged delivery goes back to its queue */
    if (is_copy(worker, event, &mark, now)) {
        spectacles_broker_ack(worker->broker, delivery);
        return;
    }
    if (!read_body(worker, event, &body)) {
        spectacles_broker_reject(worker->broker, delivery, 0); /* no other worker could read it */
        return;
    }
    int asks = !worker->listen && asks_for_members(event->key, &body, &guild_id, &nonce);
    if (asks && (!spectacles_broker_room(worker->broker) || worker->command_count == COMMANDS_MAX)) {
        spectacles_broker_reject(worker->broker, delivery,
                                 1); /* back to the queue, for later or another worker */
        return;
    }
    print(worker, event, &body);
    if (worker->copies)
        spectacles_copies_add(worker->copies, &mark);
    if (!asks)
        spectacles_broker_ack(worker->broker,
                              delivery); /* is written by the next process(), after the flush */
    else if (request_members(worker, delivery, guild_id, nonce) < 0)
        errx(EXIT_FAILURE, "out of memory");
    if (--worker->left == 0)
        stop(worker, now);
}

/* The broker has confirmed or refused a SEND. */
static void on_answer(struct worker *worker, const spectacles_broker_event *event)
{
    struct command *command = worker->commands;
    struct command *end = command + worker->command_count;
    while (command < end && command->tag != event->tag)
        command++;
    if (command == end)
        return;
    if (event->type == SPECTACLES_BROKER_EVENT_CONFIRMED)
        warnx("sent op 8 for guild %" PRIu64, command->guild_id);
    else
        warnx("could not send op 8 for guild %" PRIu64 ": %s", command->guild_id, event->text);
    spectacles_broker_ack(worker->broker, command->delivery);
    *command = end[-1];
    worker->command_count--;
}

static void on_event(struct worker *worker, const spectacles_broker_event *event, uint64_t now)
{
    if (event->type == SPECTACLES_BROKER_EVENT_MESSAGE)
        on_message(worker, event, now);
    else if (event->tag != 0)
        on_answer(worker, event);
    else if (event->type == SPECTACLES_BROKER_EVENT_READY)
        warnx("connected to %s", event->text);
    else if (event->type == SPECTACLES_BROKER_EVENT_SUBSCRIBED)
        warnx("subscribed to queue %s", event->queue);
    else if (event->type != SPECTACLES_BROKER_EVENT_CONNECTING && event->text)
        warnx("%s", event->text);
}

/* Returns how many SENDs were left unconfirmed. */
static uint64_t run(struct worker *worker, spectacles_link *link, int signals)
{
    const spectacles_broker_event *event;
    char byte;
    for (uint32_t ready = 0;;) {
        uint64_t now = spectacles_now();
        if (spectacles_link_process(link, ready, now) < 0)
            errx(EXIT_FAILURE, "out of memory");
        spectacles_link_resolve(link);
        while ((event = spectacles_broker_next_event(worker->broker, now)) != NULL) {
            if (event->type == SPECTACLES_BROKER_EVENT_CLOSED)
                return event->unconfirmed_count;
            on_event(worker, event, now);
        }
        if (fflush(stdout) != 0)
            err(EXIT_FAILURE, "stdout");

        uint32_t io = spectacles_link_interest(link);
        int events = (io & SPECTACLES_LINK_READ ? POLLIN : 0) | (io & SPECTACLES_LINK_WRITE ? POLLOUT : 0);
        struct pollfd fds[] = {{spectacles_link_fd(link), (short)events, 0}, {signals, POLLIN, 0}};
        if (poll(fds, 2, spectacles_poll_timeout(spectacles_link_deadline(link), spectacles_now())) < 0 &&
            errno != EINTR)
            err(EXIT_FAILURE, "poll");
        ready = fds[0].revents ? io : 0;
        if (fds[1].revents && read(signals, &byte, 1) == 1)
            stop(worker, spectacles_now());
    }
}

/* The write end of a pipe. A signal that comes right before poll() wakes poll() too. */
static int wake;

static void on_signal(int number)
{
    unsigned char byte = (unsigned char)number;
    if (write(wake, &byte, 1) < 0)
        _exit(EXIT_FAILURE);
}

static int catch_signals(void)
{
    int ends[2];
    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");
    wake = ends[1];
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    return ends[0];
}

static void remember_copies(struct worker *worker)
{
    spectacles_copies_config config;
    spectacles_copies_config_init(&config, sizeof config);
    config.seed = spectacles_random_seed();
    if (spectacles_copies_new(&worker->copies, &config, NULL) < 0)
        errx(EXIT_FAILURE, "out of memory");
}

static void hand_out_copies(struct worker *worker)
{
    spectacles_copies_free(worker->copies);
    worker->copies = NULL;
}

static const char usage[] =
    "usage: worker [--group G] [--subgroup S] [--count N] [--ids] [--copies] [--listen] EVENT...";

static void read_options(struct worker *worker, spectacles_broker_config *config, int argc, char **argv)
{
    static const struct option options[] = {
        {"group", required_argument, NULL, 'g'}, {"subgroup", required_argument, NULL, 's'},
        {"count", required_argument, NULL, 'c'}, {"ids", no_argument, NULL, 'i'},
        {"listen", no_argument, NULL, 'l'},      {"copies", no_argument, NULL, 'a'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'g')
            config->group = optarg;
        else if (option == 's')
            worker->subgroup = optarg;
        else if (option == 'c')
            worker->left = strtoull(optarg, NULL, 10);
        else if (option == 'i')
            worker->ids = 1;
        else if (option == 'l')
            worker->listen = 1;
        else if (option == 'a')
            hand_out_copies(worker);
        else if (option == 'h')
            exit(puts(usage) < 0);
        else
            worker->left = 0;
    }
    if (optind == argc || worker->left == 0)
        errx(EXIT_FAILURE, "%s", usage);
}

static void subscribe(const struct worker *worker, const char *event)
{
    spectacles_subscription subscription;
    spectacles_subscription_init(&subscription, sizeof subscription);
    subscription.event = event;
    subscription.event_length = strlen(event);
    subscription.subgroup = worker->subgroup;
    subscription.subgroup_length = strlen(worker->subgroup);
    if (spectacles_broker_subscribe(worker->broker, &subscription) < 0)
        errx(EXIT_FAILURE, "%s: %s", event, spectacles_broker_last_error(worker->broker));
}

int main(int argc, char **argv)
{
    struct worker worker = {.subgroup = "", .left = UINT64_MAX};
    const char *url = getenv("AMQP_URL");
    spectacles_problem problem = {.text = "out of memory"};
    spectacles_broker_config config;
    spectacles_link *link;
    spectacles_broker_config_init(&config, sizeof config);
    remember_copies(&worker);
    read_options(&worker, &config, argc, argv);
    if (!url)
        errx(EXIT_FAILURE, "AMQP_URL is not set: amqp://user:password@host:port/vhost");
    config.urls = &url;
    config.url_count = 1;
    config.name = "worker";
    config.format = format_from_environment();
    config.seed = spectacles_random_seed();
    if (spectacles_broker_new(&worker.broker, &config, &problem) < 0)
        errx(EXIT_FAILURE, "broker: %s%s%s", problem.text, problem.word[0] ? ": " : "", problem.word);
    for (int i = optind; i < argc; i++)
        subscribe(&worker, argv[i]);
    if (spectacles_link_new(&link, spectacles_broker_stream(worker.broker), NULL, NULL) < 0 ||
        spectacles_bytes_new(&worker.json) < 0)
        errx(EXIT_FAILURE, "out of memory");
    uint64_t lost = run(&worker, link, catch_signals());
    spectacles_link_free(link);
    spectacles_broker_free(worker.broker);
    spectacles_bytes_free(worker.json);
    spectacles_copies_free(worker.copies);
    if (lost > 0)
        errx(EXIT_FAILURE, "%" PRIu64 " commands were not confirmed", lost);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
