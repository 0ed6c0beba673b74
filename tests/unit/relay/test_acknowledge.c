/* The acknowledgements of an owner: what is safe because of them, and how long a relay that stops waits for them. */
#include "scene.h"

static void begin(uint32_t drain_timeout)
{
    spectacles_relay_config config;
    scene_begin(&config, 2, 2);
    config.events = config.commands = NULL;
    config.drain_timeout = drain_timeout;
    scene_make(&config);
    for (uint64_t seq = 2; seq < 5; seq++)
        fake_dispatch(&world.shards[0], seq, "A", "{}");
    scene_pull();
    assert_int_equal(scene_told(SPECTACLES_RELAY_EVENT_MESSAGE), 3);
}

static void acknowledge(uint64_t ticket, int error)
{
    assert_int_equal(spectacles_relay_acknowledge(world.relay, ticket), error);
}

static void what_is_acknowledged_without_a_hole_is_committed(void **state)
{
    (void)state;
    begin(0);
    acknowledge(3, SPECTACLES_OK);
    acknowledge(2, SPECTACLES_OK);
    assert_int_equal(world.shards[0].committed, 0);
    acknowledge(1, SPECTACLES_OK);
    assert_int_equal(world.shards[0].committed, 4);
    scene_end();
}

static void a_ticket_counts_once(void **state)
{
    (void)state;
    begin(0);
    acknowledge(0, SPECTACLES_E_INVAL);
    acknowledge(4, SPECTACLES_E_INVAL);
    acknowledge(2, SPECTACLES_OK);
    acknowledge(2, SPECTACLES_E_STATE);
    acknowledge(1, SPECTACLES_OK);
    acknowledge(1, SPECTACLES_E_STATE);
    assert_non_null(strstr(spectacles_relay_last_error(world.relay), "already"));
    scene_end();
    scene_start(1);
    acknowledge(1, SPECTACLES_E_INVAL);
    assert_non_null(strstr(spectacles_relay_last_error(world.relay), "brokers"));
    scene_end();
}

static void close_shards(void)
{
    for (uint32_t i = 0; i < 2; i++)
        fake_shard_event(&world.shards[i], SPECTACLES_SHARD_EVENT_CLOSED, 0);
    scene_pull();
}

static void a_stop_waits_for_acknowledgements(void **state)
{
    (void)state;
    begin(5000);
    assert_int_equal(spectacles_relay_stop(world.relay, 0, world.now), SPECTACLES_OK);
    close_shards();
    acknowledge(1, SPECTACLES_OK);
    acknowledge(2, SPECTACLES_OK);
    scene_pull();
    assert_int_equal(spectacles_relay_stopped(world.relay), 0);
    assert_int_equal(spectacles_relay_deadline(world.relay), world.now + 5000);
    acknowledge(3, SPECTACLES_OK);
    scene_pull();
    assert_int_equal(spectacles_relay_stopped(world.relay), 1);
    assert_int_equal(world.shards[0].committed, 4);
    scene_end();
}

static void but_not_for_ever(void **state)
{
    (void)state;
    begin(5000);
    assert_int_equal(spectacles_relay_stop(world.relay, 0, world.now), SPECTACLES_OK);
    close_shards();
    world.now += 4999;
    scene_pull();
    assert_int_equal(spectacles_relay_stopped(world.relay), 0);
    world.now++;
    scene_pull();
    assert_int_equal(spectacles_relay_stopped(world.relay), 1);
    assert_int_equal(world.shards[0].committed, 0);
    scene_end();
}

/* A shard leaves in order when its messages are acknowledged. One that is dropped takes its tickets with it. */
static void a_shard_leaves_when_its_messages_are_acknowledged(void **state)
{
    (void)state;
    begin(0);
    assert_int_equal(spectacles_relay_remove_shard(world.relay, 0, 0, world.now), SPECTACLES_OK);
    acknowledge(1, SPECTACLES_OK);
    acknowledge(2, SPECTACLES_OK);
    scene_pull();
    assert_int_equal(fake_count("close shard 0"), 0);
    acknowledge(3, SPECTACLES_OK);
    scene_pull();
    assert_int_equal(fake_count("close shard 0"), 1);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_CLOSED, 0);
    scene_pull();
    assert_int_equal(scene_told(SPECTACLES_RELAY_EVENT_SHARD_REMOVED), 1);
    fake_dispatch(&world.shards[1], 2, "A", "{}");
    fake_dispatch(&world.shards[1], 3, "A", "{}");
    assert_int_equal(spectacles_relay_next_event(world.relay, world.now)->ticket, 4);
    assert_int_equal(spectacles_relay_drop_shard(world.relay, 1), SPECTACLES_OK);
    acknowledge(4, SPECTACLES_E_STATE);
    scene_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_acknowledged_without_a_hole_is_committed),
        cmocka_unit_test(a_ticket_counts_once),
        cmocka_unit_test(a_stop_waits_for_acknowledgements),
        cmocka_unit_test(but_not_for_ever),
        cmocka_unit_test(a_shard_leaves_when_its_messages_are_acknowledged),
    };
    return cmocka_run_group_tests_name("relay/acknowledge", tests, NULL, NULL);
}
