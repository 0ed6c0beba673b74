/*
 * A consumer that the broker cancels: because its queue was deleted, or, by RabbitMQ 4.3, because a delivery was held
 * for longer than consumer_timeout. RabbitMQ 4.3 keeps such a consumer, and may cancel it again.
 */
#include "server.h"

#include <stdio.h>

#define N(value) ((uint64_t)(value))

static sp_server *server_with_two(void)
{
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 10);
    server_subscribe(server, "B", 10);
    server_ready(server);
    server_forget(server);
    return server;
}

static uint64_t deliver(sp_server *server, uint64_t tag, const char *consumer)
{
    server_deliver(server, tag, consumer, "A", "x", 10);
    return server->delivery;
}

static void cancel(sp_server *server, const char *consumer)
{
    server_method(server, 3, 60, 30, "sb", consumer, N(1));
}

static void ends_well(sp_server *server)
{
    server_pull(server);
    assert_int_equal(server_count(&server->events, "DISCONNECTED"), 0);
    assert_int_equal(spectacles_broker_state(server->broker), SPECTACLES_BROKER_READY);
    server_free(server);
}

/* Declared and consumed again, a second later. */
static void comes_back(sp_server *server)
{
    server_forget(server);
    server_wait(server, 1000);
    server_answer(server);
    server_answer(server);
}

static void its_deliveries_are_not_held_any_more(void **state)
{
    (void)state;
    sp_server *server = server_with_two();
    uint64_t settled = deliver(server, 1, "s0.1");
    uint64_t first = deliver(server, 2, "s0.1");
    uint64_t of_another = deliver(server, 3, "s1.1");
    uint64_t second = deliver(server, 4, "s0.1");
    assert_int_equal(spectacles_broker_ack(server->broker, settled), 1);
    server_pull(server);
    server_forget(server);
    cancel(server, "s0.1");
    assert_int_equal(spectacles_broker_holds(server->broker, first), 0);
    assert_int_equal(spectacles_broker_holds(server->broker, second), 0);
    assert_int_equal(spectacles_broker_holds(server->broker, of_another), 1);
    /* First the consumer goes, or RabbitMQ would give it what comes back. */
    assert_int_equal(server->written.count, 3);
    assert_string_equal(server->written.line[0], "3 basic.cancel s0.1 nowait");
    assert_string_equal(server->written.line[1], "3 basic.reject 2 requeue");
    assert_string_equal(server->written.line[2], "3 basic.reject 4 requeue");
    /* Acknowledged twice, RabbitMQ would close the channel. */
    assert_int_equal(spectacles_broker_ack(server->broker, first), 0);
    assert_int_equal(spectacles_broker_reject(server->broker, second, 1), 0);
    assert_int_equal(spectacles_broker_ack_all(server->broker, second), 1);
    server_pull(server);
    assert_string_equal(server_last(&server->written, "3 basic.ack"), "3 basic.ack 3 multiple");
    const char *told = server_last(&server->events, "UNSUBSCRIBED 0");
    assert_non_null(strstr(told, "deleted"));
    assert_non_null(strstr(told, "consumer_timeout"));
    assert_non_null(strstr(told, "delivered again"));
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED"), 1);
    ends_well(server);
}

static void each_consumer_has_a_tag_of_its_own(void **state)
{
    (void)state;
    sp_server *server = server_with_two();
    for (int turn = 0; turn < 5; turn++) {
        char before[16];
        char after[64];
        snprintf(before, sizeof before, "s0.%d", turn + 1);
        snprintf(after, sizeof after, "3 basic.consume gateway:A s0.%d", turn + 2);
        cancel(server, before);
        comes_back(server);
        assert_string_equal(server_last(&server->written, "3 basic.consume"), after);
    }
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 0"), 6);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 1"), 1);
    /* Tags are those of a channel. */
    server_eof(server);
    server->events.count = 0;
    server_ready(server);
    assert_int_equal(server_count(&server->written, "3 basic.consume gateway:A s0.1"), 1);
    ends_well(server);
}

static void it_may_be_cancelled_again_and_again(void **state)
{
    (void)state;
    sp_server *server = server_with_two();
    cancel(server, "s0.1");
    cancel(server, "s0.1");
    comes_back(server);
    cancel(server, "s0.1");
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED 0"), 1);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 0"), 2);
    deliver(server, 1, "s0.2");
    assert_int_equal(server_count(&server->events, "MESSAGE 0"), 1);
    assert_int_equal(spectacles_broker_holds(server->broker, server->delivery), 1);
    ends_well(server);
}

static void what_comes_late_goes_back(void **state)
{
    (void)state;
    sp_server *server = server_with_two();
    cancel(server, "s0.1");
    deliver(server, 1, "s0.1");
    comes_back(server);
    assert_int_equal(server_count(&server->written, "3 basic.reject"), 0);
    deliver(server, 2, "s0.1");
    assert_int_equal(server_count(&server->written, "3 basic.reject 2 requeue"), 1);
    deliver(server, 3, "s0.2");
    assert_int_equal(server_count(&server->events, "MESSAGE"), 1);
    assert_int_equal(spectacles_broker_ack(server->broker, server->delivery), 1);
    server_pull(server);
    assert_string_equal(server_last(&server->written, "3 basic.ack"), "3 basic.ack 3");
    ends_well(server);
}

/* RabbitMQ checks permissions anew when a token is renewed, at any time. */
static void it_may_be_cancelled_before_it_has_begun(void **state)
{
    (void)state;
    for (int answered = 0; answered < 2; answered++) {
        sp_server *server = server_new(NULL);
        server_ready(server);
        server_subscribe(server, "A", 10);
        server_pull(server);
        server_method(server, 1, 50, 11, "sll", "gateway:A", N(0), N(0));
        server_method(server, 1, 50, 21, "");
        server_method(server, 3, 60, 11, "");
        deliver(server, 1, "s0.1");
        cancel(server, "s0.1");
        assert_int_equal(server_count(&server->events, "UNSUBSCRIBED 0"), 1);
        if (answered)
            server_method(server, 3, 60, 21, "s", "s0.1");
        assert_int_equal(server_count(&server->events, "SUBSCRIBED 0"), 0);
        comes_back(server);
        assert_int_equal(server_count(&server->events, "SUBSCRIBED 0"), 1);
        assert_int_equal(server_count(&server->written, "3 basic.consume gateway:A s0.2"), 1);
        ends_well(server);
    }
}

static void it_may_be_left_meanwhile(void **state)
{
    (void)state;
    sp_server *server = server_with_two();
    uint64_t held = deliver(server, 1, "s0.1");
    spectacles_broker_unsubscribe(server->broker, 0);
    server_pull(server);
    cancel(server, "s0.1");
    /* Its owner ended it, and may still settle what it was told. */
    assert_int_equal(spectacles_broker_ack(server->broker, held), 1);
    server_method(server, 3, 60, 31, "s", "s0.1");
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED 0"), 1);
    assert_non_null(strstr(server_last(&server->events, "UNSUBSCRIBED 0"), "as was asked for"));
    /* Cancelled first, and left before it comes back. */
    cancel(server, "s1.1");
    spectacles_broker_unsubscribe(server->broker, 1);
    server_pull(server);
    cancel(server, "s1.1");
    server_forget(server);
    server_wait(server, 2000);
    assert_int_equal(server_count(&server->written, "3 basic.consume"), 0);
    ends_well(server);
}

static void a_tag_that_nobody_had_is_refused(void **state)
{
    (void)state;
    static const char *const tags[] = {
        "s0.2",          "s0.0",          "s0",   "s0.",  "s.1", "s0.1x",
        "s0.4294967297", "s4294967296.1", "s2.1", "S0.1", "",    "s0.11111111111"};
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        sp_server *server = server_with_two();
        cancel(server, tags[i]);
        server_eof(server);
        assert_non_null(strstr(server_last(&server->events, "DISCONNECTED 0 0 -5"), "basic.cancel"));
        server_free(server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_deliveries_are_not_held_any_more),
        cmocka_unit_test(each_consumer_has_a_tag_of_its_own),
        cmocka_unit_test(it_may_be_cancelled_again_and_again),
        cmocka_unit_test(what_comes_late_goes_back),
        cmocka_unit_test(it_may_be_cancelled_before_it_has_begun),
        cmocka_unit_test(it_may_be_left_meanwhile),
        cmocka_unit_test(a_tag_that_nobody_had_is_refused),
    };
    return cmocka_run_group_tests_name("broker/consumer", tests, NULL, NULL);
}
