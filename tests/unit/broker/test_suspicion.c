/*
 * A publish that makes RabbitMQ end the connection is found and given up, and the rest goes out. And no good
 * publish ever is: neither on a line that is cut all the time, nor by a broker that restarts, is blocked, or
 * ends connections over other things.
 */
#include "server.h"

#include <stdio.h>

#define N(value) ((uint64_t)(value))

enum {
    TIRELESS = 400 /* connections on a bad line */
};

/* What the server does with a publish; false: the connection has ended. */
typedef int (*judge)(sp_server *server, const char *body, uint64_t wire);

static void ack(sp_server *server, uint64_t wire)
{
    server_method(server, 2, 60, 80, "qb", wire, N(0));
}

static void close_with(sp_server *server, int code, const char *text)
{
    server_method(server, 0, 10, 50, "wsww", N(code), text, N(0), N(0));
    server_eof(server);
}

/* Works on what was written since the last time. */
static int serve(sp_server *server, judge each, int *served, uint64_t *wire)
{
    for (; *served < server->written.count; ++*served) {
        const char *line = server->written.line[*served];
        char body[100];
        if (strncmp(line, "2 body ", 7) != 0)
            continue;
        snprintf(body, sizeof body, "%s", line + 7);
        ++*wire;
        if (!each(server, body, *wire))
            return 0;
    }
    return 1;
}

/*
 * One connection: READY, then everything that is published is worked on, until it ends, or `most` milliseconds
 * are over.
 */
static int live(sp_server *server, judge each, uint64_t most)
{
    int served = 0;
    uint64_t wire = 0;
    server_ready(server);
    uint64_t end = server->now + most;
    for (;;) {
        if (!serve(server, each, &served, &wire))
            return 0;
        if (server->now >= end)
            return 1;
        server_wait(server, 50);
        server_pull(server);
    }
}

static int is_poison(const char *body)
{
    return strncmp(body, "poison", 6) == 0;
}

/* As RabbitMQ does: a confirm waits for the disk, so that the poison behind is met first. */
static int choke(sp_server *server, const char *body, uint64_t wire)
{
    if (is_poison(body)) {
        close_with(server, 541, "INTERNAL_ERROR");
        return 0;
    }
    ack(server, wire);
    return 1;
}

static int confirmed(const sp_server *server)
{
    return server_count(&server->events, "CONFIRMED");
}

static int failed(const sp_server *server)
{
    return server_count(&server->events, "FAILED");
}

/* Lives until everything has ended one way or the other. */
static int connections_until(sp_server *server, judge each, int ended, int most)
{
    int connections = 0;
    while (confirmed(server) + failed(server) < ended && connections++ < most) {
        if (live(server, each, 30000) && confirmed(server) + failed(server) < ended)
            server_eof(server);
    }
    return connections;
}

static void a_publish_that_ends_the_connection_is_given_up(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_publish(server, "K", "good", 0);
    int64_t poison = server_publish(server, "K", "poison", 0);
    server_publish(server, "K", "behind", 0);
    assert_in_range(connections_until(server, choke, 3, 30), 1, 10);
    assert_int_equal(failed(server), 1);
    assert_int_equal(confirmed(server), 2);
    char line[60];
    snprintf(line, sizeof line, "FAILED %d 541", (int)poison);
    assert_non_null(strstr(server_last(&server->events, "FAILED"), line));
    assert_non_null(strstr(server_last(&server->events, "FAILED"), "INTERNAL_ERROR"));
    server_free(server);
}

/* Nothing in front of it is ever confirmed in time: still only the poison is given up. */
static int choke_before_confirms(sp_server *server, const char *body, uint64_t wire)
{
    if (is_poison(body))
        return choke(server, body, wire);
    if (server->written.count > 0 && server_count(&server->written, "2 body poison") == 0)
        ack(server, wire);
    return 1;
}

static void good_ones_in_front_of_it_are_not_given_up(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    for (int i = 0; i < 40; i++)
        server_publish(server, "K", "good", 0);
    server_publish(server, "K", "poison", 0);
    for (int i = 0; i < 10; i++)
        server_publish(server, "K", "good", 0);
    connections_until(server, choke_before_confirms, 51, 100);
    assert_int_equal(failed(server), 1);
    assert_true(strncmp(server_last(&server->events, "FAILED"), "FAILED 41 ", 10) == 0);
    assert_int_equal(confirmed(server), 50);
    server_free(server);
}

static void several_of_them_are_given_up_one_by_one(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    for (int i = 0; i < 12; i++)
        server_publish(server, "K", i % 3 == 1 ? "poison" : "good", 0);
    connections_until(server, choke, 12, 100);
    assert_int_equal(failed(server), 4);
    assert_int_equal(confirmed(server), 8);
    server_free(server);
}

static int reset_right_behind(sp_server *server, const char *body, uint64_t wire)
{
    if (is_poison(body)) {
        server_eof(server);
        return 0;
    }
    ack(server, wire);
    return 1;
}

static void one_that_has_the_connection_reset_is_given_up(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_publish(server, "K", "poison", 0);
    server_publish(server, "K", "good", 0);
    assert_in_range(connections_until(server, reset_right_behind, 2, 40), 6, 12);
    assert_int_equal(failed(server), 1);
    assert_int_equal(confirmed(server), 1);
    server_free(server);
}

/* ---- Good publishes are never given up ---- */

static int say_nothing(sp_server *server, const char *body, uint64_t wire)
{
    (void)server;
    (void)body;
    (void)wire;
    return 1;
}

static uint64_t below(uint64_t *random, uint64_t limit)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return (*random >> 33) % limit;
}

/* Confirms are slower than the line lives, so that the same publish is in flight at every end. */
static void cut_at_any_time(uint64_t longest, uint64_t seed)
{
    sp_server *server = server_new(NULL);
    server_publish(server, "K", "good", 0);
    for (int i = 0; i < TIRELESS; i++) {
        server->events.count = 0;
        if (live(server, say_nothing, below(&seed, longest)))
            server_eof(server);
        assert_int_equal(failed(server), 0);
    }
    server_ready(server);
    server_wait(server, 11000);
    server_pull(server);
    ack(server, 1);
    assert_int_equal(confirmed(server), 1);
    server_free(server);
}

static void a_line_that_is_cut_all_the_time_fails_nothing(void **state)
{
    (void)state;
    static const uint64_t lives[] = {1, 50, 400, 2500, 5000, 10000, 20000, 60000};
    for (size_t i = 0; i < sizeof lives / sizeof lives[0]; i++)
        cut_at_any_time(lives[i], i + 7);
}

/* A connection that is cut at a fixed age, as some balancers do it. */
static void a_line_that_is_cut_at_a_fixed_age_fails_nothing(void **state)
{
    (void)state;
    for (uint64_t age = 500; age < 13000; age += 500) {
        sp_server *server = server_new(NULL);
        server_publish(server, "K", "good", 0);
        for (int i = 0; i < TIRELESS / 10; i++) {
            server->events.count = 0;
            live(server, say_nothing, age);
            server_eof(server);
            assert_int_equal(failed(server), 0);
        }
        server_free(server);
    }
}

/* Every connection ends in the same way, with the same publish in flight. */
static void ends_without_a_failure(void (*end)(sp_server *server), uint64_t after)
{
    sp_server *server = server_new(NULL);
    server_publish(server, "K", "good", 0);
    for (int i = 0; i < 30; i++) {
        server->events.count = 0;
        live(server, say_nothing, after);
        end(server);
        assert_int_equal(failed(server), 0);
    }
    server_free(server);
}

static void restart(sp_server *server)
{
    close_with(server, 320, "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'");
}

/* The end of the stream is heard before the word in front of it is read. */
static void restart_and_be_gone(sp_server *server)
{
    static const uint8_t close[] = "\1\0\0\0\0\0\x0c\0\x0a\0\x32\1\x40\1x\0\0\0\0\xce";
    spectacles_stream_feed(spectacles_broker_stream(server->broker), close, sizeof close - 1, server->now);
    spectacles_stream_eof(spectacles_broker_stream(server->broker), 0, NULL, 0, server->now);
    server_pull(server);
    assert_non_null(strstr(server_last(&server->events, "DISCONNECTED"), "(320 x)"));
}

static void be_blocked_and_crash(sp_server *server)
{
    server_method(server, 0, 10, 60, "s", "low on memory");
    server_eof(server);
}

static void be_silent(sp_server *server)
{
    server_wait(server, 120000);
}

static void write_nonsense(sp_server *server)
{
    server_feed(server, "\1\0\0\0\0\0\4\0\x0a\0\x0a\0", 12);
    server_eof(server);
}

static void a_restart_an_alarm_or_a_dead_line_fails_nothing(void **state)
{
    (void)state;
    static const uint64_t after[] = {0, 100, 5000};
    for (size_t i = 0; i < sizeof after / sizeof after[0]; i++) {
        ends_without_a_failure(restart, after[i]);
        ends_without_a_failure(restart_and_be_gone, after[i]);
        ends_without_a_failure(be_blocked_and_crash, after[i]);
        ends_without_a_failure(be_silent, after[i]);
        ends_without_a_failure(write_nonsense, after[i]);
    }
}

/* Something else makes RabbitMQ fail, whatever is published: it does so too while nothing is. */
static void crash(sp_server *server)
{
    close_with(server, 541, "INTERNAL_ERROR");
}

static void a_broker_that_fails_by_itself_fails_nothing(void **state)
{
    (void)state;
    for (uint64_t age = 0; age < 13000; age += 500)
        ends_without_a_failure(crash, age);
}

/* Right behind the publish, when it is alone on its way: something else is the reason all the same. */
static int be_blocked_then_crash(sp_server *server, const char *body, uint64_t wire)
{
    (void)body;
    (void)wire;
    be_blocked_and_crash(server);
    return 0;
}

static int declare_then_crash(sp_server *server, const char *body, uint64_t wire)
{
    static unsigned number;
    char event[20];
    (void)body;
    (void)wire;
    snprintf(event, sizeof event, "E%u", number++ % 100);
    server_subscribe(server, event, 1);
    server_pull(server);
    crash(server);
    return 0;
}

static void an_alarm_or_a_declaration_right_behind_it_is_as_suspect(void **state)
{
    (void)state;
    static const judge judges[] = {be_blocked_then_crash, declare_then_crash};
    for (size_t each = 0; each < 2; each++) {
        sp_server *server = server_new(NULL);
        server_publish(server, "K", "good", 0);
        for (int i = 0; i < 30; i++) {
            server->events.count = 0;
            live(server, judges[each], 12000);
            assert_int_equal(failed(server), 0);
        }
        server_free(server);
    }
}

/* A nack is an answer: the message can be read. */
static int nack_then_crash(sp_server *server, const char *body, uint64_t wire)
{
    (void)body;
    server_method(server, 2, 60, 120, "qb", wire, N(0));
    crash(server);
    return 0;
}

static void what_a_full_queue_refuses_is_not_given_up(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_publish(server, "K", "good", 0);
    for (int i = 0; i < 30; i++) {
        server->events.count = 0;
        live(server, nack_then_crash, 12000);
        assert_int_equal(failed(server), 0);
    }
    server_free(server);
}

/* A network that was cut a few times costs some seconds, and then everything goes out, faster and faster. */
static void after_a_few_cuts_everything_goes_out_soon(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    for (int i = 0; i < 200; i++)
        server_publish(server, "K", "good", 0);
    for (int i = 0; i < 3; i++) {
        live(server, say_nothing, 0);
        server_eof(server);
    }
    server->events.count = 0;
    uint64_t before = server->now;
    live(server, choke, 12000);
    assert_int_equal(confirmed(server), 200);
    assert_in_range(server->now - before, 0, 13000);
    server_free(server);
}

/* With several brokers, one of which is away: what it does not answer says nothing. */
static void an_attempt_in_between_changes_nothing(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_publish(server, "K", "poison", 0);
    for (int i = 0; i < 20 && failed(server) == 0; i++) {
        live(server, choke, 30000);
        server_open(server);
        server_eof(server);
    }
    assert_int_equal(failed(server), 1);
    server_free(server);
}

/* A request is sent once only: it is lost with the first connection, and nothing behind it waits. */
static void a_call_that_ends_the_connection_is_lost_and_not_failed(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    server_call(server, "K", 60000);
    server_pull(server);
    server_answer(server);
    crash(server);
    assert_int_equal(server_count(&server->events, "CALL_FAILED"), 1);
    server_publish(server, "K", "good", 0);
    assert_int_equal(connections_until(server, choke, 1, 5), 1);
    assert_int_equal(failed(server), 0);
    server_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_publish_that_ends_the_connection_is_given_up),
        cmocka_unit_test(good_ones_in_front_of_it_are_not_given_up),
        cmocka_unit_test(several_of_them_are_given_up_one_by_one),
        cmocka_unit_test(one_that_has_the_connection_reset_is_given_up),
        cmocka_unit_test(a_line_that_is_cut_all_the_time_fails_nothing),
        cmocka_unit_test(a_line_that_is_cut_at_a_fixed_age_fails_nothing),
        cmocka_unit_test(a_restart_an_alarm_or_a_dead_line_fails_nothing),
        cmocka_unit_test(a_broker_that_fails_by_itself_fails_nothing),
        cmocka_unit_test(an_alarm_or_a_declaration_right_behind_it_is_as_suspect),
        cmocka_unit_test(what_a_full_queue_refuses_is_not_given_up),
        cmocka_unit_test(after_a_few_cuts_everything_goes_out_soon),
        cmocka_unit_test(an_attempt_in_between_changes_nothing),
        cmocka_unit_test(a_call_that_ends_the_connection_is_lost_and_not_failed),
    };
    return cmocka_run_group_tests_name("broker/suspicion", tests, NULL, NULL);
}
