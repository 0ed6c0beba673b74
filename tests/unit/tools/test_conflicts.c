/* Which processes of a group are in conflict, and which of two has to go. */
#include "conflicts.h"
#include "unit.h"

#include <stdio.h>

static struct card mine;
static struct card other;

/* Two processes with the same bot and one shard each of two. */
static int begin(void **state)
{
    static const uint32_t zero = 0;
    static const uint32_t one = 1;
    (void)state;
    mine = (struct card){.id = "a", .bot = "1", .state = CARD_STARTING, .started = 2000};
    other = (struct card){.id = "b", .bot = "1", .state = CARD_RUNNING, .started = 1000};
    assert_true(card_serve(&mine, 2, &zero, 1) && card_serve(&other, 2, &one, 1));
    return 0;
}

static int end(void **state)
{
    (void)state;
    card_free(&mine);
    card_free(&other);
    return 0;
}

static void processes_that_share_nothing_are_no_conflict(void **state)
{
    (void)state;
    assert_int_equal(conflicts_judge(&mine, &other), 0);
}

static void the_same_shards_another_count_and_another_bot_are(void **state)
{
    static const uint32_t ids[] = {0, 1};
    (void)state;
    assert_true(card_serve(&other, 2, ids, 2));
    assert_int_equal(conflicts_judge(&mine, &other), CONFLICT_SHARDS);
    other.shard_count = 3;
    assert_int_equal(conflicts_judge(&mine, &other), CONFLICT_COUNT);
    snprintf(other.bot, sizeof other.bot, "2");
    assert_int_equal(conflicts_judge(&mine, &other), CONFLICT_BOT);
}

/* Members of a fleet name no shards. */
static void a_process_beside_a_fleet_is_one(void **state)
{
    (void)state;
    assert_true(card_serve(&mine, 2, NULL, 0));
    assert_int_equal(conflicts_judge(&mine, &other), CONFLICT_SHARDS);
    assert_int_equal(conflicts_judge(&other, &mine), CONFLICT_SHARDS);
    assert_true(card_serve(&other, 2, NULL, 0));
    assert_int_equal(conflicts_judge(&mine, &other), 0);
    assert_true(card_serve(&other, 4, NULL, 0)); /* the fleet decides how many there are */
    assert_int_equal(conflicts_judge(&mine, &other), 0);
}

static void what_is_not_known_is_no_conflict(void **state)
{
    (void)state;
    other.bot[0] = '\0';
    assert_int_equal(conflicts_judge(&mine, &other), 0);
    other.shard_count = 0;
    assert_int_equal(conflicts_judge(&mine, &other), 0);
    mine.shard_count = 0;
    other.shard_count = 3;
    assert_int_equal(conflicts_judge(&mine, &other), 0);
}

static void a_deploy_hands_over_without_a_word(void **state)
{
    static const uint32_t ids[] = {0, 1};
    (void)state;
    assert_true(card_serve(&other, 2, ids, 2));
    other.state = CARD_STOPPING;
    assert_int_equal(conflicts_judge(&mine, &other), 0);
    assert_int_equal(conflicts_judge(&other, &mine), 0);
    snprintf(other.bot, sizeof other.bot, "2");
    assert_int_equal(conflicts_judge(&mine, &other), 0);
    other.state = CARD_ASKING;
    assert_int_equal(conflicts_judge(&mine, &other), 0);
}

static void a_process_is_in_no_conflict_with_itself(void **state)
{
    (void)state;
    assert_true(card_serve(&other, 2, mine.shard_ids, 1));
    snprintf(other.id, sizeof other.id, "%s", mine.id);
    assert_int_equal(conflicts_judge(&mine, &other), 0);
}

static void of_two_bots_exactly_one_goes(void **state)
{
    static const enum card_state states[] = {CARD_STARTING, CARD_RUNNING};
    (void)state;
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < 2; k++) {
            for (uint64_t started = 1999; started <= 2001; started++) {
                mine.state = states[i];
                other.state = states[k];
                other.started = started;
                int go = conflicts_has_to_go(&mine, &other) + conflicts_has_to_go(&other, &mine);
                /* Two that run already serve: neither is ended by the other. */
                assert_int_equal(go, mine.state == CARD_RUNNING && other.state == CARD_RUNNING ? 0 : 1);
            }
        }
    }
    mine.state = CARD_STARTING;
    other.state = CARD_RUNNING;
    other.started = 9000; /* its clock is wrong */
    assert_true(conflicts_has_to_go(&mine, &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(processes_that_share_nothing_are_no_conflict, begin, end),
        cmocka_unit_test_setup_teardown(the_same_shards_another_count_and_another_bot_are, begin, end),
        cmocka_unit_test_setup_teardown(a_process_beside_a_fleet_is_one, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_known_is_no_conflict, begin, end),
        cmocka_unit_test_setup_teardown(a_deploy_hands_over_without_a_word, begin, end),
        cmocka_unit_test_setup_teardown(a_process_is_in_no_conflict_with_itself, begin, end),
        cmocka_unit_test_setup_teardown(of_two_bots_exactly_one_goes, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
