#include "peer.h"

#include <stdio.h>

static const char resume_1[] =
    "{\"op\":6,\"d\":{\"token\":\"" PEER_TOKEN "\",\"session_id\":\"abc\",\"seq\":1}}";

/* ---- A whole life ---- */

static void play_a_life(sp_peer *peer)
{
    peer_ready(peer);
    peer_text(peer, "{\"op\":0,\"t\":\"MESSAGE_CREATE\",\"s\":2,\"d\":{\"content\":\"a \\u0000 "
                    "\\\"t\\\":1\",\"n\":1e3}}");
    peer_text(peer, "{\"op\":1,\"d\":null}");
    peer_frame(peer, 0x89, "are you there", 13);
    peer_text(peer, "{\"op\":99,\"d\":{}}");
    peer_frame(peer, 0x01, "{\"op\":0,\"t\":\"TY", 15);
    peer_frame(peer, 0x89, "", 0);
    peer_frame(peer, 0x80, "PING_START\",\"s\":3,\"d\":[1,2]}", 28);
    peer_text(peer, "{\"op\":7,\"d\":null}");
    peer_close(peer, 4000, "");
}

static void lives_a_whole_life(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    play_a_life(peer);
    static const char *const expected[] = {
        "CONNECTING 0 0 gateway.discord.gg:443",
        "IDENTIFY 0 0 ",
        "READY 0 0 ",
        "DISPATCH 1 READY "
        "{\"v\":10,\"session_id\":\"abc\",\"resume_gateway_url\":\"wss://gateway-us-east1-b.discord.gg\","
        "\"shard\":[1,4]}",
        "DISPATCH 2 MESSAGE_CREATE {\"content\":\"a \\u0000 \\\"t\\\":1\",\"n\":1e3}",
        "DISPATCH 3 TYPING_START [1,2]",
        "LOST 0 -6 the gateway asks to reconnect (op 7)",
    };
    for (int i = 0; i < 7; i++)
        assert_string_equal(peer->line[i], expected[i]);
    assert_int_equal(peer->lines, 7);
    char payload[200];
    peer_expect(peer, "{\"op\":1,\"d\":2}");
    assert_int_equal(peer_read(peer, payload, sizeof payload), 0xa);
    assert_string_equal(payload, "are you there");
    assert_int_equal(peer_read(peer, payload, sizeof payload), 0xa);
    assert_int_equal(peer_read(peer, payload, sizeof payload), 0x8);
    assert_memory_equal(payload, "\x0f\xa0", 2);
    spectacles_shard_stats stats = {.size = sizeof stats};
    assert_int_equal(spectacles_shard_get_stats(peer->shard, &stats), SPECTACLES_OK);
    assert_int_equal(stats.payloads_unknown, 1);
    assert_int_equal(stats.dispatches, 3);
    assert_int_equal(stats.identifies, 1);
    peer_free(peer);
}

static void byte_by_byte_is_the_same(void **state)
{
    (void)state;
    sp_peer *whole = peer_new(NULL);
    sp_peer *split = peer_new(NULL);
    split->split = 1;
    play_a_life(whole);
    play_a_life(split);
    assert_int_equal(whole->lines, split->lines);
    for (int i = 0; i < whole->lines; i++)
        assert_string_equal(whole->line[i], split->line[i]);
    peer_free(whole);
    peer_free(split);
}

static void upgrade_and_identify_say_what_they_should(void **state)
{
    (void)state;
    spectacles_shard_config config;
    peer_config(&config);
    config.presence = "{\"since\":null,\"activities\":[],\"status\":\"idle\",\"afk\":false}";
    sp_peer *peer = peer_new(&config);
    peer_open(peer);
    peer->sent[peer->sent_length] = '\0';
    assert_ptr_equal(
        strstr((char *)peer->sent,
               "GET /?v=10&encoding=json HTTP/1.1\r\nHost: gateway.discord.gg\r\nUser-Agent: libspectacles/"),
        (char *)peer->sent);
    peer_accept(peer);
    peer_text(peer, "{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}");
    assert_int_equal(spectacles_shard_state(peer->shard), SPECTACLES_SHARD_IDENTIFY_WAIT);
    assert_int_equal(peer->sent_length, 0);
    spectacles_shard_identify(peer->shard, peer->now);
    assert_int_equal(spectacles_shard_identify(peer->shard, peer->now), SPECTACLES_E_STATE);
    peer_pull(peer);
    char payload[4200];
    peer_read(peer, payload, sizeof payload);
    assert_non_null(strstr(payload, "{\"op\":2,\"d\":{\"token\":\"" PEER_TOKEN
                                    "\",\"intents\":513,\"properties\":{\"os\":"));
    assert_non_null(strstr(
        payload, "\"large_threshold\":50,\"shard\":[1,4],\"presence\":{\"since\":null,\"activities\":[],"
                 "\"status\":\"idle\",\"afk\":false}}}"));
    peer_free(peer);
}

/* Discord's mask is passed on as it is, also bits that have no name here; without one the field is left out. */
static void capabilities_go_with_identify_when_there_are_some(void **state)
{
    (void)state;
    static const struct {
        uint64_t mask;
        const char *sent;
    } rows[] = {{0, NULL},
                {SPECTACLES_CAPABILITY_CHANNEL_OBFUSCATION, "\"capabilities\":32768}}"},
                {UINT64_C(1) << 52 | 1, "\"capabilities\":4503599627370497}}"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char payload[4200];
        spectacles_shard_config config;
        peer_config(&config);
        assert_int_equal(config.capabilities, 0);
        config.capabilities = rows[i].mask;
        sp_peer *peer = peer_new(&config);
        peer_hello(peer);
        spectacles_shard_identify(peer->shard, peer->now);
        peer_pull(peer);
        assert_int_equal(peer_read(peer, payload, sizeof payload), 1);
        if (rows[i].sent)
            assert_non_null(strstr(payload, rows[i].sent));
        else
            assert_null(strstr(payload, "capabilities"));
        peer_free(peer);
    }
}

/* ---- Heartbeats ---- */

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
    peer_expect(peer, resume_1);
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

/* ---- Losing and resuming ---- */

static void resumes_and_replays(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    peer_eof(peer, SPECTACLES_E_SYS, "connection reset by peer");
    assert_string_equal(peer_last(peer, "LOST"), "LOST 0 -8 connection reset by peer");
    assert_null(spectacles_stream_endpoint(peer_stream(peer)));
    peer_come_back(peer);
    assert_string_equal(peer_last(peer, "CONNECTING"), "CONNECTING 0 0 gateway-us-east1-b.discord.gg:443");
    peer_expect(peer, resume_1);
    peer_text(peer, "{\"op\":0,\"t\":\"A\",\"s\":2,\"d\":{}}");
    assert_int_equal(spectacles_shard_state(peer->shard), SPECTACLES_SHARD_RESUMING);
    peer_text(peer, "{\"op\":0,\"t\":\"RESUMED\",\"s\":3,\"d\":{}}");
    assert_int_equal(spectacles_shard_state(peer->shard), SPECTACLES_SHARD_READY);
    assert_int_equal(peer_count(peer, "RESUMED"), 1);
    assert_string_equal(peer_last(peer, "DISPATCH"), "DISPATCH 3 RESUMED {}");
    assert_int_equal(peer_count(peer, "GAP"), 0);
    peer_free(peer);
}

static void unread_dispatches_come_before_the_loss(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    const char frame[] = "\x81\x1e{\"op\":0,\"t\":\"A\",\"s\":2,\"d\":[1]}";
    spectacles_stream_feed(peer_stream(peer), (const uint8_t *)frame, 32, peer->now);
    spectacles_stream_eof(peer_stream(peer), 0, NULL, 0, peer->now);
    assert_null(spectacles_stream_endpoint(peer_stream(peer)));
    assert_true(spectacles_stream_deadline(peer_stream(peer)) == SPECTACLES_NEVER);
    peer_forget(peer);
    peer_pull(peer);
    assert_string_equal(peer->line[0], "DISPATCH 2 A [1]");
    assert_int_equal(peer_count(peer, "LOST"), 1);
    peer_free(peer);
}

static void commits_decide_where_a_resume_begins(void **state)
{
    (void)state;
    spectacles_shard_config config;
    peer_config(&config);
    config.flags = SPECTACLES_SHARD_COMMITS;
    sp_peer *peer = peer_new(&config);
    peer_ready(peer);
    peer_text(peer, "{\"op\":0,\"t\":\"A\",\"s\":2,\"d\":1}");
    peer_text(peer, "{\"op\":0,\"t\":\"A\",\"s\":3,\"d\":1}");
    assert_int_equal(spectacles_shard_commit(peer->shard, 4), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_shard_commit(peer->shard, 1), SPECTACLES_OK);
    peer_text(peer, "{\"op\":1,\"d\":null}");
    peer_expect(peer, "{\"op\":1,\"d\":1}");
    spectacles_session session = {.size = sizeof session};
    assert_int_equal(spectacles_shard_session(peer->shard, &session), SPECTACLES_OK);
    assert_int_equal(session.seq, 1);
    peer_eof(peer, 0, NULL);
    peer_come_back(peer);
    peer_expect(peer, resume_1);
    peer_text(peer, "{\"op\":0,\"t\":\"A\",\"s\":2,\"d\":1}");
    assert_int_equal(spectacles_shard_commit(peer->shard, 3), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_shard_commit(peer->shard, 2), SPECTACLES_OK);
    peer_free(peer);
}

static void a_commit_wants_the_flag_and_a_session(void **state)
{
    (void)state;
    spectacles_shard_config config;
    peer_config(&config);
    sp_peer *peer = peer_new(&config);
    peer_ready(peer);
    assert_int_equal(spectacles_shard_commit(peer->shard, 1), SPECTACLES_E_STATE);
    peer_free(peer);
    config.flags = SPECTACLES_SHARD_COMMITS;
    peer = peer_new(&config);
    assert_int_equal(spectacles_shard_commit(peer->shard, 0), SPECTACLES_E_STATE);
    peer_ready(peer);
    assert_int_equal(spectacles_shard_commit(peer->shard, 1), SPECTACLES_OK);
    peer_free(peer);
}

/* What was not committed comes again, on a connection that the owner asked for. */
static void the_owner_may_ask_for_a_new_connection(void **state)
{
    (void)state;
    char payload[200];
    spectacles_shard_config config;
    peer_config(&config);
    config.flags = SPECTACLES_SHARD_COMMITS;
    sp_peer *peer = peer_new(&config);
    assert_int_equal(spectacles_shard_reconnect(peer->shard, peer->now), SPECTACLES_E_STATE);
    peer_pull(peer);
    assert_int_equal(spectacles_shard_reconnect(peer->shard, peer->now), SPECTACLES_E_STATE);
    peer_ready(peer);
    peer_text(peer, "{\"op\":0,\"t\":\"A\",\"s\":2,\"d\":1}");
    assert_int_equal(spectacles_shard_commit(peer->shard, 1), SPECTACLES_OK);
    assert_int_equal(spectacles_shard_reconnect(peer->shard, peer->now), SPECTACLES_OK);
    peer_pull(peer);
    assert_int_equal(peer_read(peer, payload, sizeof payload), 8);
    assert_memory_equal(payload, "\x0f\xa0", 2);
    assert_int_equal(spectacles_shard_reconnect(peer->shard, peer->now), SPECTACLES_E_STATE);
    peer_eof(peer, 0, NULL);
    assert_string_equal(peer_last(peer, "LOST"), "LOST 0 -6 the owner asked for a new connection");
    assert_int_equal(spectacles_shard_reconnect(peer->shard, peer->now), SPECTACLES_E_STATE);
    peer_come_back(peer);
    peer_expect(peer, resume_1);
    /* In the middle of an upgrade there is no close frame to send. */
    peer_eof(peer, 0, NULL);
    peer_wait(peer, spectacles_stream_deadline(peer_stream(peer)) - peer->now);
    peer_open(peer);
    assert_int_equal(spectacles_shard_reconnect(peer->shard, peer->now), SPECTACLES_OK);
    assert_int_equal(spectacles_shard_state(peer->shard), SPECTACLES_SHARD_BACKOFF);
    assert_int_equal(peer_count(peer, "GAP"), 0);
    peer_free(peer);
}

static void a_stored_session_is_resumed_by_another_process(void **state)
{
    (void)state;
    spectacles_shard_config config;
    peer_config(&config);
    const spectacles_session session = {.size = sizeof session,
                                        .shard_id = 1,
                                        .shard_count = 4,
                                        .seq = 17,
                                        .session_id = "abc",
                                        .resume_url = "wss://gateway-x.discord.gg/"};
    config.session = &session;
    sp_peer *peer = peer_new(&config);
    peer_hello(peer);
    assert_string_equal(peer_last(peer, "CONNECTING"), "CONNECTING 0 0 gateway-x.discord.gg:443");
    peer_expect(peer, "{\"op\":6,\"d\":{\"token\":\"" PEER_TOKEN "\",\"session_id\":\"abc\",\"seq\":17}}");
    peer_free(peer);
}

static void a_session_of_another_count_is_forgotten_aloud(void **state)
{
    (void)state;
    spectacles_shard_config config;
    peer_config(&config);
    const spectacles_session session = {.size = sizeof session,
                                        .shard_id = 1,
                                        .shard_count = 8,
                                        .seq = 17,
                                        .session_id = "abc",
                                        .resume_url = "wss://gateway-x.discord.gg/"};
    config.session = &session;
    sp_peer *peer = peer_new(&config);
    peer_hello(peer);
    assert_string_equal(peer_last(peer, "GAP"), "GAP 17 abc");
    assert_string_equal(peer_last(peer, "CONNECTING"), "CONNECTING 0 0 gateway.discord.gg:443");
    assert_int_equal(peer_count(peer, "IDENTIFY"), 1);
    peer_free(peer);
}

static void a_stored_session_that_is_none_is_refused(void **state)
{
    (void)state;
    static char long_text[600];
    memset(long_text, 'x', sizeof long_text - 1);
    static const char *const bad[][3] = {
        {NULL, "", "no id"},
        {"", "", "no id"},
        {long_text, "", "longer than 255"},
        {"abc", long_text, "longer than 511"},
        {"\xff\xfe", "", "printable ASCII"},
        {"gr\xc3\xbc\xc3\x9f", "", "printable ASCII"},
        {"ab c", "", "printable ASCII"},
        {"ab\n", "", "printable ASCII"},
        {"\x1b[31m", "", "printable ASCII"},
        {"abc", "wss://gateway.discord.gg/ x", "printable ASCII"},
        {"abc", "wss://gateway.discord.gg/\n", "printable ASCII"},
    };
    static const char *const good[][2] = {{"abc", NULL}, {"abc", "nonsense"}, {"~!\"\\", ""}};
    spectacles_shard_config config;
    peer_config(&config);
    spectacles_session session = {.size = sizeof session, .shard_id = 1, .shard_count = 4, .seq = UINT64_MAX};
    config.session = &session;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        spectacles_shard *shard = NULL;
        spectacles_problem problem = {0};
        session.session_id = bad[i][0];
        session.resume_url = bad[i][1];
        assert_int_equal(spectacles_shard_new(&shard, &config, &problem), SPECTACLES_E_INVAL);
        assert_non_null(strstr(problem.text, bad[i][2]));
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        session.session_id = good[i][0];
        session.resume_url = good[i][1];
        sp_peer *peer = peer_new(&config);
        peer_hello(peer);
        assert_string_equal(peer_last(peer, "CONNECTING"), "CONNECTING 0 0 gateway.discord.gg:443");
        assert_int_equal(spectacles_shard_state(peer->shard), SPECTACLES_SHARD_RESUMING);
        peer_free(peer);
    }
}

/* An owner who stores sessions and dies before he pulls the GAP must find the old session in his store. */
static void a_lost_session_is_shown_until_its_gap_is_pulled(void **state)
{
    (void)state;
    const spectacles_shard_event *event;
    spectacles_session session = {.size = sizeof session};
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    peer_text(peer, "{\"op\":9,\"d\":false}");
    spectacles_stream_eof(peer_stream(peer), 0, NULL, 0, peer->now);
    while ((event = spectacles_shard_next_event(peer->shard, peer->now)) &&
           event->type != SPECTACLES_SHARD_EVENT_GAP) {
        assert_int_equal(spectacles_shard_session(peer->shard, &session), SPECTACLES_OK);
        assert_string_equal(session.session_id, "abc");
    }
    assert_non_null(event);
    assert_string_equal(event->session_id, "abc");
    assert_int_equal(spectacles_shard_session(peer->shard, &session), SPECTACLES_E_STATE);
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
    peer_expect(peer, resume_1);
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

static void every_close_code_leads_where_it_should(void **state)
{
    (void)state;
    static const struct {
        int code;
        const char *outcome;
    } table[] = {{4000, "resume"}, {4001, "resume"}, {4002, "resume"}, {4003, "resume"}, {4005, "resume"},
                 {4008, "resume"}, {4006, "resume"}, {4007, "resume"}, {4009, "resume"}, {1000, "resume"},
                 {1001, "resume"}, {1006, "resume"}, {3000, "resume"}, {4999, "resume"}, {4004, "fatal"},
                 {4010, "fatal"},  {4011, "fatal"},  {4012, "fatal"},  {4013, "fatal"},  {4014, "fatal"}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sp_peer *peer = peer_new(NULL);
        peer_ready(peer);
        peer_close(peer, table[i].code, "because");
        if (strcmp(table[i].outcome, "fatal") == 0) {
            char start[32];
            snprintf(start, sizeof start, "FATAL %d %d", table[i].code,
                     table[i].code == 4004 ? SPECTACLES_E_AUTH : SPECTACLES_E_CLOSED);
            assert_int_equal(peer_count(peer, start), 1);
            assert_true(spectacles_stream_deadline(peer_stream(peer)) == SPECTACLES_NEVER);
            assert_null(spectacles_stream_endpoint(peer_stream(peer)));
        } else {
            assert_non_null(strstr(peer_last(peer, "LOST"), "because"));
            peer_forget(peer);
            peer_come_back(peer);
            assert_int_equal(peer_count(peer, "IDENTIFY"), strcmp(table[i].outcome, "identify") == 0);
        }
        peer_free(peer);
    }
}

/* ---- Deadlines ---- */

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

/* ---- Sending ---- */

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

/* ---- Back-pressure ---- */

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

/* READY is told twice: as an event, and as the dispatch that it is. More arrives in between. */
static void what_waits_to_be_told_stays(void **state)
{
    (void)state;
    static const char ready[] = "\x81\x4c{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{\"session_id\":\"abc\","
                                "\"pad\":\"0123456789012345\"}}";
    static const char ping[] = "\x89\x04ping";
    char payload[4200];
    spectacles_shard_config config;
    peer_config(&config);
    sp_peer *peer = peer_new(&config);
    peer_hello(peer);
    assert_int_equal(spectacles_shard_identify(peer->shard, peer->now), SPECTACLES_OK);
    peer_pull(peer);
    spectacles_stream_feed(peer_stream(peer), (const uint8_t *)ready, sizeof ready - 1, peer->now);
    const spectacles_shard_event *event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_non_null(event);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_READY);
    for (int i = 0; i < 2000; i++)
        spectacles_stream_feed(peer_stream(peer), (const uint8_t *)ping, sizeof ping - 1, peer->now);
    event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_non_null(event);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_DISPATCH);
    assert_memory_equal(event->name, "READY", 5);
    assert_memory_equal(event->data, "{\"session_id\":\"abc\",\"pad\":\"0123456789012345\"}",
                        event->data_length);
    peer_pull(peer);
    assert_int_equal(peer_read(peer, payload, sizeof payload), 1);
    for (int i = 0; i < 2000; i++)
        assert_int_equal(peer_read(peer, payload, sizeof payload), 10);
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

/* ---- Closing ---- */

static void closing_ends_in_closed(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    assert_int_equal(spectacles_shard_close(peer->shard, 1005, peer->now), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_shard_close(peer->shard, 0, peer->now), SPECTACLES_OK);
    assert_int_equal(spectacles_shard_close(peer->shard, 0, peer->now), SPECTACLES_OK);
    peer_pull(peer);
    char payload[200];
    assert_int_equal(peer_read(peer, payload, sizeof payload), 8);
    assert_memory_equal(payload, "\x0f\xa0", 2);
    spectacles_session session = {.size = sizeof session};
    assert_int_equal(spectacles_shard_session(peer->shard, &session), SPECTACLES_OK);
    peer_frame(peer, 0x88, "\x0f\xa0", 2);
    assert_int_equal(peer_count(peer, "CLOSED"), 1);
    assert_null(spectacles_stream_endpoint(peer_stream(peer)));
    assert_true(spectacles_stream_deadline(peer_stream(peer)) == SPECTACLES_NEVER);
    peer_free(peer);

    peer = peer_new(NULL);
    peer_ready(peer);
    spectacles_shard_close(peer->shard, 1000, peer->now);
    assert_int_equal(spectacles_shard_session(peer->shard, &session), SPECTACLES_E_STATE);
    peer_wait(peer, 3000);
    assert_int_equal(peer_count(peer, "CLOSED"), 1);
    peer_free(peer);

    peer = peer_new(NULL);
    spectacles_shard_close(peer->shard, 0, peer->now);
    peer_pull(peer);
    assert_int_equal(peer_count(peer, "CLOSED"), 1);
    assert_int_equal(peer_count(peer, "CONNECTING"), 0);
    peer_free(peer);
}

/* Whether this code is taken, and what becomes of the session. */
static void closed_with(uint32_t code, int error, int session_left)
{
    spectacles_session session = {.size = sizeof session};
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    assert_int_equal(spectacles_shard_close(peer->shard, code, peer->now), error);
    assert_int_equal(spectacles_shard_session(peer->shard, &session),
                     session_left ? SPECTACLES_OK : SPECTACLES_E_STATE);
    peer_pull(peer);
    peer_wait(peer, 3000);
    assert_int_equal(peer_count(peer, "CLOSED"), error == SPECTACLES_OK);
    peer_free(peer);
}

static void only_some_codes_close(void **state)
{
    (void)state;
    closed_with(999, SPECTACLES_E_INVAL, 1);
    closed_with(1000, SPECTACLES_OK, 0);
    closed_with(1001, SPECTACLES_OK, 0);
    closed_with(1002, SPECTACLES_E_INVAL, 1);
    closed_with(2999, SPECTACLES_E_INVAL, 1);
    closed_with(3000, SPECTACLES_OK, 1);
    closed_with(4999, SPECTACLES_OK, 1);
    closed_with(5000, SPECTACLES_E_INVAL, 1);
}

/* ---- Hostile gateways ---- */

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
        peer_expect(peer, resume_1);
        peer_free(peer);
    }
}

/* What a close code means does not depend on the words that go with it. */
static void a_close_code_counts_although_its_reason_is_broken(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    peer_close(peer, 4004, "\xff");
    peer_eof(peer, 0, NULL);
    assert_int_equal(peer_count(peer, "FATAL 4004 -10"), 1);
    peer_free(peer);
    peer = peer_new(NULL);
    peer_ready(peer);
    peer_close(peer, 4009, "\xff");
    peer_eof(peer, 0, NULL);
    assert_int_equal(peer_count(peer, "LOST 4009 -5"), 1);
    peer_come_back(peer);
    peer_close(peer, 4009, "\xff");
    peer_eof(peer, 0, NULL);
    assert_int_equal(peer_count(peer, "GAP"), 1);
    peer_free(peer);
}

/* The close code with which we answer each kind of mistake (RFC 6455, section 7.4.1). */
static void mistakes_are_answered_with_their_code(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        int code;
    } table[] = {
        {"\x81\x81\1\2\3\4y", 7, 1002},                           /* masked */
        {"\xc1\x02{}", 4, 1002},                                  /* a reserved bit */
        {"\x83\x00", 2, 1002},                                    /* an unknown kind */
        {"\x80\x01x", 3, 1002},                                   /* nothing to continue */
        {"\x81\x7e\x00\x02{}", 6, 1002},                          /* a length in more bytes than it takes */
        {"\x82\x02{}", 4, 1003},                                  /* binary, but text was asked for */
        {"\x81\x10{\"op\":11,\"d\":\"\xff\"}", 18, 1007},         /* not UTF-8 */
        {"\x81\x13{\"op\":11,\"d\":\"\xed\xa0\x80\"}", 21, 1007}, /* a surrogate */
        {"\x81\x01{", 3, 1007},                                   /* not JSON */
        {"\x81\x7f\0\0\0\0\x10\0\0\0", 10, 1009},                 /* too long, as its header says */
        {"\x88\x02\x03\xee", 4, 1002},                            /* a close code that nobody may send */
        {"\x88\x01\x03", 3, 1002},                                /* half a close code */
        {"\x88\x03\x0f\xa0\xff", 5, 1007},                        /* a reason that is not UTF-8 */
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char payload[200];
        int opcode;
        sp_peer *peer = peer_new(NULL);
        peer_ready(peer);
        peer_feed(peer, table[i].bytes, table[i].length);
        while ((opcode = peer_read(peer, payload, sizeof payload)) == 1)
            continue;
        assert_int_equal(opcode, 8);
        int code = (uint8_t)payload[0] << 8 | (uint8_t)payload[1];
        if (code != table[i].code)
            fail_msg("%zu: %d, expected: %d", i, code, table[i].code);
        peer_free(peer);
    }
}

static void a_ready_without_a_session_is_refused(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_hello(peer);
    spectacles_shard_identify(peer->shard, peer->now);
    peer_text(peer,
              "{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{\"resume_gateway_url\":\"wss://x.discord.gg\"}}");
    peer_eof(peer, 0, NULL);
    assert_non_null(strstr(peer_last(peer, "LOST"), "READY came without a session_id"));
    peer_free(peer);
}

/* It reaches logs, message-ids and the owner's store: it can neither steer a terminal nor break a line. */
static void a_session_id_is_printable_or_refused(void **state)
{
    static const char *const ids[][2] = {
        {"\\u001b[31mabc", "printable ASCII"}, {"a b", "printable ASCII"},     {"a\\nb", "printable ASCII"},
        {"\xc3\xbc", "printable ASCII"},       {"\\u202e", "printable ASCII"}, {"\\u007f", "printable ASCII"},
        {"a\\u0000", "printable ASCII"},       {"", "without a session_id"},
    };
    char text[600];
    (void)state;
    for (size_t i = 0; i <= sizeof ids / sizeof ids[0]; i++) {
        sp_peer *peer = peer_new(NULL);
        int is_long = i == sizeof ids / sizeof ids[0];
        peer_hello(peer);
        spectacles_shard_identify(peer->shard, peer->now);
        if (is_long)
            snprintf(text, sizeof text,
                     "{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{\"session_id\":\"%0300d\"}}", 7);
        else
            snprintf(text, sizeof text, "{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{\"session_id\":\"%s\"}}",
                     ids[i][0]);
        peer_text(peer, text);
        peer_eof(peer, 0, NULL);
        assert_int_equal(peer_count(peer, "READY"), 0);
        assert_non_null(
            strstr(peer_last(peer, "LOST"), is_long ? "session_id of more than 255 bytes" : ids[i][1]));
        peer_free(peer);
    }
}

/* What is not followed is not handed out to be stored: it may hold anything. */
static void a_resume_url_that_is_not_followed_is_not_exported(void **state)
{
    static const char *const urls[] = {"wss://evil.example", "wss://gateway.discord.gg/\\n0 1 2",
                                       "wss://gateway.discord.gg/ x", "\\u001b[31m"};
    char text[600];
    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        spectacles_session session = {.size = sizeof session};
        sp_peer *peer = peer_new(NULL);
        peer_hello(peer);
        spectacles_shard_identify(peer->shard, peer->now);
        snprintf(
            text, sizeof text,
            "{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{\"session_id\":\"abc\",\"resume_gateway_url\":\"%s\"}}",
            urls[i]);
        peer_text(peer, text);
        assert_non_null(strstr(peer_last(peer, "READY"), "will not be followed"));
        assert_int_equal(spectacles_shard_session(peer->shard, &session), SPECTACLES_OK);
        assert_string_equal(session.resume_url, "");
        peer_free(peer);
    }
}

static void a_resume_url_elsewhere_is_not_followed(void **state)
{
    (void)state;
    static const char *const evil[] = {"wss://evil.example",
                                       "ws://gateway.discord.gg",
                                       "wss://discord.gg.evil.example",
                                       "https://gateway.discord.gg",
                                       "wss://evildiscord.gg",
                                       "wss://127.0.0.1",
                                       "",
                                       NULL};
    for (size_t i = 0; i < sizeof evil / sizeof evil[0]; i++) {
        char ready[300];
        sp_peer *peer = peer_new(NULL);
        peer_hello(peer);
        spectacles_shard_identify(peer->shard, peer->now);
        snprintf(ready, sizeof ready,
                 "{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{\"session_id\":\"abc\",\"%s\":\"%s\"}}",
                 evil[i] ? "resume_gateway_url" : "x", evil[i] ? evil[i] : "");
        peer_text(peer, ready);
        assert_non_null(strstr(peer_last(peer, "READY"), "will not be followed"));
        peer_eof(peer, 0, NULL);
        peer_come_back(peer);
        assert_string_equal(peer_last(peer, "CONNECTING"), "CONNECTING 0 0 gateway.discord.gg:443");
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

/* ---- Settings ---- */

static void wrong_settings_are_named(void **state)
{
    (void)state;
    spectacles_shard_config good;
    peer_config(&good);
    spectacles_shard_config bad[10];
    for (size_t i = 0; i < 10; i++)
        bad[i] = good;
    bad[0].token = NULL;
    bad[1].token = "Bot " PEER_TOKEN;
    bad[2].gateway_url = "https://discord.com";
    bad[3].gateway_url = "wss://discord.com:0";
    bad[4].shard_id = 4;
    bad[5].seed = 0;
    bad[6].presence = "[1]";
    bad[7].large_threshold = 49;
    bad[8].user_agent = "a\r\nb";
    bad[9].flags = 8;
    static const char *const texts[] = {"token is missing", "token holds", "wss:// nor",  "valid port",
                                        "shard_id",         "seed is 0",   "presence is", "large_threshold",
                                        "user_agent",       "flags"};
    for (size_t i = 0; i < 10; i++) {
        spectacles_shard *shard = NULL;
        spectacles_problem problem = {0};
        assert_true(spectacles_shard_new(&shard, &bad[i], &problem) < 0);
        assert_null(shard);
        assert_non_null(strstr(problem.text, texts[i]));
        assert_null(strstr(problem.text, PEER_TOKEN));
    }
}

/* Discord would end every connection that identifies with it: a bot identified 570 times a day. */
static void a_presence_that_discord_refuses_is_refused_at_once(void **state)
{
    static const char *const presences[] = {
        "{\"status\":\"online\"}",
        "{\"since\":null,\"activities\":null,\"status\":\"online\",\"afk\":false}",
        "{\"since\":null,\"activities\":[{\"name\":\"x\"}],\"status\":\"onlin\",\"afk\":false}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof presences / sizeof presences[0]; i++) {
        spectacles_shard *shard = NULL;
        spectacles_problem problem = {0};
        spectacles_problem of_op_3 = {0};
        spectacles_shard_config config;
        peer_config(&config);
        config.presence = presences[i];
        spectacles_presence_check((const uint8_t *)presences[i], strlen(presences[i]), &of_op_3);
        assert_int_equal(spectacles_shard_new(&shard, &config, &problem), SPECTACLES_E_INVAL);
        assert_string_equal(problem.text, of_op_3.text);
        assert_non_null(strstr(problem.text, " of op 3 "));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lives_a_whole_life),
        cmocka_unit_test(byte_by_byte_is_the_same),
        cmocka_unit_test(upgrade_and_identify_say_what_they_should),
        cmocka_unit_test(capabilities_go_with_identify_when_there_are_some),
        cmocka_unit_test(heartbeats_come_in_time),
        cmocka_unit_test(a_missing_ack_ends_the_connection_and_resumes),
        cmocka_unit_test(what_we_did_not_read_is_no_missing_ack),
        cmocka_unit_test(resumes_and_replays),
        cmocka_unit_test(unread_dispatches_come_before_the_loss),
        cmocka_unit_test(commits_decide_where_a_resume_begins),
        cmocka_unit_test(a_commit_wants_the_flag_and_a_session),
        cmocka_unit_test(the_owner_may_ask_for_a_new_connection),
        cmocka_unit_test(a_stored_session_is_resumed_by_another_process),
        cmocka_unit_test(a_session_of_another_count_is_forgotten_aloud),
        cmocka_unit_test(a_stored_session_that_is_none_is_refused),
        cmocka_unit_test(a_lost_session_is_shown_until_its_gap_is_pulled),
        cmocka_unit_test(op_9_true_resumes_and_false_forgets),
        cmocka_unit_test(an_unreachable_resume_host_is_given_up),
        cmocka_unit_test(back_off_grows_and_is_reset),
        cmocka_unit_test(every_close_code_leads_where_it_should),
        cmocka_unit_test(every_phase_has_its_deadline),
        cmocka_unit_test(packets_keep_to_the_rate_limit),
        cmocka_unit_test(packets_are_written_verbatim_and_bounded),
        cmocka_unit_test(a_packet_is_sent_or_unsent),
        cmocka_unit_test(a_packet_that_went_out_is_sent),
        cmocka_unit_test(a_new_connection_has_sent_nothing),
        cmocka_unit_test(requested_heartbeats_keep_to_the_limit),
        cmocka_unit_test(a_full_output_says_again),
        cmocka_unit_test(high_water_stops_the_reading),
        cmocka_unit_test(the_lowest_high_water_does_not_choke),
        cmocka_unit_test(what_waits_to_be_told_stays),
        cmocka_unit_test(a_peer_that_does_not_read_is_not_read),
        cmocka_unit_test(closing_ends_in_closed),
        cmocka_unit_test(only_some_codes_close),
        cmocka_unit_test(nonsense_ends_the_connection_and_not_the_shard),
        cmocka_unit_test(mistakes_are_answered_with_their_code),
        cmocka_unit_test(a_close_code_counts_although_its_reason_is_broken),
        cmocka_unit_test(a_ready_without_a_session_is_refused),
        cmocka_unit_test(a_session_id_is_printable_or_refused),
        cmocka_unit_test(a_resume_url_that_is_not_followed_is_not_exported),
        cmocka_unit_test(a_resume_url_elsewhere_is_not_followed),
        cmocka_unit_test(size_is_capped),
        cmocka_unit_test(wrong_settings_are_named),
        cmocka_unit_test(a_presence_that_discord_refuses_is_refused_at_once),
    };
    return cmocka_run_group_tests_name("shard", tests, NULL, NULL);
}
