/* The deadline of a shard: no event is forgotten, and a loop whose owner cannot pull yet does not spin. */
#include "core/stream.h"
#include "scene.h"

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

/* Takes note of events that wait, as a loop does whose owner cannot pull: what is left is the deadline of a timer. */
static uint64_t deadline_without_pulling(sp_peer *peer)
{
    spectacles_stream_expire(peer_stream(peer), peer->now);
    return spectacles_stream_deadline(peer_stream(peer));
}

static void a_late_heartbeat_is_told(void **state)
{
    (void)state;
    spectacles_shard_stats stats = {.size = sizeof stats};
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    peer->now = spectacles_stream_deadline(peer_stream(peer)) + 999;
    spectacles_stream_expire(peer_stream(peer), peer->now);
    peer_text(peer, "{\"op\":11}");
    assert_int_equal(peer_count(peer, "LATE "), 0);
    peer->now = spectacles_stream_deadline(peer_stream(peer)) + 1000;
    spectacles_stream_expire(peer_stream(peer), peer->now);
    peer_text(peer, "{\"op\":11}");
    assert_int_equal(peer_count(peer, "LATE 1000 a heartbeat went out 1000 ms late: the owner's loop"), 1);
    /* An owner who does not pull is told once, and not once a heartbeat. */
    for (int i = 0; i < 20; i++) {
        spectacles_stream_feed(peer_stream(peer), (const uint8_t *)"\x81\x09{\"op\":11}", 11, peer->now);
        peer->now = deadline_without_pulling(peer) + 5000;
        spectacles_stream_expire(peer_stream(peer), peer->now);
    }
    peer_forget(peer);
    peer_pull(peer);
    assert_int_equal(peer_count(peer, "LATE 5000 "), 1);
    assert_int_equal(peer->lines - peer_count(peer, "LATENCY"), 1);
    spectacles_shard_get_stats(peer->shard, &stats);
    assert_int_equal(stats.heartbeats_late, 21);
    assert_int_equal(stats.sent_by_op[1], 22);
    peer_free(peer);
}

/* Nothing is lost a millisecond before, and everything at that one. */
static void ends_after(sp_peer *peer, uint64_t ms, uint32_t before, uint32_t after)
{
    assert_int_equal(peer_state(peer), before);
    peer_wait(peer, ms - 1);
    assert_int_equal(peer_state(peer), before);
    peer_wait(peer, 1);
    assert_int_equal(peer_state(peer), after);
}

static void phases_end_to_the_millisecond(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_pull(peer);
    ends_after(peer, 30000, SPECTACLES_SHARD_CONNECTING, SPECTACLES_SHARD_BACKOFF);
    scene_next_attempt(peer);
    peer_open(peer);
    ends_after(peer, 10000, SPECTACLES_SHARD_UPGRADING, SPECTACLES_SHARD_BACKOFF);
    scene_next_attempt(peer);
    peer_open(peer);
    peer_accept(peer);
    ends_after(peer, 20000, SPECTACLES_SHARD_HELLO, SPECTACLES_SHARD_CLOSING);
    /* With a code that keeps the session. */
    char payload[200];
    assert_int_equal(peer_read(peer, payload, sizeof payload), 8);
    assert_memory_equal(payload, "\x0f\xa0", 2);
    ends_after(peer, 3000, SPECTACLES_SHARD_CLOSING, SPECTACLES_SHARD_BACKOFF);
    peer_free(peer);
}

/*
 * Whose time to connect the owner may set. What it does not reach costs nobody anything, whoever says that the time is
 * over.
 */
static void a_link_bounds_the_time_to_connect(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    spectacles_stream *stream = peer_stream(peer);
    assert_true(sp_stream_hold_for_link(stream));
    peer_pull(peer);
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_CONNECTING);
    assert_true(spectacles_stream_deadline(stream) == SPECTACLES_NEVER);
    spectacles_stream_eof(stream, SPECTACLES_E_UNREACHABLE, NULL, 0, peer->now);
    peer_pull(peer);
    sp_stream_release_from_link(stream);
    for (int i = 0; i < 20; i++) {
        scene_next_attempt(peer);
        peer_wait(peer, 30000);
        assert_int_equal(peer_state(peer), SPECTACLES_SHARD_BACKOFF);
        assert_in_range(spectacles_stream_deadline(stream) - peer->now, 0, 5000);
    }
    peer_free(peer);
}

/* Who has not looked at what came can not tell that nothing did: the phase begins anew, and nothing is overdue. */
static void a_slow_owner_is_no_silent_gateway(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_open(peer);
    peer_accept(peer);
    spectacles_stream_feed(peer_stream(peer), (const uint8_t *)"\x89\x00", 2, peer->now);
    peer->now += 20000;
    spectacles_stream_expire(peer_stream(peer), peer->now);
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_HELLO);
    assert_int_equal(spectacles_stream_deadline(peer_stream(peer)), peer->now + 20000);
    peer_pull(peer);
    ends_after(peer, 20000, SPECTACLES_SHARD_HELLO, SPECTACLES_SHARD_CLOSING);
    peer_free(peer);
}

/* What a connection left unread is no reason to be patient with the next one. */
static void a_refusal_leaves_the_next_attempt_its_deadline(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_open(peer);
    peer_feed(peer, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", 47);
    scene_next_attempt(peer);
    ends_after(peer, 30000, SPECTACLES_SHARD_CONNECTING, SPECTACLES_SHARD_BACKOFF);
    peer_free(peer);
}

static void ready_has_ten_minutes_and_resumed_one(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_hello(peer);
    spectacles_shard_identify(peer->shard, peer->now);
    scene_live(peer, 599999);
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_IDENTIFYING);
    scene_live(peer, 1);
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_CLOSING);
    peer_eof(peer, 0, NULL);
    assert_non_null(strstr(peer_last(peer, "LOST"), "did not say READY within 10 minutes"));
    peer_free(peer);

    peer = peer_new(NULL);
    peer_ready(peer);
    peer_eof(peer, 0, NULL);
    peer_come_back(peer);
    scene_live(peer, 50000);
    peer_text(peer, "{\"op\":0,\"t\":\"A\",\"s\":2,\"d\":1}");
    scene_live(peer, 59999);
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_RESUMING);
    scene_live(peer, 1);
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_CLOSING);
    peer_free(peer);
}

/* The owner may wait for its turn as long as it likes: heartbeats go on, and tell whether the peer lives. */
static void an_identify_may_wait_for_hours(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_hello(peer);
    scene_live(peer, 7200000);
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_IDENTIFY_WAIT);
    uint64_t silent = peer->now;
    while (peer_state(peer) == SPECTACLES_SHARD_IDENTIFY_WAIT)
        peer_wait(peer, spectacles_stream_deadline(peer_stream(peer)) - peer->now);
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_CLOSING);
    assert_true(peer->now - silent <= 2 * 41250);
    peer_free(peer);
}

static void an_ack_is_waited_for_one_interval(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    peer_wait(peer, spectacles_stream_deadline(peer_stream(peer)) - peer->now);
    ends_after(peer, 41250, SPECTACLES_SHARD_READY, SPECTACLES_SHARD_CLOSING);
    peer_free(peer);
}

/* The last heartbeat was acknowledged, and the machine slept since: nobody waits for one more ACK. */
static void a_suspended_machine_reconnects_at_once(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        sp_peer *peer = peer_new(NULL);
        peer_ready(peer);
        peer_wait(peer, spectacles_stream_deadline(peer_stream(peer)) - peer->now);
        peer_text(peer, "{\"op\":11}");
        peer->now = spectacles_stream_deadline(peer_stream(peer)) + 41250 + (uint64_t)late;
        spectacles_stream_expire(peer_stream(peer), peer->now);
        assert_int_equal(peer_state(peer), late ? SPECTACLES_SHARD_CLOSING : SPECTACLES_SHARD_READY);
        peer_eof(peer, 0, NULL);
        if (late)
            assert_non_null(
                strstr(peer_last(peer, "LOST"), "a heartbeat is 41251 ms late, more than a whole interval"));
        scene_next_attempt(peer);
        peer_hello(peer);
        assert_int_equal(peer_state(peer), SPECTACLES_SHARD_RESUMING);
        peer_free(peer);
    }
}

/* Bytes that came and were not read are a sign that we were slow, and not the peer: they are read first. */
static void a_loop_that_hung_reads_what_came_before_it_judges(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    peer_wait(peer, spectacles_stream_deadline(peer_stream(peer)) - peer->now);
    const char frame[] = "\x81\x1e{\"op\":0,\"t\":\"A\",\"s\":2,\"d\":[1]}";
    spectacles_stream_feed(peer_stream(peer), (const uint8_t *)frame, 32, peer->now);
    peer->sent_length = 0;
    peer->now = spectacles_stream_deadline(peer_stream(peer)) + 300000;
    spectacles_stream_expire(peer_stream(peer), peer->now);
    peer_pull(peer);
    assert_int_equal(peer_count(peer, "DISPATCH 2 A"), 1);
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_READY);
    peer_expect(peer, "{\"op\":1,\"d\":1}");
    /* And when nothing more comes, it is dead after one interval. */
    ends_after(peer, 41250, SPECTACLES_SHARD_READY, SPECTACLES_SHARD_CLOSING);
    peer_free(peer);
}

/* Events that wait to be pulled are no bytes that were not read: a gateway that is silent is found out all the same. */
static void a_slow_owner_is_no_excuse_for_silence(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_hello(peer);
    assert_int_equal(spectacles_shard_identify(peer->shard, peer->now), SPECTACLES_OK);
    uint64_t since = peer->now;
    for (int i = 0; i < 5 && peer_state(peer) == SPECTACLES_SHARD_IDENTIFYING; i++) {
        peer->now = spectacles_stream_deadline(peer_stream(peer));
        spectacles_stream_expire(peer_stream(peer), peer->now);
    }
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_CLOSING);
    assert_true(peer->now - since <= 2 * 41250);
    peer_free(peer);
}

/* A heartbeat that the gateway asked for is none that is waited for. */
static void requested_heartbeats_are_outside_the_count(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    uint64_t first = spectacles_stream_deadline(peer_stream(peer));
    peer_text(peer, "{\"op\":1,\"d\":null}");
    peer_expect(peer, "{\"op\":1,\"d\":1}");
    assert_int_equal(spectacles_stream_deadline(peer_stream(peer)), first);
    peer_wait(peer, first - peer->now);
    peer_expect(peer, "{\"op\":1,\"d\":1}");
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_READY);
    peer_free(peer);
}

/* A new connection starts afresh: the ACK that the old one owed is not missed. */
static void nothing_is_owed_to_a_new_connection(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    peer_wait(peer, spectacles_stream_deadline(peer_stream(peer)) - peer->now);
    peer_feed(peer, "\x81\x7e\x10\x00{\"op\":", 10);
    peer_eof(peer, 0, NULL);
    peer_come_back(peer);
    peer_text(peer, "{\"op\":0,\"t\":\"RESUMED\",\"s\":2,\"d\":{}}");
    peer->sent_length = 0;
    peer_wait(peer, spectacles_stream_deadline(peer_stream(peer)) - peer->now);
    peer_expect(peer, "{\"op\":1,\"d\":2}");
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_READY);
    peer_free(peer);
}

/* The owner is told of it once. A loop that waits for deadlines would turn without end if he were told again. */
static void a_gap_that_waits_is_a_deadline_once(void **state)
{
    (void)state;
    spectacles_shard_config config;
    peer_config(&config);
    const spectacles_session session = {
        .size = sizeof session, .shard_id = 1, .shard_count = 8, .seq = 17, .session_id = "abc"};
    config.session = &session;
    sp_peer *peer = peer_new(&config);
    assert_int_equal(spectacles_stream_deadline(peer_stream(peer)), 0);
    assert_int_equal(spectacles_stream_expire(peer_stream(peer), peer->now), SPECTACLES_OK);
    assert_true(spectacles_stream_deadline(peer_stream(peer)) == SPECTACLES_NEVER);
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_IDLE);
    const spectacles_shard_event *event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_GAP);
    assert_int_equal(spectacles_stream_deadline(peer_stream(peer)), 0);
    spectacles_stream_expire(peer_stream(peer), peer->now);
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_CONNECTING);
    peer_free(peer);
}

static void heartbeats_come_in_time(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    uint64_t first = spectacles_stream_deadline(peer_stream(peer));
    assert_in_range(first, peer->now, peer->now + 41250);
    peer_wait(peer, first - peer->now);
    peer_expect(peer, "{\"op\":1,\"d\":1}");
    peer->now += 37;
    peer_text(peer, "{\"op\":11}");
    assert_string_equal(peer_last(peer, "LATENCY"), "LATENCY 37");
    assert_int_equal(spectacles_stream_deadline(peer_stream(peer)), first + 41250);
    peer_text(peer, "{\"op\":11}");
    assert_int_equal(peer_count(peer, "LATENCY"), 1);
    peer_wait(peer, 41250 - 37 - 1);
    assert_int_equal(peer->sent_length, 0);
    peer_wait(peer, 1);
    peer_expect(peer, "{\"op\":1,\"d\":1}");
    peer_free(peer);
}

static void a_missing_ack_ends_the_connection_and_resumes(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    peer_wait(peer, spectacles_stream_deadline(peer_stream(peer)) - peer->now);
    peer_expect(peer, "{\"op\":1,\"d\":1}");
    peer_wait(peer, 41250);
    char payload[200];
    assert_int_equal(peer_read(peer, payload, sizeof payload), 8);
    assert_memory_equal(payload, "\x0f\xa0", 2);
    assert_int_equal(spectacles_shard_state(peer->shard), SPECTACLES_SHARD_CLOSING);
    peer_wait(peer, 3000);
    assert_non_null(strstr(peer_last(peer, "LOST"), "did not acknowledge a heartbeat within 41250 ms"));
    peer_come_back(peer);
    peer_expect(peer, SCENE_RESUME);
    assert_int_equal(peer_count(peer, "IDENTIFY"), 1);
    assert_int_equal(peer_count(peer, "GAP"), 0);
    peer_free(peer);
}

static void what_we_did_not_read_is_no_missing_ack(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    peer_wait(peer, spectacles_stream_deadline(peer_stream(peer)) - peer->now);
    peer->sent_length = 0;
    const uint8_t ack[] = "\x81\x09{\"op\":11}";
    spectacles_stream_feed(peer_stream(peer), ack, sizeof ack - 1, peer->now);
    peer->now += 41250;
    /* The owner does not pull: the ACK lies unread. */
    spectacles_stream_expire(peer_stream(peer), peer->now);
    assert_int_equal(spectacles_shard_state(peer->shard), SPECTACLES_SHARD_READY);
    peer_pull(peer);
    peer_expect(peer, "{\"op\":1,\"d\":1}");
    assert_int_equal(peer_count(peer, "LOST"), 0);
    peer_free(peer);
}

static void every_phase_has_its_deadline(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_pull(peer);
    peer_wait(peer, 29999);
    assert_int_equal(peer_count(peer, "LOST"), 0);
    peer_wait(peer, 1);
    assert_non_null(strstr(peer_last(peer, "LOST"), "no connection to the gateway within 30 s"));
    peer_wait(peer, 1000);
    peer_open(peer);
    peer_wait(peer, 9999);
    assert_int_equal(spectacles_shard_state(peer->shard), SPECTACLES_SHARD_UPGRADING);
    peer_wait(peer, 1);
    assert_non_null(strstr(peer_last(peer, "LOST"), "did not answer the WebSocket upgrade within 10 s"));
    peer_wait(peer, 2000);
    peer_open(peer);
    peer_accept(peer);
    peer_wait(peer, 20000);
    assert_int_equal(spectacles_shard_state(peer->shard), SPECTACLES_SHARD_CLOSING);
    peer_wait(peer, 3000);
    assert_non_null(strstr(peer_last(peer, "LOST"), "did not say HELLO within 20 s"));
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
        cmocka_unit_test(a_late_heartbeat_is_told),
        cmocka_unit_test(phases_end_to_the_millisecond),
        cmocka_unit_test(a_link_bounds_the_time_to_connect),
        cmocka_unit_test(a_slow_owner_is_no_silent_gateway),
        cmocka_unit_test(a_refusal_leaves_the_next_attempt_its_deadline),
        cmocka_unit_test(ready_has_ten_minutes_and_resumed_one),
        cmocka_unit_test(an_identify_may_wait_for_hours),
        cmocka_unit_test(an_ack_is_waited_for_one_interval),
        cmocka_unit_test(a_suspended_machine_reconnects_at_once),
        cmocka_unit_test(a_loop_that_hung_reads_what_came_before_it_judges),
        cmocka_unit_test(a_slow_owner_is_no_excuse_for_silence),
        cmocka_unit_test(requested_heartbeats_are_outside_the_count),
        cmocka_unit_test(nothing_is_owed_to_a_new_connection),
        cmocka_unit_test(a_gap_that_waits_is_a_deadline_once),
        cmocka_unit_test(heartbeats_come_in_time),
        cmocka_unit_test(a_missing_ack_ends_the_connection_and_resumes),
        cmocka_unit_test(what_we_did_not_read_is_no_missing_ack),
        cmocka_unit_test(every_phase_has_its_deadline),
    };
    return cmocka_run_group_tests_name("shard/timers", tests, NULL, NULL);
}
