/*
 * A gateway that breaks every rule there is. Each case ends in an event that says what was wrong, with memory
 * bounded, and the shard comes back to READY with an honest gateway.
 */
#include "scene.h"

#include <stdio.h>

enum {
    MEMORY_MOST = 4 * 1024 * 1024, /* that a case may make the shard hold; zstd's window is 2 MiB of it */
    MESSAGE_MOST = 64 * 1024,
    INFLATED_MOST = 256 * 1024
};

enum stage {
    AT_UPGRADE,
    AT_HELLO,    /* upgraded, nothing said */
    AT_IDENTIFY, /* identified, READY awaited */
    AT_READY
};

typedef struct sp_hostile {
    const char *name;
    enum stage stage;
    uint32_t format, compression;
    void (*act)(sp_scene *scene);
    const char *says; /* part of the LOST event */
} sp_hostile;

/* ---- Honest steps ---- */

static void reach(sp_scene *scene, enum stage stage)
{
    if (stage == AT_UPGRADE) {
        peer_open(scene->peer);
        return;
    }
    scene_open(scene);
    if (stage == AT_HELLO)
        return;
    scene_say(scene, SCENE_HELLO);
    assert_int_equal(spectacles_shard_identify(scene->peer->shard, scene->peer->now), SPECTACLES_OK);
    peer_pull(scene->peer);
    if (stage == AT_READY)
        scene_say(scene, SCENE_READY);
}

/* With an honest gateway everything is well again, by a resume or by an identify. */
static void recover(sp_scene *scene)
{
    sp_peer *peer = scene->peer;
    if (spectacles_shard_state(peer->shard) == SPECTACLES_SHARD_CLOSING)
        peer_eof(peer, 0, NULL);
    assert_int_equal(spectacles_shard_state(peer->shard), SPECTACLES_SHARD_BACKOFF);
    uint64_t deadline = spectacles_stream_deadline(peer_stream(peer));
    peer->now = deadline > peer->now ? deadline : peer->now;
    spectacles_stream_expire(peer_stream(peer), peer->now);
    peer_forget(peer);
    scene_open(scene);
    scene_say(scene, SCENE_HELLO);
    if (peer_count(peer, "IDENTIFY") > 0) {
        assert_int_equal(spectacles_shard_identify(peer->shard, peer->now), SPECTACLES_OK);
        peer_pull(peer);
        scene_say(scene, SCENE_READY);
    } else {
        scene_say(scene, "{\"t\":\"RESUMED\",\"s\":100,\"op\":0,\"d\":{}}");
    }
    assert_int_equal(spectacles_shard_state(peer->shard), SPECTACLES_SHARD_READY);
}

/* ---- What it does ---- */

static void head(sp_scene *scene, const char *text)
{
    peer_feed(scene->peer, text, strlen(text));
}

/* A head in which %s stands for the right key. */
static void keyed_head(sp_scene *scene, const char *text)
{
    char accept[64];
    char filled[600];
    const char *hole = strstr(text, "%s");
    scene->peer->sent[scene->peer->sent_length] = '\0';
    peer_accept_key((const char *)scene->peer->sent, accept);
    snprintf(filled, sizeof filled, "%.*s%s%s", (int)(hole - text), text, accept, hole + 2);
    head(scene, filled);
}

#define HEAD(name, text)                                                                                     \
    static void name(sp_scene *scene)                                                                        \
    {                                                                                                        \
        head(scene, text);                                                                                   \
    }
#define KEYED(name, text)                                                                                    \
    static void name(sp_scene *scene)                                                                        \
    {                                                                                                        \
        keyed_head(scene, text);                                                                             \
    }
#define SAY(name, text)                                                                                      \
    static void name(sp_scene *scene)                                                                        \
    {                                                                                                        \
        scene_say(scene, text);                                                                              \
    }
/* One raw frame; the payload may hold NULs. */
#define FRAME(name, first, payload)                                                                          \
    static void name(sp_scene *scene)                                                                        \
    {                                                                                                        \
        peer_frame(scene->peer, first, payload, sizeof(payload) - 1);                                        \
    }
#define RAW(name, bytes)                                                                                     \
    static void name(sp_scene *scene)                                                                        \
    {                                                                                                        \
        peer_feed(scene->peer, bytes, sizeof(bytes) - 1);                                                    \
    }

HEAD(status_200, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
HEAD(status_301, "HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nLocation: wss://evil.example/\r\n\r\n")
HEAD(status_404, "HTTP/1.1 404 Not Found\r\nContent-Length: 25\r\n\r\n<html>nothing here</html>")
HEAD(status_429, "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\nContent-Length: 9\r\n\r\nslow down")
HEAD(status_500, "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")
HEAD(not_http, "SSH-2.0-OpenSSH_9.2\r\n\r\n")
HEAD(no_status, "HTTP/1.1 abc\r\n\r\n")
HEAD(wrong_key, "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
                "AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n")
HEAD(no_key, "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
KEYED(no_upgrade, "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n")
KEYED(no_connection, "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n\r\n")
KEYED(other_upgrade,
      "HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n")
KEYED(an_extension, "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
                    "%s\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")

static void endless_head(sp_scene *scene)
{
    char line[1024];
    memset(line, 'x', sizeof line);
    memcpy(line, "X-A: ", 5);
    memcpy(line + sizeof line - 2, "\r\n", 2);
    head(scene, "HTTP/1.1 101 X\r\n");
    for (int i = 0; i < 20 && spectacles_shard_state(scene->peer->shard) == SPECTACLES_SHARD_UPGRADING; i++)
        peer_feed(scene->peer, line, sizeof line);
}

/* Slow bytes: never enough of them. */
static void slow_head(sp_scene *scene)
{
    for (int i = 0; i < 1200 && peer_count(scene->peer, "LOST") == 0; i++) {
        head(scene, "H");
        peer_wait(scene->peer, 10);
    }
}

static void slow_hello(sp_scene *scene)
{
    for (int i = 0; i < 2500 && peer_count(scene->peer, "LOST") == 0; i++) {
        peer_frame(scene->peer, 0x89, "x", 1);
        peer_wait(scene->peer, 10);
    }
}

static void silence(sp_scene *scene)
{
    for (int i = 0; i < 100000 && peer_count(scene->peer, "LOST") == 0; i++)
        peer_wait(scene->peer, 10);
}

/* Heartbeats are acknowledged, but nothing else ever comes. */
static void no_ready(sp_scene *scene)
{
    for (int i = 0; i < 700 && spectacles_shard_state(scene->peer->shard) == SPECTACLES_SHARD_IDENTIFYING;
         i++) {
        scene_say(scene, "{\"op\":11}");
        peer_wait(scene->peer, 1000);
        scene->peer->sent_length = 0;
    }
}

RAW(masked_frame, "\x81\x81\x01\x02\x03\x04y")
FRAME(rsv1, 0xc1, "{}")
FRAME(rsv2, 0xa1, "{}")
FRAME(rsv3, 0x91, "{}")
FRAME(opcode_3, 0x83, "{}")
FRAME(opcode_b, 0x8b, "")
FRAME(opcode_f, 0x8f, "")
FRAME(fragmented_ping, 0x09, "x")
FRAME(fragmented_close, 0x08, "\x0f\xa0")
RAW(long_ping, "\x89\x7e\x00\x7e")
FRAME(lone_continuation, 0x80, "x")
static void message_in_message(sp_scene *scene)
{
    peer_frame(scene->peer, 0x01, "{", 1);
    peer_frame(scene->peer, 0x81, "}", 1);
}
RAW(length_of_63_bits, "\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x00")
RAW(length_of_an_exabyte, "\x81\x7f\x0f\x00\x00\x00\x00\x00\x00\x00")
RAW(length_over_the_cap, "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x01")
static void fragments_over_the_cap(sp_scene *scene)
{
    static char part[8192];
    memset(part, ' ', sizeof part);
    peer_frame(scene->peer, 0x01, part, sizeof part);
    for (int i = 0; i < 10; i++)
        peer_frame(scene->peer, 0x00, part, sizeof part);
}
static void endless_fragments(sp_scene *scene)
{
    peer_frame(scene->peer, 0x01, "", 0);
    for (int i = 0; i < 10000; i++)
        peer_frame(scene->peer, 0x00, "", 0);
    peer_frame(scene->peer, 0x80, "x", 1);
}
FRAME(close_of_one_byte, 0x88, "x")
FRAME(close_999, 0x88, "\x03\xe7")
FRAME(close_with_bad_text, 0x88, "\x0f\xa0\xff\xfe\x1b[31m")
FRAME(close_1006, 0x88,
      "\x03\xee"
      "because")
FRAME(close_2999, 0x88, "\x0b\xb7")
FRAME(close_without_code, 0x88, "")
FRAME(binary, 0x82, "{\"op\":11}")
FRAME(bad_utf8, 0x81, "{\"op\":11,\"d\":\"\xc3\x28\"}")
FRAME(overlong_utf8, 0x81, "{\"op\":11,\"d\":\"\xc0\xaf\"}")
FRAME(surrogate_utf8, 0x81, "{\"op\":11,\"d\":\"\xed\xa0\x80\"}")
FRAME(byte_order_mark, 0x81, "\xef\xbb\xbf{\"op\":11}")
FRAME(a_nul, 0x81, "\0")
FRAME(empty_message, 0x81, "")
SAY(not_json, "hello")
SAY(cut_off, "{\"op\":11")
SAY(trailing, "{\"op\":11}x")
SAY(an_array, "[1]")
SAY(a_number, "11")
SAY(no_op, "{\"d\":null}")
SAY(op_text, "{\"op\":\"11\"}")
SAY(op_negative, "{\"op\":-1}")
SAY(op_fraction, "{\"op\":1.5}")
SAY(op_huge, "{\"op\":4294967296}")
SAY(op_twice, "{\"op\":11,\"op\":10}")
SAY(op_twice_escaped, "{\"op\":11,\"\\u006fp\":10}")
static void deep(sp_scene *scene)
{
    static char text[4000];
    snprintf(text, sizeof text, "{\"op\":11,\"d\":");
    memset(text + 13, '[', 1500);
    memset(text + 1513, ']', 1500);
    memcpy(text + 3013, "}", 2);
    scene_say(scene, text);
}

SAY(hello_without_interval, "{\"op\":10,\"d\":{}}")
SAY(hello_interval_0, "{\"op\":10,\"d\":{\"heartbeat_interval\":0}}")
SAY(hello_interval_negative, "{\"op\":10,\"d\":{\"heartbeat_interval\":-5}}")
SAY(hello_interval_huge, "{\"op\":10,\"d\":{\"heartbeat_interval\":99999999999}}")
SAY(hello_interval_text, "{\"op\":10,\"d\":{\"heartbeat_interval\":\"41250\"}}")
SAY(hello_interval_twice, "{\"op\":10,\"d\":{\"heartbeat_interval\":41250,\"heartbeat_interval\":1}}")
SAY(hello_null, "{\"op\":10,\"d\":null}")
SAY(hello_without_d, "{\"op\":10}")
SAY(early_dispatch, "{\"op\":0,\"t\":\"A\",\"s\":1,\"d\":{}}")
SAY(dispatch_instead_of_ready, "{\"op\":0,\"t\":\"MESSAGE_CREATE\",\"s\":1,\"d\":{}}")
SAY(ready_without_session, "{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{}}")
SAY(ready_empty_session, "{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{\"session_id\":\"\"}}")
SAY(ready_session_number, "{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{\"session_id\":5}}")
SAY(ready_session_nul, "{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{\"session_id\":\"a\\u0000b\"}}")
SAY(ready_array, "{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":[]}")
static void ready_long_session(sp_scene *scene)
{
    static char text[600];
    snprintf(text, sizeof text, "{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{\"session_id\":\"%0400d\"}}", 7);
    scene_say(scene, text);
}
SAY(dispatch_without_s, "{\"op\":0,\"t\":\"A\",\"d\":{}}")
SAY(dispatch_s_null, "{\"op\":0,\"t\":\"A\",\"s\":null,\"d\":{}}")
SAY(dispatch_without_t, "{\"op\":0,\"s\":2,\"d\":{}}")
SAY(dispatch_without_d, "{\"op\":0,\"t\":\"A\",\"s\":2}")
SAY(dispatch_t_number, "{\"op\":0,\"t\":5,\"s\":2,\"d\":{}}")
SAY(dispatch_t_control, "{\"op\":0,\"t\":\"A\\n\",\"s\":2,\"d\":{}}")
SAY(dispatch_s_text, "{\"op\":0,\"t\":\"A\",\"s\":\"2\",\"d\":{}}")
SAY(dispatch_s_fraction, "{\"op\":0,\"t\":\"A\",\"s\":2.0,\"d\":{}}")
SAY(dispatch_s_huge, "{\"op\":0,\"t\":\"A\",\"s\":9223372036854775808,\"d\":{}}")
static void backwards(sp_scene *scene)
{
    scene_say(scene, "{\"op\":0,\"t\":\"A\",\"s\":9,\"d\":{}}");
    scene_say(scene, "{\"op\":0,\"t\":\"A\",\"s\":8,\"d\":{}}");
}
SAY(op_7, "{\"op\":7,\"d\":null}")
SAY(op_9_true, "{\"op\":9,\"d\":true}")
SAY(op_9_false, "{\"op\":9,\"d\":false}")
SAY(op_9_odd, "{\"op\":9,\"d\":{\"x\":1}}")

/* ---- ETF ---- */

FRAME(etf_list_lie, 0x82, "\x83t\0\0\0\1s\2opl\xff\xff\xff\xff")
FRAME(etf_map_lie, 0x82, "\x83t\x7f\xff\xff\xff")
FRAME(etf_binary_lie, 0x82, "\x83m\xff\xff\xff\xff")
FRAME(etf_big_lie, 0x82, "\x83t\0\0\0\1s\2opo\xff\xff\xff\xff\0")
FRAME(etf_compressed, 0x82, "\x83P\x7f\xff\xff\xff\x78\x9c")
FRAME(etf_pid, 0x82, "\x83t\0\0\0\2s\2opa\x0bs\1dg")
FRAME(etf_list, 0x82, "\x83j")
FRAME(etf_improper, 0x82, "\x83t\0\0\0\2s\2opa\x0bs\1dl\0\0\0\1a\1a\2")
FRAME(etf_op_atom, 0x82, "\x83t\0\0\0\1s\2ops\1x")
FRAME(etf_op_negative, 0x82, "\x83t\0\0\0\1s\2opb\xff\xff\xff\xff")
FRAME(etf_twice, 0x82, "\x83t\0\0\0\2s\2opa\x0bm\0\0\0\2opa\x0b")
FRAME(etf_trailing, 0x82, "\x83t\0\0\0\1s\2opa\x0bj")
FRAME(etf_not_utf8, 0x82,
      "\x83t\0\0\0\4s\2opa\0s\1ts\5READYs\1sa\1s\1dt\0\0\0\1m\0\0\0\x0asession_idm\0\0\0\2\xff\xfe")
FRAME(etf_float_nan, 0x82, "\x83t\0\0\0\2s\2opa\x0bs\1dF\x7f\xf8\0\0\0\0\0\0")
static void etf_deep(sp_scene *scene)
{
    static char term[20000] = "\x83t\0\0\0\2s\2opa\x0bs\1d";
    size_t at = 15;
    for (int i = 0; i < 3000; i++, at += 5)
        memcpy(term + at, "l\0\0\0\1", 5);
    peer_frame(scene->peer, 0x82, term, at);
}

/* ---- Compression ---- */

FRAME(not_json_as_text, 0x81, "hello")
FRAME(bare_term, 0x82, "\x83t\0\0\0\1s\2opa\x0b")

FRAME(zlib_garbage, 0x82, "this is no zlib stream at all\0\0\xff\xff")
static void zlib_desync(sp_scene *scene)
{
    wire_reset(&scene->wire); /* a second stream begins in the middle of the first */
    scene_say(scene, "{\"op\":11}");
}
static void zlib_end(sp_scene *scene)
{
    wire_finish(&scene->wire, scene->peer, "{\"op\":11}");
}
static void bomb(sp_scene *scene)
{
    wire_bomb(&scene->wire, scene->peer, 32 * 1024 * 1024);
}
/* Below the limit on size, but no text compresses like that. */
static void spaces(sp_scene *scene)
{
    wire_bomb(&scene->wire, scene->peer, 200 * 1024);
}
static void long_message(sp_scene *scene)
{
    wire_noise(&scene->wire, scene->peer, INFLATED_MOST + 1000);
}
static void no_flush(sp_scene *scene)
{
    for (int i = 0; i < 200; i++)
        wire_unflushed(&scene->wire, scene->peer, 2000);
}
static void bad_payload(sp_scene *scene)
{
    scene_say(scene, "{\"op\":");
}
FRAME(zstd_garbage, 0x82, "this is no zstd stream at all")
/* A frame header that asks for a window of 2 GiB. */
FRAME(zstd_window, 0x82, "\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00")
FRAME(payload_cut_off, 0x82, "\x78\x9c\xab\x56")
FRAME(payload_garbage, 0x82, "no zlib")
static void payload_trailing(sp_scene *scene)
{
    wire_finish(&scene->wire, scene->peer, "{\"op\":11}");
}

enum {
    J = SPECTACLES_FORMAT_JSON,
    E = SPECTACLES_FORMAT_ETF,
    NONE = SPECTACLES_COMPRESSION_NONE,
    ZLIB = SPECTACLES_COMPRESSION_ZLIB_STREAM,
    ZSTD = SPECTACLES_COMPRESSION_ZSTD_STREAM,
    PAYLOAD = SPECTACLES_COMPRESSION_PAYLOAD
};

static const sp_hostile cases[] = {
    {"status 200", AT_UPGRADE, J, NONE, status_200, "200"},
    {"a redirect", AT_UPGRADE, J, NONE, status_301, "301"},
    {"status 404 with a page", AT_UPGRADE, J, NONE, status_404, "nothing here"},
    {"status 429", AT_UPGRADE, J, NONE, status_429, "429"},
    {"status 500", AT_UPGRADE, J, NONE, status_500, "500"},
    {"not HTTP", AT_UPGRADE, J, NONE, not_http, "HTTP"},
    {"no status", AT_UPGRADE, J, NONE, no_status, "HTTP"},
    {"a wrong accept key", AT_UPGRADE, J, NONE, wrong_key, "Accept"},
    {"no accept key", AT_UPGRADE, J, NONE, no_key, "Accept"},
    {"no Upgrade", AT_UPGRADE, J, NONE, no_upgrade, "Upgrade"},
    {"no Connection", AT_UPGRADE, J, NONE, no_connection, "Connection"},
    {"another upgrade", AT_UPGRADE, J, NONE, other_upgrade, "Upgrade"},
    {"an extension nobody asked for", AT_UPGRADE, J, NONE, an_extension, "xtension"},
    {"an endless head", AT_UPGRADE, J, NONE, endless_head, "16"},
    {"a slow head", AT_UPGRADE, J, NONE, slow_head, "timed out"},
    {"silence instead of a head", AT_UPGRADE, J, NONE, silence, "timed out"},
    {"silence instead of HELLO", AT_HELLO, J, NONE, silence, "HELLO"},
    {"pings instead of HELLO", AT_HELLO, J, NONE, slow_hello, "HELLO"},
    {"silence instead of READY", AT_IDENTIFY, J, NONE, silence, "acknowledge"},
    {"acks instead of READY", AT_IDENTIFY, J, NONE, no_ready, "READY"},
    {"silence", AT_READY, J, NONE, silence, "acknowledge"},
    {"a masked frame", AT_HELLO, J, NONE, masked_frame, "masked"},
    {"reserved bit 1", AT_HELLO, J, NONE, rsv1, "reserved"},
    {"reserved bit 2", AT_HELLO, J, NONE, rsv2, "reserved"},
    {"reserved bit 3", AT_HELLO, J, NONE, rsv3, "reserved"},
    {"opcode 3", AT_HELLO, J, NONE, opcode_3, "kind"},
    {"opcode 11", AT_HELLO, J, NONE, opcode_b, "kind"},
    {"opcode 15", AT_HELLO, J, NONE, opcode_f, "kind"},
    {"a ping in pieces", AT_HELLO, J, NONE, fragmented_ping, "in pieces"},
    {"a close in pieces", AT_HELLO, J, NONE, fragmented_close, "in pieces"},
    {"a ping of 126 bytes", AT_HELLO, J, NONE, long_ping, "frame"},
    {"a lone continuation", AT_HELLO, J, NONE, lone_continuation, "continued"},
    {"a message in a message", AT_HELLO, J, NONE, message_in_message, "inside"},
    {"a length of 64 bits", AT_HELLO, J, NONE, length_of_63_bits, "frame"},
    {"a length of an exabyte", AT_HELLO, J, NONE, length_of_an_exabyte, "limit"},
    {"a length over the cap", AT_HELLO, J, NONE, length_over_the_cap, "limit"},
    {"fragments over the cap", AT_HELLO, J, NONE, fragments_over_the_cap, "limit"},
    {"endless empty fragments", AT_HELLO, J, NONE, endless_fragments, "object"},
    {"a close of one byte", AT_READY, J, NONE, close_of_one_byte, "cut off"},
    {"close code 999", AT_READY, J, NONE, close_999, "code 999, which no close frame may bear"},
    {"a close with escapes for a terminal", AT_READY, J, NONE, close_with_bad_text,
     "UTF-8, which breaks the protocol: ??"},
    {"a close with a code for programs themselves", AT_READY, J, NONE, close_1006, "code 1006, which"},
    {"a close with a code of nobody's", AT_READY, J, NONE, close_2999, "code 2999, which"},
    {"a close without a code", AT_READY, J, NONE, close_without_code, "lost"},
    {"a binary message", AT_HELLO, J, NONE, binary, "binary"},
    {"not UTF-8", AT_READY, J, NONE, bad_utf8, "UTF-8"},
    {"overlong UTF-8", AT_READY, J, NONE, overlong_utf8, "UTF-8"},
    {"a surrogate in UTF-8", AT_READY, J, NONE, surrogate_utf8, "UTF-8"},
    {"a byte order mark", AT_READY, J, NONE, byte_order_mark, "object"},
    {"a NUL", AT_READY, J, NONE, a_nul, "object"},
    {"an empty message", AT_READY, J, NONE, empty_message, "object"},
    {"not JSON", AT_READY, J, NONE, not_json, "object"},
    {"JSON cut off", AT_READY, J, NONE, cut_off, "comma"},
    {"something behind the payload", AT_READY, J, NONE, trailing, "behind"},
    {"an array", AT_READY, J, NONE, an_array, "object"},
    {"a number", AT_READY, J, NONE, a_number, "object"},
    {"no op", AT_READY, J, NONE, no_op, "op"},
    {"op in quotes", AT_READY, J, NONE, op_text, "op"},
    {"a negative op", AT_READY, J, NONE, op_negative, "op"},
    {"op with a fraction", AT_READY, J, NONE, op_fraction, "op"},
    {"op beyond 32 bits", AT_READY, J, NONE, op_huge, "op"},
    {"op twice", AT_READY, J, NONE, op_twice, "twice"},
    {"op twice, once escaped", AT_READY, J, NONE, op_twice_escaped, "twice"},
    {"deep nesting", AT_READY, J, NONE, deep, "deep"},
    {"HELLO without an interval", AT_HELLO, J, NONE, hello_without_interval, "heartbeat_interval"},
    {"an interval of 0", AT_HELLO, J, NONE, hello_interval_0, "heartbeat_interval"},
    {"a negative interval", AT_HELLO, J, NONE, hello_interval_negative, "heartbeat_interval"},
    {"a huge interval", AT_HELLO, J, NONE, hello_interval_huge, "heartbeat_interval"},
    {"an interval in quotes", AT_HELLO, J, NONE, hello_interval_text, "heartbeat_interval"},
    {"two intervals", AT_HELLO, J, NONE, hello_interval_twice, "heartbeat_interval"},
    {"HELLO with null", AT_HELLO, J, NONE, hello_null, "heartbeat_interval"},
    {"HELLO without d", AT_HELLO, J, NONE, hello_without_d, "heartbeat_interval"},
    {"a dispatch before HELLO", AT_HELLO, J, NONE, early_dispatch, "outside a session"},
    {"a dispatch before READY", AT_IDENTIFY, J, NONE, dispatch_instead_of_ready, "outside a session"},
    {"READY without a session", AT_IDENTIFY, J, NONE, ready_without_session, "session_id"},
    {"READY with an empty session", AT_IDENTIFY, J, NONE, ready_empty_session, "session_id"},
    {"READY with a number for a session", AT_IDENTIFY, J, NONE, ready_session_number, "session_id"},
    {"READY with a NUL in the session", AT_IDENTIFY, J, NONE, ready_session_nul, "session_id"},
    {"READY with a long session", AT_IDENTIFY, J, NONE, ready_long_session, "session_id"},
    {"READY that is an array", AT_IDENTIFY, J, NONE, ready_array, "session_id"},
    {"a dispatch without s", AT_READY, J, NONE, dispatch_without_s, "without s, t or d"},
    {"a dispatch with s null", AT_READY, J, NONE, dispatch_s_null, "without s, t or d"},
    {"a dispatch without t", AT_READY, J, NONE, dispatch_without_t, "without s, t or d"},
    {"a dispatch without d", AT_READY, J, NONE, dispatch_without_d, "without s, t or d"},
    {"t that is a number", AT_READY, J, NONE, dispatch_t_number, "t is"},
    {"t with a line feed", AT_READY, J, NONE, dispatch_t_control, "t is"},
    {"s in quotes", AT_READY, J, NONE, dispatch_s_text, "s is"},
    {"s with a fraction", AT_READY, J, NONE, dispatch_s_fraction, "s is"},
    {"s beyond 63 bits", AT_READY, J, NONE, dispatch_s_huge, "s is"},
    {"a sequence that goes backwards", AT_READY, J, NONE, backwards, "backwards"},
    {"op 7", AT_READY, J, NONE, op_7, "op 7"},
    {"op 7 before READY", AT_IDENTIFY, J, NONE, op_7, "op 7"},
    {"op 7 before HELLO", AT_HELLO, J, NONE, op_7, "op 7"},
    {"op 9 true", AT_READY, J, NONE, op_9_true, "op 9"},
    {"op 9 false", AT_READY, J, NONE, op_9_false, "op 9"},
    {"op 9 with an object", AT_READY, J, NONE, op_9_odd, "op 9"},
    {"op 9 before HELLO", AT_HELLO, J, NONE, op_9_false, "op 9"},
    {"ETF: a list that lies", AT_READY, E, NONE, etf_list_lie, "too large"},
    {"ETF: a map that lies", AT_READY, E, NONE, etf_map_lie, "too large"},
    {"ETF: a binary that lies", AT_READY, E, NONE, etf_binary_lie, "too large"},
    {"ETF: a number that lies", AT_READY, E, NONE, etf_big_lie, "too large"},
    {"ETF: compressed", AT_READY, E, NONE, etf_compressed, "compressed"},
    {"ETF: a pid", AT_READY, E, NONE, etf_pid, "no place"},
    {"ETF: a list", AT_READY, E, NONE, etf_list, "map"},
    {"ETF: an improper list", AT_READY, E, NONE, etf_improper, "tail"},
    {"ETF: op an atom", AT_READY, E, NONE, etf_op_atom, "op"},
    {"ETF: op negative", AT_READY, E, NONE, etf_op_negative, "op"},
    {"ETF: op twice, atom and binary", AT_READY, E, NONE, etf_twice, "twice"},
    {"ETF: something behind", AT_READY, E, NONE, etf_trailing, "behind"},
    {"ETF: READY not UTF-8", AT_IDENTIFY, E, NONE, etf_not_utf8, "UTF-8"},
    {"ETF: not a number", AT_READY, E, NONE, etf_float_nan, "finite"},
    {"ETF: deep nesting", AT_READY, E, NONE, etf_deep, "deep"},
    {"ETF: text that is not JSON", AT_HELLO, E, NONE, not_json_as_text, "object"},
    {"zlib: text that is not JSON", AT_READY, J, ZLIB, not_json_as_text, "object"},
    {"zlib: ETF without compression in mid-stream", AT_READY, E, ZLIB, bare_term, "broken"},
    {"zlib: garbage", AT_HELLO, J, ZLIB, zlib_garbage, "broken"},
    {"zlib: garbage in mid-stream", AT_READY, J, ZLIB, zlib_garbage, "broken"},
    {"zlib: another stream in the middle", AT_READY, J, ZLIB, zlib_desync, "broken"},
    {"zlib: the stream ends", AT_READY, J, ZLIB, zlib_end, "ended"},
    {"zlib: nothing but spaces", AT_READY, J, ZLIB, spaces, "JSON object"},
    {"zlib: a bomb", AT_READY, J, ZLIB, bomb, "limit"},
    {"zlib: a long message", AT_READY, J, ZLIB, long_message, "limit"},
    {"zlib: never flushed", AT_READY, J, ZLIB, no_flush, "limit"},
    {"zlib: bad JSON inside", AT_READY, J, ZLIB, bad_payload, "value"},
    {"zlib and ETF: bad ETF inside", AT_READY, E, ZLIB, zlib_garbage, "broken"},
    {"zstd: garbage", AT_HELLO, J, ZSTD, zstd_garbage, "broken"},
    {"zstd: garbage in mid-stream", AT_READY, J, ZSTD, zstd_garbage, "broken"},
    {"zstd: a window of gigabytes", AT_HELLO, J, ZSTD, zstd_window, "broken"},
    {"zstd: nothing but spaces", AT_READY, J, ZSTD, spaces, "JSON object"},
    {"zstd: a bomb", AT_READY, J, ZSTD, bomb, "limit"},
    {"zstd: a long message", AT_READY, J, ZSTD, long_message, "limit"},
    {"payload: cut off", AT_READY, J, PAYLOAD, payload_cut_off, "cut off"},
    {"payload: garbage", AT_READY, J, PAYLOAD, payload_garbage, "broken"},
    {"payload: something behind", AT_READY, J, PAYLOAD, payload_trailing, "broken"},
    {"payload: too well compressed", AT_READY, J, PAYLOAD, spaces, "max_ratio"},
    {"payload: a bomb", AT_READY, J, PAYLOAD, bomb, "limit"},
};

/* ---- Playing them ---- */

static int complain(int wrong, const sp_hostile *each, int split, const char *what)
{
    if (wrong)
        print_message("# %s%s: \"%s\", expected: %s\n", each->name, split ? ", byte by byte" : "", what,
                      each->says);
    return wrong;
}

/* 1 when it was not as it should be; says how. */
static int play(const sp_hostile *each, int split)
{
    int wrong = 0;
    spectacles_shard_config config;
    sp_scene scene = {.wire = {.format = each->format, .compression = each->compression}};
    peer_config(&config);
    config.format = each->format;
    config.compression = each->compression;
    config.max_message = MESSAGE_MOST;
    config.max_inflated = INFLATED_MOST;
    scene.peer = peer_new(&config);
    reach(&scene, each->stage);
    peer_forget(scene.peer);
    scene.peer->split = split;
    size_t before = scene_memory();
    each->act(&scene);
    size_t after = scene_memory();
    scene.peer->split = 0;
    const char *lost = peer_last(scene.peer, "LOST");
    if (spectacles_shard_state(scene.peer->shard) == SPECTACLES_SHARD_CLOSING) {
        peer_eof(scene.peer, 0, NULL);
        lost = peer_last(scene.peer, "LOST");
    }
    wrong += complain(!strstr(lost, each->says), each, split, lost);
    wrong += complain(peer_count(scene.peer, "LOST") != 1, each, split, "not exactly one LOST");
    wrong += complain(after > before && after - before > MEMORY_MOST, each, split, "too much memory is held");
    recover(&scene);
    wire_free(&scene.wire);
    peer_free(scene.peer);
    return wrong;
}

static void every_case_is_told_and_survived(void **state)
{
    size_t count = sizeof cases / sizeof cases[0];
    (void)state;
    int wrong = 0;
    assert_true(count >= 60);
    for (size_t i = 0; i < count; i++) {
        if (cases[i].compression == ZSTD && !spectacles_feature_supported("zstd-stream"))
            continue;
        wrong += play(&cases[i], 0);
    }
    assert_int_equal(wrong, 0);
}

/* What takes long does so because it is fed byte by byte: a bomb need not be. */
static void every_case_is_the_same_byte_by_byte(void **state)
{
    int wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int big = cases[i].act == bomb || cases[i].act == spaces || cases[i].act == long_message ||
                  cases[i].act == no_flush || cases[i].act == fragments_over_the_cap ||
                  cases[i].act == endless_fragments;
        if (!big && (cases[i].compression != ZSTD || spectacles_feature_supported("zstd-stream")))
            wrong += play(&cases[i], 1);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_is_told_and_survived),
        cmocka_unit_test(every_case_is_the_same_byte_by_byte),
    };
    return cmocka_run_group_tests_name("shard/hostile", tests, NULL, NULL);
}
