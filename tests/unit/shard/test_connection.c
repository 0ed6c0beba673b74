/* The end of a connection, and when the next one is made: reasons, back-off, identifies, hosts. */
#include "core/stream.h"
#include "scene.h"

#include <stdio.h>
#include <string.h>

/* What was told first stands, even when the owner asks for something else before he has pulled it. */
static void a_reason_is_not_overwritten(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    spectacles_stream_eof(peer_stream(peer), SPECTACLES_E_SYS, "cable cut", 9, peer->now);
    const spectacles_shard_event *event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_string_equal(event->text, "cable cut");
    uint64_t again_at = event->until;
    assert_true(again_at == spectacles_stream_deadline(peer_stream(peer)));
    peer_come_back(peer);
    spectacles_stream_eof(peer_stream(peer), SPECTACLES_E_SYS, "cut again", 9, peer->now);
    peer_pull(peer);
    scene_next_attempt(peer);
    spectacles_stream_eof(peer_stream(peer), SPECTACLES_E_SYS, "and again", 9, peer->now);
    spectacles_shard_close(peer->shard, 0, peer->now);
    event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_DISCONNECTED);
    assert_string_equal(event->text, "and again");
    peer_free(peer);
}

/* A host may have many addresses: a link says which one it was, and hears whether it led to READY. */
static void the_end_names_the_address_of_the_link(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    assert_true(sp_stream_was_ready(peer_stream(peer), 1));
    sp_stream_set_peer(peer_stream(peer), "192.0.2.7");
    peer_eof(peer, SPECTACLES_E_SYS, "cable cut");
    assert_non_null(strstr(peer_last(peer, "LOST"), "cable cut (at 192.0.2.7)"));
    peer_come_back(peer);
    assert_false(sp_stream_was_ready(peer_stream(peer), 2));
    peer_eof(peer, 0, NULL);
    assert_non_null(strstr(peer_last(peer, "LOST"), "without a close frame (at 192.0.2.7)"));
    peer_free(peer);
}

/* Nothing new comes, but with each connection a little more of what had come is confirmed. */
static void one_commit_and_cut(sp_peer *peer, int round)
{
    for (int seq = round + 2; round == 0 && seq < 40; seq++)
        scene_event(peer, seq);
    if (round > 0)
        scene_event(peer, round + 2);
    assert_int_equal(spectacles_shard_commit(peer->shard, (uint64_t)round + 2), SPECTACLES_OK);
    peer_eof(peer, 0, NULL);
}

static void by_a_cut(sp_peer *peer)
{
    peer_eof(peer, 0, NULL);
}

static void by_a_close_frame(sp_peer *peer)
{
    peer_close(peer, 4000, "");
}

static void by_op_9(sp_peer *peer)
{
    peer_text(peer, "{\"op\":9,\"d\":true}");
    peer_eof(peer, 0, NULL);
}

static void by_op_7(sp_peer *peer)
{
    peer_text(peer, "{\"op\":7,\"d\":null}");
    peer_wait(peer, 3000);
}

static void by_another_dispatch(sp_peer *peer)
{
    peer_text(peer, "{\"op\":0,\"t\":\"A\",\"s\":1,\"d\":{}}");
    peer_eof(peer, 0, NULL);
}

static void by_op_9_false(sp_peer *peer)
{
    peer_text(peer, "{\"op\":9,\"d\":false}");
    peer_eof(peer, 0, NULL);
}

static void say_ready(sp_peer *peer)
{
    peer_text(peer, "{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{\"session_id\":\"abc\"}}");
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_READY);
}

static void by_a_session_that_is_lost_at_once(sp_peer *peer)
{
    say_ready(peer);
    by_op_9_false(peer);
}

/* To the next identify, which is granted at once. */
static void identify_anew(sp_peer *peer)
{
    peer_forget(peer);
    scene_next_attempt(peer);
    peer_hello(peer);
    assert_int_equal(spectacles_shard_identify(peer->shard, peer->now), SPECTACLES_OK);
    peer_pull(peer);
    peer->sent_length = 0;
}

static int identifies_in_a_day(void (*end)(sp_peer *peer))
{
    sp_peer *peer = peer_new(NULL);
    uint64_t day = peer->now + 86400000;
    int identifies = 0;
    peer_pull(peer);
    peer_eof(peer, SPECTACLES_E_SYS, "refused");
    for (; peer->now < day; identifies++) {
        identify_anew(peer);
        end(peer);
    }
    peer_free(peer);
    return identifies;
}

/* However an identify comes to nothing: one shard alone does not use up the thousand of a day. */
static void identifies_that_lead_nowhere_grow_rare(void **state)
{
    (void)state;
    assert_in_range(identifies_in_a_day(by_a_cut), 300, 700);
    assert_in_range(identifies_in_a_day(by_a_close_frame), 300, 700);
    assert_in_range(identifies_in_a_day(by_op_7), 300, 700);
    assert_in_range(identifies_in_a_day(by_op_9), 300, 700);
    assert_in_range(identifies_in_a_day(by_op_9_false), 300, 700);
    assert_in_range(identifies_in_a_day(by_another_dispatch), 300, 700);
    assert_in_range(identifies_in_a_day(by_a_session_that_is_lost_at_once), 300, 700);
}

/* The longest wait before the next attempt after this end of a session, of several. */
static uint64_t longest_wait(uint64_t lived, void (*end)(sp_peer *peer))
{
    uint64_t longest = 0;
    for (uint64_t seed = 1; seed < 20; seed++) {
        spectacles_shard_config config;
        peer_config(&config);
        config.seed = seed;
        sp_peer *peer = peer_new(&config);
        peer_pull(peer);
        peer_eof(peer, SPECTACLES_E_SYS, "refused");
        for (int i = 0; i < 12; i++) {
            identify_anew(peer);
            by_a_cut(peer);
        }
        identify_anew(peer);
        say_ready(peer);
        scene_live(peer, lived);
        end(peer);
        uint64_t wait = spectacles_stream_deadline(peer_stream(peer)) - peer->now;
        longest = wait > longest ? wait : longest;
        peer_free(peer);
    }
    return longest;
}

static void a_session_that_lived_ten_minutes_was_worth_its_identify(void **state)
{
    (void)state;
    assert_in_range(longest_wait(599999, by_op_9_false), 200000, 300000);
    assert_in_range(longest_wait(600000, by_op_9_false), 1000, 5000);
    /* A resume costs nothing, and does not wait for that: what the network did before is what counts. */
    assert_in_range(longest_wait(1000, by_a_close_frame), 30000, 60000);
    assert_in_range(longest_wait(10000, by_a_close_frame), 0, 1000);
}

static void nobody_there(sp_peer *peer)
{
    peer_eof(peer, SPECTACLES_E_SYS, "refused");
}

static void refuses_to_upgrade(sp_peer *peer)
{
    peer_open(peer);
    peer_feed(peer, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", 47);
}

static void refuse_upgrade(sp_peer *peer, const char *answer)
{
    peer_forget(peer);
    peer_open(peer);
    peer_feed(peer, answer, strlen(answer));
}

/* A ban of Cloudflare's, and Discord's own 429: the header, the body, or both; in chunks or cut into bytes. */
static void a_refused_upgrade_waits_as_long_as_it_is_asked_to(void **state)
{
    static const struct {
        const char *answer;
        uint64_t least; /* milliseconds */
        int everybody;
    } table[] = {
        {"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 82721\r\nContent-Length: 16\r\n\r\nerror code: 1015",
         82721000, 1},
        {"HTTP/1.1 429 X\r\nretry-after:  7.25 \r\nContent-Length: 0\r\n\r\n", 7250, 1},
        {"HTTP/1.1 429 X\r\nContent-Length: 80\r\n\r\n{\"message\": \"You are being rate limited.\", "
         "\"retry_after\": 64.57, \"global\": true}",
         64570, 1},
        {"HTTP/1.1 429 X\r\nRetry-After: 65\r\nContent-Length: 21\r\n\r\n{\"retry_after\": 64.5}", 65000, 1},
        {"HTTP/1.1 429 X\r\nRetry-After: 1\r\nContent-Length: 21\r\n\r\n{\"retry_after\": 64.5}", 64500, 1},
        {"HTTP/1.1 429 X\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n{\"retry_after\": 300}\r\n0\r\n\r\n",
         300000, 1},
        {"HTTP/1.1 429 X\r\nContent-Length: 0\r\n\r\n", 30000, 1},
        {"HTTP/1.1 429 X\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n", 30000, 1},
        {"HTTP/1.1 429 X\r\nRetry-After: -5\r\nContent-Length: 0\r\n\r\n", 30000, 1},
        {"HTTP/1.1 429 X\r\nRetry-After: 1e300\r\nContent-Length: 0\r\n\r\n", 86400000, 1},
        {"HTTP/1.1 503 X\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n", 120000, 0},
    };
    (void)state;
    for (size_t i = 0; i < 2 * (sizeof table / sizeof table[0]); i++) {
        sp_peer *peer = peer_new(NULL);
        peer->split = i % 2 == 1;
        refuse_upgrade(peer, table[i / 2].answer);
        assert_int_equal(peer_state(peer), SPECTACLES_SHARD_BACKOFF);
        uint64_t wait = spectacles_stream_deadline(peer_stream(peer)) - peer->now;
        if (wait < table[i / 2].least || wait > table[i / 2].least + 5000)
            fail_msg("row %zu: %llu ms", i / 2, (unsigned long long)wait);
        assert_int_equal(peer->hold_until, table[i / 2].everybody ? peer->now + table[i / 2].least : 0);
        peer_wait(peer, wait - 1);
        assert_int_equal(peer_state(peer), SPECTACLES_SHARD_BACKOFF);
        peer_wait(peer, 1);
        assert_int_equal(peer_state(peer), SPECTACLES_SHARD_CONNECTING);
        peer_free(peer);
    }
}

/* What another shard was told: a new one does not begin, one that waits waits longer, one that stands stays. */
static void a_shard_can_be_held_off(void **state)
{
    (void)state;
    for (int stage = 0; stage < 3; stage++) {
        sp_peer *peer = peer_new(NULL);
        if (stage == 1) {
            peer_pull(peer);
            peer_eof(peer, SPECTACLES_E_SYS, "refused");
        } else if (stage == 2) {
            peer_ready(peer);
        }
        uint64_t until = peer->now + 60000;
        assert_int_equal(spectacles_shard_hold_off(peer->shard, until), SPECTACLES_OK);
        assert_int_equal(spectacles_shard_hold_off(peer->shard, until - 30000), SPECTACLES_OK);
        if (stage == 2) {
            assert_int_equal(peer_state(peer), SPECTACLES_SHARD_READY);
            peer_eof(peer, 0, NULL);
        }
        peer_forget(peer);
        uint64_t deadline = spectacles_stream_deadline(peer_stream(peer));
        assert_in_range(deadline, until, until + 5000);
        peer_wait(peer, deadline - peer->now - 1);
        assert_int_equal(peer_count(peer, "CONNECTING"), 0);
        peer_wait(peer, 1);
        assert_int_equal(peer_count(peer, "CONNECTING"), 1);
        peer_free(peer);
    }
}

static void says_no_hello(sp_peer *peer)
{
    peer_open(peer);
    peer_accept(peer);
    peer_wait(peer, 20000);
    peer_eof(peer, 0, NULL);
}

static void closes_before_hello(sp_peer *peer)
{
    peer_open(peer);
    peer_accept(peer);
    peer_close(peer, 1001, "");
}

/* Three in a row at the resume URL, in whatever way they fail, and the base URL is tried, with the same session. */
static void falls_back(void (*end)(sp_peer *peer))
{
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    peer_eof(peer, 0, NULL);
    for (int i = 0; i < 3; i++) {
        scene_next_attempt(peer);
        assert_string_equal(peer_last(peer, "CONNECTING"),
                            "CONNECTING 0 0 gateway-us-east1-b.discord.gg:443");
        end(peer);
    }
    scene_next_attempt(peer);
    assert_string_equal(peer_last(peer, "CONNECTING"), "CONNECTING 0 0 gateway.discord.gg:443");
    peer_hello(peer);
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_RESUMING);
    assert_int_equal(peer_count(peer, "GAP"), 0);
    peer_free(peer);
}

static void every_failure_of_a_resume_host_counts(void **state)
{
    (void)state;
    falls_back(nobody_there);
    falls_back(refuses_to_upgrade);
    falls_back(closes_before_hello);
    falls_back(says_no_hello);
}

static void a_connection_that_lived_ten_seconds_resets_the_back_off(void **state)
{
    (void)state;
    for (int lived = 0; lived < 2; lived++) {
        sp_peer *peer = peer_new(NULL);
        uint64_t longest = 0;
        peer_pull(peer);
        for (int i = 0; i < 10; i++) {
            peer_eof(peer, SPECTACLES_E_SYS, "refused");
            scene_next_attempt(peer);
        }
        peer_ready(peer);
        scene_live(peer, lived ? 10000 : 9999);
        /* Full jitter: one short wait says nothing, several do. */
        for (int i = 0; i < 8; i++) {
            peer_eof(peer, SPECTACLES_E_SYS, "reset");
            uint64_t wait = spectacles_stream_deadline(peer_stream(peer)) - peer->now;
            longest = wait > longest ? wait : longest;
            if (lived && i == 0)
                assert_true(wait <= 1000);
            scene_next_attempt(peer);
            if (i == 2)
                assert_int_equal(longest <= 4000, lived);
        }
        assert_true(longest > (lived ? 4000 : 20000));
        peer_free(peer);
    }
}

/* One connection of a resumed session, to its end. */
static void resumed_and_cut(sp_peer *peer, int round)
{
    (void)round;
    peer_text(peer, "{\"op\":0,\"t\":\"RESUMED\",\"s\":1,\"d\":{}}");
    peer_eof(peer, 0, NULL);
}

/* The sequence of RESUMED is a new one each time, and the owner commits it. */
static void resumed_anew_and_cut(sp_peer *peer, int round)
{
    char text[80];
    snprintf(text, sizeof text, "{\"op\":0,\"t\":\"RESUMED\",\"s\":%d,\"d\":{}}", round + 2);
    peer_text(peer, text);
    spectacles_shard_commit(peer->shard, (uint64_t)round + 2);
    peer_eof(peer, 0, NULL);
}

static void one_event_and_cut(sp_peer *peer, int round)
{
    peer_text(peer, "{\"op\":0,\"t\":\"RESUMED\",\"s\":1,\"d\":{}}");
    scene_event(peer, round + 2);
    peer_eof(peer, 0, NULL);
}

static void one_replayed_event_and_cut(sp_peer *peer, int round)
{
    scene_event(peer, round + 2);
    peer_eof(peer, 0, NULL);
}

/* The longest of the waits after the eighth to the fourteenth such connection. */
static uint64_t wait_after_many(void (*connection)(sp_peer *peer, int round), uint32_t flags)
{
    uint64_t longest = 0;
    spectacles_shard_config config;
    peer_config(&config);
    config.flags = flags;
    sp_peer *peer = peer_new(&config);
    peer_ready(peer);
    peer_eof(peer, 0, NULL);
    for (int round = 0; round < 14; round++) {
        peer_come_back(peer);
        connection(peer, round);
        uint64_t wait = spectacles_stream_deadline(peer_stream(peer)) - peer->now;
        longest = round >= 7 && wait > longest ? wait : longest;
    }
    peer_free(peer);
    return longest;
}

static void progress_ends_a_back_off_and_being_accepted_does_not(void **state)
{
    (void)state;
    assert_in_range(wait_after_many(one_event_and_cut, 0), 0, 1000);
    assert_in_range(wait_after_many(one_replayed_event_and_cut, 0), 0, 1000);
    assert_in_range(wait_after_many(one_event_and_cut, SPECTACLES_SHARD_COMMITS), 0, 1000);
    assert_in_range(wait_after_many(one_commit_and_cut, SPECTACLES_SHARD_COMMITS), 0, 1000);
    assert_in_range(wait_after_many(resumed_and_cut, 0), 20000, 60000);
    assert_in_range(wait_after_many(resumed_anew_and_cut, SPECTACLES_SHARD_COMMITS), 20000, 60000);
}

/* What the network did before is no reason to wait longer than Discord says. */
static void op_9_waits_no_longer_after_an_outage(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 100; seed++) {
        spectacles_shard_config config;
        peer_config(&config);
        config.seed = seed;
        sp_peer *peer = peer_new(&config);
        peer_ready(peer);
        for (int i = 0; i < 10; i++) {
            peer_eof(peer, SPECTACLES_E_SYS, "no route to host");
            scene_next_attempt(peer);
        }
        peer_hello(peer);
        peer_text(peer, seed % 2 ? "{\"op\":9,\"d\":true}" : "{\"op\":9,\"d\":false}");
        peer_eof(peer, 0, NULL);
        assert_in_range(spectacles_stream_deadline(peer_stream(peer)) - peer->now, 1000, 5000);
        peer_free(peer);
    }
}

static uint64_t wait_of(const sp_peer *peer)
{
    return spectacles_stream_deadline(peer_stream(peer)) - peer->now;
}

/* A line that was down for long: nobody was asked anything, so that nobody has to be spared. */
static void a_gateway_that_cannot_be_reached_is_tried_every_few_seconds(void **state)
{
    (void)state;
    spectacles_shard_config config;
    peer_config(&config);
    sp_peer *peer = peer_new(&config);
    peer_ready(peer);
    for (int i = 0; i < 100; i++) {
        peer_eof(peer, SPECTACLES_E_UNREACHABLE, "no route to host");
        assert_in_range(wait_of(peer), 0, 5000);
        scene_next_attempt(peer);
    }
    peer_free(peer);
}

static void a_network_that_changes_is_tried_at_once(void **state)
{
    (void)state;
    spectacles_shard_config config;
    peer_config(&config);
    sp_peer *peer = peer_new(&config);
    peer_ready(peer);
    for (int i = 0; i < 50; i++) {
        peer_eof(peer, SPECTACLES_E_UNREACHABLE, "no route to host");
        spectacles_shard_network_changed(peer->shard, peer->now);
        assert_in_range(wait_of(peer), 0, 500);
        scene_next_attempt(peer);
    }
    /* Waits that the gateway has a part in stay. */
    for (int i = 0; i < 8; i++) {
        peer_eof(peer, SPECTACLES_E_SYS, "connection refused");
        uint64_t wait = wait_of(peer);
        spectacles_shard_network_changed(peer->shard, peer->now);
        assert_int_equal(wait_of(peer), wait);
        scene_next_attempt(peer);
    }
    spectacles_shard_network_changed(peer->shard, peer->now);
    peer_free(peer);
}

static void op_9_waits_one_to_five_seconds(void **state)
{
    (void)state;
    uint64_t least = UINT64_MAX;
    uint64_t most = 0;
    for (uint64_t seed = 1; seed < 200; seed++) {
        spectacles_shard_config config;
        peer_config(&config);
        config.seed = seed;
        sp_peer *peer = peer_new(&config);
        peer_ready(peer);
        peer_text(peer, seed % 2 ? "{\"op\":9,\"d\":true}" : "{\"op\":9,\"d\":false}");
        peer_eof(peer, 0, NULL);
        uint64_t wait = spectacles_stream_deadline(peer_stream(peer)) - peer->now;
        least = wait < least ? wait : least;
        most = wait > most ? wait : most;
        peer_free(peer);
    }
    assert_in_range(least, 1000, 1200);
    assert_in_range(most, 4800, 5000);
}

static void an_unreachable_resume_host_is_given_up(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    peer_eof(peer, 0, NULL);
    for (int i = 0; i < 3; i++) {
        peer_wait(peer, spectacles_stream_deadline(peer_stream(peer)) - peer->now);
        assert_non_null(strstr(peer_last(peer, "CONNECTING"), "us-east1-b"));
        peer_eof(peer, SPECTACLES_E_SYS, "refused");
    }
    peer_come_back(peer);
    assert_string_equal(peer_last(peer, "CONNECTING"), "CONNECTING 0 0 gateway.discord.gg:443");
    peer_expect(peer, SCENE_RESUME);
    peer_free(peer);
}

static void back_off_grows_and_is_reset(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    uint64_t longest = 0;
    peer_pull(peer);
    for (int i = 0; i < 40; i++) {
        peer_eof(peer, SPECTACLES_E_SYS, "refused");
        uint64_t wait = spectacles_stream_deadline(peer_stream(peer)) - peer->now;
        uint64_t most = i < 6 ? UINT64_C(1000) << i : 60000;
        assert_true(wait <= most);
        longest = wait > longest ? wait : longest;
        peer_wait(peer, wait);
        assert_int_equal(spectacles_shard_state(peer->shard), SPECTACLES_SHARD_CONNECTING);
        peer_forget(peer);
    }
    assert_true(longest > 30000);
    peer_ready(peer);
    for (int i = 0; i < 60000; i += 1000) {
        peer_wait(peer, 1000);
        peer_text(peer, "{\"op\":11}");
    }
    peer_eof(peer, 0, NULL);
    assert_true(spectacles_stream_deadline(peer_stream(peer)) - peer->now <= 1000);
    peer_free(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_upgrade_waits_as_long_as_it_is_asked_to),
        cmocka_unit_test(a_shard_can_be_held_off),
        cmocka_unit_test(a_reason_is_not_overwritten),
        cmocka_unit_test(the_end_names_the_address_of_the_link),
        cmocka_unit_test(identifies_that_lead_nowhere_grow_rare),
        cmocka_unit_test(a_session_that_lived_ten_minutes_was_worth_its_identify),
        cmocka_unit_test(every_failure_of_a_resume_host_counts),
        cmocka_unit_test(a_connection_that_lived_ten_seconds_resets_the_back_off),
        cmocka_unit_test(progress_ends_a_back_off_and_being_accepted_does_not),
        cmocka_unit_test(op_9_waits_no_longer_after_an_outage),
        cmocka_unit_test(a_gateway_that_cannot_be_reached_is_tried_every_few_seconds),
        cmocka_unit_test(a_network_that_changes_is_tried_at_once),
        cmocka_unit_test(op_9_waits_one_to_five_seconds),
        cmocka_unit_test(an_unreachable_resume_host_is_given_up),
        cmocka_unit_test(back_off_grows_and_is_reset),
    };
    return cmocka_run_group_tests_name("shard/connection", tests, NULL, NULL);
}
