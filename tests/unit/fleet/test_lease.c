/* A lease, step by step, to the millisecond. What many leases make of it together is in test_lives.c. */
#include "fleet/lease.h"
#include "records.h"
#include "unit.h"

enum {
    START = 100000
};

static sp_lease lease;
static sp_lease_step step;
static sp_buffer last; /* the body that was published last */
static uint64_t deliveries;

static int set_up(void **state)
{
    (void)state;
    sp_lease_init(&lease, &place_three, "web-1", 7);
    deliveries = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sp_lease_free(&lease);
    sp_buffer_free(&last);
    return 0;
}

static enum sp_lease_action next(uint64_t now)
{
    enum sp_lease_action action = sp_lease_next(&lease, 1, now, &step);
    if (action == SP_LEASE_PUBLISH) {
        sp_buffer_clear(&last);
        sp_buffer_append(&last, step.body.bytes, step.body.length);
    }
    return action;
}

static void expect(enum sp_lease_action action, uint64_t now)
{
    assert_int_equal(next(now), action);
}

static uint64_t deliver(sp_slice body, uint64_t now)
{
    assert_int_equal(sp_lease_delivered(&lease, ++deliveries, body, now, NULL), SPECTACLES_OK);
    return deliveries;
}

/* What was published last comes back. */
static uint64_t come_back(uint64_t now)
{
    return deliver(sp_buffer_slice(&last), now);
}

static uint64_t deliver_record(enum sp_fleet_kind kind, uint64_t epoch, uint64_t write, const char *session,
                               uint64_t now)
{
    sp_buffer out = {0};
    sp_fleet_record record = {.kind = kind, .version = {epoch, write}, .owner = "web-2", .nonce = "other"};
    content_add(&record.content, 3, session, 17, epoch, write);
    assert_int_equal(sp_fleet_record_write(&record, &place_three, &out), SPECTACLES_OK);
    uint64_t delivery = deliver(sp_buffer_slice(&out), now);
    sp_buffer_free(&out);
    sp_fleet_record_free(&record);
    return delivery;
}

/* Behind a record of another owner: OWNED at START + 10, and everything that is due is done. */
static void become_owner(enum sp_fleet_kind kind)
{
    sp_lease_want(&lease, START);
    expect(SP_LEASE_CONSUME, START);
    sp_lease_subscribed(&lease, false, START);
    deliver_record(kind, 5, 9, "s", START);
    expect(SP_LEASE_PUBLISH, START);
    come_back(START + 10);
    assert_int_equal(lease.state, SP_LEASE_OWNED);
    expect(SP_LEASE_PUBLISH, START + 10);
    come_back(START + 20);
    expect(SP_LEASE_ACKNOWLEDGE, START + 20);
    expect(SP_LEASE_ACKNOWLEDGE, START + 20);
    expect(SP_LEASE_NOTHING, START + 20);
}

static void a_slot_is_claimed(void **state)
{
    sp_fleet_record claim;
    (void)state;
    sp_lease_want(&lease, START);
    expect(SP_LEASE_CONSUME, START);
    expect(SP_LEASE_NOTHING, START);
    sp_lease_subscribed(&lease, false, START);
    uint64_t foreign = deliver_record(SP_FLEET_OWNED, 5, 9, "s", START);
    assert_int_equal(lease.state, SP_LEASE_CLAIMING);
    assert_false(sp_lease_serves(&lease, START));
    expect(SP_LEASE_PUBLISH, START);
    assert_int_equal(step.flags, SPECTACLES_MESSAGE_MANDATORY);
    assert_int_equal(sp_fleet_record_read(sp_buffer_slice(&last), &place_three, &claim, NULL), SPECTACLES_OK);
    assert_int_equal(claim.kind, SP_FLEET_CLAIM);
    assert_int_equal(claim.version.epoch, 6);
    sp_lease_answered(&lease, step.write, SP_LEASE_CONFIRMED, START + 5);
    assert_int_equal(lease.state, SP_LEASE_CLAIMING); /* a confirm proves nothing */
    come_back(START + 10);
    assert_int_equal(lease.state, SP_LEASE_OWNED);
    expect(SP_LEASE_PUBLISH, START + 10);
    expect(SP_LEASE_NOTHING, START + 10);
    come_back(START + 20);
    expect(SP_LEASE_ACKNOWLEDGE, START + 20); /* only now: a record that contains it is back */
    assert_int_equal(step.delivery, foreign);
}

static void identifies_wait_at_the_fence(void **state)
{
    (void)state;
    become_owner(SP_FLEET_OWNED);
    for (uint64_t now = START + 1000; now < START + SP_LEASE_FENCE; now += 1000) {
        assert_false(sp_lease_may_identify(&lease, now));
        if (next(now) == SP_LEASE_PUBLISH)
            come_back(now);
    }
    assert_false(sp_lease_may_identify(&lease, START + SP_LEASE_FENCE - 1));
    assert_true(sp_lease_may_identify(&lease, START + SP_LEASE_FENCE));
    assert_int_equal(sp_lease_alone_since(&lease), START + SP_LEASE_FENCE);
}

static void a_released_slot_has_no_fence(void **state)
{
    (void)state;
    become_owner(SP_FLEET_RELEASED);
    assert_true(sp_lease_may_identify(&lease, START + 20));
    assert_int_equal(sp_lease_alone_since(&lease), START);
}

static void who_has_seen_no_content_waits_longer(void **state)
{
    (void)state;
    sp_lease_want(&lease, START);
    expect(SP_LEASE_CONSUME, START);
    sp_lease_subscribed(&lease, true, START);
    expect(SP_LEASE_PUBLISH, START); /* a seed: nobody waits for an answer */
    assert_int_equal(step.write, 0);
    come_back(START + 5);
    for (uint64_t now = START + 5; now < START + SP_LEASE_BLIND_FENCE; now += 500) {
        assert_false(sp_lease_may_identify(&lease, now));
        while (next(now) == SP_LEASE_PUBLISH)
            come_back(now);
    }
    assert_true(sp_lease_may_identify(&lease, START + 5 + SP_LEASE_BLIND_FENCE));
    assert_int_equal(sp_lease_alone_since(&lease), START + 5 + SP_LEASE_FENCE); /* long since */
}

/* A record of its own is a content as any other: nobody may have owned the slot in between. */
static void who_comes_back_has_seen_its_own_record(void **state)
{
    (void)state;
    sp_lease_want(&lease, START);
    expect(SP_LEASE_CONSUME, START);
    sp_lease_subscribed(&lease, true, START);
    for (uint64_t now = START; now < START + 100; now += 10) {
        while (next(now) == SP_LEASE_PUBLISH)
            come_back(now);
    }
    assert_int_equal(lease.state, SP_LEASE_OWNED);
    sp_lease_release(&lease, false, START + 100);
    sp_lease_drained(&lease, START + 100);
    expect(SP_LEASE_PUBLISH, START + 100);
    come_back(START + 110);
    assert_int_equal(lease.state, SP_LEASE_IDLE);
    assert_false(lease.is_founded);
    sp_lease_want(&lease, START + 120);
    come_back(START + 120);
    assert_int_equal(lease.state, SP_LEASE_CLAIMING);
    assert_true(lease.is_founded);
}

/* The first call after a long sleep says no, whichever it is. */
static void the_deadline_is_looked_at_first(void **state)
{
    uint64_t late = START + 10 + SP_LEASE_TIME + 1;
    (void)state;
    become_owner(SP_FLEET_RELEASED);
    assert_true(sp_lease_may_identify(&lease, late - 1));
    assert_false(sp_lease_may_identify(&lease, late));
    assert_int_equal(lease.state, SP_LEASE_DOUBTFUL);
    assert_int_equal(sp_lease_verdict(&lease, 3, late), SP_LEASE_KEEP);
    assert_int_equal(sp_lease_verdict(&lease, 67, late), SP_LEASE_END_SESSION); /* in no record */
}

static void a_doubtful_lease_resumes_three_times(void **state)
{
    uint64_t lost = START + 100, first = lost + SP_LEASE_DOUBTFUL_RESUME;
    (void)state;
    become_owner(SP_FLEET_OWNED);
    sp_lease_lost(&lease, lost);
    assert_false(sp_lease_may_resume(&lease, first - 1));
    for (int i = 0; i < SP_LEASE_DOUBTFUL_RESUMES; i++)
        assert_true(sp_lease_may_resume(&lease, first));
    assert_false(sp_lease_may_resume(&lease, first));
}

static void a_foreign_record_ends_the_term(void **state)
{
    (void)state;
    become_owner(SP_FLEET_OWNED);
    deliver_record(SP_FLEET_OWNED, 7, 1, "newer", START + 50);
    assert_int_equal(lease.state, SP_LEASE_CLAIMING);
    assert_int_equal(lease.epoch, 8);
    assert_int_equal(sp_lease_verdict(&lease, 3, START + 50), SP_LEASE_LEAVE_SESSION);
    assert_string_equal(sp_fleet_content_find(&lease.content, 3)->record->session_id, "newer");
}

static void a_late_record_of_a_former_owner_does_no_harm(void **state)
{
    (void)state;
    become_owner(SP_FLEET_OWNED);
    assert_int_equal(sp_lease_report(&lease, shard_record(3, "mine", 1, 0), START + 30), SPECTACLES_OK);
    deliver_record(SP_FLEET_OWNED, 5, 99, "s", START + 50);
    assert_int_equal(lease.state, SP_LEASE_OWNED);
    assert_string_equal(sp_fleet_content_find(&lease.content, 3)->record->session_id, "mine");
}

static void a_new_session_is_stored_when_its_record_is_back(void **state)
{
    uint64_t seq = 0;
    (void)state;
    become_owner(SP_FLEET_OWNED);
    assert_int_equal(sp_lease_report(&lease, shard_record(3, "new", 1, 0), START + 30), SPECTACLES_OK);
    expect(SP_LEASE_PUBLISH, START + 30);
    assert_false(sp_lease_is_stored(&lease, 3, &seq));
    assert_int_equal(sp_lease_report(&lease, shard_record(3, "new", 4, 0), START + 31), SPECTACLES_OK);
    come_back(START + 40);
    assert_true(sp_lease_is_stored(&lease, 3, &seq));
    assert_int_equal(seq, 1); /* and not 4, which came later */
}

static void a_hello_of_a_later_owner_ends_the_service(void **state)
{
    (void)state;
    become_owner(SP_FLEET_OWNED);
    sp_lease_heard(&lease, 6, START + 30); /* our own epoch */
    assert_int_equal(lease.state, SP_LEASE_OWNED);
    sp_lease_heard(&lease, 7, START + 30);
    assert_int_equal(lease.state, SP_LEASE_WAITING);
    assert_false(sp_lease_serves(&lease, START + 30));
    expect(SP_LEASE_CANCEL, START + 30);
    expect(SP_LEASE_GIVE_BACK, START + 30);
    expect(SP_LEASE_CONSUME, START + 30);
}

static void who_leaves_waits_for_the_confirm(void **state)
{
    sp_fleet_record record;
    (void)state;
    become_owner(SP_FLEET_RELEASED);
    sp_lease_release(&lease, false, START + 30);
    expect(SP_LEASE_NOTHING, START + 30);
    assert_int_equal(sp_lease_report(&lease, shard_record(3, "s", 40, 0), START + 31), SPECTACLES_OK);
    sp_lease_drained(&lease, START + 32);
    expect(SP_LEASE_PUBLISH, START + 32);
    assert_int_equal(sp_fleet_record_read(sp_buffer_slice(&last), &place_three, &record, NULL),
                     SPECTACLES_OK);
    assert_int_equal(record.kind, SP_FLEET_RELEASED);
    assert_int_equal(record.content.shards[0].record->seq, 40);
    sp_fleet_record_free(&record);
    sp_lease_answered(&lease, step.write, SP_LEASE_RETURNED, START + 33); /* the queue was deleted */
    expect(SP_LEASE_PUBLISH, START + 33 + SP_LEASE_RETRY);
    sp_lease_answered(&lease, step.write, SP_LEASE_CONFIRMED, START + 600);
    assert_int_equal(lease.state, SP_LEASE_IDLE);
    expect(SP_LEASE_CANCEL, START + 600);
    expect(SP_LEASE_GIVE_BACK, START + 600);
    expect(SP_LEASE_NOTHING, START + 600);
}

/* RabbitMQ delivers a record before it confirms it, or after. */
static void who_leaves_may_see_the_last_record_first(void **state)
{
    (void)state;
    become_owner(SP_FLEET_RELEASED);
    sp_lease_release(&lease, true, START + 30);
    sp_lease_drained(&lease, START + 30);
    expect(SP_LEASE_PUBLISH, START + 30);
    come_back(START + 31);
    assert_int_equal(lease.state, SP_LEASE_WAITING);
    sp_lease_answered(&lease, step.write, SP_LEASE_CONFIRMED, START + 32);
    expect(SP_LEASE_CANCEL, START + 32);
    expect(SP_LEASE_GIVE_BACK, START + 32);
    expect(SP_LEASE_GIVE_BACK, START + 32);
    expect(SP_LEASE_CONSUME, START + 32);
    expect(SP_LEASE_NOTHING, START + 32);
}

/* A record that was on its way when the shards were drained has not what they said last. */
static void who_leaves_does_not_take_an_earlier_record_for_the_last(void **state)
{
    (void)state;
    become_owner(SP_FLEET_RELEASED);
    assert_int_equal(sp_lease_report(&lease, shard_record(3, "t", 1, 0), START + 30), SPECTACLES_OK);
    expect(SP_LEASE_PUBLISH, START + 30);
    uint64_t earlier = step.write;
    sp_lease_release(&lease, false, START + 31);
    sp_lease_drained(&lease, START + 31);
    come_back(START + 32);
    sp_lease_answered(&lease, earlier, SP_LEASE_CONFIRMED, START + 32);
    assert_int_equal(lease.state, SP_LEASE_RELEASING);
    expect(SP_LEASE_PUBLISH, START + 32);
    come_back(START + 33);
    assert_int_equal(lease.state, SP_LEASE_IDLE);
}

/* Its owner says so in each of its turns: the queue would fill, and its answers would be those of earlier records. */
static void who_leaves_writes_one_last_record(void **state)
{
    (void)state;
    become_owner(SP_FLEET_RELEASED);
    sp_lease_release(&lease, false, START + 30);
    sp_lease_drained(&lease, START + 30);
    expect(SP_LEASE_PUBLISH, START + 30);
    sp_lease_drained(&lease, START + 31);
    expect(SP_LEASE_NOTHING, START + 31);
    come_back(START + 32);
    assert_int_equal(lease.state, SP_LEASE_IDLE);
}

static void an_owner_behind_its_fence_does_not_say_released(void **state)
{
    sp_fleet_record record;
    (void)state;
    become_owner(SP_FLEET_OWNED);
    sp_lease_release(&lease, false, START + 30);
    sp_lease_drained(&lease, START + 30);
    expect(SP_LEASE_PUBLISH, START + 30);
    assert_int_equal(sp_fleet_record_read(sp_buffer_slice(&last), &place_three, &record, NULL),
                     SPECTACLES_OK);
    assert_int_equal(record.kind, SP_FLEET_OWNED);
    sp_fleet_record_free(&record);
}

static void a_record_that_cannot_be_read_is_left_alone(void **state)
{
    static const char later[] = "{\"v\":2}";
    spectacles_problem problem = {0};
    (void)state;
    sp_lease_want(&lease, START);
    expect(SP_LEASE_CONSUME, START);
    sp_lease_subscribed(&lease, false, START);
    sp_slice body = {(const uint8_t *)later, sizeof later - 1};
    assert_int_equal(sp_lease_delivered(&lease, 1, body, START, &problem), SPECTACLES_E_UNSUPPORTED);
    assert_non_null(strstr(problem.text, "later version"));
    expect(SP_LEASE_CANCEL, START);
    expect(SP_LEASE_GIVE_BACK, START);
    expect(SP_LEASE_NOTHING, START);
}

/* Each deadline that is named is one at which something happens. */
static void deadlines_are_to_the_millisecond(void **state)
{
    (void)state;
    become_owner(SP_FLEET_OWNED);
    assert_int_equal(sp_lease_deadline(&lease), START + 10 + SP_LEASE_RENEW);
    expect(SP_LEASE_NOTHING, START + 10 + SP_LEASE_RENEW - 1);
    assert_int_equal(sp_lease_report(&lease, shard_record(3, "s", 18, 0), START + 30), SPECTACLES_OK);
    expect(SP_LEASE_PUBLISH, START + 30); /* the first report in this term */
    assert_int_equal(sp_lease_deadline(&lease), START + 10 + SP_LEASE_TIME + 1);
    come_back(START + 40);
    expect(SP_LEASE_ACKNOWLEDGE, START + 40);
    assert_int_equal(sp_lease_report(&lease, shard_record(3, "s", 19, 0), START + 50), SPECTACLES_OK);
    assert_int_equal(sp_lease_deadline(&lease), START + 30 + SP_LEASE_WRITE);
}

#define in_order(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_order(a_slot_is_claimed),
        in_order(identifies_wait_at_the_fence),
        in_order(a_released_slot_has_no_fence),
        in_order(who_has_seen_no_content_waits_longer),
        in_order(who_comes_back_has_seen_its_own_record),
        in_order(the_deadline_is_looked_at_first),
        in_order(a_doubtful_lease_resumes_three_times),
        in_order(a_foreign_record_ends_the_term),
        in_order(a_late_record_of_a_former_owner_does_no_harm),
        in_order(a_new_session_is_stored_when_its_record_is_back),
        in_order(a_hello_of_a_later_owner_ends_the_service),
        in_order(who_leaves_waits_for_the_confirm),
        in_order(who_leaves_may_see_the_last_record_first),
        in_order(who_leaves_does_not_take_an_earlier_record_for_the_last),
        in_order(who_leaves_writes_one_last_record),
        in_order(an_owner_behind_its_fence_does_not_say_released),
        in_order(a_record_that_cannot_be_read_is_left_alone),
        in_order(deadlines_are_to_the_millisecond),
    };
    return cmocka_run_group_tests_name("fleet/lease", tests, NULL, NULL);
}
