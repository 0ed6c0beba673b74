/* What is left of the AMQP password in memory that was given back, and in memory that is in use. */
#include "heap.h"
#include "server.h"

/* Logs in and loses the connection, at this point of the handshake. */
enum point {
    IN_THE_LOGIN, /* start-ok waits to be written */
    BEHIND_IT,
    WHEN_READY,
    POINTS
};

static void start(sp_server *server)
{
    spectacles_stream_opened(spectacles_broker_stream(server->broker), server->now);
    static const uint8_t frame[] = "\1\0\0\0\0\0\x1c"
                                   "\0\x0a\0\x0a\0\x09\0\0\0\0\0\0\0\5PLAIN\0\0\0\5en_US\xce";
    spectacles_stream_feed(spectacles_broker_stream(server->broker), frame, sizeof frame - 1, server->now);
}

static void live(sp_server *server, enum point until)
{
    if (until == WHEN_READY) {
        server_ready(server);
        return;
    }
    server_open(server);
    server_method(server, 0, 10, 10, "bbTSS", (uint64_t)0, (uint64_t)9, "PLAIN", "en_US");
    assert_int_equal(server_count(&server->written, "0 connection.start-ok PLAIN"), 1);
    if (until == BEHIND_IT)
        server_method(server, 0, 10, 30, "wlw", (uint64_t)2047, (uint64_t)131072, (uint64_t)60);
}

static void forget_input(sp_server *server)
{
    memset(server->input, 0, sizeof server->input);
}

static void nothing_of_the_password_is_left_in_freed_memory(void **state)
{
    (void)state;
    heap_watch(SERVER_PASSWORD);
    sp_server *server = server_new(NULL);
    for (int i = 0; i < 3 * POINTS; i++) {
        enum point until = (enum point)(i % POINTS);
        live(server, until);
        forget_input(server);
        /* The parsed URL holds it, for the next connection; so does a login that was not answered. */
        assert_int_equal(heap_copies(server), until == IN_THE_LOGIN ? 2 : 1);
        server_eof(server);
        assert_int_equal(heap_copies(server), 1);
    }
    spectacles_broker_free(server->broker);
    assert_int_equal(heap_copies(server), 0);
    server->broker = NULL;
    server_free(server);
    assert_int_equal(heap_left_behind(), 0);
}

/* What a server does not read stays in the buffer for as long as the connection lives. */
static void a_login_that_can_not_be_written_is_wiped_too(void **state)
{
    (void)state;
    const uint8_t *bytes;
    heap_watch(SERVER_PASSWORD);
    sp_server *server = server_new(NULL);
    spectacles_stream_expire(spectacles_broker_stream(server->broker), server->now);
    server_pull(server);
    start(server);
    while (spectacles_broker_next_event(server->broker, server->now))
        continue;
    assert_true(spectacles_stream_pending(spectacles_broker_stream(server->broker), &bytes) > 0);
    server_eof(server);
    spectacles_broker_free(server->broker);
    server->broker = NULL;
    assert_int_equal(heap_copies(server), 0);
    server_free(server);
    assert_int_equal(heap_left_behind(), 0);
}

static void a_list_of_urls_that_is_refused_leaves_nothing(void **state)
{
    (void)state;
    static const char *const urls[] = {"amqp://u:" SERVER_PASSWORD "@h", "amqp://u:" SERVER_PASSWORD "@h:0",
                                       "amqp://u:" SERVER_PASSWORD "@h/?x=1"};
    heap_watch(SERVER_PASSWORD);
    for (uint32_t i = 0; i < 3; i++) {
        spectacles_broker *broker = NULL;
        spectacles_broker_config config;
        server_config(&config);
        config.urls = urls + i;
        config.url_count = 3 - i;
        assert_int_equal(spectacles_broker_new(&broker, &config, NULL), SPECTACLES_E_INVAL);
    }
    assert_int_equal(heap_copies(NULL), 0);
    assert_int_equal(heap_left_behind(), 0);
}

/* The former URL is needed until the next connection begins. */
static void a_password_that_is_replaced_is_wiped(void **state)
{
    (void)state;
    const char *url = "amqp://guest:another@broker.example/";
    heap_watch(SERVER_PASSWORD);
    sp_server *server = server_new(NULL);
    server_ready(server);
    forget_input(server);
    assert_int_equal(spectacles_broker_set_urls(server->broker, &url, 1, server->now), SPECTACLES_OK);
    assert_int_equal(heap_copies(server), 1);
    server_eof(server);
    server_wait(server, 1000);
    assert_int_equal(heap_copies(server), 0);
    server_free(server);
    assert_int_equal(heap_left_behind(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_of_the_password_is_left_in_freed_memory),
        cmocka_unit_test(a_login_that_can_not_be_written_is_wiped_too),
        cmocka_unit_test(a_list_of_urls_that_is_refused_leaves_nothing),
        cmocka_unit_test(a_password_that_is_replaced_is_wiped),
    };
    return cmocka_run_group_tests_name("broker/secrets", tests, NULL, NULL);
}
