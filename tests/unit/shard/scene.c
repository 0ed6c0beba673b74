#include "scene.h"

#include <stdio.h>

/* ---- A gateway that speaks JSON as text ---- */

void scene_next_attempt(sp_peer *peer)
{
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_BACKOFF);
    peer_wait(peer, spectacles_stream_deadline(peer_stream(peer)) - peer->now);
    assert_int_equal(peer_state(peer), SPECTACLES_SHARD_CONNECTING);
}

void scene_live(sp_peer *peer, uint64_t ms)
{
    for (uint64_t end = peer->now + ms; peer->now < end;) {
        uint64_t step = end - peer->now < 10000 ? end - peer->now : 10000;
        peer_wait(peer, step);
        if (peer->now < end)
            peer_text(peer, "{\"op\":11}");
    }
}

void scene_event(sp_peer *peer, int seq)
{
    char text[80];
    snprintf(text, sizeof text, "{\"op\":0,\"t\":\"A\",\"s\":%d,\"d\":{}}", seq);
    peer_text(peer, text);
}

/* ---- A gateway that speaks ETF, or compresses ---- */

const sp_way scene_ways[WAYS] = {
    [WAY_JSON] = {"json", SPECTACLES_FORMAT_JSON, SPECTACLES_COMPRESSION_NONE, "/?v=10&encoding=json "},
    [WAY_JSON_ZLIB] = {"json zlib", SPECTACLES_FORMAT_JSON, SPECTACLES_COMPRESSION_ZLIB_STREAM,
                       "/?v=10&encoding=json&compress=zlib-stream "},
    [WAY_JSON_ZSTD] = {"json zstd", SPECTACLES_FORMAT_JSON, SPECTACLES_COMPRESSION_ZSTD_STREAM,
                       "/?v=10&encoding=json&compress=zstd-stream "},
    [WAY_JSON_PAYLOAD] = {"json payload", SPECTACLES_FORMAT_JSON, SPECTACLES_COMPRESSION_PAYLOAD,
                          "/?v=10&encoding=json "},
    [WAY_ETF] = {"etf", SPECTACLES_FORMAT_ETF, SPECTACLES_COMPRESSION_NONE, "/?v=10&encoding=etf "},
    [WAY_ETF_ZLIB] = {"etf zlib", SPECTACLES_FORMAT_ETF, SPECTACLES_COMPRESSION_ZLIB_STREAM,
                      "/?v=10&encoding=etf&compress=zlib-stream "},
    [WAY_ETF_ZSTD] = {"etf zstd", SPECTACLES_FORMAT_ETF, SPECTACLES_COMPRESSION_ZSTD_STREAM,
                      "/?v=10&encoding=etf&compress=zstd-stream "},
};

bool scene_has(const sp_way *way)
{
    return way->compression != SPECTACLES_COMPRESSION_ZSTD_STREAM ||
           spectacles_feature_supported("zstd-stream");
}

bool scene_has_stream(const sp_way *way)
{
    return scene_has(way) && (way->compression == SPECTACLES_COMPRESSION_ZLIB_STREAM ||
                              way->compression == SPECTACLES_COMPRESSION_ZSTD_STREAM);
}

sp_scene scene_begin(const sp_way *way, const spectacles_shard_config *config)
{
    spectacles_shard_config own;
    sp_scene scene = {.wire = {.format = way->format, .compression = way->compression}};
    peer_config(&own);
    if (config)
        own = *config;
    own.format = way->format;
    own.compression = way->compression;
    scene.peer = peer_new(&own);
    return scene;
}

void scene_end(sp_scene *scene)
{
    wire_free(&scene->wire);
    peer_free(scene->peer);
}

void scene_say(sp_scene *scene, const char *text)
{
    wire_say(&scene->wire, scene->peer, text);
}

void scene_expect(sp_scene *scene, const char *json)
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

void scene_expect_pongs(sp_scene *scene, const char *json)
{
    char payload[200];
    while (scene->peer->sent_length > 0 && (scene->peer->sent[0] & 0xf) == 0xa) {
        peer_read(scene->peer, payload, sizeof payload);
        assert_string_equal(payload, "in between");
    }
    scene_expect(scene, json);
}

void scene_open(sp_scene *scene)
{
    peer_open(scene->peer);
    wire_reset(&scene->wire);
    peer_accept(scene->peer);
}

void scene_identify(sp_scene *scene)
{
    scene_say(scene, SCENE_HELLO);
    assert_int_equal(spectacles_shard_identify(scene->peer->shard, scene->peer->now), SPECTACLES_OK);
    peer_pull(scene->peer);
}

static void expect_identify(sp_scene *scene, bool compresses)
{
    char identify[600];
    snprintf(identify, sizeof identify,
             "{\"op\":2,\"d\":{\"token\":\"" PEER_TOKEN
             "\",\"intents\":513,\"properties\":{\"os\":\"linux\",\"browser\":\"libspectacles\","
             "\"device\":\"libspectacles\"},\"large_threshold\":50,\"shard\":[1,4]%s}}",
             compresses ? ",\"compress\":true" : "");
    scene_expect_pongs(scene, identify);
}

void scene_ready(sp_scene *scene, const sp_way *way, int connection)
{
    sp_peer *peer = scene->peer;
    peer_open(peer);
    wire_reset(&scene->wire);
    peer->sent[peer->sent_length] = '\0';
    assert_non_null(strstr((const char *)peer->sent, way->query));
    peer_accept(peer);
    scene_say(scene, SCENE_HELLO);
    if (connection > 1) {
        scene_expect_pongs(scene, "{\"op\":6,\"d\":{\"token\":\"" PEER_TOKEN
                                  "\",\"session_id\":\"abc\",\"seq\":3}}");
        scene_say(scene, "{\"t\":\"RESUMED\",\"s\":4,\"op\":0,\"d\":{}}");
        return;
    }
    scene->identified_at = peer->recorded;
    assert_int_equal(spectacles_shard_identify(peer->shard, peer->now), SPECTACLES_OK);
    peer_pull(peer);
    expect_identify(scene, way->compression == SPECTACLES_COMPRESSION_PAYLOAD);
    scene_say(scene, SCENE_READY);
    assert_int_equal(spectacles_shard_state(peer->shard), SPECTACLES_SHARD_READY);
}

#if defined(__SANITIZE_ADDRESS__)
size_t __sanitizer_get_current_allocated_bytes(void);

size_t scene_memory(void)
{
    return __sanitizer_get_current_allocated_bytes();
}
#else
size_t scene_memory(void)
{
    return 0;
}
#endif
