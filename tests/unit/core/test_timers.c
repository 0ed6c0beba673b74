#include "core/list.h"
#include "core/timers.h"
#include "unit.h"

#include <spectacles/types.h>

enum {
    TIMERS = 200,
    STEPS = 20000
};

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static uint64_t earliest(const sp_timer *timers)
{
    uint64_t found = SPECTACLES_NEVER;
    for (int i = 0; i < TIMERS; i++) {
        if (sp_timer_is_set(&timers[i]) && timers[i].at < found)
            found = timers[i].at;
    }
    return found;
}

/* Held against a look at all of them, after each of many random changes; many timers tie. */
static void the_first_timer_is_the_earliest_of_all(void **state)
{
    (void)state;
    sp_timers heap = {0};
    sp_timer timers[TIMERS] = {{0, 0}};
    uint32_t seed = 7;
    for (int i = 0; i < TIMERS; i++)
        assert_int_equal(sp_timers_reserve(&heap), SPECTACLES_OK);
    for (int i = 0; i < STEPS; i++) {
        sp_timer *timer = &timers[next_random(&seed) % TIMERS];
        uint32_t at = next_random(&seed) % 64;
        sp_timer_set(&heap, timer, at < 8 ? SPECTACLES_NEVER : at);
        assert_int_equal(sp_timer_is_set(timer), at >= 8);
        assert_true(sp_timers_deadline(&heap) == earliest(timers));
    }
    sp_timers_free(&heap);
}

static void due_timers_come_out_in_their_order_and_each_once(void **state)
{
    (void)state;
    sp_timers heap = {0};
    sp_timer timers[TIMERS] = {{0, 0}};
    uint32_t seed = 3;
    int taken = 0;
    uint64_t last = 0;
    for (int i = 0; i < TIMERS; i++) {
        assert_int_equal(sp_timers_reserve(&heap), SPECTACLES_OK);
        sp_timer_set(&heap, &timers[i], next_random(&seed) % 50);
    }
    const sp_timer *timer;
    while ((timer = sp_timers_take_due(&heap, 24))) {
        assert_true(timer->at >= last && timer->at <= 24);
        assert_false(sp_timer_is_set(timer));
        last = timer->at;
        taken++;
    }
    assert_true(sp_timers_deadline(&heap) > 24);
    while (sp_timers_take_due(&heap, 50))
        taken++;
    assert_int_equal(taken, TIMERS);
    assert_true(sp_timers_deadline(&heap) == SPECTACLES_NEVER);
    sp_timers_free(&heap);
}

static void a_list_keeps_the_order_and_holds_each_thing_once(void **state)
{
    (void)state;
    sp_list list;
    sp_list other;
    sp_list_node nodes[3] = {{NULL, NULL}};
    sp_list_init(&list);
    sp_list_init(&other);
    assert_null(sp_list_take(&list));
    for (int i = 0; i < 6; i++)
        sp_list_add(&list, &nodes[i % 3]);
    sp_list_remove(&nodes[1]);
    sp_list_remove(&nodes[1]);
    sp_list_add(&list, &nodes[1]);
    sp_list_move(&other, &list);
    assert_true(sp_list_is_empty(&list));
    assert_ptr_equal(sp_list_take(&other), &nodes[0]);
    assert_ptr_equal(sp_list_take(&other), &nodes[2]);
    assert_ptr_equal(sp_list_take(&other), &nodes[1]);
    assert_null(sp_list_take(&other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_timer_is_the_earliest_of_all),
        cmocka_unit_test(due_timers_come_out_in_their_order_and_each_once),
        cmocka_unit_test(a_list_keeps_the_order_and_holds_each_thing_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
