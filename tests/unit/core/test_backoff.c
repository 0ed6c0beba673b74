/* The rule of every back-off: progress, or ten seconds of READY, resets the count; everything else doubles the wait. */
#include "core/backoff.h"
#include "unit.h"

#include <spectacles/types.h>

enum {
    BASE = 250,
    CAP = 30000,
    TRIES = 4000
};

/* What happens to one connection, from the attempt at `now` to its end, whose time is returned. */
typedef uint64_t (*life)(sp_backoff *backoff, uint64_t now);

static uint64_t refused(sp_backoff *backoff, uint64_t now)
{
    (void)backoff;
    return now;
}

static uint64_t accepted_and_dropped(sp_backoff *backoff, uint64_t now)
{
    sp_backoff_ready(backoff, now);
    return now + SP_BACKOFF_STABLE - 1;
}

static uint64_t ten_seconds_of_life(sp_backoff *backoff, uint64_t now)
{
    sp_backoff_ready(backoff, now);
    return now + SP_BACKOFF_STABLE;
}

static uint64_t one_event_and_gone(sp_backoff *backoff, uint64_t now)
{
    sp_backoff_ready(backoff, now);
    sp_backoff_progress(backoff);
    return now;
}

/* In the replay of a session there is progress before there is READY. */
static uint64_t one_event_before_ready(sp_backoff *backoff, uint64_t now)
{
    sp_backoff_progress(backoff);
    return now;
}

/* The longest wait of many after `before` refusals and, unless NULL, this life. */
static uint64_t longest_after(uint32_t before, life last)
{
    uint64_t longest = 0;
    sp_random random = {1};
    for (int i = 0; i < TRIES; i++) {
        sp_backoff backoff = sp_backoff_of(BASE, CAP);
        uint64_t now = 1000000;
        uint64_t wait = 0;
        for (uint32_t k = 0; k < before; k++)
            now += wait = sp_backoff_next(&backoff, &random, now);
        if (last)
            wait = sp_backoff_next(&backoff, &random, last(&backoff, now));
        longest = wait > longest ? wait : longest;
    }
    return longest;
}

static void each_failure_doubles_the_wait_up_to_the_cap(void **state)
{
    (void)state;
    assert_in_range(longest_after(1, NULL), BASE * 95 / 100, BASE);
    assert_in_range(longest_after(2, NULL), 2 * BASE * 95 / 100, 2 * BASE);
    assert_in_range(longest_after(4, NULL), 8 * BASE * 95 / 100, 8 * BASE);
    assert_in_range(longest_after(40, NULL), CAP * 95 / 100, CAP);
    assert_in_range(longest_after(6, refused), 64 * BASE * 95 / 100, 64 * BASE);
}

/* A fleet that lost its peer together does not come back together. */
static void the_wait_is_anything_up_to_its_longest(void **state)
{
    (void)state;
    sp_random random = {1};
    uint64_t sum = 0;
    for (int i = 0; i < TRIES; i++) {
        sp_backoff backoff = sp_backoff_of(BASE, CAP);
        sum += sp_backoff_next(&backoff, &random, 0);
    }
    assert_in_range(sum / TRIES, BASE * 45 / 100, BASE * 55 / 100);
}

static void being_accepted_is_no_progress(void **state)
{
    (void)state;
    assert_in_range(longest_after(6, accepted_and_dropped), 64 * BASE * 95 / 100, 64 * BASE);
}

static void ten_seconds_of_ready_start_the_count_anew(void **state)
{
    (void)state;
    assert_in_range(longest_after(6, ten_seconds_of_life), BASE * 95 / 100, BASE);
}

static void progress_starts_the_count_anew(void **state)
{
    (void)state;
    assert_in_range(longest_after(6, one_event_and_gone), BASE * 95 / 100, BASE);
    assert_in_range(longest_after(6, one_event_before_ready), BASE * 95 / 100, BASE);
}

/* The ten seconds are those of one connection: READY of an earlier one is not carried over. */
static void an_earlier_connection_lends_no_life(void **state)
{
    (void)state;
    sp_random random = {1};
    uint64_t longest = 0;
    for (int i = 0; i < TRIES; i++) {
        sp_backoff backoff = sp_backoff_of(BASE, CAP);
        sp_backoff_next(&backoff, &random, ten_seconds_of_life(&backoff, 0));
        sp_backoff_next(&backoff, &random, SP_BACKOFF_STABLE * 3);
        uint64_t wait = sp_backoff_next(&backoff, &random, SP_BACKOFF_STABLE * 6);
        longest = wait > longest ? wait : longest;
    }
    assert_in_range(longest, 4 * BASE * 95 / 100, 4 * BASE);
}

static void the_count_does_not_wrap(void **state)
{
    (void)state;
    sp_random random = {1};
    sp_backoff backoff = sp_backoff_of(BASE, CAP);
    backoff.failures = UINT32_MAX;
    sp_backoff_next(&backoff, &random, 0);
    assert_int_equal(backoff.failures, UINT32_MAX);
}

/* Twenty attempts while the line is down, and what the attempt behind them costs. */
static void an_attempt_that_reaches_nobody_waits_a_few_seconds_and_is_not_counted(void **state)
{
    (void)state;
    sp_random random = {1};
    uint64_t longest = 0;
    uint64_t behind = 0;
    for (int i = 0; i < TRIES; i++) {
        sp_backoff backoff = sp_backoff_of(BASE, CAP);
        for (int k = 0; k < 20; k++) {
            uint64_t wait = sp_backoff_unreached(&backoff, &random);
            assert_true(k > 0 || wait <= BASE);
            longest = wait > longest ? wait : longest;
        }
        uint64_t wait = sp_backoff_next(&backoff, &random, 0);
        behind = wait > behind ? wait : behind;
        assert_true(sp_backoff_unreached(&backoff, &random) <= BASE);
    }
    assert_in_range(longest, SP_BACKOFF_UNREACHED * 95 / 100, SP_BACKOFF_UNREACHED);
    assert_in_range(behind, BASE * 95 / 100, BASE);
}

static void a_network_that_changes_ends_the_wait_of_who_reached_nobody(void **state)
{
    (void)state;
    sp_random random = {1};
    sp_backoff backoff = sp_backoff_of(BASE, CAP);
    assert_true(sp_backoff_hurry(&backoff, &random, 9000, 1000) == 9000);
    sp_backoff_unreached(&backoff, &random);
    for (int i = 0; i < TRIES; i++)
        assert_in_range(sp_backoff_hurry(&backoff, &random, 9000, 1000), 1000, 1000 + SP_BACKOFF_HURRY);
    assert_true(sp_backoff_hurry(&backoff, &random, 1000, 1000) == 1000);
    /* A peer that was reached has refused: it is not asked more often because an address has come. */
    sp_backoff_next(&backoff, &random, 0);
    assert_true(sp_backoff_hurry(&backoff, &random, 9000, 1000) == 9000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_failure_doubles_the_wait_up_to_the_cap),
        cmocka_unit_test(the_wait_is_anything_up_to_its_longest),
        cmocka_unit_test(being_accepted_is_no_progress),
        cmocka_unit_test(ten_seconds_of_ready_start_the_count_anew),
        cmocka_unit_test(progress_starts_the_count_anew),
        cmocka_unit_test(an_earlier_connection_lends_no_life),
        cmocka_unit_test(the_count_does_not_wrap),
        cmocka_unit_test(an_attempt_that_reaches_nobody_waits_a_few_seconds_and_is_not_counted),
        cmocka_unit_test(a_network_that_changes_ends_the_wait_of_who_reached_nobody),
    };
    return cmocka_run_group_tests_name("core/backoff", tests, NULL, NULL);
}
