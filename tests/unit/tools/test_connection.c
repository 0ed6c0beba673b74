/* A connection of the program's own: a name that is looked up, bytes that arrive, and a peer that goes. */
#include "connection.h"

#include "listener.h"
#include "unit.h"

#include <stdio.h>
#include <unistd.h>

static struct listener listener;
static spectacles_broker *broker;
static struct connection *connection;
static spectacles_broker_config config;
static const char *url;
static spectacles_link_config line;
static spectacles_problem problem;

static int begin(void **state)
{
    (void)state;
    listener_begin(&listener);
    spectacles_broker_config_init(&config, sizeof config);
    spectacles_link_config_init(&line, sizeof line);
    config.group = "gateway";
    config.urls = &url;
    config.url_count = 1;
    broker = NULL;
    connection = NULL;
    return 0;
}

static int end(void **state)
{
    (void)state;
    connection_free(connection);
    spectacles_broker_free(broker);
    listener_end(&listener);
    return 0;
}

static void connect_to(const char *host)
{
    static char text[120];
    snprintf(text, sizeof text, "amqp://guest:guest@%s:%u", host, listener.port);
    url = text;
    assert_int_equal(connection_to_broker(&connection, &broker, &config, &line, &problem), SPECTACLES_OK);
}

/* One turn of the loop. Returns whether the broker has told of the end of a connection. */
static bool turn(void)
{
    bool is_lost = false;
    const spectacles_broker_event *event;
    connection_wait(connection, spectacles_now() + 100, spectacles_now());
    connection_process(connection, spectacles_now());
    do {
        while ((event = spectacles_broker_next_event(broker, spectacles_now())))
            is_lost = is_lost || event->type == SPECTACLES_BROKER_EVENT_DISCONNECTED;
    } while (connection_flush(connection, spectacles_now()));
    return is_lost;
}

static void a_name_is_looked_up_and_bytes_arrive(void **state)
{
    char greeting[8];
    (void)state;
    connect_to("localhost");
    assert_true(connection_descriptor(connection) >= 0);
    while (!listener_accept(&listener))
        turn();
    while (!listener_has(&listener, sizeof greeting))
        turn();
    assert_int_equal(read(listener.peer, greeting, sizeof greeting), sizeof greeting);
    assert_memory_equal(greeting, "AMQP\0\0\x09\x01", sizeof greeting);
    assert_true(connection_deadline(connection) < SPECTACLES_NEVER);
    listener_hang_up(&listener);
    while (!turn())
        ;
}

static void a_name_without_an_address_is_told(void **state)
{
    (void)state;
    connect_to("a123456789012345678901234567890123456789012345678901234567890123456789");
    while (!turn())
        ;
}

static void certificates_may_be_given_later(void **state)
{
    (void)state;
    connect_to("127.0.0.1");
    connection_set_tls(connection, NULL);
    while (!listener_accept(&listener))
        turn();
}

static void what_is_wrong_is_told(void **state)
{
    (void)state;
    connection_free(NULL);
    url = "gopher://somewhere";
    assert_int_equal(connection_to_broker(&connection, &broker, &config, &line, &problem),
                     SPECTACLES_E_INVAL);
    assert_null(broker);
    assert_true(problem.text[0] != '\0');
    url = "amqp://127.0.0.1";
    line.proxy = "gopher://somewhere";
    assert_int_equal(connection_to_broker(&connection, &broker, &config, &line, &problem),
                     SPECTACLES_E_UNSUPPORTED);
    assert_non_null(broker);
    assert_null(connection);
}

#define LISTENING(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LISTENING(a_name_is_looked_up_and_bytes_arrive),
        LISTENING(a_name_without_an_address_is_told),
        LISTENING(certificates_may_be_given_later),
        LISTENING(what_is_wrong_is_told),
    };
    return cmocka_run_group_tests_name("tools/connection", tests, NULL, NULL);
}
