/* What follows a close code: resume, doubt, identify, or the end. */
#include "scene.h"

#include <stdio.h>
#include <string.h>

static void by_a_cut(sp_peer *peer)
{
    peer_eof(peer, 0, NULL);
}

/* The next connection, up to its RESUME. */
static void resume(sp_peer *peer)
{
    scene_next_attempt(peer);
    peer_hello(peer);
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_RESUMING);
}

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
            scene_event(peer, 2 * round + 2);
            peer_text(peer, "{\"op\":0,\"t\":\"RESUMED\",\"s\":1,\"d\":{}}");
            scene_event(peer, 2 * round + 3);
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
        scene_next_attempt(peer);
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
        scene_event(peer, round + 2);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_close_that_doubts_the_session_is_answered_by_a_resume),
        cmocka_unit_test(a_doubt_that_comes_again_in_answer_to_the_resume_ends_it),
        cmocka_unit_test(one_doubt_alone_ends_nothing),
        cmocka_unit_test(progress_settles_a_doubt),
        cmocka_unit_test(a_new_session_begins_without_a_doubt),
        cmocka_unit_test(every_close_code_leads_where_it_should),
    };
    return cmocka_run_group_tests_name("shard/close", tests, NULL, NULL);
}
