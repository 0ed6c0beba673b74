#include "scene.h"

#include <stdio.h>

enum {
    WALL = 1767225600 /* seconds since 1970 at the invented clock's 0 */
};

static const uint64_t offset = (uint64_t)WALL * 1000;

static int gap_events;
static char last_gap[FAKE_TEXT];

static void pull(void)
{
    const spectacles_relay_event *event;
    while ((event = spectacles_relay_next_event(world.relay, world.now))) {
        if (event->type != SPECTACLES_RELAY_EVENT_SHARD_GAP)
            continue;
        gap_events++;
        snprintf(last_gap, FAKE_TEXT, "%u %s>%s %llu %llu", event->shard_id,
                 event->old_session_id ? event->old_session_id : "-", event->session_id,
                 (unsigned long long)event->seq, (unsigned long long)event->unix_time);
    }
}

static int make(const spectacles_gap *gaps, size_t gap_count, const uint32_t *ops, size_t op_count,
                spectacles_problem *problem)
{
    static const char *const allow[] = {"A"};
    spectacles_relay_config config;
    gap_events = 0;
    last_gap[0] = '\0';
    scene_begin(&config, 2, 2);
    world.events.window = 100;
    world.shards[0].state = world.shards[1].state = SPECTACLES_SHARD_IDENTIFYING;
    config.allow_all = 0;
    config.allow = allow;
    config.allow_count = 1;
    config.unix_offset = offset;
    config.gaps = gaps;
    config.gap_count = gap_count;
    config.more_ops = ops;
    config.more_op_count = op_count;
    return spectacles_relay_new(&world.relay, &config, problem);
}

static void start(const spectacles_gap *gaps, size_t length)
{
    assert_int_equal(make(gaps, length, NULL, 0, NULL), SPECTACLES_OK);
}

static void lose_session(uint64_t seq)
{
    fake_dispatch(&world.shards[0], seq, "old", "");
    fake_change_last(&world.shards[0], SPECTACLES_SHARD_EVENT_GAP, "old");
    pull();
}

static void ready(uint32_t shard)
{
    fake_shard_event(&world.shards[shard], SPECTACLES_SHARD_EVENT_READY, 0);
    pull();
}

static void outcome(uint32_t type, uint64_t tag)
{
    fake_broker_event(&world.events, type, tag, 0);
    pull();
}

static uint64_t time_of_gap(void)
{
    spectacles_gap gap = {.size = sizeof gap};
    assert_int_equal(spectacles_relay_gap(world.relay, 0, 0, &gap), 1);
    return gap.unix_time;
}

/* A machine that learns the time only after it has lost a session. */
static void the_time_of_a_gap_follows_a_clock_that_is_set(void **state)
{
    (void)state;
    const uint64_t day = 86400000;
    start(NULL, 0);
    lose_session(3);
    uint64_t before = time_of_gap();
    spectacles_relay_set_unix_offset(world.relay, offset + 3 * day);
    assert_true(time_of_gap() == before + 3 * day);
    spectacles_relay_set_unix_offset(world.relay, offset - day);
    assert_true(time_of_gap() == before - day);
    /* A record that was published stays as it is. */
    ready(0);
    spectacles_relay_set_unix_offset(world.relay, offset);
    assert_true(time_of_gap() == before - day);
    scene_end();
}

static int pending(void)
{
    spectacles_gap gap = {.size = sizeof gap};
    int count = 0;
    for (uint32_t id = 0; id < SCENE_COUNT; id++) {
        for (size_t i = 0; spectacles_relay_gap(world.relay, id, i, &gap) == 1; i++)
            count++;
    }
    return count;
}

static const char record[] =
    "publish SPECTACLES_GAP sess:gap:1 mandatory {\"shard\":[0,2],\"old_session\":\"old\","
    "\"new_session\":\"sess\",\"seq\":17,\"next\":1,\"time\":1767225601000}";

static void a_lost_session_is_declared_once_and_first(void **state)
{
    (void)state;
    start(NULL, 0);
    lose_session(17);
    world.now = 4000;
    assert_int_equal(gap_events + fake_count("publish"), 0);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_READY, 0);
    fake_dispatch(&world.shards[0], 2, "A", "");
    pull();
    assert_int_equal(gap_events, 1);
    assert_string_equal(last_gap, "0 old>sess 17 1767225601000");
    assert_int_equal(fake_count("publish"), 2);
    assert_string_equal(fake_log[fake_lines - 2], record);
    assert_int_equal(pending(), 1);
    outcome(SPECTACLES_BROKER_EVENT_CONFIRMED, 1);
    assert_int_equal(pending(), 0);
    /* Another READY, without a loss, declares nothing. */
    ready(0);
    assert_int_equal(fake_count("publish SPECTACLES_GAP"), 1);
    spectacles_relay_stats stats = {.size = sizeof stats};
    spectacles_relay_get_stats(world.relay, &stats);
    assert_int_equal(stats.gaps, 1);
    assert_int_equal(stats.confirmed, 0);
    scene_end();
}

static void nothing_overtakes_a_gap(void **state)
{
    (void)state;
    start(NULL, 0);
    lose_session(17);
    world.events.publish_error = SPECTACLES_E_NOMEM;
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_READY, 0);
    fake_dispatch(&world.shards[0], 2, "A", "");
    pull();
    assert_int_equal(fake_count("publish") + fake_count("reconnect"), 0);
    world.events.publish_error = SPECTACLES_OK;
    pull();
    assert_string_equal(fake_log[fake_lines - 2], record);
    scene_end();
}

/* It is stored, and the next process declares it: what else is there to wait for. */
static void a_gap_that_waits_holds_up_no_stop(void **state)
{
    (void)state;
    start(NULL, 0);
    lose_session(17);
    world.events.window = 1;
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_READY, 0);
    assert_non_null(spectacles_relay_next_event(world.relay, world.now));
    world.events.window = 0;
    pull();
    assert_int_equal(fake_count("publish"), 0);
    assert_int_equal(spectacles_relay_stop(world.relay, 0, world.now), SPECTACLES_OK);
    for (int i = 0; i < 2; i++)
        fake_shard_event(&world.shards[i], SPECTACLES_SHARD_EVENT_CLOSED, 0);
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_CLOSED, 0, 0);
    fake_broker_event(&world.commands, SPECTACLES_BROKER_EVENT_CLOSED, 0, 0);
    pull();
    assert_int_equal(spectacles_relay_stopped(world.relay), 1);
    assert_int_equal(pending(), 1);
    scene_end();
}

static void a_gap_without_a_queue_is_tried_again(void **state)
{
    (void)state;
    start(NULL, 0);
    assert_int_equal(fake_called("declare SPECTACLES_GAP"), 1);
    lose_session(17);
    ready(0);
    outcome(SPECTACLES_BROKER_EVENT_RETURNED, 1);
    outcome(SPECTACLES_BROKER_EVENT_CONFIRMED, 1);
    assert_int_equal(pending(), 1);
    assert_int_equal(fake_count("publish"), 1);
    assert_int_equal(spectacles_relay_deadline(world.relay), 2000);
    world.now = 2000;
    pull();
    assert_int_equal(fake_count("publish"), 2);
    assert_string_equal(fake_log[fake_lines - 1], record);
    outcome(SPECTACLES_BROKER_EVENT_CONFIRMED, 2);
    assert_int_equal(pending(), 0);
    assert_int_equal(gap_events, 1);
    scene_end();
}

static void a_gap_survives_its_process(void **state)
{
    (void)state;
    spectacles_gap gap = {.size = sizeof gap};
    char old[16];
    start(NULL, 0);
    lose_session(17);
    assert_int_equal(spectacles_relay_gap(world.relay, 0, 0, &gap), 1);
    assert_null(gap.new_session_id);
    assert_int_equal(gap.seq, 17);
    snprintf(old, sizeof old, "%s", gap.old_session_id);
    gap.old_session_id = old;
    scene_end();
    /* Before it had a new session: the first READY ends it. */
    start(&gap, 1);
    ready(0);
    assert_string_equal(fake_log[fake_lines - 1], record);
    assert_int_equal(spectacles_relay_gap(world.relay, 0, 0, &gap), 1);
    assert_string_equal(gap.new_session_id, "sess");
    gap.old_session_id = "old";
    gap.new_session_id = "sess";
    scene_end();
    /* And after: the same message again, whatever the shard does. */
    start(&gap, 1);
    pull();
    assert_string_equal(fake_log[fake_lines - 1], record);
    scene_end();
}

static void an_unknown_session_is_null(void **state)
{
    (void)state;
    const spectacles_gap gaps[] = {{.size = sizeof *gaps, .shard_id = 1, .next = 1}};
    start(gaps, 1);
    ready(1);
    assert_string_equal(fake_log[fake_lines - 1],
                        "publish SPECTACLES_GAP sess:gap:1 mandatory {\"shard\":[1,2],\"old_session\":null,"
                        "\"new_session\":\"sess\",\"seq\":0,\"next\":1,\"time\":null}");
    scene_end();
}

/* Two records under one id would be one too many, and different. */
static void two_that_end_together_are_one(void **state)
{
    (void)state;
    const spectacles_gap gaps[] = {{.size = sizeof *gaps, .seq = 17, .next = 1, .old_session_id = "old"},
                                   {.size = sizeof *gaps, .next = 1}};
    start(gaps, 2);
    assert_int_equal(pending(), 1);
    ready(0);
    assert_int_equal(fake_count("publish SPECTACLES_GAP"), 1);
    assert_non_null(strstr(fake_log[fake_lines - 1], "\"old_session\":\"old\""));
    scene_end();
}

static void a_session_lost_again_before_it_began_is_one_gap(void **state)
{
    (void)state;
    start(NULL, 0);
    lose_session(17);
    lose_session(0);
    assert_int_equal(pending(), 1);
    ready(0);
    lose_session(5);
    assert_int_equal(pending(), 2);
    scene_end();
}

static void what_json_has_no_form_for_is_declared(void **state)
{
    (void)state;
    start(NULL, 0);
    ready(0);
    fake_dispatch(&world.shards[0], 2, "A", "\x83m");
    fake_change_last(&world.shards[0], SPECTACLES_SHARD_EVENT_DISPATCH, NULL);
    fake_dispatch(&world.shards[0], 3, "A", "");
    pull();
    assert_int_equal(fake_called("publish SPECTACLES_GAP sess:gap:3 mandatory {\"shard\":[0,2],"
                                 "\"old_session\":\"sess\",\"new_session\":\"sess\",\"seq\":1,\"next\":3,"
                                 "\"time\":1767225601000}"),
                     1);
    assert_int_equal(world.shards[0].committed, 2);
    scene_end();
}

static void more_ops_pass_where_they_are_allowed(void **state)
{
    (void)state;
    static const uint32_t ops[] = {99};
    static const uint32_t reserved[] = {6};
    spectacles_problem problem = {.text = ""};
    assert_int_equal(make(NULL, 0, reserved, 1, &problem), SPECTACLES_E_INVAL);
    assert_non_null(strstr(problem.text, "more_ops"));
    assert_int_equal(make(NULL, 0, ops, 1, &problem), SPECTACLES_OK);
    ready(0);
    fake_message(&world.commands, 0, "0", "{\"op\":99,\"d\":{\"x\":1}}");
    fake_message(&world.commands, 0, "0", "{\"op\":98,\"d\":{\"x\":1}}");
    fake_message(&world.commands, 0, "0", "{\"op\":1,\"d\":{\"x\":1}}");
    pull();
    assert_int_equal(fake_called("send 0 99 {\"x\":1}"), 1);
    assert_int_equal(fake_count("send"), 1);
    assert_int_equal(fake_count("reject"), 2);
    scene_end();
}

static void gaps_of_other_shards_are_refused(void **state)
{
    (void)state;
    spectacles_problem problem = {.text = ""};
    const spectacles_gap gaps[] = {{.size = sizeof *gaps, .shard_id = 2}, {.shard_id = 1}};
    assert_int_equal(make(gaps, 1, NULL, 0, &problem), SPECTACLES_E_INVAL);
    assert_non_null(strstr(problem.text, "gap is of no shard"));
    assert_int_equal(make(gaps + 1, 1, NULL, 0, &problem), SPECTACLES_E_INVAL);
    assert_non_null(strstr(problem.text, "size of a gap"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_session_is_declared_once_and_first),
        cmocka_unit_test(nothing_overtakes_a_gap),
        cmocka_unit_test(a_gap_that_waits_holds_up_no_stop),
        cmocka_unit_test(a_gap_without_a_queue_is_tried_again),
        cmocka_unit_test(a_gap_survives_its_process),
        cmocka_unit_test(an_unknown_session_is_null),
        cmocka_unit_test(two_that_end_together_are_one),
        cmocka_unit_test(a_session_lost_again_before_it_began_is_one_gap),
        cmocka_unit_test(what_json_has_no_form_for_is_declared),
        cmocka_unit_test(more_ops_pass_where_they_are_allowed),
        cmocka_unit_test(gaps_of_other_shards_are_refused),
        cmocka_unit_test(the_time_of_a_gap_follows_a_clock_that_is_set),
    };
    return cmocka_run_group_tests_name("relay_gaps", tests, NULL, NULL);
}
