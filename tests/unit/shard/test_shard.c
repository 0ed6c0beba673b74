/* A shard as its owner sees it: a whole life, stored sessions, closing. */
#include "scene.h"

#include <string.h>

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
    peer_hello(peer);
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_IDENTIFY_WAIT);
    spectacles_stream_eof(peer_stream(peer), 0, NULL, 0, peer->now);
    assert_int_equal(spectacles_shard_identify(peer->shard, peer->now), SPECTACLES_E_STATE);
    peer_pull(peer);
    scene_next_attempt(peer);
    peer_hello(peer);
    assert_int_equal(spectacles_shard_identify(peer->shard, peer->now), SPECTACLES_OK);
    spectacles_shard_get_stats(peer->shard, &stats);
    assert_int_equal(stats.identifies, 1);
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
        scene_next_attempt(peer);
        peer_hello(peer);
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
    peer_hello(peer);
    spectacles_shard_identify(peer->shard, peer->now);
    peer_pull(peer);
    peer_read(peer, payload, sizeof payload);
    assert_non_null(strstr(payload, "\"shard\":[4000000000,4294967295]"));
    peer_free(peer);
}

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
    peer_expect(peer, SCENE_RESUME);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gap_keeps_its_session_when_the_owner_closes),
        cmocka_unit_test(a_dead_connection_takes_no_identify),
        cmocka_unit_test(what_is_counted_adds_up),
        cmocka_unit_test(shards_are_counted_in_32_bits),
        cmocka_unit_test(lives_a_whole_life),
        cmocka_unit_test(byte_by_byte_is_the_same),
        cmocka_unit_test(upgrade_and_identify_say_what_they_should),
        cmocka_unit_test(the_owner_may_ask_for_a_new_connection),
        cmocka_unit_test(a_stored_session_is_resumed_by_another_process),
        cmocka_unit_test(a_session_of_another_count_is_forgotten_aloud),
        cmocka_unit_test(a_lost_session_is_shown_until_its_gap_is_pulled),
        cmocka_unit_test(closing_ends_in_closed),
        cmocka_unit_test(only_some_codes_close),
    };
    return cmocka_run_group_tests_name("shard/shard", tests, NULL, NULL);
}
