/* Shards come and go, and each allocation fails once: the call fails and can be made again, or it is done later. */
#include "failing.h"
#include "roster_steps.h"

/* True when all allocations of the call were counted before this one. */
static bool is_past(size_t nth)
{
    bool past = failing_count() < nth;
    failing_start(0);
    return past;
}

/* The shard works as it should: its packets come, its dispatches are published. */
static void use(uint32_t shard_id)
{
    spectacles_shard *shard = &world.shards[shard_id];
    fake_dispatch(shard, 2, "A", "{}");
    fake_shard_event(shard, SPECTACLES_SHARD_EVENT_RESUMED, 0);
    pull();
    uint64_t delivery = packet(shard_id);
    fake_shard_event(shard, SPECTACLES_SHARD_EVENT_SENT, 1);
    pull();
    assert_true(is_settled(delivery, "ack"));
    assert_true(fake_called("publish A sess:2 {}"));
}

static bool add_without(size_t nth)
{
    start(1);
    spectacles_gap gap = {.size = sizeof gap, .shard_id = 3, .seq = 7, .next = 1, .new_session_id = "sess"};
    failing_start(nth);
    int error = spectacles_relay_add_shard(world.relay, &world.shards[3], &gap, 1, NULL);
    bool past = is_past(nth);
    if (error != SPECTACLES_OK) {
        assert_int_equal(error, SPECTACLES_E_NOMEM);
        assert_false(world.shards[3].stream.has_relay);
        assert_int_equal(gaps(), 0);
        add(3);
    } else {
        assert_int_equal(gaps(), 1);
    }
    use(3);
    end();
    return past;
}

static void a_shard_is_added_or_not_held(void **state)
{
    (void)state;
    size_t nth = 1;
    while (!add_without(nth))
        nth++;
    assert_true(nth > 2);
}

/* With a packet that is held, and a dispatch that is not confirmed. */
static void fill(void)
{
    start(1);
    fake_dispatch(&world.shards[0], 2, "A", "{}");
    world.shards[0].send_error = SPECTACLES_E_AGAIN;
    packet(0);
    pull();
}

static bool remove_without(size_t nth)
{
    fill();
    failing_start(nth);
    remove_shard(0);
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_CONFIRMED, 2, 0);
    pull();
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_CLOSED, 0);
    pull();
    bool past = is_past(nth);
    pull();
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_SHARD_REMOVED], 1);
    assert_true(world.removed.seq == 2);
    assert_int_equal(fake_count("requeue"), 1);
    assert_true(fake_subscription(&world.commands, "0", 0) >= 0);
    end();
    return past;
}

static void a_shard_is_removed_in_any_case(void **state)
{
    (void)state;
    size_t nth = 1;
    while (!remove_without(nth))
        nth++;
}

static bool drop_without(size_t nth)
{
    fill();
    failing_start(nth);
    assert_int_equal(spectacles_relay_drop_shard(world.relay, 0), SPECTACLES_OK);
    bool past = is_past(nth);
    pull();
    assert_int_equal(fake_count("requeue"), 1);
    assert_true(fake_subscription(&world.commands, "0", 0) >= 0);
    end();
    return past;
}

static void a_shard_is_dropped_in_any_case(void **state)
{
    (void)state;
    size_t nth = 1;
    while (!drop_without(nth))
        nth++;
}

static bool send_without(size_t nth)
{
    static const uint8_t d[] = "{\"guild_id\":\"1\",\"channel_id\":null}";
    uint64_t ticket = 0;
    start(1);
    failing_start(nth);
    int error = spectacles_relay_send(world.relay, 0, 4, d, sizeof d - 1, &ticket);
    bool past = is_past(nth);
    assert_true(error == SPECTACLES_OK || error == SPECTACLES_E_NOMEM);
    assert_int_equal(ticket > 0, error == SPECTACLES_OK);
    pull();
    assert_int_equal(fake_count("send 0 4"), error == SPECTACLES_OK);
    end();
    return past;
}

static void a_packet_of_the_owner_is_taken_or_not(void **state)
{
    (void)state;
    size_t nth = 1;
    while (!send_without(nth))
        nth++;
    assert_true(nth > 2);
}

/* The packet was taken, so its answer has memory. */
static bool answer_without(size_t nth)
{
    static const uint8_t d[] = "{\"guild_id\":\"1\",\"channel_id\":null}";
    start(1);
    assert_int_equal(spectacles_relay_send(world.relay, 0, 4, d, sizeof d - 1, NULL), SPECTACLES_OK);
    pull();
    fake_read(&world.shards[0]);
    failing_start(nth);
    pull();
    bool past = is_past(nth);
    pull();
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_COMMAND_SENT], 1);
    end();
    return past;
}

static void a_packet_of_the_owner_is_answered_in_any_case(void **state)
{
    (void)state;
    size_t nth = 1;
    while (!answer_without(nth))
        nth++;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shard_is_added_or_not_held),
        cmocka_unit_test(a_shard_is_removed_in_any_case),
        cmocka_unit_test(a_shard_is_dropped_in_any_case),
        cmocka_unit_test(a_packet_of_the_owner_is_taken_or_not),
        cmocka_unit_test(a_packet_of_the_owner_is_answered_in_any_case),
    };
    return cmocka_run_group_tests_name("relay_nomem", tests, NULL, NULL);
}
