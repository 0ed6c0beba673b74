/* Payloads in each format and compression, whole, in pieces and cut off; and gateways that do not do what was asked. */
#include "scene.h"

#include <stdio.h>

/* In one message; or where that can be, in several WebSocket messages. */
static void say_in_parts(sp_scene *scene, const char *text)
{
    if (scene->wire.compression == SPECTACLES_COMPRESSION_ZLIB_STREAM)
        wire_say_in(&scene->wire, scene->peer, text, 7);
    else
        scene_say(scene, text);
}

static void play(const sp_way *way, int split, size_t fragments)
{
    sp_scene scene = scene_begin(way, NULL);
    scene.wire.erlang = 1;
    scene.peer->fragments = fragments;
    scene_ready(&scene, way, 1);
    scene.peer->split = split;
    scene_say(&scene, "{\"t\":\"MESSAGE_CREATE\",\"s\":2,\"op\":0,\"d\":{\"content\":\"Grüße 😀\",\"id\":"
                      "\"123456789012345678\",\"list\":[1,2],\"none\":null,\"pinned\":false}}");
    assert_string_equal(peer_last(scene.peer, "DISPATCH"),
                        "DISPATCH 2 MESSAGE_CREATE {\"content\":\"Grüße 😀\",\"id\":\"123456789012345678\","
                        "\"list\":[1,2],\"none\":null,\"pinned\":false}");
    say_in_parts(&scene, "{\"t\":\"A\",\"s\":3,\"op\":0,\"d\":{\"more\":[1,2,3,4,5,6,7,8,9]}}");
    assert_string_equal(peer_last(scene.peer, "DISPATCH"), "DISPATCH 3 A {\"more\":[1,2,3,4,5,6,7,8,9]}");
    scene_say(&scene, "{\"op\":1,\"d\":null}");
    scene_expect_pongs(&scene, "{\"op\":1,\"d\":3}");
    /* Sent in the encoding in use. */
    assert_int_equal(spectacles_shard_send(scene.peer->shard, 4,
                                           (const uint8_t *)"{\"guild_id\":\"1\",\"channel_id\":null}", 34,
                                           scene.peer->now, NULL),
                     0);
    peer_pull(scene.peer);
    scene_expect(&scene, "{\"op\":4,\"d\":{\"guild_id\":\"1\",\"channel_id\":null}}");
    /* A new connection, a fresh context; the old one ends in the middle of a message. */
    scene.peer->split = 0;
    peer_feed(scene.peer, "\x02\x05half", 6);
    peer_eof(scene.peer, 0, NULL);
    scene.peer->now = spectacles_stream_deadline(spectacles_shard_stream(scene.peer->shard));
    spectacles_stream_expire(spectacles_shard_stream(scene.peer->shard), scene.peer->now);
    scene_ready(&scene, way, 2);
    assert_int_equal(peer_count(scene.peer, "RESUMED"), 1);
    scene_end(&scene);
}

static void seven_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAYS; i++) {
        if (!scene_has(&scene_ways[i]))
            continue;
        for (size_t fragments = 1; fragments < 6; fragments += 2) {
            play(&scene_ways[i], 0, fragments);
            play(&scene_ways[i], 1, fragments);
        }
    }
}

/* ---- A recorded session, cut in two at every place ---- */

static void play_part(sp_peer *peer, const uint8_t *bytes, size_t from, size_t to, size_t cut)
{
    size_t middle = cut < from ? from : cut > to ? to : cut;
    peer_feed(peer, bytes + from, middle - from);
    peer_feed(peer, bytes + middle, to - middle);
}

/* From the head of the answer to an op 7, in the encoding of the way. */
static void record_session(sp_scene *scene, const sp_way *way)
{
    scene->peer->records = 1;
    scene_ready(scene, way, 1);
    scene_say(
        scene,
        "{\"t\":\"MESSAGE_CREATE\",\"s\":2,\"op\":0,\"d\":{\"content\":\"Grüße 😀\",\"more\":[1,2,{}]}}");
    peer_frame(scene->peer, 0x89, "ping", 4);
    scene_say(scene, "{\"op\":1,\"d\":null}");
    scene_say(scene, "{\"op\":99,\"d\":{\"unknown\":1}}");
    scene_say(scene, "{\"t\":\"A\",\"s\":3,\"op\":0,\"d\":null}");
    scene_say(scene, "{\"op\":7,\"d\":null}");
    peer_frame(scene->peer, 0x88, "\x0f\xa0", 2);
}

/* The gateway waits for our identify in between: what comes before and what comes behind are cut one by one. */
static void cut_at_every_place(const sp_way *way)
{
    sp_scene whole = scene_begin(way, NULL);
    record_session(&whole, way);
    const sp_peer *recorded = whole.peer;
    for (size_t cut = 1; cut < recorded->recorded; cut++) {
        sp_scene parts = scene_begin(way, NULL);
        peer_open(parts.peer);
        play_part(parts.peer, recorded->record, 0, whole.identified_at, cut);
        assert_int_equal(spectacles_shard_identify(parts.peer->shard, parts.peer->now), SPECTACLES_OK);
        peer_pull(parts.peer);
        play_part(parts.peer, recorded->record, whole.identified_at, recorded->recorded, cut);
        assert_int_equal(parts.peer->lines, recorded->lines);
        for (int i = 0; i < recorded->lines; i++)
            assert_string_equal(parts.peer->line[i], recorded->line[i]);
        scene_end(&parts);
    }
    assert_true(peer_count(recorded, "LOST 0 -6 the gateway asks to reconnect") == 1);
    scene_end(&whole);
}

static void a_session_cut_at_every_place_is_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAYS; i++) {
        if (scene_has(&scene_ways[i]))
            cut_at_every_place(&scene_ways[i]);
    }
}

/* A gateway that falls silent behind any byte: the connection ends in time, and another is made. */
static uint64_t silent_for(sp_peer *peer)
{
    uint64_t since = peer->now;
    while (spectacles_shard_state(peer->shard) != SPECTACLES_SHARD_BACKOFF) {
        uint64_t deadline = spectacles_stream_deadline(peer_stream(peer));
        assert_true(deadline != SPECTACLES_NEVER && deadline - since < 1000000);
        peer->now = deadline > peer->now ? deadline : peer->now;
        spectacles_stream_expire(peer_stream(peer), peer->now);
        peer_pull(peer);
    }
    assert_int_equal(peer_count(peer, "LOST"), 1);
    return peer->now - since;
}

enum {
    SILENCE_MOST = 2 * 41250 + 3000 /* two intervals and the close; heads and HELLO have less */
};

static void fall_silent_at_every_place(const sp_way *way)
{
    sp_scene whole = scene_begin(way, NULL);
    record_session(&whole, way);
    const sp_peer *recorded = whole.peer;
    uint64_t longest = 0;
    for (size_t cut = 0; cut <= recorded->recorded; cut++) {
        sp_scene part = scene_begin(way, NULL);
        peer_open(part.peer);
        size_t first = cut < whole.identified_at ? cut : whole.identified_at;
        peer_feed(part.peer, recorded->record, first);
        if (cut > first) {
            assert_int_equal(spectacles_shard_identify(part.peer->shard, part.peer->now), SPECTACLES_OK);
            peer_pull(part.peer);
            peer_feed(part.peer, recorded->record + first, cut - first);
        }
        uint64_t took = silent_for(part.peer);
        longest = took > longest ? took : longest;
        scene_end(&part);
    }
    assert_in_range(longest, 41250, SILENCE_MOST);
    scene_end(&whole);
}

static void silence_at_every_place_has_an_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAYS; i++) {
        if (scene_has(&scene_ways[i]))
            fall_silent_at_every_place(&scene_ways[i]);
    }
}

/* ---- A gateway, or a proxy, that does not know what was asked for ---- */

/* With what was asked for, and with what is said: up to READY, a dispatch, a command, and a resume. */
static void live_plainly(const sp_way *asked, uint32_t said)
{
    static const char packet[] = "{\"guild_id\":\"1\",\"channel_id\":null}";
    sp_scene scene = scene_begin(asked, NULL);
    sp_peer *peer = scene.peer;
    spectacles_shard_stats stats = {.size = sizeof stats};
    scene.wire = (wire){.format = said, .compression = SPECTACLES_COMPRESSION_NONE};
    for (int connection = 1; connection <= 2; connection++) {
        scene_ready(&scene, asked, connection);
        scene_say(&scene, connection == 1 ? "{\"t\":\"A\",\"s\":3,\"op\":0,\"d\":{\"a\":1}}"
                                          : "{\"t\":\"B\",\"s\":5,\"op\":0,\"d\":{\"b\":1}}");
        assert_int_equal(spectacles_shard_send(peer->shard, 4, (const uint8_t *)packet, sizeof packet - 1,
                                               peer->now, NULL),
                         SPECTACLES_OK);
        peer_pull(peer);
        scene_expect(&scene, "{\"op\":4,\"d\":{\"guild_id\":\"1\",\"channel_id\":null}}");
        assert_int_equal(peer_count(peer, "PLAIN"), connection);
        if (connection == 1) {
            peer_eof(peer, 0, NULL);
            peer_wait(peer, 5000);
        }
    }
    assert_string_equal(peer_last(peer, "DISPATCH"), "DISPATCH 5 B {\"b\":1}");
    assert_int_equal(peer_count(peer, "LOST"), 1);
    spectacles_shard_get_stats(peer->shard, &stats);
    assert_int_equal(stats.messages_plain, 6);
    assert_int_equal(stats.bytes_compressed, 0);
    scene_end(&scene);
}

static void a_gateway_that_ignores_compress_is_understood(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAYS; i++) {
        if (!scene_has_stream(&scene_ways[i]))
            continue;
        live_plainly(&scene_ways[i], scene_ways[i].format);
    }
}

/* Text is JSON: and who answers in JSON before anything was said is spoken to in JSON. */
static void a_gateway_that_ignores_etf_is_understood(void **state)
{
    (void)state;
    live_plainly(&scene_ways[WAY_ETF], SPECTACLES_FORMAT_JSON);
    live_plainly(&scene_ways[WAY_ETF_ZLIB], SPECTACLES_FORMAT_JSON);
}

/* One that has understood what was asked for may still say something as text. */
static void text_in_the_middle_changes_nothing_else(void **state)
{
    (void)state;
    static const size_t those[] = {WAY_JSON_ZLIB, WAY_ETF, WAY_ETF_ZLIB};
    for (size_t i = 0; i < sizeof those / sizeof those[0]; i++) {
        sp_scene scene = scene_begin(&scene_ways[those[i]], NULL);
        sp_peer *peer = scene.peer;
        scene_ready(&scene, &scene_ways[those[i]], 1);
        peer_text(peer, "{\"t\":\"A\",\"s\":2,\"op\":0,\"d\":{\"a\":[1.50,\"\\u00fc\"]}}");
        scene_say(&scene, "{\"t\":\"B\",\"s\":3,\"op\":0,\"d\":{\"b\":1}}");
        peer_text(peer, "{\"t\":\"C\",\"s\":4,\"op\":0,\"d\":{\"c\":1}}");
        scene_say(&scene, "{\"op\":1,\"d\":null}");
        scene_expect(&scene, "{\"op\":1,\"d\":4}");
        assert_int_equal(peer_count(peer, "PLAIN"), 1);
        assert_int_equal(peer_count(peer, "LOST"), 0);
        assert_int_equal(peer_count(peer, "DISPATCH 2 A {\"a\":[1.50,\"\\u00fc\"]}"), 1);
        assert_int_equal(peer_count(peer, "DISPATCH 3 B"), 1);
        assert_int_equal(peer_count(peer, "DISPATCH 4 C"), 1);
        scene_end(&scene);
    }
}

/* Discord adds ops without notice: whatever they carry. */
static void an_unknown_op_may_carry_anything(void **state)
{
    (void)state;
    /* A text that is not UTF-8 has no form in JSON. */
    static const char odd[] = "\x83t\0\0\0\2s\2opa\x63s\1dm\0\0\0\2\xff\xfe";
    sp_scene scene = scene_begin(&scene_ways[WAY_ETF], NULL);
    spectacles_shard_stats stats = {.size = sizeof stats};
    scene_ready(&scene, &scene_ways[WAY_ETF], 1);
    peer_frame(scene.peer, 0x82, odd, sizeof odd - 1);
    assert_int_equal(peer_count(scene.peer, "LOST"), 0);
    assert_int_equal(spectacles_shard_get_stats(scene.peer->shard, &stats), 0);
    assert_int_equal(stats.payloads_unknown, 1);
    scene_end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seven_ways),
        cmocka_unit_test(a_session_cut_at_every_place_is_the_same),
        cmocka_unit_test(silence_at_every_place_has_an_end),
        cmocka_unit_test(a_gateway_that_ignores_compress_is_understood),
        cmocka_unit_test(a_gateway_that_ignores_etf_is_understood),
        cmocka_unit_test(text_in_the_middle_changes_nothing_else),
        cmocka_unit_test(an_unknown_op_may_carry_anything),
    };
    return cmocka_run_group_tests_name("shard/message", tests, NULL, NULL);
}
