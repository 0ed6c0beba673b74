/* Seven ways to say the same, from memory: whole, in pieces, byte by byte; and what else belongs to the wire. */
#include "peer.h"
#include "wire.h"

#include <stdio.h>

#if defined(__SANITIZE_ADDRESS__)
size_t __sanitizer_get_current_allocated_bytes(void);
#else
static size_t __sanitizer_get_current_allocated_bytes(void)
{
    return 0;
}
#endif

static const struct way {
    const char *name;
    uint32_t format, compression;
    const char *query;
} ways[] = {
    {"json", SPECTACLES_FORMAT_JSON, SPECTACLES_COMPRESSION_NONE, "/?v=10&encoding=json "},
    {"json zlib", SPECTACLES_FORMAT_JSON, SPECTACLES_COMPRESSION_ZLIB_STREAM,
     "/?v=10&encoding=json&compress=zlib-stream "},
    {"json zstd", SPECTACLES_FORMAT_JSON, SPECTACLES_COMPRESSION_ZSTD_STREAM,
     "/?v=10&encoding=json&compress=zstd-stream "},
    {"json payload", SPECTACLES_FORMAT_JSON, SPECTACLES_COMPRESSION_PAYLOAD, "/?v=10&encoding=json "},
    {"etf", SPECTACLES_FORMAT_ETF, SPECTACLES_COMPRESSION_NONE, "/?v=10&encoding=etf "},
    {"etf zlib", SPECTACLES_FORMAT_ETF, SPECTACLES_COMPRESSION_ZLIB_STREAM,
     "/?v=10&encoding=etf&compress=zlib-stream "},
    {"etf zstd", SPECTACLES_FORMAT_ETF, SPECTACLES_COMPRESSION_ZSTD_STREAM,
     "/?v=10&encoding=etf&compress=zstd-stream "},
};

enum {
    WAYS = sizeof ways / sizeof ways[0]
};

typedef struct sp_scene {
    sp_peer *peer;
    wire wire;
    size_t identified_at; /* so many bytes were recorded by then */
} sp_scene;

static sp_scene make(const struct way *way)
{
    spectacles_shard_config config;
    sp_scene scene = {.wire = {.format = way->format, .compression = way->compression}};
    peer_config(&config);
    config.format = way->format;
    config.compression = way->compression;
    scene.peer = peer_new(&config);
    return scene;
}

static void end(sp_scene *scene)
{
    wire_free(&scene->wire);
    peer_free(scene->peer);
}

/* What the shard says next, as JSON. */
static void expect(sp_scene *scene, const char *json)
{
    char payload[8192];
    int opcode = peer_read(scene->peer, payload, sizeof payload);
    if (scene->wire.format == SPECTACLES_FORMAT_JSON) {
        assert_int_equal(opcode, 1);
        assert_string_equal(payload, json);
        return;
    }
    spectacles_bytes *text;
    assert_int_equal(opcode, 2);
    assert_int_equal(spectacles_bytes_new(&text), 0);
    assert_int_equal(spectacles_transcode(text, SPECTACLES_FORMAT_ETF, SPECTACLES_FORMAT_JSON, 0,
                                          (const uint8_t *)json, strlen(json), NULL),
                     0);
    assert_memory_equal(payload, spectacles_bytes_data(text), spectacles_bytes_length(text));
    spectacles_bytes_free(text);
}

/* Between fragments the gateway pings: the answers are taken, and are what they should be. */
static void expect_without_pongs(sp_scene *scene, const char *json)
{
    char payload[200];
    while (scene->peer->sent_length > 0 && (scene->peer->sent[0] & 0xf) == 0xa) {
        peer_read(scene->peer, payload, sizeof payload);
        assert_string_equal(payload, "in between");
    }
    expect(scene, json);
}

static void say(sp_scene *scene, const char *text)
{
    wire_say(&scene->wire, scene->peer, text);
}

static void to_ready(sp_scene *scene, const struct way *way, int connections)
{
    char identify[600];
    peer_open(scene->peer);
    wire_reset(&scene->wire);
    scene->peer->sent[scene->peer->sent_length] = '\0';
    assert_non_null(strstr((const char *)scene->peer->sent, way->query));
    peer_accept(scene->peer);
    say(scene, "{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}");
    if (connections > 1) {
        expect_without_pongs(scene, "{\"op\":6,\"d\":{\"token\":\"" PEER_TOKEN
                                    "\",\"session_id\":\"abc\",\"seq\":3}}");
        say(scene, "{\"t\":\"RESUMED\",\"s\":4,\"op\":0,\"d\":{}}");
        return;
    }
    scene->identified_at = scene->peer->recorded;
    assert_int_equal(spectacles_shard_identify(scene->peer->shard, scene->peer->now), SPECTACLES_OK);
    peer_pull(scene->peer);
    snprintf(identify, sizeof identify,
             "{\"op\":2,\"d\":{\"token\":\"" PEER_TOKEN
             "\",\"intents\":513,\"properties\":{\"os\":\"linux\",\"browser\":\"libspectacles\","
             "\"device\":\"libspectacles\"},\"large_threshold\":50,\"shard\":[1,4]%s}}",
             way->compression == SPECTACLES_COMPRESSION_PAYLOAD ? ",\"compress\":true" : "");
    expect_without_pongs(scene, identify);
    say(scene, "{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"session_id\":\"abc\",\"resume_gateway_url\":\"wss:"
               "//gateway.discord.gg\",\"shard\":[1,4]}}");
    assert_int_equal(spectacles_shard_state(scene->peer->shard), SPECTACLES_SHARD_READY);
}

/* In one message; or where that can be, in several WebSocket messages. */
static void say_in_parts(sp_scene *scene, const char *text)
{
    if (scene->wire.compression == SPECTACLES_COMPRESSION_ZLIB_STREAM)
        wire_say_in(&scene->wire, scene->peer, text, 7);
    else
        say(scene, text);
}

static void play(const struct way *way, int split, size_t fragments)
{
    sp_scene scene = make(way);
    scene.wire.erlang = 1;
    scene.peer->fragments = fragments;
    to_ready(&scene, way, 1);
    scene.peer->split = split;
    say(&scene, "{\"t\":\"MESSAGE_CREATE\",\"s\":2,\"op\":0,\"d\":{\"content\":\"Grüße 😀\",\"id\":"
                "\"123456789012345678\",\"list\":[1,2],\"none\":null,\"pinned\":false}}");
    assert_string_equal(peer_last(scene.peer, "DISPATCH"),
                        "DISPATCH 2 MESSAGE_CREATE {\"content\":\"Grüße 😀\",\"id\":\"123456789012345678\","
                        "\"list\":[1,2],\"none\":null,\"pinned\":false}");
    say_in_parts(&scene, "{\"t\":\"A\",\"s\":3,\"op\":0,\"d\":{\"more\":[1,2,3,4,5,6,7,8,9]}}");
    assert_string_equal(peer_last(scene.peer, "DISPATCH"), "DISPATCH 3 A {\"more\":[1,2,3,4,5,6,7,8,9]}");
    say(&scene, "{\"op\":1,\"d\":null}");
    expect_without_pongs(&scene, "{\"op\":1,\"d\":3}");
    /* Sent in the encoding in use. */
    assert_int_equal(spectacles_shard_send(scene.peer->shard, 4,
                                           (const uint8_t *)"{\"guild_id\":\"1\",\"channel_id\":null}", 34,
                                           scene.peer->now, NULL),
                     0);
    peer_pull(scene.peer);
    expect(&scene, "{\"op\":4,\"d\":{\"guild_id\":\"1\",\"channel_id\":null}}");
    /* A new connection, a fresh context; the old one ends in the middle of a message. */
    scene.peer->split = 0;
    peer_feed(scene.peer, "\x02\x05half", 6);
    peer_eof(scene.peer, 0, NULL);
    scene.peer->now = spectacles_stream_deadline(spectacles_shard_stream(scene.peer->shard));
    spectacles_stream_expire(spectacles_shard_stream(scene.peer->shard), scene.peer->now);
    to_ready(&scene, way, 2);
    assert_int_equal(peer_count(scene.peer, "RESUMED"), 1);
    end(&scene);
}

static void seven_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAYS; i++) {
        if (ways[i].compression == SPECTACLES_COMPRESSION_ZSTD_STREAM &&
            !spectacles_feature_supported("zstd-stream"))
            continue;
        for (size_t fragments = 1; fragments < 6; fragments += 2) {
            play(&ways[i], 0, fragments);
            play(&ways[i], 1, fragments);
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
static void record_session(sp_scene *scene, const struct way *way)
{
    scene->peer->records = 1;
    to_ready(scene, way, 1);
    say(scene,
        "{\"t\":\"MESSAGE_CREATE\",\"s\":2,\"op\":0,\"d\":{\"content\":\"Grüße 😀\",\"more\":[1,2,{}]}}");
    peer_frame(scene->peer, 0x89, "ping", 4);
    say(scene, "{\"op\":1,\"d\":null}");
    say(scene, "{\"op\":99,\"d\":{\"unknown\":1}}");
    say(scene, "{\"t\":\"A\",\"s\":3,\"op\":0,\"d\":null}");
    say(scene, "{\"op\":7,\"d\":null}");
    peer_frame(scene->peer, 0x88, "\x0f\xa0", 2);
}

/* The gateway waits for our identify in between: what comes before and what comes behind are cut one by one. */
static void cut_at_every_place(const struct way *way)
{
    sp_scene whole = make(way);
    record_session(&whole, way);
    const sp_peer *recorded = whole.peer;
    for (size_t cut = 1; cut < recorded->recorded; cut++) {
        sp_scene parts = make(way);
        peer_open(parts.peer);
        play_part(parts.peer, recorded->record, 0, whole.identified_at, cut);
        assert_int_equal(spectacles_shard_identify(parts.peer->shard, parts.peer->now), SPECTACLES_OK);
        peer_pull(parts.peer);
        play_part(parts.peer, recorded->record, whole.identified_at, recorded->recorded, cut);
        assert_int_equal(parts.peer->lines, recorded->lines);
        for (int i = 0; i < recorded->lines; i++)
            assert_string_equal(parts.peer->line[i], recorded->line[i]);
        end(&parts);
    }
    assert_true(peer_count(recorded, "LOST 0 -6 the gateway asks to reconnect") == 1);
    end(&whole);
}

static void a_session_cut_at_every_place_is_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAYS; i++) {
        if (ways[i].compression != SPECTACLES_COMPRESSION_ZSTD_STREAM ||
            spectacles_feature_supported("zstd-stream"))
            cut_at_every_place(&ways[i]);
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

static void fall_silent_at_every_place(const struct way *way)
{
    sp_scene whole = make(way);
    record_session(&whole, way);
    const sp_peer *recorded = whole.peer;
    uint64_t longest = 0;
    for (size_t cut = 0; cut <= recorded->recorded; cut++) {
        sp_scene part = make(way);
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
        end(&part);
    }
    assert_in_range(longest, 41250, SILENCE_MOST);
    end(&whole);
}

static void silence_at_every_place_has_an_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAYS; i++) {
        if (ways[i].compression != SPECTACLES_COMPRESSION_ZSTD_STREAM ||
            spectacles_feature_supported("zstd-stream"))
            fall_silent_at_every_place(&ways[i]);
    }
}

/* ---- A gateway, or a proxy, that does not know what was asked for ---- */

/* With what was asked for, and with what is said: up to READY, a dispatch, a command, and a resume. */
static void live_plainly(const struct way *asked, uint32_t said)
{
    static const char packet[] = "{\"guild_id\":\"1\",\"channel_id\":null}";
    sp_scene scene = make(asked);
    sp_peer *peer = scene.peer;
    spectacles_shard_stats stats = {.size = sizeof stats};
    scene.wire = (wire){.format = said, .compression = SPECTACLES_COMPRESSION_NONE};
    for (int connection = 1; connection <= 2; connection++) {
        to_ready(&scene, asked, connection);
        say(&scene, connection == 1 ? "{\"t\":\"A\",\"s\":3,\"op\":0,\"d\":{\"a\":1}}"
                                    : "{\"t\":\"B\",\"s\":5,\"op\":0,\"d\":{\"b\":1}}");
        assert_int_equal(spectacles_shard_send(peer->shard, 4, (const uint8_t *)packet, sizeof packet - 1,
                                               peer->now, NULL),
                         SPECTACLES_OK);
        peer_pull(peer);
        expect(&scene, "{\"op\":4,\"d\":{\"guild_id\":\"1\",\"channel_id\":null}}");
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
    end(&scene);
}

static void a_gateway_that_ignores_compress_is_understood(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAYS; i++) {
        if (ways[i].compression == SPECTACLES_COMPRESSION_NONE ||
            ways[i].compression == SPECTACLES_COMPRESSION_PAYLOAD ||
            (ways[i].compression == SPECTACLES_COMPRESSION_ZSTD_STREAM &&
             !spectacles_feature_supported("zstd-stream")))
            continue;
        live_plainly(&ways[i], ways[i].format);
    }
}

/* Text is JSON: and who answers in JSON before anything was said is spoken to in JSON. */
static void a_gateway_that_ignores_etf_is_understood(void **state)
{
    (void)state;
    live_plainly(&ways[4], SPECTACLES_FORMAT_JSON);
    live_plainly(&ways[5], SPECTACLES_FORMAT_JSON);
}

/* One that has understood what was asked for may still say something as text. */
static void text_in_the_middle_changes_nothing_else(void **state)
{
    (void)state;
    static const size_t those[] = {1, 4, 5};
    for (size_t i = 0; i < sizeof those / sizeof those[0]; i++) {
        sp_scene scene = make(&ways[those[i]]);
        sp_peer *peer = scene.peer;
        to_ready(&scene, &ways[those[i]], 1);
        peer_text(peer, "{\"t\":\"A\",\"s\":2,\"op\":0,\"d\":{\"a\":[1.50,\"\\u00fc\"]}}");
        say(&scene, "{\"t\":\"B\",\"s\":3,\"op\":0,\"d\":{\"b\":1}}");
        peer_text(peer, "{\"t\":\"C\",\"s\":4,\"op\":0,\"d\":{\"c\":1}}");
        say(&scene, "{\"op\":1,\"d\":null}");
        expect(&scene, "{\"op\":1,\"d\":4}");
        assert_int_equal(peer_count(peer, "PLAIN"), 1);
        assert_int_equal(peer_count(peer, "LOST"), 0);
        assert_int_equal(peer_count(peer, "DISPATCH 2 A {\"a\":[1.50,\"\\u00fc\"]}"), 1);
        assert_int_equal(peer_count(peer, "DISPATCH 3 B"), 1);
        assert_int_equal(peer_count(peer, "DISPATCH 4 C"), 1);
        end(&scene);
    }
}

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
        sp_scene scene = make(&ways[2]);
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
        say(&scene, "{\"t\":\"B\",\"s\":3,\"op\":0,\"d\":{}}");
        wire_finish(&scene.wire, peer, "{\"t\":\"C\",\"s\":4,\"op\":0,\"d\":{}}");
        say(&scene, "{\"t\":\"D\",\"s\":5,\"op\":0,\"d\":{}}");
        assert_int_equal(peer_count(peer, "LOST"), 0);
        assert_int_equal(peer_count(peer, "DISPATCH"), 5);
        end(&scene);
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
        sp_scene scene = make(&ways[2]);
        to_ready(&scene, &ways[2], 1);
        int head = sprintf(text, "{\"t\":\"A\",\"s\":2,\"op\":0,\"d\":\"");
        memset(text + head, 'x', (size_t)(length - head - 2));
        memcpy(text + length - 2, "\"}", 3);
        wire_finish(&scene.wire, scene.peer, text);
        wire_finish(&scene.wire, scene.peer, "{\"t\":\"B\",\"s\":3,\"op\":0,\"d\":{}}");
        assert_int_equal(peer_count(scene.peer, "DISPATCH"), 3);
        end(&scene);
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
    say(scene, whole);
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
        if (ways[i].compression != SPECTACLES_COMPRESSION_ZLIB_STREAM &&
            (ways[i].compression != SPECTACLES_COMPRESSION_ZSTD_STREAM ||
             !spectacles_feature_supported("zstd-stream")))
            continue;
        for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
            sp_scene scene = make(&ways[i]);
            char *text = long_dispatch(rows[row].name, rows[row].length, rows[row].period);
            to_ready(&scene, &ways[i], 1);
            for (int seq = 2; seq < 2 + rows[row].times; seq++)
                say_as(&scene, text, seq);
            assert_int_equal(peer_count(scene.peer, "LOST"), 0);
            assert_int_equal(peer_count(scene.peer, "DISPATCH"), 1 + rows[row].times);
            free(text);
            end(&scene);
        }
    }
}

/* Memory is what a bomb is after, and max_inflated bounds it, for each message of a stream as for a single payload. */
static void a_bomb_in_a_stream_is_refused_by_its_size(void **state)
{
    (void)state;
    for (int i = 1; i < WAYS; i++) {
        if (ways[i].compression != SPECTACLES_COMPRESSION_ZLIB_STREAM &&
            (ways[i].compression != SPECTACLES_COMPRESSION_ZSTD_STREAM ||
             !spectacles_feature_supported("zstd-stream")))
            continue;
        sp_scene scene = make(&ways[i]);
        to_ready(&scene, &ways[i], 1);
        size_t before = __sanitizer_get_current_allocated_bytes();
        wire_bomb(&scene.wire, scene.peer, (size_t)(64 << 20) + 1);
        peer_eof(scene.peer, 0, NULL);
        assert_non_null(strstr(peer_last(scene.peer, "LOST"), "inflates beyond the limit"));
        assert_true(__sanitizer_get_current_allocated_bytes() < before + (1 << 20));
        end(&scene);
    }
}

/* Half a message is waited for; when it turns out that its flush was forgotten, a sentence says so. */
static void a_missing_flush_is_waited_for_and_named(void **state)
{
    static void (*const ways_to_forget[])(wire *, sp_peer *, const char *) = {wire_say_cut,
                                                                              wire_say_unflushed};
    (void)state;
    for (size_t i = 0; i < sizeof ways_to_forget / sizeof ways_to_forget[0]; i++) {
        sp_scene scene = make(&ways[1]);
        to_ready(&scene, &ways[1], 1);
        ways_to_forget[i](&scene.wire, scene.peer, "{\"t\":\"A\",\"s\":2,\"op\":0,\"d\":{}}");
        peer_wait(scene.peer, 1000);
        assert_int_equal(peer_count(scene.peer, "LOST"), 0);
        assert_int_equal(peer_count(scene.peer, "DISPATCH"), 1);
        say(&scene, "{\"t\":\"B\",\"s\":3,\"op\":0,\"d\":{}}");
        peer_eof(scene.peer, 0, NULL);
        assert_non_null(strstr(peer_last(scene.peer, "LOST"), "00 00 FF FF"));
        end(&scene);
    }
}

static void everything_is_counted(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAYS; i++) {
        if (ways[i].compression == SPECTACLES_COMPRESSION_ZSTD_STREAM &&
            !spectacles_feature_supported("zstd-stream"))
            continue;
        sp_scene scene = make(&ways[i]);
        to_ready(&scene, &ways[i], 1);
        spectacles_shard_stats stats = {.size = sizeof stats};
        sp_peer *peer = scene.peer;
        say(&scene, "{\"t\":\"B\",\"s\":2,\"op\":0,\"d\":{\"a\":1}}");
        assert_int_equal(spectacles_shard_get_stats(peer->shard, &stats), 0);
        assert_int_equal(stats.dispatches, 2);
        assert_int_equal(stats.received_by_op[0], 2);
        assert_int_equal(stats.sent_by_op[2], 1);
        assert_int_equal(stats.bytes_compressed > 0, ways[i].compression != SPECTACLES_COMPRESSION_NONE);
        end(&scene);
    }
}

/* ---- Memory ---- */

/* What an idle shard holds, without TLS, in bytes: see doc/performance.md for the whole. */
static size_t held_when_idle(const struct way *way)
{
    size_t before = __sanitizer_get_current_allocated_bytes();
    sp_scene scene = make(way);
    to_ready(&scene, way, 1);
    for (int i = 0; i < 20; i++)
        say(&scene,
            "{\"op\":11,\"d\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}");
    wire_free(&scene.wire);
    size_t held = __sanitizer_get_current_allocated_bytes() - before - sizeof *scene.peer;
    end(&scene);
    return held;
}

static void an_idle_shard_holds_little(void **state)
{
    (void)state;
    static const size_t most[] = {[SPECTACLES_COMPRESSION_NONE] = 9 * 1024,
                                  [SPECTACLES_COMPRESSION_ZLIB_STREAM] = 50 * 1024,
                                  [SPECTACLES_COMPRESSION_ZSTD_STREAM] = 3000 * 1024,
                                  [SPECTACLES_COMPRESSION_PAYLOAD] = 50 * 1024};
    for (size_t i = 0; i < WAYS && __sanitizer_get_current_allocated_bytes() > 0; i++) {
        if (ways[i].compression == SPECTACLES_COMPRESSION_ZSTD_STREAM &&
            !spectacles_feature_supported("zstd-stream"))
            continue;
        size_t held = held_when_idle(&ways[i]);
        if (held > most[ways[i].compression])
            fail_msg("%s: %zu bytes", ways[i].name, held);
    }
}

/* Without a connection there is nothing to inflate. */
static void a_lost_connection_holds_no_window(void **state)
{
    (void)state;
    size_t before = __sanitizer_get_current_allocated_bytes();
    sp_scene scene = make(&ways[1]);
    to_ready(&scene, &ways[1], 1);
    peer_eof(scene.peer, 0, NULL);
    wire_free(&scene.wire);
    assert_true(__sanitizer_get_current_allocated_bytes() - before <= sizeof *scene.peer + 9 * 1024);
    end(&scene);
}

/* ---- Typed commands ---- */

static void commands_are_put_together(void **state)
{
    static const uint64_t guilds[] = {123, 18446744073709551615u};
    static const char *const fields[] = {"status", "voice_start_time"};
    sp_scene scene = make(&ways[0]);
    spectacles_shard *shard = scene.peer->shard;
    uint64_t now = scene.peer->now;
    (void)state;
    spectacles_presence presence = {
        .size = sizeof presence, .status = "idle", .since = 1700000000000, .afk = 1};
    spectacles_members_request request = {.size = sizeof request, .guild_id = 7, .query = "", .limit = 0};
    assert_int_equal(spectacles_shard_send_presence(shard, &presence, now, NULL), SPECTACLES_E_STATE);
    to_ready(&scene, &ways[0], 1);
    assert_int_equal(spectacles_shard_send_presence(shard, &presence, now, NULL), 0);
    assert_int_equal(spectacles_shard_send_voice_state(shard, 1, 0, SPECTACLES_VOICE_SELF_MUTE, now, NULL),
                     0);
    assert_int_equal(spectacles_shard_send_voice_state(shard, 1, 2, 0, now, NULL), 0);
    assert_int_equal(spectacles_shard_request_members(shard, &request, now, NULL), 0);
    request = (spectacles_members_request){.size = sizeof request,
                                           .guild_id = 7,
                                           .user_ids = guilds,
                                           .user_id_count = 2,
                                           .presences = 1,
                                           .nonce = "\"n\""};
    assert_int_equal(spectacles_shard_request_members(shard, &request, now, NULL), 0);
    assert_int_equal(spectacles_shard_request_sounds(shard, guilds, 2, now, NULL), 0);
    assert_int_equal(spectacles_shard_request_channel_info(shard, 9, fields, 2, now, NULL), 0);
    peer_pull(scene.peer);
    expect(&scene,
           "{\"op\":3,\"d\":{\"since\":1700000000000,\"activities\":[],\"status\":\"idle\",\"afk\":true}}");
    expect(
        &scene,
        "{\"op\":4,\"d\":{\"guild_id\":\"1\",\"channel_id\":null,\"self_mute\":true,\"self_deaf\":false}}");
    expect(
        &scene,
        "{\"op\":4,\"d\":{\"guild_id\":\"1\",\"channel_id\":\"2\",\"self_mute\":false,\"self_deaf\":false}}");
    expect(&scene, "{\"op\":8,\"d\":{\"guild_id\":\"7\",\"query\":\"\",\"limit\":0,\"presences\":false}}");
    expect(&scene, "{\"op\":8,\"d\":{\"guild_id\":\"7\",\"user_ids\":[\"123\",\"18446744073709551615\"],"
                   "\"presences\":true,\"nonce\":\"\\\"n\\\"\"}}");
    expect(&scene, "{\"op\":31,\"d\":{\"guild_ids\":[\"123\",\"18446744073709551615\"]}}");
    expect(&scene, "{\"op\":43,\"d\":{\"guild_id\":\"9\",\"fields\":[\"status\",\"voice_start_time\"]}}");
    end(&scene);
}

static void wrong_commands_are_refused(void **state)
{
    static uint64_t many[2000];
    sp_scene scene = make(&ways[4]);
    spectacles_shard *shard = scene.peer->shard;
    uint64_t now = scene.peer->now;
    (void)state;
    to_ready(&scene, &ways[4], 1);
    spectacles_presence presence = {.size = sizeof presence, .status = "asleep"};
    assert_int_equal(spectacles_shard_send_presence(shard, &presence, now, NULL), SPECTACLES_E_INVAL);
    static const char *const no_arrays[] = {"[{]", "{}", "", "null", "[],\"status\":\"online\",\"x\":[]"};
    for (size_t i = 0; i < sizeof no_arrays / sizeof no_arrays[0]; i++) {
        presence =
            (spectacles_presence){.size = sizeof presence, .status = "dnd", .activities = no_arrays[i]};
        assert_int_equal(spectacles_shard_send_presence(shard, &presence, now, NULL), SPECTACLES_E_INVAL);
    }
    presence.activities = "[{\"name\":\"x\"}]"; /* without its type: Discord would end the connection */
    assert_int_equal(spectacles_shard_send_presence(shard, &presence, now, NULL), SPECTACLES_E_INVAL);
    assert_non_null(strstr(spectacles_shard_last_error(shard), "\"activities\" of op 3"));
    presence.activities = "[{\"name\":\"x\",\"type\":0,\"x\":1,\"x\":2}]";
    assert_int_equal(spectacles_shard_send_presence(shard, &presence, now, NULL), SPECTACLES_E_PROTO);
    assert_int_equal(spectacles_shard_send_voice_state(shard, 0, 1, 0, now, NULL), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_shard_send_voice_state(shard, 1, 1, 8, now, NULL), SPECTACLES_E_INVAL);
    spectacles_members_request request = {.size = sizeof request, .guild_id = 7};
    assert_int_equal(spectacles_shard_request_members(shard, &request, now, NULL), SPECTACLES_E_INVAL);
    request.query = "a";
    request.nonce = "123456789012345678901234567890123";
    assert_int_equal(spectacles_shard_request_members(shard, &request, now, NULL), SPECTACLES_E_INVAL);
    request = (spectacles_members_request){
        .size = sizeof request, .guild_id = 7, .user_ids = many, .user_id_count = 1};
    assert_int_equal(spectacles_shard_request_members(shard, &request, now, NULL), SPECTACLES_E_INVAL);
    request.user_ids = NULL;
    assert_int_equal(spectacles_shard_request_members(shard, &request, now, NULL), SPECTACLES_E_INVAL);
    request = (spectacles_members_request){.size = sizeof request, .query = ""};
    assert_int_equal(spectacles_shard_request_members(shard, &request, now, NULL), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_shard_request_sounds(shard, many, 1, now, NULL), SPECTACLES_E_INVAL);
    memset(many, 1, sizeof many);
    request = (spectacles_members_request){
        .size = sizeof request, .guild_id = 7, .user_ids = many, .user_id_count = 101};
    assert_int_equal(spectacles_shard_request_members(shard, &request, now, NULL), SPECTACLES_E_INVAL);
    static const char *const no_names[] = {"status", NULL};
    assert_int_equal(spectacles_shard_request_channel_info(shard, 1, no_names, 2, now, NULL),
                     SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_shard_request_channel_info(shard, 1, NULL, 1, now, NULL), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_shard_request_sounds(shard, many, 0, now, NULL), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_shard_request_sounds(shard, many, 2000, now, NULL), SPECTACLES_E_TOOBIG);
    assert_int_equal(spectacles_shard_request_channel_info(shard, 0, NULL, 0, now, NULL), SPECTACLES_E_INVAL);
    peer_pull(scene.peer);
    assert_int_equal(scene.peer->sent_length, 0);
    end(&scene);
}

/* 4096 bytes as they go out, and not as they were given. */
static void the_limit_counts_what_is_sent(void **state)
{
    (void)state;
    static char d[20000];
    for (int etf = 0; etf < 2; etf++) {
        sp_scene scene = make(&ways[etf ? 4 : 0]);
        spectacles_shard *shard = scene.peer->shard;
        to_ready(&scene, &ways[etf ? 4 : 0], 1);
        /* Numbers above 255: twelve bytes of JSON, five of ETF. */
        for (int numbers = 300; numbers < 900; numbers++) {
            size_t length = 0;
            for (int i = 0; i < numbers; i++)
                length += (size_t)sprintf(d + length, "%c1000000000", i ? ',' : '[');
            length += (size_t)sprintf(d + length, "]");
            /* {"op":4,"d":...}; or version, map of two, two keys, op, list with its length and its tail */
            size_t sent = etf ? 1 + 5 + (5 + 2) + 2 + (5 + 1) + 5 + 5 * (size_t)numbers + 1 : length + 13;
            int expected = sent <= 4096 ? SPECTACLES_OK : SPECTACLES_E_TOOBIG;
            if (numbers != 371 && numbers != 372 && numbers != 813 && numbers != 814)
                continue;
            assert_int_equal(
                spectacles_shard_send(shard, 4, (const uint8_t *)d, length, scene.peer->now, NULL), expected);
            peer_pull(scene.peer);
        }
        assert_int_equal(peer_count(scene.peer, "SENT"), etf ? 3 : 1);
        end(&scene);
    }
}

/* Discord adds ops without notice: whatever they carry. */
static void an_unknown_op_may_carry_anything(void **state)
{
    (void)state;
    /* A text that is not UTF-8 has no form in JSON. */
    static const char odd[] = "\x83t\0\0\0\2s\2opa\x63s\1dm\0\0\0\2\xff\xfe";
    sp_scene scene = make(&ways[4]);
    spectacles_shard_stats stats = {.size = sizeof stats};
    to_ready(&scene, &ways[4], 1);
    peer_frame(scene.peer, 0x82, odd, sizeof odd - 1);
    assert_int_equal(peer_count(scene.peer, "LOST"), 0);
    assert_int_equal(spectacles_shard_get_stats(scene.peer->shard, &stats), 0);
    assert_int_equal(stats.payloads_unknown, 1);
    end(&scene);
}

/* ---- Settings ---- */

static void the_faster_compression_is_the_default(void **state)
{
    (void)state;
    spectacles_shard_config config;
    spectacles_shard_config_init(&config, sizeof config);
    assert_int_equal(config.compression, spectacles_feature_supported("zstd-stream")
                                             ? SPECTACLES_COMPRESSION_ZSTD_STREAM
                                             : SPECTACLES_COMPRESSION_ZLIB_STREAM);
    assert_int_equal(config.format, SPECTACLES_FORMAT_JSON);
    assert_int_equal(config.max_message, 32 << 20);
    assert_int_equal(config.max_inflated, 64 << 20);
    assert_int_equal(config.max_ratio, 256);
    assert_int_equal(config.high_water, 256 << 10);
}

static void wrong_settings_are_named(void **state)
{
    spectacles_shard_config config;
    spectacles_shard *shard = NULL;
    spectacles_problem problem;
    (void)state;
    peer_config(&config);
    for (uint32_t format = SPECTACLES_FORMAT_RAW; format < 9; format++) {
        config.format = format;
        int fine = format == SPECTACLES_FORMAT_JSON || format == SPECTACLES_FORMAT_ETF;
        assert_int_equal(spectacles_shard_new(&shard, &config, &problem),
                         fine ? SPECTACLES_OK : SPECTACLES_E_INVAL);
        if (fine)
            spectacles_shard_free(shard);
    }
    peer_config(&config);
    config.compression = 9;
    assert_int_equal(spectacles_shard_new(&shard, &config, &problem), SPECTACLES_E_INVAL);
    peer_config(&config);
    config.format = SPECTACLES_FORMAT_ETF;
    config.compression = SPECTACLES_COMPRESSION_PAYLOAD;
    assert_int_equal(spectacles_shard_new(&shard, &config, &problem), SPECTACLES_E_INVAL);
    assert_non_null(strstr(problem.text, "JSON only"));
    peer_config(&config);
    config.format = SPECTACLES_FORMAT_ETF;
    config.presence =
        "{\"since\":null,\"activities\":[],\"status\":\"dnd\",\"afk\":false,\"x\":{\"y\":1,\"y\":2}}";
    assert_int_equal(spectacles_shard_new(&shard, &config, &problem), SPECTACLES_E_INVAL);
    assert_non_null(strstr(problem.text, "twice"));
    for (int i = 0; i < 4; i++) {
        peer_config(&config);
        uint64_t *const caps[] = {&config.max_message, &config.high_water, &config.max_inflated,
                                  &config.max_ratio};
        *caps[i] = 0;
        assert_int_equal(spectacles_shard_new(&shard, &config, &problem), SPECTACLES_E_INVAL);
    }
    static char presence[5000];
    snprintf(presence, sizeof presence,
             "{\"since\":null,\"activities\":[],\"status\":\"dnd\",\"afk\":false,\"x\":\"%04000d\"}", 0);
    peer_config(&config);
    config.presence = presence;
    assert_int_equal(spectacles_shard_new(&shard, &config, &problem), SPECTACLES_E_TOOBIG);
    assert_non_null(strstr(problem.text, "shorten the presence"));
    static const uint32_t thresholds[] = {49, 50, 250, 251};
    for (size_t i = 0; i < 4; i++) {
        peer_config(&config);
        config.large_threshold = thresholds[i];
        int error = spectacles_shard_new(&shard, &config, &problem);
        assert_int_equal(error, i == 1 || i == 2 ? SPECTACLES_OK : SPECTACLES_E_INVAL);
        if (error == SPECTACLES_OK)
            spectacles_shard_free(shard);
    }
}

/* 4002 is our fault: what we had sent is told, by op. */
static void close_codes_of_our_fault_say_what_was_sent(void **state)
{
    sp_scene scene = make(&ways[0]);
    (void)state;
    to_ready(&scene, &ways[0], 1);
    assert_int_equal(spectacles_shard_send_voice_state(scene.peer->shard, 1, 0, 0, scene.peer->now, NULL), 0);
    peer_close(scene.peer, 4002, "Decode error");
    assert_non_null(strstr(peer_last(scene.peer, "LOST"), "sent last, the newest first: op 4, 2"));
    end(&scene);
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
        cmocka_unit_test(each_message_may_be_a_zstd_frame_of_its_own),
        cmocka_unit_test(a_zstd_frame_may_end_with_any_byte),
        cmocka_unit_test(a_stream_may_repeat_itself),
        cmocka_unit_test(a_bomb_in_a_stream_is_refused_by_its_size),
        cmocka_unit_test(a_missing_flush_is_waited_for_and_named),
        cmocka_unit_test(everything_is_counted),
        cmocka_unit_test(an_idle_shard_holds_little),
        cmocka_unit_test(a_lost_connection_holds_no_window),
        cmocka_unit_test(commands_are_put_together),
        cmocka_unit_test(wrong_commands_are_refused),
        cmocka_unit_test(the_limit_counts_what_is_sent),
        cmocka_unit_test(an_unknown_op_may_carry_anything),
        cmocka_unit_test(the_faster_compression_is_the_default),
        cmocka_unit_test(wrong_settings_are_named),
        cmocka_unit_test(close_codes_of_our_fault_say_what_was_sent),
    };
    return cmocka_run_group_tests_name("shard/encodings", tests, NULL, NULL);
}
