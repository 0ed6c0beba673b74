/*
 * A queue that may not be consumed: it is tried again on the channel for declaring, where a refusal hurts nobody who
 * consumes.
 */
#include "server.h"

#include <stdio.h>

#define N(value) ((uint64_t)(value))
#define RETRY 30000

static void refuse(sp_server *server, int channel, const char *queue)
{
    char text[128];
    snprintf(text, sizeof text, "ACCESS_REFUSED - queue '%s' in vhost '/' in exclusive use", queue);
    server_method(server, channel, 20, 40, "wsww", N(403), text, N(60), N(20));
}

static void subscribe(sp_server *server, const char *event)
{
    server_subscribe(server, event, 10);
    server_pull(server);
}

/* The queue is declared and bound, and then asked to be consumed. */
static void answer_declare(sp_server *server, const char *queue)
{
    server_method(server, 1, 50, 11, "sll", queue, N(0), N(0));
    server_method(server, 1, 50, 21, "");
}

/* A is consumed, B was refused, and it is time to try B again: its declaration is answered. */
static sp_server *server_trying(void)
{
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 10);
    server_ready(server);
    subscribe(server, "B");
    answer_declare(server, "gateway:B");
    server_forget(server);
    refuse(server, 3, "gateway:B");
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED 1 403 -10"), 1);
    server_answer(server);
    server_answer(server);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 0"), 2);
    server_forget(server);
    server->events.count = 0;
    server_wait(server, RETRY);
    answer_declare(server, "gateway:B");
    assert_string_equal(server_last(&server->written, "1 basic.qos"), "1 basic.qos 1");
    assert_string_equal(server_last(&server->written, "1 basic.consume"), "1 basic.consume gateway:B trial");
    assert_int_equal(server_count(&server->written, "3 "), 0);
    return server;
}

static void ends_well(sp_server *server)
{
    server_pull(server);
    assert_int_equal(server_count(&server->events, "DISCONNECTED"), 0);
    assert_int_equal(spectacles_broker_state(server->broker), SPECTACLES_BROKER_READY);
    server_free(server);
}

static void a_refusal_hurts_nobody_who_consumes(void **state)
{
    (void)state;
    sp_server *server = server_trying();
    server_deliver(server, 1, "s0.1", "A", "held", 10);
    uint64_t held = server->delivery;
    for (int turn = 1; turn < 4; turn++) {
        refuse(server, 1, "gateway:B");
        assert_int_equal(server_count(&server->events, "UNSUBSCRIBED 1 403 -10"), turn);
        assert_int_equal(spectacles_broker_holds(server->broker, held), 1);
        server_forget(server);
        server_method(server, 1, 20, 11, "T");
        server_wait(server, RETRY);
        answer_declare(server, "gateway:B");
        assert_int_equal(server_count(&server->written, "1 basic.consume gateway:B trial"), 1);
    }
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED 0"), 0);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED"), 0);
    assert_int_equal(spectacles_broker_ack(server->broker, held), 1);
    ends_well(server);
}

/* A message that comes to the trial is told to nobody: it goes back when the channel is closed. */
static void deliver_to_trial(sp_server *server)
{
    server_method(server, 1, 60, 60, "sqbss", "trial", N(1), N(0), "gateway", "B");
    server_frame(server, 2, 1, "\0\x3c\0\0\0\0\0\0\0\0\0\1\0\0", 14);
    server_frame(server, 3, 1, "x", 1);
}

static void what_may_be_consumed_again_is(void **state)
{
    (void)state;
    sp_server *server = server_trying();
    server_deliver(server, 1, "s0.1", "A", "held", 10);
    server_method(server, 1, 60, 11, "");
    deliver_to_trial(server);
    server_method(server, 1, 60, 21, "s", "trial");
    assert_int_equal(server_count(&server->written, "1 channel.close"), 1);
    deliver_to_trial(server);
    assert_string_equal(server_last(&server->written, "3 basic.consume"), "3 basic.consume gateway:B s1.1");
    server_method(server, 3, 60, 21, "s", "s1.1");
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 1"), 1);
    assert_int_equal(server_count(&server->events, "MESSAGE"), 1);
    server_method(server, 3, 60, 11, "");
    server_method(server, 1, 20, 41, "");
    assert_int_equal(server_count(&server->written, "1 channel.open"), 1);
    server_method(server, 1, 20, 11, "T");
    server_deliver(server, 2, "s1.1", "B", "x", 10);
    assert_int_equal(server_count(&server->events, "MESSAGE 1 B"), 1);
    assert_int_equal(spectacles_broker_holds(server->broker, server->delivery), 1);
    /* It is not tried again after it was consumed: not on the next connection either. */
    server_eof(server);
    server->events.count = 0;
    server_ready(server);
    assert_int_equal(server_count(&server->written, "1 basic"), 0);
    ends_well(server);
}

static void what_is_declared_meanwhile_waits(void **state)
{
    (void)state;
    sp_server *server = server_trying();
    server_forget(server);
    subscribe(server, "C");
    assert_int_equal(server_count(&server->written, "1 queue.declare"), 0);
    server_method(server, 1, 60, 21, "s", "trial");
    subscribe(server, "D");
    assert_int_equal(server_count(&server->written, "1 queue.declare"), 0);
    server_method(server, 1, 20, 41, "");
    server_method(server, 1, 20, 11, "T");
    assert_int_equal(server_count(&server->written, "1 queue.declare gateway:C"), 1);
    assert_int_equal(server_count(&server->written, "1 queue.declare gateway:D"), 1);
    ends_well(server);
}

static void one_after_the_other(void **state)
{
    (void)state;
    sp_server *server = server_trying();
    subscribe(server, "C");
    refuse(server, 1, "gateway:B");
    server_method(server, 1, 20, 11, "T");
    answer_declare(server, "gateway:C");
    server_forget(server);
    refuse(server, 3, "gateway:C");
    server_answer(server);
    server_forget(server);
    server->events.count = 0;
    server_wait(server, RETRY);
    assert_int_equal(server_count(&server->written, "1 queue.declare"), 2);
    answer_declare(server, "gateway:B");
    assert_int_equal(server_count(&server->written, "1 basic.consume"), 0);
    answer_declare(server, "gateway:C");
    assert_int_equal(server_count(&server->written, "1 basic.consume"), 1);
    server_method(server, 1, 60, 21, "s", "trial");
    assert_int_equal(server_count(&server->written, "1 basic.consume"), 1);
    server_method(server, 1, 20, 41, "");
    server_method(server, 1, 20, 11, "T");
    assert_string_equal(server_last(&server->written, "1 basic.consume"), "1 basic.consume gateway:C trial");
    refuse(server, 1, "gateway:C");
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED 2 403"), 1);
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED 1 403"), 0);
    ends_well(server);
}

/* Left in mid-trial: whatever the answer is, it has ended, and its queue is not consumed. */
static void it_may_be_left_meanwhile(void **state)
{
    (void)state;
    for (int refused = 0; refused < 2; refused++) {
        sp_server *server = server_trying();
        assert_int_equal(spectacles_broker_unsubscribe(server->broker, 1), 0);
        server_pull(server);
        assert_int_equal(server_count(&server->events, "UNSUBSCRIBED 1"), 0);
        if (refused)
            refuse(server, 1, "gateway:B");
        else
            server_method(server, 1, 60, 21, "s", "trial");
        assert_non_null(strstr(server_last(&server->events, "UNSUBSCRIBED 1"), "as was asked for"));
        if (!refused)
            server_method(server, 1, 20, 41, "");
        server_method(server, 1, 20, 11, "T");
        server_wait(server, RETRY);
        assert_int_equal(server_count(&server->written, "3 basic.consume"), 0);
        ends_well(server);
    }
}

/* Both close the channel at once. */
static void the_broker_may_close_too(void **state)
{
    (void)state;
    sp_server *server = server_trying();
    server_method(server, 1, 60, 21, "s", "trial");
    server_forget(server);
    server_method(server, 1, 20, 40, "wsww", N(541), "INTERNAL_ERROR", N(0), N(0));
    assert_string_equal(server->written.line[0], "1 channel.close-ok");
    assert_string_equal(server->written.line[1], "1 channel.open");
    server_method(server, 1, 20, 41, "");
    server_method(server, 1, 20, 11, "T");
    server_forget(server);
    subscribe(server, "C");
    assert_int_equal(server_count(&server->written, "1 queue.declare gateway:C"), 1);
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED 1"), 0);
    ends_well(server);
}

/* A queue that was refused is doubtful on the next connection too: there the others are consumed at once. */
static void the_next_connection_tries_it_first(void **state)
{
    (void)state;
    sp_server *server = server_trying();
    server_eof(server);
    server->events.count = 0;
    server_handshake(server);
    for (int channel = 1; channel < 4; channel++)
        server_method(server, channel, 20, 11, "T");
    server_method(server, 2, 85, 11, "");
    server_method(server, 1, 40, 11, "");
    answer_declare(server, "gateway:A");
    answer_declare(server, "gateway:B");
    assert_int_equal(server_count(&server->written, "3 basic.consume"), 1);
    server_method(server, 3, 60, 21, "s", "s0.1");
    server_method(server, 3, 60, 11, "");
    assert_int_equal(server_count(&server->written, "1 basic.consume gateway:B trial"), 1);
    assert_int_equal(server_count(&server->events, "READY"), 0);
    refuse(server, 1, "gateway:B");
    assert_int_equal(server_count(&server->events, "READY"), 1);
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED 1 403"), 1);
    server_method(server, 1, 20, 11, "T");
    ends_well(server);
}

/* With nothing declared, what is not there is noticed by the consume. */
static void what_is_not_there_hurts_nobody_either(void **state)
{
    (void)state;
    spectacles_broker_config config;
    server_config(&config);
    config.declare = SPECTACLES_DECLARE_NOTHING;
    sp_server *server = server_new(&config);
    server_subscribe(server, "A", 10);
    server_subscribe(server, "B", 10);
    server_handshake(server);
    for (int channel = 1; channel < 4; channel++)
        server_method(server, channel, 20, 11, "T");
    server_method(server, 2, 85, 11, "");
    server_method(server, 3, 20, 40, "wsww", N(404), "NOT_FOUND - no queue 'gateway:B' in vhost '/'", N(60),
                  N(20));
    server_forget(server);
    server_method(server, 3, 20, 11, "T");
    assert_int_equal(server_count(&server->written, "3 basic.consume"), 1);
    server_method(server, 3, 60, 21, "s", "s0.1");
    server_method(server, 3, 60, 11, "");
    assert_int_equal(server_count(&server->events, "READY"), 1);
    server_wait(server, RETRY);
    assert_int_equal(server_count(&server->written, "1 basic.consume gateway:B trial"), 1);
    server_method(server, 1, 20, 40, "wsww", N(404), "NOT_FOUND - no queue 'gateway:B' in vhost '/'", N(60),
                  N(20));
    assert_non_null(
        strstr(server_last(&server->events, "UNSUBSCRIBED 1 404 -2"), "does not exist, and is not to be"));
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED 0"), 0);
    server_method(server, 1, 20, 11, "T");
    ends_well(server);
}

static void nothing_else_has_a_place_in_a_trial(void **state)
{
    (void)state;
    for (int closing = 0; closing < 2; closing++) {
        sp_server *server = server_trying();
        if (closing)
            server_method(server, 1, 60, 21, "s", "trial");
        server_method(server, 1, 50, 21, "");
        assert_int_equal(server_count(&server->written, "0 connection.close 503"), closing ? 0 : 1);
        server_free(server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_hurts_nobody_who_consumes),
        cmocka_unit_test(what_may_be_consumed_again_is),
        cmocka_unit_test(what_is_declared_meanwhile_waits),
        cmocka_unit_test(one_after_the_other),
        cmocka_unit_test(it_may_be_left_meanwhile),
        cmocka_unit_test(the_broker_may_close_too),
        cmocka_unit_test(the_next_connection_tries_it_first),
        cmocka_unit_test(what_is_not_there_hurts_nobody_either),
        cmocka_unit_test(nothing_else_has_a_place_in_a_trial),
    };
    return cmocka_run_group_tests_name("broker/trial", tests, NULL, NULL);
}
