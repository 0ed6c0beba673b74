/*
 * A broker that breaks every rule there is. Each case ends in an event that says what was wrong, with memory
 * bounded, and the engine comes back to READY with an honest broker. What only passed through an honest broker
 * is refused alone, and the connection lives on.
 */
#include "broker/wire.h"
#include "server.h"

#include <stdio.h>

#if defined(__SANITIZE_ADDRESS__)
size_t __sanitizer_get_current_allocated_bytes(void);
#else
static size_t __sanitizer_get_current_allocated_bytes(void)
{
    return 0;
}
#endif

#define N(value) ((uint64_t)(value))

enum {
    /*
     * A case may make the engine hold so much until the next message: a frame of 128 KiB full of headers of two bytes,
     * as librabbitmq decodes them and as the event has them.
     */
    MEMORY_MOST = 8 * 1024 * 1024,
    MESSAGE_MOST = 64 * 1024,
    DECLARE_ONLY = 1, /* the number of that subscription; 0 consumes */
    PUBLISHES = 2
};

/* How far the honest part goes: what has been said by then. */
enum stage {
    AT_OPENED,    /* nothing: start is awaited */
    AT_STARTED,   /* start */
    AT_TUNED,     /* tune */
    AT_SETUP,     /* open-ok: three channels are asked for */
    AT_CHANNELS,  /* three open-ok: the exchange and confirms are asked for */
    AT_DECLARING, /* the exchange stands: queues are asked for */
    AT_BINDING,   /* the first queue stands: its binding is awaited */
    AT_CONSUMING, /* confirms are on and two publishes out; qos and consume are awaited */
    AT_READY,
    STAGES
};

typedef struct hostile {
    const char *name;
    enum stage stage;
    void (*act)(sp_server *server);
    int code;         /* of the event */
    int error;        /* likewise */
    const char *says; /* part of the event's text */
} hostile;

/* ---- Honest steps ---- */

static void raw(sp_server *server, const void *bytes, size_t length)
{
    server_feed(server, bytes, length);
}

/* Only channel 0 to 3 are ever open, but the server may write on any. */
static void frame(sp_server *server, int type, int channel, const void *payload, size_t length)
{
    server_frame(server, type, channel, payload, length);
}

static void start_with(sp_server *server, const char *version, const void *table, size_t length,
                       const char *mechanisms)
{
    static uint8_t payload[1 << 17];
    size_t mechanisms_length = strlen(mechanisms);
    uint8_t sizes[4] = {0, 0, (uint8_t)(mechanisms_length >> 8), (uint8_t)mechanisms_length};
    size_t at = 0;
    memcpy(payload, "\0\x0a\0\x0a", 4);
    memcpy(payload + 4, version, 2);
    memcpy(payload + 6, table, length);
    at = 6 + length;
    memcpy(payload + at, sizes, 4);
    memcpy(payload + at + 4, mechanisms, mechanisms_length);
    at += 4 + mechanisms_length;
    memcpy(payload + at, "\0\0\0\5en_US", 9);
    frame(server, 1, 0, payload, at + 9);
}

static void start(sp_server *server)
{
    start_with(server, "\0\x09", "\0\0\0\0", 4, "AMQPLAIN PLAIN");
}

static void tune(sp_server *server, int channel_max, uint32_t frame_max, int heartbeat)
{
    server_method(server, 0, 10, 30, "wlw", N(channel_max), N(frame_max), N(heartbeat));
}

static void step(sp_server *server, enum stage stage)
{
    switch (stage) {
    case AT_OPENED:
        server_open(server);
        break;
    case AT_STARTED:
        start(server);
        break;
    case AT_TUNED:
        tune(server, 2047, 131072, 60);
        break;
    case AT_SETUP:
        server_method(server, 0, 10, 41, "s", "");
        break;
    case AT_CHANNELS:
        for (int channel = 1; channel <= 3; channel++)
            server_method(server, channel, 20, 11, "T");
        break;
    case AT_DECLARING:
        server_method(server, 1, 40, 11, "");
        break;
    case AT_BINDING:
        server_method(server, 1, 50, 11, "sll", "gateway:A", N(0), N(0));
        break;
    case AT_CONSUMING:
        server_method(server, 1, 50, 21, "");
        server_method(server, 1, 50, 11, "sll", "gateway:D", N(0), N(0));
        server_method(server, 1, 50, 21, "");
        server_method(server, 2, 85, 11, "");
        break;
    default:
        server_method(server, 3, 60, 11, "");
        server_method(server, 3, 60, 21, "s", "s0.1");
    }
}

static void reach(sp_server *server, enum stage stage)
{
    for (int each = AT_OPENED; each <= (int)stage; each++)
        step(server, (enum stage)each);
}

static void end(sp_server *server)
{
    if (spectacles_broker_state(server->broker) == SPECTACLES_BROKER_CLOSING)
        server_method(server, 0, 10, 51, "");
    else if (spectacles_stream_endpoint(spectacles_broker_stream(server->broker)))
        server_eof(server);
}

/* Everything works: what was published is confirmed once, and deliveries come. */
static void works(sp_server *server)
{
    spectacles_broker_stats stats = {.size = sizeof stats};
    assert_int_equal(spectacles_broker_state(server->broker), SPECTACLES_BROKER_READY);
    server_pull(server);
    server_method(server, 2, 60, 80, "qb", N(server_count(&server->written, "2 basic.publish")), N(1));
    assert_int_equal(spectacles_broker_get_stats(server->broker, &stats), SPECTACLES_OK);
    assert_int_equal(stats.unconfirmed, 0);
    assert_int_equal(stats.confirmed + stats.returned, PUBLISHES);
}

static void recover(sp_server *server)
{
    assert_int_equal(spectacles_broker_state(server->broker), SPECTACLES_BROKER_BACKOFF);
    server->frame_max = 131072;
    server->events.count = 0;
    server_ready(server);
    works(server);
    server_deliver(server, 1, "s0.1", "A", "after", 3);
    assert_string_equal(server_last(&server->events, "MESSAGE"), "MESSAGE 0 A m-1 after");
    assert_int_equal(spectacles_broker_ack(server->broker, server->delivery), 1);
    server_pull(server);
}

static sp_server *scene(int split)
{
    spectacles_subscription only;
    spectacles_broker_config config;
    server_config(&config);
    config.max_message = MESSAGE_MOST;
    sp_server *server = server_new(&config);
    server->split = split;
    assert_int_equal(server_subscribe(server, "A", 10), 0);
    spectacles_subscription_init(&only, sizeof only);
    only.event = "D";
    only.event_length = 1;
    only.declare_only = 1;
    assert_int_equal(spectacles_broker_subscribe(server->broker, &only), DECLARE_ONLY);
    assert_int_equal(server_publish(server, "K", "x", SPECTACLES_MESSAGE_MANDATORY), 1);
    assert_int_equal(server_publish(server, "L", "x", 0), PUBLISHES);
    return server;
}

/* ---- What it does ---- */

/* Bytes as they are; they may hold NULs. */
#define RAW(name, bytes)                                                                                     \
    static void name(sp_server *server)                                                                      \
    {                                                                                                        \
        raw(server, bytes, sizeof(bytes) - 1);                                                               \
    }
/* One frame around a payload. */
#define FRAME(name, type, channel, payload)                                                                  \
    static void name(sp_server *server)                                                                      \
    {                                                                                                        \
        frame(server, type, channel, payload, sizeof(payload) - 1);                                          \
    }
#define METHOD(name, channel, ...)                                                                           \
    static void name(sp_server *server)                                                                      \
    {                                                                                                        \
        server_method(server, channel, __VA_ARGS__);                                                         \
    }
/* connection.start with these properties. */
#define PROPERTIES(name, table)                                                                              \
    static void name(sp_server *server)                                                                      \
    {                                                                                                        \
        start_with(server, "\0\x09", table, sizeof(table) - 1, "PLAIN");                                     \
    }

RAW(header_0_9_2, "AMQP\0\0\x09\x02")
RAW(header_1_0, "AMQP\0\1\0\0")
RAW(header_of_ours, "AMQP\0\0\x09\x01")
RAW(http, "HTTP/1.1 400 Bad Request\r\n\r\n")
RAW(tls_alert, "\x15\x03\x01\0\2\2\x46")
RAW(type_0, "\0\0\0\0\0\0\0\xce")
RAW(type_4, "\4\0\0\0\0\0\0\xce")
RAW(type_9, "\x09\0\0\0\0\0\0\xce")
RAW(type_255, "\xff\0\0\0\0\0\0\xce")
RAW(channel_4, "\1\0\4\0\0\0\4\0\x14\0\x0b\xce")
RAW(channel_256, "\1\1\0\0\0\0\4\0\x14\0\x0b\xce")
RAW(channel_65535, "\1\xff\xff\0\0\0\4\0\x14\0\x0b\xce")
RAW(size_4g, "\1\0\0\xff\xff\xff\xff")
RAW(size_2g, "\3\0\3\x80\0\0\0")
RAW(size_one_over, "\3\0\3\0\1\xff\xf9")
RAW(wrong_end, "\x08\0\0\0\0\0\0\xcd")
RAW(no_end, "\x08\0\0\0\0\0\0\x08\0\0\0\0\0\0\xce")
RAW(header_only, "\1\0\0\0\0\0\4")
RAW(half_a_header, "\1\0")
RAW(payload_cut_off, "\1\0\0\0\0\0\4\0\x0a\0")
RAW(end_cut_off, "\x08\0\0\0\0\0\0")
FRAME(method_empty, 1, 0, "")
FRAME(method_of_2_bytes, 1, 0, "\0\x0a")
FRAME(method_empty_on_3, 1, 3, "")
FRAME(unknown_class, 1, 0, "\x99\x99\0\x0a")
FRAME(unknown_method, 1, 0, "\0\x0a\0\x63")
FRAME(unknown_method_on_3, 1, 3, "\0\x3c\0\x63")
FRAME(tune_cut_off, 1, 0, "\0\x0a\0\x1e\7\xff\0\2")
FRAME(deliver_cut_off, 1, 3, "\0\x3c\0\x3c\4s0.1\0\0")
FRAME(deliver_text_lies, 1, 3, "\0\x3c\0\x3c\xffs0\0\0\0\0\0\0\0\1\0\1x\1y")
FRAME(close_text_lies, 1, 0, "\0\x0a\0\x32\1\x40\xff")
FRAME(heartbeat_on_1, 8, 1, "")
FRAME(heartbeat_on_3, 8, 3, "")
FRAME(heartbeat_with_payload, 8, 0, "x")
FRAME(content_header_on_0, 2, 0, "\0\x3c\0\0\0\0\0\0\0\0\0\1\0\0")
FRAME(body_on_0, 3, 0, "x")
FRAME(content_header_on_1, 2, 1, "\0\x3c\0\0\0\0\0\0\0\0\0\1\0\0")
FRAME(body_on_1, 3, 1, "x")

/* connection.start */

PROPERTIES(table_lies, "\xff\xff\xff\xff")
PROPERTIES(table_key_lies, "\0\0\0\3\xffk")
PROPERTIES(table_text_lies, "\0\0\0\x08\1kS\xff\xff\xff\xffx")
PROPERTIES(table_without_value, "\0\0\0\2\1k")
PROPERTIES(table_of_unknown_kind, "\0\0\0\3\1k?")
PROPERTIES(inner_table_crosses, "\0\0\0\x08\1kF\0\0\0\7V")
PROPERTIES(inner_size_crosses, "\0\0\0\5\1kF\0\0\0\0\0\0")
PROPERTIES(array_lies, "\0\0\0\7\1kA\x7f\xff\xff\xff")

/* Tables or arrays in each other, as deep as a frame allows. */
static size_t nest(uint8_t *out, char kind, size_t depth)
{
    size_t level = kind == 'F' ? 6 : 5;
    size_t at = 0;
    size_t rest = depth * level;
    for (size_t i = 0; i <= depth; i++, rest -= level) {
        uint8_t size[4] = {(uint8_t)(rest >> 24), (uint8_t)(rest >> 16), (uint8_t)(rest >> 8), (uint8_t)rest};
        memcpy(out + at, size, 4);
        at += 4;
        if (i < depth && kind == 'F')
            out[at++] = 0;
        if (i < depth)
            out[at++] = (uint8_t)kind;
    }
    return at;
}

static void start_deep(sp_server *server)
{
    static uint8_t table[1 << 17];
    start_with(server, "\0\x09", table, nest(table, 'F', 21000), "PLAIN");
}

/* A table with one key, in it arrays in arrays. */
static void start_deep_array(sp_server *server)
{
    static uint8_t table[1 << 17];
    size_t length = 7 + nest(table + 7, 'A', 25000);
    size_t inner = length - 4;
    uint8_t head[7] = {0, (uint8_t)(inner >> 16), (uint8_t)(inner >> 8), (uint8_t)inner, 1, 'k', 'A'};
    memcpy(table, head, 7);
    start_with(server, "\0\x09", table, length, "PLAIN");
}

/* A method that only clients send has tables too: they must not reach a decoder that recurses. */
static void declare_deep(sp_server *server)
{
    static uint8_t payload[1 << 17];
    memcpy(payload, "\0\x32\0\x0a\0\0\1q\0", 9);
    frame(server, 1, 1, payload, 9 + nest(payload + 9, 'F', 21000));
}

static void start_ok_deep(sp_server *server)
{
    static uint8_t payload[1 << 17];
    memcpy(payload, "\0\x0a\0\x0b", 4);
    frame(server, 1, 0, payload, 4 + nest(payload + 4, 'F', 21000));
}

/* The same property again and again: its text has to fit all the same. Then silence. */
static void product_again_and_again(sp_server *server)
{
    static uint8_t table[1 << 16];
    size_t at = 4;
    for (int i = 0; i < 100; i++, at += 36)
        memcpy(table + at, "\7productS\0\0\0\x17RabbitMQ RabbitMQ Rabbi", 36);
    table[2] = (uint8_t)((at - 4) >> 8);
    table[3] = (uint8_t)(at - 4);
    start_with(server, "\0\x09", table, at, "PLAIN");
    server_eof(server);
}

static void start_1_0(sp_server *server)
{
    start_with(server, "\1\0", "\0\0\0\0", 4, "PLAIN");
}
static void start_0_8(sp_server *server)
{
    start_with(server, "\0\x08", "\0\0\0\0", 4, "PLAIN");
}
static void start_without_plain(sp_server *server)
{
    start_with(server, "\0\x09", "\0\0\0\0", 4, "AMQPLAIN XPLAIN PLAINER EXTERNAL");
}
static void start_without_mechanism(sp_server *server)
{
    start_with(server, "\0\x09", "\0\0\0\0", 4, "");
}
FRAME(start_mechanisms_lie, 1, 0, "\0\x0a\0\x0a\0\x09\0\0\0\0\xff\xff\xff\xffPLAIN\0\0\0\5en_US")
METHOD(secure, 0, 10, 20, "S", "say it again")

/* connection.tune */

METHOD(tune_frame_max_1, 0, 10, 30, "wlw", N(0), N(1), N(0))
METHOD(tune_frame_max_8191, 0, 10, 30, "wlw", N(0), N(8191), N(0))
METHOD(tune_channel_max_1, 0, 10, 30, "wlw", N(1), N(0), N(0))
METHOD(tune_channel_max_2, 0, 10, 30, "wlw", N(2), N(0), N(0))
static void tune_twice(sp_server *server)
{
    tune(server, 0, 0, 0);
    tune(server, 0, 8192, 0);
}
/* Frames of 8192 bytes were agreed on. */
static void over_what_was_tuned(sp_server *server)
{
    static uint8_t payload[8185];
    server->frame_max = 8192;
    tune(server, 0, 8192, 60);
    frame(server, 8, 0, payload, sizeof payload);
}

/* It was the engine that gave up, and not the test. */
static void gave_up(const sp_server *server)
{
    assert_int_equal(server_count(&server->events, "DISCONNECTED"), 1);
}

/* connection.close */

METHOD(close_odd_code, 0, 10, 50, "wsww", N(65535), "\x1b[31mno\r\n\xff", N(65535), N(65535))
/* Once is enough, but it never leaves. */
static void close_for_ever(sp_server *server)
{
    for (int i = 0; i < 100 && server_count(&server->events, "DISCONNECTED") == 0; i++) {
        server_method(server, 0, 10, 50, "wsww", N(541), "INTERNAL_ERROR", N(0), N(0));
        server_wait(server, 100);
    }
    gave_up(server);
}

/* Channels */

METHOD(close_ok_on_1, 1, 20, 41, "")
METHOD(channel_0_opens, 0, 20, 11, "T")
METHOD(channel_0_closes, 0, 20, 40, "wsww", N(504), "CHANNEL_ERROR", N(0), N(0))
METHOD(connection_close_on_1, 1, 10, 50, "wsww", N(320), "CONNECTION_FORCED", N(0), N(0))
METHOD(publishing_refused, 2, 20, 40, "wsww", N(404), "NOT_FOUND", N(60), N(40))
METHOD(exchange_refused, 1, 20, 40, "wsww", N(406), "PRECONDITION_FAILED", N(40), N(10))
static void channel_closes_for_ever(sp_server *server)
{
    for (int i = 0; i < 700 && server_count(&server->events, "DISCONNECTED") == 0; i++) {
        server_method(server, 3, 20, 40, "wsww", N(541), "INTERNAL_ERROR", N(0), N(0));
        server_wait(server, 100);
    }
    gave_up(server);
}

/* Confirms and returns */

METHOD(ack_0, 2, 60, 80, "qb", N(0), N(0))
METHOD(ack_0_multiple, 2, 60, 80, "qb", N(0), N(1))
METHOD(ack_3, 2, 60, 80, "qb", N(3), N(0))
METHOD(ack_3_multiple, 2, 60, 80, "qb", N(3), N(1))
METHOD(ack_most, 2, 60, 80, "qb", UINT64_MAX, N(0))
METHOD(ack_most_multiple, 2, 60, 80, "qb", UINT64_MAX, N(1))
METHOD(nack_0, 2, 60, 120, "qb", N(0), N(0))
METHOD(nack_3, 2, 60, 120, "qb", N(3), N(0))
METHOD(nack_most_multiple, 2, 60, 120, "qb", UINT64_MAX, N(1))

static void returned(sp_server *server, const void *header, size_t length)
{
    server_method(server, 2, 60, 50, "wsss", N(312), "NO_ROUTE", "gateway", "K");
    frame(server, 2, 2, header, length);
    frame(server, 3, 2, "x", 1);
}
#define RETURNED(name, header)                                                                               \
    static void name(sp_server *server)                                                                      \
    {                                                                                                        \
        returned(server, header, sizeof(header) - 1);                                                        \
    }
#define HEADER_OF_1 "\0\x3c\0\0\0\0\0\0\0\0\0\1"
#define TAG_HEADER HEADER_OF_1 "\x20\0\0\0\0\x18\x0espectacles-tagl"
RETURNED(return_without_tag, HEADER_OF_1 "\0\0")
RETURNED(return_of_tag_0, TAG_HEADER "\0\0\0\0\0\0\0\0")
RETURNED(return_of_tag_3, TAG_HEADER "\0\0\0\0\0\0\0\3")
RETURNED(return_of_most, TAG_HEADER "\xff\xff\xff\xff\xff\xff\xff\xff")
RETURNED(return_not_mandatory, TAG_HEADER "\0\0\0\0\0\0\0\2")
RETURNED(return_with_deep_lies, HEADER_OF_1 "\x20\0\xff\xff\xff\xff")
METHOD(return_text_lies, 2, 60, 50, "wb", N(312), N(255))
static void return_with_return(sp_server *server)
{
    server_method(server, 2, 60, 50, "wsss", N(312), "NO_ROUTE", "gateway", "K");
    server_method(server, 2, 60, 50, "wsss", N(312), "NO_ROUTE", "gateway", "K");
}
static void return_with_ack(sp_server *server)
{
    server_method(server, 2, 60, 50, "wsss", N(312), "NO_ROUTE", "gateway", "K");
    server_method(server, 2, 60, 80, "qb", N(1), N(0));
}

/* Deliveries */

static void deliver(sp_server *server, const char *consumer, uint64_t tag)
{
    server_method(server, 3, 60, 60, "sqbss", consumer, tag, N(0), "gateway", "A");
}
#define DELIVER(name, consumer, tag)                                                                         \
    static void name(sp_server *server)                                                                      \
    {                                                                                                        \
        server_deliver(server, tag, consumer, "A", "x", 1);                                                  \
    }
DELIVER(consumer_unknown, "s2.1", 1)
DELIVER(consumer_not_started, "s1.1", 1)
DELIVER(consumer_empty, "", 1)
DELIVER(consumer_letter, "s", 1)
DELIVER(consumer_foreign, "amq.ctag-1", 1)
DELIVER(consumer_of_33_bits, "s4294967296", 1)
DELIVER(consumer_huge, "s99999999999999999999", 1)
DELIVER(delivery_0, "s0.1", 0)
DELIVER(delivery_most, "s0.1", UINT64_MAX)
DELIVER(delivery_41_bits, "s0.1", UINT64_C(1) << 40)
static void delivery_twice(sp_server *server)
{
    server_deliver(server, 5, "s0.1", "A", "x", 1);
    server_deliver(server, 5, "s0.1", "A", "x", 1);
}
static void delivery_backwards(sp_server *server)
{
    server_deliver(server, 5, "s0.1", "A", "x", 1);
    server_deliver(server, 4, "s0.1", "A", "x", 1);
}

FRAME(content_header_alone, 2, 3, HEADER_OF_1 "\0\0")
FRAME(body_alone, 3, 3, "x")
FRAME(content_header_alone_on_2, 2, 2, HEADER_OF_1 "\0\0")
FRAME(body_alone_on_2, 3, 2, "x")
/* A delivery, and then one or two frames that do not go on as they should. */
#define DELIVERY(name, type, first, second_type, second)                                                     \
    static void name(sp_server *server)                                                                      \
    {                                                                                                        \
        deliver(server, "s0.1", 1);                                                                          \
        frame(server, type, 3, first, sizeof(first) - 1);                                                    \
        if (second_type)                                                                                     \
            frame(server, second_type, 3, second, sizeof(second) - 1);                                       \
    }
DELIVERY(body_without_header, 3, "x", 0, "")
DELIVERY(header_twice, 2, HEADER_OF_1 "\0\0", 2, HEADER_OF_1 "\0\0")
DELIVERY(header_too_short, 2, "\0\x3c\0\0\0\0\0\0\0", 0, "")
DELIVERY(header_empty, 2, "", 0, "")
DELIVERY(header_of_other_class, 2, "\0\x3d\0\0\0\0\0\0\0\0\0\1\0\0", 0, "")
DELIVERY(body_too_long, 2, HEADER_OF_1 "\0\0", 3, "xy")
DELIVERY(body_empty, 2, HEADER_OF_1 "\0\0", 3, "")
DELIVERY(body_though_none, 2, "\0\x3c\0\0\0\0\0\0\0\0\0\0\0\0", 3, "x")
DELIVERY(method_for_a_header, 1, "\0\x3c\0\x0b", 0, "")
DELIVERY(method_for_a_body, 2, HEADER_OF_1 "\0\0", 1, "\0\x14\0\x14\1")
DELIVERY(delivery_in_a_delivery, 1, "\0\x3c\0\x3c\4s0.1\0\0\0\0\0\0\0\1\0\0\0", 0, "")
DELIVERY(body_of_2_64, 2, "\0\x3c\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0", 2, HEADER_OF_1 "\0\0")
DELIVERY(body_over_2_63, 2, "\0\x3c\0\0\x80\0\0\0\0\0\0\0\0\0", 1, "\0\x3c\0\x0b")

/* A body that never ends is not kept. */
static void endless_body(sp_server *server)
{
    static uint8_t piece[131064];
    deliver(server, "s0.1", 1);
    frame(server, 2, 3, "\0\x3c\0\0\0\xff\xff\xff\xff\xff\xff\xff\0\0", 14);
    for (int i = 0; i < 100; i++)
        frame(server, 3, 3, piece, sizeof piece);
    server_eof(server);
}

METHOD(consume_ok_of_another, 3, 60, 21, "s", "s1.1")
METHOD(consume_ok_of_nobody, 3, 60, 21, "s", "amq.ctag-1")
METHOD(cancel_of_another, 3, 60, 30, "sb", "s1.1", N(1))
METHOD(cancel_of_nobody, 3, 60, 30, "sb", "amq.ctag-1", N(1))
METHOD(declare_ok_of_another, 1, 50, 11, "sll", "gateway:D", N(0), N(0))

/* Time */

static void silence(sp_server *server)
{
    for (int i = 0; i < 100 && server_count(&server->events, "DISCONNECTED") == 0; i++)
        server_wait(server, 1000);
    gave_up(server);
}

/* Half a frame is nothing that the owner could pull: time goes on. */
static void half_a_frame(sp_server *server)
{
    raw(server, "\1\0\0\0\0\0", 6);
    silence(server);
}
static void most_of_a_frame(sp_server *server)
{
    raw(server, "\1\0\0\0\0\0\4\0\x0a\0\x0a", 11);
    silence(server);
}

static void nothing_but_heartbeats(sp_server *server)
{
    for (int i = 0; i < 1000 && server_count(&server->events, "DISCONNECTED") == 0; i++) {
        frame(server, 8, 0, "", 0);
        server_wait(server, 100);
    }
    gave_up(server);
}

static void one_byte_a_second(sp_server *server)
{
    raw(server, "\1\0\0\0\1\0\0", 7);
    for (int i = 0; i < 100 && server_count(&server->events, "DISCONNECTED") == 0; i++) {
        raw(server, "x", 1);
        server_wait(server, 1000);
    }
    gave_up(server);
}

/* ---- The cases after which the connection is lost ---- */

enum {
    PROTO = SPECTACLES_E_PROTO,
    GONE = SPECTACLES_E_CLOSED,
    AUTH = SPECTACLES_E_AUTH,
    UNSUPPORTED = SPECTACLES_E_UNSUPPORTED,
    INVAL = SPECTACLES_E_INVAL
};

#define NO_PLACE "no place"

static const hostile lost[] = {
    {"protocol header 0-9-2 as an answer", AT_OPENED, header_0_9_2, 0, PROTO, "another version of AMQP"},
    {"protocol header 1.0 as an answer", AT_OPENED, header_1_0, 0, PROTO, "another version of AMQP"},
    {"our own protocol header as an answer", AT_OPENED, header_of_ours, 0, PROTO, "another version of AMQP"},
    {"a protocol header in mid-stream", AT_READY, header_0_9_2, 0, PROTO, "another version of AMQP"},
    {"HTTP", AT_OPENED, http, 0, PROTO, "is this an AMQP port"},
    {"TLS", AT_OPENED, tls_alert, 0, PROTO, "right use of TLS"},
    {"frame type 0", AT_OPENED, type_0, 0, PROTO, "unknown type"},
    {"frame type 4", AT_READY, type_4, 0, PROTO, "unknown type"},
    {"frame type 9", AT_SETUP, type_9, 0, PROTO, "unknown type"},
    {"frame type 255", AT_READY, type_255, 0, PROTO, "unknown type"},
    {"channel 4", AT_READY, channel_4, 0, PROTO, "never opened"},
    {"channel 256", AT_SETUP, channel_256, 0, PROTO, "never opened"},
    {"channel 65535", AT_OPENED, channel_65535, 0, PROTO, "never opened"},
    {"a frame of 4 GiB", AT_OPENED, size_4g, 0, PROTO, "over the size"},
    {"a frame of 2 GiB", AT_READY, size_2g, 0, PROTO, "over the size"},
    {"a frame one byte too large", AT_READY, size_one_over, 0, PROTO, "over the size"},
    {"a frame over what was tuned", AT_STARTED, over_what_was_tuned, 0, PROTO, "over the size"},
    {"a wrong end octet", AT_OPENED, wrong_end, 0, PROTO, "end octet"},
    {"no end octet", AT_READY, no_end, 0, PROTO, "end octet"},
    {"half a header, then the end", AT_OPENED, half_a_header, 0, GONE, "without a word"},
    {"a header, then the end", AT_SETUP, header_only, 0, GONE, "without a word"},
    {"half a payload, then the end", AT_READY, payload_cut_off, 0, GONE, "without a word"},
    {"no end octet, then the end", AT_READY, end_cut_off, 0, GONE, "without a word"},
    {"an empty method", AT_OPENED, method_empty, 0, PROTO, NO_PLACE},
    {"a method of two bytes", AT_READY, method_of_2_bytes, 0, PROTO, NO_PLACE},
    {"an empty method on channel 3", AT_READY, method_empty_on_3, 0, PROTO, NO_PLACE},
    {"an unknown class", AT_OPENED, unknown_class, 0, PROTO, "unknown method"},
    {"an unknown method", AT_READY, unknown_method, 0, PROTO, "unknown method"},
    {"an unknown method on channel 3", AT_READY, unknown_method_on_3, 0, PROTO, "unknown method"},
    {"tune cut off", AT_STARTED, tune_cut_off, 0, PROTO, "connection.tune"},
    {"deliver cut off", AT_READY, deliver_cut_off, 0, PROTO, "basic.deliver"},
    {"a text of deliver that lies", AT_READY, deliver_text_lies, 0, PROTO, "basic.deliver"},
    {"a text of close that lies", AT_OPENED, close_text_lies, 0, PROTO, "connection.close"},
    {"a text of return that lies", AT_READY, return_text_lies, 0, PROTO, "basic.return"},
    {"a heartbeat on channel 1", AT_READY, heartbeat_on_1, 0, PROTO, "a heartbeat on channel 1"},
    {"a heartbeat on channel 3", AT_OPENED, heartbeat_on_3, 0, PROTO, "a heartbeat on channel 3"},
    {"a heartbeat with a payload", AT_READY, heartbeat_with_payload, 0, PROTO, "a heartbeat on channel 0"},
    {"a content header on channel 0", AT_READY, content_header_on_0, 0, PROTO, "content on channel 0"},
    {"a body on channel 0", AT_OPENED, body_on_0, 0, PROTO, "content on channel 0"},
    {"a content header on channel 1", AT_READY, content_header_on_1, 0, PROTO, "content on channel 1"},
    {"a body on channel 1", AT_SETUP, body_on_1, 0, PROTO, "content on channel 1"},

    {"start: a table that lies", AT_OPENED, table_lies, 0, PROTO, "connection.start"},
    {"start: a key that lies", AT_OPENED, table_key_lies, 0, PROTO, "connection.start"},
    {"start: a text that lies", AT_OPENED, table_text_lies, 0, PROTO, "connection.start"},
    {"start: a key without a value", AT_OPENED, table_without_value, 0, PROTO, "connection.start"},
    {"start: an unknown kind", AT_OPENED, table_of_unknown_kind, 0, PROTO, "connection.start"},
    {"start: an inner table too long", AT_OPENED, inner_table_crosses, 0, PROTO, "connection.start"},
    {"start: an inner size cut off", AT_OPENED, inner_size_crosses, 0, PROTO, "connection.start"},
    {"start: an array that lies", AT_OPENED, array_lies, 0, PROTO, "connection.start"},
    {"start: tables 21,000 deep", AT_OPENED, start_deep, 0, PROTO, "connection.start"},
    {"start: arrays 25,000 deep", AT_OPENED, start_deep_array, 0, PROTO, "connection.start"},
    {"start: mechanisms that lie", AT_OPENED, start_mechanisms_lie, 0, PROTO, "connection.start"},
    {"start: a hundred products", AT_OPENED, product_again_and_again, 0, GONE, "without a word"},
    {"start: version 1.0", AT_OPENED, start_1_0, 0, PROTO, "another version of AMQP"},
    {"start: version 0-8", AT_OPENED, start_0_8, 0, PROTO, "another version of AMQP"},
    {"start without PLAIN", AT_OPENED, start_without_plain, 0, AUTH, "PLAIN"},
    {"start without a mechanism", AT_OPENED, start_without_mechanism, 0, AUTH, "PLAIN"},
    {"start twice", AT_STARTED, start, 0, PROTO, "connection.start"},
    {"a challenge", AT_STARTED, secure, 0, PROTO, "connection.secure"},
    {"declare with tables 21,000 deep", AT_READY, declare_deep, 0, PROTO, NO_PLACE},
    {"start-ok with tables 21,000 deep", AT_OPENED, start_ok_deep, 0, PROTO, NO_PLACE},
    {"tune: frames of 1 byte", AT_STARTED, tune_frame_max_1, 0, UNSUPPORTED, "8192"},
    {"tune: frames of 8191 bytes", AT_STARTED, tune_frame_max_8191, 0, UNSUPPORTED, "8192"},
    {"tune: 1 channel", AT_STARTED, tune_channel_max_1, 0, UNSUPPORTED, "channel_max"},
    {"tune: 2 channels", AT_STARTED, tune_channel_max_2, 0, UNSUPPORTED, "channel_max"},
    {"tune twice", AT_STARTED, tune_twice, 0, PROTO, "connection.tune"},
    {"close with escapes for a terminal", AT_READY, close_odd_code, 65535, GONE, "(65535 ?[31mno?"},
    {"close again and again", AT_READY, close_for_ever, 541, GONE, "INTERNAL_ERROR"},
    {"close again and again, early", AT_TUNED, close_for_ever, 541, GONE, "INTERNAL_ERROR"},

    {"close-ok of a channel", AT_READY, close_ok_on_1, 0, PROTO, "channel.close-ok"},
    {"channel 0 opens", AT_SETUP, channel_0_opens, 0, PROTO, "channel.open-ok"},
    {"channel 0 closes", AT_READY, channel_0_closes, 0, PROTO, "channel.close"},
    {"connection.close on channel 1", AT_READY, connection_close_on_1, 0, PROTO, "connection.close"},
    {"publishing refused altogether", AT_READY, publishing_refused, 404, INVAL, "(404 NOT_FOUND)"},
    {"the exchange is refused", AT_CHANNELS, exchange_refused, 406, INVAL, "can not be declared"},
    {"a channel closes again and again", AT_SETUP, channel_closes_for_ever, 0, GONE, "timed out"},

    {"ack of tag 0", AT_READY, ack_0, 0, PROTO, "basic.ack"},
    {"ack of a tag never given", AT_READY, ack_3, 0, PROTO, "basic.ack"},
    {"acks up to a tag never given", AT_READY, ack_3_multiple, 0, PROTO, "basic.ack"},
    {"ack of the largest tag", AT_READY, ack_most, 0, PROTO, "basic.ack"},
    {"acks up to the largest tag", AT_READY, ack_most_multiple, 0, PROTO, "basic.ack"},
    {"nack of tag 0", AT_READY, nack_0, 0, PROTO, "basic.nack"},
    {"nack of a tag never given", AT_READY, nack_3, 0, PROTO, "basic.nack"},
    {"nacks up to the largest tag", AT_READY, nack_most_multiple, 0, PROTO, "basic.nack"},
    {"a return without a tag", AT_READY, return_without_tag, 0, PROTO, NO_PLACE},
    {"a return of tag 0", AT_READY, return_of_tag_0, 0, PROTO, NO_PLACE},
    {"a return without a publish", AT_READY, return_of_tag_3, 0, PROTO, NO_PLACE},
    {"a return of the largest tag", AT_READY, return_of_most, 0, PROTO, NO_PLACE},
    {"a return of what was not mandatory", AT_READY, return_not_mandatory, 0, PROTO, NO_PLACE},
    {"a return with a table that lies", AT_READY, return_with_deep_lies, 0, PROTO, NO_PLACE},
    {"a return in a return", AT_READY, return_with_return, 0, PROTO, "basic.return"},
    {"an ack in a return", AT_READY, return_with_ack, 0, PROTO, "basic.ack"},

    {"a consumer that is unknown", AT_READY, consumer_unknown, 0, PROTO, NO_PLACE},
    {"a consumer that was not started", AT_READY, consumer_not_started, 0, PROTO, NO_PLACE},
    {"a consumer without a name", AT_READY, consumer_empty, 0, PROTO, NO_PLACE},
    {"a consumer without a number", AT_READY, consumer_letter, 0, PROTO, NO_PLACE},
    {"a consumer of somebody else", AT_READY, consumer_foreign, 0, PROTO, NO_PLACE},
    {"a consumer's number of 33 bits", AT_READY, consumer_of_33_bits, 0, PROTO, NO_PLACE},
    {"a consumer's number without end", AT_READY, consumer_huge, 0, PROTO, NO_PLACE},
    {"delivery tag 0", AT_READY, delivery_0, 0, PROTO, NO_PLACE},
    {"the largest delivery tag", AT_READY, delivery_most, 0, PROTO, NO_PLACE},
    {"a delivery tag of 41 bits", AT_READY, delivery_41_bits, 0, PROTO, NO_PLACE},
    {"a delivery tag twice", AT_READY, delivery_twice, 0, PROTO, NO_PLACE},
    {"delivery tags backwards", AT_READY, delivery_backwards, 0, PROTO, NO_PLACE},
    {"a content header without a method", AT_READY, content_header_alone, 0, PROTO, NO_PLACE},
    {"a body without a method", AT_READY, body_alone, 0, PROTO, NO_PLACE},
    {"a content header without a return", AT_READY, content_header_alone_on_2, 0, PROTO, NO_PLACE},
    {"a body without a return", AT_READY, body_alone_on_2, 0, PROTO, NO_PLACE},
    {"a content header before the channels", AT_TUNED, content_header_alone, 0, PROTO, NO_PLACE},
    {"a body without a header", AT_READY, body_without_header, 0, PROTO, NO_PLACE},
    {"two content headers", AT_READY, header_twice, 0, PROTO, NO_PLACE},
    {"a content header cut off", AT_READY, header_too_short, 0, PROTO, NO_PLACE},
    {"an empty content header", AT_READY, header_empty, 0, PROTO, NO_PLACE},
    {"a content header of another class", AT_READY, header_of_other_class, 0, PROTO, NO_PLACE},
    {"a body longer than announced", AT_READY, body_too_long, 0, PROTO, NO_PLACE},
    {"an empty body frame", AT_READY, body_empty, 0, PROTO, NO_PLACE},
    {"a body where none was announced", AT_READY, body_though_none, 0, PROTO, NO_PLACE},
    {"a method for a content header", AT_READY, method_for_a_header, 0, PROTO, "basic.qos-ok"},
    {"a method for a body", AT_READY, method_for_a_body, 0, PROTO, "channel.flow"},
    {"a delivery in a delivery", AT_READY, delivery_in_a_delivery, 0, PROTO, "basic.deliver"},
    {"a body of 2^64 bytes, and no body", AT_READY, body_of_2_64, 0, PROTO, NO_PLACE},
    {"a body of 2^63 bytes, and a method", AT_READY, body_over_2_63, 0, PROTO, "basic.qos-ok"},
    {"a body without an end", AT_READY, endless_body, 0, GONE, "without a word"},
    {"consume-ok of what was not asked for", AT_CONSUMING, consume_ok_of_another, 0, PROTO, "consume-ok"},
    {"consume-ok of somebody else", AT_CONSUMING, consume_ok_of_nobody, 0, PROTO, "basic.consume-ok"},
    {"declare-ok of another queue", AT_DECLARING, declare_ok_of_another, 0, PROTO, "queue.declare-ok"},
    {"cancel of what was not started", AT_READY, cancel_of_another, 0, PROTO, "basic.cancel"},
    {"cancel of somebody else", AT_READY, cancel_of_nobody, 0, PROTO, "basic.cancel"},

    {"silence instead of start", AT_OPENED, silence, 0, GONE, "timed out"},
    {"silence instead of tune", AT_STARTED, silence, 0, GONE, "timed out"},
    {"silence instead of open-ok", AT_TUNED, silence, 0, GONE, "timed out"},
    {"silence instead of channels", AT_SETUP, silence, 0, GONE, "timed out"},
    {"silence", AT_READY, silence, 0, GONE, "silent for two heartbeats"},
    {"half a frame, then silence, early", AT_OPENED, half_a_frame, 0, GONE, "timed out"},
    {"most of a frame, then silence, early", AT_OPENED, most_of_a_frame, 0, GONE, "timed out"},
    {"half a frame, then silence, in setup", AT_SETUP, half_a_frame, 0, GONE, "timed out"},
    {"half a frame, then silence", AT_READY, half_a_frame, 0, GONE, "silent for two heartbeats"},
    {"most of a frame, then silence", AT_READY, most_of_a_frame, 0, GONE, "silent for two heartbeats"},
    {"heartbeats instead of start", AT_OPENED, nothing_but_heartbeats, 0, GONE, "timed out"},
    {"heartbeats instead of channels", AT_SETUP, nothing_but_heartbeats, 0, GONE, "timed out"},
    {"a byte a second instead of start", AT_OPENED, one_byte_a_second, 0, GONE, "timed out"},
};

static int complain(int wrong, const hostile *each, int split, const char *what)
{
    if (wrong)
        print_message("# %s%s: \"%s\", expected: %d %d %s\n", each->name, split ? ", byte by byte" : "", what,
                      each->code, each->error, each->says);
    return wrong;
}

/* 1 or more when it was not as it should be; says how. */
static int play_lost(const hostile *each, int split)
{
    char expected[64];
    int wrong = 0;
    sp_server *server = scene(0);
    snprintf(expected, sizeof expected, "DISCONNECTED 0 %d %d ", each->code, each->error);
    reach(server, each->stage);
    server->events.count = 0;
    server->split = split;
    size_t before = __sanitizer_get_current_allocated_bytes();
    each->act(server);
    size_t after = __sanitizer_get_current_allocated_bytes();
    server->split = 0;
    end(server);
    const char *event = server_last(&server->events, "DISCONNECTED");
    wrong += complain(strncmp(event, expected, strlen(expected)) != 0 || !strstr(event, each->says), each,
                      split, event);
    wrong += complain(server_count(&server->events, "DISCONNECTED") != 1, each, split, "not lost once");
    wrong += complain(after > before && after - before > MEMORY_MOST, each, split, "too much memory is held");
    recover(server);
    server_free(server);
    return wrong;
}

static void every_case_is_told_and_survived(void **state)
{
    size_t count = sizeof lost / sizeof lost[0];
    int wrong = 0;
    (void)state;
    assert_true(count >= 60);
    for (size_t i = 0; i < count; i++)
        wrong += play_lost(&lost[i], 0);
    assert_int_equal(wrong, 0);
}

/* What is large need not be fed byte by byte. */
static void every_case_is_the_same_byte_by_byte(void **state)
{
    int wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof lost / sizeof lost[0]; i++) {
        if (lost[i].act != endless_body)
            wrong += play_lost(&lost[i], 1);
    }
    assert_int_equal(wrong, 0);
}

/* ---- The cases that the connection survives ---- */

typedef struct survived {
    const char *name;
    void (*act)(sp_server *server);
    const char *event; /* how its line begins, NULL: there is none */
    const char *says;
    const char *wrote; /* the last line that was written */
} survived;

/* A hostile message that passed through an honest broker: properties from behind the size on. */
static void message(sp_server *server, const void *properties, size_t length)
{
    static uint8_t header[1 << 17];
    memcpy(header, HEADER_OF_1, 12);
    memcpy(header + 12, properties, length);
    deliver(server, "s0.1", 1);
    frame(server, 2, 3, header, 12 + length);
    frame(server, 3, 3, "x", 1);
}
#define MESSAGE(name, properties)                                                                            \
    static void name(sp_server *server)                                                                      \
    {                                                                                                        \
        message(server, properties, sizeof(properties) - 1);                                                 \
    }

MESSAGE(no_properties, "")
MESSAGE(half_the_flags, "\x20")
MESSAGE(more_flags, "\0\1\0\0")
MESSAGE(reserved_flag, "\0\2")
MESSAGE(content_type_lies, "\x80\0\xff")
MESSAGE(encoding_lies, "\x40\0\5abc")
MESSAGE(message_id_cut_off, "\0\x80")
MESSAGE(headers_lie, "\x20\0\xff\xff\xff\xff")
MESSAGE(headers_cut_off, "\x20\0\0\0")
MESSAGE(headers_key_lies, "\x20\0\0\0\0\2\5k")
MESSAGE(headers_text_lies, "\x20\0\0\0\0\x07\1kS\xff\xff\xff\xff")
MESSAGE(headers_of_unknown_kind, "\x20\0\0\0\0\3\1kZ")
MESSAGE(headers_without_value, "\x20\0\0\0\0\2\1k")
MESSAGE(headers_inner_crosses, "\x20\0\0\0\0\x09\1kF\0\0\0\2\1k")
MESSAGE(headers_timestamp_cut_off, "\x20\0\0\0\0\6\1kT\0\0\0")

/* Headers with one key, in it tables in tables or arrays in arrays. */
static void deep_headers(sp_server *server, char kind, size_t depth)
{
    static uint8_t properties[1 << 17];
    size_t table = 3 + nest(properties + 9, kind, depth);
    uint8_t head[9] = {0x20,           0, 0,   (uint8_t)(table >> 16), (uint8_t)(table >> 8),
                       (uint8_t)table, 1, 'k', (uint8_t)kind};
    memcpy(properties, head, 9);
    message(server, properties, 6 + table);
}
static void headers_17_deep(sp_server *server)
{
    deep_headers(server, 'F', SP_WIRE_TABLE_DEPTH - 1);
}
static void headers_21000_deep(sp_server *server)
{
    deep_headers(server, 'F', 21000);
}
static void headers_arrays_25000_deep(sp_server *server)
{
    deep_headers(server, 'A', 25000);
}
/* As deep as is read: they are fine. */
static void headers_16_deep(sp_server *server)
{
    deep_headers(server, 'F', SP_WIRE_TABLE_DEPTH - 2);
}
/* The most fields that a frame can hold, all of them fine. */
static void headers_of_nothing(sp_server *server)
{
    static uint8_t properties[131000];
    memcpy(properties, "\x20\0\0\1\xff\xb2", 6);
    for (size_t i = 6; i + 1 < sizeof properties; i += 2)
        memcpy(properties + i, "\0V", 2);
    message(server, properties, sizeof properties);
}

static void escapes_in_a_key(sp_server *server)
{
    server_method(server, 3, 60, 60, "sqbss", "s0.1", N(1), N(0), "gateway", "\x1b[31mred\r\n");
    frame(server, 2, 3, HEADER_OF_1 "\x20", 13);
    frame(server, 3, 3, "x", 1);
}
static void escapes_in_a_returned_key(sp_server *server)
{
    server_method(server, 2, 60, 50, "wsss", N(312), "NO\x07_ROUTE", "gateway", "\x1b[31mred");
    frame(server, 2, 2, TAG_HEADER "\0\0\0\0\0\0\0\1", 42);
    frame(server, 3, 2, "x", 1);
}
static void over_max_message(sp_server *server)
{
    static uint8_t body[MESSAGE_MOST + 1];
    deliver(server, "s0.1", 1);
    frame(server, 2, 3, "\0\x3c\0\0\0\0\0\0\0\1\0\1\0\0", 14);
    frame(server, 3, 3, body, sizeof body);
}

METHOD(blocked_escapes, 0, 10, 60, "s", "low on \x1b[5mmemory")
static void blocked_twice(sp_server *server)
{
    server_method(server, 0, 10, 60, "s", "memory");
    server_method(server, 0, 10, 60, "s", "disk");
    server_method(server, 0, 10, 61, "");
}
METHOD(unblocked_alone, 0, 10, 61, "")
METHOD(flow_off, 2, 20, 20, "b", N(0))
METHOD(ack_1, 2, 60, 80, "qb", N(1), N(0))
static void ack_1_twice(sp_server *server)
{
    ack_1(server);
    server->events.count = 0;
    ack_1(server);
}
static void nack_1_twice(sp_server *server)
{
    server_method(server, 2, 60, 120, "qb", N(1), N(0));
    server_method(server, 2, 60, 120, "qb", N(1), N(0));
    server_wait(server, 500);
}
/* The broker returns a message, and can not keep its word: its owner knows already. */
static void returned_and_nacked(sp_server *server)
{
    returned(server, TAG_HEADER "\0\0\0\0\0\0\0\1", 42);
    server->events.count = 0;
    server_method(server, 2, 60, 120, "qb", N(1), N(0));
    server_wait(server, 1000);
}
static void returned_twice(sp_server *server)
{
    returned(server, TAG_HEADER "\0\0\0\0\0\0\0\1", 42);
    server->events.count = 0;
    returned(server, TAG_HEADER "\0\0\0\0\0\0\0\1", 42);
}
METHOD(cancelled, 3, 60, 30, "sb", "s0.1", N(1))
static void cancel_twice(sp_server *server)
{
    server_method(server, 3, 60, 30, "sb", "s0.1", N(1));
    server_method(server, 3, 60, 30, "sb", "s0.1", N(1));
}
METHOD(consuming_closed, 3, 20, 40, "wsww", N(406), "PRECONDITION_FAILED - \x1b timeout", N(0), N(0))
METHOD(declaring_closed, 1, 20, 40, "wsww", N(541), "INTERNAL_ERROR", N(0), N(0))

#define MALFORMED "REFUSED 0", "properties are malformed", "3 basic.reject 1"

static const survived survivors[] = {
    {"no properties at all", no_properties, MALFORMED},
    {"half the flags of properties", half_the_flags, MALFORMED},
    {"more flags than there are", more_flags, MALFORMED},
    {"a reserved flag", reserved_flag, MALFORMED},
    {"a content type that lies", content_type_lies, MALFORMED},
    {"an encoding that lies", encoding_lies, MALFORMED},
    {"a message id that is not there", message_id_cut_off, MALFORMED},
    {"headers that lie", headers_lie, MALFORMED},
    {"headers cut off", headers_cut_off, MALFORMED},
    {"headers: a key that lies", headers_key_lies, MALFORMED},
    {"headers: a text that lies", headers_text_lies, MALFORMED},
    {"headers: an unknown kind", headers_of_unknown_kind, MALFORMED},
    {"headers: no value", headers_without_value, MALFORMED},
    {"headers: a table that leaves the other", headers_inner_crosses, MALFORMED},
    {"headers: a timestamp cut off", headers_timestamp_cut_off, MALFORMED},
    {"headers 17 deep", headers_17_deep, MALFORMED},
    {"headers 21,000 deep", headers_21000_deep, MALFORMED},
    {"headers with arrays 25,000 deep", headers_arrays_25000_deep, MALFORMED},
    {"headers 16 deep", headers_16_deep, "MESSAGE 0 A - x", "", ""},
    {"65,000 headers", headers_of_nothing, "MESSAGE 0 A - x", "", ""},
    {"escapes in a key", escapes_in_a_key, "REFUSED 0", "'?[31mred?", "3 basic.reject 1"},
    {"a body that is too large", over_max_message, "REFUSED 0", "over the limit", "3 basic.reject 1"},
    {"escapes in a returned key", escapes_in_a_returned_key, "RETURNED 1 312", "'?[31mred' (312 NO?_R", ""},
    {"blocked with escapes", blocked_escapes, "BLOCKED 0", "low on ?[5mmemory", ""},
    {"blocked twice", blocked_twice, "UNBLOCKED 0", "", ""},
    {"unblocked, though not blocked", unblocked_alone, "UNBLOCKED 0", "", ""},
    {"flow turned off", flow_off, NULL, NULL, "2 channel.flow-ok"},
    {"acks of tag 0: all there are", ack_0_multiple, "CONFIRMED 2", "", ""},
    {"an ack twice", ack_1_twice, NULL, NULL, ""},
    {"a nack twice", nack_1_twice, NULL, NULL, "2 body x"},
    {"returned and nacked", returned_and_nacked, NULL, NULL, ""},
    {"returned twice", returned_twice, NULL, NULL, ""},
    {"a consumer is cancelled", cancelled, "UNSUBSCRIBED 0", "was deleted", "3 basic.cancel s0.1 nowait"},
    {"a consumer is cancelled twice", cancel_twice, "UNSUBSCRIBED 0", "consumer_timeout",
     "3 basic.cancel s0.1 nowait"},
    {"the channel for consuming closes", consuming_closed, "UNSUBSCRIBED 0 406", "closed the channel",
     "3 channel.open"},
    {"the channel for declaring closes", declaring_closed, NULL, NULL, "1 channel.open"},
};

static int play_survived(const survived *each, int split)
{
    sp_server *server = scene(0);
    reach(server, AT_READY);
    server_forget(server);
    server->events.count = 0;
    server->split = split;
    size_t before = __sanitizer_get_current_allocated_bytes();
    each->act(server);
    size_t after = __sanitizer_get_current_allocated_bytes();
    server->split = 0;
    const char *event = server->events.count ? server->events.line[server->events.count - 1] : "";
    const char *wrote = server->written.count ? server->written.line[server->written.count - 1] : "";
    int fine = each->event
                   ? strncmp(event, each->event, strlen(each->event)) == 0 && strstr(event, each->says)
                   : !*event;
    fine = fine && strcmp(wrote, each->wrote) == 0 && server_count(&server->events, "DISCONNECTED") == 0 &&
           spectacles_broker_state(server->broker) == SPECTACLES_BROKER_READY &&
           (after < before || after - before < MEMORY_MOST);
    if (!fine)
        print_message("# %s%s: \"%s\", wrote \"%s\"\n", each->name, split ? ", byte by byte" : "", event,
                      wrote);
    server_eof(server);
    recover(server);
    server_free(server);
    return !fine;
}

static void what_only_passed_through_is_refused_alone(void **state)
{
    int wrong = 0;
    (void)state;
    for (size_t i = 0; i < 2 * (sizeof survivors / sizeof survivors[0]); i++)
        wrong += play_survived(&survivors[i / 2], i % 2);
    assert_int_equal(wrong, 0);
}

/* ---- Every method, on every channel, in every stage ---- */

enum {
    EVERY = (1 << STAGES) - 1,
    FROM_SETUP = EVERY & ~((1 << AT_SETUP) - 1),
    FROM_CHANNELS = EVERY & ~((1 << AT_CHANNELS) - 1),
    FROM_CONSUMING = EVERY & ~((1 << AT_CONSUMING) - 1),
    CHANNELS_1_TO_3 = 1 << 1 | 1 << 2 | 1 << 3
};

typedef struct method {
    const char *name;
    const char *payload;
    size_t length;
    int channels; /* a mask of those on which it may come */
    int stages;   /* likewise */
} method;

#define P(bytes) bytes, sizeof(bytes) - 1

static const method methods[] = {
    {"connection.start", P("\0\x0a\0\x0a\0\x09\0\0\0\0\0\0\0\5PLAIN\0\0\0\5en_US"), 1, 1 << AT_OPENED},
    {"connection.secure", P("\0\x0a\0\x14\0\0\0\0"), 1, 0},
    {"connection.tune", P("\0\x0a\0\x1e\7\xff\0\2\0\0\0\x3c"), 1, 1 << AT_STARTED},
    {"connection.open-ok", P("\0\x0a\0\x29\0"), 1, 1 << AT_TUNED},
    {"connection.close", P("\0\x0a\0\x32\1\x40\0\0\0\0\0"), 1, EVERY},
    {"connection.close-ok", P("\0\x0a\0\x33"), 1, 0},
    {"connection.blocked", P("\0\x0a\0\x3c\0"), 1, FROM_SETUP},
    {"connection.unblocked", P("\0\x0a\0\x3d"), 1, FROM_SETUP},
    {"channel.open-ok", P("\0\x14\0\x0b\0\0\0\0"), CHANNELS_1_TO_3, 1 << AT_SETUP},
    {"channel.flow", P("\0\x14\0\x14\1"), CHANNELS_1_TO_3, FROM_CHANNELS},
    {"channel.close", P("\0\x14\0\x28\2\x1d\0\0\0\0\0"), CHANNELS_1_TO_3, FROM_SETUP},
    {"channel.close-ok", P("\0\x14\0\x29"), 0, 0},
    {"exchange.declare-ok", P("\0\x28\0\x0b"), 1 << 1, 1 << AT_CHANNELS},
    {"queue.declare-ok", P("\0\x32\0\x0b\x09gateway:A\0\0\0\0\0\0\0\0"), 1 << 1, 1 << AT_DECLARING},
    {"queue.bind-ok", P("\0\x32\0\x15"), 1 << 1, 1 << AT_BINDING},
    {"basic.qos-ok", P("\0\x3c\0\x0b"), 1 << 3, 1 << AT_CONSUMING},
    {"basic.consume-ok", P("\0\x3c\0\x15\4s0.1"), 1 << 3, 1 << AT_CONSUMING},
    {"basic.cancel", P("\0\x3c\0\x1e\4s0.1\1"), 1 << 3, 1 << AT_CONSUMING | 1 << AT_READY},
    {"basic.cancel-ok", P("\0\x3c\0\x1f\4s0.1"), 0, 0},
    {"basic.return", P("\0\x3c\0\x32\1\x38\0\0\0"), 1 << 2, FROM_CONSUMING},
    {"basic.deliver", P("\0\x3c\0\x3c\4s0.1\0\0\0\0\0\0\0\1\0\0\0"), 1 << 3, FROM_CONSUMING},
    {"basic.ack", P("\0\x3c\0\x50\0\0\0\0\0\0\0\1\0"), 1 << 2, 1 << AT_READY},
    {"basic.nack", P("\0\x3c\0\x78\0\0\0\0\0\0\0\1\0"), 1 << 2, 1 << AT_READY},
    {"confirm.select-ok", P("\0\x55\0\x0b"), 1 << 2, 1 << AT_CHANNELS | 1 << AT_DECLARING | 1 << AT_BINDING},
};

static int play_method(const method *each, int channel, enum stage stage)
{
    sp_server *server = scene(0);
    int allowed = (each->channels >> channel & 1) && (each->stages >> stage & 1);
    char expected[64];
    reach(server, stage);
    server->events.count = 0;
    snprintf(expected, sizeof expected, "%s on channel %d, where it has no place", each->name, channel);
    frame(server, 1, channel, each->payload, each->length);
    end(server);
    const char *event = server_last(&server->events, "DISCONNECTED");
    int named = strncmp(event, "DISCONNECTED 0 0 -5 ", 20) == 0 && strstr(event, expected);
    int wrong = allowed ? strstr(event, "no place") != NULL : !named;
    if (wrong)
        print_message("# %s on channel %d in stage %d: \"%s\"\n", each->name, channel, stage, event);
    if (!strstr(each->name, ".ack") || !allowed)
        recover(server);
    server_free(server);
    return wrong;
}

static void every_method_has_its_place(void **state)
{
    int wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        for (int place = 0; place < 4 * STAGES; place++)
            wrong += play_method(&methods[i], place % 4, (enum stage)(place / 4));
    }
    assert_int_equal(wrong, 0);
}

/* While we close, nothing but the answer is heard. */
static void nothing_is_heard_while_closing(void **state)
{
    (void)state;
    sp_server *server = scene(0);
    reach(server, AT_READY);
    server->events.count = 0;
    secure(server);
    assert_int_equal(spectacles_broker_state(server->broker), SPECTACLES_BROKER_CLOSING);
    assert_string_equal(server_last(&server->written, "0 connection.close"), "0 connection.close 503");
    server_forget(server);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        for (int channel = 0; channel < 4; channel++) {
            if (strncmp(methods[i].name, "connection.close", 16) != 0)
                frame(server, 1, channel, methods[i].payload, methods[i].length);
        }
    }
    frame(server, 2, 3, HEADER_OF_1, 12);
    frame(server, 3, 2, "x", 1);
    assert_int_equal(spectacles_broker_state(server->broker), SPECTACLES_BROKER_CLOSING);
    assert_int_equal(server->written.count, 0);
    server_method(server, 0, 10, 51, "");
    assert_int_equal(server_count(&server->events, "DISCONNECTED 0 0 -5"), 1);
    recover(server);
    server_free(server);
}

/* ---- Numbers ---- */

static void only_four_channels_are_ours(void **state)
{
    (void)state;
    for (unsigned channel = 0; channel <= UINT16_MAX; channel++) {
        uint8_t bytes[8] = {8, (uint8_t)(channel >> 8), (uint8_t)channel, 0, 0, 0, 0, 0xce};
        sp_wire_frame read;
        size_t used = 0;
        const char *why = NULL;
        int got = sp_wire_next((sp_slice){bytes, sizeof bytes}, SP_WIRE_FRAME_MAX, &read, &used, &why);
        assert_int_equal(got, channel < SP_CHANNELS ? 1 : SPECTACLES_E_PROTO);
    }
}

/* Whatever stands behind them, the methods that a broker does not send are not decoded. */
static void only_what_brokers_send_is_decoded(void **state)
{
    static uint8_t payload[4000];
    amqp_pool_t pool;
    size_t sent = 0;
    (void)state;
    init_amqp_pool(&pool, 4096);
    for (unsigned id = 0; id < 256 * 256; id++) {
        void *decoded;
        payload[1] = (uint8_t)(id >> 8);
        payload[3] = (uint8_t)id;
        sent += sp_wire_decode((sp_slice){payload, sizeof payload}, &pool, &decoded) == SPECTACLES_OK;
    }
    empty_amqp_pool(&pool);
    assert_int_equal(sent, sizeof methods / sizeof methods[0]);
}

/* ---- What the broker must not make us keep ---- */

static void publish_and_answer(sp_server *server, uint64_t *wire, int class_method)
{
    static char body[1001];
    memset(body, 'b', sizeof body - 1);
    server_publish(server, "K", body, 0);
    server_pull(server);
    server_method(server, 2, 60, class_method, "qb", ++*wire, N(0));
    server_forget(server);
    server->events.count = 0;
}

/* One publish is never confirmed. What comes behind it and is confirmed must not be kept for its sake. */
static void one_publish_that_is_held_costs_nothing(void **state)
{
    (void)state;
    sp_server *server = scene(0);
    reach(server, AT_READY);
    uint64_t wire = PUBLISHES;
    size_t before = __sanitizer_get_current_allocated_bytes();
    for (int i = 0; i < 3000; i++)
        publish_and_answer(server, &wire, 80);
    size_t after = __sanitizer_get_current_allocated_bytes();
    assert_true(after < before + 512 * 1024);
    server_eof(server);
    server_ready(server);
    server_pull(server);
    assert_int_equal(server_count(&server->written, "2 basic.publish K"), 1);
    assert_int_equal(server_count(&server->written, "2 basic.publish L"), 1);
    server_method(server, 2, 60, 80, "qb", N(PUBLISHES), N(1));
    assert_int_equal(server_count(&server->events, "CONFIRMED 1 "), 1);
    assert_int_equal(server_count(&server->events, "CONFIRMED 2 "), 1);
    server_free(server);
}

/* Nor what is nacked again and again. */
static void nacks_without_end_cost_nothing(void **state)
{
    (void)state;
    sp_server *server = scene(0);
    reach(server, AT_READY);
    size_t before = __sanitizer_get_current_allocated_bytes();
    for (uint64_t wire = PUBLISHES; wire < 10000; wire++) {
        server_method(server, 2, 60, 120, "qb", wire, N(0));
        server_wait(server, 500);
        assert_string_equal(server_last(&server->written, "2 basic.publish"), "2 basic.publish L");
        server_forget(server);
    }
    size_t after = __sanitizer_get_current_allocated_bytes();
    assert_true(after < before + 512 * 1024);
    server_eof(server);
    recover(server);
    server_free(server);
}

/* Frames without end for an engine whose answers are not read, or whose owner does not pull. */
static void flood(int pulled, const void *bytes, size_t length)
{
    sp_server *server = scene(0);
    size_t fed = 0;
    reach(server, AT_READY);
    size_t before = __sanitizer_get_current_allocated_bytes();
    for (; spectacles_stream_wants_input(spectacles_broker_stream(server->broker)) && fed < 64 * 1024 * 1024;
         fed += length) {
        assert_int_equal(
            spectacles_stream_feed(spectacles_broker_stream(server->broker), bytes, length, server->now),
            SPECTACLES_OK);
        while (pulled && spectacles_broker_next_event(server->broker, server->now))
            ;
    }
    size_t after = __sanitizer_get_current_allocated_bytes();
    assert_int_equal(spectacles_stream_wants_input(spectacles_broker_stream(server->broker)), 0);
    assert_true(fed < 1024 * 1024);
    assert_true(after < before + 2 * 1024 * 1024);
    const uint8_t *out;
    while (spectacles_broker_next_event(server->broker, server->now))
        ;
    while ((length = spectacles_stream_pending(spectacles_broker_stream(server->broker), &out)) > 0)
        spectacles_stream_consumed(spectacles_broker_stream(server->broker), length);
    assert_int_equal(spectacles_stream_wants_input(spectacles_broker_stream(server->broker)), 1);
    works(server);
    server_free(server);
}

static void a_flood_is_not_read(void **state)
{
    static const char flow[] = "\1\0\1\0\0\0\5\0\x14\0\x14\1\xce";
    static const char beat[] = "\x08\0\0\0\0\0\0\xce";
    (void)state;
    flood(1, flow, sizeof flow - 1);
    flood(0, beat, sizeof beat - 1);
}

/* ---- An honest session, cut anywhere ---- */

static void live_honestly(sp_server *server)
{
    server_ready(server);
    message(server, "\x20\0\xff\xff\xff\xff", 6);
    server_deliver(server, 2, "s0.1", "A", "in three pieces", 6);
    assert_int_equal(spectacles_broker_ack(server->broker, server->delivery), 1);
    server_publish(server, "M", "y", 0);
    server_call(server, "N", 1000);
    server_pull(server);
    server_method(server, 2, 60, 21, "s", "replies");
    server_reply(server, "4", "in one piece");
    server_reply(server, "4", "again");
    returned(server, TAG_HEADER "\0\0\0\0\0\0\0\1", 42);
    server_method(server, 2, 60, 80, "qb", N(2), N(1));
    server_method(server, 2, 60, 80, "qb", N(4), N(0));
    spectacles_broker_unsubscribe(server->broker, 0);
    server_deliver(server, 3, "s0.1", "A", "goes back", 3);
    server_method(server, 3, 60, 31, "s", "s0.1");
    frame(server, 8, 0, "", 0);
    server_method(server, 0, 10, 60, "s", "memory");
    server_method(server, 0, 10, 61, "");
    server_method(server, 2, 60, 80, "qb", N(3), N(0));
    spectacles_broker_close(server->broker, server->now);
    server_pull(server);
    server_method(server, 0, 10, 51, "");
}

static void same_lines(const sp_lines *one, const sp_lines *other)
{
    assert_int_equal(one->count, other->count);
    for (int i = 0; i < one->count; i++)
        assert_string_equal(one->line[i], other->line[i]);
}

static void an_honest_session_may_be_cut_anywhere(void **state)
{
    (void)state;
    sp_server *whole = scene(0);
    live_honestly(whole);
    assert_int_equal(server_count(&whole->events, "CLOSED"), 1);
    for (size_t cut = 1; cut < whole->fed; cut++) {
        sp_server *server = scene(0);
        server->cut = cut;
        live_honestly(server);
        same_lines(&whole->events, &server->events);
        same_lines(&whole->written, &server->written);
        server_free(server);
    }
    server_free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_is_told_and_survived),
        cmocka_unit_test(every_case_is_the_same_byte_by_byte),
        cmocka_unit_test(what_only_passed_through_is_refused_alone),
        cmocka_unit_test(every_method_has_its_place),
        cmocka_unit_test(nothing_is_heard_while_closing),
        cmocka_unit_test(only_four_channels_are_ours),
        cmocka_unit_test(only_what_brokers_send_is_decoded),
        cmocka_unit_test(one_publish_that_is_held_costs_nothing),
        cmocka_unit_test(nacks_without_end_cost_nothing),
        cmocka_unit_test(a_flood_is_not_read),
        cmocka_unit_test(an_honest_session_may_be_cut_anywhere),
    };
    return cmocka_run_group_tests_name("broker/hostile", tests, NULL, NULL);
}
