/* Shards: which of their events the owner is told, rate limits, and whose turn it is to identify. */
#include "scene.h"

/* Fifty shards made 249 tries in the first ten seconds of a ban: what one is told goes for all, and is said once. */
static void a_rate_limit_of_one_shard_holds_all_and_is_told_once(void **state)
{
    (void)state;
    scene_start(1);
    static const uint64_t waits[] = {82721000, 82722000, 82720500, 82781000};
    int told = 0;
    int disconnected = 0;
    for (size_t i = 0; i < 4; i++) {
        const spectacles_relay_event *event;
        fake_hold(&world.shards[i % 2], world.now + waits[i]);
        while ((event = spectacles_relay_next_event(world.relay, world.now))) {
            disconnected += event->type == SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED && event->hold_until > 0;
            if (event->type != SPECTACLES_RELAY_EVENT_RATE_LIMITED)
                continue;
            assert_true(event->until == world.now + waits[i]);
            assert_string_equal(event->text, "status 429");
            told++;
        }
    }
    assert_int_equal(disconnected, 4);
    assert_int_equal(told, 2);
    assert_int_equal(fake_count("hold "), 2 * (int)(sizeof world.shards / sizeof world.shards[0] - 1));
    scene_end();
}

/* A hanging loop is the owner's business; from which state to which is the shard's. */
static void late_heartbeats_and_missing_compression_are_passed_on(void **state)
{
    (void)state;
    scene_start(1);
    fake_shard_event(&world.shards[1], SPECTACLES_SHARD_EVENT_STATE, 0);
    fake_shard_event(&world.shards[1], SPECTACLES_SHARD_EVENT_LATE, 0);
    const spectacles_relay_event *event = spectacles_relay_next_event(world.relay, world.now);
    assert_non_null(event);
    assert_int_equal(event->type, SPECTACLES_RELAY_EVENT_SHARD_LATE);
    assert_int_equal(event->shard_id, 1);
    fake_shard_event(&world.shards[1], SPECTACLES_SHARD_EVENT_PLAIN, 0);
    event = spectacles_relay_next_event(world.relay, world.now);
    assert_non_null(event);
    assert_int_equal(event->type, SPECTACLES_RELAY_EVENT_SHARD_PLAIN);
    assert_null(spectacles_relay_next_event(world.relay, world.now));
    scene_end();
}

static void identifies_take_turns(void **state)
{
    (void)state;
    scene_start(1);
    for (uint32_t i = 0; i < SCENE_SHARDS; i++)
        fake_shard_event(&world.shards[SCENE_SHARDS - 1 - i], SPECTACLES_SHARD_EVENT_IDENTIFY, 0);
    scene_pull();
    scene_pull();
    assert_int_equal(fake_count("identify"), 1);
    assert_int_equal(spectacles_relay_deadline(world.relay), 6000);
    world.now = 5999;
    scene_pull();
    assert_int_equal(fake_count("identify"), 1);
    world.now = 6000;
    scene_pull();
    world.now = 11000;
    scene_pull();
    assert_int_equal(fake_count("identify"), 3);
    assert_true(spectacles_relay_deadline(world.relay) == SPECTACLES_NEVER);
    scene_end();
}

static void buckets_identify_side_by_side(void **state)
{
    (void)state;
    scene_start(2);
    for (uint32_t i = 0; i < SCENE_SHARDS; i++)
        fake_shard_event(&world.shards[i], SPECTACLES_SHARD_EVENT_IDENTIFY, 0);
    scene_pull();
    /* 0 and 2 share a bucket. */
    assert_int_equal(fake_count("identify"), 2);
    assert_int_equal(fake_called("identify 1 at 1000"), 1);
    /* Who has gone away has no turn. */
    spectacles_shard *waiting = fake_called("identify 0 at 1000") ? &world.shards[2] : &world.shards[0];
    fake_shard_event(waiting, SPECTACLES_SHARD_EVENT_DISCONNECTED, 0);
    world.now = 6000;
    scene_pull();
    assert_int_equal(fake_count("identify"), 2);
    scene_end();
}

/* The turn of a shard has come, but its connection has ended, which was not pulled yet: no identify is used. */
static void a_dead_connection_has_no_turn(void **state)
{
    (void)state;
    spectacles_relay_stats stats = {.size = sizeof stats};
    scene_start(1);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_IDENTIFY, 0);
    fake_shard_event(&world.shards[1], SPECTACLES_SHARD_EVENT_IDENTIFY, 0);
    scene_pull();
    int second = fake_called("identify 0 at 1000");
    assert_int_equal(fake_count("identify"), 1);
    assert_int_equal(spectacles_relay_deadline(world.relay), 6000);
    world.shards[second].dead = 1;
    world.now = 6000;
    scene_pull();
    assert_int_equal(fake_count("identify"), 1);
    assert_true(spectacles_relay_deadline(world.relay) == SPECTACLES_NEVER);
    world.shards[second].dead = 0;
    fake_shard_event(&world.shards[second], SPECTACLES_SHARD_EVENT_IDENTIFY, 0);
    scene_pull();
    assert_int_equal(fake_count("identify"), 2);
    spectacles_relay_get_stats(world.relay, &stats);
    assert_int_equal(stats.identifies, 2);
    scene_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_limit_of_one_shard_holds_all_and_is_told_once),
        cmocka_unit_test(late_heartbeats_and_missing_compression_are_passed_on),
        cmocka_unit_test(identifies_take_turns),
        cmocka_unit_test(buckets_identify_side_by_side),
        cmocka_unit_test(a_dead_connection_has_no_turn),
    };
    return cmocka_run_group_tests_name("relay/shards", tests, NULL, NULL);
}
