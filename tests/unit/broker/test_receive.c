/* What is delivered, and what ends a consumer or a channel. */
#include "server.h"

#define N(value) ((uint64_t)(value))

static void what_is_too_large_is_rejected_alone(void **state)
{
    (void)state;
    spectacles_broker_config config;
    server_config(&config);
    config.max_message = 10;
    sp_server *server = server_new(&config);
    server_subscribe(server, "A", 10);
    server_ready(server);
    server_deliver(server, 1, "s0.1", "A", "more than ten bytes", 7);
    assert_non_null(strstr(server_last(&server->events, "REFUSED"), "over the limit"));
    assert_string_equal(server_last(&server->written, "3 basic.reject"), "3 basic.reject 1");
    server_deliver(server, 2, "s0.1", "A", "fits", 7);
    assert_int_equal(server_count(&server->events, "MESSAGE"), 1);
    server_free(server);
}

static void nested_headers_are_rejected_alone(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    uint8_t header[4096];
    size_t length = 14;
    memcpy(header, "\0\x3c\0\0\0\0\0\0\0\0\0\x01\x20\0", 14);
    /* Tables in tables, each with one key: deeper than any reader should follow. */
    enum {
        DEPTH = 300,
        STEP = 7
    };
    for (size_t i = 0; i < DEPTH; i++) {
        size_t rest = (DEPTH - 1 - i) * STEP;
        uint8_t level[STEP] = {
            (uint8_t)(rest >> 24), (uint8_t)(rest >> 16), (uint8_t)(rest >> 8), (uint8_t)rest, 1, 'k', 'F'};
        memcpy(header + length, level, i + 1 < DEPTH ? STEP : 4);
        length += i + 1 < DEPTH ? STEP : 4;
    }
    server_subscribe(server, "A", 10);
    server_ready(server);
    server_method(server, 3, 60, 60, "sqbss", "s0.1", N(1), N(0), "gateway", "A");
    server_frame(server, 2, 3, header, length);
    server_frame(server, 3, 3, "x", 1);
    assert_non_null(strstr(server_last(&server->events, "REFUSED"), "nested too deep"));
    server_deliver(server, 2, "s0.1", "A", "fits", 7);
    assert_int_equal(server_count(&server->events, "MESSAGE"), 1);
    server_free(server);
}

static void a_cancelled_consumer_comes_back(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 10);
    server_ready(server);
    server_method(server, 3, 60, 30, "sb", "s0.1", N(1));
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED 0"), 1);
    server_wait(server, 1000);
    assert_string_equal(server_last(&server->written, "1 queue.declare"), "1 queue.declare gateway:A");
    server_answer(server);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 0"), 2);
    server_free(server);
}

static void a_bad_queue_takes_down_one_subscription(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 10);
    server_subscribe(server, "B", 10);
    server_handshake(server);
    server_method(server, 1, 20, 11, "T");
    server_method(server, 2, 20, 11, "T");
    server_method(server, 3, 20, 11, "T");
    server_method(server, 1, 40, 11, "");
    server_method(server, 2, 85, 11, "");
    server_forget(server);
    server_method(server, 1, 20, 40, "wsww", N(406), "PRECONDITION_FAILED - inequivalent arg 'x-message-ttl'",
                  N(50), N(10));
    assert_non_null(strstr(server_last(&server->events, "UNSUBSCRIBED 0 406"),
                           "queue 'gateway:A' exists with other settings"));
    assert_string_equal(server->written.line[0], "1 channel.close-ok");
    server_answer(server);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 1"), 1);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 0"), 0);
    server_wait(server, 30000);
    assert_string_equal(server_last(&server->written, "1 queue.declare"), "1 queue.declare gateway:A");
    server_free(server);
}

static void publishes_wait_for_queues(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 10);
    server_publish(server, "A", "early", 0);
    server_handshake(server);
    server_method(server, 2, 20, 11, "T");
    server_method(server, 2, 85, 11, "");
    server_method(server, 1, 20, 11, "T");
    server_method(server, 3, 20, 11, "T");
    server_method(server, 1, 40, 11, "");
    assert_int_equal(server_count(&server->written, "2 basic.publish"), 0);
    server_forget(server);
    server_method(server, 1, 50, 11, "sll", "gateway:A", N(0), N(0));
    server_method(server, 1, 50, 21, "");
    assert_int_equal(server_count(&server->written, "2 basic.publish"), 0);
    server_answer(server);
    assert_int_equal(server_count(&server->events, "READY"), 1);
    assert_int_equal(server_count(&server->written, "2 basic.publish"), 1);
    server_free(server);
}

static void what_a_closed_channel_still_brings_is_passed_over(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 10);
    server_ready(server);
    server_deliver(server, 1, "s0.1", "A", "held", 10);
    server_subscribe(server, "B", 10);
    server_pull(server);
    server_method(server, 1, 50, 11, "sll", "gateway:B", N(0), N(0));
    server_method(server, 1, 50, 21, "");
    server_forget(server);
    server_method(server, 3, 20, 40, "wsww", N(403), "ACCESS_REFUSED - queue 'gateway:B' in exclusive use",
                  N(60), N(20));
    /* RabbitMQ had these on their way. */
    server_deliver(server, 2, "s0.1", "A", "stale", 3);
    server_method(server, 3, 60, 30, "sb", "s0.1", N(1));
    assert_int_equal(server_count(&server->events, "MESSAGE"), 1);
    assert_int_equal(spectacles_broker_ack(server->broker, server->delivery), 0);
    server_answer(server);
    server_deliver(server, 1, "s0.1", "A", "again", 10);
    assert_int_equal(server_count(&server->events, "MESSAGE"), 2);
    assert_int_equal(spectacles_broker_ack(server->broker, server->delivery), 1);
    assert_int_equal(server_count(&server->events, "DISCONNECTED"), 0);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 0"), 2);
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED 1 403 -10"), 1);
    assert_non_null(
        strstr(server_last(&server->events, "UNSUBSCRIBED 0 403 -6"),
               "closed the channel on which queue 'gateway:A' is consumed: what is not acknowledged "
               "is delivered again (403 ACCESS_REFUSED - queue 'gateway:B'"));
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED"), 2);
    server_free(server);
}

static void a_channel_that_ends_under_consumers_is_told(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 10);
    server_subscribe(server, "B", 10);
    server_ready(server);
    server_deliver(server, 1, "s0.1", "A", "held", 10);
    server_subscribe(server, "C", 10);
    server_method(server, 3, 20, 40, "wsww", N(406),
                  "PRECONDITION_FAILED - delivery acknowledgement on channel 3 timed out", N(0), N(0));
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED"), 2);
    assert_non_null(strstr(server_last(&server->events, "UNSUBSCRIBED 0 406 -6"), "timed out"));
    assert_non_null(strstr(server_last(&server->events, "UNSUBSCRIBED 1 406 -6"), "'gateway:B'"));
    assert_int_equal(spectacles_broker_holds(server->broker, server->delivery), 0);
    server_answer(server);
    server_answer(server);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 0"), 2);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 1"), 2);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 2"), 1);
    server_free(server);
}

static void a_queue_finds_its_exchange_deleted(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    server_subscribe(server, "A", 10);
    server_pull(server);
    server_method(server, 1, 50, 11, "sll", "gateway:A", N(0), N(0));
    server_forget(server);
    server_method(server, 1, 20, 40, "wsww", N(404), "NOT_FOUND - no exchange 'gateway' in vhost '/'", N(50),
                  N(20));
    server_answer(server);
    server_answer(server);
    assert_int_equal(server_count(&server->written, "1 exchange.declare"), 1);
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED"), 0);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 0"), 1);
    server_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_too_large_is_rejected_alone),
        cmocka_unit_test(nested_headers_are_rejected_alone),
        cmocka_unit_test(a_cancelled_consumer_comes_back),
        cmocka_unit_test(a_bad_queue_takes_down_one_subscription),
        cmocka_unit_test(publishes_wait_for_queues),
        cmocka_unit_test(what_a_closed_channel_still_brings_is_passed_over),
        cmocka_unit_test(a_channel_that_ends_under_consumers_is_told),
        cmocka_unit_test(a_queue_finds_its_exchange_deleted),
    };
    return cmocka_run_group_tests_name("broker/receive", tests, NULL, NULL);
}
