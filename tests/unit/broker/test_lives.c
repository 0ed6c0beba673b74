/*
 * Publishes in made-up lives of the broker. RabbitMQ restarts, raises alarms, drops connections that it has accepted,
 * confirms late or not at all, and ends every connection over some publishes; the line is cut at any time. In the end
 * each good publish is confirmed, once, and each bad one has failed, once, with the words of RabbitMQ. No good one has
 * failed, whatever happened.
 */
#include "server.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define N(value) ((uint64_t)(value))

enum {
    LIVES = 400,
    CONNECTIONS = 40, /* of a life, until all is well again */
    PUBLISHES = 24,
    TICK = 25, /* milliseconds */
    LONG = 30000
};

/* What becomes of one connection, if nothing that is published ends it. */
enum fate {
    LIVES_ON,
    IS_CUT,
    IS_DROPPED, /* as soon as it is READY */
    IS_REFUSED, /* before it is READY */
    RESTARTS,
    IS_BLOCKED, /* and then cut */
    FATES
};

typedef struct publish {
    bool bad; /* RabbitMQ ends the connection over it */
    int confirmed;
    int failed;
} publish;

static struct {
    sp_server *server;
    uint32_t random;
    publish publishes[PUBLISHES + 1]; /* by tag */
    uint64_t count;
    bool silent; /* RabbitMQ ends connections without a word */
    /* What happens again and again in this life. */
    enum fate fates[2];
    uint32_t longest;         /* milliseconds of READY */
    uint32_t confirms_one_in; /* connections; 0: none */
    /* Of the connection. */
    uint64_t worked_on; /* publishes */
    uint64_t confirmed; /* among them */
    bool confirms;      /* it does so at all */
} life;

static uint32_t chance(uint32_t below)
{
    life.random ^= life.random << 13;
    life.random ^= life.random >> 17;
    life.random ^= life.random << 5;
    return life.random % below;
}

/* ---- What the broker tells ---- */

static void hear(const char *line)
{
    unsigned tag;
    unsigned code;
    if (sscanf(line, "CONFIRMED %u", &tag) == 1)
        life.publishes[tag].confirmed++;
    if (sscanf(line, "FAILED %u %u", &tag, &code) != 2)
        return;
    life.publishes[tag].failed++;
    assert_int_equal(code, life.silent ? 0 : 541);
    assert_non_null(strstr(line, life.silent ? "without a word" : "INTERNAL_ERROR"));
}

static void hear_all(void)
{
    sp_lines *events = &life.server->events;
    for (int i = 0; i < events->count; i++)
        hear(events->line[i]);
    events->count = 0;
}

static uint64_t unsettled(void)
{
    uint64_t count = 0;
    for (uint64_t tag = 1; tag <= life.count; tag++)
        count += life.publishes[tag].confirmed + life.publishes[tag].failed == 0;
    return count;
}

/* ---- RabbitMQ ---- */

static void close_connection(int code, const char *text)
{
    server_method(life.server, 0, 10, 50, "wsww", N(code), text, N(0), N(0));
    server_eof(life.server);
}

/* Works on what has come, in its order. False when it has ended the connection over a publish. */
static bool work(void)
{
    uint64_t seen = 0;
    for (int i = 0; i < life.server->written.count; i++) {
        if (strncmp(life.server->written.line[i], "2 body ", 7) != 0 || seen++ < life.worked_on)
            continue;
        if (strstr(life.server->written.line[i], "bad")) {
            if (life.silent)
                server_eof(life.server);
            else
                close_connection(541, "INTERNAL_ERROR");
            return false;
        }
        life.worked_on = seen;
    }
    return true;
}

/* One confirm for all of them, or for some. */
static void confirm(void)
{
    uint64_t most = life.worked_on - life.confirmed;
    if (!life.confirms || most == 0 || chance(3) == 0)
        return;
    life.confirmed += 1 + chance((uint32_t)most);
    server_method(life.server, 2, 60, 80, "qb", life.confirmed, N(1));
}

/* ---- A life ---- */

static void publish_some(void)
{
    if (life.count == PUBLISHES || chance(40) > 0)
        return;
    bool bad = chance(8) == 0;
    int64_t tag = server_publish(life.server, "K", bad ? "bad" : "good", 0);
    assert_int_equal(tag, ++life.count);
    life.publishes[tag].bad = bad;
}

static void end_with(enum fate fate)
{
    if (fate == RESTARTS)
        close_connection(320, "CONNECTION_FORCED - broker forced connection closure");
    else
        server_eof(life.server);
}

/* One connection, for at most so long. */
static void connect(enum fate fate, uint64_t most)
{
    life.worked_on = life.confirmed = 0;
    if (fate == IS_REFUSED) {
        server_open(life.server);
        server_eof(life.server);
        return;
    }
    server_ready(life.server);
    if (fate == IS_BLOCKED)
        server_method(life.server, 0, 10, 60, "s", "low on memory");
    uint64_t end = life.server->now + (fate == IS_DROPPED ? 0 : most);
    while (life.server->now < end && (fate != LIVES_ON || unsettled() > 0)) {
        publish_some();
        server_wait(life.server, TICK);
        server_pull(life.server);
        if (fate != IS_BLOCKED && !work())
            return;
        confirm();
        hear_all();
    }
    end_with(fate);
}

static void judge(void)
{
    for (uint64_t tag = 1; tag <= life.count; tag++) {
        const publish *each = &life.publishes[tag];
        assert_int_equal(each->confirmed, !each->bad);
        assert_int_equal(each->failed, each->bad);
    }
}

static void choose_troubles(void)
{
    static const uint32_t longest[] = {300, 3000, 12000, 40000};
    for (int i = 0; i < 2; i++)
        life.fates[i] = (enum fate)chance(FATES);
    life.longest = longest[chance(4)];
    life.confirms_one_in = chance(4);
}

static void live(uint32_t seed, bool silent)
{
    memset(&life, 0, sizeof life);
    life.random = seed * 2654435761u | 1;
    life.silent = silent;
    life.server = server_new(NULL);
    choose_troubles();
    for (int i = 0; i < CONNECTIONS; i++) {
        life.confirms = life.confirms_one_in > 0 && chance(life.confirms_one_in) == 0;
        connect(life.fates[chance(2)], 1 + chance(life.longest));
        hear_all();
    }
    life.confirms = true;
    for (int i = 0; i < 20 * PUBLISHES && unsettled() > 0; i++) {
        connect(LIVES_ON, LONG);
        hear_all();
    }
    judge();
    server_free(life.server);
}

static void only_what_ends_connections_fails(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= LIVES; seed++)
        live(seed, false);
}

static void nor_does_anything_else_when_nothing_is_said(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= LIVES; seed++)
        live(seed, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_ends_connections_fails),
        cmocka_unit_test(nor_does_anything_else_when_nothing_is_said),
    };
    return cmocka_run_group_tests_name("broker_lives", tests, NULL, NULL);
}
