#include "failing.h"
#include "peer.h"
#include "wire.h"

#include <stdio.h>

/* Packets that were taken, less those of which was told what became of them. */
static int owed;

static void pull_events(spectacles_shard *shard, uint64_t now)
{
    const spectacles_shard_event *event;
    while ((event = spectacles_shard_next_event(shard, now)))
        owed -= event->type == SPECTACLES_SHARD_EVENT_SENT || event->type == SPECTACLES_SHARD_EVENT_UNSENT;
}

/* Pulls all events and takes all output; the last request is kept. */
static void pull(spectacles_shard *shard, char *request, size_t size, uint64_t now)
{
    const uint8_t *bytes;
    size_t length;
    pull_events(shard, now);
    while ((length = spectacles_stream_pending(spectacles_shard_stream(shard), &bytes)) > 0) {
        if (length < size && bytes[0] == 'G')
            snprintf(request, size, "%.*s", (int)length, (const char *)bytes);
        spectacles_stream_consumed(spectacles_shard_stream(shard), length);
    }
}

static void say(spectacles_shard *shard, const uint8_t *frame, size_t length, uint64_t now)
{
    if (spectacles_stream_feed(spectacles_shard_stream(shard), frame, length, now) == SPECTACLES_E_NOMEM)
        spectacles_stream_eof(spectacles_shard_stream(shard), SPECTACLES_E_NOMEM, NULL, 0, now);
}

static void upgrade(spectacles_shard *shard, char *request, uint64_t now)
{
    char head[300];
    char accept[64];
    if (!spectacles_stream_endpoint(spectacles_shard_stream(shard)) ||
        spectacles_stream_opened(spectacles_shard_stream(shard), now) < 0) {
        spectacles_stream_eof(spectacles_shard_stream(shard), SPECTACLES_E_NOMEM, NULL, 0, now);
        return;
    }
    pull(shard, request, 1000, now);
    peer_accept_key(request, accept);
    int length = snprintf(
        head, sizeof head,
        "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
        accept);
    spectacles_stream_feed(spectacles_shard_stream(shard), (const uint8_t *)head, (size_t)length, now);
}

/* ---- What the gateway says, composed before anything fails ---- */

enum {
    CONNECTIONS = 3,
    PAYLOADS = 6,
    FRAME_MOST = 2048
};

typedef struct script {
    uint32_t format, compression;
    uint8_t frame[CONNECTIONS][PAYLOADS][FRAME_MOST];
    size_t length[CONNECTIONS][PAYLOADS];
} script;

#define HELLO "{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}"
#define READY(id)                                                                                            \
    "{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{\"session_id\":\"" id                                          \
    "\",\"resume_gateway_url\":\"wss://gateway.discord.gg\"}}"
#define SOME "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* Identified; resumed, and then told that the session is gone; identified anew. */
static const char *const payloads[CONNECTIONS][PAYLOADS] = {
    {HELLO, READY("abc"), "{\"op\":0,\"t\":\"A\",\"s\":2,\"d\":{\"text\":\"" SOME "\"}}",
     "{\"op\":1,\"d\":null}", "{\"op\":11}", "{\"op\":7,\"d\":null}"},
    {HELLO, "{\"op\":0,\"t\":\"A\",\"s\":3,\"d\":[1,2]}", "{\"op\":0,\"t\":\"RESUMED\",\"s\":4,\"d\":{}}",
     "{\"op\":11}", "{\"op\":99,\"d\":1}", "{\"op\":9,\"d\":false}"},
    {HELLO, READY("def"), "{\"op\":0,\"t\":\"A\",\"s\":2,\"d\":null}", "{\"op\":11}", "{\"op\":11}",
     "{\"op\":9,\"d\":true}"}};

static void compose(script *self, uint32_t format, uint32_t compression)
{
    wire gateway = {.format = format, .compression = compression};
    failing_start(0);
    self->format = format;
    self->compression = compression;
    for (size_t each = 0; each < CONNECTIONS; each++) {
        wire_reset(&gateway);
        for (size_t i = 0; i < PAYLOADS; i++)
            self->length[each][i] = wire_make(&gateway, payloads[each][i], self->frame[each][i], FRAME_MOST);
    }
    wire_free(&gateway);
}

static void send_some(spectacles_shard *shard, uint64_t now)
{
    static const uint64_t ids[] = {1, 2};
    spectacles_presence presence = {
        .size = sizeof presence, .status = "idle", .activities = "[{\"name\":\"x\",\"type\":0}]"};
    static uint8_t long_text[3000]; /* more than the buffers keep */
    memset(long_text, 'x', sizeof long_text);
    long_text[0] = long_text[sizeof long_text - 1] = '"';
    owed += spectacles_shard_send(shard, 4, long_text, sizeof long_text, now, NULL) == SPECTACLES_OK;
    owed += spectacles_shard_send_presence(shard, &presence, now, NULL) == SPECTACLES_OK;
    owed += spectacles_shard_request_sounds(shard, ids, 2, now, NULL) == SPECTACLES_OK;
}

/* One connection, from the attempt to the end, and to the next attempt. */
static void connect_once(spectacles_shard *shard, const script *says, int connection, uint64_t *now)
{
    char request[1000] = "";
    pull(shard, request, sizeof request, *now);
    upgrade(shard, request, *now);
    for (size_t i = 0; i < PAYLOADS; i++) {
        pull(shard, request, sizeof request, *now);
        spectacles_shard_identify(shard, *now);
        if (i == PAYLOADS - 1)
            send_some(shard, *now);
        say(shard, says->frame[connection][i], says->length[connection][i], *now);
    }
    pull(shard, request, sizeof request, *now);
    *now += 50000;
    spectacles_stream_expire(spectacles_shard_stream(shard), *now);
    pull(shard, request, sizeof request, *now);
    spectacles_stream_eof(spectacles_shard_stream(shard), 0, NULL, 0, *now);
    pull(shard, request, sizeof request, *now);
    *now += 100000;
    spectacles_stream_expire(spectacles_shard_stream(shard), *now);
}

/* A life in which anything may fail; 1 when it got to its end, -1 when there was no shard to begin with. */
static int live(const script *says, spectacles_shard_stats *stats)
{
    spectacles_shard *shard = NULL;
    spectacles_shard_config config;
    char request[1000];
    uint64_t now = 1000;
    owed = 0;
    peer_config(&config);
    config.presence = "{\"since\":null,\"activities\":[],\"status\":\"dnd\",\"afk\":false}";
    config.format = says->format;
    config.compression = says->compression;
    if (spectacles_shard_new(&shard, &config, NULL) < 0) {
        assert_null(shard);
        return -1;
    }
    for (int connection = 0; connection < CONNECTIONS; connection++) {
        connect_once(shard, says, connection, &now);
        if (spectacles_shard_set_token(shard, "another.token") == SPECTACLES_E_NOMEM)
            assert_int_equal(spectacles_shard_set_token(shard, "another.token"), SPECTACLES_OK);
    }
    spectacles_shard_get_stats(shard, stats);
    spectacles_shard_close(shard, 0, now);
    pull(shard, request, sizeof request, now + 10000);
    pull_events(shard, now + 10000);
    int done = spectacles_shard_state(shard) == SPECTACLES_SHARD_CLOSED && owed == 0;
    spectacles_shard_free(shard);
    return done;
}

/* The whole of it, when nothing fails: otherwise the rest of this test would prove little. */
static void live_well(const script *says)
{
    spectacles_shard_stats stats = {.size = sizeof stats};
    failing_start(0);
    assert_int_equal(live(says, &stats), 1);
    assert_int_equal(stats.identifies, 2);
    assert_int_equal(stats.resumes, 1);
    assert_int_equal(stats.dispatches, 6);
    assert_int_equal(stats.payloads_received, CONNECTIONS * PAYLOADS);
    assert_int_equal(stats.sent_by_op[31], CONNECTIONS);
}

static void let_each_fail(const script *says)
{
    spectacles_shard_stats stats = {.size = sizeof stats};
    live_well(says);
    size_t all = failing_count();
    assert_true(all > 10);
    for (size_t nth = 1; nth <= all + 5; nth++) {
        failing_start(nth);
        /* Whatever failed: the shard lives on, does the rest of its work, and can be closed. */
        int lived = live(says, &stats);
        failing_start(0);
        if (lived == 0)
            fail_msg("format %u, compression %u: no good end after allocation %zu", (unsigned)says->format,
                     (unsigned)says->compression, nth);
    }
    live_well(says);
}

static void every_allocation_may_fail(void **state)
{
    static script says;
    (void)state;
    for (uint32_t format = SPECTACLES_FORMAT_JSON; format <= SPECTACLES_FORMAT_ETF; format++) {
        for (uint32_t compression = 0; compression <= SPECTACLES_COMPRESSION_PAYLOAD; compression++) {
            int zstd = compression == SPECTACLES_COMPRESSION_ZSTD_STREAM;
            if ((zstd && !spectacles_feature_supported("zstd-stream")) ||
                (format == SPECTACLES_FORMAT_ETF && compression == SPECTACLES_COMPRESSION_PAYLOAD))
                continue;
            compose(&says, format, compression);
            let_each_fail(&says);
        }
    }
}

/* ---- Calls that are made again ---- */

static void feed_again(spectacles_shard *shard, const void *bytes, size_t length)
{
    if (spectacles_stream_feed(spectacles_shard_stream(shard), bytes, length, 1000) == SPECTACLES_E_NOMEM)
        assert_int_equal(spectacles_stream_feed(spectacles_shard_stream(shard), bytes, length, 1000),
                         SPECTACLES_OK);
}

/* True when it got to READY, and a packet out; false when the connection was given up for want of memory. */
static int persist(const script *says)
{
    spectacles_shard *shard = NULL;
    spectacles_shard_config config;
    char request[1000] = "";
    char head[300];
    char accept[64];
    peer_config(&config);
    if (spectacles_shard_new(&shard, &config, NULL) < 0)
        assert_int_equal(spectacles_shard_new(&shard, &config, NULL), SPECTACLES_OK);
    pull(shard, request, sizeof request, 1000);
    if (spectacles_stream_opened(spectacles_shard_stream(shard), 1000) < 0)
        assert_int_equal(spectacles_stream_opened(spectacles_shard_stream(shard), 1000), SPECTACLES_OK);
    pull(shard, request, sizeof request, 1000);
    peer_accept_key(request, accept);
    int length = snprintf(
        head, sizeof head,
        "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
        accept);
    feed_again(shard, head, (size_t)length);
    feed_again(shard, says->frame[0][0], says->length[0][0]);
    pull(shard, request, sizeof request, 1000);
    if (spectacles_shard_identify(shard, 1000) == SPECTACLES_E_NOMEM)
        assert_int_equal(spectacles_shard_identify(shard, 1000), SPECTACLES_OK);
    feed_again(shard, says->frame[0][1], says->length[0][1]);
    pull(shard, request, sizeof request, 1000);
    int error = spectacles_shard_send(shard, 3, (const uint8_t *)"{}", 2, 1000, NULL);
    if (error == SPECTACLES_E_NOMEM)
        error = spectacles_shard_send(shard, 3, (const uint8_t *)"{}", 2, 1000, NULL);
    if (error == SPECTACLES_E_STATE)
        assert_int_equal(spectacles_shard_state(shard), SPECTACLES_SHARD_CLOSING);
    spectacles_shard_free(shard);
    return error == SPECTACLES_OK;
}

static void what_ran_out_of_memory_may_be_called_again(void **state)
{
    static script says;
    (void)state;
    compose(&says, SPECTACLES_FORMAT_JSON, SPECTACLES_COMPRESSION_NONE);
    failing_start(0);
    assert_int_equal(persist(&says), 1);
    size_t all = failing_count();
    int given_up = 0;
    for (size_t nth = 1; nth <= all; nth++) {
        failing_start(nth);
        given_up += !persist(&says);
        failing_start(0);
    }
    assert_true(given_up < 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail),
                                       cmocka_unit_test(what_ran_out_of_memory_may_be_called_again)};
    return cmocka_run_group_tests_name("shard/nomem", tests, NULL, NULL);
}
