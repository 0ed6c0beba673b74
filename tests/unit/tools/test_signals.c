/* Signals as numbers that are read when there is time, and those that end nothing. */
#include "signals.h"

#include "loop.h"
#include "unit.h"

#include <signal.h>
#include <spectacles/spectacles.h>

static void signals_are_read_in_their_order(void **state)
{
    struct signals *signals = signals_new();
    (void)state;
    assert_int_equal(signals_next(signals), 0);
    raise(SIGHUP);
    raise(SIGTERM);
    raise(SIGUSR2);
    assert_int_equal(signals_next(signals), SIGHUP);
    assert_int_equal(signals_next(signals), SIGTERM);
    assert_int_equal(signals_next(signals), SIGUSR2);
    assert_int_equal(signals_next(signals), 0);
    signals_free(signals);
}

/* Nobody reads for a while: the handler does not wait for room, and the last wish is not the one that counts. */
static void more_signals_than_there_is_room_for_stop_nothing(void **state)
{
    struct signals *signals = signals_new();
    (void)state;
    for (int i = 0; i < 70000; i++)
        raise(SIGUSR1);
    assert_int_equal(signals_next(signals), SIGUSR1);
    signals_free(signals);
}

static void other_signals_end_nothing(void **state)
{
    static const int numbers[] = {SIGPIPE, SIGALRM, SIGVTALRM, SIGPROF, SIGXFSZ, SIGXCPU, SIGTTOU, SIGTSTP};
    struct signals *signals = signals_new();
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        raise(numbers[i]);
    raise(SIGRTMIN);
    raise(SIGRTMAX);
    assert_int_equal(signals_next(signals), 0);
    signals_free(signals);
}

static void a_signal_ends_the_wait_of_the_loop(void **state)
{
    struct signals *signals = signals_new();
    struct loop loop;
    (void)state;
    loop_begin(&loop);
    loop_watch(&loop, signals_descriptor(signals), POLLIN);
    loop_watch(&loop, -1, POLLIN);
    raise(SIGINT);
    assert_int_equal(loop_wait(&loop, spectacles_now()), 0);
    assert_int_equal(loop_found(&loop, signals_descriptor(signals)), POLLIN);
    assert_int_equal(loop_found(&loop, -1), 0);
    /* Of the turn before nothing is left. */
    loop_begin(&loop);
    assert_int_equal(loop_found(&loop, signals_descriptor(signals)), 0);
    signals_free(signals);
}

static void the_earliest_deadline_counts(void **state)
{
    struct loop loop;
    (void)state;
    loop_begin(&loop);
    assert_true(loop.deadline == SPECTACLES_NEVER);
    loop_until(&loop, 20);
    loop_until(&loop, SPECTACLES_NEVER);
    loop_until(&loop, 10);
    assert_true(loop.deadline == 10);
    assert_int_equal(loop_wait(&loop, 30), 0); /* it has passed: nothing is waited for */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_are_read_in_their_order),
        cmocka_unit_test(more_signals_than_there_is_room_for_stop_nothing),
        cmocka_unit_test(other_signals_end_nothing),
        cmocka_unit_test(a_signal_ends_the_wait_of_the_loop),
        cmocka_unit_test(the_earliest_deadline_counts),
    };
    return cmocka_run_group_tests_name("tools/signals", tests, NULL, NULL);
}
