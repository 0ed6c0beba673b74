/* URLs that take the place of others while a broker runs: the next connection is made with them. */
#include "server.h"

#include <stdbool.h>
#include <stdio.h>

static int set_at(sp_server *server, const char *url)
{
    return spectacles_broker_set_urls(server->broker, &url, 1, server->now);
}

static void set(sp_server *server, const char *url)
{
    assert_int_equal(set_at(server, url), SPECTACLES_OK);
}

static uint64_t wait_of(const sp_server *server)
{
    return spectacles_stream_deadline(spectacles_broker_stream(server->broker)) - server->now;
}

static bool goes_to(const sp_server *server, const char *host, uint32_t port)
{
    const spectacles_endpoint *to = spectacles_stream_endpoint(spectacles_broker_stream(server->broker));
    return to && strcmp(to->host, host) == 0 && to->port == port;
}

/* Refuses the log-in, as RabbitMQ does for a wrong password. */
static void refuse_login(sp_server *server)
{
    server_open(server);
    server_method(server, 0, 10, 10, "bbTSS", (uint64_t)0, (uint64_t)9, "PLAIN", "en_US");
    server_method(server, 0, 10, 50, "wsww", (uint64_t)403, "ACCESS_REFUSED - Login was refused", (uint64_t)0,
                  (uint64_t)0);
    server_eof(server);
}

static void the_connection_stands_and_the_next_one_is_made_with_the_new_ones(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    set(server, "amqp://guest:new@new.example:5673/");
    server_pull(server);
    assert_int_equal(spectacles_broker_state(server->broker), SPECTACLES_BROKER_READY);
    server_eof(server);
    server_wait(server, 1000);
    assert_true(goes_to(server, "new.example", 5673));
    server_ready(server);
    server_free(server);
}

/* A connection that is being made logs in as it began: host and password belong together. */
static void what_is_being_made_goes_on_with_the_former_ones(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_open(server);
    set(server, "amqps://new.example/?auth_mechanism=external&cacertfile=a&certfile=b&keyfile=c");
    server_method(server, 0, 10, 10, "bbTSS", (uint64_t)0, (uint64_t)9, "PLAIN", "en_US");
    assert_int_equal(server_count(&server->written, "0 connection.start-ok PLAIN"), 1);
    server_eof(server);
    server_wait(server, 1000);
    assert_true(goes_to(server, "new.example", 5671));
    server_free(server);
}

static void a_wrong_password_that_is_mended_waits_no_longer(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    refuse_login(server);
    assert_int_equal(spectacles_broker_state(server->broker), SPECTACLES_BROKER_BACKOFF);
    assert_in_range(wait_of(server), 15000, 30000);
    set(server, "amqp://guest:right@new.example/");
    assert_in_range(wait_of(server), 0, 500);
    server_wait(server, 500);
    assert_true(goes_to(server, "new.example", 5672));
    server_free(server);
}

static void the_last_ones_that_were_set_count(void **state)
{
    (void)state;
    static const char *const two[] = {"amqp://one.example/", "amqp://two.example/"};
    sp_server *server = server_new(NULL);
    server_ready(server);
    set(server, "amqp://never.example/");
    assert_int_equal(spectacles_broker_set_urls(server->broker, two, 2, server->now), SPECTACLES_OK);
    server_eof(server);
    server_wait(server, 1000);
    bool was_one = goes_to(server, "one.example", 5672);
    assert_true(was_one || goes_to(server, "two.example", 5672));
    server_open(server);
    server_eof(server);
    server_wait(server, 1000);
    assert_true(goes_to(server, was_one ? "two.example" : "one.example", 5672));
    server_free(server);
}

static void wrong_ones_change_nothing(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    assert_int_equal(spectacles_broker_set_urls(server->broker, NULL, 0, server->now), SPECTACLES_E_INVAL);
    assert_int_equal(set_at(server, NULL), SPECTACLES_E_INVAL);
    assert_int_equal(set_at(server, "amqp://u:" SERVER_PASSWORD "@h:0/"), SPECTACLES_E_INVAL);
    assert_non_null(strstr(spectacles_broker_last_error(server->broker), "port"));
    assert_null(strstr(spectacles_broker_last_error(server->broker), SERVER_PASSWORD));
    server_eof(server);
    server_wait(server, 1000);
    assert_false(goes_to(server, "h", 0));
    server_ready(server);
    server_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_connection_stands_and_the_next_one_is_made_with_the_new_ones),
        cmocka_unit_test(what_is_being_made_goes_on_with_the_former_ones),
        cmocka_unit_test(a_wrong_password_that_is_mended_waits_no_longer),
        cmocka_unit_test(the_last_ones_that_were_set_count),
        cmocka_unit_test(wrong_ones_change_nothing),
    };
    return cmocka_run_group_tests_name("broker/urls", tests, NULL, NULL);
}
