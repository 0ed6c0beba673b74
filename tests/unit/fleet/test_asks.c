/* The identifies that a member waits for, to the millisecond. */
#include "fleet/asks.h"
#include "unit.h"

static sp_asks asks;
static sp_fleet_turn turn;

static int set_up(void **state)
{
    (void)state;
    sp_asks_init(&asks, "web-1", "00ff");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sp_asks_free(&asks);
    return 0;
}

static void one_shard_of_a_bucket_asks_at_a_time(void **state)
{
    (void)state;
    asks.concurrency = 2;
    for (uint32_t shard_id = 0; shard_id < 4; shard_id++)
        assert_int_equal(sp_asks_want(&asks, shard_id, 8), SPECTACLES_OK);
    assert_int_equal(sp_asks_want(&asks, 3, 8), SPECTACLES_OK); /* it waits already */
    assert_true(sp_asks_next(&asks, 1000, &turn));
    assert_int_equal(turn.shard_id, 0);
    assert_string_equal(turn.member, "web-1");
    assert_string_equal(turn.run, "00ff");
    assert_true(sp_asks_next(&asks, 1000, &turn));
    assert_int_equal(turn.shard_id, 1);
    assert_false(sp_asks_next(&asks, 1000, &turn));
    sp_asks_forget(&asks, 0, 8);
    assert_true(sp_asks_next(&asks, 1000, &turn));
    assert_int_equal(turn.shard_id, 2);
    assert_int_equal(asks.shards.count, 3);
}

static void a_grant_is_taken_in_time(void **state)
{
    bool takes = false;
    (void)state;
    sp_asks_want(&asks, 7, 8);
    sp_asks_next(&asks, 1000, &turn);
    assert_int_equal(sp_asks_deadline(&asks), 1000 + SP_ASK_TIME + 1);
    assert_true(sp_asks_granted(&asks, &turn, 1000 + SP_ASK_TIME, &takes));
    assert_true(takes);
    assert_true(sp_asks_granted(&asks, &turn, 1000 + SP_ASK_TIME, &takes)); /* a copy */
    assert_false(takes);
    assert_int_equal(sp_asks_deadline(&asks), SPECTACLES_NEVER);
}

static void a_late_grant_is_answered_and_not_taken(void **state)
{
    bool takes = true;
    sp_fleet_turn later;
    (void)state;
    sp_asks_want(&asks, 7, 8);
    sp_asks_next(&asks, 1000, &turn);
    assert_true(sp_asks_granted(&asks, &turn, 1000 + SP_ASK_TIME + 1, &takes));
    assert_false(takes);
    assert_true(sp_asks_next(&asks, 1000 + SP_ASK_TIME + 1, &later));
    assert_true(later.ask > turn.ask);
    assert_true(sp_asks_granted(&asks, &turn, 1000 + SP_ASK_TIME + 2, &takes)); /* of the ask before */
    assert_false(takes);
}

static void a_grant_for_somebody_else_is_none(void **state)
{
    bool takes = true;
    (void)state;
    sp_asks_want(&asks, 7, 8);
    sp_asks_next(&asks, 1000, &turn);
    turn.run[0] = 'x'; /* the process before, with the same name */
    assert_false(sp_asks_granted(&asks, &turn, 1000, &takes));
    assert_false(takes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_shard_of_a_bucket_asks_at_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_grant_is_taken_in_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_late_grant_is_answered_and_not_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_grant_for_somebody_else_is_none, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("fleet/asks", tests, NULL, NULL);
}
