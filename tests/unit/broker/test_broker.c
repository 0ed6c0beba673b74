/* A broker from its first connection to its last, and what ends a connection. */
#include "server.h"

#include <stdbool.h>
#include <stdio.h>

#define N(value) ((uint64_t)(value))

/* ---- A whole life ---- */

static void play_a_life(sp_server *server)
{
    server_subscribe(server, "A", 10);
    server_subscribe(server, "B", 0);
    server_publish(server, "EARLY", "0", 0);
    server_ready(server);
    server_publish(server, "X", "1", 0);
    server_publish(server, "Y", "2", SPECTACLES_MESSAGE_MANDATORY);
    server_pull(server);
    server_ack(server, 2, 1);
    server_ack(server, 3, 0);
    server_deliver(server, 1, "s0.1", "A", "hello", 100);
    spectacles_broker_ack(server->broker, server->delivery);
    server_deliver(server, 2, "s1.1", "B", "in three pieces", 6);
    spectacles_broker_reject(server->broker, server->delivery, 1);
    server_frame(server, 8, 0, "", 0);
    server_pull(server);
}

static void lives_a_whole_life(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    play_a_life(server);
    static const char *const events[] = {"CONNECTING 0 0 0 broker.example:5672",
                                         "SUBSCRIBED 0 0 0 gateway:A",
                                         "SUBSCRIBED 1 0 0 gateway:B",
                                         "READY 0 0 0 RabbitMQ 3.10.8",
                                         "CONFIRMED 1 0 ",
                                         "CONFIRMED 2 0 ",
                                         "CONFIRMED 3 0 ",
                                         "MESSAGE 0 A m-1 hello",
                                         "MESSAGE 1 B m-1 in three pieces"};
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        assert_string_equal(server->events.line[i], events[i]);
    assert_string_equal(server_last(&server->written, "3 basic.ack"), "3 basic.ack 1");
    assert_string_equal(server_last(&server->written, "3 basic.reject"), "3 basic.reject 2 requeue");
    server_free(server);
}

static void byte_by_byte_is_the_same(void **state)
{
    (void)state;
    sp_server *whole = server_new(NULL);
    sp_server *split = server_new(NULL);
    split->split = 1;
    play_a_life(whole);
    play_a_life(split);
    assert_int_equal(whole->events.count, split->events.count);
    for (int i = 0; i < whole->events.count; i++)
        assert_string_equal(whole->events.line[i], split->events.line[i]);
    server_free(whole);
    server_free(split);
}

static void sets_up_what_the_specification_asks_for(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 10);
    server_handshake(server);
    assert_int_equal(server_count(&server->written, "1 exchange.declare"), 0);
    server_answer(server);
    server_eof(server);
    server_handshake(server);
    for (int i = 0; i < server->written.count; i++) {
        char line[SERVER_LINE];
        snprintf(line, sizeof line, "%s", server->written.line[i]);
        if (strcmp(line, "1 channel.open") == 0)
            server_method(server, 1, 20, 11, "T");
    }
    assert_string_equal(server_last(&server->written, "1 exchange"), "1 exchange.declare gateway direct");
    server_free(server);
}

/* ---- Losing the connection ---- */

static void refusals_are_sentences(void **state)
{
    (void)state;
    static const struct {
        uint64_t code;
        const char *reply;
        const char *expected;
        bool lasts; /* until a person does something about it */
    } table[] = {{403, "ACCESS_REFUSED - Login was refused",
                  "DISCONNECTED 0 403 -10 the broker refused user 'guest'", true},
                 {530, "NOT_ALLOWED - vhost x not found",
                  "DISCONNECTED 0 530 -10 the broker refused virtual host '/'", true},
                 {541, "INTERNAL_ERROR - vhost '/' is down",
                  "DISCONNECTED 0 541 -6 the broker closed the connection (541 INTERNAL_ERROR", false},
                 {320, "CONNECTION_FORCED",
                  "DISCONNECTED 0 320 -6 the broker closed the connection (320 CONNECTION_FORCED)", false}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sp_server *server = server_new(NULL);
        server_open(server);
        server_method(server, 0, 10, 50, "wsww", table[i].code, table[i].reply, N(0), N(0));
        assert_string_equal(server_last(&server->written, "0 connection.close-ok"), "0 connection.close-ok");
        server_eof(server);
        assert_int_equal(server_count(&server->events, table[i].expected), 1);
        uint64_t wait = spectacles_stream_deadline(spectacles_broker_stream(server->broker)) - server->now;
        assert_true(table[i].lasts ? wait >= 15000 && wait <= 30000 : wait <= 250);
        server_free(server);
    }
}

static void heartbeats_of(const char *url, uint32_t configured, uint64_t seconds)
{
    uint64_t beat = seconds * 1000;
    spectacles_broker_config config;
    server_config(&config);
    config.urls = &url;
    config.heartbeat = configured;
    sp_server *server = server_new(&config);
    server_ready(server);
    uint64_t start = server->now;
    server_forget(server);
    server_wait(server, beat / 2 - 1);
    int early = server_count(&server->written, "heartbeat");
    server_wait(server, beat / 2 + 1);
    assert_true(server_count(&server->written, "heartbeat") > early);
    server_wait(server, start + 2 * beat - 1 - server->now);
    assert_int_equal(server_count(&server->events, "DISCONNECTED"), 0);
    server_wait(server, 1);
    assert_non_null(strstr(server_last(&server->events, "DISCONNECTED"), "silent for two heartbeats"));
    server_free(server);
}

static void heartbeats_keep_the_time(void **state)
{
    (void)state;
    spectacles_broker_config defaults;
    spectacles_broker_config_init(&defaults, sizeof defaults);
    heartbeats_of("amqp://broker.example", defaults.heartbeat, 20);
    heartbeats_of("amqp://broker.example", 4, 4);
    heartbeats_of("amqp://broker.example?heartbeat=6", 4, 6);
    heartbeats_of("amqp://broker.example?heartbeat=6", 0, 6);
}

static void no_heartbeat_is_no_heartbeat(void **state)
{
    (void)state;
    spectacles_broker_config config;
    server_config(&config);
    config.heartbeat = 0;
    sp_server *server = server_new(&config);
    server_ready(server);
    server_wait(server, 1000000);
    assert_int_equal(server_count(&server->written, "heartbeat"), 0);
    assert_int_equal(spectacles_broker_state(server->broker), SPECTACLES_BROKER_READY);
    server_free(server);
}

/* What has arrived and was not pulled shows that the broker lives: it is the owner who is late. */
static void a_late_owner_loses_nothing(void **state)
{
    (void)state;
    static const uint8_t heartbeat[] = {8, 0, 0, 0, 0, 0, 0, 0xce};
    sp_server *server = server_new(NULL);
    server_open(server);
    for (int connected = 0; connected < 2; connected++) {
        spectacles_stream_feed(spectacles_broker_stream(server->broker), heartbeat, sizeof heartbeat,
                               server->now);
        for (int i = 0; i < 100; i++) {
            server->now += 1000;
            assert_int_equal(spectacles_stream_expire(spectacles_broker_stream(server->broker), server->now),
                             SPECTACLES_OK);
        }
        assert_non_null(spectacles_stream_endpoint(spectacles_broker_stream(server->broker)));
        server_pull(server);
        assert_int_equal(server_count(&server->events, "DISCONNECTED"), 0);
        if (!connected) {
            server_eof(server);
            server->events.count = 0;
            server_ready(server);
        }
    }
    server_wait(server, 45000);
    assert_int_equal(server_count(&server->events, "DISCONNECTED"), 1);
    server_free(server);
}

static void several_urls_are_tried_in_turn(void **state)
{
    (void)state;
    static const char *const urls[] = {"amqp://one", "amqp://two", "amqps://three:1234"};
    spectacles_broker_config config;
    server_config(&config);
    config.urls = urls;
    config.url_count = 3;
    sp_server *server = server_new(&config);
    for (int i = 0; i < 9; i++) {
        server_open(server);
        server_eof(server);
    }
    assert_int_equal(server_count(&server->events, "CONNECTING 0 0 0 one:5672"), 3);
    assert_int_equal(server_count(&server->events, "CONNECTING 0 0 0 two:5672"), 3);
    assert_int_equal(server_count(&server->events, "CONNECTING 0 0 0 three:1234"), 3);
    server_free(server);
}

static void nonsense_ends_the_connection_and_not_the_broker(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        const char *text;
    } table[] = {
        {"AMQP\0\1\0\0", 8, "another version of AMQP"},
        {"HTTP/1.1 400 Bad Request\r\n", 26, "is this an AMQP port"},
        {"\x15\x03\x01\0\2\2\x46 tls", 11, "is this an AMQP port"},
        {"\1\xff\xff\0\0\0\0\xce", 8, "never opened"},
        {"\1\0\0\xff\xff\xff\xff\xce", 8, "over the size"},
        {"\1\0\0\0\0\0\4\0\x0a\0\x0a\0", 12, "end octet"},
        {"\1\0\0\0\0\0\4\0\x0a\0\x29\xce", 12, "no place"},
        {"\1\0\1\0\0\0\4\0\x14\0\x0b\xce", 12, "no place"},
        {"\3\0\3\0\0\0\1x\xce", 9, "no place"},
        {"\2\0\3\0\0\0\1x\xce", 9, "no place"},
        {"\1\0\0\0\0\0\2\0\x0a\xce", 10, "no place"},
        {"\1\0\0\0\0\0\4\x99\x99\x99\x99\xce", 12, "no place"},
        {"\1\0\3\0\0\0\4\0\x3c\0\x3c\xce", 12, "no place"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sp_server *server = server_new(NULL);
        server_ready(server);
        server_publish(server, "K", "x", 0);
        server_feed(server, table[i].bytes, table[i].length);
        server_eof(server);
        if (!strstr(server_last(&server->events, "DISCONNECTED"), table[i].text))
            fail_msg("%zu: %s", i, server_last(&server->events, "DISCONNECTED"));
        server_ready(server);
        server_pull(server);
        server_ack(server, 1, 0);
        assert_int_equal(server_count(&server->events, "CONFIRMED 1"), 1);
        server_free(server);
    }
}

static void closing_waits_for_confirms(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    server_publish(server, "K", "x", 0);
    server_pull(server);
    spectacles_broker_close(server->broker, server->now);
    assert_int_equal(server_publish(server, "K", "x", 0), SPECTACLES_E_STATE);
    server_pull(server);
    assert_int_equal(server_count(&server->written, "0 connection.close"), 0);
    server_ack(server, 1, 0);
    assert_int_equal(server_count(&server->written, "0 connection.close 200"), 1);
    server_method(server, 0, 10, 51, "");
    assert_int_equal(server_count(&server->events, "CLOSED"), 1);
    assert_null(spectacles_stream_endpoint(spectacles_broker_stream(server->broker)));
    server_free(server);

    server = server_new(NULL);
    server_ready(server);
    server_publish(server, "K", "x", 0);
    server_pull(server);
    spectacles_broker_close(server->broker, server->now);
    server_wait(server, 5000);
    server_wait(server, 3000);
    assert_int_equal(server_count(&server->events, "CLOSED"), 1);
    server_free(server);
}

/* A dead connection that is not noticed yet: a stop has waited for it already. */
static void a_broker_that_was_silent_is_not_waited_for_twice(void **state)
{
    (void)state;
    for (int lives = 0; lives < 2; lives++) {
        sp_server *server = server_new(NULL);
        server_ready(server);
        server_publish(server, "K", "x", 0);
        server_pull(server);
        server_wait(server, 4000);
        spectacles_broker_close(server->broker, server->now);
        server_wait(server, 2500);
        if (lives)
            server_frame(server, 8, 0, NULL, 0);
        server_wait(server, 2500);
        assert_int_equal(server_count(&server->written, "0 connection.close 200"), 1);
        server_wait(server, 500);
        assert_int_equal(server_count(&server->events, "CLOSED"), !lives);
        server_wait(server, 2500);
        assert_int_equal(server_count(&server->events, "CLOSED"), 1);
        server_free(server);
    }
}

/* Their connection.close and ours cross; whoever answers, or nobody, it ends. */
static void both_may_close_at_once(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) {
        sp_server *server = server_new(NULL);
        server_ready(server);
        spectacles_broker_close(server->broker, server->now);
        server_pull(server);
        assert_int_equal(server_count(&server->written, "0 connection.close 200"), 1);
        server_method(server, 0, 10, 60, "s", "memory");
        server_method(server, 0, 10, 50, "wsww", N(320), "CONNECTION_FORCED", N(0), N(0));
        assert_string_equal(server_last(&server->written, "0 connection.close-ok"), "0 connection.close-ok");
        if (how == 0)
            server_method(server, 0, 10, 51, "");
        else if (how == 1)
            server_eof(server);
        else
            server_wait(server, 3000);
        assert_string_equal(server_last(&server->events, ""), server_last(&server->events, "CLOSED"));
        assert_int_equal(server_count(&server->events, "DISCONNECTED"), 0);
        assert_int_equal(server_count(&server->events, "CLOSED"), 1);
        assert_null(spectacles_stream_endpoint(spectacles_broker_stream(server->broker)));
        server_free(server);
    }
}

/* What could not be kept any more is not taken. */
static void a_closing_broker_takes_nothing(void **state)
{
    (void)state;
    spectacles_broker_config config;
    server_config(&config);
    config.window_count = 1;
    sp_server *server = server_new(&config);
    server_ready(server);
    assert_int_equal(server_call(server, "K", 100000), 1);
    assert_int_equal(server_call(server, "K", 100000), SPECTACLES_E_AGAIN);
    spectacles_broker_close(server->broker, server->now);
    assert_int_equal(server_subscribe(server, "A", 1), SPECTACLES_E_STATE);
    assert_int_equal(server_publish(server, "K", "x", 0), SPECTACLES_E_STATE);
    server_wait(server, 5000);
    server_method(server, 0, 10, 51, "");
    assert_int_equal(server_count(&server->events, "ROOM"), 0);
    assert_int_equal(server_count(&server->events, "CALL_FAILED 1 5"), 1);
    assert_string_equal(server_last(&server->events, ""), server_last(&server->events, "CLOSED"));
    server_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lives_a_whole_life),
        cmocka_unit_test(byte_by_byte_is_the_same),
        cmocka_unit_test(sets_up_what_the_specification_asks_for),
        cmocka_unit_test(refusals_are_sentences),
        cmocka_unit_test(heartbeats_keep_the_time),
        cmocka_unit_test(no_heartbeat_is_no_heartbeat),
        cmocka_unit_test(a_late_owner_loses_nothing),
        cmocka_unit_test(several_urls_are_tried_in_turn),
        cmocka_unit_test(nonsense_ends_the_connection_and_not_the_broker),
        cmocka_unit_test(closing_waits_for_confirms),
        cmocka_unit_test(a_broker_that_was_silent_is_not_waited_for_twice),
        cmocka_unit_test(both_may_close_at_once),
        cmocka_unit_test(a_closing_broker_takes_nothing),
    };
    return cmocka_run_group_tests_name("broker/broker", tests, NULL, NULL);
}
