/* What is left of the token in memory that was given back. */
#include "heap.h"
#include "peer.h"
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>

static void drain(sp_peer *peer)
{
    char payload[8192];
    while (peer_read(peer, payload, sizeof payload) > 0)
        continue;
    memset(peer->sent, 0, sizeof peer->sent);
}

/* A life with everything that has the token in it: identify, and resume after a loss. */
static void live(uint32_t format, uint32_t compression, const char *presence)
{
    static const char hello[] = "{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}";
    spectacles_shard_config config;
    heap_watch(PEER_TOKEN);
    struct wire gateway = {.format = format, .compression = compression};
    peer_config(&config);
    config.format = format;
    config.compression = compression;
    config.presence = presence;
    sp_peer *peer = peer_new(&config);
    for (int connection = 0; connection < 3; connection++) {
        peer_wait(peer, connection ? 10000 : 0);
        peer_open(peer);
        wire_reset(&gateway);
        peer_accept(peer);
        wire_say(&gateway, peer, hello);
        if (connection == 0) {
            assert_int_equal(spectacles_shard_identify(peer->shard, peer->now), SPECTACLES_OK);
            peer_pull(peer);
            wire_say(&gateway, peer, "{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{\"session_id\":\"abc\"}}");
        }
        drain(peer);
        assert_int_equal(heap_copies(peer), 1);
        peer_eof(peer, 0, NULL);
        assert_int_equal(heap_copies(peer), 1);
    }
    wire_free(&gateway);
    spectacles_shard_free(peer->shard);
    peer->shard = NULL;
    assert_int_equal(heap_copies(peer), 0);
    peer_free(peer);
    assert_int_equal(heap_left_behind(), 0);
}

static void nothing_of_the_token_is_left_in_freed_memory(void **state)
{
    static char presence[3000];
    (void)state;
    /* As long as it may be: the buffers have to grow with the token in them. */
    snprintf(presence, sizeof presence,
             "{\"since\":null,\"activities\":[{\"name\":\"%02500d\",\"type\":0}],\"status\":\"dnd\",\"afk\":"
             "false}",
             0);
    live(SPECTACLES_FORMAT_JSON, SPECTACLES_COMPRESSION_NONE, NULL);
    live(SPECTACLES_FORMAT_JSON, SPECTACLES_COMPRESSION_NONE, presence);
    live(SPECTACLES_FORMAT_JSON, SPECTACLES_COMPRESSION_ZLIB_STREAM, presence);
    live(SPECTACLES_FORMAT_ETF, SPECTACLES_COMPRESSION_NONE, NULL);
    live(SPECTACLES_FORMAT_ETF, SPECTACLES_COMPRESSION_NONE, presence);
}

static void a_shard_that_is_refused_leaves_nothing_either(void **state)
{
    static char presence[5000];
    spectacles_shard *shard = NULL;
    spectacles_shard_config config;
    (void)state;
    heap_watch(PEER_TOKEN);
    snprintf(presence, sizeof presence,
             "{\"since\":null,\"activities\":[],\"status\":\"dnd\",\"afk\":false,\"x\":\"%04000d\"}", 0);
    peer_config(&config);
    config.presence = presence;
    assert_int_equal(spectacles_shard_new(&shard, &config, NULL), SPECTACLES_E_TOOBIG);
    peer_config(&config);
    config.gateway_url = "https://discord.com";
    assert_int_equal(spectacles_shard_new(&shard, &config, NULL), SPECTACLES_E_INVAL);
    assert_int_equal(heap_left_behind(), 0);
    assert_int_equal(heap_copies(NULL), 0);
}

/* The link keeps the memory of the shard when the owner frees the shard first; it must not keep the token. */
static void a_shard_that_is_freed_while_a_link_holds_it_keeps_no_token(void **state)
{
    (void)state;
    for (int identified = 0; identified < 2; identified++) {
        spectacles_link *link;
        heap_watch(PEER_TOKEN);
        sp_peer *peer = peer_new(NULL);
        assert_int_equal(spectacles_link_new(&link, peer_stream(peer), NULL, NULL), SPECTACLES_OK);
        if (identified)
            peer_ready(peer);
        assert_int_equal(heap_copies(peer), 1);
        spectacles_shard_free(peer->shard);
        peer->shard = NULL;
        assert_int_equal(heap_copies(peer), 0);
        spectacles_link_free(link);
        peer_free(peer);
        assert_int_equal(heap_left_behind(), 0);
    }
}

/* Header text: a line break in it would be a header of its own. */
static void a_token_with_white_space_is_refused(void **state)
{
    static const char *const bad[] = {"",        "Bot abc",  "abc\n",      "abc\r\nX: y",   "a\tb", " abc",
                                      "abc\x7f", "a\x1b[1m", "a\xc2\xa0z", "a\xe2\x80\xa8", "\xff"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        spectacles_shard *shard = NULL;
        spectacles_problem problem = {0};
        spectacles_problem alone = {0};
        spectacles_shard_config config;
        peer_config(&config);
        config.token = bad[i];
        assert_int_equal(spectacles_shard_new(&shard, &config, &problem), SPECTACLES_E_INVAL);
        assert_int_equal(spectacles_token_check(bad[i], &alone), SPECTACLES_E_INVAL);
        assert_string_equal(problem.text, alone.text);
        assert_non_null(strstr(problem.text, i ? "the token holds" : "the token is missing"));
    }
    assert_int_equal(spectacles_token_check(NULL, NULL), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_token_check("MTk4NjIy.Cl2FMQ.ZnCjm1-XVW7vRze4_b7", NULL), SPECTACLES_OK);
}

static void a_token_that_is_replaced_is_wiped(void **state)
{
    (void)state;
    heap_watch(PEER_TOKEN);
    sp_peer *peer = peer_new(NULL);
    assert_int_equal(heap_copies(peer), 1);
    assert_int_equal(spectacles_shard_set_token(peer->shard, "another.secret.token"), SPECTACLES_OK);
    assert_int_equal(heap_copies(peer), 0);
    peer_free(peer);
    assert_int_equal(heap_left_behind(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_of_the_token_is_left_in_freed_memory),
        cmocka_unit_test(a_shard_that_is_refused_leaves_nothing_either),
        cmocka_unit_test(a_shard_that_is_freed_while_a_link_holds_it_keeps_no_token),
        cmocka_unit_test(a_token_with_white_space_is_refused),
        cmocka_unit_test(a_token_that_is_replaced_is_wiped),
    };
    return cmocka_run_group_tests_name("shard/secrets", tests, NULL, NULL);
}
