/* Headers, priority and expiration: what is published arrives as it was, whoever wrote it. */
#include "server.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

#define N(value) ((uint64_t)(value))

static spectacles_header text(const char *key, const char *value)
{
    return (spectacles_header){.type = SPECTACLES_HEADER_TEXT,
                               .key = key,
                               .key_length = strlen(key),
                               .bytes = (const uint8_t *)value,
                               .bytes_length = strlen(value)};
}

static spectacles_header number(uint32_t type, const char *key, int64_t value)
{
    return (spectacles_header){.type = type, .key = key, .key_length = strlen(key), .integer = value};
}

/* A message from the broker with these properties (flags first), up to its MESSAGE event, which is returned. */
static const spectacles_broker_event *deliver(sp_server *server, uint64_t tag, const void *properties,
                                              size_t length)
{
    static uint8_t header[12 + 8192];
    static const uint8_t body[] = {3, 0, 3, 0, 0, 0, 1, 'x', 0xce};
    memcpy(header, "\0\x3c\0\0\0\0\0\0\0\0\0\1", 12);
    memcpy(header + 12, properties, length);
    server_method(server, 3, 60, 60, "sqbss", "s0.1", tag, N(0), "gateway", "A");
    server_frame(server, 2, 3, header, 12 + length);
    spectacles_stream_feed(spectacles_broker_stream(server->broker), body, sizeof body, server->now);
    const spectacles_broker_event *event = spectacles_broker_next_event(server->broker, server->now);
    assert_non_null(event);
    return event;
}

static void same(const spectacles_header *one, const spectacles_header *other)
{
    assert_int_equal(one->type, other->type);
    assert_int_equal(one->key_length, other->key_length);
    assert_memory_equal(one->key, other->key, one->key_length);
    assert_true(one->integer == other->integer && one->real == other->real);
    assert_int_equal(one->bytes_length, other->bytes_length);
    if (one->bytes_length > 0)
        assert_memory_equal(one->bytes, other->bytes, one->bytes_length);
}

static const spectacles_header *find(const spectacles_broker_event *event, const char *key, size_t length)
{
    return spectacles_headers_find(event->headers, event->header_count, key, length);
}

static void headers_arrive_as_they_were(void **state)
{
    (void)state;
    static char long_key[256];
    memset(long_key, 'k', 255);
    spectacles_header sent[] = {text("text", "w\xc3\xb6rds"),
                                text("", ""),
                                number(SPECTACLES_HEADER_INTEGER, "largest", INT64_MAX),
                                number(SPECTACLES_HEADER_INTEGER, "least", INT64_MIN),
                                number(SPECTACLES_HEADER_BOOLEAN, "yes", 1),
                                number(SPECTACLES_HEADER_BOOLEAN, "no", 0),
                                number(SPECTACLES_HEADER_NOTHING, "nothing", 0),
                                number(SPECTACLES_HEADER_TIMESTAMP, "when", 1700000000),
                                number(SPECTACLES_HEADER_REAL, "real", 0),
                                text(long_key, "long"),
                                text("binary", "")};
    enum {
        COUNT = sizeof sent / sizeof sent[0]
    };
    sent[1].key = "e";
    sent[1].key_length = 1;
    sent[8].real = -0.125;
    sent[10] = (spectacles_header){.type = SPECTACLES_HEADER_BINARY,
                                   .key = "binary",
                                   .key_length = 6,
                                   .bytes = (const uint8_t *)"\0\xff",
                                   .bytes_length = 2};
    spectacles_message message;
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 10);
    server_ready(server);
    spectacles_message_init(&message, sizeof message);
    message.headers = sent;
    message.header_count = COUNT;
    message.priority = 7;
    message.expiration = "60000";
    message.flags = SPECTACLES_MESSAGE_MANDATORY;
    assert_int_equal(spectacles_broker_publish(server->broker, &message, NULL), SPECTACLES_OK);
    server_pull(server);
    const spectacles_broker_event *event =
        deliver(server, 1, server->header + 12, server->header_length - 12);
    assert_int_equal(event->priority, 7);
    assert_int_equal(event->header_count, COUNT + 1);
    assert_string_equal(event->expiration, "60000");
    for (int i = 0; i < COUNT; i++) {
        same(&sent[i], &event->headers[i]);
        same(&sent[i], find(event, sent[i].key, sent[i].key_length));
    }
    assert_int_equal(find(event, "spectacles-tag", 14)->integer, 1);
    assert_null(find(event, "tex", 3));
    server_free(server);
}

/* What other clients send; the kinds are RabbitMQ's (its "AMQP 0-9-1 Errata", field types). */
static const char every_kind[] = "\x20\0\0\0\0\x98"
                                 "\1bb\xfe\1BB\xfe\1ss\xff\xfe\1uu\xff\xfe"
                                 "\1II\xff\xff\xff\xfe\1ii\xff\xff\xff\xfe"
                                 "\1ll\xff\xff\xff\xff\xff\xff\xff\xfe\1LL\0\0\0\0\0\0\0\5"
                                 "\1ML\xff\xff\xff\xff\xff\xff\xff\xff"
                                 "\1ff\x3f\0\0\0\1dd\xbf\xc0\0\0\0\0\0\0\1DD\2\0\0\1\0"
                                 "\1tt\2\1VV\1TT\0\0\0\0\x65\x53\xf1\0\1SS\0\0\0\1s\1xx\0\0\0\1\xff"
                                 "\1FF\0\0\0\4\1it\1\1AA\0\0\0\x09S\0\0\0\1at\0V";

/* A message with all of them. */
static const spectacles_broker_event *deliver_every_kind(sp_server *server)
{
    char copy[sizeof every_kind];
    memcpy(copy, every_kind, sizeof every_kind);
    copy[5] = (char)(sizeof every_kind - 1 - 6);
    server_subscribe(server, "A", 10);
    server_ready(server);
    const spectacles_broker_event *event = deliver(server, 1, copy, sizeof copy - 1);
    assert_int_equal(event->type, SPECTACLES_BROKER_EVENT_MESSAGE);
    return event;
}

static void every_kind_is_read(void **state)
{
    (void)state;
    static const struct {
        uint32_t type;
        int64_t integer;
        size_t length;
    } expected[] = {{SPECTACLES_HEADER_INTEGER, -2, 0},
                    {SPECTACLES_HEADER_INTEGER, 254, 0},
                    {SPECTACLES_HEADER_INTEGER, -2, 0},
                    {SPECTACLES_HEADER_INTEGER, 65534, 0},
                    {SPECTACLES_HEADER_INTEGER, -2, 0},
                    {SPECTACLES_HEADER_INTEGER, 4294967294, 0},
                    {SPECTACLES_HEADER_INTEGER, -2, 0},
                    {SPECTACLES_HEADER_INTEGER, 5, 0},
                    {SPECTACLES_HEADER_OTHER, 0, 8},
                    {SPECTACLES_HEADER_REAL, 0, 0},
                    {SPECTACLES_HEADER_REAL, 0, 0},
                    {SPECTACLES_HEADER_OTHER, 0, 5},
                    {SPECTACLES_HEADER_BOOLEAN, 1, 0},
                    {SPECTACLES_HEADER_NOTHING, 0, 0},
                    {SPECTACLES_HEADER_TIMESTAMP, 1700000000, 0},
                    {SPECTACLES_HEADER_TEXT, 0, 1},
                    {SPECTACLES_HEADER_BINARY, 0, 1},
                    {SPECTACLES_HEADER_TABLE, 0, 4},
                    {SPECTACLES_HEADER_ARRAY, 0, 9}};
    sp_server *server = server_new(NULL);
    const spectacles_broker_event *event = deliver_every_kind(server);
    assert_int_equal(event->header_count, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        spectacles_header got = event->headers[i];
        assert_int_equal(got.type, expected[i].type);
        assert_true(got.integer == expected[i].integer);
        assert_int_equal(got.bytes_length, expected[i].length);
    }
    assert_true(find(event, "f", 1)->real == 0.5);
    assert_true(find(event, "d", 1)->real == -0.125);
    server_free(server);
}

static void tables_and_arrays_are_walked(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    const spectacles_broker_event *event = deliver_every_kind(server);
    size_t position = 0;
    spectacles_header inner;
    assert_true(spectacles_header_find(find(event, "F", 1), "i", 1, &inner) && inner.integer == 1);
    const spectacles_header *array = find(event, "A", 1);
    assert_true(spectacles_header_next(array, &position, &inner) && inner.type == SPECTACLES_HEADER_TEXT);
    assert_null(inner.key);
    assert_true(spectacles_header_next(array, &position, &inner) && inner.type == SPECTACLES_HEADER_BOOLEAN);
    assert_true(spectacles_header_next(array, &position, &inner) && inner.type == SPECTACLES_HEADER_NOTHING);
    assert_int_equal(spectacles_header_next(array, &position, &inner), 0);
    assert_int_equal(spectacles_header_find(array, "a", 1, &inner), 0);
    server_free(server);
}

static void a_message_without_them_has_none(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 10);
    server_ready(server);
    const spectacles_broker_event *event = deliver(server, 1,
                                                   "\x21\0\0\0\0\0\1"
                                                   "7",
                                                   8);
    assert_int_equal(event->type, SPECTACLES_BROKER_EVENT_MESSAGE);
    assert_int_equal(event->header_count, 0);
    assert_string_equal(event->expiration, "7");
    event = deliver(server, 2, "\0\0", 2);
    assert_null(event->headers);
    assert_null(event->expiration);
    assert_int_equal(event->priority, 0);
    assert_int_equal(event->header_count, 0);
    assert_null(find(event, "a", 1));
    server_free(server);
}

/* Whatever bytes somebody hands in, reading ends. */
static void malformed_tables_end(void **state)
{
    (void)state;
    static const char *const tables[] = {"\5k", "\1kS\0\0\0\x09s", "\1k?",
                                         "\1k", "\1kl\0",          "\1kF\xff\xff\xff\xff"};
    static const size_t lengths[] = {2, 8, 3, 2, 4, 7};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        spectacles_header table = {
            .type = SPECTACLES_HEADER_TABLE, .bytes = (const uint8_t *)tables[i], .bytes_length = lengths[i]};
        spectacles_header got;
        size_t position = 0;
        assert_int_equal(spectacles_header_next(&table, &position, &got), 0);
        assert_int_equal(position, 0);
        position = 1000;
        assert_int_equal(spectacles_header_next(&table, &position, &got), 0);
    }
}

static void refused(sp_server *server, const spectacles_header *headers, uint32_t count, const char *says)
{
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    message.headers = headers;
    message.header_count = count;
    assert_int_equal(spectacles_broker_publish(server->broker, &message, NULL), SPECTACLES_E_INVAL);
    assert_non_null(strstr(spectacles_broker_last_error(server->broker), says));
}

static void wrong_headers_are_refused(void **state)
{
    (void)state;
    static char large[4097];
    static spectacles_header many[65];
    sp_server *server = server_new(NULL);
    memset(large, 'k', sizeof large - 1);
    spectacles_header each = text(large, "x");
    refused(server, &each, 1, "1 to 255");
    each.key_length = 256;
    refused(server, &each, 1, "1 to 255");
    each = text("", "x");
    refused(server, &each, 1, "1 to 255");
    each = text("spectacles-tag", "x");
    refused(server, &each, 1, "reserved");
    each = text("CC", "x");
    refused(server, &each, 1, "CC and BCC");
    each = text("BCC", "x");
    refused(server, &each, 1, "CC and BCC");
    each = text("k", large);
    refused(server, &each, 1, "4096 bytes");
    each.bytes_length = SIZE_MAX;
    refused(server, &each, 1, "4096 bytes");
    each = number(SPECTACLES_HEADER_TABLE, "k", 0);
    refused(server, &each, 1, "can not be sent");
    each = number(SPECTACLES_HEADER_TEXT, "k", 0);
    each.bytes_length = 1;
    refused(server, &each, 1, "NULL");
    refused(server, NULL, 1, "NULL");
    for (int i = 0; i < 65; i++)
        many[i] = number(SPECTACLES_HEADER_BOOLEAN, "k", 1);
    refused(server, many, 65, "64");
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    message.priority = 256;
    assert_int_equal(spectacles_broker_publish(server->broker, &message, NULL), SPECTACLES_E_INVAL);
    server_free(server);
}

/* RabbitMQ ends the whole connection over these (501, 541), and again each time the message is published. */
static void what_rabbitmq_can_not_read_is_refused(void **state)
{
    (void)state;
    static const double reals[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    sp_server *server = server_new(NULL);
    spectacles_header each = number(SPECTACLES_HEADER_REAL, "k", 0);
    for (size_t i = 0; i < 3; i++) {
        each.real = reals[i];
        refused(server, &each, 1, "finite");
    }
    each = number(SPECTACLES_HEADER_TIMESTAMP, "k", -1);
    refused(server, &each, 1, "timestamp");
    each.integer = INT64_MAX / 1000 + 1;
    refused(server, &each, 1, "timestamp");
    each = text("k\xff", "x");
    refused(server, &each, 1, "UTF-8");
    each = number(SPECTACLES_HEADER_INTEGER, "x-stream-filter-value", 5);
    refused(server, &each, 1, "x-stream-filter-value");
    each = text("x-stream-filter-value", "\xff");
    refused(server, &each, 1, "x-stream-filter-value");
    each = text("x-stream-filter-value", "a");
    each.bytes_length = 2; /* with the NUL behind it */
    refused(server, &each, 1, "x-stream-filter-value");
    each = text("x-amqp-1.0-properties", "x");
    refused(server, &each, 1, "x-amqp-1.0-");
    server_free(server);
}

static void what_rabbitmq_can_read_is_taken(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    spectacles_header headers[] = {text("x-stream-filter-value", "invoices"), text("k", "\xff"),
                                   number(SPECTACLES_HEADER_TIMESTAMP, "t", INT64_MAX / 1000),
                                   number(SPECTACLES_HEADER_REAL, "r", 0)};
    spectacles_message message;
    headers[3].real = DBL_MAX;
    spectacles_message_init(&message, sizeof message);
    message.headers = headers;
    message.header_count = 4;
    message.message_id = "urn:uuid:01234567-89ab-cdef-0123-456789ABCDEF";
    message.correlation_id = "urn:uuid:anything else";
    assert_int_equal(spectacles_broker_publish(server->broker, &message, NULL), SPECTACLES_OK);
    server_free(server);
}

static void arguments_of_queues_are_finite_too(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    spectacles_header each = number(SPECTACLES_HEADER_REAL, "x-what", 0);
    spectacles_subscription subscription;
    spectacles_subscription_init(&subscription, sizeof subscription);
    subscription.event = "E";
    subscription.event_length = 1;
    subscription.arguments = &each;
    subscription.argument_count = 1;
    each.real = (double)NAN;
    assert_int_equal(spectacles_broker_subscribe(server->broker, &subscription), SPECTACLES_E_INVAL);
    assert_non_null(strstr(spectacles_broker_last_error(server->broker), "finite"));
    server_free(server);
}

static void texts_that_are_not_utf8_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"\xff", "\xc3", "ok\xed\xa0\x80"};
    sp_server *server = server_new(NULL);
    for (size_t i = 0; i < 3; i++) {
        for (int field = 0; field < 6; field++) {
            spectacles_message message;
            spectacles_message_init(&message, sizeof message);
            const char **fields[] = {&message.exchange,       &message.key,
                                     &message.content_type,   &message.message_id,
                                     &message.correlation_id, &message.reply_to};
            *fields[field] = bad[i];
            message.key_length = field == 1 ? strlen(bad[i]) : 0;
            assert_int_equal(spectacles_broker_publish(server->broker, &message, NULL), SPECTACLES_E_INVAL);
            assert_non_null(strstr(spectacles_broker_last_error(server->broker), "not UTF-8"));
        }
    }
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    message.message_id = "urn:uuid:01234567-89ab-cdef-0123-456789abcdeg";
    assert_int_equal(spectacles_broker_publish(server->broker, &message, NULL), SPECTACLES_E_INVAL);
    assert_non_null(strstr(spectacles_broker_last_error(server->broker), "UUID"));
    server_free(server);
}

/* The most that may be sent fits into the smallest frame that a broker may ask for. */
static void the_most_fits(void **state)
{
    (void)state;
    static char longest[256];
    static char large[4096];
    sp_server *server = server_new(NULL);
    server->frame_max = 8192;
    memset(longest, 't', 255);
    memset(large, 'v', sizeof large - 1);
    spectacles_header each = text("k", large);
    spectacles_message message;
    each.bytes_length = 4096 - 4 - 2 - 1 - 4;
    spectacles_message_init(&message, sizeof message);
    message.content_type = message.message_id = message.correlation_id = message.reply_to = longest;
    message.key = longest;
    message.key_length = 255;
    message.expiration = "000000000000000000000000000000000000000000000000000000000000001";
    message.headers = &each;
    message.header_count = 1;
    message.flags = SPECTACLES_MESSAGE_MANDATORY;
    message.priority = 255;
    assert_int_equal(spectacles_broker_publish(server->broker, &message, NULL), SPECTACLES_OK);
    server_ready(server);
    server_pull(server);
    assert_int_equal(server_count(&server->written, "2 basic.publish"), 1);
    assert_true(server->header_length > 5000);
    each.bytes_length++;
    assert_int_equal(spectacles_broker_publish(server->broker, &message, NULL), SPECTACLES_E_INVAL);
    server_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_arrive_as_they_were),
        cmocka_unit_test(every_kind_is_read),
        cmocka_unit_test(tables_and_arrays_are_walked),
        cmocka_unit_test(a_message_without_them_has_none),
        cmocka_unit_test(malformed_tables_end),
        cmocka_unit_test(wrong_headers_are_refused),
        cmocka_unit_test(what_rabbitmq_can_not_read_is_refused),
        cmocka_unit_test(what_rabbitmq_can_read_is_taken),
        cmocka_unit_test(arguments_of_queues_are_finite_too),
        cmocka_unit_test(texts_that_are_not_utf8_are_refused),
        cmocka_unit_test(the_most_fits),
    };
    return cmocka_run_group_tests_name("broker/headers", tests, NULL, NULL);
}
