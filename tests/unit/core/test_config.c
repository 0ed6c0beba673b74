#include "core/config.h"
#include "unit.h"

struct old {
    uint32_t size;
    uint32_t a;
};
struct known {
    uint32_t size;
    uint32_t a;
    uint32_t b;
};
struct newer {
    uint32_t size;
    uint32_t a;
    uint32_t b;
    uint32_t c;
};

static void shorter_struct_keeps_defaults(void **state)
{
    (void)state;
    struct known out = {0, 1, 2};
    struct old in = {sizeof in, 7};
    assert_int_equal(sp_config_read(&out, sizeof out, &in), SPECTACLES_OK);
    assert_int_equal(out.a, 7);
    assert_int_equal(out.b, 2);
}

static void longer_struct_must_have_a_zero_tail(void **state)
{
    (void)state;
    struct known out = {0, 1, 2};
    struct newer in = {sizeof in, 7, 8, 0};
    assert_int_equal(sp_config_read(&out, sizeof out, &in), SPECTACLES_OK);
    assert_int_equal(out.b, 8);
    in.c = 1;
    in.a = 99;
    assert_int_equal(sp_config_read(&out, sizeof out, &in), SPECTACLES_E_UNSUPPORTED);
    assert_int_equal(out.a, 7);
    in.size = 3;
    assert_int_equal(sp_config_read(&out, sizeof out, &in), SPECTACLES_E_INVAL);
}

static void defaults_fit_any_caller(void **state)
{
    (void)state;
    const struct known defaults = {0, 1, 2};
    struct newer out = {1, 9, 9, 9};
    sp_config_write(&out, sizeof out, &defaults, sizeof defaults);
    assert_int_equal(out.size, sizeof out);
    assert_int_equal(out.b, 2);
    assert_int_equal(out.c, 0);
    struct old small = {0, 0};
    sp_config_write(&small, sizeof small, &defaults, sizeof defaults);
    assert_int_equal(small.size, sizeof small);
    assert_int_equal(small.a, 1);
}

static void stats_fill_what_there_is_room_for(void **state)
{
    (void)state;
    const struct known stats = {0, 1, 2};
    struct known out = {sizeof(struct old), 0, 55};
    assert_int_equal(sp_stats_write(&out, &stats, sizeof stats), SPECTACLES_OK);
    assert_int_equal(out.a, 1);
    assert_int_equal(out.b, 55);
    out.size = 0;
    assert_int_equal(sp_stats_write(&out, &stats, sizeof stats), SPECTACLES_E_INVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shorter_struct_keeps_defaults),
        cmocka_unit_test(longer_struct_must_have_a_zero_tail),
        cmocka_unit_test(defaults_fit_any_caller),
        cmocka_unit_test(stats_fill_what_there_is_room_for),
    };
    return cmocka_run_group_tests_name("core/config", tests, NULL, NULL);
}
