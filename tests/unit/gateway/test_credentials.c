/* Token, certificates and URLs of the broker that are replaced while a gateway runs. */
#include "memory.h"

#include "shard/peer.h"

#include <stdio.h>

#define FIRST_BOT "MTIzNDU2Nzg5MDEyMzQ1Njc4"
#define SECOND_BOT "MjIzNDU2Nzg5MDEyMzQ1Njc4"

static spectacles_session session_of(uint32_t shard_id)
{
    spectacles_session session;
    spectacles_session_init(&session, sizeof session);
    session.shard_id = shard_id;
    session.shard_count = 3;
    session.seq = 7;
    session.session_id = "kept";
    return session;
}

/* Whether the state that the gateway writes holds the session for a process with this token. */
static int is_stored_for(const spectacles_gateway *gateway, const char *token)
{
    spectacles_bytes *bytes = NULL;
    spectacles_state *to = NULL;
    spectacles_state_config config;
    spectacles_session found = {.size = sizeof found};
    spectacles_shard_config shard;
    peer_config(&shard);
    spectacles_state_config_init(&config, sizeof config);
    config.token = token;
    config.intents = shard.intents;
    config.shard_count = 3;
    assert_int_equal(spectacles_bytes_new(&bytes), SPECTACLES_OK);
    assert_int_equal(spectacles_gateway_write_state(gateway, bytes), SPECTACLES_OK);
    assert_int_equal(spectacles_state_new(&to, &config, NULL), SPECTACLES_OK);
    int is_read = spectacles_state_read(to, spectacles_bytes_data(bytes), spectacles_bytes_length(bytes), 1,
                                        NULL) == SPECTACLES_OK;
    is_read = is_read && spectacles_state_session(to, 1, &found) == 1 && found.seq == 7;
    spectacles_state_free(to);
    spectacles_bytes_free(bytes);
    return is_read;
}

static void sessions_go_on_under_the_new_token(void **state)
{
    (void)state;
    const spectacles_session session = session_of(1);
    spectacles_gateway *gateway = memory_gateway(3, SPECTACLES_GATEWAY_NO_SHARDS);
    assert_int_equal(spectacles_gateway_add_shard(gateway, 1, &session, NULL, 0, NULL), SPECTACLES_OK);
    assert_int_equal(spectacles_gateway_take_state(gateway, 1), 1);
    assert_true(is_stored_for(gateway, PEER_TOKEN));
    assert_int_equal(spectacles_gateway_take_state(gateway, 1), 0);
    assert_int_equal(spectacles_gateway_set_token(gateway, FIRST_BOT ".a.b"), SPECTACLES_OK);
    assert_int_equal(spectacles_gateway_take_state(gateway, 1), 1);
    assert_false(is_stored_for(gateway, PEER_TOKEN));
    assert_true(is_stored_for(gateway, FIRST_BOT ".a.b"));
    /* A process that was started with a later token of the same bot. */
    assert_true(is_stored_for(gateway, FIRST_BOT ".c.d"));
    assert_false(is_stored_for(gateway, SECOND_BOT ".a.b"));
    spectacles_gateway_free(gateway);
}

/* Moves the bytes of a shard until it has resumed; returns whether the RESUME holds the token. */
static int resumes_with(spectacles_gateway *gateway, uint32_t shard_id, const char *token)
{
    static const char hello[] = "\x81\x2a{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}";
    char request[2000] = "";
    char accept[64];
    char head[300];
    const uint8_t *bytes;
    spectacles_stream *stream = spectacles_shard_stream(spectacles_gateway_shard(gateway, shard_id));
    memory_pull(gateway, 1000, 0);
    assert_int_equal(spectacles_stream_opened(stream, 1000), SPECTACLES_OK);
    size_t length = spectacles_stream_pending(stream, &bytes);
    snprintf(request, sizeof request, "%.*s", (int)length, (const char *)bytes);
    spectacles_stream_consumed(stream, length);
    peer_accept_key(request, accept);
    int written = snprintf(
        head, sizeof head,
        "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
        accept);
    spectacles_stream_feed(stream, (const uint8_t *)head, (size_t)written, 1000);
    spectacles_stream_feed(stream, (const uint8_t *)hello, sizeof hello - 1, 1000);
    memory_pull(gateway, 1000, 0);
    length = spectacles_stream_pending(stream, &bytes);
    /* A frame of a client is masked: two bytes or four of its head, and the four of the mask. */
    size_t begin = (bytes[1] & 127) == 126 ? 4 : 2;
    for (size_t i = begin + 4; i < length && i - begin - 4 < sizeof request - 1; i++) {
        request[i - begin - 4] = (char)(bytes[i] ^ bytes[begin + (i - begin - 4) % 4]);
        request[i - begin - 3] = '\0';
    }
    return strstr(request, "{\"op\":6,") == request && strstr(request, token) != NULL;
}

static void shards_of_now_and_of_later_log_in_with_it(void **state)
{
    (void)state;
    spectacles_gateway *gateway = memory_gateway(3, SPECTACLES_GATEWAY_NO_SHARDS);
    for (uint32_t id = 0; id < 2; id++) {
        const spectacles_session session = session_of(id);
        if (id == 1)
            assert_int_equal(spectacles_gateway_set_token(gateway, "the.new.token"), SPECTACLES_OK);
        assert_int_equal(spectacles_gateway_add_shard(gateway, id, &session, NULL, 0, NULL), SPECTACLES_OK);
    }
    assert_true(resumes_with(gateway, 0, "\"the.new.token\""));
    assert_true(resumes_with(gateway, 1, "\"the.new.token\""));
    spectacles_gateway_free(gateway);
}

static void a_wrong_token_changes_nothing(void **state)
{
    (void)state;
    const spectacles_session session = session_of(1);
    spectacles_gateway *gateway = memory_gateway(3, SPECTACLES_GATEWAY_NO_SHARDS);
    assert_int_equal(spectacles_gateway_add_shard(gateway, 1, &session, NULL, 0, NULL), SPECTACLES_OK);
    assert_int_equal(spectacles_gateway_set_token(gateway, FIRST_BOT ".a.b"), SPECTACLES_OK);
    assert_int_equal(spectacles_gateway_take_state(gateway, 1), 1);
    assert_int_equal(spectacles_gateway_set_token(gateway, NULL), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_gateway_set_token(gateway, "a\nb"), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_gateway_set_token(gateway, SECOND_BOT ".a.b"), SPECTACLES_E_AUTH);
    assert_non_null(strstr(spectacles_gateway_last_error(gateway), "of another bot"));
    assert_int_equal(spectacles_gateway_take_state(gateway, 1), 0);
    assert_true(resumes_with(gateway, 1, FIRST_BOT ".a.b"));
    spectacles_gateway_free(gateway);
}

static void without_links_and_brokers_there_is_nothing_to_change(void **state)
{
    (void)state;
    const char *url = "amqp://localhost/";
    spectacles_gateway *gateway = memory_gateway(1, 0);
    assert_int_equal(spectacles_gateway_set_tls(gateway, NULL), SPECTACLES_E_STATE);
    assert_int_equal(spectacles_gateway_set_broker_tls(gateway, NULL), SPECTACLES_E_STATE);
    assert_int_equal(spectacles_gateway_set_broker_urls(gateway, &url, 1, 1000), SPECTACLES_E_STATE);
    assert_non_null(strstr(spectacles_gateway_last_error(gateway), "without brokers"));
    spectacles_gateway_free(gateway);
}

static spectacles_gateway *gateway_with_links(const char *url)
{
    spectacles_gateway *gateway = NULL;
    spectacles_gateway_config config;
    spectacles_shard_config shard;
    spectacles_broker_config broker;
    peer_config(&shard);
    shard.gateway_url = "ws://127.0.0.1:9";
    spectacles_broker_config_init(&broker, sizeof broker);
    broker.urls = &url;
    broker.url_count = 1;
    spectacles_gateway_config_init(&config, sizeof config);
    config.shard = &shard;
    config.broker = &broker;
    assert_int_equal(spectacles_gateway_new(&gateway, &config, NULL), SPECTACLES_OK);
    return gateway;
}

static void links_and_brokers_take_what_they_are_given(void **state)
{
    (void)state;
    spectacles_tls *tls = NULL;
    spectacles_tls_config config;
    const char *url = "amqp://moved.example:7777/";
    spectacles_gateway *gateway = gateway_with_links("amqp://127.0.0.1:9/");
    spectacles_tls_config_init(&config, sizeof config);
    config.flags = SPECTACLES_TLS_INSECURE_NO_VERIFICATION;
    assert_int_equal(spectacles_tls_new(&tls, &config, NULL), SPECTACLES_OK);
    assert_int_equal(spectacles_gateway_set_tls(gateway, NULL), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_gateway_set_broker_tls(gateway, NULL), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_gateway_set_tls(gateway, tls), SPECTACLES_OK);
    assert_int_equal(spectacles_gateway_set_tls(gateway, tls), SPECTACLES_OK);
    assert_int_equal(spectacles_gateway_set_broker_tls(gateway, tls), SPECTACLES_OK);
    spectacles_tls_free(tls);
    assert_int_equal(spectacles_gateway_set_broker_urls(gateway, &url, 1, 1000), SPECTACLES_OK);
    memory_pull(gateway, 1000, 0);
    for (uint32_t each = 0; each < 2; each++) {
        const spectacles_endpoint *to =
            spectacles_stream_endpoint(spectacles_broker_stream(spectacles_gateway_broker(gateway, each)));
        assert_non_null(to);
        assert_string_equal(to->host, "moved.example");
        assert_int_equal(to->port, 7777);
    }
    url = "amqp://h:0/";
    assert_int_equal(spectacles_gateway_set_broker_urls(gateway, &url, 1, 1000), SPECTACLES_E_INVAL);
    assert_true(strlen(spectacles_gateway_last_error(gateway)) > 0);
    spectacles_gateway_free(gateway);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_go_on_under_the_new_token),
        cmocka_unit_test(shards_of_now_and_of_later_log_in_with_it),
        cmocka_unit_test(a_wrong_token_changes_nothing),
        cmocka_unit_test(without_links_and_brokers_there_is_nothing_to_change),
        cmocka_unit_test(links_and_brokers_take_what_they_are_given),
    };
    return cmocka_run_group_tests_name("gateway/credentials", tests, NULL, NULL);
}
