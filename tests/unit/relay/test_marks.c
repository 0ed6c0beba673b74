/* Marks of dispatches: the same for one event in each session, and for no other one. */
#include "scene.h"

#include <stdio.h>

static char before[40];

static void publish(uint32_t shard, uint64_t seq, const char *name, const char *d)
{
    snprintf(before, sizeof before, "%s", world.events.last_digest);
    fake_dispatch(&world.shards[shard], seq, name, d);
    scene_pull();
}

static void one_event_has_one_digest(void **state)
{
    (void)state;
    scene_start(1);
    publish(0, 10, "A", "{\"id\":1}");
    assert_string_equal(world.events.last_digest, "");
    assert_int_equal(world.events.last_shards, 0);
    spectacles_relay_set_flags(world.relay, SPECTACLES_RELAY_MARKS);
    publish(0, 11, "A", "{\"id\":1}");
    assert_int_equal(strlen(world.events.last_digest), 32);
    assert_int_equal(world.events.last_shards, SCENE_COUNT);
    publish(2, 70, "A", "{\"id\":1}");
    assert_string_equal(world.events.last_digest, before);
    publish(2, 71, "B", "{\"id\":1}");
    assert_string_not_equal(world.events.last_digest, before);
    publish(2, 72, "B", "{\"id\":2}");
    assert_string_not_equal(world.events.last_digest, before);
    spectacles_relay_set_flags(world.relay, 0);
    publish(2, 75, "B", "{\"id\":2}");
    assert_string_equal(world.events.last_digest, "");
    scene_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_event_has_one_digest)};
    return cmocka_run_group_tests_name("relay_marks", tests, NULL, NULL);
}
