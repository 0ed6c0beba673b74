#include "peer.h"

#include "core/base64.h"
#include "core/digest.h"

#include <stdio.h>
#include <stdlib.h>

void peer_config(spectacles_shard_config *config)
{
    spectacles_shard_config_init(config, sizeof *config);
    config->token = PEER_TOKEN;
    config->gateway_url = "wss://gateway.discord.gg";
    config->intents = 513;
    config->shard_id = 1;
    config->shard_count = 4;
    config->seed = 7;
    config->compression = SPECTACLES_COMPRESSION_NONE;
}

sp_peer *peer_new(const spectacles_shard_config *config)
{
    sp_peer *peer = calloc(1, sizeof *peer); /* test_calloc would fill all of the megabyte */
    assert_non_null(peer);
    spectacles_shard_config defaults;
    peer_config(&defaults);
    peer->now = 1000;
    int error = spectacles_shard_new(&peer->shard, config ? config : &defaults, NULL);
    assert_int_equal(error, SPECTACLES_OK);
    return peer;
}

spectacles_stream *peer_stream(const sp_peer *peer)
{
    return spectacles_shard_stream(peer->shard);
}

uint32_t peer_state(const sp_peer *peer)
{
    return spectacles_shard_state(peer->shard);
}

void peer_free(sp_peer *peer)
{
    for (int i = 0; i < peer->lines; i++)
        assert_null(strstr(peer->line[i], PEER_TOKEN));
    spectacles_shard_free(peer->shard);
    free(peer);
}

static const char *name_of(uint32_t type)
{
    static const char *const names[] = {"?",       "CONNECTING", "IDENTIFY", "READY", "RESUMED", "DISPATCH",
                                        "LATENCY", "SENT",       "UNSENT",   "LOST",  "GAP",     "CLOSED",
                                        "FATAL",   "LATE",       "STATE",    "PLAIN"};
    return type < sizeof names / sizeof names[0] ? names[type] : "?";
}

/* With its d as JSON, whatever it came as. */
static void write_dispatch(char *line, size_t size, const spectacles_shard_event *event)
{
    spectacles_bytes *json = NULL;
    const uint8_t *data = event->data;
    size_t length = event->data_length;
    assert_int_equal(spectacles_bytes_new(&json), 0);
    if (event->format == SPECTACLES_FORMAT_ETF) {
        assert_int_equal(
            spectacles_transcode(json, SPECTACLES_FORMAT_JSON, SPECTACLES_FORMAT_ETF, 0, data, length, NULL),
            0);
        data = spectacles_bytes_data(json);
        length = spectacles_bytes_length(json);
    }
    snprintf(line, size, " %llu %.*s %.*s", (unsigned long long)event->seq, (int)event->name_length,
             event->name, length > 200 ? 200 : (int)length, (const char *)data);
    spectacles_bytes_free(json);
}

static void write_line(char *line, const spectacles_shard_event *event)
{
    int at = snprintf(line, PEER_LINE, "%s", name_of(event->type));
    assert_int_equal(event->text_length, event->text ? strlen(event->text) : 0);
    if (event->type == SPECTACLES_SHARD_EVENT_DISPATCH)
        write_dispatch(line + at, PEER_LINE - (size_t)at, event);
    else if (event->type == SPECTACLES_SHARD_EVENT_SENT || event->type == SPECTACLES_SHARD_EVENT_UNSENT)
        snprintf(line + at, PEER_LINE - (size_t)at, " %llu", (unsigned long long)event->ticket);
    else if (event->type == SPECTACLES_SHARD_EVENT_LATENCY)
        snprintf(line + at, PEER_LINE - (size_t)at, " %llu", (unsigned long long)event->duration);
    else if (event->type == SPECTACLES_SHARD_EVENT_LATE)
        snprintf(line + at, PEER_LINE - (size_t)at, " %llu %.300s", (unsigned long long)event->duration,
                 event->text);
    else if (event->type == SPECTACLES_SHARD_EVENT_STATE)
        snprintf(line + at, PEER_LINE - (size_t)at, " %u %u %d %.300s", (unsigned)event->state,
                 (unsigned)event->code, (int)event->error, event->text);
    else if (event->type == SPECTACLES_SHARD_EVENT_GAP)
        snprintf(line + at, PEER_LINE - (size_t)at, " %llu %s", (unsigned long long)event->seq,
                 event->session_id);
    else
        snprintf(line + at, PEER_LINE - (size_t)at, " %u %d %.300s", (unsigned)event->code, (int)event->error,
                 event->text ? event->text : "");
}

/* Most tests are about more than from which state to which. */
static void pull_events(sp_peer *peer)
{
    const spectacles_shard_event *event;
    while ((event = spectacles_shard_next_event(peer->shard, peer->now))) {
        assert_true(peer->lines < PEER_LINES);
        if (event->type == SPECTACLES_SHARD_EVENT_DISCONNECTED)
            peer->hold_until = event->hold_until;
        if (event->type != SPECTACLES_SHARD_EVENT_STATE || peer->states)
            write_line(peer->line[peer->lines++], event);
    }
}

void peer_pull(sp_peer *peer)
{
    pull_events(peer);
    const uint8_t *bytes;
    size_t length;
    while ((length = spectacles_stream_pending(peer_stream(peer), &bytes)) > 0) {
        assert_true(peer->sent_length + length <= PEER_BYTES);
        memcpy(peer->sent + peer->sent_length, bytes, length);
        peer->sent_length += length;
        spectacles_stream_consumed(peer_stream(peer), length);
    }
    pull_events(peer);
}

void peer_forget(sp_peer *peer)
{
    peer->lines = 0;
}

int peer_count(const sp_peer *peer, const char *prefix)
{
    int count = 0;
    for (int i = 0; i < peer->lines; i++)
        count += strncmp(peer->line[i], prefix, strlen(prefix)) == 0;
    return count;
}

const char *peer_last(const sp_peer *peer, const char *prefix)
{
    for (int i = peer->lines; i > 0; i--) {
        if (strncmp(peer->line[i - 1], prefix, strlen(prefix)) == 0)
            return peer->line[i - 1];
    }
    return "";
}

void peer_feed(sp_peer *peer, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    size_t step = peer->split ? 1 : length;
    if (peer->records) {
        assert_true(peer->recorded + length <= PEER_RECORD);
        memcpy(peer->record + peer->recorded, bytes, length);
        peer->recorded += length;
    }
    for (size_t i = 0; i < length; i += step) {
        spectacles_stream_feed(peer_stream(peer), at + i, step, peer->now);
        if (peer->split)
            peer_pull(peer);
    }
    peer_pull(peer);
}

void peer_open(sp_peer *peer)
{
    peer_pull(peer);
    const spectacles_endpoint *endpoint = spectacles_stream_endpoint(peer_stream(peer));
    assert_non_null(endpoint);
    assert_true(endpoint->connection > peer->connection);
    peer->connection = endpoint->connection;
    peer->sent_length = 0;
    assert_int_equal(spectacles_stream_opened(peer_stream(peer), peer->now), SPECTACLES_OK);
    peer_pull(peer);
}

void peer_accept_key(const char *request, char accept[64])
{
    char text[128];
    uint8_t digest[SP_SHA1_LENGTH];
    const char *key = strstr(request, "Sec-WebSocket-Key: ");
    assert_non_null(key);
    int length = snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
                          key + strlen("Sec-WebSocket-Key: "));
    sp_digest_sha1((sp_slice){(const uint8_t *)text, (size_t)length}, digest);
    sp_base64_write(accept, (sp_slice){digest, sizeof digest});
}

void peer_accept(sp_peer *peer)
{
    char head[400];
    char accept[64];
    peer->sent[peer->sent_length] = '\0';
    peer_accept_key((const char *)peer->sent, accept);
    peer->sent_length = 0;
    int length = snprintf(head, sizeof head,
                          "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nConnection: keep-alive, "
                          "Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                          accept);
    peer_feed(peer, head, (size_t)length);
}

static void frame(sp_peer *peer, int first_byte, const void *payload, size_t length)
{
    uint8_t *frame = test_malloc(length + 10);
    size_t at = 2;
    frame[0] = (uint8_t)first_byte;
    if (length < 126)
        frame[1] = (uint8_t)length;
    else if (length < 65536) {
        frame[1] = 126;
        frame[2] = (uint8_t)(length >> 8);
        frame[3] = (uint8_t)length;
        at = 4;
    } else {
        frame[1] = 127;
        for (size_t i = 0; i < 8; i++)
            frame[2 + i] = (uint8_t)((uint64_t)length >> (56 - 8 * i));
        at = 10;
    }
    if (length > 0)
        memcpy(frame + at, payload, length);
    peer_feed(peer, frame, at + length);
    test_free(frame);
}

static void in_fragments(sp_peer *peer, int opcode, const uint8_t *payload, size_t length)
{
    size_t step = length / peer->fragments + 1;
    for (size_t at = 0; at < length; at += step) {
        int final = at + step >= length;
        frame(peer, (final ? 0x80 : 0) | (at ? 0 : opcode), payload + at, final ? length - at : step);
        if (!final)
            frame(peer, 0x89, "in between", 10);
    }
}

void peer_frame(sp_peer *peer, int first_byte, const void *payload, size_t length)
{
    int message = first_byte == 0x81 || first_byte == 0x82;
    if (message && peer->fragments > 1 && length > peer->fragments)
        in_fragments(peer, first_byte & 0xf, payload, length);
    else
        frame(peer, first_byte, payload, length);
}

void peer_text(sp_peer *peer, const char *text)
{
    peer_frame(peer, 0x81, text, strlen(text));
}

void peer_close(sp_peer *peer, int code, const char *reason)
{
    char payload[125];
    payload[0] = (char)(code >> 8);
    payload[1] = (char)code;
    int length = snprintf(payload + 2, sizeof payload - 2, "%s", reason);
    peer_frame(peer, 0x88, payload, (size_t)length + 2);
    peer_eof(peer, 0, NULL);
}

void peer_eof(sp_peer *peer, int error, const char *text)
{
    spectacles_stream_eof(peer_stream(peer), error, text, text ? strlen(text) : 0, peer->now);
    peer_pull(peer);
}

int peer_read(sp_peer *peer, char *payload, size_t size)
{
    const uint8_t *in = peer->sent;
    if (peer->sent_length < 6)
        return 0;
    size_t length = in[1] & 0x7f;
    size_t at = 2;
    assert_true(in[1] & 0x80);
    assert_int_equal(in[0] & 0xf0, 0x80);
    if (length == 126) {
        length = (size_t)(in[2] << 8 | in[3]);
        at = 4;
    }
    assert_true(length < size && at + 4 + length <= peer->sent_length);
    int opcode = in[0] & 0xf;
    for (size_t i = 0; i < length; i++)
        payload[i] = (char)(in[at + 4 + i] ^ in[at + i % 4]);
    payload[length] = '\0';
    at += 4 + length;
    peer->sent_length -= at;
    memmove(peer->sent, peer->sent + at, peer->sent_length);
    return opcode;
}

void peer_expect(sp_peer *peer, const char *text)
{
    char payload[8192];
    assert_int_equal(peer_read(peer, payload, sizeof payload), 1);
    assert_string_equal(payload, text);
}

void peer_wait(sp_peer *peer, uint64_t ms)
{
    uint64_t end = peer->now + ms;
    for (;;) {
        uint64_t deadline = spectacles_stream_deadline(peer_stream(peer));
        if (deadline > end)
            break;
        peer->now = deadline > peer->now ? deadline : peer->now;
        spectacles_stream_expire(peer_stream(peer), peer->now);
        peer_pull(peer);
    }
    peer->now = end;
}

void peer_hello(sp_peer *peer)
{
    peer_open(peer);
    peer_accept(peer);
    peer_text(peer,
              "{\"t\":null,\"s\":null,\"op\":10,\"d\":{\"heartbeat_interval\":41250,\"_trace\":[\"x\"]}}");
}

void peer_ready(sp_peer *peer)
{
    char payload[4200];
    peer_hello(peer);
    assert_int_equal(peer_count(peer, "IDENTIFY"), 1);
    assert_int_equal(spectacles_shard_identify(peer->shard, peer->now), SPECTACLES_OK);
    peer_pull(peer);
    assert_int_equal(peer_read(peer, payload, sizeof payload), 1);
    peer_text(peer, "{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"v\":10,\"session_id\":\"abc\","
                    "\"resume_gateway_url\":\"wss://gateway-us-east1-b.discord.gg\",\"shard\":[1,4]}}");
    assert_int_equal(spectacles_shard_state(peer->shard), SPECTACLES_SHARD_READY);
}

void peer_come_back(sp_peer *peer)
{
    assert_int_equal(spectacles_shard_state(peer->shard), SPECTACLES_SHARD_BACKOFF);
    uint64_t deadline = spectacles_stream_deadline(peer_stream(peer));
    peer->now = deadline > peer->now ? deadline : peer->now;
    spectacles_stream_expire(peer_stream(peer), peer->now);
    peer_hello(peer);
}
