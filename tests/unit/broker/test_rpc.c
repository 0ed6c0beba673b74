/* How many calls there can be, what becomes of them at the end, and calls and replies that are refused. */
#include "server.h"

#include <stdio.h>

#define N(value) ((uint64_t)(value))
#define LISTENS "2 basic.consume amq.rabbitmq.reply-to replies"

/* ---- The window, and the end ---- */

static void calls_are_bounded(void **state)
{
    (void)state;
    spectacles_broker_config config;
    server_config(&config);
    config.window_count = 4;
    sp_server *server = server_new(&config);
    server_ready(server);
    for (int i = 0; i < 4; i++)
        assert_int_equal(server_call(server, "ADD", 100000), i + 1);
    assert_int_equal(server_publish(server, "K", "x", 0), SPECTACLES_E_AGAIN);
    server_pull(server);
    server_answer(server);
    server_ack(server, 4, 1);
    assert_int_equal(server_count(&server->events, "ROOM"), 1);
    assert_int_equal(server_publish(server, "K", "x", 0), 5);
    server_pull(server);
    server_ack(server, 5, 1);
    assert_int_equal(server_call(server, "ADD", 100000), SPECTACLES_E_AGAIN);
    server_reply(server, "1", "x");
    assert_int_equal(server_count(&server->events, "ROOM"), 1);
    server_reply(server, "3", "x");
    assert_int_equal(server_count(&server->events, "ROOM"), 2);
    assert_int_equal(server_call(server, "ADD", 100000), 6);
    server_free(server);
}

/* One that is never answered costs nothing but its own place. */
static void a_call_that_waits_keeps_no_other(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    server_call(server, "SLOW", 1000000);
    for (int i = 2; i < 1000; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        assert_int_equal(server_call(server, "ADD", 100000), i);
        server_pull(server);
        server_answer(server);
        server_ack(server, N(i), 1);
        server_reply(server, id, "x");
        assert_int_equal(server_count(&server->events, "REPLY"), 1);
        server->events.count = 0;
        server_forget(server);
    }
    server_reply(server, "1", "at last");
    assert_int_equal(server_count(&server->events, "REPLY 1 "), 1);
    server_end_calls(server);
}

static void closing_waits_for_replies(void **state)
{
    (void)state;
    for (int answered = 0; answered < 2; answered++) {
        sp_server *server = server_new(NULL);
        server_ready(server);
        server_call(server, "ADD", 100000);
        server_pull(server);
        server_answer(server);
        server_ack(server, 1, 0);
        spectacles_broker_close(server->broker, server->now);
        assert_int_equal(server_call(server, "ADD", 1000), SPECTACLES_E_STATE);
        assert_int_equal(server_count(&server->written, "0 connection.close"), 0);
        if (answered)
            server_reply(server, "1", "x");
        else
            server_wait(server, 5000);
        assert_int_equal(server_count(&server->written, "0 connection.close 200"), 1);
        server_method(server, 0, 10, 51, "");
        assert_int_equal(server_count(&server->events, "CALL_FAILED"), !answered);
        assert_int_equal(server_count(&server->events, "CALL_FAILED 1 5"), !answered);
        assert_int_equal(strncmp(server->events.line[server->events.count - 1], "CLOSED", 6), 0);
        server_end_calls(server);
    }
}

static void closed_without_a_connection(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_call(server, "ADD", 100000);
    server_pull(server);
    spectacles_broker_close(server->broker, server->now);
    server_wait(server, 5000);
    assert_int_equal(server_count(&server->events, "CALL_FAILED 1 5"), 1);
    assert_int_equal(strncmp(server->events.line[server->events.count - 1], "CLOSED", 6), 0);
    server_end_calls(server);
}

/* ---- Wrong uses ---- */

static void wrong_calls_are_refused(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    assert_int_equal(spectacles_broker_call(server->broker, &message, 0, 0, NULL), SPECTACLES_E_INVAL);
    message.reply_to = "mine";
    assert_int_equal(spectacles_broker_call(server->broker, &message, 1, 0, NULL), SPECTACLES_E_INVAL);
    message.reply_to = NULL;
    message.correlation_id = "mine";
    assert_int_equal(spectacles_broker_call(server->broker, &message, 1, 0, NULL), SPECTACLES_E_INVAL);
    message.correlation_id = NULL;
    message.reply_to = "amq.rabbitmq.reply-to";
    assert_int_equal(spectacles_broker_publish(server->broker, &message, NULL), SPECTACLES_E_INVAL);
    server_free(server);
}

static void replies_go_where_they_were_asked_for(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    spectacles_message message;
    uint64_t tag;
    spectacles_message_init(&message, sizeof message);
    server_ready(server);
    assert_int_equal(spectacles_broker_reply(server->broker, NULL, "1", &message, &tag), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_broker_reply(server->broker, "", "1", &message, &tag), SPECTACLES_E_INVAL);
    message.flags = SPECTACLES_MESSAGE_MANDATORY;
    assert_int_equal(spectacles_broker_reply(server->broker, "r", "1", &message, &tag), SPECTACLES_E_INVAL);
    message.flags = 0;
    message.exchange = "x";
    assert_int_equal(spectacles_broker_reply(server->broker, "r", "1", &message, &tag), SPECTACLES_E_INVAL);
    message.exchange = NULL;
    assert_int_equal(spectacles_broker_reply(server->broker, "amq.gen-1", "17", &message, &tag),
                     SPECTACLES_OK);
    server_pull(server);
    assert_int_equal(server_count(&server->written, "2 basic.publish amq.gen-1"), 1);
    assert_true(server_header_holds(server, "\1\2"
                                            "17"));
    server_ack(server, 1, 0);
    assert_int_equal(server_count(&server->events, "CONFIRMED 1"), 1);
    server_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_bounded),         cmocka_unit_test(a_call_that_waits_keeps_no_other),
        cmocka_unit_test(closing_waits_for_replies), cmocka_unit_test(closed_without_a_connection),
        cmocka_unit_test(wrong_calls_are_refused),   cmocka_unit_test(replies_go_where_they_were_asked_for),
    };
    return cmocka_run_group_tests_name("broker/rpc", tests, NULL, NULL);
}
