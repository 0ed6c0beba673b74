/* Consuming: acknowledging many at once, ending subscriptions, and what is declared. */
#include "server.h"

#include <stdio.h>

#define N(value) ((uint64_t)(value))

static uint64_t deliver(sp_server *server, uint64_t tag)
{
    server_deliver(server, tag, "s0.1", "A", "x", 10);
    return server->delivery;
}

static void nothing_more_happens(sp_server *server)
{
    server_pull(server);
    assert_int_equal(server_count(&server->events, "DISCONNECTED"), 0);
    assert_int_equal(spectacles_broker_state(server->broker), SPECTACLES_BROKER_READY);
    server_free(server);
}

/* ---- Many at once ---- */

static void all_up_to_one_are_acknowledged(void **state)
{
    (void)state;
    uint64_t handle[8];
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 10);
    server_ready(server);
    for (uint64_t tag = 1; tag < 8; tag++)
        handle[tag] = deliver(server, tag);
    assert_int_equal(spectacles_broker_ack(server->broker, handle[2]), 1);
    assert_int_equal(spectacles_broker_reject(server->broker, handle[4], 1), 1);
    assert_int_equal(spectacles_broker_ack_all(server->broker, handle[4]), 2);
    server_pull(server);
    /* 4 is settled, and RabbitMQ would close the channel over it. */
    assert_string_equal(server_last(&server->written, "3 basic.ack"), "3 basic.ack 3 multiple");
    assert_int_equal(spectacles_broker_ack_all(server->broker, handle[4]), 0);
    assert_int_equal(spectacles_broker_ack_all(server->broker, handle[1]), 0);
    assert_int_equal(spectacles_broker_ack_all(server->broker, 0), 0);
    assert_int_equal(spectacles_broker_ack(server->broker, handle[3]), 0);
    assert_int_equal(spectacles_broker_ack_all(server->broker, handle[6]), 2);
    assert_int_equal(spectacles_broker_ack_all(server->broker, handle[7] + 100), 1);
    assert_int_equal(spectacles_broker_ack_all(server->broker, handle[7]), 0);
    spectacles_broker_stats stats = {.size = sizeof stats};
    spectacles_broker_get_stats(server->broker, &stats);
    assert_int_equal(stats.acknowledged, 6);
    nothing_more_happens(server);
}

static void all_of_an_old_channel_are_none(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 10);
    server_ready(server);
    uint64_t stale = deliver(server, 5);
    server_eof(server);
    assert_int_equal(spectacles_broker_ack_all(server->broker, stale), 0);
    server->events.count = 0;
    server_ready(server);
    deliver(server, 1);
    assert_int_equal(spectacles_broker_ack_all(server->broker, stale), 0);
    assert_int_equal(server_count(&server->written, "3 basic.ack"), 0);
    nothing_more_happens(server);
}

/* The one that was written out is as long as what is written next: it must not be taken for the end of that. */
static void an_acknowledgement_that_was_written_out_is_not_changed(void **state)
{
    (void)state;
    uint64_t handle[4];
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 10);
    server_ready(server);
    for (uint64_t tag = 1; tag < 4; tag++)
        handle[tag] = deliver(server, tag);
    server_forget(server);
    assert_int_equal(spectacles_broker_ack(server->broker, handle[1]), 1);
    server_pull(server);
    assert_int_equal(spectacles_broker_reject(server->broker, handle[2], 0), 1);
    assert_int_equal(spectacles_broker_ack(server->broker, handle[3]), 1);
    server_pull(server);
    assert_int_equal(server->written.count, 3);
    assert_string_equal(server->written.line[0], "3 basic.ack 1");
    assert_string_equal(server->written.line[1], "3 basic.reject 2");
    assert_string_equal(server->written.line[2], "3 basic.ack 3");
    nothing_more_happens(server);
}

/* ---- Leaving ---- */

#define LEFT "UNSUBSCRIBED 0 0 0 queue 'gateway:A' is not consumed any more, as was asked for"

static void leave(sp_server *server)
{
    assert_int_equal(spectacles_broker_unsubscribe(server->broker, 0), SPECTACLES_OK);
    server_pull(server);
}

static void a_subscription_ends(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 10);
    server_ready(server);
    uint64_t held = deliver(server, 1);
    leave(server);
    assert_string_equal(server_last(&server->written, "3 basic.cancel"), "3 basic.cancel s0.1");
    leave(server);
    assert_int_equal(server_count(&server->written, "3 basic.cancel"), 1);
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED"), 0);
    /* On its way: it goes back. */
    server_deliver(server, 2, "s0.1", "A", "in pieces", 3);
    assert_string_equal(server_last(&server->written, "3 basic.reject"), "3 basic.reject 2 requeue");
    assert_int_equal(server_count(&server->events, "MESSAGE"), 1);
    server_method(server, 3, 60, 31, "s", "s0.1");
    assert_int_equal(server_count(&server->events, LEFT), 1);
    assert_int_equal(spectacles_broker_ack(server->broker, held), 1);
    leave(server);
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED"), 1);
    assert_int_equal(spectacles_broker_unsubscribe(server->broker, 1), SPECTACLES_E_INVAL);
    server_eof(server);
    server->events.count = 0;
    server_ready(server);
    assert_int_equal(server_count(&server->written, "1 queue.declare"), 0);
    nothing_more_happens(server);
}

static void and_begins_again(void **state)
{
    (void)state;
    for (int early = 0; early < 2; early++) {
        sp_server *server = server_new(NULL);
        server_subscribe(server, "A", 10);
        server_ready(server);
        leave(server);
        if (!early)
            server_method(server, 3, 60, 31, "s", "s0.1");
        assert_int_equal(server_subscribe(server, "A", 7), 0);
        server_pull(server);
        assert_int_equal(server_count(&server->written, "1 queue.declare"), early ? 1 : 2);
        if (early)
            server_deliver(server, 1, "s0.1", "A", "still the old one", 100);
        assert_int_equal(server_count(&server->events, "MESSAGE"), 0);
        if (early)
            server_method(server, 3, 60, 31, "s", "s0.1");
        assert_int_equal(server_count(&server->events, LEFT), 1);
        server->answered = server->written.count - 2;
        server_answer(server);
        server_answer(server);
        assert_string_equal(server_last(&server->written, "3 basic.qos"), "3 basic.qos 7");
        assert_int_equal(server_count(&server->events, "SUBSCRIBED 0"), 2);
        server_deliver(server, 2, "s0.2", "A", "new", 100);
        assert_int_equal(server_count(&server->events, "MESSAGE 0 A m-1 new"), 1);
        nothing_more_happens(server);
    }
}

static void wanted_again_and_then_not(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 10);
    server_ready(server);
    leave(server);
    server_subscribe(server, "A", 10);
    leave(server);
    server_method(server, 3, 60, 31, "s", "s0.1");
    assert_int_equal(server_count(&server->written, "1 queue.declare"), 1);
    assert_int_equal(server_count(&server->events, LEFT), 1);
    nothing_more_happens(server);
}

/* Wherever it stands, it ends once, and nothing is left of it. */
static void it_may_end_at_any_time(void **state)
{
    (void)state;
    for (int steps = 0; steps < 12; steps++) {
        sp_server *server = server_new(NULL);
        server_subscribe(server, "A", 10);
        server_subscribe(server, "B", 10);
        if (steps > 0)
            server_handshake(server);
        for (int i = 1; i < steps && i < 8; i++) {
            static const int answers[][3] = {{1, 20, 11}, {3, 20, 11}, {1, 40, 11}, {1, 50, 11},
                                             {1, 50, 21}, {3, 60, 11}, {3, 60, 21}};
            const int *answer = answers[i - 1];
            const char *format = i <= 2 ? "T" : i == 4 ? "sll" : i == 7 ? "s" : "";
            server_method(server, answer[0], answer[1], answer[2], format, i == 7 ? "s0.1" : "gateway:A",
                          N(0), N(0));
        }
        server->answered = 0;
        leave(server);
        if (steps == 8)
            server_eof(server);
        if (steps == 9)
            server_method(server, 3, 20, 40, "wsww", N(406), "timed out", N(0), N(0));
        if (steps == 10)
            server_method(server, 3, 60, 30, "sb", "s0.1", N(1));
        if (steps == 11)
            spectacles_broker_close(server->broker, server->now);
        server_pull(server);
        if (steps == 11)
            server_method(server, 0, 10, 51, "");
        if (steps > 0 && steps != 8 && steps < 11)
            server_eof(server);
        assert_int_equal(server_count(&server->events, LEFT), 1);
        if (steps == 11) {
            server_free(server);
            continue;
        }
        server->events.count = 0;
        server_ready(server);
        assert_int_equal(server_count(&server->written, "1 queue.declare gateway:A"), 0);
        assert_int_equal(server_count(&server->events, "SUBSCRIBED 1"), 1);
        assert_int_equal(server_count(&server->events, "SUBSCRIBED 0"), 0);
        nothing_more_happens(server);
    }
}

/* What was asked for is answered first. */
static void it_may_end_while_it_is_set_up(void **state)
{
    (void)state;
    for (int declared = 0; declared < 2; declared++) {
        sp_server *server = server_new(NULL);
        server_ready(server);
        server_subscribe(server, "A", 10);
        server_pull(server);
        if (!declared)
            leave(server);
        server_method(server, 1, 50, 11, "sll", "gateway:A", N(0), N(0));
        server_method(server, 1, 50, 21, "");
        assert_int_equal(server_count(&server->written, "3 basic.consume"), declared);
        if (declared) {
            leave(server);
            assert_int_equal(server_count(&server->written, "3 basic.cancel"), 0);
            server_method(server, 3, 60, 21, "s", "s0.1");
            server_deliver(server, 1, "s0.1", "A", "x", 1);
            server_method(server, 3, 60, 11, "");
            assert_int_equal(server_count(&server->written, "3 basic.reject 1 requeue"), 1);
            assert_int_equal(server_count(&server->written, "3 basic.cancel s0.1"), 1);
            server_method(server, 3, 60, 31, "s", "s0.1");
        }
        assert_int_equal(server_count(&server->events, LEFT), 1);
        assert_int_equal(server_count(&server->events, "SUBSCRIBED"), 0);
        nothing_more_happens(server);
    }
}

static void a_refused_queue_that_is_left(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    server_subscribe(server, "A", 10);
    server_subscribe(server, "B", 10);
    leave(server);
    server_method(server, 1, 20, 40, "wsww", N(406), "PRECONDITION_FAILED - inequivalent arg", N(50), N(10));
    assert_int_equal(server_count(&server->events, LEFT), 1);
    server_answer(server);
    server_answer(server);
    server_answer(server);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 1"), 1);
    assert_int_equal(server_count(&server->written, "1 queue.declare gateway:A"), 1);
    /* One that has failed needs no answer. */
    server_method(server, 3, 60, 30, "sb", "s1.1", N(1));
    assert_int_equal(spectacles_broker_unsubscribe(server->broker, 1), SPECTACLES_OK);
    server_pull(server);
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED 1"), 2);
    assert_int_equal(
        spectacles_stream_deadline(spectacles_broker_stream(server->broker)) > server->now + 1000, 1);
    nothing_more_happens(server);
}

static void places_are_used_again(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    assert_int_equal(server_subscribe(server, "A", 10), 0);
    assert_int_equal(server_subscribe(server, "B", 10), 1);
    for (int i = 0; i < 50; i++) {
        char name[16];
        snprintf(name, sizeof name, "E%d", i);
        int number = server_subscribe(server, name, 10);
        assert_int_equal(number, 2);
        server_pull(server);
        server_answer(server);
        server_answer(server);
        assert_int_equal(spectacles_broker_unsubscribe(server->broker, 2), SPECTACLES_OK);
        server_pull(server);
        /* Its owner does not know yet. */
        assert_int_equal(server_subscribe(server, "A", 10), 0);
        server_answer(server);
        server->events.count = 0;
    }
    spectacles_broker_unsubscribe(server->broker, 1);
    server_pull(server);
    server_method(server, 3, 60, 31, "s", "s1.1");
    assert_int_equal(server_subscribe(server, "E49", 10), 2);
    nothing_more_happens(server);
}

static void a_number_is_not_given_anew_before_its_end_is_told(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    assert_int_equal(server_subscribe(server, "A", 10), 0);
    spectacles_broker_unsubscribe(server->broker, 0);
    assert_int_equal(server_subscribe(server, "B", 10), 1);
    assert_int_equal(server_subscribe(server, "A", 10), 0);
    server_free(server);
}

static void cancel_ok_has_its_place(void **state)
{
    (void)state;
    static const char *const tags[] = {"s0.1", "s1.1", "x"};
    for (int i = 0; i < 3; i++) {
        sp_server *server = server_new(NULL);
        server_subscribe(server, "A", 10);
        server_subscribe(server, "B", 10);
        server_ready(server);
        if (i > 0)
            leave(server);
        server_method(server, 3, 60, 31, "s", tags[i]);
        server_eof(server);
        assert_non_null(strstr(server_last(&server->events, "DISCONNECTED 0 0 -5"), "basic.cancel-ok"));
        server_free(server);
    }
}

static void a_queue_that_is_only_declared_ends_at_once(void **state)
{
    (void)state;
    spectacles_subscription subscription;
    sp_server *server = server_new(NULL);
    spectacles_subscription_init(&subscription, sizeof subscription);
    subscription.event = "A";
    subscription.event_length = 1;
    subscription.declare_only = 1;
    spectacles_broker_subscribe(server->broker, &subscription);
    server_ready(server);
    leave(server);
    assert_int_equal(server_count(&server->events, LEFT), 1);
    assert_int_equal(server_count(&server->written, "3 basic"), 0);
    nothing_more_happens(server);
}

/* ---- What is declared ---- */

static sp_server *server_declaring(uint32_t declare)
{
    spectacles_broker_config config;
    server_config(&config);
    config.declare = declare;
    return server_new(&config);
}

static void subscribe_both(sp_server *server)
{
    spectacles_subscription subscription;
    server_subscribe(server, "A", 10);
    spectacles_subscription_init(&subscription, sizeof subscription);
    subscription.event = "D";
    subscription.event_length = 1;
    subscription.declare_only = 1;
    assert_int_equal(spectacles_broker_subscribe(server->broker, &subscription), 1);
}

static void passively_nothing_is_made(void **state)
{
    (void)state;
    sp_server *server = server_declaring(SPECTACLES_DECLARE_PASSIVE);
    subscribe_both(server);
    server_ready(server);
    assert_int_equal(server_count(&server->written, "1 exchange.declare gateway direct passive"), 1);
    assert_int_equal(server_count(&server->written, "1 queue.declare gateway:A passive"), 1);
    assert_int_equal(server_count(&server->written, "1 queue.declare gateway:D passive"), 1);
    assert_int_equal(server_count(&server->written, "1 queue.bind"), 0);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED"), 2);
    assert_int_equal(server_count(&server->written, "3 basic.consume"), 1);
    leave(server);
    server_answer(server);
    assert_int_equal(server_count(&server->events, LEFT), 1);
    nothing_more_happens(server);
}

static void on_request_nothing_is_declared(void **state)
{
    (void)state;
    sp_server *server = server_declaring(SPECTACLES_DECLARE_NOTHING);
    subscribe_both(server);
    server_ready(server);
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(server_count(&server->written, "1 exchange.declare"), 0);
        assert_int_equal(server_count(&server->written, "1 queue"), 0);
        assert_int_equal(server_count(&server->events, "SUBSCRIBED"), 2);
        assert_int_equal(server_count(&server->written, "3 basic.consume"), 1);
        server_eof(server);
        server->events.count = 0;
        server_ready(server);
    }
    nothing_more_happens(server);
}

static void what_is_not_there_is_said(void **state)
{
    (void)state;
    sp_server *server = server_declaring(SPECTACLES_DECLARE_PASSIVE);
    server_subscribe(server, "A", 10);
    server_handshake(server);
    server_method(server, 1, 20, 11, "T");
    server_method(server, 1, 20, 40, "wsww", N(404), "NOT_FOUND - no exchange 'gateway' in vhost '/'", N(40),
                  N(10));
    server_eof(server);
    assert_non_null(strstr(server_last(&server->events, "DISCONNECTED 0 404 -2"),
                           "exchange 'gateway' does not exist, and is not to be declared: create it (404"));
    assert_true(spectacles_stream_deadline(spectacles_broker_stream(server->broker)) >= server->now + 15000);
    server_handshake(server);
    server_method(server, 1, 20, 11, "T");
    server_method(server, 1, 40, 11, "");
    server_method(server, 1, 20, 40, "wsww", N(404), "NOT_FOUND - no queue 'gateway:A' in vhost '/'", N(50),
                  N(10));
    assert_non_null(strstr(server_last(&server->events, "UNSUBSCRIBED 0 404 -2"),
                           "queue 'gateway:A' does not exist, and is not to be declared"));
    server_free(server);

    server = server_declaring(SPECTACLES_DECLARE_NOTHING);
    server_ready(server);
    server_publish(server, "K", "x", 0);
    server_pull(server);
    server_method(server, 2, 20, 40, "wsww", N(404), "NOT_FOUND - no exchange 'gateway' in vhost '/'", N(60),
                  N(40));
    server_eof(server);
    /* Nobody will declare it: that may take a while. */
    assert_true(spectacles_stream_deadline(spectacles_broker_stream(server->broker)) >= server->now + 15000);
    server_free(server);
}

static void an_unknown_way_to_declare_is_refused(void **state)
{
    (void)state;
    spectacles_broker *broker = NULL;
    spectacles_problem problem;
    spectacles_broker_config config;
    server_config(&config);
    config.declare = 3;
    assert_int_equal(spectacles_broker_new(&broker, &config, &problem), SPECTACLES_E_INVAL);
    assert_non_null(strstr(problem.text, "SPECTACLES_DECLARE_PASSIVE"));
}

static void arguments_are_asked_for(void **state)
{
    (void)state;
    static const char expected[] = "\x0cx-queue-typeS\0\0\0\6quorum\x0cx-max-lengthI\0\0\0\7";
    char type[] = "quorum";
    spectacles_header arguments[] = {
        {.type = SPECTACLES_HEADER_TEXT,
         .key = "x-queue-type",
         .key_length = 12,
         .bytes = (const uint8_t *)type,
         .bytes_length = 6},
        {.type = SPECTACLES_HEADER_INTEGER, .key = "x-max-length", .key_length = 12, .integer = 7}};
    spectacles_subscription subscription;
    sp_server *server = server_new(NULL);
    spectacles_subscription_init(&subscription, sizeof subscription);
    subscription.event = "A";
    subscription.event_length = 1;
    subscription.arguments = arguments;
    subscription.argument_count = 2;
    assert_int_equal(spectacles_broker_subscribe(server->broker, &subscription), 0);
    memset(type, 'x', sizeof type - 1);
    for (int turn = 0; turn < 2; turn++) {
        server_ready(server);
        assert_int_equal(server->arguments_length, sizeof expected - 1);
        assert_memory_equal(server->arguments, expected, sizeof expected - 1);
        server_eof(server);
    }
    arguments[0].key_length = 256;
    assert_int_equal(spectacles_broker_subscribe(server->broker, &subscription), SPECTACLES_E_INVAL);
    server_free(server);
}

/* Asks for the queue A with an argument, and perhaps a type of its own. */
static void subscribe_to_limited(sp_server *server, const char *type)
{
    spectacles_header arguments[2] = {
        {.type = SPECTACLES_HEADER_INTEGER, .key = "x-max-length", .key_length = 12, .integer = 7},
        {.type = SPECTACLES_HEADER_TEXT,
         .key = "x-queue-type",
         .key_length = 12,
         .bytes = (const uint8_t *)type}};
    spectacles_subscription subscription;
    spectacles_subscription_init(&subscription, sizeof subscription);
    subscription.event = "A";
    subscription.event_length = 1;
    subscription.arguments = arguments;
    subscription.argument_count = type ? 2 : 1;
    arguments[1].bytes_length = type ? strlen(type) : 0;
    assert_int_equal(spectacles_broker_subscribe(server->broker, &subscription), 0);
    server_ready(server);
}

static void a_queue_has_the_type_of_the_configuration_unless_it_has_its_own(void **state)
{
    (void)state;
    static const char quorum[] = "\x0cx-queue-typeS\0\0\0\6quorum\x0cx-max-lengthI\0\0\0\7";
    static const char classic[] = "\x0cx-max-lengthI\0\0\0\7\x0cx-queue-typeS\0\0\0\7classic";
    spectacles_broker_config config;
    server_config(&config);
    config.queue_type = SPECTACLES_QUEUE_QUORUM;
    sp_server *server = server_new(&config);
    subscribe_to_limited(server, NULL);
    assert_int_equal(server->arguments_length, sizeof quorum - 1);
    assert_memory_equal(server->arguments, quorum, sizeof quorum - 1);
    server_free(server);
    server = server_new(&config);
    subscribe_to_limited(server, "classic");
    assert_int_equal(server->arguments_length, sizeof classic - 1);
    assert_memory_equal(server->arguments, classic, sizeof classic - 1);
    server_free(server);
}

static void a_type_of_queue_that_nobody_knows_is_refused(void **state)
{
    (void)state;
    spectacles_problem problem;
    spectacles_broker *broker = NULL;
    spectacles_broker_config config;
    server_config(&config);
    config.queue_type = SPECTACLES_QUEUE_QUORUM + 1;
    assert_int_equal(spectacles_broker_new(&broker, &config, &problem), SPECTACLES_E_INVAL);
    assert_non_null(strstr(problem.text, "queue_type"));
}

static void all_orders_of_urls_occur(void **state)
{
    (void)state;
    static const char *const urls[] = {"amqp://one", "amqp://two", "amqp://three"};
    unsigned seen = 0;
    for (uint64_t seed = 1; seed < 200; seed++) {
        spectacles_broker_config config;
        server_config(&config);
        config.urls = urls;
        config.url_count = 3;
        config.seed = seed;
        sp_server *server = server_new(&config);
        unsigned order = 0;
        for (int i = 0; i < 2; i++) {
            server_open(server);
            const char *host = spectacles_stream_endpoint(spectacles_broker_stream(server->broker))->host;
            order = order * 3 + (strcmp(host, "one") == 0 ? 0 : strcmp(host, "two") == 0 ? 1 : 2);
            server_eof(server);
        }
        seen |= 1u << order;
        server_free(server);
    }
    assert_int_equal(seen, 1u << 1 | 1u << 2 | 1u << 3 | 1u << 5 | 1u << 6 | 1u << 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_up_to_one_are_acknowledged),
        cmocka_unit_test(all_of_an_old_channel_are_none),
        cmocka_unit_test(an_acknowledgement_that_was_written_out_is_not_changed),
        cmocka_unit_test(a_subscription_ends),
        cmocka_unit_test(and_begins_again),
        cmocka_unit_test(wanted_again_and_then_not),
        cmocka_unit_test(it_may_end_at_any_time),
        cmocka_unit_test(it_may_end_while_it_is_set_up),
        cmocka_unit_test(a_refused_queue_that_is_left),
        cmocka_unit_test(places_are_used_again),
        cmocka_unit_test(a_number_is_not_given_anew_before_its_end_is_told),
        cmocka_unit_test(cancel_ok_has_its_place),
        cmocka_unit_test(a_queue_that_is_only_declared_ends_at_once),
        cmocka_unit_test(passively_nothing_is_made),
        cmocka_unit_test(on_request_nothing_is_declared),
        cmocka_unit_test(what_is_not_there_is_said),
        cmocka_unit_test(an_unknown_way_to_declare_is_refused),
        cmocka_unit_test(arguments_are_asked_for),
        cmocka_unit_test(a_queue_has_the_type_of_the_configuration_unless_it_has_its_own),
        cmocka_unit_test(a_type_of_queue_that_nobody_knows_is_refused),
        cmocka_unit_test(all_orders_of_urls_occur),
    };
    return cmocka_run_group_tests_name("broker/subscriptions", tests, NULL, NULL);
}
