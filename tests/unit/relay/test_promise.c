/*
 * The promise, held against thousands of made-up lives. Discord, RabbitMQ, the disk and the process do whatever they
 * may, in any order: dispatches, confirms in any order, refusals, returns, full windows, lost connections, lost
 * sessions, kills between any two of these, memory that runs out. RabbitMQ drops connections that it has accepted, and
 * ends every connection over some publishes. Shards are removed or dropped here, and added elsewhere. In the end every
 * wanted dispatch has arrived, in its order, or is declared by a gap. There is one gap for each session that was lost,
 * one for each dispatch that RabbitMQ never takes, and no other. In the second half of the lives there is no RabbitMQ:
 * the owner takes the messages, and acknowledges them in any order.
 */
#include "failing.h"
#include "promise.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    LIVES = 1000,
    TURNS = 250
};

struct promise_world world;

static struct session *newest(uint32_t shard)
{
    return &world.discord[shard].sessions[world.discord[shard].count - 1];
}

static void name_session(char name[32], uint32_t shard, int number)
{
    snprintf(name, 32, "s%u.%d", shard, number);
}

/* ---- The disk ---- */

static const char *keep(char text[32], const char *given)
{
    snprintf(text, 32, "%s", given ? given : "");
    return given ? text : NULL;
}

static void store_gaps(uint32_t shard_id)
{
    spectacles_gap gap = {.size = sizeof gap};
    for (size_t i = 0; spectacles_relay_gap(world.relay, shard_id, i, &gap) == 1; i++) {
        assert_true(world.gap_count < GAPS);
        spectacles_gap *kept = &world.gaps[world.gap_count];
        *kept = gap;
        kept->old_session_id = keep(world.gap_texts[world.gap_count][0], gap.old_session_id);
        kept->new_session_id = keep(world.gap_texts[world.gap_count][1], gap.new_session_id);
        world.gap_count++;
    }
}

static void store(void)
{
    promise_judge_changes();
    world.gap_count = 0;
    for (uint32_t i = 0; i < SHARDS; i++) {
        spectacles_session session = {.size = sizeof session};
        bool is = world.shards[i].session[0] && spectacles_shard_session(&world.shards[i], &session) == 0;
        keep(world.stored[i].session, is ? session.session_id : "");
        world.stored[i].seq = is ? session.seq : 0;
        store_gaps(i);
    }
}

/* ---- The process ---- */

static void look_at_publishes(void)
{
    for (int i = 0; i < fake_lines; i++) {
        struct published *out = &world.published[world.count];
        if (strncmp(fake_log[i], "publish ", 8) != 0)
            continue;
        assert_true(world.count < PUBLISHES);
        *out = (struct published){.tag = ++world.last_tag};
        char *body = strchr(fake_log[i], '{');
        assert_int_equal(sscanf(fake_log[i], "publish %31s %47s", out->key, out->id), 2);
        snprintf(out->body, sizeof out->body, "%s", body ? body : "");
        world.count++;
    }
}

static void reconnect(uint32_t shard, bool reads_on);
static void move_shard(uint32_t shard);

/*
 * The owner hears of what is given up, and RabbitMQ's own words. The sequence may be of an earlier session, which the
 * event does not name.
 */
static void hear_of_failure(const spectacles_relay_event *event)
{
    /* Where there is room and memory, nothing is put off until a replay. */
    assert_true(event->seq > 0 || world.starving || !world.owner);
    bool is_one = event->seq == 0;
    for (int i = 0; i < world.discord[event->shard_id].count && event->seq <= DISPATCHES; i++) {
        char name = world.discord[event->shard_id].sessions[i].names[event->seq];
        is_one |= name == (event->code == 541 ? 'E' : 'L');
    }
    assert_true(is_one);
    if (event->code == 541)
        assert_string_equal(event->text, CULPRIT_TEXT);
}

/* Once, with whatever is short. Nothing is short for the next time. */
static void pull(void)
{
    const spectacles_relay_event *event;
    while ((event = spectacles_relay_next_event(world.relay, world.now))) {
        if (event->type == SPECTACLES_RELAY_EVENT_SHARD_READY) {
            int number;
            assert_int_equal(sscanf(event->session_id, "s%*u.%d", &number), 1);
            world.discord[event->shard_id].sessions[number].told = true;
            failing_start(0);
            store();
        }
        if (event->type == SPECTACLES_RELAY_EVENT_SHARD_REMOVED) {
            failing_start(0);
            store();
            move_shard(event->shard_id);
        }
        if (event->type == SPECTACLES_RELAY_EVENT_PUBLISH_FAILED)
            hear_of_failure(event);
        if (event->type == SPECTACLES_RELAY_EVENT_MESSAGE) {
            failing_start(0);
            promise_take_message(event);
        }
    }
    failing_start(0);
    world.events.publish_error = SPECTACLES_OK;
    if (!world.owner)
        look_at_publishes();
    bool anew[SHARDS] = {fake_called("reconnect 0"), fake_called("reconnect 1")};
    bool closed[SHARDS] = {fake_called("close shard 0 0"), fake_called("close shard 1 0")};
    fake_forget();
    for (uint32_t i = 0; i < SHARDS; i++) {
        if (closed[i])
            reconnect(i, promise_chance(2));
        else if (anew[i] && world.discord[i].connected)
            reconnect(i, promise_chance(2));
    }
}

static void make_relay(void)
{
    static const char *const allow[] = {"A", "L", "E"};
    spectacles_shard *shards[SHARDS] = {&world.shards[0], &world.shards[1]};
    spectacles_relay_config config;
    spectacles_relay_config_init(&config, sizeof config);
    config.shard_count = SHARDS;
    config.own_shards = shards;
    config.own_shard_count = SHARDS;
    config.events = world.owner ? NULL : &world.events;
    config.commands = world.owner ? NULL : &world.commands;
    config.format = world.format;
    config.window_count = WINDOW;
    config.allow = allow;
    config.allow_count = 3;
    config.unix_offset = 1767225600000;
    config.gaps = world.gaps;
    config.gap_count = world.gap_count;
    assert_int_equal(spectacles_relay_new(&world.relay, &config, NULL), SPECTACLES_OK);
}

static void make_shard(uint32_t shard)
{
    const struct stored stored = world.stored[shard];
    world.shards[shard] = (spectacles_shard){.id = shard, .count = SHARDS};
    world.shards[shard].committed = world.shards[shard].received = stored.seq;
    world.shards[shard].lost = stored.session[0] == '\0';
    keep(world.shards[shard].session, stored.session);
    world.discord[shard].connected = false;
    world.leaves[shard] = false;
}

/* The relay has let go of the shard. Another engine serves it, from what is on the disk. */
static void move_shard(uint32_t shard)
{
    spectacles_gap gaps[GAPS];
    size_t count = 0;
    for (size_t i = 0; i < world.gap_count; i++) {
        if (world.gaps[i].shard_id == shard)
            gaps[count++] = world.gaps[i];
    }
    make_shard(shard);
    assert_int_equal(spectacles_relay_add_shard(world.relay, &world.shards[shard], gaps, count, NULL), 0);
}

static void remove_shard(uint32_t shard)
{
    assert_int_equal(spectacles_relay_remove_shard(world.relay, shard, 0, world.now), SPECTACLES_OK);
    world.leaves[shard] = true;
}

static void drop_shard(uint32_t shard)
{
    assert_int_equal(spectacles_relay_drop_shard(world.relay, shard), SPECTACLES_OK);
    if (world.owner)
        promise_forget_messages(shard);
    move_shard(shard);
}

static void take_out(uint32_t shard)
{
    if (promise_chance(2))
        remove_shard(shard);
    else
        drop_shard(shard);
}

/* Whatever is on the disk, and nothing else. */
static void start(void)
{
    world.events = (spectacles_broker){.name = "events", .window = 6};
    world.commands = (spectacles_broker){.name = "commands"};
    world.last_tag = 0;
    world.broker_is_ready = true;
    world.strikes = 0;
    for (uint32_t i = 0; i < SHARDS; i++)
        make_shard(i);
    make_relay();
    fake_forget();
}

static void die(void)
{
    int reached = promise_count_reached();
    for (int i = 0; i < world.count; i++) {
        struct published *each = &world.published[i];
        bool arrives = i < reached && (world.owner || strcmp(each->key, "L") != 0);
        if (promise_is_open(each))
            each->state = arrives ? ARRIVED : REFUSED;
        each->tag = 0;
    }
    spectacles_relay_free(world.relay);
    start();
}

/* ---- Discord ---- */

/* An object with a key twice has no form in ETF. */
static bool is_unwritable(const char *name)
{
    return world.format == SPECTACLES_FORMAT_ETF && strcmp(name, "L") == 0;
}

static void hand_out(uint32_t shard, uint64_t seq)
{
    const struct session *session = newest(shard);
    char name[2] = {session->names[seq], '\0'};
    if (seq == 1)
        fake_dispatch(&world.shards[shard], seq, "READY", "{}");
    else
        fake_dispatch(&world.shards[shard], seq, name, is_unwritable(name) ? "{\"a\":1,\"a\":2}" : "{}");
}

static void dispatch(uint32_t shard)
{
    if (world.discord[shard].count == 0)
        return;
    struct session *session = newest(shard);
    if (session->lost || session->sent == DISPATCHES || world.shards[shard].queue.count > FAKE_EVENTS / 2)
        return;
    session->names[++session->sent] = "AAAAAAAAXXXXLLE"[promise_chance(15)];
    if (world.discord[shard].connected)
        hand_out(shard, session->sent);
}

static void begin_session(uint32_t shard)
{
    char name[32];
    struct discord *discord = &world.discord[shard];
    assert_true(discord->count < SESSIONS);
    discord->sessions[discord->count] = (struct session){.sent = 1};
    name_session(name, shard, discord->count++);
    newest(shard)->names[1] = 'X';
    fake_ready(&world.shards[shard], name);
    discord->connected = true;
}

/* Resumes, and everything behind what is committed comes again: to the end, or the line breaks in the midst of it. */
static void resume(uint32_t shard)
{
    spectacles_shard *fake = &world.shards[shard];
    uint64_t last = newest(shard)->sent;
    bool breaks = promise_chance(3) == 0 && !world.recovers;
    uint64_t stop = breaks ? fake->committed + promise_chance((uint32_t)(last - fake->committed) + 1) : last;
    fake->received = fake->committed;
    for (uint64_t seq = fake->committed + 1; seq <= stop; seq++)
        hand_out(shard, seq);
    world.discord[shard].connected = !breaks;
    fake_shard_event(fake, breaks ? SPECTACLES_SHARD_EVENT_DISCONNECTED : SPECTACLES_SHARD_EVENT_RESUMED, 0);
}

/* Resumes; or a new session. */
static void connect_shard(uint32_t shard)
{
    char name[32];
    spectacles_shard *fake = &world.shards[shard];
    struct discord *discord = &world.discord[shard];
    name_session(name, shard, discord->count - 1);
    if (discord->connected || fake->queue.count > 0 || world.leaves[shard])
        return;
    if (fake->lost) {
        begin_session(shard);
    } else if (discord->count == 0 || newest(shard)->lost || strcmp(fake->session, name) != 0) {
        fake_lose_session(fake);
    } else {
        resume(shard);
    }
}

/* What came before its end is read, or not. */
static void reconnect(uint32_t shard, bool reads_on)
{
    spectacles_shard *fake = &world.shards[shard];
    world.discord[shard].connected = false;
    /* READY is told in the same breath as it is read. */
    bool ready = fake->queue.count > 0 &&
                 fake->queue.events[fake->queue.first].shard.type == SPECTACLES_SHARD_EVENT_READY;
    if (!reads_on)
        fake->queue.count = ready ? 1 : 0;
    fake_shard_event(fake, SPECTACLES_SHARD_EVENT_DISCONNECTED, 0);
}

/* ---- A life ---- */

static void lose(uint32_t shard)
{
    if (world.discord[shard].count == 0 || world.discord[shard].count == SESSIONS - 4)
        return;
    newest(shard)->lost = true;
    if (world.discord[shard].connected)
        reconnect(shard, promise_chance(2));
}

static void one_turn(bool starving)
{
    uint32_t shard = promise_chance(SHARDS);
    switch (promise_chance(30)) {
    case 0:
        if (world.discord[shard].connected)
            reconnect(shard, promise_chance(2));
        break;
    case 1:
        if (promise_chance(3) == 0)
            lose(shard);
        break;
    case 2:
        if (promise_chance(3) == 0)
            die();
        break;
    case 3:
        world.events.window = (int)promise_chance(8);
        break;
    case 4:
        promise_settle_all();
        break;
    case 5:
    case 6:
    case 7:
    case 8:
        promise_settle_one();
        break;
    case 9:
    case 10:
        store();
        break;
    case 11:
    case 12:
    case 13:
        connect_shard(shard);
        break;
    case 14:
        world.now += 700;
        break;
    case 15:
        world.events.publish_error = SPECTACLES_E_NOMEM;
        break;
    case 16:
        if (world.broker_is_ready)
            promise_end_connection();
        break;
    case 17:
    case 18:
    case 19:
        promise_connect_broker(promise_chance(3) == 0);
        break;
    case 20:
        if (promise_chance(3) < 2)
            take_out(shard);
        break;
    default:
        dispatch(shard);
    }
    if (starving && promise_chance(3) == 0)
        failing_start(1 + promise_chance(4));
    pull();
}

/* All is well again, until nothing is left to do. */
static void recover(void)
{
    world.events.window = 100;
    world.recovers = true;
    for (int turn = 0; turn < 200; turn++) {
        for (uint32_t i = 0; i < SHARDS; i++)
            connect_shard(i);
        promise_connect_broker(false);
        world.now += 1000;
        pull();
        promise_settle_all();
        pull();
    }
}

static void live(uint32_t seed, bool owner, bool starving)
{
    memset(&world, 0, sizeof world);
    world.owner = owner;
    world.starving = starving;
    world.format = owner && seed % 2 ? SPECTACLES_FORMAT_ETF : SPECTACLES_FORMAT_JSON;
    world.random = seed * 2654435761u | 1;
    world.now = 1000;
    start();
    for (int turn = 0; turn < TURNS; turn++)
        one_turn(starving);
    recover();
    for (unsigned shard = 0; shard < SHARDS; shard++)
        promise_judge(shard);
    for (unsigned shard = 0; shard < SHARDS; shard++)
        assert_int_equal(spectacles_relay_gap(world.relay, shard, 0, &(spectacles_gap){0}), 0);
    spectacles_relay_free(world.relay);
}

static void nothing_is_lost_in_any_order(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= LIVES; seed++)
        live(seed, false, false);
}

static void nor_when_memory_runs_out(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= LIVES; seed++)
        live(seed, false, true);
}

static void nor_without_a_broker(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= LIVES; seed++)
        live(seed, true, false);
}

static void nor_without_a_broker_and_memory(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= LIVES; seed++)
        live(seed, true, true);
}

/* More sessions are lost, while the broker is silent, than there is memory for gaps of their own. */
static void a_gap_goes_on_without_memory_for_another(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    world.random = 1;
    world.format = SPECTACLES_FORMAT_JSON;
    start();
    for (int number = 0; number < 12; number++) {
        connect_shard(0);
        pull();
        world.events.window = 100;
        newest(0)->names[++newest(0)->sent] = 'A';
        hand_out(0, 2);
        pull();
        lose(0);
        pull();
        connect_shard(0);
        failing_start(1);
        pull();
    }
    for (int i = 0; i < world.count; i++)
        world.published[i].tag = strcmp(world.published[i].key, "A") == 0 ? 0 : world.published[i].tag;
    recover();
    promise_judge_dispatches(0);
    spectacles_relay_free(world.relay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_in_any_order),
        cmocka_unit_test(nor_when_memory_runs_out),
        cmocka_unit_test(nor_without_a_broker),
        cmocka_unit_test(nor_without_a_broker_and_memory),
        cmocka_unit_test(a_gap_goes_on_without_memory_for_another),
    };
    return cmocka_run_group_tests_name("relay_promise", tests, NULL, NULL);
}
