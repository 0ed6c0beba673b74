/* The token: whose it is, and one that is replaced while the shard runs. */
#include "scene.h"

#include <stdio.h>

#define NEW_TOKEN "another.secret.token"
#define NEW_RESUME "{\"op\":6,\"d\":{\"token\":\"" NEW_TOKEN "\",\"session_id\":\"abc\",\"seq\":1}}"

/* Of the bots 123456789012345678 and 223456789012345678. */
#define FIRST_BOT "MTIzNDU2Nzg5MDEyMzQ1Njc4"
#define SECOND_BOT "MjIzNDU2Nzg5MDEyMzQ1Njc4"

static int set(sp_peer *peer, const char *token)
{
    return spectacles_shard_set_token(peer->shard, token);
}

/* Whether the next frame of the shard is an identify with this token. */
static bool identifies_with(sp_peer *peer, const char *token)
{
    char text[8192] = "";
    char wanted[100];
    assert_int_equal(spectacles_shard_identify(peer->shard, peer->now), SPECTACLES_OK);
    peer_pull(peer);
    peer_read(peer, text, sizeof text);
    snprintf(wanted, sizeof wanted, "{\"op\":2,\"d\":{\"token\":\"%s\",", token);
    return strstr(text, wanted) == text;
}

static void it_says_whose_it_is(void **state)
{
    (void)state;
    static const struct {
        const char *token;
        uint64_t bot;
    } table[] = {{FIRST_BOT ".x.y", UINT64_C(123456789012345678)},
                 {SECOND_BOT "=.x.y", UINT64_C(223456789012345678)},
                 {"MTg0NDY3NDQwNzM3MDk1NTE2MTU=.x", UINT64_MAX},
                 {"MTg0NDY3NDQwNzM3MDk1NTE2MTY=.x", 0},
                 {"MTIzNDU=.x", 0},
                 {FIRST_BOT, 0},
                 {"MTIzNDU2Nzg5MDEyMzQ1Njd4.x.y", 0},
                 {"MTIz NDU2Nzg5MDEyMzQ1Njc4.x", 0},
                 {PEER_TOKEN, 0},
                 {".", 0},
                 {"", 0}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_int_equal(spectacles_token_bot(table[i].token), table[i].bot);
}

static void the_connection_stands_and_the_next_one_resumes_with_the_new_one(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    uint64_t deadline = spectacles_stream_deadline(peer_stream(peer));
    assert_int_equal(set(peer, NEW_TOKEN), SPECTACLES_OK);
    peer_pull(peer);
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_READY);
    assert_int_equal(spectacles_stream_deadline(peer_stream(peer)), deadline);
    peer_eof(peer, 0, NULL);
    peer_come_back(peer);
    peer_expect(peer, NEW_RESUME);
    peer_free(peer);
}

static void an_identify_that_was_not_sent_has_the_new_one(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_hello(peer);
    assert_int_equal(set(peer, NEW_TOKEN), SPECTACLES_OK);
    assert_true(identifies_with(peer, NEW_TOKEN));
    /* It was logged in with the new token: a refusal is final. */
    peer_close(peer, 4004, "Authentication failed.");
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_FATAL);
    peer_free(peer);
}

/* Discord may end what was logged in with a token that was reset. */
static void a_refusal_of_the_former_one_is_not_final(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    assert_int_equal(set(peer, NEW_TOKEN), SPECTACLES_OK);
    peer_close(peer, 4004, "Authentication failed.");
    peer_eof(peer, 0, NULL);
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_BACKOFF);
    assert_non_null(strstr(peer_last(peer, "LOST"), "the former token is not valid any more"));
    peer_come_back(peer);
    peer_expect(peer, NEW_RESUME);
    peer_close(peer, 4004, "Authentication failed.");
    peer_eof(peer, 0, NULL);
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_FATAL);
    peer_free(peer);
}

static void a_refused_identify_with_the_former_one_is_made_anew(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_hello(peer);
    assert_true(identifies_with(peer, PEER_TOKEN));
    assert_int_equal(set(peer, NEW_TOKEN), SPECTACLES_OK);
    peer_close(peer, 4004, NULL);
    peer_eof(peer, 0, NULL);
    peer_come_back(peer);
    assert_true(identifies_with(peer, NEW_TOKEN));
    peer_free(peer);
}

/* The session is gone: that is declared, and not passed over. */
static void an_invalid_session_is_a_gap_and_a_new_identify(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    assert_int_equal(set(peer, NEW_TOKEN), SPECTACLES_OK);
    peer_eof(peer, 0, NULL);
    peer_come_back(peer);
    peer_expect(peer, NEW_RESUME);
    peer_text(peer, "{\"op\":9,\"d\":false}");
    peer_eof(peer, 0, NULL);
    assert_int_equal(peer_count(peer, "GAP"), 1);
    peer_come_back(peer);
    assert_true(identifies_with(peer, NEW_TOKEN));
    peer_free(peer);
}

static void the_same_one_changes_nothing(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    assert_int_equal(set(peer, PEER_TOKEN), SPECTACLES_OK);
    peer_close(peer, 4004, NULL);
    peer_eof(peer, 0, NULL);
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_FATAL);
    peer_free(peer);
}

static void a_wrong_one_is_refused(void **state)
{
    (void)state;
    static char long_one[5000];
    spectacles_shard_config config;
    peer_config(&config);
    config.token = FIRST_BOT ".old.token";
    sp_peer *peer = peer_new(&config);
    peer_hello(peer);
    memset(long_one, 'x', sizeof long_one - 1);
    assert_int_equal(set(peer, NULL), SPECTACLES_E_INVAL);
    assert_int_equal(set(peer, "Bot x"), SPECTACLES_E_INVAL);
    assert_non_null(strstr(spectacles_shard_last_error(peer->shard), "a space"));
    assert_int_equal(set(peer, long_one), SPECTACLES_E_TOOBIG);
    assert_int_equal(set(peer, SECOND_BOT ".new.token"), SPECTACLES_E_AUTH);
    assert_non_null(strstr(spectacles_shard_last_error(peer->shard), "of another bot"));
    assert_true(identifies_with(peer, FIRST_BOT ".old.token"));
    assert_int_equal(set(peer, FIRST_BOT ".new.token"), SPECTACLES_OK);
    peer_free(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_whose_it_is),
        cmocka_unit_test(the_connection_stands_and_the_next_one_resumes_with_the_new_one),
        cmocka_unit_test(an_identify_that_was_not_sent_has_the_new_one),
        cmocka_unit_test(a_refusal_of_the_former_one_is_not_final),
        cmocka_unit_test(a_refused_identify_with_the_former_one_is_made_anew),
        cmocka_unit_test(an_invalid_session_is_a_gap_and_a_new_identify),
        cmocka_unit_test(the_same_one_changes_nothing),
        cmocka_unit_test(a_wrong_one_is_refused),
    };
    return cmocka_run_group_tests_name("shard/token", tests, NULL, NULL);
}
