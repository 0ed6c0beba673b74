/* The leader's grants, to the millisecond. What many members make of them is in test_identifies.c. */
#include "fleet/grants.h"
#include "unit.h"

#include <stdio.h>

enum {
    START = 100000,
    QUIET = START + SP_GRANT_LIFE + SP_GRANT_SPACE
};

static sp_grants grants;
static sp_fleet_turn given;

static int set_up(void **state)
{
    (void)state;
    sp_grants_init(&grants, 5);
    sp_grants_lead(&grants, START);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sp_grants_free(&grants);
    return 0;
}

static sp_fleet_turn turn_of(uint32_t shard_id, uint64_t ask)
{
    sp_fleet_turn turn = {.ask = ask, .shard_id = shard_id};
    snprintf(turn.member, sizeof turn.member, "web-1");
    snprintf(turn.run, sizeof turn.run, "00ff");
    return turn;
}

static void ask(uint32_t shard_id, uint64_t number, uint64_t now)
{
    sp_fleet_turn turn = turn_of(shard_id, number);
    assert_int_equal(sp_grants_asked(&grants, &turn, now), SPECTACLES_OK);
}

static void limits(uint32_t concurrency, uint32_t remaining, uint64_t now)
{
    sp_grants_limits(&grants, concurrency, remaining, 3600000, now, now);
}

static void expect(uint32_t shard_id, uint64_t now)
{
    assert_true(sp_grants_next(&grants, now, &given));
    assert_int_equal(given.shard_id, shard_id);
}

static void a_new_leader_is_quiet_first(void **state)
{
    (void)state;
    ask(0, 1, QUIET - 1000);
    assert_int_equal(sp_grants_deadline(&grants), QUIET);
    assert_false(sp_grants_want_limits(&grants, QUIET - 1));
    limits(1, 100, QUIET - 1); /* an answer that grants of the leader before may not be in */
    assert_false(sp_grants_next(&grants, QUIET, &given));
    assert_true(sp_grants_want_limits(&grants, QUIET));
    assert_false(sp_grants_want_limits(&grants, QUIET + SP_LIMITS_RETRY - 1));
    ask(0, 2, QUIET + SP_LIMITS_RETRY);
    assert_true(sp_grants_want_limits(&grants, QUIET + SP_LIMITS_RETRY));
    limits(1, 100, QUIET + SP_LIMITS_RETRY);
    expect(0, QUIET + SP_LIMITS_RETRY);
}

static void a_bucket_is_free_when_its_grant_is_answered(void **state)
{
    (void)state;
    limits(2, 100, QUIET);
    ask(0, 1, QUIET);
    expect(0, QUIET);
    ask(2, 2, QUIET);
    ask(1, 3, QUIET);
    expect(1, QUIET); /* of the other bucket */
    sp_fleet_turn taken = turn_of(0, 1);
    sp_grants_took(&grants, &taken, QUIET + 100);
    ask(2, 4, QUIET + 5000);
    assert_int_equal(sp_grants_deadline(&grants), QUIET + 100 + SP_GRANT_SPACE);
    assert_false(sp_grants_next(&grants, QUIET + 100 + SP_GRANT_SPACE - 1, &given));
    expect(2, QUIET + 100 + SP_GRANT_SPACE);
}

static void without_an_answer_the_grant_lapses_first(void **state)
{
    uint64_t free_at = QUIET + SP_GRANT_LIFE + SP_GRANT_SPACE;
    (void)state;
    limits(1, 100, QUIET);
    ask(0, 1, QUIET);
    expect(0, QUIET);
    ask(1, 2, free_at - 100);
    sp_fleet_turn other = turn_of(0, 9); /* an answer to another grant */
    sp_grants_took(&grants, &other, QUIET + 100);
    assert_false(sp_grants_next(&grants, free_at - 1, &given));
    expect(1, free_at);
}

static void an_old_ask_is_not_granted(void **state)
{
    (void)state;
    limits(1, 100, QUIET);
    ask(0, 1, QUIET);
    assert_false(sp_grants_next(&grants, QUIET + SP_GRANT_ASK, &given));
    ask(0, 2, QUIET + SP_GRANT_ASK);
    ask(0, 1, QUIET + SP_GRANT_ASK); /* a copy of the old one */
    expect(0, QUIET + SP_GRANT_ASK);
    assert_int_equal(given.ask, 2);
}

static void the_reserve_is_kept(void **state)
{
    (void)state;
    limits(16, 7, QUIET);
    for (uint32_t shard_id = 0; shard_id < 4; shard_id++)
        ask(shard_id, shard_id + 1, QUIET);
    expect(0, QUIET);
    expect(1, QUIET);
    assert_false(sp_grants_next(&grants, QUIET, &given));
    limits(16, 7, QUIET + 100); /* which has not counted the two yet */
    assert_false(sp_grants_next(&grants, QUIET + 100, &given));
    ask(2, 9, QUIET + SP_GRANT_COUNTED + 1);
    limits(16, 6, QUIET + SP_GRANT_COUNTED + 1);
    expect(2, QUIET + SP_GRANT_COUNTED + 1);
}

static void an_answer_is_believed_for_a_while(void **state)
{
    (void)state;
    sp_grants_limits(&grants, 1, 100, 1000, QUIET, QUIET);
    ask(0, 1, QUIET);
    assert_false(sp_grants_next(&grants, QUIET + 1000, &given)); /* the day is over */
    assert_true(sp_grants_want_limits(&grants, QUIET + 1000));
    sp_grants_limits(&grants, 1, 100, 1000, QUIET, QUIET + 1000); /* an answer that took too long */
    assert_false(sp_grants_next(&grants, QUIET + 1000, &given));
}

static void who_is_no_leader_grants_nothing(void **state)
{
    (void)state;
    limits(1, 100, QUIET);
    ask(0, 1, QUIET);
    sp_grants_stop(&grants);
    ask(1, 2, QUIET);
    assert_false(sp_grants_next(&grants, QUIET, &given));
    assert_false(sp_grants_want_limits(&grants, QUIET));
    assert_int_equal(sp_grants_deadline(&grants), SPECTACLES_NEVER);
}

#define in_order(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_order(a_new_leader_is_quiet_first),
        in_order(a_bucket_is_free_when_its_grant_is_answered),
        in_order(without_an_answer_the_grant_lapses_first),
        in_order(an_old_ask_is_not_granted),
        in_order(the_reserve_is_kept),
        in_order(an_answer_is_believed_for_a_while),
        in_order(who_is_no_leader_grants_nothing),
    };
    return cmocka_run_group_tests_name("fleet/grants", tests, NULL, NULL);
}
