/*
 * As much of cmocka's face as the codec's unit tests use, for processors for which there is no cmocka: the tests
 * are then built without it and run in an emulator (tests/cross/test_processors.py).
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
};

#define cmocka_unit_test(function)                                                                           \
    {                                                                                                        \
#function, function                                                                                  \
    }
#define fail_msg(...) (printf(__VA_ARGS__), printf("\n%s:%d\n", __FILE__, __LINE__), exit(1))
#define print_message(...) printf(__VA_ARGS__)
#define assert_true(truth) ((truth) ? (void)0 : fail_msg("%s", #truth))
#define assert_false(truth) assert_true(!(truth))
#define assert_int_equal(a, b) assert_true((unsigned long long)(a) == (unsigned long long)(b))
#define assert_in_range(a, low, high) assert_true((a) >= (low) && (a) <= (high))
#define assert_ptr_equal(a, b) assert_true((const void *)(a) == (const void *)(b))
#define assert_null(pointer) assert_true(!(pointer))
#define assert_non_null(pointer) assert_true(pointer)
#define assert_string_equal(a, b) assert_true(strcmp(a, b) == 0)
/* What unit.h makes assert_memory_equal() of. */
#define _assert_memory_equal(a, b, length, file, line)                                                       \
    ((void)(file), (void)(line), assert_true(memcmp(a, b, length) == 0))
#define skip() return

static inline int run_tests(const struct CMUnitTest *tests, size_t count, int (*set_up)(void **),
                            int (*tear_down)(void **))
{
    void *state = NULL;
    if (set_up && set_up(&state))
        return 1;
    for (size_t i = 0; i < count; i++) {
        tests[i].run(&state);
        printf("ok %s\n", tests[i].name);
    }
    return tear_down ? tear_down(&state) : 0;
}

#define cmocka_run_group_tests_name(name, tests, set_up, tear_down)                                          \
    run_tests(tests, sizeof(tests) / sizeof((tests)[0]), set_up, tear_down)

#endif
