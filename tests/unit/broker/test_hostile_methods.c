/*
 * Methods and content of a broken or hostile broker that have no place where they come: in the stage, on the channel,
 * or in what was sent and asked for before. What is odd and allowed does not end the connection.
 */
#include "broker/wire.h"
#include "hostile.h"

#include <stdio.h>

METHOD(secure, 0, 10, 20, "S", "say it again")

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
    hostile_gave_up(server);
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

#define RETURNED(name, header)                                                                               \
    static void name(sp_server *server)                                                                      \
    {                                                                                                        \
        hostile_returned(server, header, sizeof(header) - 1);                                                \
    }
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
        hostile_deliver(server, "s0.1", 1);                                                                  \
        server_frame(server, type, 3, first, sizeof(first) - 1);                                             \
        if (second_type)                                                                                     \
            server_frame(server, second_type, 3, second, sizeof(second) - 1);                                \
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
    hostile_deliver(server, "s0.1", 1);
    server_frame(server, 2, 3, "\0\x3c\0\0\0\xff\xff\xff\xff\xff\xff\xff\0\0", 14);
    for (int i = 0; i < 100; i++)
        server_frame(server, 3, 3, piece, sizeof piece);
    server_eof(server);
}

METHOD(consume_ok_of_another, 3, 60, 21, "s", "s1.1")
METHOD(consume_ok_of_nobody, 3, 60, 21, "s", "amq.ctag-1")
METHOD(cancel_of_another, 3, 60, 30, "sb", "s1.1", N(1))
METHOD(cancel_of_nobody, 3, 60, 30, "sb", "amq.ctag-1", N(1))
METHOD(declare_ok_of_another, 1, 50, 11, "sll", "gateway:D", N(0), N(0))

/* ---- The cases after which the connection is lost ---- */

static const sp_hostile lost[] = {
    {"a challenge", AT_STARTED, secure, 0, PROTO, "connection.secure"},

    {"close-ok of a channel", AT_READY, close_ok_on_1, 0, PROTO, "channel.close-ok"},
    {"channel 0 opens", AT_SETUP, channel_0_opens, 0, PROTO, "channel.open-ok"},
    {"channel 0 closes", AT_READY, channel_0_closes, 0, PROTO, "channel.close"},
    {"connection.close on channel 1", AT_READY, connection_close_on_1, 0, PROTO, "connection.close"},
    {"publishing refused altogether", AT_READY, publishing_refused, 404, INVAL, "(404 NOT_FOUND)"},
    {"the exchange is refused", AT_CHANNELS, exchange_refused, 406, INVAL, "can not be declared"},
    {"a channel closes again and again", AT_SETUP, channel_closes_for_ever, 0, GONE, "timed out"},

    {"a text of return that lies", AT_READY, return_text_lies, 0, PROTO, "basic.return"},
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
    {"consume-ok of what was not asked for", AT_CONSUMING, consume_ok_of_another, 0, PROTO, "consume-ok"},
    {"consume-ok of somebody else", AT_CONSUMING, consume_ok_of_nobody, 0, PROTO, "basic.consume-ok"},
    {"declare-ok of another queue", AT_DECLARING, declare_ok_of_another, 0, PROTO, "queue.declare-ok"},
    {"cancel of what was not started", AT_READY, cancel_of_another, 0, PROTO, "basic.cancel"},
    {"cancel of somebody else", AT_READY, cancel_of_nobody, 0, PROTO, "basic.cancel"},
};

/* What is large need not be fed byte by byte. */
static const sp_hostile large[] = {
    {"a body without an end", AT_READY, endless_body, 0, GONE, "without a word"},
};

static void every_case_is_told_and_survived(void **state)
{
    (void)state;
    assert_int_equal(hostile_lost(lost, sizeof lost / sizeof lost[0], 0), 0);
    assert_int_equal(hostile_lost(large, sizeof large / sizeof large[0], 0), 0);
}

static void every_case_is_the_same_byte_by_byte(void **state)
{
    (void)state;
    assert_int_equal(hostile_lost(lost, sizeof lost / sizeof lost[0], 1), 0);
}

/* ---- The cases that the connection survives ---- */

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
    hostile_returned(server, TAG_HEADER "\0\0\0\0\0\0\0\1", 42);
    server->events.count = 0;
    server_method(server, 2, 60, 120, "qb", N(1), N(0));
    server_wait(server, 1000);
}
static void returned_twice(sp_server *server)
{
    hostile_returned(server, TAG_HEADER "\0\0\0\0\0\0\0\1", 42);
    server->events.count = 0;
    hostile_returned(server, TAG_HEADER "\0\0\0\0\0\0\0\1", 42);
}
METHOD(cancelled, 3, 60, 30, "sb", "s0.1", N(1))
static void cancel_twice(sp_server *server)
{
    server_method(server, 3, 60, 30, "sb", "s0.1", N(1));
    server_method(server, 3, 60, 30, "sb", "s0.1", N(1));
}
METHOD(consuming_closed, 3, 20, 40, "wsww", N(406), "PRECONDITION_FAILED - \x1b timeout", N(0), N(0))
METHOD(declaring_closed, 1, 20, 40, "wsww", N(541), "INTERNAL_ERROR", N(0), N(0))

static const sp_survived survivors[] = {
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

static void what_is_odd_and_allowed_is_survived(void **state)
{
    size_t count = sizeof survivors / sizeof survivors[0];
    (void)state;
    assert_int_equal(hostile_survived(survivors, count, 0) + hostile_survived(survivors, count, 1), 0);
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

static int play_method(const method *each, int channel, enum hostile_stage stage)
{
    sp_server *server = hostile_scene(0);
    int allowed = (each->channels >> channel & 1) && (each->stages >> stage & 1);
    char expected[64];
    hostile_reach(server, stage);
    server->events.count = 0;
    snprintf(expected, sizeof expected, "%s on channel %d, where it has no place", each->name, channel);
    server_frame(server, 1, channel, each->payload, each->length);
    hostile_end(server);
    const char *event = server_last(&server->events, "DISCONNECTED");
    int named = strncmp(event, "DISCONNECTED 0 0 -5 ", 20) == 0 && strstr(event, expected);
    int wrong = allowed ? strstr(event, "no place") != NULL : !named;
    if (wrong)
        print_message("# %s on channel %d in stage %d: \"%s\"\n", each->name, channel, stage, event);
    if (!strstr(each->name, ".ack") || !allowed)
        hostile_recover(server);
    server_free(server);
    return wrong;
}

static void every_method_has_its_place(void **state)
{
    int wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        for (int place = 0; place < 4 * STAGES; place++)
            wrong += play_method(&methods[i], place % 4, (enum hostile_stage)(place / 4));
    }
    assert_int_equal(wrong, 0);
}

/* While we close, nothing but the answer is heard. */
static void nothing_is_heard_while_closing(void **state)
{
    (void)state;
    sp_server *server = hostile_scene(0);
    hostile_reach(server, AT_READY);
    server->events.count = 0;
    secure(server);
    assert_int_equal(spectacles_broker_state(server->broker), SPECTACLES_BROKER_CLOSING);
    assert_string_equal(server_last(&server->written, "0 connection.close"), "0 connection.close 503");
    server_forget(server);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        for (int channel = 0; channel < 4; channel++) {
            if (strncmp(methods[i].name, "connection.close", 16) != 0)
                server_frame(server, 1, channel, methods[i].payload, methods[i].length);
        }
    }
    server_frame(server, 2, 3, HEADER_OF_1, 12);
    server_frame(server, 3, 2, "x", 1);
    assert_int_equal(spectacles_broker_state(server->broker), SPECTACLES_BROKER_CLOSING);
    assert_int_equal(server->written.count, 0);
    server_method(server, 0, 10, 51, "");
    assert_int_equal(server_count(&server->events, "DISCONNECTED 0 0 -5"), 1);
    hostile_recover(server);
    server_free(server);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_is_told_and_survived),
        cmocka_unit_test(every_case_is_the_same_byte_by_byte),
        cmocka_unit_test(what_is_odd_and_allowed_is_survived),
        cmocka_unit_test(every_method_has_its_place),
        cmocka_unit_test(nothing_is_heard_while_closing),
        cmocka_unit_test(only_what_brokers_send_is_decoded),
    };
    return cmocka_run_group_tests_name("broker/hostile_methods", tests, NULL, NULL);
}
