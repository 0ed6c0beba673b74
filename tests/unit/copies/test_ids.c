/* What is remembered, what is forgotten, and when. */
#include "copies/ids.h"
#include "unit.h"

static sp_ids ids;

static void add(uint64_t number)
{
    sp_ids_add(&ids, (const uint64_t[2]){number, ~number});
}

static bool has(uint64_t number)
{
    return sp_ids_has(&ids, (const uint64_t[2]){number, ~number});
}

static void make(size_t most)
{
    assert_int_equal(sp_ids_create(&ids, most), 0);
}

static int end(void **state)
{
    (void)state;
    sp_ids_destroy(&ids);
    ids = (sp_ids){0};
    return 0;
}

/* Numbers that begin in one slot among others: both words count. */
static void what_was_added_is_known(void **state)
{
    (void)state;
    make(1000);
    for (uint64_t i = 1; i <= 1000; i++)
        add(i % 2 ? i : i << 32);
    for (uint64_t i = 1; i <= 1000; i++) {
        assert_true(has(i % 2 ? i : i << 32));
        assert_false(has(i % 2 ? i << 32 : i));
    }
    assert_false(sp_ids_has(&ids, (const uint64_t[2]){1, 1}));
}

static void as_many_as_asked_for_are_known_and_at_most_twice_as_many(void **state)
{
    (void)state;
    for (size_t most = 1; most <= 70; most++) {
        make(most);
        for (uint64_t i = 1; i <= 10 * most; i++) {
            add(i);
            for (uint64_t k = i > most ? i - most + 1 : 1; k <= i; k++)
                assert_true(has(k));
            assert_false(i > 2 * most && has(i - 2 * most));
        }
        end(NULL);
    }
}

static void the_same_id_again_takes_no_place(void **state)
{
    (void)state;
    make(2);
    add(1);
    for (int i = 0; i < 100; i++)
        add(2);
    assert_true(has(1));
}

/* An id that is in the older generation alone is added again, and stays as long as a new one. */
static void an_id_that_is_added_again_stays(void **state)
{
    (void)state;
    make(2);
    add(1);
    add(2);
    add(3);
    add(1);
    add(4);
    assert_true(has(1));
    assert_false(has(2));
}

static void zeros_are_no_id(void **state)
{
    (void)state;
    const uint64_t none[2] = {0, 0};
    make(1);
    add(1);
    sp_ids_add(&ids, none);
    assert_false(sp_ids_has(&ids, none));
    assert_true(has(1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_was_added_is_known, end),
        cmocka_unit_test_teardown(as_many_as_asked_for_are_known_and_at_most_twice_as_many, end),
        cmocka_unit_test_teardown(the_same_id_again_takes_no_place, end),
        cmocka_unit_test_teardown(an_id_that_is_added_again_stays, end),
        cmocka_unit_test_teardown(zeros_are_no_id, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
