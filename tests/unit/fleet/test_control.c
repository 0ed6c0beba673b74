/* What the leader says: what is written is read again, and nothing malformed is believed. */
#include "fleet/control.h"
#include "unit.h"

#define HEAD                                                                                                 \
    "{\"v\":1,\"version\":[12,3],\"concurrency\":16,\"phase\":\"overlap\",\"generation\":2,\"members\":["    \
    "\"web-1\",\"web-2\"]"                                                                                   \
    ","
#define NOBODY_HEAD                                                                                          \
    "{\"version\":[12,3],\"concurrency\":16,\"phase\":\"stable\",\"generation\":1,\"members\":[],"

static sp_slice slice(const char *text)
{
    return (sp_slice){(const uint8_t *)text, strlen(text)};
}

static void what_is_said_is_read_again(void **state)
{
    static const char text[] =
        HEAD "\"sets\":[{\"set\":\"2-1\",\"known\":3,\"slots\":[[0,1,null,0],[1,null,1,12]]},"
             "{\"set\":\"4-2\",\"known\":0,\"slots\":[]}]}";
    static sp_control control;
    sp_buffer out = {0};
    (void)state;
    assert_int_equal(sp_control_read(slice(text), &control), SPECTACLES_OK);
    assert_int_equal(control.version.epoch, 12);
    assert_int_equal(control.phase, SP_RESHARD_OVERLAP);
    assert_int_equal(sp_control_member(&control, "web-2"), 1);
    assert_int_equal(sp_control_member(&control, "web-3"), SP_PLAN_NOBODY);
    assert_int_equal(sp_control_set_of(&control, "2-1")->plan.standbys[1], SP_PLAN_NOBODY);
    assert_int_equal(sp_control_set_of(&control, "2-1")->pins[1], 1);
    assert_int_equal(sp_control_set_of(&control, "2-1")->epochs[1], 12);
    assert_null(sp_control_set_of(&control, "2-2"));
    sp_buffer_text(&out, "{\"v\":1");
    sp_control_write(&control, &out);
    sp_buffer_text(&out, "}");
    assert_int_equal(sp_buffer_length(&out), sizeof text - 1);
    assert_memory_equal(sp_buffer_slice(&out).bytes, text, sizeof text - 1);
    sp_buffer_free(&out);
}

static void what_says_the_same_is_equal(void **state)
{
    static sp_control one, other;
    (void)state;
    assert_int_equal(
        sp_control_read(slice(HEAD "\"sets\":[{\"set\":\"2-1\",\"known\":3,\"slots\":[[0,1,null,5]]}]}"),
                        &one),
        0);
    other = one;
    other.version.write++;
    assert_true(sp_control_equals(&one, &other));
    other.sets[0].plan.owners[1] = 1; /* of a slot that there is not */
    assert_true(sp_control_equals(&one, &other));
    other.sets[0].epochs[0] = 6;
    assert_false(sp_control_equals(&one, &other));
    other = one;
    other.sets[0].plan.owners[0] = 1;
    assert_false(sp_control_equals(&one, &other));
    other = one;
    other.members[0][0] = 'x';
    assert_false(sp_control_equals(&one, &other));
    other = one;
    other.phase = SP_RESHARD_STABLE;
    assert_false(sp_control_equals(&one, &other));
    other = one;
    other.generation++;
    assert_false(sp_control_equals(&one, &other));
}

static const char *const bad[] = {
    "{}",
    HEAD "\"sets\":[1]}",
    HEAD "\"x\":[]}",
    HEAD "\"sets\":[{\"set\":\"2-1\",\"slots\":[]}]}",
    HEAD "\"sets\":[{\"set\":\"2-1\",\"known\":3,\"slots\":[1]}]}",
    HEAD "\"sets\":[{\"set\":\"2-1\",\"known\":3,\"slots\":[[0,1,null]]}]}",
    HEAD "\"sets\":[{\"set\":\"2-1\",\"known\":3,\"slots\":[[0,1,2,0]]}]}",
    HEAD "\"sets\":[{\"set\":\"2-1\",\"known\":3,\"slots\":[[0,1,null,0,0]]}]}",
    HEAD "\"sets\":[{\"set\":\"a\",\"known\":0,\"slots\":[]},{\"set\":\"b\",\"known\":0,\"slots\":[]},{"
         "\"set\":\"c\",\"known\":0,\"slots\":[]}]}",
    NOBODY_HEAD "\"sets\":[{\"set\":\"2-1\",\"known\":3,\"slots\":[[0,null,null,0]]}]}",
    "{\"version\":[12],\"concurrency\":16,\"phase\":\"stable\",\"generation\":1,\"members\":[],\"sets\":[]}",
    "{\"version\":[12,3],\"concurrency\":16,\"phase\":\"dancing\",\"members\":[],\"sets\":[]}",
    "{\"version\":[12,3],\"concurrency\":4294967296,\"phase\":\"stable\",\"generation\":1,\"members\":[],"
    "\"sets\":[]}",
    "{\"version\":[12,3],\"concurrency\":16,\"phase\":\"stable\",\"generation\":1,\"members\":[\"a "
    "b\"],\"sets\":[]}",
};

static void nothing_malformed_is_believed(void **state)
{
    static sp_control control;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        control.concurrency = 7;
        if (sp_control_read(slice(bad[i]), &control) != SPECTACLES_E_PROTO || control.concurrency != 7)
            fail_msg("this was read: %s", bad[i]);
    }
}

/* The largest fleet that there can be has a plan that a message can carry. */
static void the_largest_plan_fits(void **state)
{
    static sp_control control = {.version = {UINT64_MAX, UINT64_MAX},
                                 .concurrency = UINT32_MAX,
                                 .member_count = SP_MEMBERS_MAX,
                                 .set_count = SP_FLEET_SETS_MAX};
    sp_buffer out = {0};
    (void)state;
    for (size_t i = 0; i < SP_MEMBERS_MAX; i++)
        memset(control.members[i], '"', SP_FLEET_MEMBER_MAX);
    for (size_t i = 0; i < SP_FLEET_SETS_MAX; i++) {
        control.sets[i].slot_count = SP_FLEET_SLOTS_MAX;
        control.sets[i].known = UINT64_MAX;
        for (size_t slot = 0; slot < SP_FLEET_SLOTS_MAX; slot++)
            control.sets[i].epochs[slot] = UINT64_MAX;
    }
    sp_fleet_message_begin(&out, SP_FLEET_MESSAGE_PLAN, "3c469e9d6c5875d37a43f353d4f88e61");
    sp_control_write(&control, &out);
    assert_int_equal(sp_buffer_failed(&out), SPECTACLES_OK);
    assert_in_range(sp_buffer_length(&out), 1, SP_FLEET_MESSAGE_MAX);
    sp_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_is_read_again),
        cmocka_unit_test(what_says_the_same_is_equal),
        cmocka_unit_test(nothing_malformed_is_believed),
        cmocka_unit_test(the_largest_plan_fits),
    };
    return cmocka_run_group_tests_name("fleet/control", tests, NULL, NULL);
}
