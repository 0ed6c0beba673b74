/* Dispatches on their way to the workers: which are published, what is committed, and what is replayed. */
#include "relay/internal.h"
#include "scene.h"

static void publishes_what_is_allowed(void **state)
{
    (void)state;
    scene_start(1);
    fake_dispatch(&world.shards[1], 2, "MESSAGE_CREATE", "{\"n\":1.0}");
    fake_dispatch(&world.shards[1], 3, "TYPING_START", "{}");
    fake_dispatch(&world.shards[1], 4, "MESSAGE_CREATE_", "{}");
    fake_dispatch(&world.shards[1], 5, "B", "2");
    scene_pull();
    assert_int_equal(fake_count("publish"), 2);
    assert_int_equal(fake_called("publish MESSAGE_CREATE sess:2 {\"n\":1.0}"), 1);
    assert_int_equal(fake_called("publish B sess:5 2"), 1);
    spectacles_relay_stats stats = {.size = sizeof stats};
    spectacles_relay_get_stats(world.relay, &stats);
    assert_int_equal(stats.dispatched, 4);
    assert_int_equal(stats.filtered, 2);
    assert_int_equal(stats.published, 2);
    scene_end();
}

static void commits_what_is_confirmed_without_a_gap(void **state)
{
    (void)state;
    scene_start(1);
    spectacles_shard *shard = &world.shards[0];
    fake_dispatch(shard, 2, "X", "");
    fake_dispatch(shard, 3, "A", "");
    fake_dispatch(shard, 4, "A", "");
    fake_dispatch(shard, 5, "X", "");
    fake_dispatch(shard, 6, "A", "");
    scene_pull();
    assert_int_equal(shard->committed, 2);
    scene_confirm(2);
    assert_int_equal(shard->committed, 2);
    scene_confirm(1);
    assert_int_equal(shard->committed, 5);
    scene_confirm(3);
    assert_int_equal(shard->committed, 6);
    scene_end();
}

/* However long the broker is away: one event waits for its confirm, and thousands behind it are not wanted. */
static void what_is_filtered_out_takes_no_room(void **state)
{
    (void)state;
    scene_start(1);
    spectacles_shard *shard = &world.shards[0];
    const sp_ring *open = &world.relay->shards[0]->dispatches;
    for (uint64_t seq = 2; seq < 5000; seq++) {
        fake_dispatch(shard, seq, seq % 1000 == 0 ? "A" : "X", "");
        scene_pull();
    }
    assert_int_equal(fake_count("publish"), 4);
    assert_int_equal(shard->committed, 999);
    assert_true(open->count <= 8);
    scene_confirm(3);
    scene_confirm(2);
    assert_int_equal(shard->committed, 999);
    scene_confirm(1);
    assert_int_equal(shard->committed, 3999);
    scene_confirm(4);
    assert_int_equal(shard->committed, 4999);
    assert_int_equal(open->count, 0);
    scene_end();
}

/* Its id would be another's, and its confirm would be taken for the other's. */
static void a_resumed_without_a_sequence_of_its_own(void **state)
{
    static const char *const allow[] = {"RESUMED", "A"};
    (void)state;
    scene_start(1);
    spectacles_shard *shard = &world.shards[0];
    sp_filter_free(&world.relay->filter);
    assert_int_equal(sp_filter_init(&world.relay->filter, allow, 2, 0), SPECTACLES_OK);
    fake_dispatch(shard, 2, "A", "");
    fake_dispatch(shard, 2, "RESUMED", "");
    fake_dispatch(shard, 3, "A", "");
    scene_pull();
    assert_int_equal(fake_count("publish"), 2);
    scene_confirm(2);
    scene_confirm(1);
    assert_int_equal(shard->committed, 3);
    scene_end();
}

static void a_confirm_of_an_older_connection_commits_nothing(void **state)
{
    (void)state;
    scene_start(1);
    spectacles_shard *shard = &world.shards[0];
    fake_dispatch(shard, 2, "A", "");
    fake_dispatch(shard, 3, "A", "");
    scene_pull();
    fake_shard_event(shard, SPECTACLES_SHARD_EVENT_DISCONNECTED, 0);
    scene_pull();
    scene_confirm(1);
    assert_int_equal(shard->committed, 0);
    /* Replayed, under the same ids. */
    fake_shard_event(shard, SPECTACLES_SHARD_EVENT_RESUMED, 0);
    fake_dispatch(shard, 2, "A", "");
    fake_dispatch(shard, 3, "A", "");
    scene_pull();
    assert_int_equal(fake_count("publish A sess:2"), 2);
    scene_confirm(2);
    assert_int_equal(shard->committed, 0);
    scene_confirm(3);
    assert_int_equal(shard->committed, 2);
    scene_confirm(4);
    assert_int_equal(shard->committed, 3);
    scene_end();
}

static void a_full_window_stops_the_shards(void **state)
{
    (void)state;
    scene_start(1);
    world.events.window = 2;
    for (uint64_t seq = 2; seq < 6; seq++)
        fake_dispatch(&world.shards[0], seq, "A", "");
    fake_dispatch(&world.shards[1], 2, "A", "");
    scene_pull();
    assert_int_equal(fake_count("publish"), 2);
    assert_int_equal(world.shards[0].queue.count + world.shards[1].queue.count, 3);
    scene_confirm(1);
    assert_int_equal(fake_count("publish"), 3);
    scene_confirm(2);
    scene_confirm(3);
    assert_int_equal(fake_count("publish"), 5);
    scene_end();
}

static void what_can_not_be_published_is_replayed(void **state)
{
    (void)state;
    scene_start(1);
    fake_dispatch(&world.shards[0], 2, "A", "");
    scene_pull();
    world.events.publish_error = SPECTACLES_E_NOMEM;
    fake_dispatch(&world.shards[0], 3, "A", "");
    scene_pull();
    assert_int_equal(fake_called("reconnect 0"), 1);
    assert_int_equal(scene_told(SPECTACLES_RELAY_EVENT_PUBLISH_FAILED), 1);
    scene_confirm(1);
    assert_int_equal(world.shards[0].committed, 2);
    scene_end();
}

/* Dispatches behind one that has to be replayed are not committed: the connection is read to its end first. */
static void what_stands_behind_it_is_replayed_too(void **state)
{
    (void)state;
    scene_start(1);
    spectacles_shard *shard = &world.shards[0];
    fake_dispatch(shard, 2, "A", "");
    scene_pull();
    scene_confirm(1);
    world.events.publish_error = SPECTACLES_E_NOMEM;
    fake_dispatch(shard, 3, "A", "");
    scene_pull();
    world.events.publish_error = SPECTACLES_OK;
    fake_dispatch(shard, 4, "X", "");
    fake_dispatch(shard, 5, "A", "");
    scene_pull();
    assert_int_equal(shard->committed, 2);
    assert_int_equal(fake_count("publish"), 1);
    fake_shard_event(shard, SPECTACLES_SHARD_EVENT_DISCONNECTED, 0);
    fake_shard_event(shard, SPECTACLES_SHARD_EVENT_RESUMED, 0);
    for (uint64_t seq = 3; seq <= 5; seq++)
        fake_dispatch(shard, seq, seq == 4 ? "X" : "A", "");
    scene_pull();
    assert_int_equal(fake_count("publish"), 3);
    scene_confirm(2);
    assert_int_equal(shard->committed, 4);
    scene_confirm(3);
    assert_int_equal(shard->committed, 5);
    scene_end();
}

/* A broker that will never take one must not hold up all that comes behind it. */
static void what_the_broker_refuses_is_declared(void **state)
{
    (void)state;
    scene_start(1);
    spectacles_shard *shard = &world.shards[0];
    fake_dispatch(shard, 2, "A", "");
    fake_dispatch(shard, 3, "B", "large");
    fake_dispatch(shard, 4, "A", "");
    scene_pull();
    scene_confirm(1);
    scene_confirm(3);
    assert_int_equal(shard->committed, 2);
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_FAILED, 2, 0);
    scene_pull();
    assert_int_equal(scene_told(SPECTACLES_RELAY_EVENT_PUBLISH_FAILED), 1);
    assert_int_equal(shard->committed, 4);
    assert_int_equal(fake_count("publish SPECTACLES_GAP sess:gap:4 mandatory"), 1);
    assert_int_equal(scene_told(SPECTACLES_RELAY_EVENT_SHARD_GAP), 1);
    scene_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(publishes_what_is_allowed),
        cmocka_unit_test(commits_what_is_confirmed_without_a_gap),
        cmocka_unit_test(what_is_filtered_out_takes_no_room),
        cmocka_unit_test(a_resumed_without_a_sequence_of_its_own),
        cmocka_unit_test(a_confirm_of_an_older_connection_commits_nothing),
        cmocka_unit_test(a_full_window_stops_the_shards),
        cmocka_unit_test(what_can_not_be_published_is_replayed),
        cmocka_unit_test(what_stands_behind_it_is_replayed_too),
        cmocka_unit_test(what_the_broker_refuses_is_declared),
    };
    return cmocka_run_group_tests_name("relay/dispatches", tests, NULL, NULL);
}
