/*
 * A session in made-up lives, on a compressed stream whose messages repeat. The line breaks wherever it likes, in
 * every replay if it likes, and in every way; now and then nothing new comes at all. As long as Discord holds the
 * session, no life of it ends in a GAP, every event comes in its order from where the last commit was, and progress
 * is followed by a short wait.
 */
#include "scene.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    LIVES = 12,
    CONNECTIONS = 40,
    REPLAY_MOST = 12,
    LONG = 70000, /* bytes: more than 64 KiB */
    PERIOD = 40,  /* after which they repeat themselves, so that they look like a bomb to zlib as well */
    IDLE_MOST = 3 /* connections in a row that bring nothing new */
};

struct life {
    sp_peer *peer;
    wire wire;
    char *text; /* of each long event, but for its sequence */
    uint32_t random;
    uint64_t sent;      /* by Discord: the highest sequence */
    uint64_t arrived;   /* of these, on any connection */
    uint64_t committed; /* by the owner */
    int idle;
};

static uint32_t chance(struct life *life, uint32_t below)
{
    life->random = life->random * 1664525 + 1013904223;
    return (life->random >> 8) % below;
}

static char *long_text(void)
{
    uint32_t noise = 1;
    char *text = malloc(LONG + 100);
    int at = sprintf(text, "{\"t\":\"GUILD_MEMBERS_CHUNK\",\"op\":0,\"d\":\"");
    for (int end = at + LONG; at < end; at++) {
        noise = (end - at) % PERIOD == 0 ? 1 : noise * 1664525 + 1013904223;
        text[at] = (char)('a' + (noise >> 24) % 26);
    }
    strcpy(text + at, "\",\"s\":");
    return text;
}

/* Two of three events are long, and all long ones are alike. */
static void say_event(struct life *life, uint64_t seq)
{
    char *whole = malloc(LONG + 200);
    const char *text = seq % 3 == 0 ? "{\"t\":\"A\",\"op\":0,\"d\":1,\"s\":" : life->text;
    sprintf(whole, "%s%llu}", text, (unsigned long long)seq);
    wire_say(&life->wire, life->peer, whole);
    free(whole);
    life->arrived = seq > life->arrived ? seq : life->arrived;
}

static void say(struct life *life, const char *text)
{
    wire_say(&life->wire, life->peer, text);
}

static uint32_t state_of(const struct life *life)
{
    return spectacles_shard_state(life->peer->shard);
}

/* Some of what came on this connection is confirmed. */
static void commit(struct life *life, uint64_t upto)
{
    if (upto > life->committed && chance(life, 4) > 0)
        life->committed += 1 + chance(life, (uint32_t)(upto - life->committed));
    assert_int_equal(spectacles_shard_commit(life->peer->shard, life->committed), SPECTACLES_OK);
}

static void connect_shard(struct life *life)
{
    peer_wait(life->peer,
              spectacles_stream_deadline(spectacles_shard_stream(life->peer->shard)) - life->peer->now);
    peer_open(life->peer);
    wire_reset(&life->wire);
    peer_accept(life->peer);
    life->peer->sent_length = 0;
    say(life, "{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}");
}

/* A RESUME that heartbeats acknowledge and nothing answers: another connection tries. */
static void fall_silent(struct life *life)
{
    for (int i = 0; i < 20 && state_of(life) == SPECTACLES_SHARD_RESUMING; i++) {
        peer_wait(life->peer, 5000);
        if (state_of(life) == SPECTACLES_SHARD_RESUMING)
            say(life, "{\"op\":11}");
    }
    assert_int_not_equal(state_of(life), SPECTACLES_SHARD_RESUMING);
}

/* progress: only then may the code be one that doubts the session, since it would be the first. */
static void break_line(struct life *life, bool progress)
{
    static const int codes[] = {1000, 1001, 1006, 4000, 4001, 4002, 4005, 4008, 4003, 4006, 4007, 4009};
    switch (chance(life, 5)) {
    case 0:
        peer_close(life->peer, codes[chance(life, progress ? 12 : 8)], "");
        break;
    case 1:
        say(life, "{\"op\":7,\"d\":null}");
        break;
    case 2:
        say(life, "{\"op\":9,\"d\":true}");
        break;
    case 3:
        if (state_of(life) == SPECTACLES_SHARD_RESUMING)
            fall_silent(life);
        break;
    default:
        break;
    }
    peer_eof(life->peer, SPECTACLES_E_SYS, "cut");
    assert_int_equal(state_of(life), SPECTACLES_SHARD_BACKOFF);
}

static void judge(const struct life *life, uint64_t from, bool progress)
{
    char prefix[40];
    int next = 0;
    for (uint64_t seq = from; seq <= life->arrived; seq++) {
        snprintf(prefix, sizeof prefix, "DISPATCH %llu ", (unsigned long long)seq);
        while (next < life->peer->lines && strncmp(life->peer->line[next], prefix, strlen(prefix)) != 0)
            next++;
        if (progress && next == life->peer->lines)
            fail_msg("%s did not come, or not in its order", prefix);
    }
    assert_int_equal(peer_count(life->peer, "GAP"), 0);
    assert_int_equal(peer_count(life->peer, "IDENTIFY"), 0);
    if (progress)
        assert_true(
            spectacles_stream_deadline(spectacles_shard_stream(life->peer->shard)) - life->peer->now <= 5000);
}

static void one_connection(struct life *life)
{
    char wanted[120];
    uint64_t from = life->committed + 1;
    bool progress = life->idle == IDLE_MOST || chance(life, 4) > 0;
    /* While it was away, Discord went on. */
    life->sent += 1 + chance(life, 4);
    uint64_t stop = progress
                        ? life->arrived + 1 + chance(life, (uint32_t)(life->sent - life->arrived))
                        : life->committed + chance(life, (uint32_t)(life->arrived - life->committed) + 1);
    peer_wait(life->peer, 0);
    peer_forget(life->peer);
    connect_shard(life);
    snprintf(wanted, sizeof wanted,
             "{\"op\":6,\"d\":{\"token\":\"" PEER_TOKEN "\",\"session_id\":\"abc\",\"seq\":%llu}}",
             (unsigned long long)life->committed);
    peer_expect(life->peer, wanted);
    stop = stop > from + REPLAY_MOST && !progress ? from + REPLAY_MOST : stop;
    for (uint64_t seq = from; seq <= stop; seq++)
        say_event(life, seq);
    if (progress && stop == life->sent && chance(life, 2)) {
        char resumed[80];
        snprintf(resumed, sizeof resumed, "{\"t\":\"RESUMED\",\"op\":0,\"d\":{},\"s\":%llu}",
                 (unsigned long long)stop);
        say(life, resumed);
        say_event(life, ++life->sent);
        stop++;
    }
    if (progress)
        commit(life, stop);
    break_line(life, progress);
    judge(life, from, progress);
    life->idle = progress ? 0 : life->idle + 1;
}

static void live(uint32_t seed, uint32_t compression)
{
    spectacles_shard_config config;
    struct life life = {.wire = {.format = SPECTACLES_FORMAT_JSON, .compression = compression},
                        .text = long_text(),
                        .random = seed * 2654435761u,
                        .sent = 1,
                        .arrived = 1,
                        .committed = 1};
    peer_config(&config);
    config.compression = compression;
    config.flags = SPECTACLES_SHARD_COMMITS;
    config.seed = seed;
    life.peer = peer_new(&config);
    peer_pull(life.peer);
    peer_open(life.peer);
    wire_reset(&life.wire);
    peer_accept(life.peer);
    say(&life, "{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}");
    assert_int_equal(spectacles_shard_identify(life.peer->shard, life.peer->now), SPECTACLES_OK);
    peer_pull(life.peer);
    say(&life, "{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"session_id\":\"abc\"}}");
    assert_int_equal(spectacles_shard_commit(life.peer->shard, 1), SPECTACLES_OK);
    peer_eof(life.peer, SPECTACLES_E_SYS, "cut");
    for (int i = 0; i < CONNECTIONS; i++)
        one_connection(&life);
    wire_free(&life.wire);
    peer_free(life.peer);
    free(life.text);
}

static void nothing_ends_a_session_that_discord_holds(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= LIVES; seed++)
        live(seed, SPECTACLES_COMPRESSION_ZLIB_STREAM);
}

static void nor_with_zstd(void **state)
{
    (void)state;
    if (!spectacles_feature_supported("zstd-stream"))
        skip();
    for (uint32_t seed = 1; seed <= LIVES; seed++)
        live(seed, SPECTACLES_COMPRESSION_ZSTD_STREAM);
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

static void by_silence(sp_peer *peer)
{
    scene_live(peer, 60000);
    peer_eof(peer, 0, NULL);
}

/* What came before it did not matter to the session: it is the confirmed part of it that comes again. */
static void by_an_old_event(sp_peer *peer)
{
    scene_event(peer, 1);
    peer_eof(peer, 0, NULL);
}

/* The next connection, up to its RESUME. */
static void resume(sp_peer *peer)
{
    scene_next_attempt(peer);
    peer_hello(peer);
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_RESUMING);
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
    scene_next_attempt(peer);
    peer_hello(peer);
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_IDENTIFY_WAIT);
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
    scene_event(peer, round + 2);
    peer_eof(peer, 0, NULL);
}

static void cut_behind_resumed(sp_peer *peer, int round)
{
    (void)round;
    peer_text(peer, "{\"op\":0,\"t\":\"RESUMED\",\"s\":1,\"d\":{}}");
    peer_eof(peer, 0, NULL);
}

/*
 * A line that breaks in every replay, each time a little later: the session lives, however often that is and however
 * long.
 */
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
            scene_live(peer, 20000);
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
    for (uint64_t since = peer->now; peer->now - since < 7200000; scene_next_attempt(peer))
        peer_eof(peer, SPECTACLES_E_SYS, "no route to host");
    peer_hello(peer);
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_RESUMING);
    assert_int_equal(peer_count(peer, "GAP"), 0);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_ends_a_session_that_discord_holds),
        cmocka_unit_test(nor_with_zstd),
        cmocka_unit_test(a_session_is_given_up_when_no_resume_was_answered_for_five_minutes),
        cmocka_unit_test(a_resume_that_gets_further_is_no_failure),
        cmocka_unit_test(a_little_progress_gives_a_session_five_more_minutes),
        cmocka_unit_test(a_session_outlives_an_outage_in_which_nothing_was_asked),
        cmocka_unit_test(a_stored_session_that_is_none_is_refused),
        cmocka_unit_test(a_ready_without_a_session_is_refused),
        cmocka_unit_test(a_session_id_is_printable_or_refused),
        cmocka_unit_test(a_resume_url_that_is_not_followed_is_not_exported),
        cmocka_unit_test(a_resume_url_elsewhere_is_not_followed),
    };
    return cmocka_run_group_tests_name("shard/session", tests, NULL, NULL);
}
