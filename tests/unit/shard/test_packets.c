/* Packets of the owner: the rate limit, tickets, congestion. */
#include "scene.h"

#include <stdio.h>
#include <string.h>

static void packets_keep_to_the_rate_limit(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    const uint8_t d[] = "{\"a\":1}";
    uint32_t remaining;
    uint64_t refill;
    uint64_t start = peer->now;
    uint32_t sent = 0;
    spectacles_shard_budget(peer->shard, peer->now, &remaining, NULL);
    /* Identify and what heartbeats may need are taken off. */
    assert_int_equal(remaining, 120 - 1 - 2 - 3);
    uint64_t ticket;
    while (spectacles_shard_send(peer->shard, 4, d, 7, peer->now, &ticket) == SPECTACLES_OK) {
        assert_int_equal(ticket, ++sent);
        peer_pull(peer);
    }
    assert_int_equal(sent, remaining);
    assert_int_equal(spectacles_shard_send(peer->shard, 4, d, 7, peer->now, NULL), SPECTACLES_E_AGAIN);
    spectacles_shard_budget(peer->shard, peer->now, &remaining, &refill);
    assert_int_equal(remaining, 0);
    assert_int_equal(refill, start + 61000);
    for (int i = 0; i < 60; i++) {
        peer_wait(peer, 1000);
        peer_text(peer, "{\"op\":11}");
    }
    peer_wait(peer, 999);
    assert_int_equal(spectacles_shard_send(peer->shard, 4, d, 7, peer->now, NULL), SPECTACLES_E_AGAIN);
    peer_wait(peer, 1);
    assert_int_equal(spectacles_shard_send(peer->shard, 4, d, 7, peer->now, NULL), SPECTACLES_OK);
    assert_int_equal(peer_count(peer, "SENT"), (int)sent);
    peer_free(peer);
}

static void packets_are_written_verbatim_and_bounded(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    static uint8_t big[5000];
    memset(big, '1', sizeof big);
    assert_int_equal(spectacles_shard_send(peer->shard, 4, big, 1, peer->now, NULL), SPECTACLES_E_STATE);
    peer_ready(peer);
    const char d[] = "{ \"guild_id\":\"1\",\"x\":1.0e2,\"y\":\"\\u0041\" }";
    assert_int_equal(spectacles_shard_send(peer->shard, 8, (const uint8_t *)d, sizeof d - 1, peer->now, NULL),
                     SPECTACLES_OK);
    peer_pull(peer);
    peer_expect(peer, "{\"op\":8,\"d\":{ \"guild_id\":\"1\",\"x\":1.0e2,\"y\":\"\\u0041\" }}");
    assert_int_equal(spectacles_shard_send(peer->shard, 8, big, 4096 - 12, peer->now, NULL),
                     SPECTACLES_E_TOOBIG);
    assert_string_equal(spectacles_shard_last_error(peer->shard), "the payload is over 4096 bytes");
    assert_int_equal(spectacles_shard_send(peer->shard, 8, big, 4096 - 13, peer->now, NULL), SPECTACLES_OK);
    assert_int_equal(spectacles_shard_send(peer->shard, 8, (const uint8_t *)"{", 1, peer->now, NULL),
                     SPECTACLES_E_PROTO);
    assert_string_equal(spectacles_shard_last_error(peer->shard), "d is not JSON");
    peer_free(peer);
}

static void a_packet_is_sent_or_unsent(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    const uint8_t *bytes;
    uint64_t first;
    uint64_t second;
    spectacles_shard_send(peer->shard, 4, (const uint8_t *)"{}", 2, peer->now, &first);
    spectacles_shard_send(peer->shard, 4, (const uint8_t *)"{}", 2, peer->now, &second);
    size_t both = spectacles_stream_pending(peer_stream(peer), &bytes);
    spectacles_stream_consumed(peer_stream(peer), both / 2 - 1);
    assert_null(spectacles_shard_next_event(peer->shard, peer->now));
    spectacles_stream_consumed(peer_stream(peer), 1);
    const spectacles_shard_event *event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_SENT);
    assert_int_equal(event->ticket, first);
    spectacles_stream_consumed(peer_stream(peer), 1);
    spectacles_stream_eof(peer_stream(peer), 0, NULL, 0, peer->now);
    peer_pull(peer);
    assert_int_equal(peer_count(peer, "UNSENT 2"), 1);
    assert_int_equal(second, 2);
    peer_free(peer);
}

/* Its last byte was taken: it must not be sent again, however soon the connection ends. */
static void a_packet_that_went_out_is_sent(void **state)
{
    (void)state;
    const uint8_t *bytes;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    spectacles_shard_send(peer->shard, 4, (const uint8_t *)"{}", 2, peer->now, NULL);
    spectacles_stream_consumed(peer_stream(peer), spectacles_stream_pending(peer_stream(peer), &bytes));
    spectacles_stream_eof(peer_stream(peer), 0, NULL, 0, peer->now);
    assert_int_equal(spectacles_shard_state(peer->shard), SPECTACLES_SHARD_READY);
    assert_int_equal(spectacles_shard_send(peer->shard, 4, (const uint8_t *)"{}", 2, peer->now, NULL),
                     SPECTACLES_E_STATE);
    const spectacles_shard_event *event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_SENT);
    peer_pull(peer);
    assert_int_equal(peer_count(peer, "UNSENT"), 0);
    assert_string_equal(peer_last(peer, "LOST"),
                        "LOST 0 -6 the gateway closed the connection without a close frame");
    peer_free(peer);
}

/* Neither the bytes that nobody took, nor what was counted on it, outlive a connection. */
static void a_new_connection_has_sent_nothing(void **state)
{
    (void)state;
    const uint8_t *bytes;
    uint32_t remaining;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    while (spectacles_shard_send(peer->shard, 4, (const uint8_t *)"{}", 2, peer->now, NULL) == SPECTACLES_OK)
        continue;
    spectacles_stream_eof(peer_stream(peer), 0, NULL, 0, peer->now);
    while (spectacles_shard_next_event(peer->shard, peer->now))
        continue;
    peer->now = spectacles_stream_deadline(peer_stream(peer));
    spectacles_stream_expire(peer_stream(peer), peer->now);
    assert_int_equal(spectacles_stream_opened(peer_stream(peer), peer->now), SPECTACLES_OK);
    assert_true(spectacles_stream_pending(peer_stream(peer), &bytes) > 4);
    assert_memory_equal(bytes, "GET ", 4);
    spectacles_stream_eof(peer_stream(peer), 0, NULL, 0, peer->now);
    peer_pull(peer);
    peer_come_back(peer);
    peer_text(peer, "{\"op\":0,\"t\":\"RESUMED\",\"s\":2,\"d\":{}}");
    spectacles_shard_budget(peer->shard, peer->now, &remaining, NULL);
    assert_int_equal(remaining, 120 - 1 - 2 - 3);
    spectacles_shard_send(peer->shard, 4, (const uint8_t *)"{}", 2, peer->now, NULL);
    assert_null(spectacles_shard_next_event(peer->shard, peer->now));
    peer_free(peer);
}

/* Nobody takes the bytes: in the end nothing more is queued, and what is there still knows its fate. */
static void a_full_output_says_again(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    uint32_t remaining;
    int queued = 0;
    for (int minute = 0; minute < 4; minute++) {
        while (spectacles_shard_send(peer->shard, 4, (const uint8_t *)"{}", 2, peer->now, NULL) ==
               SPECTACLES_OK)
            queued++;
        for (int i = 0; i < 60; i++) {
            peer->now += 1000;
            spectacles_stream_expire(peer_stream(peer), peer->now);
            spectacles_stream_feed(peer_stream(peer), (const uint8_t *)"\x81\x09{\"op\":11}", 11, peer->now);
            while (spectacles_shard_next_event(peer->shard, peer->now))
                continue;
        }
    }
    assert_int_equal(queued, 128);
    assert_string_equal(spectacles_shard_last_error(peer->shard),
                        "the connection takes no more bytes for now");
    spectacles_shard_budget(peer->shard, peer->now, &remaining, NULL);
    assert_int_equal(remaining, 0);
    peer_pull(peer);
    assert_int_equal(peer_count(peer, "SENT"), 128);
    spectacles_shard_budget(peer->shard, peer->now, &remaining, NULL);
    assert_true(remaining > 100);
    peer_free(peer);
}

/* 4096 bytes as they go out, and not as they were given. */
static void the_limit_counts_what_is_sent(void **state)
{
    (void)state;
    static char d[20000];
    for (int etf = 0; etf < 2; etf++) {
        sp_scene scene = scene_begin(&scene_ways[etf ? WAY_ETF : WAY_JSON], NULL);
        spectacles_shard *shard = scene.peer->shard;
        scene_ready(&scene, &scene_ways[etf ? WAY_ETF : WAY_JSON], 1);
        /* Numbers above 255: twelve bytes of JSON, five of ETF. */
        for (int numbers = 300; numbers < 900; numbers++) {
            size_t length = 0;
            for (int i = 0; i < numbers; i++)
                length += (size_t)sprintf(d + length, "%c1000000000", i ? ',' : '[');
            length += (size_t)sprintf(d + length, "]");
            /* {"op":4,"d":...}; or version, map of two, two keys, op, list with its length and its tail */
            size_t sent = etf ? 1 + 5 + (5 + 2) + 2 + (5 + 1) + 5 + 5 * (size_t)numbers + 1 : length + 13;
            int expected = sent <= 4096 ? SPECTACLES_OK : SPECTACLES_E_TOOBIG;
            if (numbers != 371 && numbers != 372 && numbers != 813 && numbers != 814)
                continue;
            assert_int_equal(
                spectacles_shard_send(shard, 4, (const uint8_t *)d, length, scene.peer->now, NULL), expected);
            peer_pull(scene.peer);
        }
        assert_int_equal(peer_count(scene.peer, "SENT"), etf ? 3 : 1);
        scene_end(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_keep_to_the_rate_limit),
        cmocka_unit_test(packets_are_written_verbatim_and_bounded),
        cmocka_unit_test(a_packet_is_sent_or_unsent),
        cmocka_unit_test(a_packet_that_went_out_is_sent),
        cmocka_unit_test(a_new_connection_has_sent_nothing),
        cmocka_unit_test(a_full_output_says_again),
        cmocka_unit_test(the_limit_counts_what_is_sent),
    };
    return cmocka_run_group_tests_name("shard/packets", tests, NULL, NULL);
}
