/* The phases of a change of the number of shards: what leads where, and what each of them means. */
#include "fleet/reshard.h"
#include "unit.h"

static const sp_reshard_view fine = {.is_wanted = true,
                                     .needed = 4,
                                     .left = 4,
                                     .is_warm = true,
                                     .is_former_warm = true,
                                     .steady = SP_RESHARD_STEADY,
                                     .is_former_gone = true,
                                     .is_newcomer_gone = true};

static void each_phase_leads_to_the_next(void **state)
{
    static const enum sp_reshard_phase way[] = {SP_RESHARD_STABLE,  SP_RESHARD_PREPARE, SP_RESHARD_WARMING,
                                                SP_RESHARD_OVERLAP, SP_RESHARD_CLOSING, SP_RESHARD_STABLE};
    (void)state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(sp_reshard_next(way[i], &fine), way[i + 1]);
}

static void each_phase_waits_for_what_it_needs(void **state)
{
    sp_reshard_view view = fine;
    (void)state;
    view.left = 3;
    assert_int_equal(sp_reshard_next(SP_RESHARD_PREPARE, &view), SP_RESHARD_PREPARE);
    view.is_warm = false;
    assert_int_equal(sp_reshard_next(SP_RESHARD_WARMING, &view), SP_RESHARD_WARMING);
    assert_int_equal(sp_reshard_next(SP_RESHARD_OVERLAP, &view), SP_RESHARD_OVERLAP);
    view.is_warm = true;
    view.steady = SP_RESHARD_STEADY - 1;
    assert_int_equal(sp_reshard_next(SP_RESHARD_OVERLAP, &view), SP_RESHARD_OVERLAP);
    view.steady = SP_RESHARD_STEADY;
    view.is_former_warm = false;
    assert_int_equal(sp_reshard_next(SP_RESHARD_OVERLAP, &view), SP_RESHARD_OVERLAP);
    assert_true(SP_RESHARD_STEADY > SP_RESHARD_PAIR);
    view.is_former_gone = view.is_newcomer_gone = false;
    assert_int_equal(sp_reshard_next(SP_RESHARD_CLOSING, &view), SP_RESHARD_CLOSING);
    assert_int_equal(sp_reshard_next(SP_RESHARD_ABORTING, &view), SP_RESHARD_ABORTING);
}

/* After the switch there is no way back: A's sessions end. */
static void it_can_be_given_up_before_the_switch(void **state)
{
    sp_reshard_view view = fine;
    (void)state;
    view.is_wanted = view.is_former_gone = false;
    for (int i = SP_RESHARD_PREPARE; i <= SP_RESHARD_OVERLAP; i++) {
        assert_true(sp_reshard_may_abort((enum sp_reshard_phase)i));
        assert_int_equal(sp_reshard_next((enum sp_reshard_phase)i, &view), SP_RESHARD_ABORTING);
    }
    assert_false(sp_reshard_may_abort(SP_RESHARD_CLOSING));
    assert_int_equal(sp_reshard_next(SP_RESHARD_CLOSING, &view), SP_RESHARD_CLOSING);
    assert_int_equal(sp_reshard_next(SP_RESHARD_STABLE, &view), SP_RESHARD_STABLE);
    assert_int_equal(sp_reshard_next(SP_RESHARD_ABORTING, &view), SP_RESHARD_STABLE);
}

static bool publishes(enum sp_reshard_duty duty)
{
    return duty == SP_RESHARD_PUBLISH || duty == SP_RESHARD_MARK || duty == SP_RESHARD_END;
}

/* Members learn of a phase one after the other: over each step, one set publishes before and after. */
static void somebody_publishes_over_each_step(void **state)
{
    static const enum sp_reshard_phase steps[][2] = {
        {SP_RESHARD_STABLE, SP_RESHARD_PREPARE},   {SP_RESHARD_PREPARE, SP_RESHARD_WARMING},
        {SP_RESHARD_WARMING, SP_RESHARD_OVERLAP},  {SP_RESHARD_OVERLAP, SP_RESHARD_CLOSING},
        {SP_RESHARD_PREPARE, SP_RESHARD_ABORTING}, {SP_RESHARD_WARMING, SP_RESHARD_ABORTING},
        {SP_RESHARD_OVERLAP, SP_RESHARD_ABORTING}, {SP_RESHARD_ABORTING, SP_RESHARD_STABLE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        int found = 0;
        for (int newcomer = 0; newcomer < 2; newcomer++)
            found += publishes(sp_reshard_duty_of(steps[i][0], newcomer)) &&
                     publishes(sp_reshard_duty_of(steps[i][1], newcomer)) &&
                     sp_reshard_duty_of(steps[i][1], newcomer) != SP_RESHARD_END;
        assert_in_range(found, 1, 2);
    }
}

/* Where both publish, copies can be told apart. */
static void who_publishes_beside_the_other_marks(void **state)
{
    (void)state;
    for (int i = 0; i < SP_RESHARD_PHASES; i++) {
        enum sp_reshard_duty former = sp_reshard_duty_of((enum sp_reshard_phase)i, false);
        enum sp_reshard_duty newcomer = sp_reshard_duty_of((enum sp_reshard_phase)i, true);
        if (publishes(former) && publishes(newcomer))
            assert_true(former != SP_RESHARD_PUBLISH && newcomer != SP_RESHARD_PUBLISH);
    }
}

static void sends_follow_who_stays(void **state)
{
    (void)state;
    for (int i = 0; i < SP_RESHARD_PHASES; i++)
        assert_int_equal(sp_reshard_routes_by_newcomer((enum sp_reshard_phase)i), i == SP_RESHARD_CLOSING);
    assert_null(sp_reshard_name(SP_RESHARD_PHASES));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_phase_leads_to_the_next),
        cmocka_unit_test(each_phase_waits_for_what_it_needs),
        cmocka_unit_test(it_can_be_given_up_before_the_switch),
        cmocka_unit_test(somebody_publishes_over_each_step),
        cmocka_unit_test(who_publishes_beside_the_other_marks),
        cmocka_unit_test(sends_follow_who_stays),
    };
    return cmocka_run_group_tests_name("fleet/reshard", tests, NULL, NULL);
}
