/* Calls and replies: each call ends once, whatever happens to it. */
#include "server.h"

#include <stdio.h>

#define N(value) ((uint64_t)(value))
#define LISTENS "2 basic.consume amq.rabbitmq.reply-to replies"

static spectacles_broker_stats stats_of(const sp_server *server)
{
    spectacles_broker_stats stats = {.size = sizeof stats};
    assert_int_equal(spectacles_broker_get_stats(server->broker, &stats), SPECTACLES_OK);
    return stats;
}

static void ask_and_answer(sp_server *server)
{
    assert_int_equal(server_call(server, "early", 5000), 1);
    server_ready(server);
    assert_int_equal(server_publish(server, "K", "x", 0), 2);
    assert_int_equal(server_call(server, "ADD", 5000), 3);
    server_pull(server);
    server_reply(server, "3", "three");
    server_ack(server, 3, 1);
    server_reply(server, "1", "");
}

static void a_call_is_answered(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    ask_and_answer(server);
    assert_string_equal(server_last(&server->events, "REPLY 3"), "REPLY 3 text/plain three");
    assert_string_equal(server_last(&server->events, "REPLY 1"), "REPLY 1 text/plain ");
    assert_int_equal(server_count(&server->events, "CONFIRMED"), 1);
    assert_int_equal(server_count(&server->written, LISTENS), 1);
    assert_int_equal(stats_of(server).calls, 2);
    assert_int_equal(stats_of(server).replies, 2);
    assert_int_equal(stats_of(server).published, 1);
    server_end_calls(server);
}

/* Section "Direct Reply-to" of RabbitMQ's documentation, and interop.md rule 8. */
static void a_request_says_where_to_reply(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    assert_int_equal(server_count(&server->written, LISTENS), 0);
    server_call(server, "ADD", 2500);
    server_pull(server);
    assert_string_equal(server->written.line[server->written.count - 4], LISTENS);
    assert_string_equal(server->written.line[server->written.count - 3], "2 basic.publish ADD");
    /* content-type, headers, delivery-mode, correlation-id, reply-to, expiration */
    assert_memory_equal(server->header + 12, "\xb7\0", 2);
    assert_true(server_header_holds(server, "\1\1"
                                            "1\x15"
                                            "amq.rabbitmq.reply-to\4"
                                            "2500")); /* delivery-mode 1 */
    server_free(server);
}

static void listening_comes_before_the_request(void **state)
{
    (void)state;
    static const uint8_t body[5000] = {0};
    const uint8_t *bytes;
    spectacles_message message;
    sp_server *server = server_new(NULL);
    server_ready(server);
    spectacles_message_init(&message, sizeof message);
    message.body = body;
    message.body_length = sizeof body;
    spectacles_broker_publish(server->broker, &message, NULL);
    assert_true(spectacles_stream_pending(spectacles_broker_stream(server->broker), &bytes) > 1000);
    memcpy(server->input, bytes, 1000);
    server->input_length = 1000;
    spectacles_stream_consumed(spectacles_broker_stream(server->broker), 1000);
    server_forget(server);
    server_call(server, "ADD", 2500);
    server_pull(server);
    assert_string_equal(server->written.line[3], LISTENS);
    assert_string_equal(server->written.line[4], "2 basic.publish ADD");
    server_free(server);
}

static void byte_by_byte_is_the_same(void **state)
{
    (void)state;
    sp_server *whole = server_new(NULL);
    ask_and_answer(whole);
    for (size_t cut = 1; cut < whole->fed; cut++) {
        sp_server *server = server_new(NULL);
        server->cut = cut;
        ask_and_answer(server);
        assert_int_equal(server->events.count, whole->events.count);
        for (int i = 0; i < whole->events.count; i++)
            assert_string_equal(server->events.line[i], whole->events.line[i]);
        server_free(server);
    }
    server_free(whole);
}

static void replies_to_nobody_are_counted(void **state)
{
    (void)state;
    static const char *const ids[] = {"2", "0", "", "x", "01x", "18446744073709551617", "-1", "1", "1"};
    sp_server *server = server_new(NULL);
    server_ready(server);
    server_call(server, "ADD", 100);
    server_pull(server);
    server_answer(server);
    for (size_t i = 0; i < 7; i++)
        server_reply(server, ids[i], "x");
    assert_int_equal(server_count(&server->events, "REPLY"), 0);
    server_reply(server, "1", "x");
    server_reply(server, "1", "again");
    assert_int_equal(server_count(&server->events, "REPLY"), 1);
    assert_int_equal(stats_of(server).replies_ignored, 8);
    assert_int_equal(server_count(&server->events, "DISCONNECTED"), 0);
    server_end_calls(server);
}

/* ---- Time ---- */

static void a_call_ends_with_its_timeout(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    uint64_t start = server->now;
    server_call(server, "SLOW", 700);
    server_call(server, "FAST", 300);
    server_pull(server);
    server_answer(server);
    assert_int_equal(spectacles_stream_deadline(spectacles_broker_stream(server->broker)), start + 300);
    server_wait(server, 299);
    assert_int_equal(server_count(&server->events, "CALL_FAILED"), 0);
    server_wait(server, 1);
    assert_string_equal(server_last(&server->events, "CALL_FAILED"),
                        "CALL_FAILED 2 1 0 nobody has replied to the call in time");
    assert_int_equal(spectacles_stream_deadline(spectacles_broker_stream(server->broker)), start + 700);
    server_reply(server, "2", "too late");
    assert_int_equal(server_count(&server->events, "REPLY"), 0);
    server_wait(server, 400);
    assert_int_equal(server_count(&server->events, "CALL_FAILED 1 1"), 1);
    server_ack(server, 2, 1);
    assert_int_equal(stats_of(server).unconfirmed, 0);
    server_end_calls(server);
}

static void what_arrived_in_time_is_no_timeout(void **state)
{
    (void)state;
    /* basic.deliver to "replies", a content header with the correlation-id 1, a body "x" */
    static const char reply[] = "\1\0\2\0\0\0\x17\0\x3c\0\x3c\7replies\0\0\0\0\0\0\0\1\0\0\0\xce"
                                "\2\0\2\0\0\0\x10\0\x3c\0\0\0\0\0\0\0\0\0\1\4\0\1"
                                "1\xce"
                                "\3\0\2\0\0\0\1x\xce";
    union {
        const char *chars;
        const uint8_t *bytes;
    } fed = {reply};
    sp_server *server = server_new(NULL);
    server_ready(server);
    server_call(server, "ADD", 100);
    server_pull(server);
    server_answer(server);
    spectacles_stream_feed(spectacles_broker_stream(server->broker), fed.bytes, sizeof reply - 1,
                           server->now);
    server->now += 200;
    spectacles_stream_expire(spectacles_broker_stream(server->broker), server->now);
    /* It does not want to be woken again and again until its owner pulls. */
    assert_true(spectacles_stream_deadline(spectacles_broker_stream(server->broker)) > server->now);
    server_pull(server);
    assert_string_equal(server_last(&server->events, "REPLY 1"), "REPLY 1 - x");
    server_call(server, "ADD", 100);
    server->now += 200;
    server_pull(server);
    assert_int_equal(server_count(&server->events, "CALL_FAILED 2 1"), 1);
    server_end_calls(server);
}

static void what_nobody_waits_for_is_not_sent(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_publish(server, "BEFORE", "x", 0);
    server_call(server, "FIRST", 100);
    server_call(server, "SECOND", 100000);
    server_publish(server, "AFTER", "x", 0);
    server_wait(server, 100);
    assert_int_equal(server_count(&server->events, "CALL_FAILED 2 1"), 1);
    server_ready(server);
    server_pull(server);
    assert_int_equal(server_count(&server->written, "2 basic.publish"), 3);
    assert_int_equal(server_count(&server->written, "2 basic.publish FIRST"), 0);
    server_ack(server, 3, 1);
    assert_int_equal(server_count(&server->events, "CONFIRMED"), 2);
    server_reply(server, "3", "x");
    server_end_calls(server);
}

static void each_call_may_be_withdrawn(void **state)
{
    (void)state;
    for (int which = 0; which < 6; which++) {
        sp_server *server = server_new(NULL);
        for (int i = 0; i < 6; i++)
            server_call(server, i == which ? "LATE" : "ADD", i == which ? 100 : 100000);
        server_wait(server, 100);
        server_ready(server);
        server_pull(server);
        assert_int_equal(server_count(&server->written, "2 basic.publish ADD"), 5);
        assert_int_equal(server_count(&server->written, "2 basic.publish LATE"), 0);
        server_ack(server, 5, 1);
        assert_int_equal(stats_of(server).unconfirmed, 0);
        server_free(server);
    }
}

/* A request that the broker did not take is sent once more, while somebody waits. */
static void a_nacked_request_is_sent_again(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    server_call(server, "LATE", 100);
    server_call(server, "LATER", 400);
    server_call(server, "ADD", 100000);
    server_pull(server);
    server_answer(server);
    server_wait(server, 100);
    assert_int_equal(server_count(&server->events, "CALL_FAILED 1 1"), 1);
    server_forget(server);
    server_method(server, 2, 60, 120, "qb", N(3), N(1));
    server_wait(server, 500);
    assert_int_equal(server_count(&server->events, "CALL_FAILED 2 1"), 1);
    assert_int_equal(server_count(&server->written, "2 basic.publish"), 1);
    assert_int_equal(server_count(&server->written, "2 basic.publish ADD"), 1);
    server_ack(server, 4, 1);
    assert_int_equal(stats_of(server).unconfirmed, 0);
    server_reply(server, "3", "x");
    assert_int_equal(server_count(&server->events, "REPLY 3"), 1);
    server_end_calls(server);
}

/* Through an exchange that does not exist. */
static void call_elsewhere(sp_server *server, uint32_t timeout)
{
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    message.exchange = "elsewhere";
    assert_int_equal(spectacles_broker_call(server->broker, &message, timeout, server->now, NULL), 0);
}

/* The broker refuses it when nobody waits any more: that ends nothing but the channel. */
static void a_call_that_is_over_may_be_refused(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    call_elsewhere(server, 10);
    server_pull(server);
    server_answer(server);
    server_wait(server, 10);
    server_method(server, 2, 20, 40, "wsww", N(404), "NOT_FOUND - no exchange 'elsewhere' in vhost '/'",
                  N(60), N(40));
    assert_int_equal(server_count(&server->events, "CALL_FAILED"), 1);
    assert_int_equal(spectacles_broker_state(server->broker), SPECTACLES_BROKER_READY);
    server_end_calls(server);
}

/* ---- What can go wrong ---- */

static void return_request(sp_server *server, uint64_t tag)
{
    uint8_t header[64];
    server_method(server, 2, 60, 50, "wsss", N(312), "NO_ROUTE", "gateway", "ADD");
    memcpy(header, "\0\x3c\0\0\0\0\0\0\0\0\0\x01\x20\0\0\0\0\x18\x0espectacles-tagl\0\0\0\0\0\0\0", 41);
    header[41] = (uint8_t)tag;
    server_frame(server, 2, 2, header, 42);
    server_frame(server, 3, 2, "x", 1);
}

static void an_unroutable_call_ends_at_once(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    server_call(server, "ADD", 100);
    server_call(server, "ADD", 100);
    server_pull(server);
    server_answer(server);
    return_request(server, 1);
    return_request(server, 1);
    server_ack(server, 1, 0);
    assert_string_equal(server_last(&server->events, "CALL_FAILED"),
                        "CALL_FAILED 1 2 312 no queue takes the call (312 NO_ROUTE)");
    assert_int_equal(server_count(&server->events, "CALL_FAILED"), 1);
    server_wait(server, 100);
    return_request(server, 2);
    assert_int_equal(server_count(&server->events, "CALL_FAILED 2"), 1);
    assert_int_equal(server_count(&server->events, "RETURNED") + server_count(&server->events, "CONFIRMED"),
                     0);
    assert_int_equal(stats_of(server).returned, 0);
    server_end_calls(server);
}

static void calls_that_were_sent_are_lost_with_the_connection(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    server_call(server, "CONFIRMED", 100000);
    server_call(server, "SENT", 100000);
    server_pull(server);
    server_answer(server);
    server_ack(server, 1, 0);
    server_call(server, "HELD", 100000);
    spectacles_stream_eof(spectacles_broker_stream(server->broker), 0, NULL, 0, server->now);
    server_pull(server);
    assert_int_equal(server_count(&server->events, "CALL_FAILED 1 4"), 1);
    assert_int_equal(server_count(&server->events, "CALL_FAILED 2 4"), 1);
    assert_int_equal(server_count(&server->events, "CALL_FAILED"), 2);
    server_ready(server);
    server_pull(server);
    assert_int_equal(server_count(&server->written, LISTENS), 1);
    assert_int_equal(server_count(&server->written, "2 basic.publish"), 1);
    assert_int_equal(server_count(&server->written, "2 basic.publish HELD"), 1);
    assert_int_equal(stats_of(server).republished, 0);
    server_answer(server);
    server_reply(server, "2", "from before");
    server_reply(server, "3", "x");
    assert_int_equal(server_count(&server->events, "REPLY"), 1);
    server_ack(server, 1, 0);
    server_end_calls(server);
}

static void a_refused_call_fails_and_the_others_are_lost(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    call_elsewhere(server, 100000);
    server_call(server, "SENT", 100000);
    server_publish(server, "K", "x", 0);
    server_pull(server);
    server_answer(server);
    server_forget(server);
    server_method(server, 2, 20, 40, "wsww", N(404), "NOT_FOUND - no exchange 'elsewhere' in vhost '/'",
                  N(60), N(40));
    assert_int_equal(
        server_count(&server->events, "CALL_FAILED 1 3 404 the broker does not take the call (404"), 1);
    assert_int_equal(server_count(&server->events, "CALL_FAILED 2 4"), 1);
    assert_int_equal(server_count(&server->events, "FAILED"), 0);
    server_answer(server);
    server_pull(server);
    assert_int_equal(server_count(&server->written, LISTENS), 1);
    assert_int_equal(server_count(&server->written, "2 basic.publish"), 1);
    server_ack(server, 1, 0);
    assert_int_equal(server_count(&server->events, "CONFIRMED 3"), 1);
    assert_int_equal(server_count(&server->events, "DISCONNECTED"), 0);
    server_end_calls(server);
}

static void a_broker_without_direct_replies_says_so(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    server_publish(server, "K", "x", 0);
    for (int turn = 1; turn <= 2; turn++) {
        server_call(server, "SENT", 100000);
        server_pull(server);
        server_call(server, "HELD", 100000);
        server_method(server, 2, 20, 40, "wsww", N(404), "NOT_FOUND - no queue 'amq.rabbitmq.reply-to'",
                      N(60), N(20));
        assert_int_equal(server_count(&server->events, "CALL_FAILED"), 2 * turn);
        server_forget(server);
        server_answer(server);
        server_method(server, 2, 20, 11, "T");
        server_method(server, 2, 85, 11, "");
        assert_int_equal(server_count(&server->written, LISTENS), 0);
        assert_int_equal(server_count(&server->written, "2 basic.publish"), 1);
    }
    assert_int_equal(server_count(&server->events, "CALL_FAILED 2 3"), 1);
    assert_int_equal(server_count(&server->events, "DISCONNECTED"), 0);
    server_end_calls(server);
}

static void a_reply_that_is_too_large_fails_one_call(void **state)
{
    (void)state;
    spectacles_broker_config config;
    server_config(&config);
    config.max_message = 10;
    sp_server *server = server_new(&config);
    server_ready(server);
    server_call(server, "ADD", 1000);
    server_call(server, "ADD", 1000);
    server_pull(server);
    server_answer(server);
    server_reply(server, "1", "more than ten bytes");
    server_reply(server, "2", "fits");
    assert_int_equal(server_count(&server->events, "CALL_FAILED 1 6"), 1);
    assert_int_equal(server_count(&server->events, "REPLY 2"), 1);
    server_end_calls(server);
}

/* It passed through an honest broker: whom it answers can not be read, and the connection lives. */
static void a_malformed_reply_is_ignored(void **state)
{
    (void)state;
    static const char *const properties[] = {"\x20\0\xff\xff\xff\xff", "\x04\0\xff\x31", "\0\1\0\0", ""};
    static const size_t lengths[] = {6, 4, 4, 0};
    sp_server *server = server_new(NULL);
    server_ready(server);
    server_call(server, "ADD", 1000);
    server_pull(server);
    server_answer(server);
    for (size_t i = 0; i < 4; i++) {
        uint8_t header[32] = {0, 60, [11] = 1};
        memcpy(header + 12, properties[i], lengths[i]);
        server_method(server, 2, 60, 60, "sqbss", "replies", N(1), N(0), "", "x");
        server_frame(server, 2, 2, header, 12 + lengths[i]);
        server_frame(server, 3, 2, "x", 1);
    }
    assert_int_equal(stats_of(server).replies_ignored, 4);
    server_reply(server, "1", "well-formed");
    assert_int_equal(server_count(&server->events, "REPLY 1"), 1);
    assert_int_equal(server_count(&server->events, "DISCONNECTED"), 0);
    server_end_calls(server);
}

static void replies_out_of_place_end_the_connection(void **state)
{
    (void)state;
    for (int which = 0; which < 6; which++) {
        sp_server *server = server_new(NULL);
        server_ready(server);
        if (which != 0)
            server_call(server, "ADD", 100000);
        server_pull(server);
        server->events.count = 0;
        if (which == 2)
            server_method(server, 2, 60, 21, "s", "s0.1");
        if (which >= 3)
            server_answer(server);
        if (which == 3)
            server_method(server, 2, 60, 21, "s", "replies");
        if (which == 4)
            server_method(server, 2, 60, 60, "sqbss", "s0.1", N(1), N(0), "", "x");
        if (which == 5)
            server_method(server, 2, 60, 30, "sb", "replies", N(1));
        if (which < 2)
            server_reply(server, "1", "x"); /* before consume, and before consume-ok */
        server_eof(server);
        assert_int_equal(server_count(&server->events, "DISCONNECTED 0 0 -5"), 1);
        assert_int_equal(server_count(&server->events, "CALL_FAILED 1 4"), which != 0);
        assert_int_equal(server_count(&server->events, "REPLY"), 0);
        server_free(server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_answered),
        cmocka_unit_test(a_request_says_where_to_reply),
        cmocka_unit_test(listening_comes_before_the_request),
        cmocka_unit_test(byte_by_byte_is_the_same),
        cmocka_unit_test(replies_to_nobody_are_counted),
        cmocka_unit_test(a_call_ends_with_its_timeout),
        cmocka_unit_test(what_arrived_in_time_is_no_timeout),
        cmocka_unit_test(what_nobody_waits_for_is_not_sent),
        cmocka_unit_test(each_call_may_be_withdrawn),
        cmocka_unit_test(a_nacked_request_is_sent_again),
        cmocka_unit_test(a_call_that_is_over_may_be_refused),
        cmocka_unit_test(an_unroutable_call_ends_at_once),
        cmocka_unit_test(calls_that_were_sent_are_lost_with_the_connection),
        cmocka_unit_test(a_refused_call_fails_and_the_others_are_lost),
        cmocka_unit_test(a_broker_without_direct_replies_says_so),
        cmocka_unit_test(a_reply_that_is_too_large_fails_one_call),
        cmocka_unit_test(a_malformed_reply_is_ignored),
        cmocka_unit_test(replies_out_of_place_end_the_connection),
    };
    return cmocka_run_group_tests_name("broker/calls", tests, NULL, NULL);
}
