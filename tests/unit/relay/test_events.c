/* The events of the relay: what each field means, and for how long an event lives. */
#include "scene.h"

enum {
    UNIX_OFFSET = 500000
};

static void start(void)
{
    spectacles_relay_config config;
    scene_begin(&config, 1, 1);
    config.unix_offset = UNIX_OFFSET;
    scene_make(&config);
}

/* The next event of this type. Events of other types are passed over. */
static const spectacles_relay_event *next_of(uint32_t type)
{
    const spectacles_relay_event *event;
    while ((event = spectacles_relay_next_event(world.relay, SCENE_NOW)) && event->type != type)
        ;
    assert_non_null(event);
    return event;
}

static void the_id_of_a_session_is_no_name(void **state)
{
    (void)state;
    start();
    fake_ready(&world.shards[0], "first");
    const spectacles_relay_event *event = next_of(SPECTACLES_RELAY_EVENT_SHARD_READY);
    assert_string_equal(event->session_id, "first");
    assert_int_equal(event->session_id_length, 5);
    assert_null(event->name);
    assert_null(event->old_session_id);
    scene_end();
}

static void a_point_in_time_is_no_duration(void **state)
{
    (void)state;
    start();
    fake_hold(&world.shards[0], 7000);
    const spectacles_relay_event *event = next_of(SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED);
    assert_int_equal(event->until, 7000);
    assert_int_equal(event->hold_until, 7000);
    assert_int_equal(event->duration, 0);
    assert_int_equal(event->unix_time, 0);
    event = next_of(SPECTACLES_RELAY_EVENT_RATE_LIMITED);
    assert_int_equal(event->until, 7000);
    assert_int_equal(event->hold_until, 0);
    scene_end();
}

/* The newest event of the shard took so long. */
static void set_duration(uint64_t duration)
{
    fake_queue *queue = &world.shards[0].queue;
    queue->events[(queue->first + queue->count - 1) % FAKE_EVENTS].shard.duration = duration;
}

static void how_long_a_heartbeat_took_is_a_duration(void **state)
{
    static const struct {
        uint32_t of_shard, of_relay;
        uint64_t duration;
    } rows[] = {{SPECTACLES_SHARD_EVENT_LATENCY, SPECTACLES_RELAY_EVENT_SHARD_LATENCY, 42},
                {SPECTACLES_SHARD_EVENT_LATE, SPECTACLES_RELAY_EVENT_SHARD_LATE, 1500}};
    (void)state;
    start();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fake_shard_event(&world.shards[0], rows[i].of_shard, 0);
        set_duration(rows[i].duration);
        const spectacles_relay_event *event = next_of(rows[i].of_relay);
        assert_int_equal(event->duration, rows[i].duration);
        assert_int_equal(spectacles_relay_event_duration(event), rows[i].duration);
        assert_int_equal(event->until, 0);
        assert_int_equal(event->hold_until, 0);
        assert_int_equal(event->unix_time, 0);
        assert_null(event->session_id);
    }
    scene_end();
}

static void a_gap_has_two_sessions_and_the_time_of_the_calendar(void **state)
{
    (void)state;
    start();
    fake_ready(&world.shards[0], "first");
    fake_lose_session(&world.shards[0]);
    fake_ready(&world.shards[0], "second");
    const spectacles_relay_event *event = next_of(SPECTACLES_RELAY_EVENT_SHARD_GAP);
    size_t length = 0;
    assert_string_equal(spectacles_relay_event_session_id(event, NULL), "second");
    assert_string_equal(spectacles_relay_event_old_session_id(event, &length), "first");
    assert_int_equal(length, 5);
    assert_int_equal(event->unix_time, SCENE_NOW + UNIX_OFFSET);
    assert_int_equal(event->until, 0);
    assert_null(event->name);
    scene_end();
}

/* One reads an event, makes calls because of it, and goes on reading it. */
static void an_event_lives_until_the_next_pull(void **state)
{
    (void)state;
    start();
    fake_ready(&world.shards[0], "first");
    fake_lose_session(&world.shards[0]);
    fake_ready(&world.shards[0], "second");
    const spectacles_relay_event *event = next_of(SPECTACLES_RELAY_EVENT_SHARD_GAP);
    const spectacles_relay_event copy = *event;
    spectacles_gap gap;
    spectacles_gap_init(&gap, sizeof gap);
    spectacles_relay_stats stats;
    spectacles_relay_stats_init(&stats, sizeof stats);
    assert_int_equal(spectacles_relay_gap(world.relay, 0, 0, &gap), 1);
    assert_int_equal(spectacles_relay_get_stats(world.relay, &stats), SPECTACLES_OK);
    assert_int_equal(spectacles_relay_identify_limit(world.relay, 0, 0, 0, SCENE_NOW), SPECTACLES_E_INVAL);
    spectacles_relay_deadline(world.relay);
    assert_int_equal(spectacles_relay_stop(world.relay, 0, SCENE_NOW), SPECTACLES_OK);
    assert_memory_equal(event, &copy, sizeof copy);
    assert_string_equal(event->session_id, "second");
    assert_string_equal(event->old_session_id, "first");
    assert_non_null(strstr(event->text, "its session was lost"));
    scene_end();
}

static void a_call_that_fails_says_why(void **state)
{
    (void)state;
    start();
    assert_string_equal(spectacles_relay_last_error(world.relay), "");
    assert_int_equal(spectacles_relay_identify_limit(world.relay, 0, 0, 0, SCENE_NOW), SPECTACLES_E_INVAL);
    assert_non_null(strstr(spectacles_relay_last_error(world.relay), "total is 0"));
    scene_end();
}

static void a_struct_with_a_size_has_an_init(void **state)
{
    spectacles_gap gap;
    spectacles_relay_stats stats;
    (void)state;
    memset(&gap, 0xaa, sizeof gap);
    memset(&stats, 0xaa, sizeof stats);
    spectacles_gap_init(&gap, sizeof gap);
    spectacles_relay_stats_init(&stats, sizeof stats);
    assert_int_equal(gap.size, sizeof gap);
    assert_null(gap.old_session_id);
    assert_int_equal(stats.size, sizeof stats);
    assert_int_equal(stats.limited, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_id_of_a_session_is_no_name),
        cmocka_unit_test(a_point_in_time_is_no_duration),
        cmocka_unit_test(how_long_a_heartbeat_took_is_a_duration),
        cmocka_unit_test(a_gap_has_two_sessions_and_the_time_of_the_calendar),
        cmocka_unit_test(an_event_lives_until_the_next_pull),
        cmocka_unit_test(a_call_that_fails_says_why),
        cmocka_unit_test(a_struct_with_a_size_has_an_init),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
