/* The deadline of a shard: no event is forgotten, and a loop whose owner cannot pull yet does not spin. */
#include "peer.h"

#include <string.h>

static const char packet[] = "{\"guild_id\":\"1\"}";

static void send_packet(sp_peer *peer)
{
    int error =
        spectacles_shard_send(peer->shard, 4, (const uint8_t *)packet, strlen(packet), peer->now, NULL);
    assert_int_equal(error, SPECTACLES_OK);
}

/* Moves the bytes, as a transport does. */
static void write_all(sp_peer *peer)
{
    const uint8_t *bytes;
    size_t length = spectacles_stream_pending(peer_stream(peer), &bytes);
    spectacles_stream_consumed(peer_stream(peer), length - 1);
    assert_true(spectacles_stream_deadline(peer_stream(peer)) > peer->now);
    spectacles_stream_consumed(peer_stream(peer), 1);
}

static void a_packet_that_went_out_is_a_deadline(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    send_packet(peer);
    write_all(peer);
    assert_int_equal(spectacles_stream_deadline(peer_stream(peer)), 0);
    peer_pull(peer);
    assert_int_equal(peer_count(peer, "SENT"), 1);
    assert_true(spectacles_stream_deadline(peer_stream(peer)) > peer->now);
    peer_free(peer);
}

static void an_event_of_the_owners_own_call_is_a_deadline(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    assert_int_equal(spectacles_shard_close(peer->shard, 0, peer->now), SPECTACLES_OK);
    assert_int_equal(spectacles_stream_deadline(peer_stream(peer)), 0);
    peer_pull(peer);
    assert_int_equal(spectacles_stream_deadline(peer_stream(peer)), peer->now + 3000);
    peer_free(peer);
}

static void the_end_behind_a_lost_packet_is_a_deadline(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    send_packet(peer);
    spectacles_stream_eof(peer_stream(peer), 0, NULL, 0, peer->now);
    const spectacles_shard_event *event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_UNSENT);
    assert_int_equal(spectacles_stream_deadline(peer_stream(peer)), 0);
    peer_pull(peer);
    assert_int_equal(peer_count(peer, "LOST"), 1);
    assert_true(spectacles_stream_deadline(peer_stream(peer)) > peer->now);
    peer_free(peer);
}

/* A relay whose broker takes nothing now does not pull. */
static void a_loop_that_does_not_pull_does_not_spin(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    send_packet(peer);
    write_all(peer);
    uint64_t turns = 0;
    while (spectacles_stream_deadline(peer_stream(peer)) <= peer->now) {
        spectacles_stream_expire(peer_stream(peer), peer->now);
        turns++;
    }
    assert_int_equal(turns, 1);
    /* The packet is not told twice and not lost: the owner pulls when he can. */
    peer_pull(peer);
    assert_int_equal(peer_count(peer, "SENT"), 1);
    peer_free(peer);
}

static void an_event_behind_another_is_a_deadline(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    peer_forget(peer);
    send_packet(peer);
    send_packet(peer);
    const uint8_t *bytes;
    spectacles_stream_consumed(peer_stream(peer), spectacles_stream_pending(peer_stream(peer), &bytes));
    spectacles_stream_expire(peer_stream(peer), peer->now);
    const spectacles_shard_event *event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_SENT);
    assert_int_equal(spectacles_stream_deadline(peer_stream(peer)), 0);
    event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_SENT);
    assert_true(spectacles_stream_deadline(peer_stream(peer)) > peer->now);
    peer_free(peer);
}

/* READY is given out first, and its dispatch waits behind it. */
static void a_dispatch_that_is_held_is_a_deadline(void **state)
{
    (void)state;
    static const char ready[] = "{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"session_id\":\"abc\"}}";
    uint8_t frame[126] = {0x81, sizeof ready - 1};
    sp_peer *peer = peer_new(NULL);
    peer_hello(peer);
    assert_int_equal(spectacles_shard_identify(peer->shard, peer->now), SPECTACLES_OK);
    peer_pull(peer);
    memcpy(frame + 2, ready, sizeof ready - 1);
    spectacles_stream_feed(peer_stream(peer), frame, sizeof ready + 1, peer->now);
    const spectacles_shard_event *event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_READY);
    assert_int_equal(spectacles_stream_deadline(peer_stream(peer)), 0);
    event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_DISPATCH);
    assert_true(spectacles_stream_deadline(peer_stream(peer)) > peer->now);
    peer_free(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_that_went_out_is_a_deadline),
        cmocka_unit_test(an_event_of_the_owners_own_call_is_a_deadline),
        cmocka_unit_test(the_end_behind_a_lost_packet_is_a_deadline),
        cmocka_unit_test(a_loop_that_does_not_pull_does_not_spin),
        cmocka_unit_test(an_event_behind_another_is_a_deadline),
        cmocka_unit_test(a_dispatch_that_is_held_is_a_deadline),
    };
    return cmocka_run_group_tests_name("timers", tests, NULL, NULL);
}
