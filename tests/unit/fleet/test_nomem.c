/* Any one allocation may fail: the call says so, or the record is written a moment later, and nothing is lost. */
#include "failing.h"
#include "fleet/lease.h"
#include "records.h"
#include "unit.h"

static sp_lease lease;
static uint64_t now;

/* Until something is to be done: memory that ran out is tried again. */
static enum sp_lease_action next(sp_lease_step *step)
{
    enum sp_lease_action action = SP_LEASE_NOTHING;
    for (int i = 0; i < 4 && action == SP_LEASE_NOTHING; i++) {
        action = sp_lease_next(&lease, 1, now, step);
        now +=
            action == SP_LEASE_NOTHING ? lease.state == SP_LEASE_WAITING ? SP_LEASE_SEED : SP_LEASE_RETRY : 0;
    }
    return action;
}

static void deliver(uint64_t delivery, sp_slice body)
{
    if (sp_lease_delivered(&lease, delivery, body, now, NULL) != SPECTACLES_OK)
        assert_int_equal(sp_lease_delivered(&lease, delivery, body, now, NULL), SPECTACLES_OK);
}

static void publish_and_come_back(uint64_t delivery)
{
    sp_lease_step step;
    sp_buffer copy = {0};
    assert_int_equal(next(&step), SP_LEASE_PUBLISH);
    failing_pause(1);
    sp_buffer_append(&copy, step.body.bytes, step.body.length);
    failing_pause(0);
    deliver(delivery, sp_buffer_slice(&copy));
    sp_buffer_free(&copy);
}

static void report(uint64_t seq)
{
    failing_pause(1);
    sp_record *record = shard_record(3, "s", seq, 1);
    failing_pause(0);
    if (sp_lease_report(&lease, record, now) != SPECTACLES_OK)
        assert_int_equal(sp_lease_report(&lease, record, now), SPECTACLES_OK);
}

static void live(void)
{
    sp_lease_step step;
    now = 1000;
    sp_lease_init(&lease, &place_three, "web-1", 7);
    sp_lease_want(&lease, now);
    assert_int_equal(next(&step), SP_LEASE_CONSUME);
    sp_lease_subscribed(&lease, true, now);
    publish_and_come_back(1); /* a seed */
    publish_and_come_back(2);
    publish_and_come_back(3);
    report(17);
    while (lease.held.count > 1)
        assert_int_equal(next(&step), SP_LEASE_ACKNOWLEDGE);
    publish_and_come_back(4);
    uint64_t seq = 0;
    assert_true(sp_lease_is_stored(&lease, 3, &seq));
    assert_int_equal(seq, 17);
    sp_lease_free(&lease);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    failing_start(0);
    live();
    size_t count = failing_count();
    assert_in_range(count, 5, 200);
    for (size_t nth = 1; nth <= count; nth++) {
        failing_start(nth);
        live();
    }
    failing_start(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests_name("fleet/nomem", tests, NULL, NULL);
}
