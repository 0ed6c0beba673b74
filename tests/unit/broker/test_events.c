/*
 * The events of a broker: how long one lives, and that each of its fields means one thing. AddressSanitizer finds what
 * an owner reads behind the end of an event: the bytes of a frame that was read are poisoned.
 */
#include "server.h"

#include <stdlib.h>

/* A delivery whose body comes in so many frames, pulled by hand. */
static void feed_message(sp_server *server, const char *body, size_t piece)
{
    uint8_t bytes[4096];
    size_t length = 0;
    size_t whole = strlen(body);
    const uint8_t method[] = "\1\0\3\0\0\0\x1f\0\x3c\0\x3c\4s0.1\0\0\0\0\0\0\0\1\0\1g\1A\xce";
    const uint8_t header[] = "\2\0\3\0\0\0\x0e\0\x3c\0\0\0\0\0\0\0\0\0\0\0\0\xce";
    memcpy(bytes, method, sizeof method - 1);
    bytes[6] = (uint8_t)(sizeof method - 1 - 8);
    length = sizeof method - 1;
    memcpy(bytes + length, header, sizeof header - 1);
    bytes[length + 18] = (uint8_t)whole;
    length += sizeof header - 1;
    for (size_t at = 0; at < whole; at += piece) {
        size_t part = whole - at < piece ? whole - at : piece;
        const uint8_t frame[] = {3, 0, 3, 0, 0, 0, (uint8_t)part};
        memcpy(bytes + length, frame, sizeof frame);
        memcpy(bytes + length + sizeof frame, body + at, part);
        length += sizeof frame + part;
        bytes[length++] = 0xce;
    }
    spectacles_stream_feed(spectacles_broker_stream(server->broker), bytes, length, server->now);
}

static const spectacles_broker_event *take_message(sp_server *server)
{
    const spectacles_broker_event *event = spectacles_broker_next_event(server->broker, server->now);
    assert_non_null(event);
    assert_int_equal(event->type, SPECTACLES_BROKER_EVENT_MESSAGE);
    return event;
}

static sp_server *consuming_server(void)
{
    sp_server *server = server_new(NULL);
    assert_int_equal(server_subscribe(server, "A", 10), 0);
    server_ready(server);
    return server;
}

/* Everything that an owner may call while it reads an event. */
static void call_everything(sp_server *server, const spectacles_broker_event *event)
{
    const uint8_t *bytes;
    spectacles_message message;
    spectacles_broker_stats stats;
    spectacles_stream *stream = spectacles_broker_stream(server->broker);
    spectacles_message_init(&message, sizeof message);
    spectacles_broker_stats_init(&stats, sizeof stats);
    message.key = event->key;
    message.key_length = event->key_length;
    message.body = event->body;
    message.body_length = event->body_length;
    assert_int_equal(spectacles_broker_publish(server->broker, &message, NULL), SPECTACLES_OK);
    assert_int_equal(spectacles_broker_call(server->broker, &message, 1000, server->now, NULL),
                     SPECTACLES_OK);
    assert_int_equal(spectacles_broker_ack(server->broker, event->delivery), 1);
    spectacles_broker_ack_all(server->broker, event->delivery);
    spectacles_broker_reject(server->broker, event->delivery, 1);
    spectacles_broker_holds(server->broker, event->delivery);
    spectacles_broker_get_stats(server->broker, &stats);
    server_subscribe(server, "B", 1);
    spectacles_broker_unsubscribe(server->broker, 0);
    spectacles_broker_room(server->broker);
    spectacles_broker_last_error(server->broker);
    spectacles_stream_endpoint(stream);
    spectacles_stream_wants_input(stream);
    spectacles_stream_deadline(stream);
    spectacles_stream_consumed(stream, spectacles_stream_pending(stream, &bytes));
    spectacles_broker_close(server->broker, server->now);
    spectacles_stream_consumed(stream, spectacles_stream_pending(stream, &bytes));
}

static void a_message_outlives_the_calls_of_its_owner(void **state)
{
    static const char body[] = "{\"content\":\"0123456789\"}";
    (void)state;
    for (size_t piece = 7; piece <= sizeof body; piece += sizeof body - 7) {
        sp_server *server = consuming_server();
        feed_message(server, body, piece);
        const spectacles_broker_event *event = take_message(server);
        call_everything(server, event);
        assert_int_equal(event->body_length, strlen(body));
        assert_int_equal(memcmp(event->body, body, strlen(body)), 0);
        assert_string_equal(event->key, "A");
        server_free(server);
    }
}

/* The connection has ended, and the owner closes the broker while it reads the last message. */
static void a_message_outlives_its_connection(void **state)
{
    spectacles_broker_config config;
    (void)state;
    server_config(&config);
    config.drain_timeout = 0;
    sp_server *server = server_new(&config);
    assert_int_equal(server_subscribe(server, "A", 10), 0);
    server_ready(server);
    spectacles_stream *stream = spectacles_broker_stream(server->broker);
    feed_message(server, "hello", 5);
    spectacles_stream_eof(stream, 0, NULL, 0, server->now);
    const spectacles_broker_event *event = take_message(server);
    spectacles_broker_close(server->broker, server->now);
    assert_int_equal(memcmp(event->body, "hello", 5), 0);
    while (spectacles_broker_next_event(server->broker, server->now))
        ;
    server_free(server);
}

static void a_subscription_is_told_with_its_queue(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    assert_int_equal(server_subscribe(server, "A", 10), 0);
    spectacles_broker_unsubscribe(server->broker, 0);
    const spectacles_broker_event *event;
    while ((event = spectacles_broker_next_event(server->broker, server->now)) &&
           event->type != SPECTACLES_BROKER_EVENT_UNSUBSCRIBED)
        ;
    assert_non_null(event);
    assert_true(event->until == SPECTACLES_NEVER);
    assert_int_equal(event->unconfirmed_count, 0);
    server_subscribe(server, "another", 10);
    assert_string_equal(event->queue, "gateway:A");
    assert_int_equal(event->queue_length, strlen("gateway:A"));
    server_free(server);
}

static void subscribed_says_how_full_the_queue_was_and_who_consumed_it(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server->message_count = 70000;
    server->consumer_count = 2;
    assert_int_equal(server_subscribe(server, "A", 10), 0);
    server_ready(server);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED"), 1);
    assert_int_equal(server->told_messages, 70000);
    assert_int_equal(server->told_consumers, 2);
    server_free(server);
}

static void closed_says_what_is_left_unconfirmed(void **state)
{
    spectacles_broker_config config;
    (void)state;
    server_config(&config);
    config.drain_timeout = 0;
    sp_server *server = server_new(&config);
    server_publish(server, "K", "x", 0);
    spectacles_broker_close(server->broker, server->now);
    const spectacles_broker_event *event;
    while ((event = spectacles_broker_next_event(server->broker, server->now)) &&
           event->type != SPECTACLES_BROKER_EVENT_CLOSED)
        ;
    assert_non_null(event);
    assert_int_equal(event->unconfirmed_count, 1);
    assert_int_equal(event->until, 0);
    server_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_outlives_the_calls_of_its_owner),
        cmocka_unit_test(a_message_outlives_its_connection),
        cmocka_unit_test(a_subscription_is_told_with_its_queue),
        cmocka_unit_test(subscribed_says_how_full_the_queue_was_and_who_consumed_it),
        cmocka_unit_test(closed_says_what_is_left_unconfirmed),
    };
    return cmocka_run_group_tests_name("broker/events", tests, NULL, NULL);
}
