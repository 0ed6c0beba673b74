/* What an owner says to its member: what is taken, what is ignored, and what is refused with a reason. */
#include "fleets.h"
#include "unit.h"

enum {
    START = 80000 /* until the fleet has identified all of its shards */
};

static spectacles_fleet *fleet;

static int set_up(void **state)
{
    fleets_begin(state);
    fleets_start(0, "a");
    fleet = fleets.members[0].fleet;
    return 0;
}

static void expect_refused(int error, int expected, const char *words)
{
    assert_int_equal(error, expected);
    if (!strstr(spectacles_fleet_last_error(fleet), words))
        fail_msg("'%s' does not say '%s'", spectacles_fleet_last_error(fleet), words);
}

static void no_call_takes_a_shard_that_is_not_there(void **state)
{
    static const uint32_t none[][2] = {{FLEET_SHARDS, FLEET_SHARDS}, {0, FLEET_OTHER_SHARDS}, {0, 0}};
    uint64_t now = fleets.now;
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        uint32_t id = none[i][0], count = none[i][1];
        const char *words = "no shard with this id";
        expect_refused(spectacles_fleet_report(fleet, id, count, NULL, NULL, 0, now), SPECTACLES_E_INVAL,
                       words);
        expect_refused(spectacles_fleet_removed(fleet, id, count, NULL, NULL, 0, now), SPECTACLES_E_INVAL,
                       words);
        expect_refused(spectacles_fleet_connected(fleet, id, count, now), SPECTACLES_E_INVAL, words);
        expect_refused(spectacles_fleet_disconnected(fleet, id, count, now), SPECTACLES_E_INVAL, words);
        expect_refused(spectacles_fleet_wants_identify(fleet, id, count, now), SPECTACLES_E_INVAL, words);
        expect_refused(spectacles_fleet_identified(fleet, id, count, 1, now), SPECTACLES_E_INVAL, words);
    }
}

static void what_is_late_is_ignored(void **state)
{
    spectacles_session session = {
        .size = sizeof session, .shard_count = FLEET_SHARDS, .seq = 7, .session_id = "s"};
    uint64_t now = fleets.now;
    (void)state;
    assert_int_equal(spectacles_fleet_report(fleet, 0, FLEET_SHARDS, &session, NULL, 0, now), SPECTACLES_OK);
    assert_int_equal(spectacles_fleet_removed(fleet, 0, FLEET_SHARDS, &session, NULL, 0, now), SPECTACLES_OK);
    assert_int_equal(spectacles_fleet_connected(fleet, 0, FLEET_SHARDS, now), SPECTACLES_OK);
    expect_refused(spectacles_fleet_wants_identify(fleet, 0, FLEET_SHARDS, now), SPECTACLES_E_INVAL,
                   "no shard with this id");
    fleets_pass(START);
    assert_int_equal(fleets.sessions, FLEET_SHARDS); /* nothing of it is a session of shard 0 */
}

static void what_is_reported_is_stored(void **state)
{
    (void)state;
    fleets_pass(START);
    for (uint32_t id = 0; id < FLEET_SHARDS; id++) {
        const fleet_shard *shard = fleets_shard(0, id);
        assert_true(shard->session != 0 && shard->stored + 5 > shard->seq);
    }
}

static void what_is_malformed_is_refused(void **state)
{
    spectacles_session session = {
        .size = sizeof session, .shard_count = FLEET_SHARDS, .seq = 7, .session_id = ""};
    spectacles_gap gap = {.size = sizeof gap, .new_session_id = "a b"};
    (void)state;
    fleets_pass(START);
    expect_refused(spectacles_fleet_report(fleet, 0, FLEET_SHARDS, &session, NULL, 0, fleets.now),
                   SPECTACLES_E_INVAL, "malformed");
    expect_refused(spectacles_fleet_report(fleet, 0, FLEET_SHARDS, NULL, &gap, 1, fleets.now),
                   SPECTACLES_E_INVAL, "malformed");
    assert_true(fleets_shard(0, 0)->is_served);
}

static void limits_of_no_use_are_refused(void **state)
{
    spectacles_gateway_bot answer = {.size = sizeof answer, .verdict = SPECTACLES_GATEWAY_BOT_FINE + 1};
    (void)state;
    expect_refused(spectacles_fleet_set_limits(fleet, &answer, fleets.now, fleets.now), SPECTACLES_E_INVAL,
                   "GET /gateway/bot");
}

static void a_wish_needs_a_connection(void **state)
{
    (void)state;
    expect_refused(spectacles_fleet_move(fleet, 5, NULL), SPECTACLES_E_STATE, "no connection to RabbitMQ");
    expect_refused(spectacles_fleet_reshard(fleet, FLEET_OTHER_SHARDS), SPECTACLES_E_STATE, "no leader");
    expect_refused(spectacles_fleet_abort_reshard(fleet), SPECTACLES_E_STATE, "no leader");
    fleets_pass(START);
    assert_int_equal(spectacles_fleet_move(fleet, 5, NULL), SPECTACLES_OK);
    expect_refused(spectacles_fleet_move(fleet, FLEET_SHARDS, NULL), SPECTACLES_E_INVAL, "no such slot");
    expect_refused(spectacles_fleet_move(fleet, 5, "a b"), SPECTACLES_E_INVAL, "no such name");
    expect_refused(spectacles_fleet_reshard(fleet, 65537), SPECTACLES_E_INVAL, "1 to 65536");
}

static void who_leaves_is_gone_when_nothing_is_left(void **state)
{
    (void)state;
    fleets_pass(START);
    spectacles_fleet_leave(fleet, fleets.now);
    spectacles_fleet_leave(fleet, fleets.now); /* once is enough */
    assert_false(spectacles_fleet_has_left(fleet));
    fleets_pass(START);
    assert_true(spectacles_fleet_has_left(fleet));
    assert_int_equal(fleets_served(0), 0);
}

#define alone(test) cmocka_unit_test_setup_teardown(test, set_up, fleets_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        alone(no_call_takes_a_shard_that_is_not_there),
        alone(what_is_late_is_ignored),
        alone(what_is_reported_is_stored),
        alone(what_is_malformed_is_refused),
        alone(limits_of_no_use_are_refused),
        alone(a_wish_needs_a_connection),
        alone(who_leaves_is_gone_when_nothing_is_left),
    };
    return cmocka_run_group_tests_name("fleet/report", tests, NULL, NULL);
}
