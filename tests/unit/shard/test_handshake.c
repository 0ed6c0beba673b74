#include "peer.h"
#include "shard/handshake.h"
#include "shard/limits.h"

#include <stdio.h>

static void refused(const char *head, const char *words)
{
    sp_peer *peer = peer_new(NULL);
    char answer[40000];
    char accept[64];
    peer_open(peer);
    peer->sent[peer->sent_length] = '\0';
    peer_accept_key((const char *)peer->sent, accept);
    const char *place = strstr(head, "@");
    size_t before = place ? (size_t)(place - head) : strlen(head);
    int length = snprintf(answer, sizeof answer, "%.*s%s%s", (int)before, head, place ? accept : "",
                          place ? place + 1 : "");
    peer_feed(peer, answer, (size_t)length);
    peer_eof(peer, 0, NULL);
    if (!strstr(peer_last(peer, "LOST"), words))
        fail_msg("%.60s: %s", head, peer_last(peer, "LOST"));
    assert_int_equal(spectacles_shard_state(peer->shard), SPECTACLES_SHARD_BACKOFF);
    peer_free(peer);
}

#define OK_HEAD "HTTP/1.1 101 Switching Protocols\r\n"
#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define ACCEPT "Sec-WebSocket-Accept: @\r\n"

static void strange_answers_are_refused(void **state)
{
    (void)state;
    refused("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno", "status 401: no");
    refused("HTTP/1.1 302 Found\r\nLocation: wss://evil.example\r\n\r\n",
            "status 302 (redirects are not followed");
    refused("HTTP/1.1 429 Too Many Requests\r\n\r\n", "status 429 (too many connections");
    refused("HTTP/1.1 502 Bad Gateway\r\n\r\n<html>\x1b[31m</html>", "status 502: <html>?[31m</html>");
    refused("HTTP/1.0 101 Switching Protocols\r\n\r\n", "did not answer in HTTP/1.1");
    refused("SSH-2.0-OpenSSH_9.2\r\n\r\n", "did not answer in HTTP/1.1: SSH-2.0");
    refused("HTTP/1.1 1010 X\r\n\r\n", "did not answer in HTTP/1.1");
    refused(OK_HEAD UPGRADE "\r\n", "Sec-WebSocket-Accept");
    refused(OK_HEAD UPGRADE "Sec-WebSocket-Accept: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", "Sec-WebSocket-Accept");
    refused(OK_HEAD "Connection: Upgrade\r\n" ACCEPT "\r\n", "Upgrade: websocket");
    refused(OK_HEAD "Upgrade: h2c\r\nConnection: Upgrade\r\n" ACCEPT "\r\n", "Upgrade: websocket");
    refused(OK_HEAD "Upgrade: websocket\r\n" ACCEPT "\r\n", "Connection: Upgrade");
    refused(OK_HEAD "Upgrade: websocket\r\nConnection: keep-alive\r\n" ACCEPT "\r\n", "Connection: Upgrade");
    refused(OK_HEAD UPGRADE ACCEPT "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", "not asked for");
    refused(OK_HEAD UPGRADE ACCEPT "Sec-WebSocket-Protocol: chat\r\n\r\n", "not asked for");
    refused(OK_HEAD UPGRADE ACCEPT "Sec-WebSocket-Accept: AAAA\r\n\r\n", "is there twice");
    refused(OK_HEAD UPGRADE "Sec-WebSocket-Accept: AAAA\r\n" ACCEPT "\r\n", "is there twice");
    refused(OK_HEAD UPGRADE ACCEPT "no colon here\r\n\r\n", "malformed");
    refused(OK_HEAD UPGRADE ACCEPT "Space : x\r\n\r\n", "malformed");
    refused(OK_HEAD UPGRADE ACCEPT " folded: x\r\n\r\n", "malformed");
    refused("\r\n\r\n", "did not answer in HTTP/1.1");
}

static void endless_heads_end(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_open(peer);
    peer_feed(peer, "HTTP/1.1 101 X\r\n", 16);
    for (int i = 0; i < 1200 && spectacles_stream_endpoint(peer_stream(peer)); i++)
        peer_feed(peer, "A: aaaaaaaaaa\r\n", 15);
    assert_non_null(strstr(peer_last(peer, "LOST"), "longer than 16 KiB"));
    peer_free(peer);
}

static void numeric_hosts_and_ports_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *host;
        const char *where;
        spectacles_endpoint endpoint;
    } table[] = {{"ws://127.0.0.1:8080",
                  "Host: 127.0.0.1:8080\r\n",
                  "127.0.0.1:8080",
                  {.host = "127.0.0.1", .port = 8080}},
                 {"ws://[::1]:99/x?y", "Host: [::1]:99\r\n", "::1:99", {.host = "::1", .port = 99}},
                 {"WSS://Gateway.Example/",
                  "Host: Gateway.Example\r\n",
                  "Gateway.Example:443",
                  {.host = "Gateway.Example", .port = 443, .tls = 1}},
                 {"ws://plain", "Host: plain\r\n", "plain:80", {.host = "plain", .port = 80}}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        spectacles_shard_config config;
        peer_config(&config);
        config.gateway_url = table[i].url;
        sp_peer *peer = peer_new(&config);
        peer_open(peer);
        peer->sent[peer->sent_length] = '\0';
        assert_non_null(strstr((const char *)peer->sent, table[i].host));
        assert_non_null(strstr(peer_last(peer, "CONNECTING"), table[i].where));
        const spectacles_endpoint *endpoint = spectacles_stream_endpoint(peer_stream(peer));
        assert_string_equal(endpoint->host, table[i].endpoint.host);
        assert_int_equal(endpoint->port, table[i].endpoint.port);
        assert_int_equal(endpoint->tls, table[i].endpoint.tls);
        assert_int_equal(endpoint->connection, 1);
        peer_free(peer);
    }
}

static void limits_slide(void **state)
{
    (void)state;
    sp_limits limits;
    sp_limits_reset(&limits);
    sp_limits_reserve(&limits, 41250);
    uint32_t room = sp_limits_remaining(&limits, 0);
    assert_true(sp_limits_refill(&limits, 0) == SPECTACLES_NEVER);
    for (uint64_t i = 0; i < room; i++)
        sp_limits_count(&limits, i * 100);
    assert_int_equal(sp_limits_remaining(&limits, 60999), 0);
    assert_true(sp_limits_refill(&limits, 60999) == 61000);
    assert_int_equal(sp_limits_remaining(&limits, 61000), 1);
    assert_int_equal(sp_limits_remaining(&limits, 61100), 2);
    /* In any minute, whenever it begins, no more than 120. */
    for (uint64_t now = 61100; now < 400000; now += 10) {
        if (sp_limits_remaining(&limits, now) > 0)
            sp_limits_count(&limits, now);
        assert_true(limits.count <= SP_LIMIT_COUNT);
    }
    sp_limits_reserve(&limits, 1);
    assert_int_equal(limits.reserve, 60);
}

/* The same as a plain list of what was sent, at any time: heartbeats do not ask, everything else does. */
static void limits_are_those_of_a_plain_list(void **state)
{
    enum {
        MANY = 6000
    };
    static uint64_t sent[MANY];
    (void)state;
    sp_limits limits;
    uint64_t now = 0;
    uint32_t noise = 7;
    size_t count = 0;
    sp_limits_reset(&limits);
    sp_limits_reserve(&limits, 41250);
    while (count < MANY) {
        size_t within = 0;
        uint64_t oldest = SPECTACLES_NEVER;
        noise = noise * 1664525 + 1013904223;
        now += noise >> 28 == 0 ? noise >> 12 & 0xffff : noise >> 20 & 0xff;
        for (size_t i = count; i > 0 && now - sent[i - 1] < SP_LIMIT_PERIOD; i--) {
            oldest = sent[i - 1];
            within++;
        }
        within = within < SP_LIMIT_COUNT ? within : SP_LIMIT_COUNT;
        uint32_t room =
            within + limits.reserve < SP_LIMIT_COUNT ? SP_LIMIT_COUNT - limits.reserve - (uint32_t)within : 0;
        assert_int_equal(sp_limits_remaining(&limits, now), room);
        if (within < SP_LIMIT_COUNT)
            assert_true(sp_limits_refill(&limits, now) ==
                        (oldest == SPECTACLES_NEVER ? oldest : oldest + SP_LIMIT_PERIOD));
        if (room == 0 && noise >> 16 & 7)
            continue;
        sp_limits_count(&limits, now);
        sent[count++] = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strange_answers_are_refused),       cmocka_unit_test(endless_heads_end),
        cmocka_unit_test(numeric_hosts_and_ports_are_named), cmocka_unit_test(limits_slide),
        cmocka_unit_test(limits_are_those_of_a_plain_list),
    };
    return cmocka_run_group_tests_name("shard/handshake", tests, NULL, NULL);
}
