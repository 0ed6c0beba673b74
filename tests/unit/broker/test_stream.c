/*
 * The deadline of a broker's stream: it lies in the past while an event waits that the owner was not told of, so that
 * a loop which sleeps until the deadline misses none. And a poller hears of each call that gives the broker work.
 */
#include "core/stream.h"
#include "server.h"

#include <stdbool.h>

static uint64_t deadline_of(const sp_server *server)
{
    return spectacles_stream_deadline(spectacles_broker_stream(server->broker));
}

static const spectacles_broker_event *pull(const sp_server *server)
{
    return spectacles_broker_next_event(server->broker, server->now);
}

/* Two queues that are not consumed: their end is told without asking the broker. */
static sp_server *server_with_two_queues(void)
{
    sp_server *server = server_new(NULL);
    assert_int_equal(server_subscribe(server, "A", 1), 0);
    assert_int_equal(server_subscribe(server, "B", 1), 1);
    server_pull(server);
    assert_true(deadline_of(server) > server->now);
    return server;
}

static void an_event_that_waits_makes_the_deadline_pass(void **state)
{
    (void)state;
    sp_server *server = server_with_two_queues();
    spectacles_broker_unsubscribe(server->broker, 0);
    assert_int_equal(deadline_of(server), 0);
    assert_int_equal(pull(server)->type, SPECTACLES_BROKER_EVENT_UNSUBSCRIBED);
    assert_null(pull(server));
    assert_true(deadline_of(server) > server->now);
    spectacles_broker_close(server->broker, server->now);
    assert_int_equal(deadline_of(server), 0);
    server_free(server);
}

static void an_owner_that_cannot_pull_is_told_once(void **state)
{
    (void)state;
    sp_server *server = server_with_two_queues();
    spectacles_broker_unsubscribe(server->broker, 0);
    assert_int_equal(spectacles_stream_expire(spectacles_broker_stream(server->broker), server->now), 0);
    assert_true(deadline_of(server) > server->now);
    server_free(server);
}

static void events_that_are_left_behind_are_told_again(void **state)
{
    (void)state;
    sp_server *server = server_with_two_queues();
    spectacles_broker_unsubscribe(server->broker, 0);
    spectacles_broker_unsubscribe(server->broker, 1);
    assert_int_equal(spectacles_stream_expire(spectacles_broker_stream(server->broker), server->now), 0);
    assert_int_equal(pull(server)->type, SPECTACLES_BROKER_EVENT_UNSUBSCRIBED);
    assert_int_equal(deadline_of(server), 0);
    assert_int_equal(spectacles_stream_expire(spectacles_broker_stream(server->broker), server->now), 0);
    assert_true(deadline_of(server) > server->now);
    server_free(server);
}

/* A loop that sleeps until the deadline hears of a call whose time is up. */
static void a_call_whose_time_is_up_is_told(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    assert_int_equal(server_call(server, "K", 100), 1);
    server_pull(server);
    server->now += 100;
    assert_true(deadline_of(server) <= server->now);
    assert_int_equal(spectacles_stream_expire(spectacles_broker_stream(server->broker), server->now), 0);
    assert_int_equal(pull(server)->type, SPECTACLES_BROKER_EVENT_CALL_FAILED);
    assert_null(pull(server));
    assert_true(deadline_of(server) > server->now);
    server_free(server);
}

typedef struct poller {
    sp_list list;
    sp_stream_watch *watch;
} poller;

static void watch(poller *self, spectacles_stream *stream)
{
    sp_list_init(&self->list);
    self->watch = &stream->poller;
    sp_stream_watch_begin(self->watch, &self->list, self);
    sp_list_take(&self->list);
}

/* Whether the poller was told since it was asked last. */
static bool was_told(poller *self)
{
    return sp_list_take(&self->list) != NULL;
}

static void a_poller_hears_of_each_call_that_gives_work(void **state)
{
    (void)state;
    poller self;
    sp_server *server = server_new(NULL);
    assert_int_equal(server_subscribe(server, "A", 10), 0);
    server_ready(server);
    for (uint64_t tag = 1; tag <= 3; tag++)
        server_deliver(server, tag, "s0.1", "A", "x", 1);
    uint64_t last = server->delivery;
    watch(&self, spectacles_broker_stream(server->broker));
    assert_false(was_told(&self));
    server_publish(server, "K", "x", 0);
    assert_true(was_told(&self));
    server_call(server, "K", 1000);
    assert_true(was_told(&self));
    spectacles_broker_ack(server->broker, last - 2);
    assert_true(was_told(&self));
    spectacles_broker_reject(server->broker, last - 1, 0);
    assert_true(was_told(&self));
    spectacles_broker_ack_all(server->broker, last);
    assert_true(was_told(&self));
    server_subscribe(server, "B", 10);
    assert_true(was_told(&self));
    spectacles_broker_unsubscribe(server->broker, 0);
    assert_true(was_told(&self));
    spectacles_broker_close(server->broker, server->now);
    assert_true(was_told(&self));
    sp_stream_watch_end(self.watch);
    server_free(server);
}

/* A host may have many addresses: a link says which one it was, and hears whether it led to READY. */
static void the_end_names_the_address_of_the_link(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    spectacles_stream *stream = spectacles_broker_stream(server->broker);
    sp_stream_set_peer(stream, "192.0.2.7");
    server_open(server);
    assert_false(sp_stream_was_ready(stream, 1));
    server_eof(server);
    assert_non_null(strstr(server_last(&server->events, "DISCONNECTED"), "(at 192.0.2.7)"));
    server_ready(server);
    assert_true(sp_stream_was_ready(stream, 2));
    assert_false(sp_stream_was_ready(stream, 1));
    server_free(server);
}

static void end(sp_server *server, int error, const char *text)
{
    spectacles_stream_eof(spectacles_broker_stream(server->broker), error, text, strlen(text), server->now);
    server_pull(server);
}

/* Balancers, ports of another protocol and PROXY headers end connections in ways of their own. */
static void the_end_of_a_handshake_says_what_it_may_mean(void **state)
{
    (void)state;
    static const struct {
        int error;
        bool has_spoken;
        const char *words;
    } table[] = {
        {0, false, "a balancer without a live broker behind it"},
        {0, false, "wrong port"},
        {SPECTACLES_E_SYS, false, "a broker that expects a PROXY header"},
        {0, true, "credentials refused"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sp_server *server = server_new(NULL);
        server_open(server);
        if (table[i].has_spoken)
            server_method(server, 0, 10, 10, "bbTSS", (uint64_t)0, (uint64_t)9, "PLAIN EXTERNAL", "en_US");
        end(server, table[i].error, "it has ended");
        assert_non_null(strstr(server_last(&server->events, "DISCONNECTED"), table[i].words));
        server_free(server);
    }
    /* What could not be reached said nothing, and nothing is to be guessed. */
    sp_server *server = server_new(NULL);
    server_pull(server);
    end(server, SPECTACLES_E_UNREACHABLE, "no route to host");
    assert_null(strstr(server_last(&server->events, "DISCONNECTED"), "PROXY"));
    server_free(server);
}

static void a_network_that_changes_is_tried_at_once(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    for (int i = 0; i < 30; i++) {
        server_pull(server);
        end(server, SPECTACLES_E_UNREACHABLE, "no route to host");
        assert_true(deadline_of(server) - server->now <= 5000);
        spectacles_broker_network_changed(server->broker, server->now);
        assert_true(deadline_of(server) - server->now <= 500);
        server_wait(server, 500);
    }
    server_free(server);
}

/* A link follows it, as the engine does. */
static void the_endpoint_has_the_time_of_the_url(void **state)
{
    (void)state;
    static const char *const urls[] = {"amqp://localhost?connection_timeout=1234"};
    spectacles_broker_config config;
    server_config(&config);
    config.urls = urls;
    config.url_count = 1;
    sp_server *server = server_new(&config);
    spectacles_stream *stream = spectacles_broker_stream(server->broker);
    spectacles_stream_expire(stream, server->now);
    const spectacles_endpoint *endpoint = spectacles_stream_endpoint(stream);
    assert_non_null(endpoint);
    assert_int_equal(endpoint->connect_timeout, 1234);
    server_free(server);
}

/* The owner may give it more time than the broker has. The time of the broker begins with the connection then. */
static void a_link_bounds_the_time_to_connect(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    spectacles_stream *stream = spectacles_broker_stream(server->broker);
    assert_true(sp_stream_hold_for_link(stream));
    server_pull(server);
    assert_int_equal(spectacles_broker_state(server->broker), SPECTACLES_BROKER_CONNECTING);
    assert_true(deadline_of(server) == SPECTACLES_NEVER);
    server_wait(server, 100000);
    server_open(server);
    assert_int_equal(deadline_of(server) - server->now, 30000);
    server_wait(server, 30000);
    assert_int_equal(spectacles_broker_state(server->broker), SPECTACLES_BROKER_BACKOFF);
    assert_non_null(strstr(server_last(&server->events, "DISCONNECTED"), "the AMQP handshake"));
    sp_stream_release_from_link(stream);
    for (int i = 0; i < 20; i++) {
        uint64_t wait = deadline_of(server) - server->now;
        assert_in_range(wait, 0, 5000);
        server_wait(server, wait);
        assert_int_equal(spectacles_broker_state(server->broker), SPECTACLES_BROKER_CONNECTING);
        server_wait(server, 30000);
        assert_int_equal(spectacles_broker_state(server->broker), SPECTACLES_BROKER_BACKOFF);
    }
    server_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_that_waits_makes_the_deadline_pass),
        cmocka_unit_test(an_owner_that_cannot_pull_is_told_once),
        cmocka_unit_test(events_that_are_left_behind_are_told_again),
        cmocka_unit_test(a_call_whose_time_is_up_is_told),
        cmocka_unit_test(a_link_bounds_the_time_to_connect),
        cmocka_unit_test(the_end_names_the_address_of_the_link),
        cmocka_unit_test(the_endpoint_has_the_time_of_the_url),
        cmocka_unit_test(the_end_of_a_handshake_says_what_it_may_mean),
        cmocka_unit_test(a_network_that_changes_is_tried_at_once),
        cmocka_unit_test(a_poller_hears_of_each_call_that_gives_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
