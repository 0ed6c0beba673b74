/* Lookups on real threads, with the resolver of the system: names that need no name server. */
#include "net/lookup.h"

#include "unit.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spectacles/resolver.h>

static const spectacles_answer *wait_for_answer(spectacles_resolver *resolver)
{
    const spectacles_answer *answer = NULL;
    for (int i = 0; i < 600 && !answer; i++) {
        struct pollfd fd = {spectacles_resolver_fd(resolver), POLLIN, 0};
        poll(&fd, 1, 100);
        answer = spectacles_resolver_next_answer(resolver, 1);
    }
    assert_non_null(answer);
    return answer;
}

static spectacles_resolver *made(void)
{
    spectacles_resolver *resolver = NULL;
    assert_int_equal(spectacles_resolver_new(&resolver, NULL, NULL), SPECTACLES_OK);
    return resolver;
}

static void a_name_of_the_system_has_its_addresses(void **state)
{
    (void)state;
    spectacles_resolver *resolver = made();
    assert_int_equal(spectacles_resolver_ask(resolver, "localhost", 0, 0), SPECTACLES_OK);
    const spectacles_answer *answer = wait_for_answer(resolver);
    assert_string_equal(answer->host, "localhost");
    assert_non_null(answer->addresses);
    assert_true(strstr(answer->addresses, "127.0.0.1") || strstr(answer->addresses, "::1"));
    spectacles_resolver_free(resolver);
}

static void a_name_without_addresses_has_a_reason(void **state)
{
    (void)state;
    spectacles_resolver *resolver = made();
    assert_int_equal(spectacles_resolver_ask(resolver, "no-such-host.invalid", 0, 0), SPECTACLES_OK);
    const spectacles_answer *answer = wait_for_answer(resolver);
    assert_null(answer->addresses);
    assert_true(answer->why_length > 0);
    spectacles_resolver_free(resolver);
}

/* Freed while lookups are on their way: the threads free what is theirs. AddressSanitizer looks on. */
static void a_resolver_is_freed_at_any_time(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        spectacles_resolver *resolver = made();
        spectacles_resolver_ask(resolver, "localhost", 0, 0);
        spectacles_resolver_ask(resolver, "127.0.0.1", 1, 0);
        if (i % 2)
            wait_for_answer(resolver);
        spectacles_resolver_free(resolver);
    }
    spectacles_resolver_free(NULL);
}

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
    (void)number;
    caught++;
}

/* The owner's own mask is as before, so that signals come to the owner's thread. */
static void the_threads_leave_the_signals_to_their_owner(void **state)
{
    (void)state;
    sigset_t mask;
    struct sigaction action = {.sa_handler = on_signal};
    assert_int_equal(sigaction(SIGUSR2, &action, NULL), 0);
    spectacles_resolver *resolver = made();
    assert_int_equal(spectacles_resolver_ask(resolver, "localhost", 0, 0), SPECTACLES_OK);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
    assert_int_equal(sigismember(&mask, SIGUSR2), 0);
    raise(SIGUSR2);
    assert_int_equal(caught, 1);
    wait_for_answer(resolver);
    spectacles_resolver_free(resolver);
}

static void settings_are_checked(void **state)
{
    (void)state;
    spectacles_problem problem;
    spectacles_resolver *resolver = NULL;
    spectacles_resolver_config config;
    spectacles_resolver_config_init(&config, sizeof config);
    config.timeout = 0;
    assert_int_equal(spectacles_resolver_new(&resolver, &config, &problem), SPECTACLES_E_INVAL);
    assert_string_equal(problem.text, "timeout must not be 0");
    config.size = 0;
    assert_int_equal(spectacles_resolver_new(&resolver, &config, &problem), SPECTACLES_E_INVAL);
    assert_null(resolver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_of_the_system_has_its_addresses),
        cmocka_unit_test(a_name_without_addresses_has_a_reason),
        cmocka_unit_test(a_resolver_is_freed_at_any_time),
        cmocka_unit_test(the_threads_leave_the_signals_to_their_owner),
        cmocka_unit_test(settings_are_checked),
    };
    return cmocka_run_group_tests_name("net/lookup", tests, NULL, NULL);
}
