/* Events that no queue takes: they count as done, and their name is held back for a while. */
#include "scene.h"

#include <stdio.h>

enum {
    HOLD = 5000
};

/* What the owner was told last by UNROUTABLE, and how often. */
static int told;
static char last[FAKE_TEXT];

static void pull(void)
{
    const spectacles_relay_event *event;
    while ((event = spectacles_relay_next_event(world.relay, world.now))) {
        if (event->type != SPECTACLES_RELAY_EVENT_UNROUTABLE)
            continue;
        told++;
        snprintf(last, FAKE_TEXT, "%s until %llu", event->name, (unsigned long long)event->until);
    }
}

static void start(uint32_t hold)
{
    spectacles_relay_config config;
    told = 0;
    scene_begin(&config, 1, 1);
    config.unroutable_hold = hold;
    scene_make(&config);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_READY, 0);
    pull();
}

static void dispatch(uint64_t seq, const char *name)
{
    fake_dispatch(&world.shards[0], seq, name, "{}");
    pull();
}

static void return_it(uint64_t tag, const char *name)
{
    fake_returned(&world.events, tag, name);
    pull();
}

static void is_off_unless_asked_for(void **state)
{
    (void)state;
    start(0);
    dispatch(2, "A");
    assert_int_equal(fake_called("publish A sess:2 {}"), 1);
    scene_end();
}

static void what_no_queue_takes_is_held_back(void **state)
{
    (void)state;
    start(HOLD);
    dispatch(2, "A");
    dispatch(3, "A");
    dispatch(4, "B");
    assert_int_equal(fake_called("publish A sess:2 mandatory {}"), 1);
    return_it(1, "A");
    assert_int_equal(world.shards[0].committed, 2);
    return_it(2, "A");
    assert_string_equal(last, "A until 6000");
    assert_int_equal(told, 1);
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_CONFIRMED, 3, 0);
    pull();
    assert_int_equal(world.shards[0].committed, 4);

    world.now += HOLD - 1;
    dispatch(5, "A");
    dispatch(6, "AA");
    dispatch(7, "B");
    assert_int_equal(fake_count("publish A "), 2);
    assert_int_equal(fake_count("publish AA "), 1);
    assert_int_equal(fake_count("publish B "), 2);
    assert_int_equal(world.shards[0].committed, 5);
    spectacles_relay_stats stats = scene_stats();
    assert_int_equal(stats.unroutable, 2);
    assert_int_equal(stats.held, 1);
    assert_int_equal(stats.filtered, 1);
    assert_int_equal(stats.published, 5);
    assert_int_equal(stats.confirmed, 1);
    scene_end();
}

static void it_is_tried_again_in_time(void **state)
{
    (void)state;
    start(HOLD);
    dispatch(2, "A");
    return_it(1, "A");
    world.now += HOLD;
    dispatch(3, "A");
    assert_int_equal(fake_count("publish A "), 2);
    return_it(2, "A");
    assert_string_equal(last, "A until 11000");
    dispatch(4, "A");
    assert_int_equal(fake_count("publish A "), 2);
    world.now += HOLD;
    dispatch(5, "A");
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_CONFIRMED, 3, 0);
    dispatch(6, "A");
    assert_int_equal(fake_count("publish A "), 4);
    scene_end();
}

/* A return of an older connection's publish holds the name back, and commits nothing. */
static void an_old_return_commits_nothing(void **state)
{
    (void)state;
    start(HOLD);
    dispatch(2, "A");
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_DISCONNECTED, 0);
    pull();
    return_it(1, "A");
    assert_int_equal(world.shards[0].committed, 0);
    dispatch(2, "A");
    assert_int_equal(world.shards[0].committed, 2);
    scene_end();
}

static void more_names_than_there_is_room_for(void **state)
{
    (void)state;
    char name[16];
    start(HOLD);
    for (uint64_t i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "N%llu", (unsigned long long)i);
        world.now++;
        dispatch(2 + i, name);
        return_it(1 + i, name);
    }
    dispatch(202, "N199");
    assert_int_equal(fake_count("publish N199 "), 1);
    dispatch(203, "N0");
    assert_int_equal(fake_count("publish N0 "), 2);
    scene_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_off_unless_asked_for),
        cmocka_unit_test(what_no_queue_takes_is_held_back),
        cmocka_unit_test(it_is_tried_again_in_time),
        cmocka_unit_test(an_old_return_commits_nothing),
        cmocka_unit_test(more_names_than_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
