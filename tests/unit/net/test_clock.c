/*
 * The clock goes on while the machine is suspended. A time namespace shows which clock it is: there it can be set
 * apart.
 */
#define _GNU_SOURCE
#include "unit.h"

#include <sched.h>
#include <spectacles/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

enum {
    SUSPENDED = 86400, /* seconds */
    WENT_ON = 10,
    STOOD_STILL,
    NOT_HERE
};

static uint64_t monotonic(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* What a machine looks like that was suspended for a day: the one clock has gone on, the other has not. */
static int look_after_a_day(void)
{
    uint64_t ahead = spectacles_now() - monotonic();
    FILE *offsets = unshare(CLONE_NEWTIME) == 0 ? fopen("/proc/self/timens_offsets", "w") : NULL;
    if (!offsets || fprintf(offsets, "boottime %d 0\n", SUSPENDED) < 0 || fclose(offsets) != 0)
        return NOT_HERE;
    pid_t child = fork();
    if (child == 0)
        _exit(spectacles_now() - monotonic() >= ahead + UINT64_C(1000) * SUSPENDED - 1000 ? WENT_ON
                                                                                          : STOOD_STILL);
    int status;
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status)
                                                                                 : NOT_HERE;
}

static void the_clock_goes_on_in_a_suspended_machine(void **state)
{
    (void)state;
#if defined(CLOCK_BOOTTIME)
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(look_after_a_day());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NOT_HERE) {
        print_message("skipped: no time namespace can be made here\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), WENT_ON);
#else
    skip();
#endif
}

static void the_clock_never_goes_backwards(void **state)
{
    (void)state;
    uint64_t last = spectacles_now();
    for (int i = 0; i < 100000; i++) {
        uint64_t now = spectacles_now();
        assert_true(now >= last);
        last = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clock_goes_on_in_a_suspended_machine),
        cmocka_unit_test(the_clock_never_goes_backwards),
    };
    return cmocka_run_group_tests_name("net/clock", tests, NULL, NULL);
}
