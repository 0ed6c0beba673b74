/*
 * AMQP URLs: a password that was not percent-encoded is told from a host, and no part of it is ever shown;
 * what can not be sent as a user or password is refused before anything is.
 */
#include "server.h"

#include <stdio.h>

#define SECRET "s3cret"

static int parse(const char *url, spectacles_problem *problem, spectacles_broker **broker)
{
    spectacles_broker_config config;
    server_config(&config);
    config.urls = &url;
    memset(problem, 0, sizeof *problem);
    return spectacles_broker_new(broker, &config, problem);
}

static void refused(const char *url, const char *says)
{
    spectacles_problem problem;
    spectacles_broker *broker = NULL;
    if (parse(url, &problem, &broker) != SPECTACLES_E_INVAL)
        fail_msg("%s was taken", url);
    if (!strstr(problem.text, says))
        fail_msg("%s: %s", url, problem.text);
    assert_null(strstr(problem.text, SECRET));
    assert_null(strstr(problem.text, "1234"));
    assert_string_equal(problem.word, "");
}

static void taken(const char *url, const char *host)
{
    spectacles_problem problem;
    spectacles_broker *broker = NULL;
    if (parse(url, &problem, &broker) != SPECTACLES_OK)
        fail_msg("%s: %s", url, problem.text);
    spectacles_stream_expire(spectacles_broker_stream(broker), 1);
    assert_string_equal(spectacles_stream_endpoint(spectacles_broker_stream(broker))->host, host);
    spectacles_broker_free(broker);
}

static void a_password_that_was_not_encoded_is_no_host(void **state)
{
    (void)state;
    refused("amqp://admin:1234#" SECRET "@rabbit", "'#' is written %23");
    refused("amqp://admin:1234/" SECRET "@rabbit", "'/' is written %2F");
    refused("amqp://admin:1234?" SECRET "@rabbit", "'?' is written %3F");
    refused("amqp://admin:1234?" SECRET "=1&x@rabbit/v", "'?' is written %3F");
    refused("amqp://admin:#" SECRET "@rabbit", "%23");
    refused("amqp://admin:" SECRET "#1234@rabbit:5672/v?heartbeat=3", "%23");
    refused("amqp://ad@min:1234#" SECRET "@rabbit", "%23");
    refused("amqp://admin:1234@" SECRET "@rabbit", "%40");
    refused("amqp://admin:1234%" SECRET "@rabbit", "%25");
    refused("amqp://admin:1234 " SECRET "@rabbit", "%20");
    refused("amqp://h/a@b", "%40");
    refused("amqps://h/?certfile=a@b", "%40");
}

static void an_encoded_password_may_hold_anything_printable(void **state)
{
    (void)state;
    taken("amqp://admin:%23%2F%3F%40%25%20%3A:x@rabbit", "rabbit");
    taken("amqp://admin:p%20w@rabbit/v%40w", "rabbit");
    taken("amqp://admin:%c3%bc%FC@10.0.0.1/", "10.0.0.1");
    taken("amqp://a:b@[fe80::1%25eth0]:5672/", "fe80::1%eth0");
}

static void several_hosts_are_several_urls(void **state)
{
    (void)state;
    refused("amqp://h1,h2", "a list of URLs");
    refused("amqp://u:" SECRET "@h1:5672,h2:5672/v", "a list of URLs");
    refused("amqp://u:" SECRET "@h1,amqp://u:" SECRET "@h2", "a list of URLs");
    refused("amqp://u:" SECRET "@h1,amqps://h2", "a list of URLs");
}

/* Nobody types a control character on purpose: a file's last line break, half a paste. */
static void control_characters_are_refused_before_anything_is_sent(void **state)
{
    (void)state;
    static const char *const escapes[] = {"%0A", "%0d", "%00", "%09", "%1b", "%7F"};
    char url[100];
    for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
        snprintf(url, sizeof url, "amqp://u:" SECRET "%s@h", escapes[i]);
        refused(url, "control character");
        snprintf(url, sizeof url, "amqp://u%s:" SECRET "@h", escapes[i]);
        refused(url, "control character");
        snprintf(url, sizeof url, "amqp://u:" SECRET "@h/v%s", escapes[i]);
        refused(url, "virtual host");
        snprintf(url, sizeof url, "amqp://u:" SECRET "@h%s", escapes[i]);
        refused(url, "host");
    }
    refused("amqp://u:" SECRET "\x01@h", "control character");
}

static void white_space_around_a_secret_is_a_slip(void **state)
{
    (void)state;
    refused("amqp://u:" SECRET "@h\n", "white space");
    refused("amqp://u:" SECRET "@h/v ", "white space");
    refused("amqp://u:" SECRET "\r@h", "white space");
    refused("amqp://u:" SECRET "%20@h", "begins or ends with a space");
    refused("amqp://u:%20" SECRET "@h", "begins or ends with a space");
    refused("amqp://u%20:" SECRET "@h", "begins or ends with a space");
}

/* RabbitMQ takes no text that is not UTF-8 for a virtual host (501), and a resolver no such host. */
static void hosts_and_virtual_hosts_are_text(void **state)
{
    (void)state;
    refused("amqp://u:" SECRET "@h/%ff", "virtual host");
    refused("amqp://u:" SECRET "@h\xff", "host");
    refused("amqp://u:" SECRET "@h;x", "host");
    taken("amqp://u:" SECRET "@h/%c3%bc", "h");
}

static void refused_parameter(const char *url, const char *name)
{
    spectacles_problem problem;
    spectacles_broker *broker = NULL;
    if (parse(url, &problem, &broker) != SPECTACLES_E_INVAL)
        fail_msg("%s was taken", url);
    assert_string_equal(problem.word, name);
}

/* RabbitMQ: "URI Query Parameters". Erlang's, Go's and Rust's clients know them by these names. */
static void parameters_that_other_clients_know_are_known(void **state)
{
    (void)state;
    taken("amqp://h/?heartbeat=10&connection_timeout=5000&channel_max=100&frame_max=131072", "h");
    taken("amqp://h/?auth_mechanism=PLAIN", "h");
    taken("amqps://h/?verify=verify_peer&cacertfile=/a%20b&certfile=/c&keyfile=/d&auth_mechanism=EXTERNAL",
          "h");
    taken("amqps://h/?server_name_indication=rabbit.example", "h");
    refused("amqp://h/?server_name_indication=rabbit.example", "not with amqps://");
    refused_parameter("amqps://h/?server_name_indication=", "server_name_indication");
    refused_parameter("amqps://h/?server_name_indication=a/b", "server_name_indication");
    refused_parameter("amqps://h/?server_name_indication=disable", "server_name_indication");
    refused_parameter("amqps://h/?verify=verify_none", "verify");
    refused_parameter("amqp://h/?auth_mechanism=amqplain", "auth_mechanism");
}

/* What they know under other names, or what is about them alone, is told and not skipped. */
static void parameters_of_one_client_alone_are_told(void **state)
{
    (void)state;
    static const char *const names[] = {"connection_attempts",
                                        "retry_delay",
                                        "socket_timeout",
                                        "stack_timeout",
                                        "blocked_connection_timeout",
                                        "ssl_options",
                                        "tcp_options",
                                        "locale",
                                        "frameMax",
                                        "channelMax",
                                        "name",
                                        "fail_if_no_peer_cert",
                                        "depth",
                                        "password",
                                        "Heartbeat"};
    char url[100];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(url, sizeof url, "amqps://h/?heartbeat=1&%s=1", names[i]);
        refused_parameter(url, names[i]);
    }
}

static void the_name_in_the_certificate_goes_to_the_transport(void **state)
{
    (void)state;
    spectacles_problem problem;
    spectacles_broker *broker = NULL;
    assert_int_equal(
        parse("amqps://10.0.0.1/?server_name_indication=rabbit%2Done.example", &problem, &broker), 0);
    spectacles_stream *stream = spectacles_broker_stream(broker);
    spectacles_stream_expire(stream, 1);
    assert_string_equal(spectacles_stream_endpoint(stream)->host, "10.0.0.1");
    assert_string_equal(spectacles_stream_endpoint(stream)->server_name, "rabbit-one.example");
    spectacles_broker_free(broker);
    assert_int_equal(parse("amqps://10.0.0.1", &problem, &broker), 0);
    stream = spectacles_broker_stream(broker);
    spectacles_stream_expire(stream, 1);
    assert_null(spectacles_stream_endpoint(stream)->server_name);
    spectacles_broker_free(broker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_that_other_clients_know_are_known),
        cmocka_unit_test(parameters_of_one_client_alone_are_told),
        cmocka_unit_test(the_name_in_the_certificate_goes_to_the_transport),
        cmocka_unit_test(a_password_that_was_not_encoded_is_no_host),
        cmocka_unit_test(an_encoded_password_may_hold_anything_printable),
        cmocka_unit_test(several_hosts_are_several_urls),
        cmocka_unit_test(control_characters_are_refused_before_anything_is_sent),
        cmocka_unit_test(white_space_around_a_secret_is_a_slip),
        cmocka_unit_test(hosts_and_virtual_hosts_are_text),
    };
    return cmocka_run_group_tests_name("broker/uri", tests, NULL, NULL);
}
