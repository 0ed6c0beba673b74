/*
 * Members of a fleet, of whose allocations any one may fail: each goes on, all shards are served in the end, and no
 * event is missing while the fleet goes to another number of shards.
 */
#include "failing.h"
#include "fleets.h"
#include "unit.h"

#include <stdio.h>

enum {
    SAMPLES = 60
};

static uint32_t phase(void)
{
    spectacles_fleet_resharding out;
    spectacles_fleet_resharding_init(&out, sizeof out);
    spectacles_fleet_progress(fleets.members[0].fleet, &out);
    return out.phase;
}

static void pass_until(uint32_t wanted, uint64_t most)
{
    for (uint64_t end = fleets.now + most; phase() != wanted && fleets.now < end;)
        fleets_pass(FLEET_STEP);
}

/* A wish that was not said for lack of memory is repeated, as a person does who sees no progress. */
static void reshard(void)
{
    for (int i = 0; i < 3 && phase() == SPECTACLES_FLEET_STABLE; i++) {
        spectacles_fleet_reshard(fleets.members[0].fleet, FLEET_OTHER_SHARDS);
        fleets_pass(3000);
    }
    pass_until(SPECTACLES_FLEET_STABLE, 400000);
}

static void live(void)
{
    fleets_begin(NULL);
    fleets_start(0, "a");
    fleets_start(1, "b");
    fleets_pass(90000);
    assert_int_equal(fleets_served_by_all(), FLEET_SHARDS);
    fleets_count_events();
    reshard();
    fleets_pass(20000);
    assert_int_equal(fleets_others_served(), FLEET_OTHER_SHARDS);
    assert_int_equal(fleets_served_by_all(), 0);
    fleets.is_quiet = true;
    fleets_pass(20000);
    assert_null(fleets_find_wrong_event());
    spectacles_fleet_leave(fleets.members[1].fleet, fleets.now);
    fleets_pass(20000);
    assert_int_equal(spectacles_fleet_has_left(fleets.members[1].fleet), 1);
    assert_int_equal(fleets_others_served(), FLEET_OTHER_SHARDS);
    fleets_end(NULL);
}

/* The first ones each, and then some all over the life. */
static void any_allocation_may_fail(void **state)
{
    (void)state;
    fake_pause = failing_pause;
    failing_start(0);
    live();
    size_t count = failing_count();
    assert_true(count > SAMPLES);
    for (size_t i = 1; i <= SAMPLES; i++) {
        size_t nth = i <= SAMPLES / 2 ? i : count / (SAMPLES / 2) * (i - SAMPLES / 2) - i;
        failing_start(nth);
        live();
    }
    failing_start(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_allocation_may_fail)};
    return cmocka_run_group_tests_name("fleet/whole_nomem", tests, NULL, NULL);
}
