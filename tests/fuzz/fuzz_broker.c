/*
 * The whole broker engine: the input is a script. Each step is one byte what to do and, for what carries
 * bytes, two bytes of length and the bytes. Whatever happens, what is written is well-formed, each publish is
 * settled once, and in the end an honest broker makes all well again.
 */
#include "broker/wire.h"
#include "core/buffer.h"
#include "fuzz.h"

#include <spectacles/broker.h>

enum {
    PUBLISHES_MOST = 64
};

typedef struct run {
    spectacles_broker *broker;
    uint64_t now;
    uint64_t delivery; /* the last one */
    uint64_t published;
    uint8_t settled[PUBLISHES_MOST + 1]; /* publishes and calls */
    bool calls[PUBLISHES_MOST + 1];
    uint64_t written; /* publishes on this connection */
    sp_buffer output; /* of this connection, from the greeting on */
    bool greeted;
    bool closing; /* from our side */
    bool closed;
    bool left;  /* nothing is subscribed to */
    bool tried; /* a trial is asked for, on this connection */
} run;

/* ---- What comes out ---- */

static void settle(run *self, uint64_t tag)
{
    must(tag > 0 && tag <= self->published);
    must(!self->settled[tag]);
    self->settled[tag] = 1;
}

/* Whatever they are, reading them ends. */
static void read_headers(const spectacles_header *headers, int depth)
{
    size_t position = 0;
    spectacles_header each;
    while (spectacles_header_next(headers, &position, &each)) {
        must(position <= headers->bytes_length && each.type <= SPECTACLES_HEADER_OTHER);
        must(!each.bytes || (each.bytes >= headers->bytes &&
                             each.bytes + each.bytes_length <= headers->bytes + headers->bytes_length));
        must(headers->type == SPECTACLES_HEADER_ARRAY || each.key);
        if (depth < 20)
            read_headers(&each, depth + 1);
    }
}

static void look_at(run *self, const spectacles_broker_event *event)
{
    must(!self->closed);
    must(!event->text || strlen(event->text) == event->text_length);
    switch (event->type) {
    case SPECTACLES_BROKER_EVENT_CONFIRMED:
    case SPECTACLES_BROKER_EVENT_RETURNED:
    case SPECTACLES_BROKER_EVENT_FAILED:
    case SPECTACLES_BROKER_EVENT_CALL_FAILED:
        settle(self, event->tag);
        break;
    case SPECTACLES_BROKER_EVENT_REPLY:
        settle(self, event->tag);
        must(event->body);
        read_headers(event->headers, 0);
        break;
    case SPECTACLES_BROKER_EVENT_MESSAGE:
        must(event->subscription == 0 && event->delivery && event->body && !self->left);
        self->delivery = event->delivery;
        read_headers(event->headers, 0);
        break;
    case SPECTACLES_BROKER_EVENT_SUBSCRIBED:
        must(event->subscription == 0 && !self->left);
        break;
    case SPECTACLES_BROKER_EVENT_CLOSED:
        self->closed = true;
        break;
    default:
        break;
    }
}

static void pull(run *self)
{
    const spectacles_broker_event *event;
    for (int i = 0; (event = spectacles_broker_next_event(self->broker, self->now)); i++) {
        must(i < 100000);
        look_at(self, event);
    }
}

/* What is written has to be frames, whatever was written before and in between. */
static void read_output(run *self)
{
    sp_wire_frame frame;
    size_t used;
    const char *why;
    if (!self->greeted && sp_buffer_length(&self->output) >= 8) {
        must(!memcmp(sp_buffer_slice(&self->output).bytes, "AMQP\0\0\x09\x01", 8));
        sp_buffer_consume(&self->output, 8);
        self->greeted = true;
    }
    int got = 0;
    while (self->greeted &&
           (got = sp_wire_next(sp_buffer_slice(&self->output), SP_WIRE_FRAME_MAX, &frame, &used, &why)) > 0) {
        bool publish =
            frame.type == AMQP_FRAME_METHOD && sp_wire_method_id(frame.payload) == AMQP_BASIC_PUBLISH_METHOD;
        self->written += publish;
        self->tried = self->tried || (frame.type == AMQP_FRAME_METHOD && frame.channel == 1 &&
                                      sp_wire_method_id(frame.payload) == AMQP_BASIC_CONSUME_METHOD);
        sp_buffer_consume(&self->output, used);
    }
    must(got == 0);
}

static void write_out(run *self, size_t most)
{
    const uint8_t *bytes;
    size_t length;
    while (most > 0 &&
           (length = spectacles_stream_pending(spectacles_broker_stream(self->broker), &bytes)) > 0) {
        length = length < most ? length : most;
        must(!sp_buffer_append(&self->output, bytes, length));
        spectacles_stream_consumed(spectacles_broker_stream(self->broker), length);
        most -= length;
    }
    read_output(self);
}

/* ---- What goes in ---- */

static void feed(run *self, const uint8_t *bytes, size_t length)
{
    spectacles_stream_feed(spectacles_broker_stream(self->broker), bytes, length, self->now);
    pull(self);
}

static void feed_frame(run *self, uint8_t type, uint8_t channel, const uint8_t *payload, size_t length)
{
    uint8_t header[7] = {type, 0, channel, 0, 0, (uint8_t)(length >> 8), (uint8_t)length};
    uint8_t end = AMQP_FRAME_END;
    feed(self, header, sizeof header);
    feed(self, payload, length);
    feed(self, &end, 1);
}

/* What an honest broker says from start on, so that what follows is reached on every connection. */
static const struct {
    uint8_t channel;
    const char *payload;
    size_t length;
} honest[] = {
#define SAY(channel, payload)                                                                                \
    {                                                                                                        \
        channel, payload, sizeof(payload) - 1                                                                \
    }
    SAY(0, "\0\x0a\0\x0a\0\x09\0\0\0\0\0\0\0\5PLAIN\0\0\0\5en_US"),
    SAY(0, "\0\x0a\0\x1e\0\0\0\0\x20\0\0\x3c"),
    SAY(0, "\0\x0a\0\x29\0"),
    SAY(1, "\0\x14\0\x0b\0\0\0\0"),
    SAY(2, "\0\x14\0\x0b\0\0\0\0"),
    SAY(3, "\0\x14\0\x0b\0\0\0\0"),
    SAY(1, "\0\x28\0\x0b"),
    SAY(1, "\0\x32\0\x0b\x09gateway:A\0\0\0\0\0\0\0\0"),
    SAY(1, "\0\x32\0\x15"),
    SAY(2, "\0\x55\0\x0b"),
    SAY(3, "\0\x3c\0\x0b"),
    SAY(3, "\0\x3c\0\x15\4s0.1"),
    /* Only when that was asked for: */
    SAY(2, "\0\x3c\0\x15\7replies"),
    SAY(3, "\0\x3c\0\x1f\4s0.1"),
    SAY(3, "\0\x3c\0\x15\4s0.2"),
    /* A trial of a queue that was refused: it may be consumed. */
    SAY(1, "\0\x3c\0\x15\5trial"),
    SAY(1, "\0\x14\0\x29"),
#undef SAY
};

enum {
    ALL = sizeof honest / sizeof honest[0],
    HONEST = ALL - 5,
    OPENED_1 = 3,
    EXCHANGE = 7, /* so many, up to where it stands */
    BOUND = 9,    /* likewise, the queue */
    TRIAL = ALL - 2,
    CONFIRMS = 9 /* where they are on */
};

static void say_honestly(run *self, size_t from, size_t count)
{
    for (size_t i = from; i < from + count && i < ALL; i++) {
        union {
            const char *chars;
            const uint8_t *bytes;
        } payload = {honest[i].payload};
        feed_frame(self, 1, honest[i].channel, payload.bytes, honest[i].length);
    }
}

static void connect(run *self, size_t count)
{
    if (spectacles_stream_opened(spectacles_broker_stream(self->broker), self->now))
        return;
    sp_buffer_clear(&self->output);
    self->greeted = self->tried = false;
    self->written = 0;
    say_honestly(self, 0, count);
}

static void wait(run *self)
{
    uint64_t deadline = spectacles_stream_deadline(spectacles_broker_stream(self->broker));
    self->now = deadline == SPECTACLES_NEVER ? self->now + 1000 : deadline > self->now ? deadline : self->now;
    spectacles_stream_expire(spectacles_broker_stream(self->broker), self->now);
}

static void publish(run *self, uint8_t what, const uint8_t *bytes, size_t length)
{
    static const char *const exchanges[] = {NULL, "", "other", "third"};
    spectacles_message message;
    uint64_t tag = 0;
    if (self->published == PUBLISHES_MOST)
        return;
    spectacles_message_init(&message, sizeof message);
    message.flags = what & 3;
    message.exchange = exchanges[what >> 2 & 3];
    message.key = "A";
    message.key_length = 1;
    message.body = bytes;
    message.body_length = length;
    if (spectacles_broker_publish(self->broker, &message, &tag))
        return;
    must(tag == ++self->published);
}

static void call(run *self, uint8_t what, const uint8_t *bytes, size_t length)
{
    spectacles_message message;
    uint64_t tag = 0;
    if (self->published == PUBLISHES_MOST)
        return;
    spectacles_message_init(&message, sizeof message);
    message.exchange = what & 1 ? NULL : "other";
    message.body = bytes;
    message.body_length = length;
    if (spectacles_broker_call(self->broker, &message, 1u << what, self->now, &tag))
        return;
    must(tag == ++self->published);
    self->calls[tag] = true;
}

/* The reply to the call of this number, which may not be one. */
static void reply(run *self, uint8_t what, const uint8_t *bytes, size_t length)
{
    static const uint8_t deliver[] = "\0\x3c\0\x3c\7replies\0\0\0\0\0\0\0\1\0\0";
    uint8_t header[] = {0,
                        60,
                        0,
                        0,
                        0,
                        0,
                        0,
                        0,
                        0,
                        0,
                        (uint8_t)(length >> 8),
                        (uint8_t)length,
                        4,
                        0,
                        2,
                        (uint8_t)('0' + what / 10),
                        (uint8_t)('0' + what % 10)};
    feed_frame(self, 1, 2, deliver, sizeof deliver);
    feed_frame(self, 2, 2, header, sizeof header);
    if (length > 0)
        feed_frame(self, 3, 2, bytes, length);
}

static void subscribe(run *self)
{
    spectacles_subscription subscription;
    spectacles_subscription_init(&subscription, sizeof subscription);
    subscription.event = "A";
    subscription.event_length = 1;
    int number = spectacles_broker_subscribe(self->broker, &subscription);
    must(number == (self->closing ? SPECTACLES_E_STATE : 0));
    self->left = self->left && self->closing;
}

static void answer(run *self, uint8_t what)
{
    if (what == 4) {
        must(spectacles_broker_ack_all(self->broker, self->delivery) >= 0);
    } else if (what == 5) {
        must(!spectacles_broker_unsubscribe(self->broker, 0));
        self->left = true;
    } else if (what == 6) {
        subscribe(self);
    }
    int done = what & 1 ? spectacles_broker_reject(self->broker, self->delivery, what >> 1 & 1)
                        : spectacles_broker_ack(self->broker, self->delivery);
    must(done == 0 || done == 1);
    must(spectacles_broker_ack(self->broker, self->delivery) == 0);
}

/* The lower half of `what` says what to do, the upper half how. */
static void step(run *self, uint8_t what, const uint8_t *bytes, size_t length)
{
    uint8_t how = what >> 4;
    switch (what & 15) {
    case 0:
        connect(self, how);
        break;
    case 1:
        say_honestly(self, how, 1);
        break;
    case 2:
        feed_frame(self, 1, how & 3, bytes, length);
        break;
    case 3:
        feed_frame(self, 2, how & 3, bytes, length);
        break;
    case 4:
        feed_frame(self, 3, how & 3, bytes, length);
        break;
    case 5:
        feed(self, bytes, length);
        break;
    case 6:
        wait(self);
        break;
    case 7:
        spectacles_stream_eof(spectacles_broker_stream(self->broker), 0, NULL, 0, self->now);
        break;
    case 8:
        publish(self, how, bytes, length);
        break;
    case 9:
        answer(self, how);
        break;
    case 10:
        write_out(self, how == 15 ? SIZE_MAX : (size_t)1 << how);
        break;
    case 11:
        feed_frame(self, 8, how & 3, bytes, length);
        break;
    case 12:
        self->now += UINT64_C(1) << how;
        spectacles_stream_expire(spectacles_broker_stream(self->broker), self->now);
        break;
    case 13:
        call(self, how, bytes, length);
        break;
    case 14:
        reply(self, how, bytes, length);
        break;
    default:
        if (what == 255) {
            spectacles_broker_close(self->broker, self->now);
            self->closing = true;
        }
    }
}

static bool carries(uint8_t what)
{
    uint8_t kind = what & 15;
    return (kind >= 2 && kind <= 5) || kind == 8 || kind == 11 || kind == 13 || kind == 14;
}

static void play(run *self, const uint8_t *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        uint8_t what = bytes[at++];
        size_t size = 0;
        if (carries(what) && length - at >= 2) {
            size = (size_t)bytes[at] << 8 | bytes[at + 1];
            at += 2;
            size = size < length - at ? size : length - at;
        }
        step(self, what, bytes + at, size);
        at += size;
        pull(self);
    }
}

/* ---- The end ---- */

static void confirm_all(run *self)
{
    uint8_t ack[13] = {0, 60, 0, 80, [12] = 1};
    ack[11] = (uint8_t)self->written;
    feed_frame(self, 1, 2, ack, sizeof ack);
}

/* With an honest broker all that was published is settled, and calls end without one. */
static void recover(run *self)
{
    spectacles_broker_stats stats = {.size = sizeof stats};
    spectacles_stream_eof(spectacles_broker_stream(self->broker), 0, NULL, 0, self->now);
    pull(self);
    for (int i = 0;
         i < 100 && !self->closed && !spectacles_stream_endpoint(spectacles_broker_stream(self->broker));
         i++) {
        wait(self);
        pull(self);
    }
    if (!self->closed) {
        if (self->left)
            subscribe(self);
        connect(self, self->left ? EXCHANGE : BOUND);
        write_out(self, SIZE_MAX);
        if (self->tried) {
            say_honestly(self, TRIAL, 2);
            say_honestly(self, OPENED_1, 1);
        }
        say_honestly(self, CONFIRMS, self->left ? 1 : HONEST - CONFIRMS);
        write_out(self, SIZE_MAX);
        must(spectacles_broker_state(self->broker) == SPECTACLES_BROKER_READY ||
             spectacles_broker_state(self->broker) == SPECTACLES_BROKER_DRAINING);
        if (self->written > 0)
            confirm_all(self);
        must(!spectacles_broker_get_stats(self->broker, &stats));
        must(stats.unconfirmed == 0);
        for (uint64_t tag = 1; tag <= self->published; tag++)
            must(self->settled[tag] || self->calls[tag]);
        spectacles_broker_close(self->broker, self->now);
    }
    for (int i = 0; i < 100 && !self->closed; i++) {
        pull(self);
        wait(self);
    }
    must(self->closed);
    for (uint64_t tag = 1; tag <= self->published; tag++)
        must(self->settled[tag] || !self->calls[tag]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const char *const urls[] = {"amqp://one", "amqp://two?heartbeat=0"};
    run self = {.now = 1000};
    spectacles_broker_config config;
    spectacles_broker_config_init(&config, sizeof config);
    config.urls = urls;
    config.url_count = 2;
    config.seed = 1;
    config.max_message = 1000;
    config.window_count = 32;
    must(!spectacles_broker_new(&self.broker, &config, NULL));
    subscribe(&self);
    pull(&self);
    play(&self, bytes, length);
    recover(&self);
    spectacles_broker_free(self.broker);
    sp_buffer_free(&self.output);
    return 0;
}
