/* From state to state: each is told, each has its end to the millisecond, and no loop goes on for ever. */
#include "peer.h"

#include <stdio.h>

static uint32_t state_of(const sp_peer *peer)
{
    return spectacles_shard_state(peer->shard);
}

static void accept_hello(sp_peer *peer)
{
    peer_open(peer);
    peer_accept(peer);
    peer_text(peer, "{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}");
}

/* To the next attempt, and no further. */
static void wait_for_attempt(sp_peer *peer)
{
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_BACKOFF);
    peer_wait(peer, spectacles_stream_deadline(peer_stream(peer)) - peer->now);
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_CONNECTING);
}

/* ---- What is told ---- */

static void every_state_is_told(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer->states = 1;
    peer_ready(peer);
    peer_close(peer, 4000, "Unknown error.");
    peer_come_back(peer);
    peer_text(peer, "{\"op\":0,\"t\":\"A\",\"s\":2,\"d\":1}");
    peer_text(peer, "{\"op\":0,\"t\":\"RESUMED\",\"s\":3,\"d\":{}}");
    spectacles_shard_close(peer->shard, 0, peer->now);
    peer_eof(peer, 0, NULL);
    static const char *const expected[] = {
        "CONNECTING 0 0 gateway.discord.gg:443",
        "STATE 2 0 0 connected: asking for a WebSocket",
        "STATE 3 0 0 the WebSocket stands: waiting for HELLO",
        "IDENTIFY 0 0 ",
        "STATE 5 0 0 identify was sent: waiting for READY",
        "READY 0 0 ",
        "DISPATCH 1 READY ",
        "STATE 8 4000 -6 closing: the gateway had an unknown error (close code 4000): Unknown error.",
        "LOST 4000 -6 the gateway had an unknown error (close code 4000): Unknown error.",
        "CONNECTING 0 0 gateway-us-east1-b.discord.gg:443",
        "STATE 2 0 0 connected: asking for a WebSocket",
        "STATE 3 0 0 the WebSocket stands: waiting for HELLO",
        "STATE 6 0 0 resuming behind sequence 1",
        "DISPATCH 2 A 1",
        "RESUMED 0 0 ",
        "DISPATCH 3 RESUMED {}",
        "STATE 8 0 0 closing: the owner asked for it",
        "CLOSED 0 0 ",
    };
    for (int i = 0; i < (int)(sizeof expected / sizeof expected[0]); i++) {
        assert_true(i < peer->lines);
        if (strncmp(peer->line[i], expected[i], strlen(expected[i])) != 0)
            fail_msg("%d: %s, expected: %s", i, peer->line[i], expected[i]);
    }
    assert_int_equal(peer->lines, (int)(sizeof expected / sizeof expected[0]));
    peer_free(peer);
}

static void events_name_the_state(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    const spectacles_shard_event *event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_CONNECTING);
    assert_int_equal(spectacles_shard_event_state(event), SPECTACLES_SHARD_CONNECTING);
    peer_ready(peer);
    const char frame[] = "\x81\x1e{\"op\":0,\"t\":\"A\",\"s\":2,\"d\":[1]}";
    spectacles_stream_feed(peer_stream(peer), (const uint8_t *)frame, 32, peer->now);
    event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_DISPATCH);
    assert_int_equal(spectacles_shard_event_state(event), SPECTACLES_SHARD_READY);
    peer_free(peer);
}

static void accessors_show_the_fields(void **state)
{
    (void)state;
    size_t length = 0;
    const spectacles_shard_event event = {.type = 1,
                                          .code = 2,
                                          .error = -3,
                                          .seq = 4,
                                          .ticket = 5,
                                          .duration = 6,
                                          .until = 8,
                                          .session_id = "abc",
                                          .session_id_length = 3,
                                          .state = 7,
                                          .name = "name",
                                          .name_length = 4,
                                          .data = (const uint8_t *)"data!",
                                          .data_length = 5,
                                          .text = "a text",
                                          .text_length = 6};
    assert_int_equal(spectacles_shard_event_type(&event), 1);
    assert_int_equal(spectacles_shard_event_code(&event), 2);
    assert_int_equal(spectacles_shard_event_error(&event), -3);
    assert_int_equal(spectacles_shard_event_seq(&event), 4);
    assert_int_equal(spectacles_shard_event_ticket(&event), 5);
    assert_int_equal(spectacles_shard_event_duration(&event), 6);
    assert_int_equal(spectacles_shard_event_until(&event), 8);
    assert_ptr_equal(spectacles_shard_event_session_id(&event, &length), event.session_id);
    assert_int_equal(length, 3);
    assert_int_equal(spectacles_shard_event_state(&event), 7);
    assert_ptr_equal(spectacles_shard_event_name(&event, &length), event.name);
    assert_int_equal(length, 4);
    assert_ptr_equal(spectacles_shard_event_data(&event, &length), event.data);
    assert_int_equal(length, 5);
    assert_ptr_equal(spectacles_shard_event_text(&event, &length), event.text);
    assert_int_equal(length, 6);
}

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
    wait_for_attempt(peer);
    spectacles_stream_eof(peer_stream(peer), SPECTACLES_E_SYS, "and again", 9, peer->now);
    spectacles_shard_close(peer->shard, 0, peer->now);
    event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_DISCONNECTED);
    assert_string_equal(event->text, "and again");
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

/* ---- Deadlines ---- */

/* Nothing is lost a millisecond before, and everything at that one. */
static void ends_after(sp_peer *peer, uint64_t ms, uint32_t before, uint32_t after)
{
    assert_int_equal(state_of(peer), before);
    peer_wait(peer, ms - 1);
    assert_int_equal(state_of(peer), before);
    peer_wait(peer, 1);
    assert_int_equal(state_of(peer), after);
}

static void phases_end_to_the_millisecond(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_pull(peer);
    ends_after(peer, 30000, SPECTACLES_SHARD_CONNECTING, SPECTACLES_SHARD_BACKOFF);
    wait_for_attempt(peer);
    peer_open(peer);
    ends_after(peer, 10000, SPECTACLES_SHARD_UPGRADING, SPECTACLES_SHARD_BACKOFF);
    wait_for_attempt(peer);
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
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_HELLO);
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
    wait_for_attempt(peer);
    ends_after(peer, 30000, SPECTACLES_SHARD_CONNECTING, SPECTACLES_SHARD_BACKOFF);
    peer_free(peer);
}

/* Says ACK to each heartbeat until so much time has passed. */
static void live_on(sp_peer *peer, uint64_t ms)
{
    for (uint64_t end = peer->now + ms; peer->now < end;) {
        uint64_t step = end - peer->now < 10000 ? end - peer->now : 10000;
        peer_wait(peer, step);
        if (peer->now < end)
            peer_text(peer, "{\"op\":11}");
    }
}

static void ready_has_ten_minutes_and_resumed_one(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    accept_hello(peer);
    spectacles_shard_identify(peer->shard, peer->now);
    live_on(peer, 599999);
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_IDENTIFYING);
    live_on(peer, 1);
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_CLOSING);
    peer_eof(peer, 0, NULL);
    assert_non_null(strstr(peer_last(peer, "LOST"), "did not say READY within 10 minutes"));
    peer_free(peer);

    peer = peer_new(NULL);
    peer_ready(peer);
    peer_eof(peer, 0, NULL);
    peer_come_back(peer);
    live_on(peer, 50000);
    peer_text(peer, "{\"op\":0,\"t\":\"A\",\"s\":2,\"d\":1}");
    live_on(peer, 59999);
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_RESUMING);
    live_on(peer, 1);
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_CLOSING);
    peer_free(peer);
}

/* The owner may wait for its turn as long as it likes: heartbeats go on, and tell whether the peer lives. */
static void an_identify_may_wait_for_hours(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    accept_hello(peer);
    live_on(peer, 7200000);
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_IDENTIFY_WAIT);
    uint64_t silent = peer->now;
    while (state_of(peer) == SPECTACLES_SHARD_IDENTIFY_WAIT)
        peer_wait(peer, spectacles_stream_deadline(peer_stream(peer)) - peer->now);
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_CLOSING);
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
        assert_int_equal(state_of(peer), late ? SPECTACLES_SHARD_CLOSING : SPECTACLES_SHARD_READY);
        peer_eof(peer, 0, NULL);
        if (late)
            assert_non_null(
                strstr(peer_last(peer, "LOST"), "a heartbeat is 41251 ms late, more than a whole interval"));
        wait_for_attempt(peer);
        accept_hello(peer);
        assert_int_equal(state_of(peer), SPECTACLES_SHARD_RESUMING);
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
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_READY);
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
    accept_hello(peer);
    assert_int_equal(spectacles_shard_identify(peer->shard, peer->now), SPECTACLES_OK);
    uint64_t since = peer->now;
    for (int i = 0; i < 5 && state_of(peer) == SPECTACLES_SHARD_IDENTIFYING; i++) {
        peer->now = spectacles_stream_deadline(peer_stream(peer));
        spectacles_stream_expire(peer_stream(peer), peer->now);
    }
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_CLOSING);
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
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_READY);
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
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_READY);
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
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_IDLE);
    const spectacles_shard_event *event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_GAP);
    assert_int_equal(spectacles_stream_deadline(peer_stream(peer)), 0);
    spectacles_stream_expire(peer_stream(peer), peer->now);
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_CONNECTING);
    peer_free(peer);
}

/* Ending a session by a close does not take the name of one that was lost before. */
static void a_gap_keeps_its_session_when_the_owner_closes(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    peer_text(peer, "{\"op\":9,\"d\":false}");
    spectacles_stream_eof(peer_stream(peer), 0, NULL, 0, peer->now);
    const spectacles_shard_event *event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_DISCONNECTED);
    assert_int_equal(spectacles_shard_close(peer->shard, 1000, peer->now), SPECTACLES_OK);
    peer_pull(peer);
    assert_int_equal(peer_count(peer, "GAP 1 abc"), 1);
    assert_int_equal(peer_count(peer, "CLOSED"), 1);
    peer_free(peer);
}

/* Each costs one of a thousand a day: none is spent on a connection that has ended. */
static void a_dead_connection_takes_no_identify(void **state)
{
    (void)state;
    spectacles_shard_stats stats = {.size = sizeof stats};
    sp_peer *peer = peer_new(NULL);
    accept_hello(peer);
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_IDENTIFY_WAIT);
    spectacles_stream_eof(peer_stream(peer), 0, NULL, 0, peer->now);
    assert_int_equal(spectacles_shard_identify(peer->shard, peer->now), SPECTACLES_E_STATE);
    peer_pull(peer);
    wait_for_attempt(peer);
    accept_hello(peer);
    assert_int_equal(spectacles_shard_identify(peer->shard, peer->now), SPECTACLES_OK);
    spectacles_shard_get_stats(peer->shard, &stats);
    assert_int_equal(stats.identifies, 1);
    peer_free(peer);
}

/* ---- Loops that end ---- */

static void an_event(sp_peer *peer, int seq)
{
    char text[80];
    snprintf(text, sizeof text, "{\"op\":0,\"t\":\"A\",\"s\":%d,\"d\":{}}", seq);
    peer_text(peer, text);
}

/* Nothing new comes, but with each connection a little more of what had come is confirmed. */
static void one_commit_and_cut(sp_peer *peer, int round)
{
    for (int seq = round + 2; round == 0 && seq < 40; seq++)
        an_event(peer, seq);
    if (round > 0)
        an_event(peer, round + 2);
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

static void by_silence(sp_peer *peer)
{
    live_on(peer, 60000);
    peer_eof(peer, 0, NULL);
}

/* What came before it did not matter to the session: it is the confirmed part of it that comes again. */
static void by_an_old_event(sp_peer *peer)
{
    an_event(peer, 1);
    peer_eof(peer, 0, NULL);
}

/* The next connection, up to its RESUME. */
static void resume(sp_peer *peer)
{
    wait_for_attempt(peer);
    accept_hello(peer);
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_RESUMING);
}

/* However the RESUMEs end: for five minutes from the first of them the session is kept, and then it is given up. */
static void resumes_that_lead_nowhere_end(void (*end)(sp_peer *peer), uint64_t latest)
{
    spectacles_shard_config config;
    peer_config(&config);
    config.flags = SPECTACLES_SHARD_COMMITS;
    sp_peer *peer = peer_new(&config);
    peer_ready(peer);
    peer_eof(peer, 0, NULL);
    resume(peer);
    uint64_t since = peer->now;
    int attempts = 1;
    for (end(peer); peer_count(peer, "GAP") == 0; end(peer), attempts++) {
        assert_true(peer->now - since < 300000);
        resume(peer);
    }
    assert_in_range(peer->now - since, 300000, latest);
    assert_true(attempts >= 5);
    assert_int_equal(peer_count(peer, "GAP 0 abc"), 1);
    assert_non_null(strstr(peer_last(peer, "LOST"), " s: the session is given up"));
    wait_for_attempt(peer);
    accept_hello(peer);
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_IDENTIFY_WAIT);
    assert_string_equal(peer_last(peer, "CONNECTING"), "CONNECTING 0 0 gateway.discord.gg:443");
    peer_free(peer);
}

static void a_session_is_given_up_when_no_resume_was_answered_for_five_minutes(void **state)
{
    (void)state;
    resumes_that_lead_nowhere_end(by_a_cut, 360000);
    resumes_that_lead_nowhere_end(by_a_close_frame, 360000);
    resumes_that_lead_nowhere_end(by_op_9, 310000);
    resumes_that_lead_nowhere_end(by_op_7, 363000);
    resumes_that_lead_nowhere_end(by_silence, 390000);
    resumes_that_lead_nowhere_end(by_an_old_event, 360000);
}

static void cut_in_a_replay_of_one_new_event(sp_peer *peer, int round)
{
    an_event(peer, round + 2);
    peer_eof(peer, 0, NULL);
}

static void cut_behind_resumed(sp_peer *peer, int round)
{
    (void)round;
    peer_text(peer, "{\"op\":0,\"t\":\"RESUMED\",\"s\":1,\"d\":{}}");
    peer_eof(peer, 0, NULL);
}

/* A line that breaks in every replay, each time a little later: the session lives, however often that is and however long. */
static void a_resume_that_gets_further_is_no_failure(void **state)
{
    (void)state;
    static void (*const rounds[])(sp_peer *, int) = {cut_in_a_replay_of_one_new_event, cut_behind_resumed,
                                                     one_commit_and_cut};
    for (size_t i = 0; i < sizeof rounds / sizeof rounds[0]; i++) {
        spectacles_shard_config config;
        peer_config(&config);
        config.flags = rounds[i] == one_commit_and_cut ? SPECTACLES_SHARD_COMMITS : 0;
        sp_peer *peer = peer_new(&config);
        peer_ready(peer);
        peer_eof(peer, 0, NULL);
        for (int round = 0; round < 38; round++) {
            resume(peer);
            live_on(peer, 20000);
            rounds[i](peer, round);
        }
        assert_int_equal(peer_count(peer, "GAP"), 0);
        peer_free(peer);
    }
}

/* Progress starts the five minutes anew, wherever in them it comes. */
static void a_little_progress_gives_a_session_five_more_minutes(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    peer_eof(peer, 0, NULL);
    for (int round = 0; round < 3; round++) {
        resume(peer);
        for (uint64_t since = peer->now; peer->now - since < 200000; resume(peer))
            by_silence(peer);
        cut_in_a_replay_of_one_new_event(peer, round);
    }
    assert_int_equal(peer_count(peer, "GAP"), 0);
    peer_free(peer);
}

/* An outage is no evidence: without a RESUME nothing was refused, and the session is asked for however late. */
static void a_session_outlives_an_outage_in_which_nothing_was_asked(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    for (uint64_t since = peer->now; peer->now - since < 7200000; wait_for_attempt(peer))
        peer_eof(peer, SPECTACLES_E_SYS, "no route to host");
    accept_hello(peer);
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_RESUMING);
    assert_int_equal(peer_count(peer, "GAP"), 0);
    peer_free(peer);
}

/* ---- Codes that are about the session ---- */

static const int doubtful[] = {4003, 4006, 4007, 4009};

static void a_close_that_doubts_the_session_is_answered_by_a_resume(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof doubtful / sizeof doubtful[0]; i++) {
        sp_peer *peer = peer_new(NULL);
        peer_ready(peer);
        /* Any number of them, as long as the RESUME behind each succeeds. */
        for (int round = 0; round < 6; round++) {
            peer_close(peer, doubtful[i], "");
            resume(peer);
            an_event(peer, 2 * round + 2);
            peer_text(peer, "{\"op\":0,\"t\":\"RESUMED\",\"s\":1,\"d\":{}}");
            an_event(peer, 2 * round + 3);
        }
        assert_int_equal(peer_count(peer, "GAP"), 0);
        peer_free(peer);
    }
}

static void a_doubt_that_comes_again_in_answer_to_the_resume_ends_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof doubtful / sizeof doubtful[0]; i++) {
        sp_peer *peer = peer_new(NULL);
        peer_ready(peer);
        peer_close(peer, doubtful[i], "");
        assert_int_equal(peer_count(peer, "GAP"), 0);
        /* What the network does in between says nothing of the session. */
        wait_for_attempt(peer);
        peer_eof(peer, SPECTACLES_E_SYS, "refused");
        resume(peer);
        by_a_cut(peer);
        resume(peer);
        peer_close(peer, doubtful[(i + 1) % 4], "");
        assert_int_equal(peer_count(peer, "GAP 1 abc"), 1);
        assert_non_null(
            strstr(peer_last(peer, "LOST"), "it was resumed after such a close: the session is given up"));
        peer_free(peer);
    }
}

/* The first such answer may have been on its way to somebody else: one more RESUME is cheap. */
static void one_doubt_alone_ends_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof doubtful / sizeof doubtful[0]; i++) {
        sp_peer *peer = peer_new(NULL);
        peer_ready(peer);
        by_a_cut(peer);
        resume(peer);
        peer_close(peer, doubtful[i], "");
        resume(peer);
        assert_int_equal(peer_count(peer, "GAP"), 0);
        peer_free(peer);
    }
}

/* A replay shows that Discord has it: what comes behind is a first doubt again. */
static void progress_settles_a_doubt(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    for (int round = 0; round < 10; round++) {
        peer_close(peer, 4009, "");
        resume(peer);
        an_event(peer, round + 2);
    }
    assert_int_equal(peer_count(peer, "GAP"), 0);
    peer_free(peer);
}

/* A new session is not doubted for what was said of the last one. */
static void a_new_session_begins_without_a_doubt(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    peer_close(peer, 4007, "");
    resume(peer);
    peer_close(peer, 4007, "");
    peer_come_back(peer);
    assert_int_equal(spectacles_shard_identify(peer->shard, peer->now), SPECTACLES_OK);
    peer_pull(peer);
    peer_text(peer, "{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{\"session_id\":\"def\"}}");
    peer_close(peer, 4007, "");
    resume(peer);
    assert_int_equal(peer_count(peer, "GAP"), 1);
    peer_free(peer);
}

/* ---- Identifies ---- */

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
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_READY);
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
    wait_for_attempt(peer);
    accept_hello(peer);
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
        live_on(peer, lived);
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
        assert_int_equal(state_of(peer), SPECTACLES_SHARD_BACKOFF);
        uint64_t wait = spectacles_stream_deadline(peer_stream(peer)) - peer->now;
        if (wait < table[i / 2].least || wait > table[i / 2].least + 5000)
            fail_msg("row %zu: %llu ms", i / 2, (unsigned long long)wait);
        assert_int_equal(peer->hold_until, table[i / 2].everybody ? peer->now + table[i / 2].least : 0);
        peer_wait(peer, wait - 1);
        assert_int_equal(state_of(peer), SPECTACLES_SHARD_BACKOFF);
        peer_wait(peer, 1);
        assert_int_equal(state_of(peer), SPECTACLES_SHARD_CONNECTING);
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
            assert_int_equal(state_of(peer), SPECTACLES_SHARD_READY);
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
        wait_for_attempt(peer);
        assert_string_equal(peer_last(peer, "CONNECTING"),
                            "CONNECTING 0 0 gateway-us-east1-b.discord.gg:443");
        end(peer);
    }
    wait_for_attempt(peer);
    assert_string_equal(peer_last(peer, "CONNECTING"), "CONNECTING 0 0 gateway.discord.gg:443");
    accept_hello(peer);
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_RESUMING);
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
            wait_for_attempt(peer);
        }
        peer_ready(peer);
        live_on(peer, lived ? 10000 : 9999);
        /* Full jitter: one short wait says nothing, several do. */
        for (int i = 0; i < 8; i++) {
            peer_eof(peer, SPECTACLES_E_SYS, "reset");
            uint64_t wait = spectacles_stream_deadline(peer_stream(peer)) - peer->now;
            longest = wait > longest ? wait : longest;
            if (lived && i == 0)
                assert_true(wait <= 1000);
            wait_for_attempt(peer);
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
    an_event(peer, round + 2);
    peer_eof(peer, 0, NULL);
}

static void one_replayed_event_and_cut(sp_peer *peer, int round)
{
    an_event(peer, round + 2);
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
            wait_for_attempt(peer);
        }
        accept_hello(peer);
        peer_text(peer, seed % 2 ? "{\"op\":9,\"d\":true}" : "{\"op\":9,\"d\":false}");
        peer_eof(peer, 0, NULL);
        assert_in_range(spectacles_stream_deadline(peer_stream(peer)) - peer->now, 1000, 5000);
        peer_free(peer);
    }
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

/* ---- Close codes ---- */

static const char *lost(sp_peer *peer, int code)
{
    peer_ready(peer);
    spectacles_shard_send_voice_state(peer->shard, 1, 0, 0, peer->now, NULL);
    peer_pull(peer);
    peer_close(peer, code, "");
    return *peer_last(peer, "FATAL") ? peer_last(peer, "FATAL") : peer_last(peer, "LOST");
}

static void a_close_says(int code, const char *words)
{
    spectacles_shard_config config;
    peer_config(&config);
    config.intents = SPECTACLES_INTENT_GUILDS | SPECTACLES_INTENT_MESSAGE_CONTENT |
                     SPECTACLES_INTENT_GUILD_MEMBERS | 1u << 30;
    sp_peer *peer = peer_new(&config);
    const char *line = lost(peer, code);
    if (!strstr(line, words))
        fail_msg("%d: %s, expected: %s", code, line, words);
    peer_free(peer);
}

/* Every row: what it was, and what there is to do about it. */
static void every_close_code_is_a_sentence(void **state)
{
    (void)state;
    a_close_says(1000, "closed the connection normally (close code 1000)");
    a_close_says(1001, "going away (a restart or a load balancer) (close code 1001)");
    a_close_says(4000, "unknown error (close code 4000)");
    a_close_says(4001,
                 "does not know an op that we sent (close code 4001); sent last, the newest first: op 4, 2");
    a_close_says(
        4002,
        "could not decode a payload that we sent (close code 4002); sent last, the newest first: op 4, 2");
    a_close_says(4003, "before we had identified, or has invalidated the session (close code 4003)");
    a_close_says(
        4004, "FATAL 4004 -10 the token is not valid: take the bot's token from Discord's developer portal");
    a_close_says(4005, "a second identify (close code 4005)");
    a_close_says(4006, "no longer valid (close code 4006)");
    a_close_says(4007, "the sequence number to resume from was not valid (close code 4007)");
    a_close_says(
        4008,
        "too fast (more than 120 in 60 seconds) (close code 4008); sent last, the newest first: op 4, 2");
    a_close_says(4009, "timed out (close code 4009)");
    a_close_says(4010, "below the shard count (close code 4010); this is shard 1 of 4");
    a_close_says(
        4011,
        "use more shards (GET /gateway/bot recommends a number) (close code 4011); the shard count is 4");
    a_close_says(4012, "use version 10 (close code 4012); version 10 was asked for");
    a_close_says(
        4013,
        "a bit is set that Discord does not know (close code 4013); this library has no name for bit 30");
    a_close_says(4014, "developer portal, under Bot (close code 4014); of these were asked for: "
                       "GUILD_MEMBERS, MESSAGE_CONTENT");
    a_close_says(4500, "the gateway closed the connection (close code 4500)");
}

/* The gateway's own code is answered, but never with one that would end the session. */
static void a_close_is_answered_with_a_code_that_keeps_the_session(void **state)
{
    (void)state;
    static const int codes[][2] = {{1000, 4000}, {1001, 4000}, {1013, 4000}, {2999, 1002}, {3000, 3000},
                                   {4009, 4009}, {4999, 4999}, {5000, 1002}, {1005, 1002}};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        char payload[200];
        sp_peer *peer = peer_new(NULL);
        peer_ready(peer);
        peer_close(peer, codes[i][0], "");
        assert_int_equal(peer_read(peer, payload, sizeof payload), 8);
        assert_int_equal((uint8_t)payload[0] << 8 | (uint8_t)payload[1], codes[i][1]);
        peer_free(peer);
    }
}

/* Our close frame is out: nothing but its answer counts, not even that the session is invalid. */
static void nothing_counts_while_closing(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    spectacles_shard_reconnect(peer->shard, peer->now);
    peer_text(peer, "{\"op\":0,\"t\":\"A\",\"s\":2,\"d\":1}");
    peer_text(peer, "{\"op\":9,\"d\":false}");
    peer_frame(peer, 0x89, "x", 1);
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_CLOSING);
    peer_eof(peer, 0, NULL);
    assert_int_equal(peer_count(peer, "DISPATCH 2"), 0);
    assert_int_equal(peer_count(peer, "GAP"), 0);
    wait_for_attempt(peer);
    accept_hello(peer);
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_RESUMING);
    peer_free(peer);
}

static void the_same_sequence_again_goes_backwards(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    peer_text(peer, "{\"op\":0,\"t\":\"A\",\"s\":2,\"d\":1}");
    peer_text(peer, "{\"op\":0,\"t\":\"A\",\"s\":2,\"d\":1}");
    peer_eof(peer, 0, NULL);
    assert_int_equal(peer_count(peer, "DISPATCH 2"), 1);
    assert_non_null(strstr(peer_last(peer, "LOST"), "went backwards"));
    peer_free(peer);
}

static void ready_shows_its_data(void **state)
{
    (void)state;
    static const char ready[] = "\x81\x33{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{\"session_id\":\"abc\"}}";
    sp_peer *peer = peer_new(NULL);
    accept_hello(peer);
    spectacles_shard_identify(peer->shard, peer->now);
    peer_pull(peer);
    spectacles_stream_feed(peer_stream(peer), (const uint8_t *)ready, sizeof ready - 1, peer->now);
    const spectacles_shard_event *event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_READY);
    assert_int_equal(event->data_length, 20);
    assert_memory_equal(event->data, "{\"session_id\":\"abc\"}", event->data_length);
    peer_free(peer);
}

/* What was sent on an older connection is not to blame. */
static void what_was_sent_last_was_sent_on_this_connection(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    lost(peer, 4000);
    wait_for_attempt(peer);
    accept_hello(peer);
    peer_close(peer, 4002, "");
    const char *line = peer_last(peer, "LOST");
    assert_string_equal(strstr(line, "the newest first"), "the newest first: op 6");
    peer_free(peer);
}

/* Without a session there is nothing to resume: a code that keeps it leads to an identify. */
static void before_ready_a_close_leads_to_an_identify(void **state)
{
    (void)state;
    static const int codes[] = {1000, 1001, 1006, 4000, 4001, 4002, 4003, 4005, 4006, 4007, 4008, 4009};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        sp_peer *peer = peer_new(NULL);
        accept_hello(peer);
        spectacles_shard_identify(peer->shard, peer->now);
        peer_pull(peer);
        peer_close(peer, codes[i], "");
        assert_int_equal(peer_count(peer, "GAP"), 0);
        wait_for_attempt(peer);
        accept_hello(peer);
        assert_int_equal(state_of(peer), SPECTACLES_SHARD_IDENTIFY_WAIT);
        peer_free(peer);
    }
}

static void a_fatal_code_is_final_in_every_state(void **state)
{
    (void)state;
    for (int identified = 0; identified < 2; identified++) {
        sp_peer *peer = peer_new(NULL);
        accept_hello(peer);
        if (identified)
            spectacles_shard_identify(peer->shard, peer->now);
        peer_pull(peer);
        peer_close(peer, 4013, "Invalid intent(s).");
        assert_int_equal(state_of(peer), SPECTACLES_SHARD_FATAL);
        peer_wait(peer, 3600000);
        assert_int_equal(peer_count(peer, "FATAL"), 1);
        assert_int_equal(peer_count(peer, "CONNECTING"), 1);
        assert_int_equal(spectacles_shard_identify(peer->shard, peer->now), SPECTACLES_E_STATE);
        assert_int_equal(spectacles_shard_close(peer->shard, 0, peer->now), SPECTACLES_OK);
        peer_pull(peer);
        assert_int_equal(state_of(peer), SPECTACLES_SHARD_FATAL);
        assert_int_equal(peer_count(peer, "CLOSED"), 0);
        peer_free(peer);
    }
}

/* ---- What comes when it should not ---- */

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
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_HELLO);
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
    wait_for_attempt(peer);
    accept_hello(peer);
    assert_int_equal(peer_count(peer, "IDENTIFY"), 2);
    peer_free(peer);
}

/* With nothing committed a resume begins at 0, and READY comes again as the first of the replay. */
static void a_replay_may_hold_ready_itself(void **state)
{
    (void)state;
    spectacles_shard_config config;
    peer_config(&config);
    config.flags = SPECTACLES_SHARD_COMMITS;
    sp_peer *peer = peer_new(&config);
    peer_ready(peer);
    peer_eof(peer, 0, NULL);
    wait_for_attempt(peer);
    accept_hello(peer);
    peer_expect(peer, "{\"op\":6,\"d\":{\"token\":\"" PEER_TOKEN "\",\"session_id\":\"abc\",\"seq\":0}}");
    peer_text(peer, "{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{\"session_id\":\"abc\"}}");
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_RESUMING);
    peer_text(peer, "{\"op\":0,\"t\":\"RESUMED\",\"s\":2,\"d\":{}}");
    assert_int_equal(state_of(peer), SPECTACLES_SHARD_READY);
    assert_int_equal(peer_count(peer, "READY"), 1);
    peer_free(peer);
}

static void what_is_counted_adds_up(void **state)
{
    (void)state;
    spectacles_shard_stats stats = {.size = sizeof stats};
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    for (int i = 0; i < 3; i++) {
        peer_eof(peer, 0, NULL);
        wait_for_attempt(peer);
        accept_hello(peer);
        peer_text(peer, "{\"op\":0,\"t\":\"RESUMED\",\"s\":2,\"d\":{}}");
    }
    peer_text(peer, "{\"op\":60,\"d\":1}");
    peer_text(peer, "{\"op\":40,\"d\":1}");
    spectacles_shard_get_stats(peer->shard, &stats);
    assert_int_equal(stats.connects, 4);
    assert_int_equal(stats.reconnects, 3);
    assert_int_equal(stats.identifies, 1);
    assert_int_equal(stats.resumes, 3);
    assert_int_equal(stats.sent_by_op[2], 1);
    assert_int_equal(stats.sent_by_op[6], 3);
    assert_int_equal(stats.received_by_op[10], 4);
    assert_int_equal(stats.received_by_op[40], 1);
    assert_int_equal(stats.payloads_unknown, 2);
    assert_int_equal(stats.payloads_received, 4 + 1 + 3 + 2);
    assert_int_equal(stats.payloads_sent, 4);
    assert_true(stats.bytes_received > 800 && stats.bytes_sent > 800);
    peer_free(peer);
}

static void shards_are_counted_in_32_bits(void **state)
{
    (void)state;
    char payload[4200];
    spectacles_shard_config config;
    peer_config(&config);
    config.shard_id = 4000000000;
    config.shard_count = UINT32_MAX;
    sp_peer *peer = peer_new(&config);
    accept_hello(peer);
    spectacles_shard_identify(peer->shard, peer->now);
    peer_pull(peer);
    peer_read(peer, payload, sizeof payload);
    assert_non_null(strstr(payload, "\"shard\":[4000000000,4294967295]"));
    peer_free(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_upgrade_waits_as_long_as_it_is_asked_to),
        cmocka_unit_test(a_shard_can_be_held_off),
        cmocka_unit_test(every_state_is_told),
        cmocka_unit_test(events_name_the_state),
        cmocka_unit_test(accessors_show_the_fields),
        cmocka_unit_test(a_reason_is_not_overwritten),
        cmocka_unit_test(a_late_heartbeat_is_told),
        cmocka_unit_test(phases_end_to_the_millisecond),
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
        cmocka_unit_test(a_gap_keeps_its_session_when_the_owner_closes),
        cmocka_unit_test(a_dead_connection_takes_no_identify),
        cmocka_unit_test(a_session_is_given_up_when_no_resume_was_answered_for_five_minutes),
        cmocka_unit_test(a_resume_that_gets_further_is_no_failure),
        cmocka_unit_test(a_little_progress_gives_a_session_five_more_minutes),
        cmocka_unit_test(a_session_outlives_an_outage_in_which_nothing_was_asked),
        cmocka_unit_test(a_close_that_doubts_the_session_is_answered_by_a_resume),
        cmocka_unit_test(a_doubt_that_comes_again_in_answer_to_the_resume_ends_it),
        cmocka_unit_test(one_doubt_alone_ends_nothing),
        cmocka_unit_test(progress_settles_a_doubt),
        cmocka_unit_test(a_new_session_begins_without_a_doubt),
        cmocka_unit_test(identifies_that_lead_nowhere_grow_rare),
        cmocka_unit_test(a_session_that_lived_ten_minutes_was_worth_its_identify),
        cmocka_unit_test(every_failure_of_a_resume_host_counts),
        cmocka_unit_test(a_connection_that_lived_ten_seconds_resets_the_back_off),
        cmocka_unit_test(progress_ends_a_back_off_and_being_accepted_does_not),
        cmocka_unit_test(op_9_waits_no_longer_after_an_outage),
        cmocka_unit_test(op_9_waits_one_to_five_seconds),
        cmocka_unit_test(every_close_code_is_a_sentence),
        cmocka_unit_test(a_close_is_answered_with_a_code_that_keeps_the_session),
        cmocka_unit_test(nothing_counts_while_closing),
        cmocka_unit_test(the_same_sequence_again_goes_backwards),
        cmocka_unit_test(ready_shows_its_data),
        cmocka_unit_test(what_was_sent_last_was_sent_on_this_connection),
        cmocka_unit_test(before_ready_a_close_leads_to_an_identify),
        cmocka_unit_test(a_fatal_code_is_final_in_every_state),
        cmocka_unit_test(ops_may_come_in_any_state),
        cmocka_unit_test(a_replay_may_hold_ready_itself),
        cmocka_unit_test(what_is_counted_adds_up),
        cmocka_unit_test(shards_are_counted_in_32_bits),
    };
    return cmocka_run_group_tests_name("shard/life", tests, NULL, NULL);
}
