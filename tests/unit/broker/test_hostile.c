/*
 * A broker that breaks the rules of the connection as a whole: of its beginning and its end, of time, and of how much
 * the engine is to keep. Each case ends in an event that says what was wrong, with memory bounded, and the engine comes
 * back to READY with an honest broker, whose bytes may be cut anywhere. Frames are in test_wire.c, methods in
 * test_hostile_methods.c, messages in test_content.c.
 */
#include "hostile.h"

/* connection.start */

/* The same property again and again: its text has to fit all the same. Then silence. */
static void product_again_and_again(sp_server *server)
{
    static uint8_t table[1 << 16];
    size_t at = 4;
    for (int i = 0; i < 100; i++, at += 36)
        memcpy(table + at, "\7productS\0\0\0\x17RabbitMQ RabbitMQ Rabbi", 36);
    table[2] = (uint8_t)((at - 4) >> 8);
    table[3] = (uint8_t)(at - 4);
    hostile_start_with(server, "\0\x09", table, at, "PLAIN");
    server_eof(server);
}

static void start_1_0(sp_server *server)
{
    hostile_start_with(server, "\1\0", "\0\0\0\0", 4, "PLAIN");
}
static void start_0_8(sp_server *server)
{
    hostile_start_with(server, "\0\x08", "\0\0\0\0", 4, "PLAIN");
}
static void start_without_plain(sp_server *server)
{
    hostile_start_with(server, "\0\x09", "\0\0\0\0", 4, "AMQPLAIN XPLAIN PLAINER EXTERNAL");
}
static void start_without_mechanism(sp_server *server)
{
    hostile_start_with(server, "\0\x09", "\0\0\0\0", 4, "");
}

/* connection.tune */

METHOD(tune_frame_max_1, 0, 10, 30, "wlw", N(0), N(1), N(0))
METHOD(tune_frame_max_8191, 0, 10, 30, "wlw", N(0), N(8191), N(0))
METHOD(tune_channel_max_1, 0, 10, 30, "wlw", N(1), N(0), N(0))
METHOD(tune_channel_max_2, 0, 10, 30, "wlw", N(2), N(0), N(0))
static void tune_twice(sp_server *server)
{
    hostile_tune(server, 0, 0, 0);
    hostile_tune(server, 0, 8192, 0);
}

/* connection.close */

METHOD(close_odd_code, 0, 10, 50, "wsww", N(65535), "\x1b[31mno\r\n\xff", N(65535), N(65535))
/* Once is enough, but it never leaves. */
static void close_for_ever(sp_server *server)
{
    for (int i = 0; i < 100 && server_count(&server->events, "DISCONNECTED") == 0; i++) {
        server_method(server, 0, 10, 50, "wsww", N(541), "INTERNAL_ERROR", N(0), N(0));
        server_wait(server, 100);
    }
    hostile_gave_up(server);
}

/* Time */

static void silence(sp_server *server)
{
    for (int i = 0; i < 100 && server_count(&server->events, "DISCONNECTED") == 0; i++)
        server_wait(server, 1000);
    hostile_gave_up(server);
}

/* Half a frame is nothing that the owner could pull: time goes on. */
static void half_a_frame(sp_server *server)
{
    server_feed(server, "\1\0\0\0\0\0", 6);
    silence(server);
}
static void most_of_a_frame(sp_server *server)
{
    server_feed(server, "\1\0\0\0\0\0\4\0\x0a\0\x0a", 11);
    silence(server);
}

static void nothing_but_heartbeats(sp_server *server)
{
    for (int i = 0; i < 1000 && server_count(&server->events, "DISCONNECTED") == 0; i++) {
        server_frame(server, 8, 0, "", 0);
        server_wait(server, 100);
    }
    hostile_gave_up(server);
}

static void one_byte_a_second(sp_server *server)
{
    server_feed(server, "\1\0\0\0\1\0\0", 7);
    for (int i = 0; i < 100 && server_count(&server->events, "DISCONNECTED") == 0; i++) {
        server_feed(server, "x", 1);
        server_wait(server, 1000);
    }
    hostile_gave_up(server);
}

/* ---- The cases after which the connection is lost ---- */

static const sp_hostile lost[] = {
    {"start: a hundred products", AT_OPENED, product_again_and_again, 0, GONE, "without a word"},
    {"start: version 1.0", AT_OPENED, start_1_0, 0, PROTO, "another version of AMQP"},
    {"start: version 0-8", AT_OPENED, start_0_8, 0, PROTO, "another version of AMQP"},
    {"start without PLAIN", AT_OPENED, start_without_plain, 0, AUTH, "PLAIN"},
    {"start without a mechanism", AT_OPENED, start_without_mechanism, 0, AUTH, "PLAIN"},
    {"start twice", AT_STARTED, hostile_start, 0, PROTO, "connection.start"},
    {"tune: frames of 1 byte", AT_STARTED, tune_frame_max_1, 0, UNSUPPORTED, "8192"},
    {"tune: frames of 8191 bytes", AT_STARTED, tune_frame_max_8191, 0, UNSUPPORTED, "8192"},
    {"tune: 1 channel", AT_STARTED, tune_channel_max_1, 0, UNSUPPORTED, "channel_max"},
    {"tune: 2 channels", AT_STARTED, tune_channel_max_2, 0, UNSUPPORTED, "channel_max"},
    {"tune twice", AT_STARTED, tune_twice, 0, PROTO, "connection.tune"},
    {"close with escapes for a terminal", AT_READY, close_odd_code, 65535, GONE, "(65535 ?[31mno?"},
    {"close again and again", AT_READY, close_for_ever, 541, GONE, "INTERNAL_ERROR"},
    {"close again and again, early", AT_TUNED, close_for_ever, 541, GONE, "INTERNAL_ERROR"},

    {"silence instead of start", AT_OPENED, silence, 0, GONE, "timed out"},
    {"silence instead of tune", AT_STARTED, silence, 0, GONE, "timed out"},
    {"silence instead of open-ok", AT_TUNED, silence, 0, GONE, "timed out"},
    {"silence instead of channels", AT_SETUP, silence, 0, GONE, "timed out"},
    {"silence", AT_READY, silence, 0, GONE, "silent for two heartbeats"},
    {"half a frame, then silence, early", AT_OPENED, half_a_frame, 0, GONE, "timed out"},
    {"most of a frame, then silence, early", AT_OPENED, most_of_a_frame, 0, GONE, "timed out"},
    {"half a frame, then silence, in setup", AT_SETUP, half_a_frame, 0, GONE, "timed out"},
    {"half a frame, then silence", AT_READY, half_a_frame, 0, GONE, "silent for two heartbeats"},
    {"most of a frame, then silence", AT_READY, most_of_a_frame, 0, GONE, "silent for two heartbeats"},
    {"heartbeats instead of start", AT_OPENED, nothing_but_heartbeats, 0, GONE, "timed out"},
    {"heartbeats instead of channels", AT_SETUP, nothing_but_heartbeats, 0, GONE, "timed out"},
    {"a byte a second instead of start", AT_OPENED, one_byte_a_second, 0, GONE, "timed out"},
};

static void every_case_is_told_and_survived(void **state)
{
    (void)state;
    assert_int_equal(hostile_lost(lost, sizeof lost / sizeof lost[0], 0), 0);
}

static void every_case_is_the_same_byte_by_byte(void **state)
{
    (void)state;
    assert_int_equal(hostile_lost(lost, sizeof lost / sizeof lost[0], 1), 0);
}

/* ---- What the broker must not make us keep ---- */

static void publish_and_answer(sp_server *server, uint64_t *wire, int class_method)
{
    static char body[1001];
    memset(body, 'b', sizeof body - 1);
    server_publish(server, "K", body, 0);
    server_pull(server);
    server_method(server, 2, 60, class_method, "qb", ++*wire, N(0));
    server_forget(server);
    server->events.count = 0;
}

/* One publish is never confirmed. What comes behind it and is confirmed must not be kept for its sake. */
static void one_publish_that_is_held_costs_nothing(void **state)
{
    (void)state;
    sp_server *server = hostile_scene(0);
    hostile_reach(server, AT_READY);
    uint64_t wire = PUBLISHES;
    size_t before = hostile_memory();
    for (int i = 0; i < 3000; i++)
        publish_and_answer(server, &wire, 80);
    size_t after = hostile_memory();
    assert_true(after < before + 512 * 1024);
    server_eof(server);
    server_ready(server);
    server_pull(server);
    assert_int_equal(server_count(&server->written, "2 basic.publish K"), 1);
    assert_int_equal(server_count(&server->written, "2 basic.publish L"), 1);
    server_method(server, 2, 60, 80, "qb", N(PUBLISHES), N(1));
    assert_int_equal(server_count(&server->events, "CONFIRMED 1 "), 1);
    assert_int_equal(server_count(&server->events, "CONFIRMED 2 "), 1);
    server_free(server);
}

/* Nor what is nacked again and again, although its channel is opened anew every few seconds. */
static void nacks_without_end_cost_nothing(void **state)
{
    (void)state;
    sp_server *server = hostile_scene(0);
    hostile_reach(server, AT_READY);
    size_t before = hostile_memory();
    uint64_t wire = PUBLISHES;
    for (int turn = 0; turn < 10000; turn++) {
        server_method(server, 2, 60, 120, "qb", wire++, N(0));
        server_wait(server, 500);
        if (server_count(&server->written, "2 channel.close") == 1) {
            server_answer(server);
            server_pull(server);
            wire = PUBLISHES;
        }
        assert_string_equal(server_last(&server->written, "2 basic.publish"), "2 basic.publish L");
        server_forget(server);
    }
    size_t after = hostile_memory();
    assert_true(after < before + 512 * 1024);
    server_eof(server);
    hostile_recover(server);
    server_free(server);
}

/* Frames without end for an engine whose answers are not read, or whose owner does not pull. */
static void flood(int pulled, const void *bytes, size_t length)
{
    sp_server *server = hostile_scene(0);
    size_t fed = 0;
    hostile_reach(server, AT_READY);
    size_t before = hostile_memory();
    for (; spectacles_stream_wants_input(spectacles_broker_stream(server->broker)) && fed < 64 * 1024 * 1024;
         fed += length) {
        assert_int_equal(
            spectacles_stream_feed(spectacles_broker_stream(server->broker), bytes, length, server->now),
            SPECTACLES_OK);
        while (pulled && spectacles_broker_next_event(server->broker, server->now))
            ;
    }
    size_t after = hostile_memory();
    assert_int_equal(spectacles_stream_wants_input(spectacles_broker_stream(server->broker)), 0);
    assert_true(fed < 1024 * 1024);
    assert_true(after < before + 2 * 1024 * 1024);
    const uint8_t *out;
    while (spectacles_broker_next_event(server->broker, server->now))
        ;
    while ((length = spectacles_stream_pending(spectacles_broker_stream(server->broker), &out)) > 0)
        spectacles_stream_consumed(spectacles_broker_stream(server->broker), length);
    assert_int_equal(spectacles_stream_wants_input(spectacles_broker_stream(server->broker)), 1);
    hostile_works(server);
    server_free(server);
}

static void a_flood_is_not_read(void **state)
{
    static const char flow[] = "\1\0\1\0\0\0\5\0\x14\0\x14\1\xce";
    static const char beat[] = "\x08\0\0\0\0\0\0\xce";
    (void)state;
    flood(1, flow, sizeof flow - 1);
    flood(0, beat, sizeof beat - 1);
}

/* ---- An honest session, cut anywhere ---- */

static void live_honestly(sp_server *server)
{
    server_ready(server);
    hostile_message(server, "\x20\0\xff\xff\xff\xff", 6);
    server_deliver(server, 2, "s0.1", "A", "in three pieces", 6);
    assert_int_equal(spectacles_broker_ack(server->broker, server->delivery), 1);
    server_publish(server, "M", "y", 0);
    server_call(server, "N", 1000);
    server_pull(server);
    server_method(server, 2, 60, 21, "s", "replies");
    server_reply(server, "4", "in one piece");
    server_reply(server, "4", "again");
    hostile_returned(server, TAG_HEADER "\0\0\0\0\0\0\0\1", 42);
    server_method(server, 2, 60, 80, "qb", N(2), N(1));
    server_method(server, 2, 60, 80, "qb", N(4), N(0));
    spectacles_broker_unsubscribe(server->broker, 0);
    server_deliver(server, 3, "s0.1", "A", "goes back", 3);
    server_method(server, 3, 60, 31, "s", "s0.1");
    server_frame(server, 8, 0, "", 0);
    server_method(server, 0, 10, 60, "s", "memory");
    server_method(server, 0, 10, 61, "");
    server_method(server, 2, 60, 80, "qb", N(3), N(0));
    spectacles_broker_close(server->broker, server->now);
    server_pull(server);
    server_method(server, 0, 10, 51, "");
}

static void same_lines(const sp_lines *one, const sp_lines *other)
{
    assert_int_equal(one->count, other->count);
    for (int i = 0; i < one->count; i++)
        assert_string_equal(one->line[i], other->line[i]);
}

static void an_honest_session_may_be_cut_anywhere(void **state)
{
    (void)state;
    sp_server *whole = hostile_scene(0);
    live_honestly(whole);
    assert_int_equal(server_count(&whole->events, "CLOSED"), 1);
    for (size_t cut = 1; cut < whole->fed; cut++) {
        sp_server *server = hostile_scene(0);
        server->cut = cut;
        live_honestly(server);
        same_lines(&whole->events, &server->events);
        same_lines(&whole->written, &server->written);
        server_free(server);
    }
    server_free(whole);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_is_told_and_survived),
        cmocka_unit_test(every_case_is_the_same_byte_by_byte),
        cmocka_unit_test(one_publish_that_is_held_costs_nothing),
        cmocka_unit_test(nacks_without_end_cost_nothing),
        cmocka_unit_test(a_flood_is_not_read),
        cmocka_unit_test(an_honest_session_may_be_cut_anywhere),
    };
    return cmocka_run_group_tests_name("broker/hostile", tests, NULL, NULL);
}
