/*
 * How soon a lost connection is made again: a broker that accepts and drops is asked ever more slowly, and a
 * row of cuts between which messages move is no row.
 */
#include "server.h"

#include <stdio.h>

enum {
    SHORTEST = 250, /* the longest wait after the first failure */
    CUTS = 40,
    LAST = 10 /* of them are looked at: full jitter may make some of them short */
};

/* What happens on a connection that has become READY. */
typedef void (*life)(sp_server *server);

static void nothing(sp_server *server)
{
    (void)server;
}

static void ten_seconds(sp_server *server)
{
    server_wait(server, 10000);
}

static void almost_ten_seconds(sp_server *server)
{
    server_wait(server, 9999);
}

static void a_confirm(sp_server *server)
{
    server_publish(server, "K", "x", 0);
    server_pull(server);
    server_method(server, 2, 60, 80, "qb", (uint64_t)1, (uint64_t)0);
}

static void a_refused_publish(sp_server *server)
{
    if (server_count(&server->written, "2 basic.publish") == 0)
        server_publish(server, "K", "x", 0);
    server_pull(server);
    server_method(server, 2, 60, 120, "qb", (uint64_t)1, (uint64_t)0);
}

static void deliver(sp_server *server, int redelivered)
{
    char consume[SERVER_LINE];
    snprintf(consume, sizeof consume, "%s", server_last(&server->written, "3 basic.consume gateway:A "));
    server_method(server, 3, 60, 60, "sqbss", strrchr(consume, ' ') + 1, (uint64_t)1, (uint64_t)redelivered,
                  "gateway", "A");
    server_frame(server, 2, 3, "\0\x3c\0\0\0\0\0\0\0\0\0\1\0\0", 14);
    server_frame(server, 3, 3, "x", 1);
}

static void a_delivery(sp_server *server)
{
    deliver(server, 0);
}

static void the_same_delivery_again(sp_server *server)
{
    deliver(server, 1);
}

static void a_reply(sp_server *server)
{
    char id[24];
    snprintf(id, sizeof id, "%d", (int)server_call(server, "K", 1000));
    server_pull(server);
    server_answer(server);
    server_reply(server, id, "yes");
}

/* The longest wait after the last ones of many connections with this life. */
static uint64_t longest_wait(life each)
{
    uint64_t longest = 0;
    sp_server *server = server_new(NULL);
    assert_int_equal(server_subscribe(server, "A", 10), 0);
    for (int i = 0; i < CUTS; i++) {
        server->events.count = 0;
        server_ready(server);
        each(server);
        server_eof(server);
        uint64_t wait = spectacles_stream_deadline(spectacles_broker_stream(server->broker)) - server->now;
        longest = i >= CUTS - LAST && wait > longest ? wait : longest;
    }
    server_free(server);
    return longest;
}

static void a_broker_that_accepts_and_drops_is_asked_ever_more_slowly(void **state)
{
    (void)state;
    assert_in_range(longest_wait(nothing), 10000, 30000);
    assert_in_range(longest_wait(almost_ten_seconds), 10000, 30000);
}

/* A message that nobody can work on, or that no queue takes, may be what ends the connections. */
static void what_moves_nothing_is_no_progress(void **state)
{
    (void)state;
    assert_in_range(longest_wait(the_same_delivery_again), 10000, 30000);
    assert_in_range(longest_wait(a_refused_publish), 10000, 30000);
}

static void cuts_between_which_messages_move_do_not_add_up(void **state)
{
    (void)state;
    assert_in_range(longest_wait(a_confirm), 0, SHORTEST);
    assert_in_range(longest_wait(a_delivery), 0, SHORTEST);
    assert_in_range(longest_wait(a_reply), 0, SHORTEST);
}

static void ten_seconds_of_ready_forget_what_was_before(void **state)
{
    (void)state;
    assert_in_range(longest_wait(ten_seconds), 0, SHORTEST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broker_that_accepts_and_drops_is_asked_ever_more_slowly),
        cmocka_unit_test(what_moves_nothing_is_no_progress),
        cmocka_unit_test(cuts_between_which_messages_move_do_not_add_up),
        cmocka_unit_test(ten_seconds_of_ready_forget_what_was_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
