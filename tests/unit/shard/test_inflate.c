/* Streams: how they are cut into messages, what they may inflate to, and the memory that they hold. */
#include "scene.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- How streams are cut into messages ---- */

/* HELLO as one whole frame with its size in it, the window no larger than that: some servers end the frame so. */
static const uint8_t hello_in_a_frame_of_its_own[] =
    "\x28\xb5\x2f\xfd\x20\x44\x21\x02\x00{\"t\": null, \"s\": null, \"op\": 10, \"d\": "
    "{\"heartbeat_interval\": 41250}}";

static void each_message_may_be_a_zstd_frame_of_its_own(void **state)
{
    (void)state;
    if (!spectacles_feature_supported("zstd-stream"))
        skip();
    for (int split = 0; split < 2; split++) {
        sp_scene scene = scene_begin(&scene_ways[WAY_JSON_ZSTD], NULL);
        sp_peer *peer = scene.peer;
        peer->split = split;
        peer_open(peer);
        wire_reset(&scene.wire);
        peer_accept(peer);
        peer_frame(peer, 0x82, hello_in_a_frame_of_its_own, sizeof hello_in_a_frame_of_its_own - 1);
        assert_int_equal(spectacles_shard_identify(peer->shard, peer->now), SPECTACLES_OK);
        peer_pull(peer);
        wire_finish(&scene.wire, peer, "{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"session_id\":\"abc\"}}");
        wire_finish(&scene.wire, peer, "{\"t\":\"A\",\"s\":2,\"op\":0,\"d\":{}}");
        /* A frame may also go on over several messages, and end with any of them. */
        scene_say(&scene, "{\"t\":\"B\",\"s\":3,\"op\":0,\"d\":{}}");
        wire_finish(&scene.wire, peer, "{\"t\":\"C\",\"s\":4,\"op\":0,\"d\":{}}");
        scene_say(&scene, "{\"t\":\"D\",\"s\":5,\"op\":0,\"d\":{}}");
        assert_int_equal(peer_count(peer, "LOST"), 0);
        assert_int_equal(peer_count(peer, "DISPATCH"), 5);
        scene_end(&scene);
    }
}

/* A message as large as what is inflated in one step, or a multiple of it: the end of the frame is not lost. */
static void a_zstd_frame_may_end_with_any_byte(void **state)
{
    (void)state;
    if (!spectacles_feature_supported("zstd-stream"))
        skip();
    char *text = malloc(20000);
    for (int length = 4090; length < 16500; length += length % 4096 == 6 ? 4084 : 1) {
        sp_scene scene = scene_begin(&scene_ways[WAY_JSON_ZSTD], NULL);
        scene_ready(&scene, &scene_ways[WAY_JSON_ZSTD], 1);
        int head = sprintf(text, "{\"t\":\"A\",\"s\":2,\"op\":0,\"d\":\"");
        memset(text + head, 'x', (size_t)(length - head - 2));
        memcpy(text + length - 2, "\"}", 3);
        wire_finish(&scene.wire, scene.peer, text);
        wire_finish(&scene.wire, scene.peer, "{\"t\":\"B\",\"s\":3,\"op\":0,\"d\":{}}");
        assert_int_equal(peer_count(scene.peer, "DISPATCH"), 3);
        scene_end(&scene);
    }
    free(text);
}

/*
 * So long that its ratio would count. It repeats itself after `period` bytes: zlib looks back 32 KiB, and shrinks to
 * a 256th only what repeats itself at short distance; zstd looks back further.
 */
static char *long_dispatch(const char *name, size_t length, size_t period)
{
    uint32_t noise = 1;
    size_t since = 0;
    char *text = malloc(length + 100);
    size_t at = (size_t)sprintf(text, "{\"t\":\"%s\",\"op\":0,\"d\":\"", name);
    for (size_t end = at + length; at < end; at++) {
        noise = since++ % period == 0 ? 1 : noise * 1664525 + 1013904223;
        text[at] = (char)('a' + (noise >> 24) % 26);
    }
    strcpy(text + at, "\",\"s\":");
    return text;
}

static void say_as(sp_scene *scene, const char *text, int seq)
{
    char *whole = malloc(strlen(text) + 20);
    sprintf(whole, "%s%d}", text, seq);
    scene_say(scene, whole);
    free(whole);
}

/*
 * A stream remembers: what resembles an earlier payload takes a few bytes, and looks like a bomb. Guilds whose
 * members are asked for twice, a GUILD_CREATE again after an outage, one long message posted ten times.
 */
static void a_stream_may_repeat_itself(void **state)
{
    static const struct {
        const char *name;
        size_t length, period;
        int times;
    } rows[] = {{"GUILD_MEMBERS_CHUNK", 107000, 107000, 2},
                {"GUILD_CREATE", 124000, 4000, 2},
                {"MESSAGE_CREATE", 70000, 40, 10},
                {"GUILD_MEMBERS_CHUNK", 1000000, 400000, 4}};
    (void)state;
    for (int i = 0; i < WAYS; i++) {
        if (!scene_has_stream(&scene_ways[i]))
            continue;
        for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
            sp_scene scene = scene_begin(&scene_ways[i], NULL);
            char *text = long_dispatch(rows[row].name, rows[row].length, rows[row].period);
            scene_ready(&scene, &scene_ways[i], 1);
            for (int seq = 2; seq < 2 + rows[row].times; seq++)
                say_as(&scene, text, seq);
            assert_int_equal(peer_count(scene.peer, "LOST"), 0);
            assert_int_equal(peer_count(scene.peer, "DISPATCH"), 1 + rows[row].times);
            free(text);
            scene_end(&scene);
        }
    }
}

/* Memory is what a bomb is after, and max_inflated bounds it, for each message of a stream as for a single payload. */
static void a_bomb_in_a_stream_is_refused_by_its_size(void **state)
{
    (void)state;
    for (int i = 1; i < WAYS; i++) {
        if (!scene_has_stream(&scene_ways[i]))
            continue;
        sp_scene scene = scene_begin(&scene_ways[i], NULL);
        scene_ready(&scene, &scene_ways[i], 1);
        size_t before = scene_memory();
        wire_bomb(&scene.wire, scene.peer, (size_t)(64 << 20) + 1);
        peer_eof(scene.peer, 0, NULL);
        assert_non_null(strstr(peer_last(scene.peer, "LOST"), "inflates beyond the limit"));
        assert_true(scene_memory() < before + (1 << 20));
        scene_end(&scene);
    }
}

/* Half a message is waited for; when it turns out that its flush was forgotten, a sentence says so. */
static void a_missing_flush_is_waited_for_and_named(void **state)
{
    static void (*const ways_to_forget[])(wire *, sp_peer *, const char *) = {wire_say_cut,
                                                                              wire_say_unflushed};
    (void)state;
    for (size_t i = 0; i < sizeof ways_to_forget / sizeof ways_to_forget[0]; i++) {
        sp_scene scene = scene_begin(&scene_ways[WAY_JSON_ZLIB], NULL);
        scene_ready(&scene, &scene_ways[WAY_JSON_ZLIB], 1);
        ways_to_forget[i](&scene.wire, scene.peer, "{\"t\":\"A\",\"s\":2,\"op\":0,\"d\":{}}");
        peer_wait(scene.peer, 1000);
        assert_int_equal(peer_count(scene.peer, "LOST"), 0);
        assert_int_equal(peer_count(scene.peer, "DISPATCH"), 1);
        scene_say(&scene, "{\"t\":\"B\",\"s\":3,\"op\":0,\"d\":{}}");
        peer_eof(scene.peer, 0, NULL);
        assert_non_null(strstr(peer_last(scene.peer, "LOST"), "00 00 FF FF"));
        scene_end(&scene);
    }
}

static void everything_is_counted(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAYS; i++) {
        if (!scene_has(&scene_ways[i]))
            continue;
        sp_scene scene = scene_begin(&scene_ways[i], NULL);
        scene_ready(&scene, &scene_ways[i], 1);
        spectacles_shard_stats stats = {.size = sizeof stats};
        sp_peer *peer = scene.peer;
        scene_say(&scene, "{\"t\":\"B\",\"s\":2,\"op\":0,\"d\":{\"a\":1}}");
        assert_int_equal(spectacles_shard_get_stats(peer->shard, &stats), 0);
        assert_int_equal(stats.dispatches, 2);
        assert_int_equal(stats.received_by_op[0], 2);
        assert_int_equal(stats.sent_by_op[2], 1);
        assert_int_equal(stats.bytes_compressed > 0,
                         scene_ways[i].compression != SPECTACLES_COMPRESSION_NONE);
        scene_end(&scene);
    }
}

/* ---- Memory ---- */

/* What an idle shard holds, without TLS, in bytes: see doc/performance.md for the whole. */
static size_t held_when_idle(const sp_way *way)
{
    size_t before = scene_memory();
    sp_scene scene = scene_begin(way, NULL);
    scene_ready(&scene, way, 1);
    for (int i = 0; i < 20; i++)
        scene_say(
            &scene,
            "{\"op\":11,\"d\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}");
    wire_free(&scene.wire);
    size_t held = scene_memory() - before - sizeof *scene.peer;
    scene_end(&scene);
    return held;
}

static void an_idle_shard_holds_little(void **state)
{
    (void)state;
    static const size_t most[] = {[SPECTACLES_COMPRESSION_NONE] = 9 * 1024,
                                  [SPECTACLES_COMPRESSION_ZLIB_STREAM] = 50 * 1024,
                                  [SPECTACLES_COMPRESSION_ZSTD_STREAM] = 3000 * 1024,
                                  [SPECTACLES_COMPRESSION_PAYLOAD] = 50 * 1024};
    for (size_t i = 0; i < WAYS && scene_memory() > 0; i++) {
        if (!scene_has(&scene_ways[i]))
            continue;
        size_t held = held_when_idle(&scene_ways[i]);
        if (held > most[scene_ways[i].compression])
            fail_msg("%s: %zu bytes", scene_ways[i].name, held);
    }
}

/* Without a connection there is nothing to inflate. */
static void a_lost_connection_holds_no_window(void **state)
{
    (void)state;
    size_t before = scene_memory();
    sp_scene scene = scene_begin(&scene_ways[WAY_JSON_ZLIB], NULL);
    scene_ready(&scene, &scene_ways[WAY_JSON_ZLIB], 1);
    peer_eof(scene.peer, 0, NULL);
    wire_free(&scene.wire);
    assert_true(scene_memory() - before <= sizeof *scene.peer + 9 * 1024);
    scene_end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_may_be_a_zstd_frame_of_its_own),
        cmocka_unit_test(a_zstd_frame_may_end_with_any_byte),
        cmocka_unit_test(a_stream_may_repeat_itself),
        cmocka_unit_test(a_bomb_in_a_stream_is_refused_by_its_size),
        cmocka_unit_test(a_missing_flush_is_waited_for_and_named),
        cmocka_unit_test(everything_is_counted),
        cmocka_unit_test(an_idle_shard_holds_little),
        cmocka_unit_test(a_lost_connection_holds_no_window),
    };
    return cmocka_run_group_tests_name("shard/inflate", tests, NULL, NULL);
}
