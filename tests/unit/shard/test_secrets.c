/*
 * What is left of the token in memory that was given back. Every block that the library frees is searched before it goes; for
 * that the executable is linked with -Wl,--wrap for malloc, calloc, realloc and free.
 */
#include "peer.h"
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>

void *__real_malloc(size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *block);

enum {
    BLOCKS_MOST = 4096
};

static struct block {
    unsigned char *bytes;
    size_t size;
} blocks[BLOCKS_MOST];

static int left_behind; /* blocks that were freed with the token in them */

static int holds_token(const struct block *block)
{
    size_t length = strlen(PEER_TOKEN);
    for (size_t at = 0; at + length <= block->size; at++) {
        if (memcmp(block->bytes + at, PEER_TOKEN, length) == 0)
            return 1;
    }
    return 0;
}

static struct block *find(const void *bytes)
{
    for (size_t i = 0; i < BLOCKS_MOST; i++) {
        if (blocks[i].bytes == bytes)
            return &blocks[i];
    }
    return NULL;
}

void *__wrap_malloc(size_t size)
{
    void *bytes = __real_malloc(size);
    struct block *block = find(NULL);
    if (bytes && block) {
        memset(bytes, 0, size); /* what was there before is nobody's */
        *block = (struct block){bytes, size};
    }
    return bytes;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return size > 0 && count > SIZE_MAX / size ? NULL : __wrap_malloc(count * size);
}

void __wrap_free(void *bytes)
{
    struct block *block = bytes ? find(bytes) : NULL;
    if (block) {
        left_behind += holds_token(block);
        *block = (struct block){NULL, 0};
    }
    __real_free(bytes);
}

/* Always moves: so may the system's. */
void *__wrap_realloc(void *old, size_t size)
{
    const struct block *block = old ? find(old) : NULL;
    size_t held = block ? block->size : 0;
    void *bytes = __wrap_malloc(size);
    if (!bytes)
        return NULL;
    if (held > 0)
        memcpy(bytes, old, held < size ? held : size);
    __wrap_free(old);
    return bytes;
}

/* Blocks in use that hold the token, without the peer's own. */
static int copies(const sp_peer *peer)
{
    int count = 0;
    for (size_t i = 0; i < BLOCKS_MOST; i++)
        count += blocks[i].bytes && blocks[i].bytes != (const unsigned char *)peer && holds_token(&blocks[i]);
    return count;
}

static void drain(sp_peer *peer)
{
    char payload[8192];
    while (peer_read(peer, payload, sizeof payload) > 0)
        continue;
    memset(peer->sent, 0, sizeof peer->sent);
}

/* A life with everything that has the token in it: identify, and resume after a loss. */
static void live(uint32_t encoding, uint32_t compression, const char *presence)
{
    static const char hello[] = "{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}";
    spectacles_shard_config config;
    struct wire gateway = {.encoding = encoding, .compression = compression};
    peer_config(&config);
    config.encoding = encoding;
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
        assert_int_equal(copies(peer), 1);
        peer_eof(peer, 0, NULL);
        assert_int_equal(copies(peer), 1);
    }
    wire_free(&gateway);
    spectacles_shard_free(peer->shard);
    peer->shard = NULL;
    assert_int_equal(copies(peer), 0);
    peer_free(peer);
    assert_int_equal(left_behind, 0);
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
    snprintf(presence, sizeof presence,
             "{\"since\":null,\"activities\":[],\"status\":\"dnd\",\"afk\":false,\"x\":\"%04000d\"}", 0);
    peer_config(&config);
    config.presence = presence;
    assert_int_equal(spectacles_shard_new(&shard, &config, NULL), SPECTACLES_E_TOOBIG);
    peer_config(&config);
    config.gateway_url = "https://discord.com";
    assert_int_equal(spectacles_shard_new(&shard, &config, NULL), SPECTACLES_E_INVAL);
    assert_int_equal(left_behind, 0);
    assert_int_equal(copies(NULL), 0);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_of_the_token_is_left_in_freed_memory),
        cmocka_unit_test(a_shard_that_is_refused_leaves_nothing_either),
        cmocka_unit_test(a_token_with_white_space_is_refused),
    };
    return cmocka_run_group_tests_name("shard/secrets", tests, NULL, NULL);
}
