/* A presence that changes while the shard runs: Discord is told once, and every identify has the new one. */
#include "peer.h"

#include <stdbool.h>
#include <stdio.h>

#define ONLINE "{\"since\":null,\"activities\":[],\"status\":\"online\",\"afk\":false}"
#define IDLE "{\"since\":null,\"activities\":[],\"status\":\"idle\",\"afk\":false}"

static int change(sp_peer *peer, const char *presence)
{
    return spectacles_shard_set_presence(peer->shard, (const uint8_t *)presence,
                                         presence ? strlen(presence) : 0);
}

static void set(sp_peer *peer, const char *presence)
{
    assert_int_equal(change(peer, presence), SPECTACLES_OK);
}

/* Whether the next frame of the shard, after what is due, is an op 3 with this presence. */
static bool tells(sp_peer *peer, const char *presence)
{
    char text[8192] = "";
    char wanted[8192];
    spectacles_stream_expire(peer_stream(peer), peer->now);
    peer_pull(peer);
    peer_read(peer, text, sizeof text);
    snprintf(wanted, sizeof wanted, "{\"op\":3,\"d\":%s}", presence);
    return strcmp(text, wanted) == 0;
}

static void a_ready_shard_tells_it_at_once_and_once(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    set(peer, IDLE);
    assert_int_equal(spectacles_stream_deadline(peer_stream(peer)), 0);
    assert_true(tells(peer, IDLE));
    assert_false(tells(peer, IDLE));
    set(peer, ONLINE);
    set(peer, IDLE);
    assert_true(tells(peer, IDLE));
    assert_false(tells(peer, IDLE));
    peer_free(peer);
}

static void an_identify_carries_it(void **state)
{
    (void)state;
    char text[8192] = "";
    sp_peer *peer = peer_new(NULL);
    peer_hello(peer);
    set(peer, IDLE);
    assert_int_equal(spectacles_shard_identify(peer->shard, peer->now), SPECTACLES_OK);
    peer_pull(peer);
    assert_int_equal(peer_read(peer, text, sizeof text), 1);
    assert_non_null(strstr(text, "\"presence\":" IDLE));
    peer_text(peer, "{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"v\":10,\"session_id\":\"abc\","
                    "\"resume_gateway_url\":\"wss://gateway-us-east1-b.discord.gg\",\"shard\":[1,4]}}");
    assert_false(tells(peer, IDLE));
    peer_free(peer);
}

/* The session goes on with the old presence, until the new one has left the output. */
static void it_is_told_again_when_the_connection_ends_first(void **state)
{
    (void)state;
    char text[8192];
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    set(peer, IDLE);
    spectacles_stream_expire(peer_stream(peer), peer->now);
    peer_eof(peer, 0, NULL);
    peer_come_back(peer);
    peer_read(peer, text, sizeof text);
    assert_false(tells(peer, IDLE));
    peer_text(peer, "{\"op\":0,\"t\":\"RESUMED\",\"s\":1,\"d\":{}}");
    assert_true(tells(peer, IDLE));
    peer_free(peer);
}

static void it_keeps_the_rate_limit(void **state)
{
    (void)state;
    char text[8192];
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    while (spectacles_shard_send(peer->shard, 4, (const uint8_t *)"{}", 2, peer->now, NULL) == SPECTACLES_OK)
        peer_pull(peer);
    while (peer_read(peer, text, sizeof text) == 1)
        continue;
    set(peer, IDLE);
    assert_false(tells(peer, IDLE));
    assert_true(spectacles_stream_deadline(peer_stream(peer)) > peer->now);
    int seconds = 0;
    for (bool told = false; !told; seconds++) {
        assert_true(seconds < 70);
        peer_wait(peer, 1000);
        peer_text(peer, "{\"op\":11}");
        while (!told && peer_read(peer, text, sizeof text) == 1)
            told = strstr(text, "{\"op\":3,") == text;
    }
    assert_in_range(seconds, 60, 62);
    peer_free(peer);
}

static void a_wrong_one_is_refused(void **state)
{
    (void)state;
    char long_one[6000];
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    memset(long_one, ' ', sizeof long_one);
    memcpy(long_one, IDLE, sizeof IDLE - 2);
    strcpy(long_one + sizeof long_one - 2, "}");
    assert_int_equal(change(peer, NULL), SPECTACLES_E_INVAL);
    assert_int_equal(change(peer, "{"), SPECTACLES_E_INVAL);
    assert_int_equal(change(peer, "{\"status\":\"away\"}"), SPECTACLES_E_INVAL);
    assert_int_equal(change(peer, long_one), SPECTACLES_E_TOOBIG);
    assert_non_null(strstr(spectacles_shard_last_error(peer->shard), "shorten the presence"));
    assert_false(tells(peer, IDLE));
    peer_free(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ready_shard_tells_it_at_once_and_once),
        cmocka_unit_test(an_identify_carries_it),
        cmocka_unit_test(it_is_told_again_when_the_connection_ends_first),
        cmocka_unit_test(it_keeps_the_rate_limit),
        cmocka_unit_test(a_wrong_one_is_refused),
    };
    return cmocka_run_group_tests_name("shard/presence", tests, NULL, NULL);
}
