/* The times of heartbeats: ten minutes count for quantiles, and everything counts for sum and count. */
#include "status_ping.h"

#include "unit.h"

enum {
    MINUTE = 60 * 1000
};

static const uint64_t start = 1767225600000;

static void quantiles_are_those_of_the_samples(void **state)
{
    struct ping ping = {0};
    uint32_t sorted[PING_SAMPLES];
    (void)state;
    for (uint32_t i = 10; i > 0; i--)
        ping_add(&ping, i * 10, start);
    assert_int_equal(ping_sorted(&ping, start, sorted), 10);
    assert_int_equal(sorted[0], 10);
    assert_int_equal(sorted[9], 100);
    assert_int_equal(ping_quantile(sorted, 10, 500), 50);
    assert_int_equal(ping_quantile(sorted, 10, 900), 90);
    assert_int_equal(ping_quantile(sorted, 10, 990), 100);
    assert_int_equal(ping_quantile(sorted, 1, 500), 10);
    assert_int_equal(ping.sum, 550);
}

static void what_is_older_than_ten_minutes_is_left_out(void **state)
{
    struct ping ping = {0};
    uint32_t sorted[PING_SAMPLES];
    (void)state;
    assert_int_equal(ping_sorted(&ping, start, sorted), 0);
    ping_add(&ping, 900, start);
    ping_add(&ping, 40, start + 9 * MINUTE);
    assert_int_equal(ping_sorted(&ping, start + 10 * MINUTE - 1, sorted), 2);
    assert_int_equal(ping_sorted(&ping, start + 10 * MINUTE, sorted), 1);
    assert_int_equal(sorted[0], 40);
    assert_int_equal(ping.count, 2);
    assert_int_equal(ping.sum, 940);
}

static void the_newest_samples_stay(void **state)
{
    struct ping ping = {0};
    uint32_t sorted[PING_SAMPLES];
    (void)state;
    for (uint32_t i = 1; i <= PING_SAMPLES + 3; i++)
        ping_add(&ping, i, start);
    assert_int_equal(ping_sorted(&ping, start, sorted), PING_SAMPLES);
    assert_int_equal(sorted[0], 4);
    assert_int_equal(ping.count, PING_SAMPLES + 3);
    ping_add(&ping, UINT64_MAX / 2, start);
    assert_int_equal(ping_sorted(&ping, start, sorted), PING_SAMPLES);
    assert_int_equal(sorted[PING_SAMPLES - 1], UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_those_of_the_samples),
        cmocka_unit_test(what_is_older_than_ten_minutes_is_left_out),
        cmocka_unit_test(the_newest_samples_stay),
    };
    return cmocka_run_group_tests_name("tools/status_ping", tests, NULL, NULL);
}
