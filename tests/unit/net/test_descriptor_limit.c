/* The limit on open files, with the real limits of this process: each test lowers them further. */
#include "unit.h"

#include <fcntl.h>
#include <spectacles/poller.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static void set_limits(rlim_t soft, rlim_t hard)
{
    const struct rlimit limit = {soft, hard};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static rlim_t soft_limit(void)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    return limit.rlim_cur;
}

/* How many are open now, below the limits of these tests. */
static size_t open_now(void)
{
    size_t count = 0;
    for (int fd = 0; fd < 100; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void the_soft_limit_becomes_the_hard_one(void **state)
{
    (void)state;
    spectacles_problem problem = {.text = ""};
    set_limits(40, 100);
    assert_int_equal(spectacles_raise_descriptors(50, &problem), SPECTACLES_OK);
    assert_string_equal(problem.text, "");
    assert_int_equal(soft_limit(), 100);
    /* Also when the soft one would do: shards may be added later. */
    set_limits(40, 100);
    assert_int_equal(spectacles_raise_descriptors(1, NULL), SPECTACLES_OK);
    assert_int_equal(soft_limit(), 100);
}

static void a_hard_limit_that_is_too_low_is_told_with_its_numbers(void **state)
{
    (void)state;
    spectacles_problem problem = {.text = ""};
    char numbers[100];
    set_limits(40, 100);
    size_t most = 100 - open_now();
    assert_int_equal(spectacles_raise_descriptors(most, &problem), SPECTACLES_OK);
    assert_int_equal(spectacles_raise_descriptors(most + 1, NULL), SPECTACLES_E_SYS);
    assert_int_equal(spectacles_raise_descriptors(most + 1, &problem), SPECTACLES_E_SYS);
    snprintf(numbers, sizeof numbers, "101 open files are needed, and this process may have 100: ");
    assert_memory_equal(problem.text, numbers, strlen(numbers));
    /* What is open counts too. */
    int fd = dup(0);
    assert_true(fd >= 0);
    assert_int_equal(spectacles_raise_descriptors(most, &problem), SPECTACLES_E_SYS);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_soft_limit_becomes_the_hard_one),
        cmocka_unit_test(a_hard_limit_that_is_too_low_is_told_with_its_numbers),
    };
    return cmocka_run_group_tests_name("net/descriptor_limit", tests, NULL, NULL);
}
