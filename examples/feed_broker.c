/* A broker, behind which a gateway runs: the events of its group, and SENDs to it. */
#include "feed.h"

#include <err.h>
#include <poll.h>
#include <spectacles/spectacles.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TURN = 250, /* milliseconds */
    PACKET_MAX = 4200
};

struct broker_feed {
    struct feed feed;
    spectacles_broker *broker;
    spectacles_link *link;
    spectacles_bytes *json; /* a body that came in another format */
    bool closed;
    char name[256];
    char id[256];
};

static struct broker_feed *of(struct feed *feed)
{
    return (struct broker_feed *)feed;
}

static bool turn(struct feed *feed)
{
    struct broker_feed *self = of(feed);
    uint64_t now = spectacles_now();
    if (self->closed)
        return false;
    /* What was published and acknowledged since the last turn is written first. */
    spectacles_link_process(self->link, 0, now);
    uint32_t io = spectacles_link_interest(self->link);
    uint64_t deadline = spectacles_link_deadline(self->link);
    int events = (io & SPECTACLES_LINK_READ ? POLLIN : 0) | (io & SPECTACLES_LINK_WRITE ? POLLOUT : 0);
    struct pollfd fd = {spectacles_link_fd(self->link), (short)events, 0};
    poll(&fd, 1, spectacles_poll_timeout(deadline < now + TURN ? deadline : now + TURN, now));
    if (spectacles_link_process(self->link, fd.revents ? io : 0, spectacles_now()) < 0)
        errx(EXIT_FAILURE, "out of memory");
    spectacles_link_resolve(self->link);
    return true;
}

/* A message that no worker can read is rejected. */
static bool tell_message(struct broker_feed *self, const spectacles_broker_event *event,
                         struct feed_event *out)
{
    bool is_json = event->format == SPECTACLES_FORMAT_JSON || event->format == SPECTACLES_FORMAT_RAW;
    if (!is_json && spectacles_transcode(self->json, SPECTACLES_FORMAT_JSON, event->format, 0, event->body,
                                         event->body_length, NULL) < 0) {
        spectacles_broker_reject(self->broker, event->delivery, 0);
        return false;
    }
    spectacles_printable(self->name, sizeof self->name, event->key, event->key_length);
    *out = (struct feed_event){.name = self->name, .ticket = event->delivery};
    if (event->message_id) {
        spectacles_printable(self->id, sizeof self->id, event->message_id, strlen(event->message_id));
        out->id = self->id;
    }
    out->headers = event->headers;
    out->header_count = event->header_count;
    out->body = is_json ? event->body : spectacles_bytes_data(self->json);
    out->length = is_json ? event->body_length : spectacles_bytes_length(self->json);
    return true;
}

static bool next(struct feed *feed, struct feed_event *out)
{
    struct broker_feed *self = of(feed);
    const spectacles_broker_event *event;
    while ((event = spectacles_broker_next_event(self->broker, spectacles_now()))) {
        if (event->type == SPECTACLES_BROKER_EVENT_MESSAGE && tell_message(self, event, out))
            return true;
        if (event->tag != 0) {
            *out = (struct feed_event){.answer = event->tag, .text = event->text ? event->text : ""};
            out->sent = event->type == SPECTACLES_BROKER_EVENT_CONFIRMED;
            return true;
        }
        self->closed |= event->type == SPECTACLES_BROKER_EVENT_CLOSED;
        if (event->type == SPECTACLES_BROKER_EVENT_SUBSCRIBED)
            warnx("subscribed to %s", event->queue);
        else if (event->text)
            warnx("%s", event->text);
    }
    return false;
}

static void acknowledge(struct feed *feed, uint64_t ticket)
{
    spectacles_broker_ack(of(feed)->broker, ticket);
}

static uint64_t send_packet(struct feed *feed, uint64_t guild_id, uint32_t op, const char *d)
{
    char packet[PACKET_MAX];
    uint8_t body[PACKET_MAX + 64];
    uint64_t tag = 0;
    spectacles_message message;
    int length = snprintf(packet, sizeof packet, "{\"op\":%u,\"d\":%s}", (unsigned)op, d);
    length =
        spectacles_send_build(body, sizeof body, guild_id, (const uint8_t *)packet, (size_t)length, NULL);
    spectacles_message_init(&message, sizeof message);
    message.flags = SPECTACLES_MESSAGE_MANDATORY; /* where no gateway runs, the SEND comes back */
    message.key = spectacles_route_send_key();
    message.key_length = strlen(message.key);
    message.body = body;
    message.body_length = length > 0 ? (size_t)length : 0;
    message.format = SPECTACLES_FORMAT_JSON;
    if (length < 0 || spectacles_broker_publish(of(feed)->broker, &message, &tag) < 0)
        warnx("op %u was not sent", (unsigned)op);
    return tag;
}

static void stop(struct feed *feed)
{
    spectacles_broker_close(of(feed)->broker, spectacles_now());
}

static void free_feed(struct feed *feed)
{
    struct broker_feed *self = of(feed);
    spectacles_link_free(self->link);
    spectacles_broker_free(self->broker);
    spectacles_bytes_free(self->json);
    free(self);
}

/* ---- Making one ---- */

static void subscribe(struct broker_feed *self, const char *event)
{
    spectacles_subscription subscription;
    spectacles_subscription_init(&subscription, sizeof subscription);
    subscription.event = event;
    subscription.event_length = strlen(event);
    if (spectacles_broker_subscribe(self->broker, &subscription) < 0)
        errx(EXIT_FAILURE, "%s: %s", event, spectacles_broker_last_error(self->broker));
}

struct feed *feed_of_broker(const char *const *events, size_t count)
{
    const char *url = getenv("AMQP_URL");
    spectacles_problem problem = {.text = "out of memory"};
    spectacles_broker_config config;
    struct broker_feed *self = calloc(1, sizeof *self);
    spectacles_broker_config_init(&config, sizeof config);
    config.urls = &url;
    config.url_count = 1;
    config.name = "bot";
    config.seed = spectacles_random_seed();
    if (!self || spectacles_broker_new(&self->broker, &config, &problem) < 0 ||
        spectacles_link_new(&self->link, spectacles_broker_stream(self->broker), NULL, &problem) < 0 ||
        spectacles_bytes_new(&self->json) < 0)
        errx(EXIT_FAILURE, "%s", problem.text);
    self->feed = (struct feed){turn, next, acknowledge, send_packet, stop, free_feed};
    for (size_t i = 0; i < count; i++)
        subscribe(self, events[i]);
    subscribe(self, spectacles_route_gap_key());
    return &self->feed;
}
