#include "relay/identify.h"
#include "unit.h"

enum {
    DAY = 86400000
};

static void buckets_take_turns(void **state)
{
    sp_identify identify = {0};
    (void)state;
    assert_int_equal(sp_identify_init(&identify, 2, 5000), 0);
    assert_int_equal(sp_identify_free_at(&identify, 0), 0);
    sp_identify_take(&identify, 0, 1000);
    assert_int_equal(sp_identify_free_at(&identify, 2), 6000); /* the same bucket */
    assert_int_equal(sp_identify_free_at(&identify, 1), 0);    /* the other one */
    assert_false(sp_identify_exhausted(&identify, 1000));
    sp_identify_free(&identify);
}

/* Two are left until 100000; then there are 1000 again, for a day. */
static void the_limit_is_never_overrun(void **state)
{
    sp_identify identify = {0};
    (void)state;
    assert_int_equal(sp_identify_init(&identify, 1, 5000), 0);
    sp_identify_limit(&identify, 1000, 2, 100000);
    for (uint64_t now = 0; now <= 5000; now += 5000) {
        assert_true(sp_identify_free_at(&identify, 7) <= now);
        assert_false(sp_identify_exhausted(&identify, now));
        sp_identify_take(&identify, 7, now);
    }
    assert_true(sp_identify_exhausted(&identify, 5001));
    assert_int_equal(sp_identify_free_at(&identify, 7), 100000);
    assert_false(sp_identify_exhausted(&identify, 100000));
    sp_identify_take(&identify, 7, 100000);
    assert_int_equal(identify.remaining, 999);
    assert_int_equal(identify.reset_at, 100000 + DAY);
    assert_int_equal(sp_identify_free_at(&identify, 7), 105000);
    sp_identify_free(&identify);
}

static void none_at_all(void **state)
{
    sp_identify identify = {0};
    (void)state;
    assert_int_equal(sp_identify_init(&identify, 1, 5000), 0);
    sp_identify_limit(&identify, 1000, 0, SPECTACLES_NEVER);
    assert_true(sp_identify_exhausted(&identify, 12345));
    assert_true(sp_identify_free_at(&identify, 0) == SPECTACLES_NEVER);
    sp_identify_free(&identify);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_take_turns),
        cmocka_unit_test(the_limit_is_never_overrun),
        cmocka_unit_test(none_at_all),
    };
    return cmocka_run_group_tests_name("relay/identify", tests, NULL, NULL);
}
