/* Any one allocation may fail: the call says so, or the record is written a moment later, and nothing is lost. */
#include "failing.h"
#include "fleet/asks.h"
#include "fleet/grants.h"
#include "fleet/lease.h"
#include "fleet/members.h"
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

/* A grant is noted in two places, or in none. */
static void ask_and_grant(void)
{
    sp_asks asks;
    sp_ask shard = {.number = 0};
    sp_grants grants;
    sp_fleet_turn ask, granted;
    now = 1000 + SP_GRANT_LIFE + SP_GRANT_SPACE;
    sp_asks_init(&asks, "web-1", "r");
    sp_grants_init(&grants, 1);
    sp_grants_lead(&grants, 1000);
    sp_asks_want(&asks, &shard, 3, 8);
    assert_true(sp_asks_next(&asks, now, &ask));
    if (sp_grants_asked(&grants, &ask, now) != SPECTACLES_OK)
        assert_int_equal(sp_grants_asked(&grants, &ask, now), SPECTACLES_OK);
    assert_int_equal(grants.asks.count, 1);
    sp_grants_limits(&grants, 1, 3, 86400000, now, now);
    bool is_granted = false;
    for (int i = 0; i < 3 && !is_granted; i++) {
        assert_int_equal(grants.recent.count + grants.busy.count, 0);
        is_granted = sp_grants_next(&grants, now, &granted);
    }
    assert_true(is_granted && sp_fleet_turn_equals(&ask, &granted));
    assert_int_equal(grants.left, 1);
    assert_int_equal(grants.recent.count + grants.busy.count, 2);
    sp_grants_free(&grants);
}

static void hear_members(void)
{
    sp_members members = {0};
    sp_hello hello = {.member = "web-1", .run = "r", .weight = 100};
    int heard = sp_members_heard(&members, &hello, 1000);
    assert_int_equal(members.count, heard == 1);
    if (heard != 1)
        assert_int_equal(sp_members_heard(&members, &hello, 1000), 1);
    assert_non_null(sp_members_find(&members, "web-1"));
    sp_members_free(&members);
}

static void let_each_fail(void (*life)(void), size_t at_least)
{
    failing_start(0);
    life();
    size_t count = failing_count();
    assert_in_range(count, at_least, 200);
    for (size_t nth = 1; nth <= count; nth++) {
        failing_start(nth);
        life();
    }
    failing_start(0);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    let_each_fail(live, 5);
    let_each_fail(ask_and_grant, 3);
    let_each_fail(hear_members, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests_name("fleet/nomem", tests, NULL, NULL);
}
