/* The queues of shards that come and go: who consumes them, and where their packets are meanwhile. */
#include "roster_steps.h"

static void packets_of_a_removed_shard_go_back_or_are_sent(void **state)
{
    (void)state;
    start(2);
    uint64_t gone = packet(0);
    uint64_t going = packet(0);
    world.shards[0].send_error = SPECTACLES_E_AGAIN;
    world.shards[0].refill_at = NOW + 500;
    uint64_t held = packet(0);
    remove_shard(0);
    assert_true(is_settled(held, "requeue"));
    assert_true(spectacles_relay_deadline(world.relay) == SPECTACLES_NEVER);
    assert_true(fake_called("unsubscribe 0"));
    assert_true(fake_subscription(&world.commands, "0", 0) >= 0);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_SENT, 1);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_UNSENT, 2);
    close_shard(0);
    assert_true(is_settled(gone, "ack"));
    assert_true(is_settled(going, "requeue"));
    end();
}

/* The consumer ends first: else what goes back would come again. */
static void the_queue_is_left_before_packets_go_back_to_it(void **state)
{
    (void)state;
    start(2);
    world.shards[0].state = SPECTACLES_SHARD_BACKOFF;
    uint64_t held = packet(0);
    fake_forget();
    remove_shard(0);
    assert_string_equal(fake_log[0], "unsubscribe 0");
    assert_string_equal(fake_log[1], "declare 0");
    assert_true(is_settled(held, "requeue"));
    end();
}

static void a_shard_comes_back_and_gets_its_own_packets(void **state)
{
    (void)state;
    start(2);
    remove_shard(0);
    close_shard(0);
    add(2);
    world.shards[0] = (spectacles_shard){.id = 0, .count = COUNT};
    add(0);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_RESUMED, 0);
    fake_shard_event(&world.shards[2], SPECTACLES_SHARD_EVENT_RESUMED, 0);
    pull();
    packet(2);
    assert_int_equal(fake_count("send 2"), 1);
    packet(0);
    assert_int_equal(fake_count("send 0"), 1);
    packet(1);
    assert_int_equal(fake_count("send 1"), 1);
    end();
}

static void a_queue_that_memory_was_short_for_is_asked_for_again(void **state)
{
    (void)state;
    start(2);
    world.commands.unsubscribe_error = SPECTACLES_E_NOMEM;
    add(2);
    assert_true(fake_subscription(&world.commands, "2", 0) >= 0);
    world.commands.subscribe_error = SPECTACLES_E_NOMEM;
    pull();
    fake_shard_event(&world.shards[2], SPECTACLES_SHARD_EVENT_RESUMED, 0);
    pull();
    packet(2);
    assert_int_equal(fake_count("send 2"), 1);
    end();
}

/* The broker has taken a subscription, and the call that asked for it failed. Then it is wanted no more. */
static void a_subscription_that_nobody_is_sure_of_is_not_kept(void **state)
{
    (void)state;
    start(2);
    world.commands.subscribe_error = SPECTACLES_E_NOMEM;
    add(2);
    assert_true(fake_subscription(&world.commands, "2", 1) >= 0);
    assert_int_equal(spectacles_relay_drop_shard(world.relay, 2), SPECTACLES_OK);
    assert_true(fake_subscription(&world.commands, "2", 0) >= 0);
    end();
}

/* SEND is consumed when all queues stand. The queue of a shard that comes meanwhile stands a little later. */
static void send_waits_for_the_queue_of_an_added_shard(void **state)
{
    (void)state;
    start(2);
    for (uint32_t number = 0; number < 3; number++)
        fake_broker_event(&world.commands, SPECTACLES_BROKER_EVENT_SUBSCRIBED, 0, number);
    add(3);
    pull();
    assert_int_equal(fake_count("subscribe SEND"), 0);
    int number = fake_subscription(&world.commands, "3", 1);
    fake_broker_event(&world.commands, SPECTACLES_BROKER_EVENT_SUBSCRIBED, 0, (uint32_t)number);
    pull();
    assert_int_equal(fake_count("subscribe SEND"), 1);
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_SUBSCRIBED], 4);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_of_a_removed_shard_go_back_or_are_sent),
        cmocka_unit_test(the_queue_is_left_before_packets_go_back_to_it),
        cmocka_unit_test(a_shard_comes_back_and_gets_its_own_packets),
        cmocka_unit_test(a_queue_that_memory_was_short_for_is_asked_for_again),
        cmocka_unit_test(a_subscription_that_nobody_is_sure_of_is_not_kept),
        cmocka_unit_test(send_waits_for_the_queue_of_an_added_shard),
    };
    return cmocka_run_group_tests_name("relay_queues", tests, NULL, NULL);
}
