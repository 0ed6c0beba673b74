/*
 * A bot that is the same program in one process and behind a broker. It prints each message as a line,
 * `<EVENT> <id> <body>`, and asks Discord for the members of a guild when a message begins with "!members".
 *
 *     DISCORD_TOKEN=... SESSION_FILE=... bot EVENT...     gateway and bot in one process, without RabbitMQ
 *     AMQP_URL=amqp://... bot EVENT...                    a worker; a gateway runs beside it (examples/gateway.c)
 *
 * Nothing below knows which of the two it is: see feed.h.
 */
#include "feed.h"

#include <err.h>
#include <inttypes.h>
#include <signal.h>
#include <spectacles/spectacles.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WAITING_MAX = 64
};

/* A message whose packet was not answered yet: it is acknowledged then. */
struct waiting {
    uint64_t answer;
    uint64_t ticket;
};

struct bot {
    struct feed *feed;
    spectacles_copies *copies;
    spectacles_document *document;
    size_t waiting_count;
    struct waiting waiting[WAITING_MAX];
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    stop = number;
}

/* ---- The work ---- */

/* The guild whose members a message asks for; 0: it does not. */
static uint64_t asks_for_members(const struct bot *bot, const struct feed_event *message)
{
    static const char command[] = "!members";
    if (strcmp(message->name, "MESSAGE_CREATE") != 0 ||
        spectacles_document_parse(bot->document, SPECTACLES_FORMAT_JSON, SPECTACLES_REPLACE_SURROGATES,
                                  message->body, message->length, NULL) < 0)
        return 0;
    const spectacles_value *root = spectacles_document_root(bot->document);
    const char *content = spectacles_value_text(spectacles_value_get(root, "content"), NULL);
    const char *guild = spectacles_value_text(spectacles_value_get(root, "guild_id"), NULL);
    bool asks = content && guild && strncmp(content, command, sizeof command - 1) == 0;
    return asks ? strtoull(guild, NULL, 10) : 0;
}

/* Returns the number of the packet that was sent; 0: there was none to send. */
static uint64_t work(struct bot *bot, const struct feed_event *message)
{
    char d[100];
    printf("%s %s %.*s\n", message->name, message->id ? message->id : "-", (int)message->length,
           (const char *)message->body);
    uint64_t guild = asks_for_members(bot, message);
    snprintf(d, sizeof d, "{\"guild_id\":\"%" PRIu64 "\",\"query\":\"\",\"limit\":0}", guild);
    return guild && bot->waiting_count < WAITING_MAX ? bot->feed->send(bot->feed, guild, 8, d) : 0;
}

/* Dispatches and gap records alike. Their copies are left out. */
static void on_message(struct bot *bot, const struct feed_event *message)
{
    uint64_t ticket = message->ticket;
    uint64_t answer = 0;
    spectacles_copy_mark mark;
    spectacles_copies_mark(bot->copies, message->id, message->id ? strlen(message->id) : 0, message->headers,
                           message->header_count, &mark);
    if (!spectacles_copies_leave_out(bot->copies, &mark, spectacles_now())) {
        answer = work(bot, message);
        spectacles_copies_add(bot->copies, &mark);
    }
    if (answer)
        bot->waiting[bot->waiting_count++] = (struct waiting){answer, ticket};
    else
        bot->feed->acknowledge(bot->feed, ticket);
}

static void on_answer(struct bot *bot, const struct feed_event *event)
{
    size_t i = 0;
    while (i < bot->waiting_count && bot->waiting[i].answer != event->answer)
        i++;
    if (i == bot->waiting_count)
        return;
    warnx(event->sent ? "asked for members" : "could not ask for members: %s", event->text);
    bot->feed->acknowledge(bot->feed, bot->waiting[i].ticket);
    bot->waiting[i] = bot->waiting[--bot->waiting_count];
}

/* ---- The loop ---- */

static void run(struct bot *bot)
{
    struct feed_event event;
    bool stopping = false;
    while (bot->feed->turn(bot->feed)) {
        while (bot->feed->next(bot->feed, &event)) {
            if (event.answer)
                on_answer(bot, &event);
            else
                on_message(bot, &event);
        }
        /* The work is done when its output is out: an acknowledgement leaves in the next turn. */
        if (fflush(stdout) != 0)
            err(EXIT_FAILURE, "stdout");
        if (stop && !stopping)
            bot->feed->stop(bot->feed);
        stopping = stop;
    }
}

static spectacles_copies *make_copies(void)
{
    spectacles_copies *copies = NULL;
    spectacles_copies_config config;
    spectacles_copies_config_init(&config, sizeof config);
    config.seed = spectacles_random_seed();
    if (spectacles_copies_new(&copies, &config, NULL) < 0)
        errx(EXIT_FAILURE, "out of memory");
    return copies;
}

int main(int argc, char **argv)
{
    struct bot bot = {.copies = make_copies()};
    const char *const *events = (const char *const *)argv + 1;
    if (argc < 2)
        errx(EXIT_FAILURE, "usage: bot EVENT...");
    if (spectacles_document_new(&bot.document) < 0)
        errx(EXIT_FAILURE, "out of memory");
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    const char *url = getenv("AMQP_URL");
    bot.feed =
        url && *url ? feed_of_broker(events, (size_t)argc - 1) : feed_of_gateway(events, (size_t)argc - 1);
    run(&bot);
    bot.feed->free(bot.feed);
    spectacles_document_free(bot.document);
    spectacles_copies_free(bot.copies);
    return EXIT_SUCCESS;
}
