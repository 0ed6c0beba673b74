/* Each allocation may fail: then there is no handle, and nothing is left. */
#include "failing.h"
#include "unit.h"

#include <spectacles/copies.h>

static void any_allocation_may_fail(void **state)
{
    (void)state;
    spectacles_copies_config config;
    spectacles_copies_config_init(&config, sizeof config);
    config.seed = 1;
    size_t nth = 0;
    int result;
    do {
        spectacles_copies *made = NULL;
        spectacles_problem problem;
        failing_start(++nth);
        result = spectacles_copies_new(&made, &config, &problem);
        failing_start(0);
        assert_true(result == SPECTACLES_OK || result == SPECTACLES_E_NOMEM);
        if (result != SPECTACLES_OK)
            assert_string_equal(problem.text, "out of memory");
        spectacles_copies_free(made);
    } while (result != SPECTACLES_OK);
    assert_in_range(nth, 5, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
