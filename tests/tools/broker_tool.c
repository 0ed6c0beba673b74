/*
 * One broker connection for tests in other languages: lines on standard input say what to do, each line on
 * standard output is a JSON object and tells one event, or what came of a command.
 *
 *     broker_tool [--group G] [--window COUNT] [--window-bytes BYTES] [--id PREFIX] [--patience MS]
 *                 [--declare passive|nothing] [--format NUMBER] URL...
 *
 *     publish COUNT SIZE KEY [transient] [mandatory] [exchange=NAME] [priority=N] [expiration=MS]
 *             [header.NAME=VALUE] [...]        up to COUNT, until one is refused
 *     publish-forever SIZE KEY [...]           as many as the window takes, until `enough`
 *     enough
 *     subscribe EVENT [SUBGROUP] [PREFETCH] [NAME=VALUE ...]   SUBGROUP - is none; arguments of the queue
 *     declare EVENT [SUBGROUP]                 the queue without a consumer
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
 * VALUE is an integer if it looks like one, otherwise text. A message with the tag N has the message-id PREFIX:N, and
 * the same text at the start of its body.
 */
#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <spectacles/broker.h>
#include <spectacles/codec.h>
#include <spectacles/link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    WORDS_MAX = 12,
    HEADERS_MAX = 4,
    LINE_MAX_BYTES = 4096,
    BODY_SHOWN = 64
};

/* What a publish command asks for; the names live as long as the tool. */
typedef struct order {
    uint64_t size;
    uint32_t flags;
    char key[256];
    char exchange[256];
    char expiration[16];
    uint32_t priority;
    size_t header_count;
    spectacles_header headers[HEADERS_MAX];
    char names[HEADERS_MAX][64]; /* NAME=VALUE, which the headers point into */
} order;

typedef struct tool {
    spectacles_broker *broker;
    const char *prefix;
    uint64_t published;
    uint64_t *held; /* deliveries that are not acknowledged */
    size_t held_count;
    int hold;
    int reply;
    uint32_t format; /* RAW: bodies are not looked at */
    spectacles_bytes *json;
    int forever; /* publish_forever is in force */
    uint64_t patience;
    uint64_t skipped;  /* milliseconds that its clock is ahead */
    uint64_t retry_at; /* of a subscription */
    order publish_forever;
    char line[LINE_MAX_BYTES];
    size_t line_length;
    int input_ended;
} tool;

static uint64_t now_of(const tool *work)
{
    return spectacles_now() + work->skipped;
}

/* ---- JSON ---- */

static void put_text(const char *name, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    printf(",\"%s\":\"", name);
    for (size_t i = 0; i < length; i++) {
        if (at[i] < 0x20 || at[i] == '"' || at[i] == '\\' || at[i] == 0x7f)
            printf("\\u%04x", (unsigned)at[i]);
        else
            putchar(at[i]);
    }
    putchar('"');
}

static void put_string(const char *name, const char *text)
{
    if (text)
        put_text(name, text, strlen(text));
}

static void put_number(const char *name, uint64_t number)
{
    printf(",\"%s\":%" PRIu64, name, number);
}

static void begin(const tool *work, const char *kind, const char *name)
{
    printf("{\"%s\":\"%s\"", kind, name);
    put_number("at", now_of(work));
}

static void end(void)
{
    puts("}");
}

static void put_error(int error)
{
    if (error < 0)
        printf(",\"error\":%d", error);
}

/* ---- Events ---- */

static void put_headers(const spectacles_broker_event *event)
{
    const char *before = "";
    printf(",\"headers\":{");
    for (size_t i = 0; i < event->header_count; i++) {
        const spectacles_header each = event->headers[i];
        printf("%s\"%.*s\":", before, (int)each.key_length, each.key);
        before = ",";
        if (each.type == SPECTACLES_HEADER_TEXT)
            printf("\"%.*s\"", (int)each.bytes_length, (const char *)each.bytes);
        else if (each.type == SPECTACLES_HEADER_INTEGER || each.type == SPECTACLES_HEADER_TIMESTAMP)
            printf("%" PRId64, each.integer);
        else if (each.type == SPECTACLES_HEADER_BOOLEAN)
            printf("%s", each.integer ? "true" : "false");
        else if (each.type == SPECTACLES_HEADER_REAL)
            printf("%g", each.real);
        else
            printf("[%u,%zu]", (unsigned)each.type, each.bytes_length);
    }
    putchar('}');
}

/* With --format, in JSON, whatever it came in. Lasts until the next one. */
static const char *body_of(const tool *work, const spectacles_broker_event *event, int *length)
{
    spectacles_problem problem;
    *length = (int)event->body_length;
    if (work->format == SPECTACLES_FORMAT_RAW)
        return (const char *)event->body;
    if (spectacles_transcode(work->json, SPECTACLES_FORMAT_JSON, event->format, 0, event->body,
                             event->body_length, &problem) < 0)
        errx(EXIT_FAILURE, "a body can not be read: %s", problem.text);
    *length = (int)spectacles_bytes_length(work->json);
    return (const char *)spectacles_bytes_data(work->json);
}

static void put_message(const tool *work, const spectacles_broker_event *event)
{
    int length;
    const char *body = body_of(work, event, &length);
    if (event->delivery)
        put_number("delivery", event->delivery);
    put_number("redelivered", event->redelivered);
    put_number("priority", event->priority);
    put_string("expiration", event->expiration);
    if (event->headers)
        put_headers(event);
    put_number("body_length", event->body_length);
    put_text("body", body, length < BODY_SHOWN ? (size_t)length : BODY_SHOWN);
    put_string("content_type", event->content_type);
    put_string("message_id", event->message_id);
    put_string("correlation_id", event->correlation_id);
    put_string("reply_to", event->reply_to);
}

static void put_tag(const tool *work, uint64_t tag)
{
    put_number("tag", tag);
    printf(",\"message_id\":\"%s:%" PRIu64 "\"", work->prefix, tag);
}

static void put_event(const tool *work, const spectacles_broker_event *event)
{
    begin(work, "event", spectacles_broker_event_type_name(event->type));
    if (event->code)
        put_number("code", event->code);
    put_error(event->error);
    if (event->type == SPECTACLES_BROKER_EVENT_SUBSCRIBED ||
        event->type == SPECTACLES_BROKER_EVENT_UNSUBSCRIBED ||
        event->type == SPECTACLES_BROKER_EVENT_REFUSED || event->type == SPECTACLES_BROKER_EVENT_MESSAGE)
        put_number("subscription", event->subscription);
    if (event->tag)
        put_tag(work, event->tag);
    if (event->reason)
        put_number("reason", event->reason);
    if (event->until == SPECTACLES_NEVER)
        printf(",\"until\":null");
    else if (event->until)
        put_number("until", event->until);
    if (event->type == SPECTACLES_BROKER_EVENT_CLOSED)
        put_number("unconfirmed_count", event->unconfirmed_count);
    put_string("queue", event->queue);
    if (event->key)
        put_text("key", event->key, event->key_length);
    if (event->body)
        put_message(work, event);
    if (event->text)
        put_text("text", event->text, event->text_length);
    end();
}

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

/* ---- Commands ---- */

/* NAME=VALUE in a place of its own: an integer, a real number (also nan and inf), or text. */
static spectacles_header read_header(char *text)
{
    char *end;
    char *equals = strchr(text, '=');
    if (!equals)
        errx(EXIT_FAILURE, "what is '%s'?", text);
    spectacles_header header = {.key = text, .key_length = (size_t)(equals - text)};
    header.type = SPECTACLES_HEADER_INTEGER;
    header.integer = strtoll(equals + 1, &end, 10);
    if (end != equals + 1 && !*end)
        return header;
    header.type = SPECTACLES_HEADER_REAL;
    header.real = strtod(equals + 1, &end);
    if (end != equals + 1 && !*end)
        return header;
    header.type = SPECTACLES_HEADER_TEXT;
    header.bytes = (const uint8_t *)equals + 1;
    header.bytes_length = strlen(equals + 1);
    return header;
}

static void read_option(order *wanted, const char *word)
{
    if (strcmp(word, "transient") == 0) {
        wanted->flags |= SPECTACLES_MESSAGE_TRANSIENT;
    } else if (strcmp(word, "mandatory") == 0) {
        wanted->flags |= SPECTACLES_MESSAGE_MANDATORY;
    } else if (strncmp(word, "exchange=", 9) == 0) {
        snprintf(wanted->exchange, sizeof wanted->exchange, "%s", word + 9);
    } else if (strncmp(word, "expiration=", 11) == 0) {
        snprintf(wanted->expiration, sizeof wanted->expiration, "%s", word + 11);
    } else if (strncmp(word, "priority=", 9) == 0) {
        wanted->priority = (uint32_t)strtoul(word + 9, NULL, 10);
    } else if (strncmp(word, "header.", 7) == 0 && wanted->header_count < HEADERS_MAX) {
        snprintf(wanted->names[wanted->header_count++], sizeof wanted->names[0], "%s", word + 7);
    } else {
        errx(EXIT_FAILURE, "publish: what is '%s'?", word);
    }
}

static order read_order(char **words, int count)
{
    order wanted = {.size = strtoull(words[0], NULL, 10)};
    snprintf(wanted.key, sizeof wanted.key, "%s", words[1]);
    for (int i = 2; i < count; i++)
        read_option(&wanted, words[i]);
    return wanted;
}

static void fill(spectacles_message *message, order *wanted)
{
    spectacles_message_init(message, sizeof *message);
    for (size_t i = 0; i < wanted->header_count; i++)
        wanted->headers[i] = read_header(wanted->names[i]);
    message->flags = wanted->flags;
    message->exchange = *wanted->exchange ? wanted->exchange : NULL;
    message->expiration = *wanted->expiration ? wanted->expiration : NULL;
    message->priority = wanted->priority;
    message->headers = wanted->headers;
    message->header_count = wanted->header_count;
    message->key = wanted->key;
    message->key_length = strlen(wanted->key);
}

static int publish(tool *work, order *wanted)
{
    char id[128];
    uint64_t tag;
    int length = snprintf(id, sizeof id, "%s:%" PRIu64, work->prefix, work->published + 1);
    char *body = malloc(wanted->size + 1);
    if (!body || length < 0)
        errx(EXIT_FAILURE, "out of memory");
    memset(body, 'x', wanted->size);
    memcpy(body, id, (size_t)length < wanted->size ? (size_t)length : wanted->size);
    spectacles_message message;
    fill(&message, wanted);
    message.body = (const uint8_t *)body;
    message.body_length = wanted->size;
    message.message_id = id;
    int error = spectacles_broker_publish(work->broker, &message, &tag);
    free(body);
    if (error == SPECTACLES_OK && tag != ++work->published)
        errx(EXIT_FAILURE, "tag %" PRIu64 " was given to publish %" PRIu64, tag, work->published);
    return error;
}

static void publish_many(tool *work, uint64_t count, order *wanted)
{
    uint64_t done = 0;
    int error = SPECTACLES_OK;
    while (done < count && (error = publish(work, wanted)) == SPECTACLES_OK)
        done++;
    begin(work, "did", "publish");
    put_number("count", done);
    put_number("last", work->published);
    put_number("room", (uint64_t)spectacles_broker_room(work->broker));
    put_error(error);
    if (error != SPECTACLES_OK)
        put_string("text", spectacles_broker_last_error(work->broker));
    end();
}

static void publish_what_fits(tool *work)
{
    int error = SPECTACLES_OK;
    while (work->forever && error == SPECTACLES_OK)
        error = publish(work, &work->publish_forever);
    if (error != SPECTACLES_OK && error != SPECTACLES_E_AGAIN)
        errx(EXIT_FAILURE, "publish: %s", spectacles_broker_last_error(work->broker));
}

static void call(tool *work, char **words, int count)
{
    uint64_t number = 0;
    order wanted = {.size = 0};
    spectacles_message message;
    snprintf(wanted.key, sizeof wanted.key, "%s", words[1]);
    for (int i = 3; i < count; i++)
        read_option(&wanted, words[i]);
    fill(&message, &wanted);
    message.body = (const uint8_t *)words[2];
    message.body_length = strlen(words[2]);
    message.format = work->format ? SPECTACLES_FORMAT_JSON : SPECTACLES_FORMAT_RAW;
    uint32_t timeout = (uint32_t)strtoul(words[0], NULL, 10);
    int error = spectacles_broker_call(work->broker, &message, timeout, now_of(work), &number);
    if (error == SPECTACLES_OK)
        work->published++;
    begin(work, "did", "call");
    put_number("call", number);
    put_error(error);
    end();
}

static void subscribe(tool *work, char **words, int count, uint32_t declare_only)
{
    spectacles_header arguments[WORDS_MAX];
    spectacles_subscription wanted;
    spectacles_subscription_init(&wanted, sizeof wanted);
    wanted.declare_only = declare_only;
    wanted.event = words[0];
    wanted.event_length = strlen(words[0]);
    if (count > 1 && strcmp(words[1], "-") != 0) {
        wanted.subgroup = words[1];
        wanted.subgroup_length = strlen(words[1]);
    }
    wanted.prefetch = count > 2 ? (uint32_t)strtoul(words[2], NULL, 10) : 0;
    for (int i = 3; i < count; i++)
        arguments[wanted.argument_count++] = read_header(words[i]);
    wanted.arguments = arguments;
    int number = spectacles_broker_subscribe(work->broker, &wanted);
    begin(work, "did", "subscribe");
    if (number >= 0)
        put_number("subscription", (uint64_t)number);
    put_error(number);
    if (number < 0)
        put_string("text", spectacles_broker_last_error(work->broker));
    end();
}

static void settle_held(tool *work, int acknowledge)
{
    uint64_t done = 0;
    for (size_t i = 0; i < work->held_count; i++) {
        uint64_t delivery = work->held[i];
        int error = acknowledge ? spectacles_broker_ack(work->broker, delivery)
                                : spectacles_broker_reject(work->broker, delivery, 1);
        if (error < 0)
            errx(EXIT_FAILURE, "%s", spectacles_broker_last_error(work->broker));
        done += (uint64_t)error;
    }
    begin(work, "did", acknowledge ? "ack" : "requeue");
    put_number("count", done);
    put_number("stale", work->held_count - done);
    end();
    work->held_count = 0;
}

static void ack_all(tool *work, size_t count)
{
    if (count == 0 || count > work->held_count)
        errx(EXIT_FAILURE, "ack-all: %zu are held", work->held_count);
    int done = spectacles_broker_ack_all(work->broker, work->held[count - 1]);
    if (done < 0)
        errx(EXIT_FAILURE, "%s", spectacles_broker_last_error(work->broker));
    begin(work, "did", "ack-all");
    put_number("count", (uint64_t)done);
    end();
    work->held_count -= count;
    memmove(work->held, work->held + count, work->held_count * sizeof *work->held);
}

static void unsubscribe(tool *work, uint32_t number)
{
    int error = spectacles_broker_unsubscribe(work->broker, number);
    begin(work, "did", "unsubscribe");
    put_error(error);
    end();
}

static void put_stats(const tool *work)
{
    spectacles_broker_stats stats = {.size = sizeof stats};
    spectacles_broker_get_stats(work->broker, &stats);
    begin(work, "did", "stats");
    put_number("published", stats.published);
    put_number("republished", stats.republished);
    put_number("confirmed", stats.confirmed);
    put_number("returned", stats.returned);
    put_number("failed", stats.failed);
    put_number("delivered", stats.delivered);
    put_number("acknowledged", stats.acknowledged);
    put_number("rejected", stats.rejected);
    put_number("connects", stats.connects);
    put_number("unconfirmed", stats.unconfirmed);
    put_number("calls", stats.calls);
    put_number("replies", stats.replies);
    put_number("replies_ignored", stats.replies_ignored);
    end();
}

static void close_broker(tool *work)
{
    work->forever = 0;
    spectacles_broker_close(work->broker, now_of(work));
}

static int obey_publishing(tool *work, char **words, int count)
{
    if (strcmp(words[0], "publish") == 0 && count >= 4) {
        order wanted = read_order(words + 2, count - 2);
        publish_many(work, strtoull(words[1], NULL, 10), &wanted);
    } else if (strcmp(words[0], "publish-forever") == 0 && count >= 3) {
        work->publish_forever = read_order(words + 1, count - 1);
        work->forever = 1;
    } else if (strcmp(words[0], "call") == 0 && count >= 4) {
        call(work, words + 1, count - 1);
    } else if (strcmp(words[0], "enough") == 0) {
        work->forever = 0;
        begin(work, "did", "enough");
        put_number("last", work->published);
        end();
    } else {
        return 0;
    }
    return 1;
}

static int obey_consuming(tool *work, char **words, int count)
{
    if (strcmp(words[0], "subscribe") == 0 && count >= 2)
        subscribe(work, words + 1, count - 1, 0);
    else if (strcmp(words[0], "declare") == 0 && count >= 2)
        subscribe(work, words + 1, count - 1, 1);
    else if (strcmp(words[0], "unsubscribe") == 0 && count == 2)
        unsubscribe(work, (uint32_t)strtoul(words[1], NULL, 10));
    else if (strcmp(words[0], "ack-all") == 0 && count == 2)
        ack_all(work, (size_t)strtoull(words[1], NULL, 10));
    else if (strcmp(words[0], "reply") == 0)
        work->reply = 1;
    else if (strcmp(words[0], "hold") == 0)
        work->hold = 1;
    else if (strcmp(words[0], "ack") == 0 || strcmp(words[0], "requeue") == 0)
        settle_held(work, strcmp(words[0], "ack") == 0);
    else
        return 0;
    if (strcmp(words[0], "ack") == 0)
        work->hold = 0;
    return 1;
}

static void obey(tool *work, char *line)
{
    char *words[WORDS_MAX] = {NULL};
    char *rest = NULL;
    int count = 0;
    for (char *word = strtok_r(line, " ", &rest); word && count < WORDS_MAX;
         word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    if (count == 0 || obey_publishing(work, words, count) || obey_consuming(work, words, count))
        return;
    if (strcmp(words[0], "stats") == 0)
        put_stats(work);
    else if (strcmp(words[0], "close") == 0)
        close_broker(work);
    else
        errx(EXIT_FAILURE, "what is '%s'?", words[0]);
}

static void read_commands(tool *work)
{
    ssize_t got = read(STDIN_FILENO, work->line + work->line_length, sizeof work->line - work->line_length);
    if (got <= 0) {
        work->input_ended = 1;
        close_broker(work);
        return;
    }
    work->line_length += (size_t)got;
    char *newline;
    while ((newline = memchr(work->line, '\n', work->line_length)) != NULL) {
        size_t used = (size_t)(newline - work->line) + 1;
        *newline = '\0';
        obey(work, work->line);
        work->line_length -= used;
        memmove(work->line, work->line + used, work->line_length);
    }
    if (work->line_length == sizeof work->line)
        errx(EXIT_FAILURE, "a command is too long");
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
    static const struct option options[] = {
        {"group", required_argument, NULL, 'g'},        {"window", required_argument, NULL, 'w'},
        {"window-bytes", required_argument, NULL, 'b'}, {"id", required_argument, NULL, 'i'},
        {"patience", required_argument, NULL, 'p'},     {"declare", required_argument, NULL, 'd'},
        {"format", required_argument, NULL, 'f'},       {NULL, 0, NULL, 0}};
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
        else if (option == 'd')
            config->declare =
                strcmp(optarg, "passive") == 0 ? SPECTACLES_DECLARE_PASSIVE : SPECTACLES_DECLARE_NOTHING;
        else
            errx(EXIT_FAILURE,
                 "usage: broker_tool [--group G] [--window COUNT] [--window-bytes BYTES] "
                 "[--id PREFIX] [--patience MS] [--declare passive|nothing] [--format NUMBER] URL...");
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
