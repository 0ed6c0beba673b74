#include "server.h"

#include <stdbool.h>
#include <stdio.h>

static spectacles_message message_of(uint32_t format, const void *body, size_t length)
{
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    message.key = "K";
    message.key_length = 1;
    message.body = body;
    message.body_length = length;
    message.format = format;
    return message;
}

static int publish(sp_server *server, uint32_t format, const void *body, size_t length)
{
    spectacles_message message = message_of(format, body, length);
    server_forget(server);
    int error = spectacles_broker_publish(server->broker, &message, NULL);
    server_pull(server);
    return error;
}

static sp_server *ready(uint32_t format)
{
    spectacles_broker_config config;
    server_config(&config);
    config.format = format;
    sp_server *server = server_new(&config);
    server_ready(server);
    return server;
}

static void writes(const sp_server *server, const char *type, const char *body)
{
    char header[SERVER_LINE];
    snprintf(header, sizeof header, "2 header %zu %s", strlen(body), type);
    assert_string_equal(server_last(&server->written, "2 header"), header);
    snprintf(header, sizeof header, "2 body %s", body);
    assert_string_equal(server_last(&server->written, "2 body"), header);
}

static void what_is_raw_goes_out_as_it_is(void **state)
{
    (void)state;
    sp_server *server = ready(SPECTACLES_FORMAT_JSON);
    publish(server, SPECTACLES_FORMAT_RAW, " {\"a\": 1}", 9);
    writes(server, "application/json", " {\"a\": 1}");
    publish(server, SPECTACLES_FORMAT_RAW, "\x83m\1\1\1\1x", 7);
    writes(server, "application/x-erlang-binary", "\x83m\1\1\1\1x");
    publish(server, SPECTACLES_FORMAT_RAW, "hello", 5);
    writes(server, "application/octet-stream", "hello");
    server_free(server);
}

static void a_body_is_rewritten_in_the_brokers_format(void **state)
{
    (void)state;
    sp_server *server = ready(SPECTACLES_FORMAT_JSON);
    publish(server, SPECTACLES_FORMAT_ETF, "t\0\0\0\1s\1aa\7", 10);
    writes(server, "application/json", "{\"a\":7}");
    publish(server, SPECTACLES_FORMAT_JSON, "{\"a\": 7}", 8);
    writes(server, "application/json", "{\"a\": 7}");
    server_free(server);
    server = ready(SPECTACLES_FORMAT_ETF);
    publish(server, SPECTACLES_FORMAT_JSON, "7", 1);
    writes(server, "application/x-erlang-binary",
           "\x83"
           "a\7");
    publish(server, SPECTACLES_FORMAT_ETF, "a\7", 2);
    writes(server, "application/x-erlang-binary",
           "\x83"
           "a\7");
    server_free(server);
}

static void a_content_type_that_is_given_stays(void **state)
{
    (void)state;
    sp_server *server = ready(SPECTACLES_FORMAT_JSON);
    spectacles_message message = message_of(SPECTACLES_FORMAT_RAW, "x", 1);
    message.content_type = "text/plain";
    spectacles_broker_publish(server->broker, &message, NULL);
    server_pull(server);
    writes(server, "text/plain", "x");
    server_free(server);
}

static void what_can_not_be_rewritten_is_refused_and_nothing_is_published(void **state)
{
    (void)state;
    uint64_t tag = 0;
    sp_server *server = ready(SPECTACLES_FORMAT_ETF);
    assert_int_equal(publish(server, SPECTACLES_FORMAT_JSON, "{\"a\":1,\"a\":2}", 13), SPECTACLES_E_PROTO);
    assert_non_null(strstr(spectacles_broker_last_error(server->broker), "key twice"));
    assert_int_equal(publish(server, SPECTACLES_FORMAT_JSON, "{", 1), SPECTACLES_E_PROTO);
    assert_int_equal(publish(server, 5, "{}", 2), SPECTACLES_E_INVAL);
    assert_int_equal(server_count(&server->written, "2 "), 0);
    spectacles_message message = message_of(SPECTACLES_FORMAT_JSON, "{}", 2);
    assert_int_equal(spectacles_broker_publish(server->broker, &message, &tag), 0);
    assert_int_equal(tag, 1);
    server_free(server);
}

static void half_a_surrogate_pair_is_replaced_only_where_the_message_asks(void **state)
{
    static const char body[] = "\"\\ud800\"";
    spectacles_broker_stats stats = {.size = sizeof stats};
    (void)state;
    sp_server *server = ready(SPECTACLES_FORMAT_ETF);
    assert_int_equal(publish(server, SPECTACLES_FORMAT_JSON, body, sizeof body - 1), SPECTACLES_E_PROTO);
    spectacles_message message = message_of(SPECTACLES_FORMAT_JSON, body, sizeof body - 1);
    message.flags = SPECTACLES_MESSAGE_REPLACE_SURROGATES;
    assert_int_equal(spectacles_broker_publish(server->broker, &message, NULL), SPECTACLES_OK);
    message.body = (const uint8_t *)"\"x\"";
    message.body_length = 3;
    assert_int_equal(spectacles_broker_publish(server->broker, &message, NULL), SPECTACLES_OK);
    server_pull(server);
    assert_string_equal(server_last(&server->written, "2 body"), "2 body \x83m");
    spectacles_broker_get_stats(server->broker, &stats);
    assert_int_equal(stats.surrogates_replaced, 1);
    server_free(server);
}

static void a_configuration_names_a_format_that_there_is(void **state)
{
    (void)state;
    spectacles_broker *broker = NULL;
    spectacles_problem problem;
    spectacles_broker_config config;
    for (uint32_t format = 0; format < 6; format++) {
        server_config(&config);
        config.format = format;
        bool known = format == SPECTACLES_FORMAT_JSON || format == SPECTACLES_FORMAT_ETF;
        bool msgpack = format == SPECTACLES_FORMAT_MSGPACK || format == SPECTACLES_FORMAT_MSGPACK_JSON;
        int expected = SPECTACLES_E_INVAL;
        if (known || (msgpack && spectacles_feature_supported("msgpack")))
            expected = SPECTACLES_OK;
        else if (msgpack)
            expected = SPECTACLES_E_UNSUPPORTED;
        assert_int_equal(spectacles_broker_new(&broker, &config, &problem), expected);
        if (expected == SPECTACLES_OK)
            spectacles_broker_free(broker);
        else
            assert_non_null(strstr(problem.text, msgpack ? "no MessagePack" : "no such format"));
    }
}

static void a_delivery_says_what_it_seems_to_be_in(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        uint32_t format;
    } deliveries[] = {{"{}", SPECTACLES_FORMAT_JSON},
                      {"\x83j", SPECTACLES_FORMAT_ETF},
                      {"\x80", SPECTACLES_FORMAT_MSGPACK},
                      {"\xa2{}", SPECTACLES_FORMAT_MSGPACK_JSON},
                      {"hello", SPECTACLES_FORMAT_RAW}};
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 10);
    server_ready(server);
    for (size_t i = 0; i < sizeof deliveries / sizeof deliveries[0]; i++) {
        server->format = 0;
        server_deliver(server, 2 * i + 1, "s0.1", "A", deliveries[i].body, 100);
        assert_int_equal(server->format, deliveries[i].format);
        server_deliver(server, 2 * i + 2, "s0.1", "A", deliveries[i].body, 1);
        assert_int_equal(server->format, deliveries[i].format);
    }
    server_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_raw_goes_out_as_it_is),
        cmocka_unit_test(a_body_is_rewritten_in_the_brokers_format),
        cmocka_unit_test(a_content_type_that_is_given_stays),
        cmocka_unit_test(what_can_not_be_rewritten_is_refused_and_nothing_is_published),
        cmocka_unit_test(half_a_surrogate_pair_is_replaced_only_where_the_message_asks),
        cmocka_unit_test(a_configuration_names_a_format_that_there_is),
        cmocka_unit_test(a_delivery_says_what_it_seems_to_be_in),
    };
    return cmocka_run_group_tests_name("broker/publish", tests, NULL, NULL);
}
