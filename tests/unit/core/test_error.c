#include "unit.h"

#include <limits.h>
#include <spectacles/types.h>

static void every_error_has_its_sentence(void **state)
{
    (void)state;
    for (int error = SPECTACLES_OK; error >= SPECTACLES_E_UNREACHABLE; error--)
        assert_string_not_equal(spectacles_strerror(error), "unknown error");
    assert_string_equal(spectacles_strerror(SPECTACLES_E_UNREACHABLE - 1), "unknown error");
    assert_string_equal(spectacles_strerror(1), "unknown error");
}

static void timeouts_never_end_early(void **state)
{
    (void)state;
    assert_int_equal(spectacles_poll_timeout(SPECTACLES_NEVER, 5), -1);
    assert_int_equal(spectacles_poll_timeout(5, 5), 0);
    assert_int_equal(spectacles_poll_timeout(4, 5), 0);
    assert_int_equal(spectacles_poll_timeout(6, 5), 1);
    /* A suspended machine is not slept on: poll's clock stood still, and the deadline may have passed. */
    assert_int_equal(spectacles_poll_timeout(5000, 0), 5000);
    assert_int_equal(spectacles_poll_timeout(5001, 0), 5000);
    assert_int_equal(spectacles_poll_timeout(SPECTACLES_NEVER - 1, 0), 5000);
}

static void version_and_features(void **state)
{
    (void)state;
    assert_int_equal(spectacles_version(), SP_VERSION_MAJOR << 16 | SP_VERSION_MINOR << 8 | SP_VERSION_PATCH);
    assert_int_equal(spectacles_feature_supported("tls"), 1);
    assert_int_equal(spectacles_feature_supported("teleport"), 0);
    assert_int_equal(spectacles_feature_supported(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_its_sentence),
        cmocka_unit_test(timeouts_never_end_early),
        cmocka_unit_test(version_and_features),
    };
    return cmocka_run_group_tests_name("core/error", tests, NULL, NULL);
}
