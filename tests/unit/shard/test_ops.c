/* Ops of the gateway other than dispatches. */
#include "scene.h"

static void ops_may_come_in_any_state(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_open(peer);
    peer_accept(peer);
    peer_text(peer, "{\"op\":11}");
    peer_text(peer, "{\"op\":99,\"d\":[]}");
    peer_text(peer, "{\"op\":1,\"d\":null}");
    peer_expect(peer, "{\"op\":1,\"d\":null}");
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_HELLO);
    peer_text(peer, "{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}");
    uint64_t deadline = spectacles_stream_deadline(peer_stream(peer));
    peer_text(peer, "{\"op\":10,\"d\":{\"heartbeat_interval\":1000}}");
    assert_int_equal(spectacles_stream_deadline(peer_stream(peer)), deadline);
    assert_int_equal(peer_count(peer, "IDENTIFY"), 1);
    peer_text(peer, "{\"op\":7,\"d\":null}");
    peer_eof(peer, 0, NULL);
    assert_int_equal(peer_count(peer, "LOST"), 1);
    /* A grant that comes too late. */
    assert_int_equal(spectacles_shard_identify(peer->shard, peer->now), SPECTACLES_E_STATE);
    scene_next_attempt(peer);
    peer_hello(peer);
    assert_int_equal(peer_count(peer, "IDENTIFY"), 2);
    peer_free(peer);
}

static void op_9_true_resumes_and_false_forgets(void **state)
{
    (void)state;
    for (int resumable = 0; resumable < 2; resumable++) {
        sp_peer *peer = peer_new(NULL);
        peer_ready(peer);
        peer_text(peer, resumable ? "{\"op\":9,\"d\":true}" : "{\"op\":9,\"d\":false}");
        peer_eof(peer, 0, NULL);
        assert_int_equal(peer_count(peer, "GAP"), !resumable);
        assert_in_range(spectacles_stream_deadline(peer_stream(peer)), peer->now + 1000, peer->now + 5000);
        peer_forget(peer);
        peer_come_back(peer);
        assert_int_equal(peer_count(peer, "IDENTIFY"), !resumable);
        assert_int_equal(
            peer_count(peer, resumable ? "CONNECTING 0 0 gateway-us-east1-b" : "CONNECTING 0 0 gateway.d"),
            1);
        peer_free(peer);
    }
}

/* A gateway that asks for heartbeats without end must not make us break its rule. */
static void requested_heartbeats_keep_to_the_limit(void **state)
{
    (void)state;
    char payload[200];
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    int answered = 0;
    for (int i = 0; i < 300; i++)
        peer_text(peer, "{\"op\":1,\"d\":null}");
    while (peer_read(peer, payload, sizeof payload) == 1)
        answered++;
    /* Identify was one; two are kept for those that are due. */
    assert_int_equal(answered, 120 - 1 - 2);
    assert_int_equal(spectacles_shard_state(peer->shard), SPECTACLES_SHARD_READY);
    assert_int_equal(spectacles_shard_send(peer->shard, 4, (const uint8_t *)"{}", 2, peer->now, NULL),
                     SPECTACLES_E_AGAIN);
    peer_wait(peer, spectacles_stream_deadline(peer_stream(peer)) - peer->now);
    peer_expect(peer, "{\"op\":1,\"d\":1}");
    peer_free(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ops_may_come_in_any_state),
        cmocka_unit_test(op_9_true_resumes_and_false_forgets),
        cmocka_unit_test(requested_heartbeats_keep_to_the_limit),
    };
    return cmocka_run_group_tests_name("shard/ops", tests, NULL, NULL);
}
