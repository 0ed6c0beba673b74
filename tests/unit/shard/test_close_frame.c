/* Close frames of the gateway: what is told, and how they are answered. */
#include "scene.h"

#include <string.h>

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
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_CLOSING);
    peer_eof(peer, 0, NULL);
    assert_int_equal(peer_count(peer, "DISPATCH 2"), 0);
    assert_int_equal(peer_count(peer, "GAP"), 0);
    scene_next_attempt(peer);
    peer_hello(peer);
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_RESUMING);
    peer_free(peer);
}

/* What was sent on an older connection is not to blame. */
static void what_was_sent_last_was_sent_on_this_connection(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    lost(peer, 4000);
    scene_next_attempt(peer);
    peer_hello(peer);
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
        peer_hello(peer);
        spectacles_shard_identify(peer->shard, peer->now);
        peer_pull(peer);
        peer_close(peer, codes[i], "");
        assert_int_equal(peer_count(peer, "GAP"), 0);
        scene_next_attempt(peer);
        peer_hello(peer);
        assert_int_equal(peer_state(peer), SPECTACLES_SHARD_IDENTIFY_WAIT);
        peer_free(peer);
    }
}

static void a_fatal_code_is_final_in_every_state(void **state)
{
    (void)state;
    for (int identified = 0; identified < 2; identified++) {
        sp_peer *peer = peer_new(NULL);
        peer_hello(peer);
        if (identified)
            spectacles_shard_identify(peer->shard, peer->now);
        peer_pull(peer);
        peer_close(peer, 4013, "Invalid intent(s).");
        assert_int_equal(peer_state(peer), SPECTACLES_SHARD_FATAL);
        peer_wait(peer, 3600000);
        assert_int_equal(peer_count(peer, "FATAL"), 1);
        assert_int_equal(peer_count(peer, "CONNECTING"), 1);
        assert_int_equal(spectacles_shard_identify(peer->shard, peer->now), SPECTACLES_E_STATE);
        assert_int_equal(spectacles_shard_close(peer->shard, 0, peer->now), SPECTACLES_OK);
        peer_pull(peer);
        assert_int_equal(peer_state(peer), SPECTACLES_SHARD_FATAL);
        assert_int_equal(peer_count(peer, "CLOSED"), 0);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_close_code_is_a_sentence),
        cmocka_unit_test(a_close_is_answered_with_a_code_that_keeps_the_session),
        cmocka_unit_test(nothing_counts_while_closing),
        cmocka_unit_test(what_was_sent_last_was_sent_on_this_connection),
        cmocka_unit_test(before_ready_a_close_leads_to_an_identify),
        cmocka_unit_test(a_fatal_code_is_final_in_every_state),
        cmocka_unit_test(mistakes_are_answered_with_their_code),
        cmocka_unit_test(a_close_code_counts_although_its_reason_is_broken),
    };
    return cmocka_run_group_tests_name("shard/close_frame", tests, NULL, NULL);
}
