/* What a relay counts for metrics, beside the counters that other tests hold. */
#include "scene.h"

#include <stdio.h>

static uint64_t of_event(const char *wanted)
{
    const char *name;
    uint64_t count;
    for (size_t i = 0; spectacles_relay_event_count(world.relay, i, &name, &count) == 1; i++) {
        if (strcmp(name, wanted) == 0)
            return count;
    }
    return 0;
}

static void end_connection(uint32_t code)
{
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_DISCONNECTED, 0);
    fake_queue *queue = &world.shards[0].queue;
    queue->events[(queue->first + queue->count - 1) % FAKE_EVENTS].shard.code = code;
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_RESUMED, 0);
    scene_pull();
    world.told_count = 0;
}

static uint64_t of_code(uint32_t wanted)
{
    uint32_t code;
    uint64_t count;
    for (size_t i = 0; spectacles_relay_close_count(world.relay, i, &code, &count) == 1; i++) {
        if (code == wanted)
            return count;
    }
    return 0;
}

static void received_by_name_and_ended_by_code(void **state)
{
    (void)state;
    char name[32];
    scene_start(1);
    for (uint64_t seq = 2; seq < 150; seq++) {
        snprintf(name, sizeof name, "X%u", (unsigned)seq);
        fake_dispatch(&world.shards[0], seq, seq % 2 ? "A" : name, "{}");
    }
    scene_pull();
    assert_int_equal(of_event("A"), 74);
    assert_int_equal(of_event("X4"), 1);
    for (uint64_t seq = 150; seq < 250; seq++) {
        snprintf(name, sizeof name, "X%u", (unsigned)seq);
        fake_dispatch(&world.shards[0], seq, name, "{}");
    }
    scene_pull();
    assert_int_equal(of_event(""), 100 + 75 - 128);
    for (uint32_t i = 0; i < 3; i++)
        end_connection(4000);
    end_connection(0);
    for (uint32_t i = 0; i < 80; i++)
        end_connection(5000 + i);
    assert_int_equal(of_code(4000), 3);
    assert_int_equal(of_code(5000), 1);
    assert_int_equal(of_code(0), 1 + 80 - 62);
    assert_int_equal(scene_stats().disconnects, 84);
    assert_int_equal(scene_stats().resumed, 84);
    scene_end();
}

static void how_long_shards_waited_for_room(void **state)
{
    (void)state;
    scene_start(1);
    world.events.window = 1;
    fake_dispatch(&world.shards[0], 2, "A", "{}");
    fake_dispatch(&world.shards[0], 3, "A", "{}");
    scene_pull();
    assert_int_equal(scene_stats().window_full, 1);
    assert_int_equal(scene_stats().unconfirmed, 1);
    world.now += 700;
    scene_pull();
    assert_int_equal(scene_stats().full_time, 700);
    world.events.window = 10;
    scene_confirm(1);
    world.now += 700;
    scene_pull();
    assert_int_equal(scene_stats().full_time, 700);
    assert_int_equal(scene_stats().window_full, 1);
    scene_end();
}

static void how_long_the_broker_was_blocked(void **state)
{
    (void)state;
    scene_start(1);
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_BLOCKED, 0, 0);
    scene_pull();
    world.now += 500;
    scene_pull();
    assert_int_equal(scene_stats().blocked_time, 500);
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_UNBLOCKED, 0, 0);
    scene_pull();
    world.now += 500;
    scene_pull();
    assert_int_equal(scene_stats().blocked_time, 500);
    scene_end();
}

/* One dispatch, which the broker confirms so much later. */
static void confirm_after(uint64_t milliseconds)
{
    static uint64_t seq;
    seq = scene_stats().published == 0 ? 2 : seq + 1;
    fake_dispatch(&world.shards[0], seq, "A", "{}");
    scene_pull();
    world.now += milliseconds;
    scene_confirm(world.events.last_tag);
}

static void how_long_confirms_took(void **state)
{
    static const struct {
        uint64_t took;
        size_t index;
    } rows[] = {{0, 0}, {1, 0}, {2, 1}, {3, 2}, {4, 2}, {5, 3}, {8192, 13}, {8193, 14}, {86400000, 14}};
    uint64_t sum = 0;
    (void)state;
    assert_int_equal(SPECTACLES_RELAY_LATENCY_COUNT, 15);
    scene_start(1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const spectacles_relay_stats before = scene_stats();
        confirm_after(rows[i].took);
        sum += rows[i].took;
        assert_int_equal(scene_stats().confirm_latency[rows[i].index],
                         before.confirm_latency[rows[i].index] + 1);
        assert_int_equal(scene_stats().confirm_time, sum);
        assert_int_equal(scene_stats().confirmed, i + 1);
    }
    scene_end();
}

/* A dispatch that is replayed is a copy; a dispatch of a new session is none, although it has a sequence of before. */
static void copies_are_told_from_news(void **state)
{
    (void)state;
    scene_start(1);
    for (uint64_t seq = 2; seq <= 4; seq++)
        fake_dispatch(&world.shards[0], seq, "A", "{}");
    scene_pull();
    assert_int_equal(scene_stats().copies, 0);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_DISCONNECTED, 0);
    for (uint64_t seq = 3; seq <= 6; seq++)
        fake_dispatch(&world.shards[0], seq, "A", "{}");
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_RESUMED, 0);
    fake_dispatch(&world.shards[0], 7, "A", "{}");
    scene_pull();
    assert_int_equal(scene_stats().published, 8);
    assert_int_equal(scene_stats().copies, 2);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_DISCONNECTED, 0);
    fake_lose_session(&world.shards[0]);
    fake_ready(&world.shards[0], "another");
    fake_dispatch(&world.shards[0], 2, "A", "{}");
    scene_pull();
    assert_int_equal(scene_stats().copies, 2);
    scene_end();
}

static void gaps_by_their_cause_and_what_waits_of_a_shard(void **state)
{
    (void)state;
    spectacles_relay_shard_stats stats;
    spectacles_relay_shard_stats_init(&stats, sizeof stats);
    scene_start(1);
    fake_lose_session(&world.shards[0]);
    fake_ready(&world.shards[0], "next");
    fake_dispatch(&world.shards[0], 2, "A", "{}");
    scene_pull();
    assert_int_equal(spectacles_relay_get_shard_stats(world.relay, 0, &stats), SPECTACLES_OK);
    assert_int_equal(stats.unconfirmed, 2);
    assert_int_equal(stats.gaps, 1);
    scene_confirm(1);
    assert_int_equal(spectacles_relay_get_shard_stats(world.relay, 0, &stats), SPECTACLES_OK);
    assert_int_equal(stats.gaps, 0);
    assert_int_equal(spectacles_relay_get_shard_stats(world.relay, 99, &stats), SPECTACLES_E_INVAL);
    assert_int_equal(scene_stats().gaps, 1);
    assert_int_equal(scene_stats().gaps_sessions + scene_stats().gaps_unknown, 1);
    assert_int_equal(scene_stats().gaps_dispatches, 0);
    scene_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(received_by_name_and_ended_by_code),
        cmocka_unit_test(how_long_shards_waited_for_room),
        cmocka_unit_test(how_long_the_broker_was_blocked),
        cmocka_unit_test(how_long_confirms_took),
        cmocka_unit_test(copies_are_told_from_news),
        cmocka_unit_test(gaps_by_their_cause_and_what_waits_of_a_shard),
    };
    return cmocka_run_group_tests_name("relay/counters", tests, NULL, NULL);
}
