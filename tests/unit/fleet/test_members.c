/* Who is there, to the millisecond. */
#include "fleet/members.h"
#include "unit.h"

#include <stdio.h>

static sp_members members;
static char name[SP_FLEET_MEMBER_MAX + 1];

static int tear_down(void **state)
{
    (void)state;
    sp_members_free(&members);
    return 0;
}

static sp_hello hello_of(const char *member, const char *run)
{
    sp_hello hello = {.weight = 100, .set_count = 1};
    snprintf(hello.member, sizeof hello.member, "%s", member);
    snprintf(hello.run, sizeof hello.run, "%s", run);
    snprintf(hello.sets[0].name, sizeof hello.sets[0].name, "8-1");
    return hello;
}

static int hear(const char *member, const char *run, uint64_t now)
{
    sp_hello hello = hello_of(member, run);
    return sp_members_heard(&members, &hello, now);
}

static void members_come_and_go(void **state)
{
    (void)state;
    assert_int_equal(hear("b", "1", 1000), 1);
    assert_int_equal(hear("a", "1", 1500), 1);
    assert_int_equal(members.changed_at, 1500);
    assert_int_equal(hear("b", "1", 3000), 0);
    assert_int_equal(members.changed_at, 1500);
    assert_string_equal(members.items[0]->hello.member, "a");
    assert_int_equal(sp_members_deadline(&members), 1500 + SP_MEMBER_GONE);
    assert_false(sp_members_next_gone(&members, 1500 + SP_MEMBER_GONE - 1, name));
    assert_true(sp_members_next_gone(&members, 1500 + SP_MEMBER_GONE, name));
    assert_string_equal(name, "a");
    assert_int_equal(members.changed_at, 1500 + SP_MEMBER_GONE);
    assert_false(sp_members_next_gone(&members, 1500 + SP_MEMBER_GONE, name));
    assert_null(sp_members_find(&members, "a"));
    assert_non_null(sp_members_find(&members, "b"));
}

static void who_says_its_last_word_is_gone_at_once(void **state)
{
    sp_hello last = hello_of("a", "1");
    (void)state;
    hear("a", "1", 1000);
    last.state = SP_HELLO_GONE;
    assert_int_equal(sp_members_heard(&members, &last, 2000), 0);
    assert_int_equal(members.count, 0);
    assert_int_equal(members.changed_at, 2000);
    assert_int_equal(sp_members_heard(&members, &last, 2000), 0);
    assert_int_equal(sp_members_deadline(&members), SPECTACLES_NEVER);
}

/* A last word that comes late is of the process before. */
static void a_process_that_started_again_is_not_gone(void **state)
{
    sp_hello last = hello_of("a", "1");
    (void)state;
    hear("a", "1", 1000);
    assert_int_equal(hear("a", "2", 1500), 1);
    last.state = SP_HELLO_GONE;
    sp_members_heard(&members, &last, 1600);
    assert_int_equal(members.count, 1);
}

static void what_a_plan_depends_on_is_a_change(void **state)
{
    sp_hello hello = hello_of("a", "1");
    (void)state;
    sp_members_heard(&members, &hello, 1000);
    hello.sets[0].epochs[3] = 5;
    sp_members_heard(&members, &hello, 1100);
    assert_int_equal(members.changed_at, 1000); /* a plan looks at owners each time */
    hello.weight = 50;
    sp_members_heard(&members, &hello, 1200);
    assert_int_equal(members.changed_at, 1200);
    hello.state = SP_HELLO_LEAVING;
    sp_members_heard(&members, &hello, 1300);
    assert_int_equal(members.changed_at, 1300);
    snprintf(hello.zone, sizeof hello.zone, "z");
    sp_members_heard(&members, &hello, 1400);
    assert_int_equal(members.changed_at, 1400);
}

static void of_two_owners_the_later_one_is_right(void **state)
{
    sp_hello one = hello_of("a", "1"), other = hello_of("b", "1");
    uint64_t epoch = 0;
    (void)state;
    one.sets[0].epochs[3] = 5;
    other.sets[0].epochs[3] = 6;
    sp_members_heard(&members, &other, 1000);
    sp_members_heard(&members, &one, 1000);
    assert_string_equal(sp_members_owner(&members, "8-1", 3, &epoch)->hello.member, "b");
    assert_int_equal(epoch, 6);
    assert_null(sp_members_owner(&members, "8-1", 4, NULL));
    assert_null(sp_members_owner(&members, "8-2", 3, NULL));
}

static void there_is_a_limit(void **state)
{
    (void)state;
    for (int i = 0; i < SP_MEMBERS_MAX; i++) {
        snprintf(name, sizeof name, "m%d", i);
        assert_int_equal(hear(name, "1", 1000), 1);
    }
    assert_int_equal(hear("one-more", "1", 1000), SPECTACLES_E_TOOBIG);
    assert_int_equal(hear("m7", "1", 1000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(members_come_and_go, tear_down),
        cmocka_unit_test_teardown(who_says_its_last_word_is_gone_at_once, tear_down),
        cmocka_unit_test_teardown(a_process_that_started_again_is_not_gone, tear_down),
        cmocka_unit_test_teardown(what_a_plan_depends_on_is_a_change, tear_down),
        cmocka_unit_test_teardown(of_two_owners_the_later_one_is_right, tear_down),
        cmocka_unit_test_teardown(there_is_a_limit, tear_down),
    };
    return cmocka_run_group_tests_name("fleet/members", tests, NULL, NULL);
}
