/* Settings that change while the relay runs: no event and no shard that waits is forgotten over it. */
#include "roster_steps.h"

static void dispatches_follow_the_new_list(void **state)
{
    (void)state;
    static const char *const names[] = {"B", "C"};
    static const char *const bad[] = {"B", ""};
    start(1);
    assert_int_equal(spectacles_relay_set_allow(world.relay, names, 2, 0), SPECTACLES_OK);
    fake_dispatch(&world.shards[0], 2, "A", "{}");
    fake_dispatch(&world.shards[0], 3, "B", "{}");
    pull();
    assert_int_equal(fake_count("publish A"), 0);
    assert_int_equal(fake_count("publish B"), 1);
    assert_int_equal(spectacles_relay_set_allow(world.relay, bad, 2, 0), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_relay_set_allow(world.relay, NULL, 1, 1), SPECTACLES_E_INVAL);
    fake_dispatch(&world.shards[0], 4, "A", "{}");
    fake_dispatch(&world.shards[0], 5, "C", "{}");
    pull();
    assert_int_equal(fake_count("publish C"), 1); /* the old list stays */
    assert_int_equal(fake_count("publish A"), 0);
    assert_int_equal(spectacles_relay_set_allow(world.relay, NULL, 0, 1), SPECTACLES_OK);
    fake_dispatch(&world.shards[0], 6, "A", "{}");
    pull();
    assert_int_equal(fake_count("publish A"), 1);
    end();
}

/* Identified at 1000. At 6000 the old bucket is free: then all four buckets of the new number are. */
static void shards_that_wait_to_identify_go_on_waiting(void **state)
{
    (void)state;
    start(0);
    for (uint32_t i = 0; i < COUNT; i++) {
        add(i);
        fake_shard_event(&world.shards[i], SPECTACLES_SHARD_EVENT_IDENTIFY, 0);
    }
    pull();
    assert_int_equal(fake_count("identify"), 1);
    assert_int_equal(spectacles_relay_set_max_concurrency(world.relay, 0), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_relay_set_max_concurrency(world.relay, 65537), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_relay_set_max_concurrency(world.relay, 16), SPECTACLES_OK);
    assert_true(spectacles_relay_deadline(world.relay) == NOW + 5000);
    pull();
    assert_int_equal(fake_count("identify"), 1);
    while (spectacles_relay_next_event(world.relay, NOW + 5000))
        ;
    assert_int_equal(fake_count("identify"), COUNT);
    end();
}

static void the_limit_of_the_day_stays(void **state)
{
    (void)state;
    start(0);
    add(0);
    spectacles_relay_identify_limit(world.relay, 1000, 0, 60000, NOW);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_IDENTIFY, 0);
    pull();
    assert_int_equal(spectacles_relay_set_max_concurrency(world.relay, 2), SPECTACLES_OK);
    pull();
    assert_int_equal(fake_count("identify"), 0);
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_IDENTIFY_LIMIT], 1);
    assert_true(spectacles_relay_deadline(world.relay) == NOW + 60000);
    /* The shard comes and goes in the new buckets. */
    assert_int_equal(spectacles_relay_drop_shard(world.relay, 0), SPECTACLES_OK);
    assert_true(spectacles_relay_deadline(world.relay) == SPECTACLES_NEVER);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dispatches_follow_the_new_list),
        cmocka_unit_test(shards_that_wait_to_identify_go_on_waiting),
        cmocka_unit_test(the_limit_of_the_day_stays),
    };
    return cmocka_run_group_tests_name("relay_settings", tests, NULL, NULL);
}
