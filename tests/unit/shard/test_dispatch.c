/* Dispatches: READY, RESUMED, replays, sequences and commits. */
#include "scene.h"

#include <string.h>

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
    peer_hello(peer);
    spectacles_shard_identify(peer->shard, peer->now);
    peer_pull(peer);
    spectacles_stream_feed(peer_stream(peer), (const uint8_t *)ready, sizeof ready - 1, peer->now);
    const spectacles_shard_event *event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_READY);
    assert_int_equal(event->data_length, 20);
    assert_memory_equal(event->data, "{\"session_id\":\"abc\"}", event->data_length);
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
    scene_next_attempt(peer);
    peer_hello(peer);
    peer_expect(peer, "{\"op\":6,\"d\":{\"token\":\"" PEER_TOKEN "\",\"session_id\":\"abc\",\"seq\":0}}");
    peer_text(peer, "{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{\"session_id\":\"abc\"}}");
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_RESUMING);
    peer_text(peer, "{\"op\":0,\"t\":\"RESUMED\",\"s\":2,\"d\":{}}");
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_READY);
    assert_int_equal(peer_count(peer, "READY"), 1);
    peer_free(peer);
}

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
    peer_expect(peer, SCENE_RESUME);
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
    peer_expect(peer, SCENE_RESUME);
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

/* A session that was committed further than it is stored: whoever reads the store resumes from there. */
static void heartbeats_carry_what_is_stored_and_resumes_what_is_committed(void **state)
{
    (void)state;
    spectacles_shard_config config;
    peer_config(&config);
    config.flags = SPECTACLES_SHARD_COMMITS | SPECTACLES_SHARD_STORED_HEARTBEATS;
    sp_peer *peer = peer_new(&config);
    assert_int_equal(spectacles_shard_stored(peer->shard, "abc", 0), SPECTACLES_E_STATE);
    peer_ready(peer);
    scene_event(peer, 2);
    assert_int_equal(spectacles_shard_commit(peer->shard, 2), SPECTACLES_OK);
    peer_text(peer, "{\"op\":1,\"d\":null}");
    peer_expect(peer, "{\"op\":1,\"d\":null}");
    assert_int_equal(spectacles_shard_stored(peer->shard, "abc", 3), SPECTACLES_E_INVAL);
    /* An answer of the store that comes late is of another session. */
    assert_int_equal(spectacles_shard_stored(peer->shard, "former", 2), SPECTACLES_E_STATE);
    assert_int_equal(spectacles_shard_stored(peer->shard, "abc", 1), SPECTACLES_OK);
    assert_int_equal(spectacles_shard_stored(peer->shard, "abc", 0), SPECTACLES_OK);
    peer_text(peer, "{\"op\":1,\"d\":null}");
    peer_expect(peer, "{\"op\":1,\"d\":1}");
    peer_eof(peer, 0, NULL);
    peer_come_back(peer);
    peer_expect(peer, "{\"op\":6,\"d\":{\"token\":\"" PEER_TOKEN "\",\"session_id\":\"abc\",\"seq\":2}}");
    peer_free(peer);
}

/* A session that another process has stored is stored. A new session is not, until its owner says so. */
static void a_session_from_the_store_is_stored(void **state)
{
    (void)state;
    spectacles_shard_config config;
    peer_config(&config);
    spectacles_session session = {.size = sizeof session,
                                  .shard_id = config.shard_id,
                                  .shard_count = config.shard_count,
                                  .seq = 7,
                                  .session_id = "kept"};
    config.session = &session;
    config.flags = SPECTACLES_SHARD_COMMITS | SPECTACLES_SHARD_STORED_HEARTBEATS;
    sp_peer *peer = peer_new(&config);
    peer_hello(peer);
    peer_expect(peer, "{\"op\":6,\"d\":{\"token\":\"" PEER_TOKEN "\",\"session_id\":\"kept\",\"seq\":7}}");
    peer_text(peer, "{\"op\":1,\"d\":null}");
    peer_expect(peer, "{\"op\":1,\"d\":7}");
    peer_text(peer, "{\"op\":9,\"d\":false}");
    peer_eof(peer, 0, NULL);
    peer_come_back(peer);
    peer_text(peer, "{\"op\":1,\"d\":null}");
    peer_expect(peer, "{\"op\":1,\"d\":null}");
    peer_free(peer);
    config.session = NULL;
    config.flags = SPECTACLES_SHARD_COMMITS;
    peer = peer_new(&config);
    peer_ready(peer);
    assert_int_equal(spectacles_shard_stored(peer->shard, "abc", 0), SPECTACLES_E_STATE); /* no such flag */
    peer_free(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_sequence_again_goes_backwards),
        cmocka_unit_test(ready_shows_its_data),
        cmocka_unit_test(a_replay_may_hold_ready_itself),
        cmocka_unit_test(resumes_and_replays),
        cmocka_unit_test(unread_dispatches_come_before_the_loss),
        cmocka_unit_test(commits_decide_where_a_resume_begins),
        cmocka_unit_test(a_commit_wants_the_flag_and_a_session),
        cmocka_unit_test(heartbeats_carry_what_is_stored_and_resumes_what_is_committed),
        cmocka_unit_test(a_session_from_the_store_is_stored),
    };
    return cmocka_run_group_tests_name("shard/dispatch", tests, NULL, NULL);
}
