/* Settings that are refused, and a certificate that logs in. */
#include "server.h"

static void an_unread_limit_may_be_any_number(void **state)
{
    (void)state;
    spectacles_broker_config config;
    server_config(&config);
    config.high_water = UINT64_MAX;
    static uint8_t most_of_a_frame[131071] = {3, 0, 3, 0, 1, 0xff, 0xf8};
    sp_server *server = server_new(&config);
    server_ready(server);
    spectacles_stream_feed(spectacles_broker_stream(server->broker), most_of_a_frame, sizeof most_of_a_frame,
                           server->now);
    assert_int_equal(spectacles_stream_wants_input(spectacles_broker_stream(server->broker)), 1);
    server_free(server);
}

static void no_time_to_connect_is_refused(void **state)
{
    (void)state;
    spectacles_broker *broker = NULL;
    spectacles_problem problem;
    spectacles_broker_config config;
    server_config(&config);
    config.connect_timeout = 0;
    assert_int_equal(spectacles_broker_new(&broker, &config, &problem), SPECTACLES_E_INVAL);
    assert_non_null(strstr(problem.text, "connect_timeout"));
}

static void refuses(spectacles_broker_config config, const char *text)
{
    spectacles_broker *broker = NULL;
    spectacles_problem problem;
    assert_int_equal(spectacles_broker_new(&broker, &config, &problem), SPECTACLES_E_INVAL);
    assert_non_null(strstr(problem.text, text));
}

static void a_heartbeat_and_an_exchange_that_cannot_be_are_refused(void **state)
{
    (void)state;
    spectacles_broker_config config;
    server_config(&config);
    config.heartbeat = 3601;
    refuses(config, "heartbeat");
    server_config(&config);
    config.exchange_type = SPECTACLES_EXCHANGE_FANOUT + 1;
    refuses(config, "exchange_type");
}

static void wrong_settings_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *text;
    } table[] = {{"http://x", "neither with amqp://"},
                 {"amqp://u:" SERVER_PASSWORD "@h:0/", "port"},
                 {"amqp://u:" SERVER_PASSWORD "@h:70000/", "port"},
                 {"amqp://u:" SERVER_PASSWORD "@[::1/", "host"},
                 {"amqp://u:%zz@h/", "password"},
                 {"amqp://h/a/b", "virtual host"},
                 {"amqp://h/?hartbeat=1", "unknown parameter"},
                 {"amqp://h/?heartbeat=x", "cannot have"},
                 {"amqp://h/?heartbeat", "no value"},
                 {"amqp://h/?frame_max=100", "cannot have"},
                 {"amqps://h/?verify=verify_none", "cannot have"},
                 {"amqps://h/?certfile=x", "both a certfile and a keyfile"},
                 {"amqp://h/?cacertfile=x", "not with amqps://"},
                 {"amqp://h/?auth_mechanism=cram", "cannot have"}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        spectacles_broker *broker = NULL;
        spectacles_problem problem = {0};
        spectacles_broker_config config;
        server_config(&config);
        config.urls = &table[i].url;
        assert_true(spectacles_broker_new(&broker, &config, &problem) < 0);
        assert_null(broker);
        assert_non_null(strstr(problem.text, table[i].text));
        assert_null(strstr(problem.text, SERVER_PASSWORD));
    }
}

static void a_wrong_parameter_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *word;
    } table[] = {{"amqp://h/?hartbeat=1", "hartbeat"},
                 {"amqp://h/?heartbeat=10&frame_max=" SERVER_PASSWORD, "frame_max"},
                 {"amqp://u:" SERVER_PASSWORD "@h/?heartbeat=x", "heartbeat"},
                 {"amqp://u:" SERVER_PASSWORD "@h:0/", ""}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        spectacles_broker *broker = NULL;
        spectacles_problem problem = {0};
        spectacles_broker_config config;
        server_config(&config);
        config.urls = &table[i].url;
        assert_int_equal(spectacles_broker_new(&broker, &config, &problem), SPECTACLES_E_INVAL);
        assert_string_equal(problem.word, table[i].word);
    }
}

/* Else every one of its queues would be refused, one by one, with other words. */
static void a_group_is_text(void **state)
{
    (void)state;
    static const char *const groups[] = {"", "a\nb", "a\x7f", "\xff"};
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        spectacles_broker *broker = NULL;
        spectacles_problem problem = {0};
        spectacles_broker_config config;
        server_config(&config);
        config.group = groups[i];
        assert_int_equal(spectacles_broker_new(&broker, &config, &problem), SPECTACLES_E_INVAL);
        assert_non_null(strstr(problem.text, "group h"));
    }
}

static void start_with(sp_server *server, const char *mechanisms)
{
    server_open(server);
    server_method(server, 0, 10, 10, "bbTSS", (uint64_t)0, (uint64_t)9, mechanisms, "en_US");
}

static sp_server *server_external(void)
{
    static const char *const url = "amqps://h/?auth_mechanism=external&certfile=c.pem&keyfile=k.pem";
    spectacles_broker_config config;
    server_config(&config);
    config.urls = &url;
    return server_new(&config);
}

/* RFC 4422, appendix A: an empty response asks for the identity in the certificate. */
static void a_certificate_logs_in(void **state)
{
    (void)state;
    sp_server *server = server_external();
    start_with(server, "PLAIN EXTERNAL");
    assert_int_equal(server_count(&server->written, "0 connection.start-ok EXTERNAL, 0 bytes"), 1);
    server_free(server);

    server = server_external();
    start_with(server, "AMQPLAIN PLAIN");
    assert_non_null(
        strstr(server_last(&server->events, "DISCONNECTED"), "does not offer to log in with EXTERNAL"));
    server_free(server);

    server = server_new(NULL);
    start_with(server, "PLAIN EXTERNAL");
    assert_int_equal(server_count(&server->written, "0 connection.start-ok PLAIN"), 1);
    server_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unread_limit_may_be_any_number),
        cmocka_unit_test(no_time_to_connect_is_refused),
        cmocka_unit_test(a_heartbeat_and_an_exchange_that_cannot_be_are_refused),
        cmocka_unit_test(wrong_settings_are_named),
        cmocka_unit_test(a_wrong_parameter_is_named),
        cmocka_unit_test(a_group_is_text),
        cmocka_unit_test(a_certificate_logs_in),
    };
    return cmocka_run_group_tests_name("broker/config", tests, NULL, NULL);
}
