#include "failing.h"
#include "server.h"

#include <stdio.h>

/* The server's own methods, as they would come; what does not fit the state is the engine's to deal with. */
static void say_all(sp_server *server)
{
    static const uint8_t start[] = "\0\x0a\0\x0a\0\x09\0\0\0\0\0\0\0\x05PLAIN\0\0\0\x05"
                                   "en_US";
    if (spectacles_stream_opened(spectacles_broker_stream(server->broker), server->now) < 0)
        return;
    server_pull(server);
    server_frame(server, 1, 0, start, sizeof start - 1);
    server_method(server, 0, 10, 30, "wlw", (uint64_t)2047, (uint64_t)8192, (uint64_t)60);
    server_method(server, 0, 10, 41, "s", "");
    server_answer(server);
}

/* The channel is closed while a body is half written, and opened again. */
static void close_in_mid_write(sp_server *server, const char *body)
{
    const uint8_t *bytes;
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    message.exchange = "elsewhere";
    message.body = (const uint8_t *)body;
    message.body_length = strlen(body);
    spectacles_broker_publish(server->broker, &message, NULL);
    size_t length = spectacles_stream_pending(spectacles_broker_stream(server->broker), &bytes);
    length = length < 1000 ? length : 1000;
    if (length > 0)
        memcpy(server->input + server->input_length, bytes, length);
    server->input_length += length;
    spectacles_stream_consumed(spectacles_broker_stream(server->broker), length);
    server_method(server, 2, 20, 40, "wsww", (uint64_t)404, "no exchange 'elsewhere'", (uint64_t)0,
                  (uint64_t)0);
    server_answer(server);
}

static int ended(const sp_server *server)
{
    return server_count(&server->events, "REPLY") + server_count(&server->events, "CALL_FAILED");
}

/* One call is answered, the other goes down with the channel; returns how many were made. */
static int call(sp_server *server)
{
    char id[24];
    int64_t first = server_call(server, "ADD", 100000);
    int64_t second = server_call(server, "ADD", 100000);
    server_pull(server);
    server_answer(server);
    snprintf(id, sizeof id, "%lld", (long long)first);
    server_reply(server, id, "in one piece");
    return (first > 0) + (second > 0);
}

static void publish_with_headers(sp_server *server)
{
    spectacles_message message;
    spectacles_header header = {.type = SPECTACLES_HEADER_INTEGER, .key = "k", .key_length = 1, .integer = 1};
    spectacles_message_init(&message, sizeof message);
    message.headers = &header;
    message.header_count = 1;
    spectacles_broker_publish(server->broker, &message, NULL);
}

static void publish_rewritten(sp_server *server)
{
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    message.format = SPECTACLES_FORMAT_ETF;
    message.body = (const uint8_t *)"t\0\0\0\1m\0\0\0\1aa\1";
    message.body_length = 13;
    spectacles_broker_publish(server->broker, &message, NULL);
}

static void subscribe_with_arguments(sp_server *server)
{
    spectacles_header argument = {
        .type = SPECTACLES_HEADER_INTEGER, .key = "x-max-length", .key_length = 12, .integer = 1};
    spectacles_subscription subscription;
    spectacles_subscription_init(&subscription, sizeof subscription);
    subscription.event = "C";
    subscription.event_length = 1;
    subscription.arguments = &argument;
    subscription.argument_count = 1;
    spectacles_broker_subscribe(server->broker, &subscription);
}

/* A subscription ends, is wanted again before the broker has answered, and begins anew. */
static void leave_and_come_back(sp_server *server)
{
    spectacles_broker_unsubscribe(server->broker, 1);
    server_pull(server);
    server_subscribe(server, "B", 1);
    server_deliver(server, 3, "s1.1", "B", "x", 5);
    server_answer(server);
    server_answer(server);
    server_answer(server);
}

static void replace_urls(sp_server *server)
{
    static const char *const urls[] = {"amqp://one.example/", "amqp://two.example/"};
    if (spectacles_broker_set_urls(server->broker, urls, 2, server->now) == SPECTACLES_E_NOMEM)
        assert_int_equal(spectacles_broker_set_urls(server->broker, urls, 2, server->now), SPECTACLES_OK);
}

/* Returns how many replies came. */
static int live(void)
{
    static sp_server server;
    int calls = 0;
    server = (sp_server){.now = 1000, .frame_max = 131072};
    static char body[20000];
    spectacles_broker_config config;
    memset(body, 'b', sizeof body - 1);
    server_config(&config);
    if (spectacles_broker_new(&server.broker, &config, NULL) < 0) {
        assert_null(server.broker);
        return 0;
    }
    server_subscribe(&server, "A", 1);
    server_subscribe(&server, "B", 1);
    subscribe_with_arguments(&server);
    for (int connection = 0; connection < 2; connection++) {
        server_publish(&server, "K", body, 0);
        server_publish(&server, "K", "x", SPECTACLES_MESSAGE_MANDATORY);
        publish_with_headers(&server);
        server_pull(&server);
        server.input_length = 0;
        server_forget(&server);
        say_all(&server);
        server_publish(&server, "L", "y", 0);
        publish_rewritten(&server);
        server_pull(&server);
        server_method(&server, 2, 60, 120, "qb", (uint64_t)1, (uint64_t)0);
        server_method(&server, 2, 60, 80, "qb", (uint64_t)2, (uint64_t)1);
        server_deliver(&server, 1, "s0.1", "A", "in three pieces", 5);
        spectacles_broker_ack(server.broker, server.delivery);
        server_deliver(&server, 2, "s1.1", "B", "x", 5);
        spectacles_broker_reject(server.broker, server.delivery, 1);
        spectacles_broker_ack_all(server.broker, server.delivery);
        server_pull(&server);
        leave_and_come_back(&server);
        calls += call(&server);
        close_in_mid_write(&server, body);
        calls += server_call(&server, "ADD", 100) > 0;
        spectacles_stream_expire(spectacles_broker_stream(server.broker), server.now + 10000);
        server.now += 10000;
        server_pull(&server);
        replace_urls(&server);
        server_eof(&server);
        server.now += 100000;
        spectacles_stream_expire(spectacles_broker_stream(server.broker), server.now);
        server_pull(&server);
    }
    spectacles_broker_close(server.broker, server.now);
    server.now += 100000;
    spectacles_stream_expire(spectacles_broker_stream(server.broker), server.now);
    server_pull(&server);
    assert_int_equal(ended(&server), calls);
    spectacles_broker_free(server.broker);
    return server_count(&server.events, "REPLY");
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    failing_start(0);
    assert_int_equal(live(), 2);
    size_t all = failing_count();
    assert_true(all > 20);
    for (size_t nth = 1; nth <= all + 5; nth++) {
        failing_start(nth);
        live();
        failing_start(0);
    }
}

enum {
    MANY = 40
};

/* One frame ends them all, and then their owner does. Whatever there is memory for, each end is told. */
static void end_many(size_t nth)
{
    int ended = 0;
    sp_server *server = server_new(NULL);
    for (int i = 0; i < MANY; i++) {
        char event[8];
        snprintf(event, sizeof event, "E%d", i);
        assert_int_equal(server_subscribe(server, event, 1), i);
    }
    server_ready(server);
    server->events.count = 0;
    failing_start(nth);
    server_method(server, 3, 20, 40, "wsww", (uint64_t)406, "PRECONDITION_FAILED - timeout", (uint64_t)0,
                  (uint64_t)0);
    failing_start(0);
    if (server_count(&server->events, "DISCONNECTED") == 0)
        assert_int_equal(server_count(&server->events, "UNSUBSCRIBED"), MANY);
    server->events.count = 0;
    failing_start(nth);
    for (uint32_t i = 0; i < MANY; i++)
        ended += spectacles_broker_unsubscribe(server->broker, i) == SPECTACLES_OK;
    failing_start(0);
    server_pull(server);
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED"), ended);
    server_free(server);
}

static void each_end_is_told(void **state)
{
    (void)state;
    for (size_t nth = 0; nth < 10; nth++)
        end_many(nth);
}

/* The publish that the broker has nacked is due again, and there is no memory to write it. */
static void a_failed_expire_says_why(void **state)
{
    (void)state;
    static char body[200000];
    sp_server *server = server_new(NULL);
    spectacles_stream *stream = spectacles_broker_stream(server->broker);
    memset(body, 'b', sizeof body - 1);
    server_ready(server);
    server_publish(server, "K", body, 0);
    server_pull(server);
    server_method(server, 2, 60, 120, "qb", (uint64_t)1, (uint64_t)0);
    failing_start(1);
    int error = spectacles_stream_expire(stream, server->now + 500);
    failing_start(0);
    assert_int_equal(error, SPECTACLES_E_NOMEM);
    assert_string_equal(spectacles_stream_last_error(stream), "out of memory");
    server_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail),
                                       cmocka_unit_test(each_end_is_told),
                                       cmocka_unit_test(a_failed_expire_says_why)};
    return cmocka_run_group_tests_name("broker/nomem", tests, NULL, NULL);
}
