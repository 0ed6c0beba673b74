/* The real shard and the real broker, and their peers in memory. Called by test_engines.c. */
#include "broker/server.h"
#include "engines.h"
#include "shard/peer.h"

#include <stdio.h>

#define N(value) ((uint64_t)(value))

static struct {
    sp_peer *peer;
    sp_server *server;
    int shard_lines;   /* of the peer, that were told */
    int broker_lines;  /* of the server, likewise */
    uint64_t delivery; /* RabbitMQ's number of the last one on this channel */
} real;

void engines_begin(void)
{
    spectacles_shard_config shard;
    spectacles_broker_config broker;
    memset(&real, 0, sizeof real);
    peer_config(&shard);
    shard.flags = SPECTACLES_SHARD_COMMITS;
    real.peer = peer_new(&shard);
    server_config(&broker);
    broker.window_count = 3;
    real.server = server_new(&broker);
}

void engines_end(void)
{
    peer_free(real.peer);
    server_free(real.server);
}

spectacles_shard *engines_shard(void)
{
    return real.peer->shard;
}

spectacles_broker *engines_broker(void)
{
    return real.server->broker;
}

uint64_t engines_now(void)
{
    return real.peer->now;
}

/* ---- What was told while a peer was busy: its lines, in the words of the scripts ---- */

static void tell_shard_line(const char *line)
{
    char name[32];
    char first[64] = "";
    char second[64] = "";
    sscanf(line, "%31s %63s %63s", name, first, second);
    if (strcmp(name, "DISPATCH") == 0 || strcmp(name, "GAP") == 0)
        engines_tell("%s %s %s", name, first, second);
    else if (strcmp(name, "SENT") == 0 || strcmp(name, "UNSENT") == 0)
        engines_tell("%s %s", name, first);
    else if (strcmp(name, "LOST") == 0)
        engines_tell(real.peer->hold_until > real.peer->now ? "DISCONNECTED held" : "DISCONNECTED");
    else if (strcmp(name, "CONNECTING") != 0 && strcmp(name, "LATENCY") != 0)
        engines_tell("%s", name);
}

static void tell_broker_line(const char *line)
{
    char name[32];
    char first[64] = "";
    char second[64] = "";
    sscanf(line, "%31s %63s %63s", name, first, second);
    if (strcmp(name, "MESSAGE") == 0)
        engines_keep_delivery(real.server->delivery);
    if (strcmp(name, "MESSAGE") == 0 || strcmp(name, "RETURNED") == 0 || strcmp(name, "FAILED") == 0)
        engines_tell("%s %s %s", name, first, second);
    else if (strcmp(name, "CONFIRMED") == 0 || strcmp(name, "SUBSCRIBED") == 0 ||
             strcmp(name, "UNSUBSCRIBED") == 0)
        engines_tell("%s %s", name, first);
    else if (strcmp(name, "CONNECTING") != 0)
        engines_tell("%s", name);
}

void engines_pull(void)
{
    const spectacles_shard_event *of_shard;
    const spectacles_broker_event *of_broker;
    for (; real.shard_lines < real.peer->lines; real.shard_lines++)
        tell_shard_line(real.peer->line[real.shard_lines]);
    for (; real.broker_lines < real.server->events.count; real.broker_lines++)
        tell_broker_line(real.server->events.line[real.broker_lines]);
    while ((of_shard = spectacles_shard_next_event(real.peer->shard, real.peer->now)))
        engines_tell_shard(of_shard);
    while ((of_broker = spectacles_broker_next_event(real.server->broker, real.server->now)))
        engines_tell_broker(of_broker);
}

/* ---- The gateway ---- */

static void gateway_accepts(void)
{
    if (peer_state(real.peer) == SPECTACLES_SHARD_BACKOFF)
        peer_come_back(real.peer);
    else
        peer_hello(real.peer);
}

static void say(const char *name, uint64_t seq, const char *d)
{
    char text[400];
    snprintf(text, sizeof text, "{\"t\":\"%s\",\"s\":%u,\"op\":0,\"d\":%s}", name, (unsigned)seq, d);
    peer_text(real.peer, text);
}

static void gateway_readies(void)
{
    say("READY", 1,
        "{\"v\":10,\"session_id\":\"abc\",\"resume_gateway_url\":\"wss://gateway-us-east1-b.discord.gg\"}");
}

static void gateway_dispatches(uint64_t number, const char *word)
{
    say(word, number, "{}");
}

static void gateway_resumes(uint64_t number)
{
    say("RESUMED", number, "{}");
}

static void gateway_reads(void)
{
    peer_pull(real.peer);
}

static void gateway_cuts(void)
{
    spectacles_stream_eof(peer_stream(real.peer), 0, NULL, 0, real.peer->now);
}

static void gateway_invalidates(void)
{
    peer_text(real.peer, "{\"op\":9,\"d\":false}");
    peer_eof(real.peer, 0, NULL);
}

static void gateway_limits(void)
{
    static const char answer[] =
        "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n";
    peer_open(real.peer);
    peer_feed(real.peer, answer, sizeof answer - 1);
}

/* ---- RabbitMQ ---- */

static void rabbit_accepts(void)
{
    server_ready(real.server);
    real.delivery = 0;
}

/* The number of a publish on this connection. The key of a publish is its tag. */
static uint64_t wire_of(uint64_t tag)
{
    char line[40];
    uint64_t wire = 0;
    const sp_lines *written = &real.server->written;
    snprintf(line, sizeof line, "2 basic.publish %u", (unsigned)tag);
    server_pull(real.server);
    for (int i = 0; i < written->count; i++) {
        wire += strncmp(written->line[i], "2 basic.publish", 15) == 0;
        if (strcmp(written->line[i], line) == 0)
            return wire;
    }
    return 0;
}

/* A publish may wait for a while: after one that has ended connections, for some seconds. */
static void wait_for(uint64_t tag)
{
    for (int tick = 0; tick < 400 && wire_of(tag) == 0; tick++)
        server_wait(real.server, 50);
    assert_true(wire_of(tag) > 0);
}

static void confirm(uint64_t tag, bool all)
{
    wait_for(tag);
    server_method(real.server, 2, 60, 80, "qb", wire_of(tag), N(all));
}

static void rabbit_confirms(uint64_t number)
{
    confirm(number, false);
}

static void rabbit_confirms_all(uint64_t number)
{
    confirm(number, true);
}

static void rabbit_returns(uint64_t number)
{
    char key[20];
    snprintf(key, sizeof key, "%u", (unsigned)number);
    wait_for(number);
    server_method(real.server, 2, 60, 50, "wsss", N(312), "NO_ROUTE", "gateway", key);
    /* The engine knows its message by a header, which RabbitMQ gives back with the message. */
    char header[] = "\0\x3c\0\0\0\0\0\0\0\0\0\x01\x20\0\0\0\0\x18\x0espectacles-tagl\0\0\0\0\0\0\0";
    header[41] = (char)number;
    server_frame(real.server, 2, 2, header, 42);
    server_frame(real.server, 3, 2, "x", 1);
    confirm(number, false);
}

static void rabbit_refuses(uint64_t number)
{
    char text[100];
    snprintf(text, sizeof text, "PRECONDITION_FAILED - message size %u is larger than configured max size 1",
             (unsigned)number + 1);
    wait_for(number);
    server_forget(real.server);
    server_method(real.server, 2, 20, 40, "wsww", N(406), text, N(60), N(40));
    server_answer(real.server);
}

/* Works on what was written, in its order, until it meets the culprit or there is nothing more. */
static bool work_until(uint64_t culprit)
{
    uint64_t worked_on = 0;
    for (uint64_t tick = 0; tick < 400; tick++) {
        server_wait(real.server, 50);
        uint64_t wire = wire_of(culprit);
        uint64_t written = (uint64_t)server_count(&real.server->written, "2 body");
        for (; worked_on < written && worked_on + 1 != wire; worked_on++)
            server_method(real.server, 2, 60, 80, "qb", worked_on + 1, N(0));
        if (wire > 0 && worked_on + 1 == wire && written >= wire)
            return true;
    }
    return false;
}

/* Of what the connections before the last one told nothing is told. */
static void skip_to_failed(void)
{
    while (strncmp(real.server->events.line[real.broker_lines], "FAILED", 6) != 0)
        real.broker_lines++;
}

static void rabbit_chokes(uint64_t number)
{
    for (int connections = 0; server_count(&real.server->events, "FAILED") == 0; connections++) {
        assert_true(connections < 20);
        if (connections > 0)
            server_ready(real.server);
        assert_true(work_until(number));
        server_method(real.server, 0, 10, 50, "wsww", N(541), "INTERNAL_ERROR", N(0), N(0));
        server_eof(real.server);
    }
    skip_to_failed();
}

static void rabbit_blocks(void)
{
    server_method(real.server, 0, 10, 60, "s", "low on memory");
}

static void rabbit_unblocks(void)
{
    server_method(real.server, 0, 10, 61, "");
}

static void rabbit_delivers(uint64_t number, const char *word)
{
    char consume[40];
    snprintf(consume, sizeof consume, "3 basic.consume gateway:Q%u ", (unsigned)number);
    const char *line = server_last(&real.server->written, consume);
    assert_true(*line);
    server_deliver(real.server, ++real.delivery, strrchr(line, ' ') + 1, word, "{}", 100);
}

static void rabbit_times_out(void)
{
    server_method(real.server, 3, 20, 40, "wsww", N(406),
                  "PRECONDITION_FAILED - delivery acknowledgement on channel 3 timed out", N(0), N(0));
    server_answer(real.server);
    real.delivery = 0;
}

static void rabbit_cuts(void)
{
    server_eof(real.server);
}

bool engines_do(const char *deed, uint64_t number, const char *word)
{
    static const engines_deed deeds[] = {
        {"gateway accepts", .plain = gateway_accepts},
        {"gateway readies", .plain = gateway_readies},
        {"gateway dispatches", .both = gateway_dispatches},
        {"gateway resumes", .numbered = gateway_resumes},
        {"gateway reads", .plain = gateway_reads},
        {"gateway cuts", .plain = gateway_cuts},
        {"gateway invalidates", .plain = gateway_invalidates},
        {"gateway limits", .plain = gateway_limits},
        {"rabbit accepts", .plain = rabbit_accepts},
        {"rabbit confirms", .numbered = rabbit_confirms},
        {"rabbit confirms all", .numbered = rabbit_confirms_all},
        {"rabbit returns", .numbered = rabbit_returns},
        {"rabbit refuses", .numbered = rabbit_refuses},
        {"rabbit chokes on", .numbered = rabbit_chokes},
        {"rabbit blocks", .plain = rabbit_blocks},
        {"rabbit unblocks", .plain = rabbit_unblocks},
        {"rabbit delivers", .both = rabbit_delivers},
        {"rabbit times out", .plain = rabbit_times_out},
        {"rabbit cuts", .plain = rabbit_cuts},
    };
    return engines_run(deeds, sizeof deeds / sizeof deeds[0], deed, number, word);
}
