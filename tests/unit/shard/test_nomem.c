#include "failing.h"
#include "peer.h"
#include "wire.h"

#include <stdio.h>

/* Pulls all events and takes all output; the last request is kept. */
static void pull(spectacles_shard *shard, char *request, size_t size, uint64_t now)
{
    const uint8_t *bytes;
    size_t length;
    while (spectacles_shard_next_event(shard, now))
        continue;
    while ((length = spectacles_shard_pending(shard, &bytes)) > 0) {
        if (length < size && bytes[0] == 'G')
            snprintf(request, size, "%.*s", (int)length, (const char *)bytes);
        spectacles_shard_consumed(shard, length);
    }
}

static void say(spectacles_shard *shard, const uint8_t *frame, size_t length, uint64_t now)
{
    if (spectacles_shard_feed(shard, frame, length, now) == SPECTACLES_E_NOMEM)
        spectacles_shard_eof(shard, SPECTACLES_E_NOMEM, NULL, 0, now);
}

static void upgrade(spectacles_shard *shard, char *request, uint64_t now)
{
    char head[300];
    char accept[64];
    if (!spectacles_shard_endpoint(shard) || spectacles_shard_opened(shard, now) < 0) {
        spectacles_shard_eof(shard, SPECTACLES_E_NOMEM, NULL, 0, now);
        return;
    }
    pull(shard, request, 1000, now);
    peer_accept_key(request, accept);
    int length = snprintf(
        head, sizeof head,
        "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
        accept);
    spectacles_shard_feed(shard, (const uint8_t *)head, (size_t)length, now);
}

/* ---- What the gateway says, composed before anything fails ---- */

enum {
    PAYLOADS = 5,
    FRAME_MOST = 2048
};

typedef struct script {
    uint32_t encoding, compression;
    uint8_t frame[PAYLOADS][FRAME_MOST];
    size_t length[PAYLOADS];
} script;

static void compose(script *self, uint32_t encoding, uint32_t compression)
{
    static const char *const payloads[PAYLOADS] = {
        "{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}",
        "{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{\"session_id\":\"abc\",\"resume_gateway_url\":\"wss://"
        "gateway.discord.gg\"}}",
        "{\"op\":0,\"t\":\"A\",\"s\":2,\"d\":{\"text\":"
        "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}}",
        "{\"op\":1,\"d\":null}", "{\"op\":11}"};
    wire gateway = {.encoding = encoding, .compression = compression};
    failing_start(0);
    self->encoding = encoding;
    self->compression = compression;
    wire_reset(&gateway);
    for (size_t i = 0; i < PAYLOADS; i++)
        self->length[i] = wire_make(&gateway, payloads[i], self->frame[i], FRAME_MOST);
    wire_free(&gateway);
}

/* A life in which anything may fail; 1 when it got to its end. */
static int live(const script *says)
{
    spectacles_shard *shard = NULL;
    spectacles_shard_config config;
    char request[1000] = "";
    uint64_t now = 1000;
    peer_config(&config);
    config.presence = "{}";
    config.encoding = says->encoding;
    config.compression = says->compression;
    if (spectacles_shard_new(&shard, &config, NULL) < 0) {
        assert_null(shard);
        return 0;
    }
    for (int connection = 0; connection < 2; connection++) {
        pull(shard, request, sizeof request, now);
        upgrade(shard, request, now);
        for (size_t i = 0; i < PAYLOADS; i++) {
            pull(shard, request, sizeof request, now);
            spectacles_shard_identify(shard, now);
            say(shard, says->frame[i], says->length[i], now);
        }
        pull(shard, request, sizeof request, now);
        spectacles_shard_send(shard, 4, (const uint8_t *)"{}", 2, now, NULL);
        now += 50000;
        spectacles_shard_expire(shard, now);
        pull(shard, request, sizeof request, now);
        spectacles_shard_eof(shard, 0, NULL, 0, now);
        pull(shard, request, sizeof request, now);
        now += 100000;
        spectacles_shard_expire(shard, now);
    }
    spectacles_shard_close(shard, 0, now);
    pull(shard, request, sizeof request, now + 10000);
    int done = spectacles_shard_state(shard) == SPECTACLES_SHARD_CLOSED;
    spectacles_shard_free(shard);
    return done;
}

static void let_each_fail(const script *says)
{
    failing_start(0);
    assert_int_equal(live(says), 1);
    size_t all = failing_count();
    assert_true(all > 10);
    for (size_t nth = 1; nth <= all + 5; nth++) {
        failing_start(nth);
        live(says);
        failing_start(0);
    }
    assert_int_equal(live(says), 1);
}

static void every_allocation_may_fail(void **state)
{
    static script says;
    (void)state;
    for (uint32_t encoding = 0; encoding <= SPECTACLES_ENCODING_ETF; encoding++) {
        for (uint32_t compression = 0; compression <= SPECTACLES_COMPRESSION_PAYLOAD; compression++) {
            int zstd = compression == SPECTACLES_COMPRESSION_ZSTD_STREAM;
            if ((zstd && !spectacles_feature_supported("zstd-stream")) ||
                (encoding == SPECTACLES_ENCODING_ETF && compression == SPECTACLES_COMPRESSION_PAYLOAD))
                continue;
            compose(&says, encoding, compression);
            let_each_fail(&says);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests_name("shard/nomem", tests, NULL, NULL);
}
