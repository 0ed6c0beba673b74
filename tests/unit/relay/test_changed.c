/* Which shards a relay names to a state: each shard that changed, once, and no other shard. */
#include "scene.h"

#include <stdio.h>

/* The ids of the shards that have changed, as one text; and the list begins anew. */
static const char *changed(void)
{
    static char text[64];
    bool listed[SCENE_COUNT] = {false};
    const spectacles_shard *shard = NULL;
    size_t length = 0;
    while ((shard = spectacles_relay_next_changed(world.relay, shard))) {
        assert_false(listed[spectacles_shard_id(shard)]);
        listed[spectacles_shard_id(shard)] = true;
    }
    text[0] = '\0';
    for (unsigned id = 0; id < SCENE_COUNT; id++)
        length += listed[id] ? (size_t)snprintf(text + length, sizeof text - length, "%u ", id) : 0;
    spectacles_relay_forget_changed(world.relay);
    return text;
}

static void begin(void)
{
    scene_start(1);
    scene_pull();
    assert_string_equal(changed(), "0 1 2 ");
}

static void a_shard_that_is_served_anew_is_one_of_them(void **state)
{
    (void)state;
    spectacles_relay_config config;
    scene_begin(&config, 2, SCENE_COUNT);
    scene_make(&config);
    assert_string_equal(changed(), "0 1 ");
    world.shards[2] = (spectacles_shard){.id = 2, .count = SCENE_COUNT, .state = SPECTACLES_SHARD_IDLE};
    assert_int_equal(spectacles_relay_add_shard(world.relay, &world.shards[2], NULL, 0, NULL), SPECTACLES_OK);
    assert_string_equal(changed(), "2 ");
    scene_end();
}

static void what_does_nothing_does_not_change(void **state)
{
    (void)state;
    begin();
    scene_pull();
    assert_string_equal(changed(), "");
    scene_end();
}

/* A dispatch is told at once, its commit when it is confirmed, and a shard stands in the list once. */
static void a_dispatch_and_its_commit(void **state)
{
    (void)state;
    begin();
    fake_dispatch(&world.shards[1], 2, "A", "1");
    fake_dispatch(&world.shards[1], 3, "A", "2");
    scene_pull();
    assert_string_equal(changed(), "1 ");
    scene_confirm(1);
    assert_string_equal(changed(), "1 ");
    scene_confirm(2);
    assert_string_equal(changed(), "1 ");
    scene_pull();
    assert_string_equal(changed(), "");
    scene_end();
}

static void a_session_that_is_lost_and_a_gap_until_it_is_confirmed(void **state)
{
    (void)state;
    spectacles_gap gap = {.size = sizeof gap};
    begin();
    fake_lose_session(&world.shards[2]);
    scene_pull();
    assert_int_equal(spectacles_relay_gap(world.relay, 2, 0, &gap), 1);
    assert_string_equal(changed(), "2 ");
    fake_ready(&world.shards[2], "next");
    scene_pull();
    assert_string_equal(changed(), "2 ");
    scene_confirm(1);
    assert_int_equal(spectacles_relay_gap(world.relay, 2, 0, &gap), 0);
    assert_string_equal(changed(), "2 ");
    scene_end();
}

/* It was published, and the broker says later that it does not take it: a gap, and it counts as done. */
static void a_dispatch_that_is_refused(void **state)
{
    (void)state;
    begin();
    fake_dispatch(&world.shards[0], 2, "A", "1");
    scene_pull();
    changed();
    fake_failed(&world.events, 1, 406, "PRECONDITION_FAILED");
    scene_pull();
    assert_string_equal(changed(), "0 ");
    scene_end();
}

static void a_shard_that_leaves_is_forgotten(void **state)
{
    (void)state;
    begin();
    fake_dispatch(&world.shards[0], 2, "A", "1");
    fake_dispatch(&world.shards[1], 2, "A", "1");
    scene_pull();
    assert_int_equal(spectacles_relay_drop_shard(world.relay, 0), SPECTACLES_OK);
    assert_string_equal(changed(), "1 ");
    scene_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shard_that_is_served_anew_is_one_of_them),
        cmocka_unit_test(what_does_nothing_does_not_change),
        cmocka_unit_test(a_dispatch_and_its_commit),
        cmocka_unit_test(a_session_that_is_lost_and_a_gap_until_it_is_confirmed),
        cmocka_unit_test(a_dispatch_that_is_refused),
        cmocka_unit_test(a_shard_that_leaves_is_forgotten),
    };
    return cmocka_run_group_tests_name("relay/changed", tests, NULL, NULL);
}
