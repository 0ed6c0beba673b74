#include "fakes.h"

#include <stdio.h>

enum {
    HOLD = 5000
};

static struct {
    spectacles_shard shard;
    spectacles_broker events;
    spectacles_broker commands;
    spectacles_relay *relay;
    uint64_t now;
    int told;
    char last[FAKE_TEXT];
} world;

static void pull(void)
{
    const spectacles_relay_event *event;
    while ((event = spectacles_relay_next_event(world.relay, world.now))) {
        if (event->type != SPECTACLES_RELAY_EVENT_UNROUTABLE)
            continue;
        world.told++;
        snprintf(world.last, FAKE_TEXT, "%s until %llu", event->name, (unsigned long long)event->until);
    }
}

static void start(uint32_t hold)
{
    spectacles_shard *shards[] = {&world.shard};
    spectacles_relay_config config;
    memset(&world, 0, sizeof world);
    fake_forget();
    world.now = 1000;
    world.events = (spectacles_broker){.name = "events", .window = 300};
    world.commands.name = "commands";
    world.shard = (spectacles_shard){.count = 1, .state = SPECTACLES_SHARD_READY};
    spectacles_relay_config_init(&config, sizeof config);
    config.shard_count = 1;
    config.own_shards = shards;
    config.own_shard_count = 1;
    config.events = &world.events;
    config.commands = &world.commands;
    config.allow_all = 1;
    config.unroutable_hold = hold;
    assert_int_equal(spectacles_relay_new(&world.relay, &config, NULL), SPECTACLES_OK);
    fake_shard_event(&world.shard, SPECTACLES_SHARD_EVENT_READY, 0);
    pull();
}

static void dispatch(uint64_t seq, const char *name)
{
    fake_dispatch(&world.shard, seq, name, "{}");
    pull();
}

static void return_it(uint64_t tag, const char *name)
{
    fake_returned(&world.events, tag, name);
    pull();
}

static spectacles_relay_stats counted(void)
{
    spectacles_relay_stats stats = {.size = sizeof stats};
    spectacles_relay_get_stats(world.relay, &stats);
    return stats;
}

static void is_off_unless_asked_for(void **state)
{
    (void)state;
    start(0);
    dispatch(2, "A");
    assert_int_equal(fake_called("publish A sess:2 {}"), 1);
    spectacles_relay_free(world.relay);
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
    assert_int_equal(world.shard.committed, 2);
    return_it(2, "A");
    assert_string_equal(world.last, "A until 6000");
    assert_int_equal(world.told, 1);
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_CONFIRMED, 3, 0);
    pull();
    assert_int_equal(world.shard.committed, 4);

    world.now += HOLD - 1;
    dispatch(5, "A");
    dispatch(6, "AA");
    dispatch(7, "B");
    assert_int_equal(fake_count("publish A "), 2);
    assert_int_equal(fake_count("publish AA "), 1);
    assert_int_equal(fake_count("publish B "), 2);
    assert_int_equal(world.shard.committed, 5);
    spectacles_relay_stats stats = counted();
    assert_int_equal(stats.unroutable, 2);
    assert_int_equal(stats.held, 1);
    assert_int_equal(stats.filtered, 1);
    assert_int_equal(stats.published, 5);
    assert_int_equal(stats.confirmed, 1);
    spectacles_relay_free(world.relay);
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
    assert_string_equal(world.last, "A until 11000");
    dispatch(4, "A");
    assert_int_equal(fake_count("publish A "), 2);
    world.now += HOLD;
    dispatch(5, "A");
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_CONFIRMED, 3, 0);
    dispatch(6, "A");
    assert_int_equal(fake_count("publish A "), 4);
    spectacles_relay_free(world.relay);
}

/* A return of an older connection's publish holds the name back, and commits nothing. */
static void an_old_return_commits_nothing(void **state)
{
    (void)state;
    start(HOLD);
    dispatch(2, "A");
    fake_shard_event(&world.shard, SPECTACLES_SHARD_EVENT_DISCONNECTED, 0);
    pull();
    return_it(1, "A");
    assert_int_equal(world.shard.committed, 0);
    dispatch(2, "A");
    assert_int_equal(world.shard.committed, 2);
    spectacles_relay_free(world.relay);
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
    spectacles_relay_free(world.relay);
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
