/*
 * Ours, in tests/bench/broker.py: publishes or consumes so many messages of 1 KiB, and prints what that cost.
 *
 *     bench_broker publish|fill|consume URL CA|- COUNT WINDOW persistent|transient READ_DELAY [paced]
 *
 * A tenth of COUNT comes first and is not counted. WINDOW: publishes that may be unconfirmed, or deliveries that may be
 * unacknowledged. Each delivery is acknowledged. `fill` publishes what `consume` finds. READ_DELAY: milliseconds, see
 * spectacles/link.h. `paced`: publishes a message for each byte of the standard input (see pace.c).
 */
#include "spent.h"

#include <err.h>
#include <poll.h>
#include <spectacles/spectacles.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BODY = 1024
};

typedef struct bench {
    spectacles_broker *broker;
    spectacles_link *link;
    spectacles_tls *tls;
    const char *key; /* to publish under; NULL: consumes */
    bool paced;
    uint64_t due; /* messages that may be published by now, when paced */
    bool ready;
    uint32_t flags;
    uint64_t warm, total; /* messages: not counted, all */
    uint64_t sent, done;
    spent since;
    char id[17];
    uint8_t body[BODY];
} bench;

static void make_link(bench *self, const char *ca, uint32_t read_delay)
{
    spectacles_link_config config;
    spectacles_tls_config tls;
    spectacles_problem problem;
    spectacles_link_config_init(&config, sizeof config);
    spectacles_tls_config_init(&tls, sizeof tls);
    tls.ca_file = ca;
    if (*ca != '-' && spectacles_tls_new(&self->tls, &tls, &problem) < 0)
        errx(1, "%s", problem.text);
    config.tls = self->tls;
    config.read_delay = read_delay;
    if (spectacles_link_new(&self->link, spectacles_broker_stream(self->broker), &config, NULL) < 0)
        errx(1, "no link");
}

static void make_broker(bench *self, const char *url, uint32_t window)
{
    spectacles_broker_config config;
    spectacles_problem problem;
    spectacles_broker_config_init(&config, sizeof config);
    config.urls = &url;
    config.url_count = 1;
    config.group = "bench";
    config.seed = spectacles_random_seed();
    config.window_count = config.prefetch = window;
    config.window_bytes = (uint64_t)window * BODY;
    if (spectacles_broker_new(&self->broker, &config, &problem) < 0)
        errx(1, "%s", problem.text);
}

static void subscribe(bench *self)
{
    spectacles_subscription subscription;
    spectacles_subscription_init(&subscription, sizeof subscription);
    subscription.event = "consume";
    subscription.event_length = strlen("consume");
    if (spectacles_broker_subscribe(self->broker, &subscription) < 0)
        errx(1, "%s", spectacles_broker_last_error(self->broker));
}

static void count(bench *self)
{
    if (++self->done == self->warm)
        self->since = spent_now();
}

static void take(bench *self, const spectacles_broker_event *event)
{
    switch (event->type) {
    case SPECTACLES_BROKER_EVENT_READY:
        self->ready = true;
        break;
    case SPECTACLES_BROKER_EVENT_MESSAGE:
        if (event->body_length != BODY)
            errx(1, "a body of %zu bytes", event->body_length);
        spectacles_broker_ack(self->broker, event->delivery);
        count(self);
        break;
    case SPECTACLES_BROKER_EVENT_CONFIRMED:
        count(self);
        break;
    case SPECTACLES_BROKER_EVENT_DISCONNECTED:
    case SPECTACLES_BROKER_EVENT_UNSUBSCRIBED:
        errx(1, "%s", event->text);
    default:
        break;
    }
}

static void publish(bench *self)
{
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    message.flags = self->flags;
    message.key = self->key;
    message.key_length = strlen(self->key);
    message.body = self->body;
    message.body_length = sizeof self->body;
    message.message_id = self->id;
    /* In a burst the first tenth is confirmed before the others begin. */
    uint64_t goal = self->paced ? self->due : self->done < self->warm ? self->warm : self->total;
    while (self->sent < goal) {
        if (spectacles_broker_publish(self->broker, &message, NULL) < 0)
            return;
        next_id(self->id + sizeof self->id - 2);
        self->sent++;
    }
}

/* A byte for each message that is due. */
static void read_pace(bench *self)
{
    char bytes[256];
    ssize_t got = read(0, bytes, sizeof bytes);
    self->due += got > 0 ? (uint64_t)got : 0;
    if (got <= 0 || self->due > self->total)
        self->due = self->total;
}

static uint32_t wait(bench *self, uint64_t now)
{
    uint32_t interest = spectacles_link_interest(self->link);
    struct pollfd fds[2] = {{spectacles_link_fd(self->link), 0, 0}, {-1, POLLIN, 0}};
    fds[0].events = (short)((interest & SPECTACLES_LINK_READ ? POLLIN : 0) |
                            (interest & SPECTACLES_LINK_WRITE ? POLLOUT : 0));
    if (self->paced && self->ready && self->due < self->total)
        fds[1].fd = 0;
    poll(fds, 2, spectacles_poll_timeout(spectacles_link_deadline(self->link), now));
    if (fds[1].revents)
        read_pace(self);
    short revents = fds[0].revents;
    uint32_t trouble = revents & (POLLERR | POLLHUP) ? SPECTACLES_LINK_READ | SPECTACLES_LINK_WRITE : 0;
    return trouble | (revents & POLLIN ? SPECTACLES_LINK_READ : 0) |
           (revents & POLLOUT ? SPECTACLES_LINK_WRITE : 0);
}

static void run(bench *self)
{
    uint32_t ready = 0;
    for (;;) {
        const spectacles_broker_event *event;
        uint64_t now = spectacles_now();
        if (spectacles_link_process(self->link, ready, now) < 0)
            errx(1, "out of memory");
        while ((event = spectacles_broker_next_event(self->broker, now)))
            take(self, event);
        if (self->done >= self->total)
            return;
        if (self->ready && self->key)
            publish(self);
        ready = wait(self, now);
    }
}

int main(int argc, char **argv)
{
    static bench self;
    if (argc != 8 && (argc != 9 || strcmp(argv[8], "paced") != 0))
        errx(2, "usage: bench_broker publish|fill|consume URL CA|- COUNT WINDOW persistent|transient "
                "READ_DELAY [paced]");
    uint64_t messages = strtoull(argv[4], NULL, 10);
    self.key = strcmp(argv[1], "publish") == 0 ? "publish" : strcmp(argv[1], "fill") == 0 ? "consume" : NULL;
    self.flags = strcmp(argv[6], "transient") == 0 ? SPECTACLES_MESSAGE_TRANSIENT : 0;
    self.paced = argc == 9;
    self.warm = messages / 10;
    self.total = self.warm + messages;
    memset(self.body, 'x', sizeof self.body);
    memset(self.id, '0', sizeof self.id - 1);
    make_broker(&self, argv[2], (uint32_t)strtoul(argv[5], NULL, 10));
    make_link(&self, argv[3], (uint32_t)strtoul(argv[7], NULL, 10));
    if (!self.key)
        subscribe(&self);
    run(&self);
    /* The last acknowledgements are on their way too. */
    spectacles_link_process(self.link, 0, spectacles_now());
    spent_print(self.since);
    spectacles_link_free(self.link);
    spectacles_broker_free(self.broker);
    spectacles_tls_free(self.tls);
    return 0;
}
