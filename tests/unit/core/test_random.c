#include "core/random.h"
#include "unit.h"

static void stays_in_its_bounds(void **state)
{
    (void)state;
    sp_random random = {42};
    uint64_t highest = 0;
    for (int i = 0; i < 10000; i++) {
        uint64_t value = sp_random_upto(&random, 9);
        assert_true(value <= 9);
        highest = value > highest ? value : highest;
    }
    assert_int_equal(highest, 9);
    assert_int_equal(sp_random_upto(&random, 0), 0);
}

static uint64_t longest(uint32_t attempt)
{
    sp_random random = {1};
    uint64_t most = 0;
    for (int i = 0; i < 20000; i++) {
        uint64_t wait = sp_random_backoff(&random, attempt, 250, 30000);
        most = wait > most ? wait : most;
    }
    return most;
}

static void backoff_doubles_up_to_its_cap(void **state)
{
    (void)state;
    assert_in_range(longest(0), 240, 250);
    assert_in_range(longest(3), 1900, 2000);
    assert_in_range(longest(7), 29000, 30000);
    assert_in_range(longest(UINT32_MAX), 29000, 30000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stays_in_its_bounds),
        cmocka_unit_test(backoff_doubles_up_to_its_cap),
    };
    return cmocka_run_group_tests_name("core/random", tests, NULL, NULL);
}
