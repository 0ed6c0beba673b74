/* Bytes in and out: back-pressure, sizes, nonsense. */
#include "scene.h"

#include <stdio.h>
#include <string.h>

static void high_water_stops_the_reading(void **state)
{
    (void)state;
    spectacles_shard_config config;
    peer_config(&config);
    config.high_water = 1000;
    sp_peer *peer = peer_new(&config);
    peer_ready(peer);
    assert_int_equal(spectacles_stream_wants_input(peer_stream(peer)), 1);
    for (int i = 0; i < 200; i++) {
        char frame[64];
        int length =
            snprintf(frame, sizeof frame, "\x81\x20{\"op\":0,\"t\":\"A\",\"s\":%d,\"d\":[1]}", 100 + i);
        spectacles_stream_feed(peer_stream(peer), (const uint8_t *)frame, (size_t)length, peer->now);
    }
    assert_int_equal(spectacles_stream_wants_input(peer_stream(peer)), 0);
    peer_forget(peer);
    /* 34 bytes each: reading goes on when no more than 500 are left. */
    for (int i = 0; i < 185; i++) {
        assert_int_equal(spectacles_stream_wants_input(peer_stream(peer)), 0);
        assert_non_null(spectacles_shard_next_event(peer->shard, peer->now));
    }
    for (int i = 0; i < 5; i++)
        assert_non_null(spectacles_shard_next_event(peer->shard, peer->now));
    assert_int_equal(spectacles_stream_wants_input(peer_stream(peer)), 1);
    peer_pull(peer);
    assert_int_equal(peer_count(peer, "DISPATCH"), 10);
    assert_int_equal(spectacles_stream_wants_input(peer_stream(peer)), 1);
    /* A message larger than the high water does not choke. */
    peer_frame(peer, 0x01, "[", 1);
    for (int i = 0; i < 3000; i++) {
        assert_int_equal(spectacles_stream_wants_input(peer_stream(peer)), 1);
        peer_frame(peer, 0x00, "1,", 2);
    }
    peer_free(peer);
}

/* However low: what has come of a head or of a message's first bytes waits for the rest. */
static void the_lowest_high_water_does_not_choke(void **state)
{
    (void)state;
    static char long_header[5000];
    char head[6000];
    char accept[64];
    spectacles_shard_config config;
    peer_config(&config);
    config.high_water = 1;
    sp_peer *peer = peer_new(&config);
    peer->split = 1;
    peer_open(peer);
    peer->sent[peer->sent_length] = '\0';
    peer_accept_key((const char *)peer->sent, accept);
    memset(long_header, 'x', sizeof long_header - 1);
    int length = snprintf(head, sizeof head,
                          "HTTP/1.1 101 X\r\nX-Long: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Accept: %s\r\n\r\n",
                          long_header, accept);
    for (int i = 0; i < length; i++) {
        assert_int_equal(spectacles_stream_wants_input(peer_stream(peer)), 1);
        peer_feed(peer, head + i, 1);
    }
    length = snprintf(head, sizeof head, "\x81\x7e_\x96%-150s",
                      "{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}");
    head[2] = 0;
    for (int i = 0; i < length; i++) {
        assert_int_equal(spectacles_stream_wants_input(peer_stream(peer)), 1);
        peer_feed(peer, head + i, 1);
    }
    assert_int_equal(spectacles_shard_state(peer->shard), SPECTACLES_SHARD_IDENTIFY_WAIT);
    peer_free(peer);
}

static void a_peer_that_does_not_read_is_not_read(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    static uint8_t pings[2 * 1000];
    for (size_t i = 0; i < sizeof pings; i += 2)
        pings[i] = 0x89;
    const uint8_t *bytes;
    for (int i = 0; i < 1000 && spectacles_stream_wants_input(peer_stream(peer)); i++) {
        spectacles_stream_feed(peer_stream(peer), pings, sizeof pings, peer->now);
        assert_null(spectacles_shard_next_event(peer->shard, peer->now));
    }
    assert_int_equal(spectacles_stream_wants_input(peer_stream(peer)), 0);
    assert_true(spectacles_stream_pending(peer_stream(peer), &bytes) < 300 * 1024);
    peer_pull(peer);
    assert_int_equal(spectacles_stream_wants_input(peer_stream(peer)), 1);
    peer_free(peer);
}

static void nonsense_ends_the_connection_and_not_the_shard(void **state)
{
    (void)state;
    static const struct {
        int first_byte;
        const char *payload;
        const char *text;
    } table[] = {
        {0xc1, "{}", "reserved bits"},
        {0x83, "{}", "unknown kind"},
        {0x8b, "{}", "unknown kind"},
        {0x80, "{}", "continued a message"},
        {0x09, "{}", "in pieces"},
        {0x82, "{}", "binary message"},
        {0x81, "{", "key in quotes"},
        {0x81, "", "JSON object"},
        {0x81, "[]", "a payload is a JSON object"},
        {0x81, "{\"op\":0,\"op\":1}", "twice"},
        {0x81, "{\"op\":-1}", "op is not a whole number"},
        {0x81, "{\"d\":1}", "without an op"},
        {0x81, "{\"op\":0,\"t\":\"A\",\"d\":1}", "without s, t or d"},
        {0x81, "{\"op\":0,\"s\":2,\"d\":1}", "without s, t or d"},
        {0x81, "{\"op\":0,\"s\":2,\"t\":\"A\"}", "without s, t or d"},
        {0x81, "{\"op\":0,\"s\":1.5,\"t\":\"A\",\"d\":1}", "s is not a whole number"},
        {0x81, "{\"op\":0,\"s\":2,\"t\":\"A B\",\"d\":1}", "t is not the name"},
        {0x81, "{\"op\":11,\"d\":\"\xff\"}", "not UTF-8"},
        {0x81, "{\"op\":11} x", "behind the value"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sp_peer *peer = peer_new(NULL);
        peer_ready(peer);
        peer_frame(peer, table[i].first_byte, table[i].payload, strlen(table[i].payload));
        peer_eof(peer, 0, NULL);
        if (!strstr(peer_last(peer, "LOST 0 -5"), table[i].text))
            fail_msg("%s: %s", table[i].payload, peer_last(peer, "LOST"));
        peer_come_back(peer);
        peer_expect(peer, SCENE_RESUME);
        peer_free(peer);
    }
}

static void size_is_capped(void **state)
{
    (void)state;
    spectacles_shard_config config;
    peer_config(&config);
    config.max_message = 1000;
    sp_peer *peer = peer_new(&config);
    static char big[1001];
    memset(big, ' ', sizeof big);
    peer_ready(peer);
    peer_frame(peer, 0x81, big, 1001);
    char payload[100];
    while (peer_read(peer, payload, sizeof payload) != 8)
        ;
    assert_memory_equal(payload, "\x03\xf1", 2);
    peer_eof(peer, 0, NULL);
    assert_non_null(strstr(peer_last(peer, "LOST 0 -9"), "over the limit"));
    peer_come_back(peer);
    peer_frame(peer, 0x01, big, 600);
    peer_frame(peer, 0x80, big, 600);
    peer_eof(peer, 0, NULL);
    assert_int_equal(peer_count(peer, "LOST 0 -9"), 2);
    peer_free(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(high_water_stops_the_reading),
        cmocka_unit_test(the_lowest_high_water_does_not_choke),
        cmocka_unit_test(a_peer_that_does_not_read_is_not_read),
        cmocka_unit_test(nonsense_ends_the_connection_and_not_the_shard),
        cmocka_unit_test(size_is_capped),
    };
    return cmocka_run_group_tests_name("shard/stream", tests, NULL, NULL);
}
