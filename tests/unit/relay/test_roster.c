/* Shards that are added, removed and dropped while the relay runs: nothing of them is lost or done twice. */
#include "roster_steps.h"

#include <stdio.h>

/* ---- Adding ---- */

static void a_relay_begins_without_shards(void **state)
{
    (void)state;
    start(0);
    assert_int_equal(fake_count("declare"), COUNT + 1);
    assert_true(spectacles_relay_deadline(world.relay) == SPECTACLES_NEVER);
    add(2);
    fake_ready(&world.shards[2], "two");
    pull();
    assert_true(fake_called("publish READY two:1 {}"));
    end();
}

static void an_added_shard_has_its_packets_its_session_and_its_gaps(void **state)
{
    (void)state;
    start(2);
    spectacles_gap given[2] = {{.size = sizeof given[0], .shard_id = 3, .seq = 7, .next = 1},
                               {.size = sizeof given[0], .shard_id = 3, .seq = 9, .next = 1}};
    given[0].old_session_id = "old";
    given[0].new_session_id = "kept";
    snprintf(world.shards[3].session, sizeof world.shards[3].session, "kept");
    assert_int_equal(spectacles_relay_add_shard(world.relay, &world.shards[3], given, 2, NULL), 0);
    assert_true(fake_called("unsubscribe 3") && fake_called("subscribe 3"));
    pull();
    assert_true(fake_count("publish SPECTACLES_GAP kept:gap:1") == 1);
    assert_int_equal(gaps(), 2); /* the second one waits for a session */
    fake_dispatch(&world.shards[3], 12, "A", "{}");
    fake_shard_event(&world.shards[3], SPECTACLES_SHARD_EVENT_RESUMED, 0);
    pull();
    assert_true(fake_called("publish A kept:12 {}"));
    packet(3);
    assert_int_equal(fake_count("send 3 4"), 1);
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_UNSUBSCRIBED], 0);
    end();
}

static void refuse(int error, spectacles_shard *shard, const spectacles_gap *gap, const char *part)
{
    spectacles_problem problem = {0};
    size_t count = gap ? 1 : 0;
    int got = spectacles_relay_add_shard(world.relay, shard, gap, count, &problem);
    assert_int_equal(got, error);
    assert_non_null(strstr(problem.text, part));
    assert_string_equal(spectacles_relay_last_error(world.relay), problem.text);
}

static void what_cannot_be_added_is_refused_and_not_held(void **state)
{
    (void)state;
    start(2);
    spectacles_shard other = {.id = 0, .count = COUNT};
    spectacles_gap gap = {.size = sizeof gap, .shard_id = 1};
    refuse(SPECTACLES_E_INVAL, NULL, NULL, "NULL");
    refuse(SPECTACLES_E_INVAL, &other, NULL, "served here already");
    refuse(SPECTACLES_E_INVAL, &world.shards[2], &gap, "another shard");
    gap = (spectacles_gap){.size = 8, .shard_id = 2};
    refuse(SPECTACLES_E_INVAL, &world.shards[2], &gap, "size");
    gap = (spectacles_gap){.size = sizeof gap, .shard_id = 2, .new_session_id = "new"};
    refuse(SPECTACLES_E_INVAL, &world.shards[2], &gap, "next 0");
    assert_int_equal(spectacles_relay_add_shard(world.relay, &world.shards[2], NULL, 1, NULL),
                     SPECTACLES_E_INVAL);
    world.shards[2].count = COUNT + 1;
    refuse(SPECTACLES_E_INVAL, &world.shards[2], NULL, "shard_count");
    world.shards[2].count = COUNT;
    world.shards[2].state = SPECTACLES_SHARD_BACKOFF;
    refuse(SPECTACLES_E_STATE, &world.shards[2], NULL, "connected before");
    world.shards[2].state = SPECTACLES_SHARD_IDLE;
    remove_shard(0);
    refuse(SPECTACLES_E_INVAL, &other, NULL, "served here already");
    spectacles_relay_stop(world.relay, 0, NOW);
    refuse(SPECTACLES_E_STATE, &world.shards[2], NULL, "a stop has begun");
    refuse(SPECTACLES_E_STATE, &other, NULL, "a stop has begun");
    refuse(SPECTACLES_E_STATE, NULL, NULL, "a stop has begun");
    assert_false(world.shards[2].stream.has_relay);
    assert_int_equal(fake_count("subscribe 2"), 0);
    end();
}

/* What the gateway said to one shard goes for those that come later as well. */
static void an_added_shard_waits_out_a_rate_limit(void **state)
{
    (void)state;
    start(1);
    fake_hold(&world.shards[0], NOW + 60000);
    pull();
    add(2);
    assert_true(fake_called("hold 2 until 61000"));
    end();
}

/* ---- Removing ---- */

static uint32_t service_of(uint32_t shard_id)
{
    spectacles_relay_shard_stats stats;
    spectacles_relay_shard_stats_init(&stats, sizeof stats);
    assert_int_equal(spectacles_relay_get_shard_stats(world.relay, shard_id, &stats), SPECTACLES_OK);
    return stats.service;
}

static void a_removed_shard_says_what_it_waits_for(void **state)
{
    (void)state;
    start(2);
    fake_dispatch(&world.shards[0], 2, "A", "{}");
    pull();
    assert_int_equal(service_of(0), SPECTACLES_SERVICE_SERVED);
    remove_shard(0);
    pull();
    assert_int_equal(service_of(0), SPECTACLES_SERVICE_LEAVING);
    confirm(3);
    assert_int_equal(service_of(0), SPECTACLES_SERVICE_CLOSING);
    assert_int_equal(service_of(1), SPECTACLES_SERVICE_SERVED);
    end();
}

static void a_removed_shard_waits_for_its_confirms_and_says_where_to_resume(void **state)
{
    (void)state;
    start(2);
    fake_dispatch(&world.shards[0], 2, "A", "{}");
    fake_dispatch(&world.shards[0], 3, "A", "{}");
    fake_dispatch(&world.shards[1], 2, "A", "{}");
    pull();
    remove_shard(0);
    confirm(5); /* of shard 1 */
    confirm(4);
    assert_int_equal(fake_count("close"), 0);
    confirm(3);
    assert_true(fake_called("close shard 0 0"));
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_SHARD_REMOVED], 0);
    close_shard(0);
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_SHARD_CLOSED], 1);
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_SHARD_REMOVED], 1);
    assert_int_equal(world.removed.shard_id, 0);
    assert_string_equal(world.session, "zero");
    assert_true(world.removed.seq == 3);
    assert_false(world.shards[0].stream.has_relay);
    assert_int_equal(spectacles_relay_remove_shard(world.relay, 0, 0, NOW), SPECTACLES_E_INVAL);
    end();
}

/* Before it is closed, and while it is: whoever resumes the session has all of it replayed. */
static void a_shard_that_leaves_takes_no_dispatch(void **state)
{
    (void)state;
    start(2);
    fake_dispatch(&world.shards[0], 2, "A", "{}");
    pull();
    assert_int_equal(spectacles_relay_remove_shard(world.relay, 0, 0, NOW), SPECTACLES_OK);
    fake_dispatch(&world.shards[0], 3, "A", "{}");
    pull();
    confirm(3);
    fake_dispatch(&world.shards[0], 4, "A", "{}");
    close_shard(0);
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_SHARD_REMOVED], 1);
    assert_int_equal(fake_count("publish A"), 1);
    assert_true(world.removed.seq == 2 && world.shards[0].committed == 2);
    end();
}

/* Its connection is not made anew, and it does not identify. What was published is committed all the same. */
static void a_shard_that_loses_its_connection_while_it_leaves_is_not_connected_again(void **state)
{
    (void)state;
    start(2);
    fake_dispatch(&world.shards[0], 2, "A", "{}");
    pull();
    assert_int_equal(spectacles_relay_remove_shard(world.relay, 0, 0, NOW), SPECTACLES_OK);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_DISCONNECTED, 0);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_IDENTIFY, 0);
    pull();
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED],
                     0); /* not pulled: it stays down */
    confirm(3);
    close_shard(0);
    assert_int_equal(fake_count("identify"), 0);
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_SHARD_REMOVED], 1);
    assert_true(world.removed.seq == 2);
    end();
}

static void a_shard_that_waits_to_identify_waits_no_more_when_it_is_removed(void **state)
{
    (void)state;
    start(1);
    add(2);
    add(3);
    fake_shard_event(&world.shards[2], SPECTACLES_SHARD_EVENT_IDENTIFY, 0);
    pull();
    fake_shard_event(&world.shards[3], SPECTACLES_SHARD_EVENT_IDENTIFY, 0);
    pull();
    assert_true(spectacles_relay_deadline(world.relay) == NOW + 5000);
    remove_shard(3);
    assert_true(spectacles_relay_deadline(world.relay) == SPECTACLES_NEVER);
    close_shard(3);
    assert_string_equal(world.session, "sess"); /* that of the fake */
    end();
}

static void declared_gaps_are_waited_for_and_open_ones_handed_over(void **state)
{
    (void)state;
    start(2);
    fake_lose_session(&world.shards[0]);
    fake_ready(&world.shards[0], "second");
    pull();
    fake_lose_session(&world.shards[0]);
    pull();
    remove_shard(0);
    assert_int_equal(fake_count("close"), 0);
    fake_returned(&world.events, 3, "SPECTACLES_GAP"); /* it is published again later */
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_CONFIRMED, 4, 0);
    pull();
    assert_int_equal(fake_count("close"), 0);
    while (spectacles_relay_next_event(world.relay, NOW + 2000))
        ;
    confirm(5);
    assert_true(fake_called("close shard 0 0"));
    close_shard(0);
    assert_int_equal(world.handed_over, 1);
    assert_string_equal(world.session, "-"); /* lost */
    assert_string_equal(world.gap_session, "-");
    assert_int_equal(gaps(), 0);
    end();
}

/* A READY that was on its way gives the gap a session: the gap is declared before the shard has left. */
static void a_session_that_begins_while_its_shard_is_closed_is_handed_over(void **state)
{
    (void)state;
    start(2);
    fake_lose_session(&world.shards[0]);
    pull();
    remove_shard(0);
    assert_true(fake_called("close shard 0 0"));
    fake_ready(&world.shards[0], "late");
    close_shard(0);
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_SHARD_REMOVED], 0);
    confirm(3);
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_SHARD_REMOVED], 1);
    assert_string_equal(world.session, "late");
    assert_true(world.removed.seq == 0); /* its READY was not published: it is replayed */
    assert_int_equal(world.handed_over, 0);
    end();
}

static void a_full_window_does_not_keep_a_shard_from_leaving(void **state)
{
    (void)state;
    start(2);
    fake_dispatch(&world.shards[1], 2, "A", "{}");
    pull();
    world.events.window = 1;
    remove_shard(0);
    close_shard(0);
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_SHARD_REMOVED], 1);
    end();
}

static void shards_that_have_ended_are_removed_at_once(void **state)
{
    (void)state;
    start(2);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_FATAL, 0);
    fake_shard_event(&world.shards[1], SPECTACLES_SHARD_EVENT_CLOSED, 0);
    pull();
    assert_int_equal(spectacles_relay_remove_shard(world.relay, 0, 0, NOW), SPECTACLES_OK);
    assert_int_equal(spectacles_relay_remove_shard(world.relay, 1, 0, NOW), SPECTACLES_OK);
    assert_int_equal(spectacles_relay_remove_shard(world.relay, 1, 0, NOW), SPECTACLES_OK); /* again */
    pull();
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_SHARD_REMOVED], 2);
    end();
}

/* The owner frees the engine: it is closed, and its confirms still count. */
static void a_shard_that_ends_while_it_leaves_is_waited_for(void **state)
{
    (void)state;
    start(2);
    fake_dispatch(&world.shards[0], 2, "A", "{}");
    pull();
    remove_shard(0);
    close_shard(0);
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_SHARD_REMOVED], 0);
    confirm(3);
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_SHARD_REMOVED], 1);
    assert_true(world.removed.seq == 2);
    end();
}

static void codes_that_are_none_are_refused(void **state)
{
    (void)state;
    start(1);
    assert_int_equal(spectacles_relay_remove_shard(world.relay, 0, 1005, NOW), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_relay_remove_shard(world.relay, 3, 0, NOW), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_relay_stop(world.relay, 5000, NOW), SPECTACLES_E_INVAL);
    assert_int_equal(fake_count("close"), 0);
    assert_int_equal(spectacles_relay_remove_shard(world.relay, 0, 1000, NOW), SPECTACLES_OK);
    pull();
    assert_true(fake_called("close shard 0 1000"));
    end();
}

/* ---- Stopping ---- */

static void a_relay_that_stops_closes_a_shard_that_leaves_with_its_own_code(void **state)
{
    (void)state;
    start(2);
    fake_dispatch(&world.shards[0], 2, "A", "{}");
    pull();
    remove_shard(0);
    spectacles_relay_stop(world.relay, 1000, NOW);
    assert_true(fake_called("close shard 0 0") && fake_called("close shard 1 1000"));
    close_shard(0);
    close_shard(1);
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_SHARD_REMOVED], 0);
    confirm(3);
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_SHARD_REMOVED], 1);
    assert_true(world.removed.seq == 2);
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_CLOSED, 0, 0);
    fake_broker_event(&world.commands, SPECTACLES_BROKER_EVENT_CLOSED, 0, 0);
    pull();
    assert_int_equal(spectacles_relay_stopped(world.relay), 1);
    end();
}

/* The broker has given up on its confirms. The relay has not stopped before the owner knows of the shard. */
static void a_broker_that_is_closed_ends_the_waiting(void **state)
{
    (void)state;
    start(1);
    fake_dispatch(&world.shards[0], 2, "A", "{}");
    pull();
    remove_shard(0);
    spectacles_relay_stop(world.relay, 0, NOW);
    close_shard(0);
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_CLOSED, 0, 0);
    fake_broker_event(&world.commands, SPECTACLES_BROKER_EVENT_CLOSED, 0, 0);
    while (world.told[SPECTACLES_RELAY_EVENT_SHARD_REMOVED] == 0) {
        const spectacles_relay_event *event = spectacles_relay_next_event(world.relay, NOW);
        assert_non_null(event);
        world.told[event->type]++;
        if (event->type == SPECTACLES_RELAY_EVENT_SHARD_REMOVED)
            assert_true(event->seq == 1);
        else
            assert_int_equal(spectacles_relay_stopped(world.relay), 0);
    }
    pull();
    assert_int_equal(spectacles_relay_stopped(world.relay), 1);
    end();
}

/* Both brokers have ended before the shard is closed. */
static void a_relay_has_not_stopped_before_its_owner_knows_of_a_shard_that_leaves(void **state)
{
    (void)state;
    start(1);
    spectacles_relay_remove_shard(world.relay, 0, 0, NOW);
    spectacles_relay_stop(world.relay, 0, NOW);
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_CLOSED, 0, 0);
    fake_broker_event(&world.commands, SPECTACLES_BROKER_EVENT_CLOSED, 0, 0);
    pull();
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_CLOSED, 0);
    const spectacles_relay_event *event;
    while ((event = spectacles_relay_next_event(world.relay, NOW)) &&
           event->type != SPECTACLES_RELAY_EVENT_SHARD_REMOVED)
        ;
    assert_non_null(event);
    assert_int_equal(spectacles_relay_stopped(world.relay), 0);
    pull();
    assert_int_equal(spectacles_relay_stopped(world.relay), 1);
    end();
}

static void a_relay_is_freed_while_shards_leave(void **state)
{
    (void)state;
    start(2);
    fake_dispatch(&world.shards[0], 2, "A", "{}");
    pull();
    remove_shard(0); /* LEAVING */
    remove_shard(1); /* CLOSING */
    end();
}

/* ---- Dropping ---- */

static void nothing_of_a_dropped_shard_is_committed_acknowledged_or_told(void **state)
{
    (void)state;
    start(2);
    uint64_t going = packet(0);
    world.shards[0].send_error = SPECTACLES_E_AGAIN;
    uint64_t held = packet(0);
    for (uint64_t seq = 2; seq <= 5; seq++)
        fake_dispatch(&world.shards[0], seq, "A", "{}");
    pull();
    memset(world.told, 0, sizeof world.told);
    assert_int_equal(spectacles_relay_drop_shard(world.relay, 0), SPECTACLES_OK);
    assert_true(is_settled(going, "requeue") && is_settled(held, "requeue"));
    assert_true(fake_subscription(&world.commands, "0", 0) >= 0);
    assert_false(world.shards[0].stream.has_relay);
    world.shards[0].count = 0; /* whoever looks at it now is wrong */
    confirm(3);
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_FAILED, 4, 0);
    fake_returned(&world.events, 5, "A");
    pull();
    assert_true(world.shards[0].committed == 1);
    assert_int_equal(fake_count("close"), 0);
    for (int type = 0; type < SPECTACLES_RELAY_EVENT_BROKER_CONNECTING; type++)
        assert_int_equal(world.told[type], 0);
    assert_int_equal(spectacles_relay_drop_shard(world.relay, 0), SPECTACLES_E_INVAL);
    end();
}

static void events_of_a_dropped_shard_that_wait_are_forgotten(void **state)
{
    (void)state;
    start(0);
    for (uint32_t i = 0; i < 2; i++) {
        spectacles_gap gap = {.size = sizeof gap, .shard_id = i, .next = 1, .new_session_id = "kept"};
        assert_int_equal(spectacles_relay_add_shard(world.relay, &world.shards[i], &gap, 1, NULL), 0);
    }
    /* Both gaps are published at once, and told one after the other. */
    const spectacles_relay_event *event = spectacles_relay_next_event(world.relay, NOW);
    assert_int_equal(event->type, SPECTACLES_RELAY_EVENT_SHARD_GAP);
    uint32_t first = event->shard_id;
    assert_int_equal(spectacles_relay_drop_shard(world.relay, 1 - first), SPECTACLES_OK);
    assert_null(spectacles_relay_next_event(world.relay, NOW));
    end();
}

static void a_gap_of_a_dropped_shard_is_answered_to_nobody(void **state)
{
    (void)state;
    start(2);
    fake_lose_session(&world.shards[0]);
    fake_ready(&world.shards[0], "second");
    pull();
    assert_int_equal(spectacles_relay_drop_shard(world.relay, 0), SPECTACLES_OK);
    assert_int_equal(gaps(), 0);
    world.shards[0] = (spectacles_shard){.id = 0, .count = COUNT};
    add(0); /* the answers to the old publishes are not about the new shard */
    fake_returned(&world.events, 3, "SPECTACLES_GAP");
    confirm(4);
    assert_true(world.shards[0].committed == 0);
    assert_true(spectacles_relay_deadline(world.relay) == SPECTACLES_NEVER);
    end();
}

static void a_shard_is_dropped_at_any_point_of_leaving(void **state)
{
    (void)state;
    start(2);
    fake_dispatch(&world.shards[0], 2, "A", "{}");
    pull();
    remove_shard(0); /* LEAVING */
    remove_shard(1); /* CLOSING */
    assert_int_equal(spectacles_relay_drop_shard(world.relay, 0), SPECTACLES_OK);
    assert_int_equal(spectacles_relay_drop_shard(world.relay, 1), SPECTACLES_OK);
    confirm(3);
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_SHARD_REMOVED], 0);
    end();
}

/* Both have left, and the owner was told of one of them. */
static void a_shard_that_has_left_is_dropped_before_it_is_told_of(void **state)
{
    (void)state;
    start(2);
    for (uint32_t i = 0; i < 2; i++)
        fake_shard_event(&world.shards[i], SPECTACLES_SHARD_EVENT_CLOSED, 0);
    pull();
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(spectacles_relay_remove_shard(world.relay, i, 0, NOW), SPECTACLES_OK);
    const spectacles_relay_event *event = spectacles_relay_next_event(world.relay, NOW);
    assert_int_equal(event->type, SPECTACLES_RELAY_EVENT_SHARD_REMOVED);
    assert_int_equal(event->shard_id, 0);
    assert_int_equal(spectacles_relay_drop_shard(world.relay, 1), SPECTACLES_OK);
    assert_null(spectacles_relay_next_event(world.relay, NOW));
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_relay_begins_without_shards),
        cmocka_unit_test(an_added_shard_has_its_packets_its_session_and_its_gaps),
        cmocka_unit_test(what_cannot_be_added_is_refused_and_not_held),
        cmocka_unit_test(an_added_shard_waits_out_a_rate_limit),
        cmocka_unit_test(a_removed_shard_says_what_it_waits_for),
        cmocka_unit_test(a_removed_shard_waits_for_its_confirms_and_says_where_to_resume),
        cmocka_unit_test(a_shard_that_leaves_takes_no_dispatch),
        cmocka_unit_test(a_shard_that_loses_its_connection_while_it_leaves_is_not_connected_again),
        cmocka_unit_test(a_shard_that_waits_to_identify_waits_no_more_when_it_is_removed),
        cmocka_unit_test(declared_gaps_are_waited_for_and_open_ones_handed_over),
        cmocka_unit_test(a_session_that_begins_while_its_shard_is_closed_is_handed_over),
        cmocka_unit_test(a_full_window_does_not_keep_a_shard_from_leaving),
        cmocka_unit_test(shards_that_have_ended_are_removed_at_once),
        cmocka_unit_test(a_shard_that_ends_while_it_leaves_is_waited_for),
        cmocka_unit_test(codes_that_are_none_are_refused),
        cmocka_unit_test(a_relay_that_stops_closes_a_shard_that_leaves_with_its_own_code),
        cmocka_unit_test(a_broker_that_is_closed_ends_the_waiting),
        cmocka_unit_test(a_relay_has_not_stopped_before_its_owner_knows_of_a_shard_that_leaves),
        cmocka_unit_test(a_relay_is_freed_while_shards_leave),
        cmocka_unit_test(nothing_of_a_dropped_shard_is_committed_acknowledged_or_told),
        cmocka_unit_test(events_of_a_dropped_shard_that_wait_are_forgotten),
        cmocka_unit_test(a_gap_of_a_dropped_shard_is_answered_to_nobody),
        cmocka_unit_test(a_shard_is_dropped_at_any_point_of_leaving),
        cmocka_unit_test(a_shard_that_has_left_is_dropped_before_it_is_told_of),
    };
    return cmocka_run_group_tests_name("relay_roster", tests, NULL, NULL);
}
