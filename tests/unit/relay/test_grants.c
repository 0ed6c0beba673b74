/* What the owner grants: identifies, and the dispatches of a session that is stored. */
#include "roster_steps.h"

static void ask_to_identify(uint32_t shard_id)
{
    fake_shard_event(&world.shards[shard_id], SPECTACLES_SHARD_EVENT_IDENTIFY, 0);
    pull();
}

static int asked(void)
{
    return world.told[SPECTACLES_RELAY_EVENT_SHARD_WANTS_IDENTIFY];
}

static int grant(uint32_t shard_id)
{
    return spectacles_relay_grant_identify(world.relay, shard_id, NOW);
}

/* ---- Identifies ---- */

static void no_shard_identifies_before_its_owner_grants_it(void **state)
{
    (void)state;
    start_with(SPECTACLES_RELAY_GRANTED_IDENTIFIES);
    add(0);
    add(1);
    ask_to_identify(0);
    ask_to_identify(1);
    assert_int_equal(asked(), 2);
    assert_int_equal(fake_count("identify"), 0);
    assert_true(spectacles_relay_deadline(world.relay) == SPECTACLES_NEVER);
    /* Both at once: the owner knows what is allowed. */
    assert_int_equal(grant(1), SPECTACLES_OK);
    assert_int_equal(grant(0), SPECTACLES_OK);
    assert_int_equal(fake_count("identify"), 2);
    pull();
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_SHARD_IDENTIFYING], 2);
    assert_int_equal(grant(0), SPECTACLES_E_STATE); /* once */
    assert_int_equal(fake_count("identify"), 2);
    end();
}

static void a_grant_lapses_with_the_connection(void **state)
{
    (void)state;
    start_with(SPECTACLES_RELAY_GRANTED_IDENTIFIES);
    add(0);
    assert_int_equal(grant(0), SPECTACLES_E_STATE); /* it has not asked */
    ask_to_identify(0);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_DISCONNECTED, 0);
    pull();
    assert_int_equal(grant(0), SPECTACLES_E_STATE);
    assert_int_equal(fake_count("identify"), 0);
    ask_to_identify(0);
    assert_int_equal(asked(), 2);
    world.shards[0].dead = 1; /* the connection has ended, and nobody was told yet */
    assert_int_equal(grant(0), SPECTACLES_E_STATE);
    world.shards[0].dead = 0;
    ask_to_identify(0);
    assert_int_equal(asked(), 3);
    assert_int_equal(grant(0), SPECTACLES_OK);
    end();
}

static void a_shard_that_leaves_is_granted_nothing(void **state)
{
    (void)state;
    start_with(SPECTACLES_RELAY_GRANTED_IDENTIFIES);
    add(0);
    ask_to_identify(0);
    assert_int_equal(spectacles_relay_remove_shard(world.relay, 0, 0, NOW), SPECTACLES_OK);
    assert_int_equal(grant(0), SPECTACLES_E_STATE);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_IDENTIFY, 0);
    close_shard(0);
    assert_int_equal(asked(), 1);
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_SHARD_REMOVED], 1);
    end();
}

static void a_relay_that_grants_by_itself_takes_no_grant(void **state)
{
    (void)state;
    start(1);
    add(2);
    ask_to_identify(2);
    assert_int_equal(asked(), 0);
    assert_int_equal(fake_count("identify"), 1);
    assert_int_equal(grant(2), SPECTACLES_E_INVAL);
    assert_int_equal(grant(3), SPECTACLES_E_INVAL);
    end();
}

/* ---- Brokers first ---- */

static void tell_queue(int subscription, uint32_t type)
{
    fake_broker_event(&world.commands, type, 0, (uint32_t)subscription);
    pull();
}

static void let_queues_stand(void)
{
    for (uint32_t id = 0; id < COUNT; id++)
        tell_queue(world.relay->queues[id].subscription, SPECTACLES_BROKER_EVENT_SUBSCRIBED);
}

/* Neither broker alone is enough, and nothing is due meanwhile: the loop of the owner does not spin. */
static void no_shard_identifies_before_a_worker_can_be_answered(void **state)
{
    (void)state;
    start_with(SPECTACLES_RELAY_BROKERS_FIRST);
    add(0);
    add(1);
    ask_to_identify(0);
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_READY, 0, 0);
    let_queues_stand();
    assert_int_equal(fake_count("identify"), 0);
    assert_true(spectacles_relay_deadline(world.relay) == SPECTACLES_NEVER);
    tell_queue(world.relay->send_subscription, SPECTACLES_BROKER_EVENT_SUBSCRIBED);
    assert_int_equal(fake_count("identify"), 1);
    /* What held once is enough. */
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_DISCONNECTED, 0, 0);
    ask_to_identify(1);
    assert_true(spectacles_relay_deadline(world.relay) != SPECTACLES_NEVER);
    end();
}

static void a_queue_that_is_refused_stops_no_identify(void **state)
{
    (void)state;
    start_with(SPECTACLES_RELAY_BROKERS_FIRST);
    add(0);
    ask_to_identify(0);
    let_queues_stand();
    tell_queue(world.relay->send_subscription, SPECTACLES_BROKER_EVENT_UNSUBSCRIBED);
    assert_int_equal(fake_count("identify"), 0);
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_READY, 0, 0);
    pull();
    assert_int_equal(fake_count("identify"), 1);
    end();
}

/* ---- Sessions ---- */

/* Not its dispatches, and not the gap before it; also not after other shards have made the relay work. */
static void nothing_of_a_session_leaves_before_it_is_stored(void **state)
{
    (void)state;
    start_with(SPECTACLES_RELAY_HOLDS_NEW_SESSIONS);
    spectacles_gap gap = {.size = sizeof gap, .shard_id = 0, .seq = 7, .old_session_id = "old"};
    assert_int_equal(spectacles_relay_add_shard(world.relay, &world.shards[0], &gap, 1, NULL), 0);
    add(1);
    fake_ready(&world.shards[0], "zero");
    fake_dispatch(&world.shards[0], 2, "A", "{}");
    fake_ready(&world.shards[1], "one");
    pull();
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_SHARD_READY], 2);
    assert_int_equal(spectacles_relay_session_stored(world.relay, 1, "one"), SPECTACLES_OK);
    fake_dispatch(&world.shards[0], 3, "A", "{}");
    pull();
    assert_int_equal(fake_count("publish"), 1);
    assert_true(fake_called("publish READY one:1 {}"));
    /* An answer of the store that comes late is of another session. */
    assert_int_equal(spectacles_relay_session_stored(world.relay, 0, "old"), SPECTACLES_E_STATE);
    pull();
    assert_int_equal(fake_count("publish"), 1);
    assert_int_equal(spectacles_relay_session_stored(world.relay, 0, "zero"), SPECTACLES_OK);
    assert_int_equal(spectacles_relay_session_stored(world.relay, 3, "zero"), SPECTACLES_E_INVAL);
    pull();
    assert_int_equal(fake_count("publish SPECTACLES_GAP zero:gap:1"), 1);
    assert_int_equal(fake_count("publish A zero"), 2);
    end();
}

/* A resume is of a session that is stored. */
static void a_session_that_goes_on_is_not_held(void **state)
{
    (void)state;
    start_with(SPECTACLES_RELAY_HOLDS_NEW_SESSIONS);
    add(0);
    fake_dispatch(&world.shards[0], 2, "A", "{}");
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_RESUMED, 0);
    pull();
    assert_int_equal(fake_count("publish A"), 1);
    end();
}

/* Its owner knows the session by then, and is handed its gap. */
static void a_session_that_is_not_stored_keeps_no_shard_from_leaving(void **state)
{
    (void)state;
    start_with(SPECTACLES_RELAY_HOLDS_NEW_SESSIONS);
    spectacles_gap gap = {.size = sizeof gap, .shard_id = 0, .seq = 7, .old_session_id = "old"};
    assert_int_equal(spectacles_relay_add_shard(world.relay, &world.shards[0], &gap, 1, NULL), 0);
    fake_ready(&world.shards[0], "zero");
    pull();
    remove_shard(0);
    close_shard(0);
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_SHARD_REMOVED], 1);
    assert_int_equal(fake_count("publish"), 0);
    assert_int_equal(world.handed_over, 1);
    assert_string_equal(world.gap_session, "zero");
    assert_string_equal(world.session, "zero");
    assert_true(world.removed.seq == 0);
    end();
}

static void a_relay_that_stops_waits_for_no_storing(void **state)
{
    (void)state;
    start_with(SPECTACLES_RELAY_HOLDS_NEW_SESSIONS);
    add(0);
    fake_ready(&world.shards[0], "zero");
    pull();
    spectacles_relay_stop(world.relay, 0, NOW);
    close_shard(0);
    assert_int_equal(world.told[SPECTACLES_RELAY_EVENT_SHARD_CLOSED], 1);
    assert_int_equal(fake_count("publish"), 0);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_shard_identifies_before_its_owner_grants_it),
        cmocka_unit_test(a_grant_lapses_with_the_connection),
        cmocka_unit_test(a_shard_that_leaves_is_granted_nothing),
        cmocka_unit_test(a_relay_that_grants_by_itself_takes_no_grant),
        cmocka_unit_test(no_shard_identifies_before_a_worker_can_be_answered),
        cmocka_unit_test(a_queue_that_is_refused_stops_no_identify),
        cmocka_unit_test(nothing_of_a_session_leaves_before_it_is_stored),
        cmocka_unit_test(a_session_that_goes_on_is_not_held),
        cmocka_unit_test(a_session_that_is_not_stored_keeps_no_shard_from_leaving),
        cmocka_unit_test(a_relay_that_stops_waits_for_no_storing),
    };
    return cmocka_run_group_tests_name("relay_grants", tests, NULL, NULL);
}
