/* The identifies that a member waits for, to the millisecond. */
#include "fleet/asks.h"
#include "unit.h"

enum {
    SHARDS = 8
};

static sp_asks asks;
static sp_ask shards[SHARDS];
static sp_fleet_turn turn;

static int set_up(void **state)
{
    (void)state;
    memset(shards, 0, sizeof shards);
    sp_asks_init(&asks, "web-1", "00ff");
    return 0;
}

static void want(uint32_t shard_id)
{
    sp_asks_want(&asks, shards + shard_id, shard_id, SHARDS);
}

static void expect(uint32_t shard_id, uint64_t now)
{
    assert_true(sp_asks_next(&asks, now, &turn));
    assert_int_equal(turn.shard_id, shard_id);
}

static void grant(uint64_t now)
{
    bool takes = false;
    assert_true(sp_asks_granted(&asks, &turn, now, &takes));
    assert_true(takes);
}

static void one_shard_of_a_bucket_asks_at_a_time(void **state)
{
    (void)state;
    sp_asks_set_concurrency(&asks, 2);
    for (uint32_t shard_id = 0; shard_id < 4; shard_id++)
        want(shard_id);
    want(3); /* it waits already */
    expect(0, 1000);
    assert_string_equal(turn.member, "web-1");
    assert_string_equal(turn.run, "00ff");
    assert_int_equal(turn.shard_count, SHARDS);
    expect(1, 1000);
    want(1); /* it has asked already */
    assert_false(sp_asks_next(&asks, 1000, &turn));
    sp_asks_forget(&asks, shards);
    sp_asks_forget(&asks, shards); /* it does not wait any more */
    expect(2, 1000);
    assert_false(sp_asks_next(&asks, 1000, &turn));
}

static void each_news_lets_the_next_one_ask(void **state)
{
    (void)state;
    want(0);
    want(1);
    want(2);
    expect(0, 1000);
    assert_false(sp_asks_next(&asks, 1000, &turn));
    grant(1000);
    expect(1, 1000);
    assert_false(sp_asks_next(&asks, 1000, &turn));
    sp_asks_set_concurrency(&asks, 2); /* another bucket */
    expect(2, 1000);
    assert_false(sp_asks_next(&asks, 1000, &turn));
    sp_asks_set_concurrency(&asks, 4);
    want(3);
    expect(3, 1000);
}

static void who_has_asked_in_vain_is_the_first_to_ask_again(void **state)
{
    (void)state;
    want(0);
    want(1);
    expect(0, 1000);
    uint64_t number = turn.ask;
    assert_false(sp_asks_next(&asks, 1000 + SP_ASK_TIME, &turn));
    expect(0, 1000 + SP_ASK_TIME + 1);
    assert_true(turn.ask > number);
    assert_int_equal(sp_asks_deadline(&asks), 1000 + 2 * (SP_ASK_TIME + 1));
}

static void who_wants_again_waits_behind_the_others(void **state)
{
    (void)state;
    want(0);
    want(1);
    expect(0, 1000);
    grant(1000);
    want(0);
    expect(1, 1000);
    grant(1000);
    expect(0, 1000);
}

static void a_grant_is_taken_in_time(void **state)
{
    bool takes = false;
    (void)state;
    want(7);
    sp_asks_next(&asks, 1000, &turn);
    assert_int_equal(sp_asks_deadline(&asks), 1000 + SP_ASK_TIME + 1);
    grant(1000 + SP_ASK_TIME);
    assert_true(sp_asks_granted(&asks, &turn, 1000 + SP_ASK_TIME, &takes)); /* a copy */
    assert_false(takes);
    assert_int_equal(sp_asks_deadline(&asks), SPECTACLES_NEVER);
}

static void a_late_grant_is_answered_and_not_taken(void **state)
{
    bool takes = true;
    sp_fleet_turn later;
    (void)state;
    want(7);
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
    sp_fleet_turn other;
    (void)state;
    want(7);
    sp_asks_next(&asks, 1000, &turn);
    other = turn;
    other.run[0] = 'x'; /* the process before, with the same name */
    assert_false(sp_asks_granted(&asks, &other, 1000, &takes));
    assert_false(takes);
    other = turn;
    other.shard_count = 2 * SHARDS; /* the shard in another numbering */
    assert_true(sp_asks_granted(&asks, &other, 1000, &takes));
    assert_false(takes);
    other = turn;
    other.shard_id = 6;
    assert_true(sp_asks_granted(&asks, &other, 1000, &takes));
    assert_false(takes);
    grant(1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_shard_of_a_bucket_asks_at_a_time, set_up),
        cmocka_unit_test_setup(each_news_lets_the_next_one_ask, set_up),
        cmocka_unit_test_setup(who_has_asked_in_vain_is_the_first_to_ask_again, set_up),
        cmocka_unit_test_setup(who_wants_again_waits_behind_the_others, set_up),
        cmocka_unit_test_setup(a_grant_is_taken_in_time, set_up),
        cmocka_unit_test_setup(a_late_grant_is_answered_and_not_taken, set_up),
        cmocka_unit_test_setup(a_grant_for_somebody_else_is_none, set_up),
    };
    return cmocka_run_group_tests_name("fleet/asks", tests, NULL, NULL);
}
