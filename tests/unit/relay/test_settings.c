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

/* Of two numbers of shards one takes commands. What it has in its hands is still sent. */
static void commands_are_left_and_taken_again(void **state)
{
    (void)state;
    start(1);
    for (uint32_t number = 0; number < COUNT; number++)
        fake_broker_event(&world.commands, SPECTACLES_BROKER_EVENT_SUBSCRIBED, 0, number);
    pull();
    assert_true(fake_subscription(&world.commands, "SEND", 1) >= 0);
    assert_true(fake_subscription(&world.commands, "0", 1) >= 0);
    world.commands.unsubscribe_error = SPECTACLES_E_NOMEM;
    spectacles_relay_set_flags(world.relay, SPECTACLES_RELAY_NO_COMMANDS | SPECTACLES_RELAY_BROKERS_FIRST);
    assert_int_equal(world.relay->flags, SPECTACLES_RELAY_NO_COMMANDS);
    pull();
    assert_int_equal(fake_subscription(&world.commands, "SEND", 1), -1);
    assert_true(fake_subscription(&world.commands, "0", 0) >= 0);
    add(2);
    pull();
    assert_true(fake_subscription(&world.commands, "2", 0) >= 0);
    spectacles_relay_set_flags(world.relay, 0);
    pull();
    assert_true(fake_subscription(&world.commands, "SEND", 1) >= 0);
    assert_true(fake_subscription(&world.commands, "0", 1) >= 0);
    assert_true(fake_subscription(&world.commands, "2", 1) >= 0);
    end();
}

/* What a silent relay receives is committed, and nobody hears of it. */
static void a_silent_relay_commits(void **state)
{
    (void)state;
    start(1);
    spectacles_relay_set_flags(world.relay, SPECTACLES_RELAY_SILENT);
    fake_dispatch(&world.shards[0], 2, "A", "{}");
    fake_dispatch(&world.shards[0], 3, "RATE_LIMITED", "{}");
    pull();
    assert_int_equal(fake_count("publish A"), 0);
    assert_int_equal(fake_count("publish RATE_LIMITED"), 0);
    assert_int_equal(world.shards[0].committed, 3);
    spectacles_relay_set_flags(world.relay, 0);
    assert_int_equal(spectacles_relay_set_allow(world.relay, NULL, 0, 1), SPECTACLES_OK);
    fake_dispatch(&world.shards[0], 4, "A", "{}");
    pull();
    assert_int_equal(fake_count("publish A"), 1);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dispatches_follow_the_new_list),
        cmocka_unit_test(shards_that_wait_to_identify_go_on_waiting),
        cmocka_unit_test(the_limit_of_the_day_stays),
        cmocka_unit_test(commands_are_left_and_taken_again),
        cmocka_unit_test(a_silent_relay_commits),
    };
    return cmocka_run_group_tests_name("relay_settings", tests, NULL, NULL);
}
