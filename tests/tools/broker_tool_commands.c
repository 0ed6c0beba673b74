/* What broker_tool is told: the commands that the head of broker_tool.c lists, read and obeyed. */
#include "broker_tool.h"

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    WORDS_MAX = 12
};

/* NAME=VALUE in a place of its own: a boolean, an integer, a real number (also nan and inf), or text. */
static spectacles_header read_header(char *text)
{
    char *end;
    char *equals = strchr(text, '=');
    if (!equals)
        errx(EXIT_FAILURE, "what is '%s'?", text);
    spectacles_header header = {.key = text, .key_length = (size_t)(equals - text)};
    header.type = SPECTACLES_HEADER_BOOLEAN;
    header.integer = strcmp(equals + 1, "true") == 0;
    if (header.integer || strcmp(equals + 1, "false") == 0)
        return header;
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
        wanted->has_exchange = 1;
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
    message->exchange = wanted->has_exchange ? wanted->exchange : NULL;
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
    put_begin(work, "did", "publish");
    put_number("count", done);
    put_number("last", work->published);
    put_number("room", (uint64_t)spectacles_broker_room(work->broker));
    put_error(error);
    if (error != SPECTACLES_OK)
        put_string("text", spectacles_broker_last_error(work->broker));
    put_end();
}

void publish_what_fits(tool *work)
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
    put_begin(work, "did", "call");
    put_number("call", number);
    put_error(error);
    put_end();
}

static void ask_for(tool *work, const spectacles_subscription *wanted)
{
    int number = spectacles_broker_subscribe(work->broker, wanted);
    put_begin(work, "did", "subscribe");
    if (number >= 0)
        put_number("subscription", (uint64_t)number);
    put_error(number);
    if (number < 0)
        put_string("text", spectacles_broker_last_error(work->broker));
    put_end();
}

static void subscribe_queue(tool *work, char **words, int count)
{
    spectacles_header arguments[WORDS_MAX];
    spectacles_subscription wanted;
    spectacles_subscription_init(&wanted, sizeof wanted);
    wanted.queue = words[0];
    wanted.queue_length = strlen(words[0]);
    wanted.prefetch = count > 1 ? (uint32_t)strtoul(words[1], NULL, 10) : 0;
    for (int i = 2; i < count; i++)
        arguments[wanted.argument_count++] = read_header(words[i]);
    wanted.arguments = arguments;
    ask_for(work, &wanted);
}

static void subscribe_exclusive(tool *work, const char *event)
{
    spectacles_subscription wanted;
    spectacles_subscription_init(&wanted, sizeof wanted);
    wanted.event = event;
    wanted.event_length = strlen(event);
    wanted.exclusive = 1;
    ask_for(work, &wanted);
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
    ask_for(work, &wanted);
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
    put_begin(work, "did", acknowledge ? "ack" : "requeue");
    put_number("count", done);
    put_number("stale", work->held_count - done);
    put_end();
    work->held_count = 0;
}

static void ack_all(tool *work, size_t count)
{
    if (count == 0 || count > work->held_count)
        errx(EXIT_FAILURE, "ack-all: %zu are held", work->held_count);
    int done = spectacles_broker_ack_all(work->broker, work->held[count - 1]);
    if (done < 0)
        errx(EXIT_FAILURE, "%s", spectacles_broker_last_error(work->broker));
    put_begin(work, "did", "ack-all");
    put_number("count", (uint64_t)done);
    put_end();
    work->held_count -= count;
    memmove(work->held, work->held + count, work->held_count * sizeof *work->held);
}

static void unsubscribe(tool *work, uint32_t number)
{
    int error = spectacles_broker_unsubscribe(work->broker, number);
    put_begin(work, "did", "unsubscribe");
    put_error(error);
    put_end();
}

static void put_stats(const tool *work)
{
    spectacles_broker_stats stats = {.size = sizeof stats};
    spectacles_broker_get_stats(work->broker, &stats);
    put_begin(work, "did", "stats");
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
    put_end();
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
        put_begin(work, "did", "enough");
        put_number("last", work->published);
        put_end();
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
    else if (strcmp(words[0], "subscribe-queue") == 0 && count >= 2)
        subscribe_queue(work, words + 1, count - 1);
    else if (strcmp(words[0], "subscribe-exclusive") == 0 && count == 2)
        subscribe_exclusive(work, words[1]);
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

void read_commands(tool *work)
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
