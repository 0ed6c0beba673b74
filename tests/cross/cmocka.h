/*
 * As much of cmocka's face as the engines' unit tests use, where there is no cmocka: on other processors, in an
 * emulator (tests/cross/test_processors.py), and with musl (scripts/cross.sh).
 */
#ifndef TESTS_CROSS_CMOCKA_H
#define TESTS_CROSS_CMOCKA_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*run)(void **state);
    int (*set_up)(void **state);
    int (*tear_down)(void **state);
};

#define cmocka_unit_test_setup_teardown(function, set_up, tear_down)                                         \
    {                                                                                                        \
#function, function, set_up, tear_down                                                               \
    }
#define cmocka_unit_test(function) cmocka_unit_test_setup_teardown(function, NULL, NULL)
#define cmocka_unit_test_teardown(function, tear_down)                                                       \
    cmocka_unit_test_setup_teardown(function, NULL, tear_down)
#define fail_msg(...) (printf(__VA_ARGS__), printf("\n%s:%d\n", __FILE__, __LINE__), exit(1))
#define print_message(...) printf(__VA_ARGS__)
#define assert_true(truth) ((truth) ? (void)0 : fail_msg("%s", #truth))
#define assert_false(truth) assert_true(!(truth))
#define assert_int_equal(a, b) assert_true((unsigned long long)(a) == (unsigned long long)(b))
#define assert_int_not_equal(a, b) assert_true((unsigned long long)(a) != (unsigned long long)(b))
#define assert_in_range(a, low, high)                                                                        \
    assert_true(is_in_range((unsigned long long)(a), (unsigned long long)(low), (unsigned long long)(high)))
#define assert_ptr_equal(a, b) assert_true((const void *)(a) == (const void *)(b))
#define assert_null(pointer) assert_true(!(pointer))
#define assert_non_null(pointer) assert_true(pointer)
#define assert_string_equal(a, b) assert_true(strcmp(a, b) == 0)
#define assert_string_not_equal(a, b) assert_true(strcmp(a, b) != 0)
/* What unit.h makes assert_memory_equal() of. */
#define _assert_memory_equal(a, b, length, file, line)                                                       \
    ((void)(file), (void)(line), assert_true(memcmp(a, b, length) == 0))
#define skip() return
/* cmocka counts what these take: here nothing does. */
#define test_malloc malloc
#define test_calloc calloc
#define test_realloc realloc
#define test_free free

static inline bool is_in_range(unsigned long long a, unsigned long long low, unsigned long long high)
{
    return a >= low && a <= high;
}

static inline int run_tests(const struct CMUnitTest *tests, size_t count, int (*set_up)(void **),
                            int (*tear_down)(void **))
{
    void *state = NULL;
    if (set_up && set_up(&state))
        return 1;
    printf("1..%zu\n", count);
    for (size_t i = 0; i < count; i++) {
        if (tests[i].set_up && tests[i].set_up(&state))
            fail_msg("%s is not set up", tests[i].name);
        tests[i].run(&state);
        if (tests[i].tear_down && tests[i].tear_down(&state))
            fail_msg("%s is not torn down", tests[i].name);
        printf("ok %s\n", tests[i].name);
    }
    return tear_down ? tear_down(&state) : 0;
}

#define cmocka_run_group_tests_name(name, tests, set_up, tear_down)                                          \
    run_tests(tests, sizeof(tests) / sizeof((tests)[0]), set_up, tear_down)
#define cmocka_run_group_tests(tests, set_up, tear_down)                                                     \
    cmocka_run_group_tests_name(#tests, tests, set_up, tear_down)

#endif
