/*
 * What an event costs in C, beside which ./dev bench bindings shows the languages: the programs `shard` and `consume`
 * of tests/bindings/README.md. Both engines run over links, in a loop of poll(2).
 */
#include <err.h>
#include <inttypes.h>
#include <poll.h>
#include <spectacles/spectacles.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PREFETCH = 1000
};

typedef struct run {
    spectacles_shard *shard; /* one of the two */
    spectacles_broker *broker;
    spectacles_link *link;
    uint64_t count, total, bytes;
} run;

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    if (!value)
        errx(2, "%s is not set", name);
    return value;
}

static void count(run *self, size_t length)
{
    self->bytes += length;
    if (++self->count % (self->total / 10) == 0)
        printf("EVENTS %" PRIu64 "\n", self->count);
}

static void make_shard(run *self)
{
    spectacles_problem problem;
    spectacles_shard_config config;
    spectacles_shard_config_init(&config, sizeof config);
    config.token = setting("DISCORD_TOKEN");
    config.gateway_url = setting("GATEWAY_URL");
    config.compression = SPECTACLES_COMPRESSION_NONE;
    config.seed = spectacles_random_seed();
    if (spectacles_shard_new(&self->shard, &config, &problem) < 0 ||
        spectacles_link_new(&self->link, spectacles_shard_stream(self->shard), NULL, &problem) < 0)
        errx(2, "%s", problem.text);
}

static void make_broker(run *self)
{
    const char *url = setting("AMQP_URL");
    spectacles_problem problem;
    spectacles_broker_config config;
    spectacles_subscription subscription;
    spectacles_broker_config_init(&config, sizeof config);
    spectacles_subscription_init(&subscription, sizeof subscription);
    config.urls = &url;
    config.url_count = 1;
    config.group = "bench";
    config.prefetch = PREFETCH;
    config.seed = spectacles_random_seed();
    subscription.event = "consume";
    subscription.event_length = strlen(subscription.event);
    if (spectacles_broker_new(&self->broker, &config, &problem) < 0 ||
        spectacles_link_new(&self->link, spectacles_broker_stream(self->broker), NULL, &problem) < 0)
        errx(2, "%s", problem.text);
    if (spectacles_broker_subscribe(self->broker, &subscription) < 0)
        errx(2, "%s", spectacles_broker_last_error(self->broker));
}

static void pull_shard(run *self, uint64_t now)
{
    const spectacles_shard_event *event;
    while ((event = spectacles_shard_next_event(self->shard, now))) {
        if (event->type == SPECTACLES_SHARD_EVENT_IDENTIFY)
            spectacles_shard_identify(self->shard, now);
        else if (event->type == SPECTACLES_SHARD_EVENT_DISPATCH &&
                 (event->name_length != 5 || memcmp(event->name, "READY", 5) != 0))
            count(self, event->data_length);
    }
}

static void pull_broker(run *self, uint64_t now)
{
    const spectacles_broker_event *event;
    while ((event = spectacles_broker_next_event(self->broker, now))) {
        if (event->type != SPECTACLES_BROKER_EVENT_MESSAGE)
            continue;
        count(self, event->body_length);
        spectacles_broker_ack(self->broker, event->delivery);
    }
}

static uint32_t wait_for(const spectacles_link *link)
{
    uint32_t interest = spectacles_link_interest(link);
    struct pollfd fd = {spectacles_link_fd(link), 0, 0};
    fd.events = (short)((interest & SPECTACLES_LINK_READ ? POLLIN : 0) |
                        (interest & SPECTACLES_LINK_WRITE ? POLLOUT : 0));
    poll(&fd, 1, spectacles_poll_timeout(spectacles_link_deadline(link), spectacles_now()));
    return fd.revents ? SPECTACLES_LINK_READ | SPECTACLES_LINK_WRITE : 0;
}

int main(int argc, char **argv)
{
    run self = {0};
    if (argc != 3 || (self.total = strtoull(argv[2], NULL, 10)) < 10)
        errx(2, "usage: events shard|consume COUNT");
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (strcmp(argv[1], "shard") == 0)
        make_shard(&self);
    else
        make_broker(&self);
    for (uint32_t ready = 0; self.count < self.total; ready = wait_for(self.link)) {
        uint64_t now = spectacles_now();
        if (spectacles_link_process(self.link, ready, now) < 0)
            errx(1, "out of memory");
        spectacles_link_resolve(self.link);
        if (self.shard)
            pull_shard(&self, now);
        else
            pull_broker(&self, now);
    }
    /* The last acknowledgements are on their way too. */
    spectacles_link_process(self.link, 0, spectacles_now());
    return 0;
}
