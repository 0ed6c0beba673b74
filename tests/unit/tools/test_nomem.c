/* Each allocation of the TOML reader fails once: the call says so, and nothing is left behind. */
#include "failing.h"
#include "toml.h"
#include "unit.h"

#include <spectacles/types.h>

static void toml_fails_cleanly(void **state)
{
    static const char text[] = "a = 'x'\n[b.c]\nd = [1, {e = \"f\"}]\n[[g]]\n'h' = 1.5\n";
    size_t count = 1;
    (void)state;
    for (size_t nth = 1; nth <= count; nth++) {
        struct toml *toml = NULL;
        struct toml_problem problem;
        failing_start(nth);
        int error = toml_read(&toml, text, sizeof text - 1, &problem);
        count = failing_count();
        failing_start(0);
        assert_int_equal(error, nth <= count ? SPECTACLES_E_NOMEM : SPECTACLES_OK);
        assert_null(toml);
    }
    assert_true(count >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(toml_fails_cleanly),
    };
    return cmocka_run_group_tests_name("tools/nomem", tests, NULL, NULL);
}
