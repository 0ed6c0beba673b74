/* Messages of two numbers of shards: which one is the copy of which. */
#include "copies/pairs.h"
#include "unit.h"

static sp_pairs pairs;
static uint64_t next_id;
static uint64_t now;

static int begin(void **state)
{
    (void)state;
    next_id = 1;
    now = 1000;
    return sp_pairs_create(&pairs, 64);
}

static int end(void **state)
{
    (void)state;
    sp_pairs_destroy(&pairs);
    return 0;
}

static spectacles_copy_mark mark_of(uint64_t shards, uint64_t event)
{
    return (spectacles_copy_mark){.id = {next_id++, 7}, .digest = {event, 9}, .shards = shards};
}

static bool arrives(uint64_t shards, uint64_t event)
{
    spectacles_copy_mark mark = mark_of(shards, event);
    return sp_pairs_is_copy(&pairs, &mark, now);
}

static void the_other_number_brings_a_copy_once(void **state)
{
    (void)state;
    assert_false(arrives(4, 1));
    assert_true(arrives(8, 1));
    assert_false(arrives(8, 1)); /* the next event, which is equal */
    assert_true(arrives(4, 1));
}

static void one_number_alone_brings_no_copies(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        assert_false(arrives(4, 1));
    for (int i = 0; i < 5; i++)
        assert_true(arrives(8, 1));
    assert_false(arrives(8, 1));
}

static void other_events_are_no_copies(void **state)
{
    (void)state;
    spectacles_copy_mark other = mark_of(8, 1);
    other.digest[1]++;
    assert_false(arrives(4, 1));
    assert_false(arrives(8, 1 + 64)); /* in the same list */
    assert_false(sp_pairs_is_copy(&pairs, &other, now));
    assert_true(arrives(8, 1));
}

static void after_thirty_seconds_it_is_another_event(void **state)
{
    (void)state;
    assert_false(arrives(4, 1));
    now += 30000;
    assert_true(arrives(8, 1));
    assert_false(arrives(4, 2));
    now += 30001;
    assert_false(arrives(8, 2));
}

/* Its acknowledgement was lost, or it went back to its queue. What it is, it stays, and it is there once. */
static void a_message_that_comes_again_is_what_it_was(void **state)
{
    (void)state;
    spectacles_copy_mark first = mark_of(4, 1), copy = mark_of(8, 1);
    for (int i = 0; i < 3; i++)
        assert_false(sp_pairs_is_copy(&pairs, &first, now));
    for (int i = 0; i < 3; i++)
        assert_true(sp_pairs_is_copy(&pairs, &copy, now));
    assert_false(sp_pairs_is_copy(&pairs, &first, now));
    assert_false(arrives(8, 1)); /* the first one has its copy */
}

static void messages_without_an_id_are_never_the_same_one(void **state)
{
    (void)state;
    spectacles_copy_mark first = mark_of(4, 1), copy = mark_of(8, 1);
    memset(first.id, 0, sizeof first.id);
    memset(copy.id, 0, sizeof copy.id);
    assert_false(sp_pairs_is_copy(&pairs, &first, now));
    assert_false(sp_pairs_is_copy(&pairs, &first, now));
    assert_true(sp_pairs_is_copy(&pairs, &copy, now));
    assert_true(sp_pairs_is_copy(&pairs, &copy, now));
    assert_false(sp_pairs_is_copy(&pairs, &copy, now));
}

/* The first event was brought by one number alone. What follows it is paired with what is nearer. */
static void an_event_without_a_copy_does_not_stay_from_pair_to_pair(void **state)
{
    (void)state;
    assert_false(arrives(4, 1));
    now += 10000;
    assert_true(arrives(8, 1)); /* as far as one can know: the copy of the first */
    now += 10;
    assert_false(arrives(4, 1)); /* it was the copy of this one */
    now += 5000;
    assert_true(arrives(8, 1)); /* of the first, which has none again */
}

static void what_is_not_nearer_is_an_event_of_its_own(void **state)
{
    (void)state;
    assert_false(arrives(4, 1));
    now += 10;
    assert_true(arrives(8, 1));
    now += 10;
    assert_false(arrives(4, 1));
    now += 10;
    assert_true(arrives(8, 1));
}

static void what_is_forgotten_is_not_looked_at(void **state)
{
    (void)state;
    assert_false(arrives(4, 1));
    for (uint64_t i = 0; i < 64; i++)
        assert_false(arrives(4, 1 + (i + 1) * 64));
    assert_false(arrives(8, 1));
    for (uint64_t i = 0; i < 1000; i++)
        arrives(4 + i % 3, i % 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_other_number_brings_a_copy_once, begin, end),
        cmocka_unit_test_setup_teardown(one_number_alone_brings_no_copies, begin, end),
        cmocka_unit_test_setup_teardown(other_events_are_no_copies, begin, end),
        cmocka_unit_test_setup_teardown(after_thirty_seconds_it_is_another_event, begin, end),
        cmocka_unit_test_setup_teardown(a_message_that_comes_again_is_what_it_was, begin, end),
        cmocka_unit_test_setup_teardown(messages_without_an_id_are_never_the_same_one, begin, end),
        cmocka_unit_test_setup_teardown(an_event_without_a_copy_does_not_stay_from_pair_to_pair, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_nearer_is_an_event_of_its_own, begin, end),
        cmocka_unit_test_setup_teardown(what_is_forgotten_is_not_looked_at, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
