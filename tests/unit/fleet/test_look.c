/* What a member shows of the fleet: slots, members, and the names of everything that it tells. */
#include "fleets.h"
#include "unit.h"

enum {
    START = 80000 /* until the fleet has identified all of its shards, and shared them */
};

static void slots_have_an_owner_a_standby_and_an_epoch(void **state)
{
    (void)state;
    fleets_start(0, "a");
    assert_int_equal(spectacles_fleet_slot_count(fleets.members[0].fleet), FLEET_SHARDS);
    spectacles_fleet_slot_info before = fleets_slot(0, 3);
    assert_int_equal(before.state, SPECTACLES_FLEET_IDLE);
    assert_string_equal(before.owner, "");
    assert_string_equal(before.planned, "");
    assert_int_equal(before.epoch, 0);
    fleets_start(1, "b");
    fleets_pass(START);
    spectacles_fleet_slot_info one = fleets_slot(0, 3), other = fleets_slot(1, 3);
    assert_string_equal(one.owner, other.owner);
    assert_string_equal(one.planned, one.owner);
    assert_string_equal(one.standby, one.owner[4] == '0' ? "web-1" : "web-0");
    assert_true(one.epoch > 0 && one.epoch == other.epoch);
    assert_int_equal(one.state + other.state, SPECTACLES_FLEET_OWNED + SPECTACLES_FLEET_WAITING);
}

static void a_slot_that_is_not_there_is_refused(void **state)
{
    spectacles_fleet_slot_info info;
    (void)state;
    fleets_start(0, "a");
    spectacles_fleet_slot_info_init(&info, sizeof info);
    assert_int_equal(spectacles_fleet_slot(fleets.members[0].fleet, FLEET_SHARDS, &info), SPECTACLES_E_INVAL);
    info.size = 0;
    assert_int_equal(spectacles_fleet_slot(fleets.members[0].fleet, 0, &info), SPECTACLES_E_INVAL);
}

static void members_are_shown_one_after_the_other(void **state)
{
    spectacles_fleet_member_info info;
    uint32_t slots = 0;
    (void)state;
    fleets_start(0, "a");
    fleets_start(1, "b");
    fleets_pass(START);
    spectacles_fleet_member_info_init(&info, sizeof info);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(spectacles_fleet_member(fleets.members[0].fleet, i, &info), 1);
        assert_string_equal(info.name, i == 0 ? "web-0" : "web-1");
        assert_string_equal(info.zone, i == 0 ? "a" : "b");
        assert_int_equal(info.weight, 100);
        assert_false(info.leaves);
        assert_true(info.heard_at + 2500 > fleets.now);
        slots += info.slot_count;
    }
    assert_int_equal(slots, FLEET_SHARDS);
    assert_int_equal(spectacles_fleet_member(fleets.members[0].fleet, 2, &info), 0);
    info.size = 0;
    assert_int_equal(spectacles_fleet_member(fleets.members[0].fleet, 0, &info), SPECTACLES_E_INVAL);
}

static void who_leaves_is_shown_so(void **state)
{
    spectacles_fleet_member_info info;
    (void)state;
    fleets_start(0, "a");
    fleets_start(1, "b");
    fleets_pass(START);
    spectacles_fleet_leave(fleets.members[1].fleet, fleets.now);
    fleets_pass(100);
    spectacles_fleet_member_info_init(&info, sizeof info);
    assert_int_equal(spectacles_fleet_member(fleets.members[0].fleet, 1, &info), 1);
    assert_true(info.leaves);
    fleets_pass(START);
    assert_int_equal(spectacles_fleet_member(fleets.members[0].fleet, 1, &info), 0);
}

static void everything_has_a_name(void **state)
{
    (void)state;
    for (uint32_t type = SPECTACLES_FLEET_EVENT_ADD_SHARD; type <= SPECTACLES_FLEET_EVENT_BROKER_DISCONNECTED;
         type++)
        assert_non_null(spectacles_fleet_event_type_name(type));
    assert_string_equal(spectacles_fleet_event_type_name(SPECTACLES_FLEET_EVENT_GRANT_IDENTIFY),
                        "GRANT_IDENTIFY");
    assert_string_equal(spectacles_fleet_event_type_name(999), "UNKNOWN");
    for (uint32_t slot = SPECTACLES_FLEET_IDLE; slot <= SPECTACLES_FLEET_DOUBTFUL; slot++)
        assert_string_not_equal(spectacles_fleet_slot_state_name(slot), "UNKNOWN");
    assert_string_equal(spectacles_fleet_slot_state_name(99), "UNKNOWN");
    for (uint32_t phase = SPECTACLES_FLEET_STABLE; phase <= SPECTACLES_FLEET_ABORTING; phase++)
        assert_string_not_equal(spectacles_fleet_phase_name(phase), "UNKNOWN");
    assert_string_equal(spectacles_fleet_phase_name(99), "UNKNOWN");
}

#define in_order(test) cmocka_unit_test_setup_teardown(test, fleets_begin, fleets_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_order(slots_have_an_owner_a_standby_and_an_epoch),
        in_order(a_slot_that_is_not_there_is_refused),
        in_order(members_are_shown_one_after_the_other),
        in_order(who_leaves_is_shown_so),
        in_order(everything_has_a_name),
    };
    return cmocka_run_group_tests_name("fleet/look", tests, NULL, NULL);
}
