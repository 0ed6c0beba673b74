/*
 * A session in made-up lives, on a compressed stream whose messages repeat. The line breaks wherever it likes, in every replay if
 * it likes, and in every way; now and then nothing new comes at all. As long as Discord holds the session, no life of it
 * ends in a GAP, every event comes in its order from where the last commit was, and progress is followed by a short wait.
 */
#include "peer.h"
#include "wire.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    LIVES = 12,
    CONNECTIONS = 40,
    REPLAY_MOST = 12,
    LONG = 70000, /* bytes: more than 64 KiB */
    PERIOD = 40,  /* after which they repeat themselves, so that they look like a bomb to zlib as well */
    IDLE_MOST = 3 /* connections in a row that bring nothing new */
};

struct life {
    sp_peer *peer;
    wire wire;
    char *text; /* of each long event, but for its sequence */
    uint32_t random;
    uint64_t sent;      /* by Discord: the highest sequence */
    uint64_t arrived;   /* of these, on any connection */
    uint64_t committed; /* by the owner */
    int idle;
};

static uint32_t chance(struct life *life, uint32_t below)
{
    life->random = life->random * 1664525 + 1013904223;
    return (life->random >> 8) % below;
}

static char *long_text(void)
{
    uint32_t noise = 1;
    char *text = malloc(LONG + 100);
    int at = sprintf(text, "{\"t\":\"GUILD_MEMBERS_CHUNK\",\"op\":0,\"d\":\"");
    for (int end = at + LONG; at < end; at++) {
        noise = (end - at) % PERIOD == 0 ? 1 : noise * 1664525 + 1013904223;
        text[at] = (char)('a' + (noise >> 24) % 26);
    }
    strcpy(text + at, "\",\"s\":");
    return text;
}

/* Two of three events are long, and all long ones are alike. */
static void say_event(struct life *life, uint64_t seq)
{
    char *whole = malloc(LONG + 200);
    const char *text = seq % 3 == 0 ? "{\"t\":\"A\",\"op\":0,\"d\":1,\"s\":" : life->text;
    sprintf(whole, "%s%llu}", text, (unsigned long long)seq);
    wire_say(&life->wire, life->peer, whole);
    free(whole);
    life->arrived = seq > life->arrived ? seq : life->arrived;
}

static void say(struct life *life, const char *text)
{
    wire_say(&life->wire, life->peer, text);
}

static uint32_t state_of(const struct life *life)
{
    return spectacles_shard_state(life->peer->shard);
}

/* Some of what came on this connection is confirmed. */
static void commit(struct life *life, uint64_t upto)
{
    if (upto > life->committed && chance(life, 4) > 0)
        life->committed += 1 + chance(life, (uint32_t)(upto - life->committed));
    assert_int_equal(spectacles_shard_commit(life->peer->shard, life->committed), SPECTACLES_OK);
}

static void connect_shard(struct life *life)
{
    peer_wait(life->peer,
              spectacles_stream_deadline(spectacles_shard_stream(life->peer->shard)) - life->peer->now);
    peer_open(life->peer);
    wire_reset(&life->wire);
    peer_accept(life->peer);
    life->peer->sent_length = 0;
    say(life, "{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}");
}

/* A RESUME that heartbeats acknowledge and nothing answers: another connection tries. */
static void fall_silent(struct life *life)
{
    for (int i = 0; i < 20 && state_of(life) == SPECTACLES_SHARD_RESUMING; i++) {
        peer_wait(life->peer, 5000);
        if (state_of(life) == SPECTACLES_SHARD_RESUMING)
            say(life, "{\"op\":11}");
    }
    assert_int_not_equal(state_of(life), SPECTACLES_SHARD_RESUMING);
}

/* progress: only then may the code be one that doubts the session, since it would be the first. */
static void break_line(struct life *life, bool progress)
{
    static const int codes[] = {1000, 1001, 1006, 4000, 4001, 4002, 4005, 4008, 4003, 4006, 4007, 4009};
    switch (chance(life, 5)) {
    case 0:
        peer_close(life->peer, codes[chance(life, progress ? 12 : 8)], "");
        break;
    case 1:
        say(life, "{\"op\":7,\"d\":null}");
        break;
    case 2:
        say(life, "{\"op\":9,\"d\":true}");
        break;
    case 3:
        if (state_of(life) == SPECTACLES_SHARD_RESUMING)
            fall_silent(life);
        break;
    default:
        break;
    }
    peer_eof(life->peer, SPECTACLES_E_SYS, "cut");
    assert_int_equal(state_of(life), SPECTACLES_SHARD_BACKOFF);
}

static void judge(const struct life *life, uint64_t from, bool progress)
{
    char prefix[40];
    int next = 0;
    for (uint64_t seq = from; seq <= life->arrived; seq++) {
        snprintf(prefix, sizeof prefix, "DISPATCH %llu ", (unsigned long long)seq);
        while (next < life->peer->lines && strncmp(life->peer->line[next], prefix, strlen(prefix)) != 0)
            next++;
        if (progress && next == life->peer->lines)
            fail_msg("%s did not come, or not in its order", prefix);
    }
    assert_int_equal(peer_count(life->peer, "GAP"), 0);
    assert_int_equal(peer_count(life->peer, "IDENTIFY"), 0);
    if (progress)
        assert_true(
            spectacles_stream_deadline(spectacles_shard_stream(life->peer->shard)) - life->peer->now <= 5000);
}

static void one_connection(struct life *life)
{
    char wanted[120];
    uint64_t from = life->committed + 1;
    bool progress = life->idle == IDLE_MOST || chance(life, 4) > 0;
    /* While it was away, Discord went on. */
    life->sent += 1 + chance(life, 4);
    uint64_t stop = progress
                        ? life->arrived + 1 + chance(life, (uint32_t)(life->sent - life->arrived))
                        : life->committed + chance(life, (uint32_t)(life->arrived - life->committed) + 1);
    peer_wait(life->peer, 0);
    peer_forget(life->peer);
    connect_shard(life);
    snprintf(wanted, sizeof wanted,
             "{\"op\":6,\"d\":{\"token\":\"" PEER_TOKEN "\",\"session_id\":\"abc\",\"seq\":%llu}}",
             (unsigned long long)life->committed);
    peer_expect(life->peer, wanted);
    stop = stop > from + REPLAY_MOST && !progress ? from + REPLAY_MOST : stop;
    for (uint64_t seq = from; seq <= stop; seq++)
        say_event(life, seq);
    if (progress && stop == life->sent && chance(life, 2)) {
        char resumed[80];
        snprintf(resumed, sizeof resumed, "{\"t\":\"RESUMED\",\"op\":0,\"d\":{},\"s\":%llu}",
                 (unsigned long long)stop);
        say(life, resumed);
        say_event(life, ++life->sent);
        stop++;
    }
    if (progress)
        commit(life, stop);
    break_line(life, progress);
    judge(life, from, progress);
    life->idle = progress ? 0 : life->idle + 1;
}

static void live(uint32_t seed, uint32_t compression)
{
    spectacles_shard_config config;
    struct life life = {.wire = {.encoding = SPECTACLES_FORMAT_JSON, .compression = compression},
                        .text = long_text(),
                        .random = seed * 2654435761u,
                        .sent = 1,
                        .arrived = 1,
                        .committed = 1};
    peer_config(&config);
    config.compression = compression;
    config.flags = SPECTACLES_SHARD_COMMITS;
    config.seed = seed;
    life.peer = peer_new(&config);
    peer_pull(life.peer);
    peer_open(life.peer);
    wire_reset(&life.wire);
    peer_accept(life.peer);
    say(&life, "{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}");
    assert_int_equal(spectacles_shard_identify(life.peer->shard, life.peer->now), SPECTACLES_OK);
    peer_pull(life.peer);
    say(&life, "{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"session_id\":\"abc\"}}");
    assert_int_equal(spectacles_shard_commit(life.peer->shard, 1), SPECTACLES_OK);
    peer_eof(life.peer, SPECTACLES_E_SYS, "cut");
    for (int i = 0; i < CONNECTIONS; i++)
        one_connection(&life);
    wire_free(&life.wire);
    peer_free(life.peer);
    free(life.text);
}

static void nothing_ends_a_session_that_discord_holds(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= LIVES; seed++)
        live(seed, SPECTACLES_COMPRESSION_ZLIB_STREAM);
}

static void nor_with_zstd(void **state)
{
    (void)state;
    if (!spectacles_feature_supported("zstd-stream"))
        skip();
    for (uint32_t seed = 1; seed <= LIVES; seed++)
        live(seed, SPECTACLES_COMPRESSION_ZSTD_STREAM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_ends_a_session_that_discord_holds),
        cmocka_unit_test(nor_with_zstd),
    };
    return cmocka_run_group_tests_name("shard/session", tests, NULL, NULL);
}
