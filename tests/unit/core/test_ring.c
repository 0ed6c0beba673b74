#include "core/ring.h"
#include "unit.h"

static void queues_in_order(void **state)
{
    (void)state;
    sp_ring ring = sp_ring_of(sizeof(int));
    int in = 0;
    int out = 0;
    for (int round = 0; round < 1000; round++) {
        for (int i = 0; i < round % 9; i++)
            *(int *)sp_ring_push(&ring) = in++;
        for (int i = 0; i < round % 8 && ring.count > 0; i++) {
            assert_int_equal(*(int *)sp_ring_front(&ring), out++);
            sp_ring_pop(&ring);
        }
    }
    for (size_t i = 0; i < ring.count; i++)
        assert_int_equal(*(int *)sp_ring_at(&ring, i), out + (int)i);
    assert_null(sp_ring_find(&ring, ring.count));
    sp_ring_free(&ring);
}

static void takes_from_both_ends(void **state)
{
    (void)state;
    sp_ring ring = sp_ring_of(sizeof(int));
    *(int *)sp_ring_push(&ring) = 2;
    *(int *)sp_ring_push_front(&ring) = 1;
    *(int *)sp_ring_push(&ring) = 3;
    sp_ring_pop_back(&ring);
    assert_int_equal(ring.count, 2);
    assert_int_equal(*(int *)sp_ring_front(&ring), 1);
    assert_int_equal(*(int *)sp_ring_back(&ring), 2);
    sp_ring_pop(&ring);
    sp_ring_pop(&ring);
    sp_ring_pop(&ring);
    sp_ring_pop_back(&ring);
    assert_null(sp_ring_front(&ring));
    assert_null(sp_ring_back(&ring));
    sp_ring_free(&ring);
}

static void gives_from_the_middle(void **state)
{
    (void)state;
    sp_ring ring = sp_ring_of(sizeof(int));
    for (int i = 0; i < 12; i++) {
        *(int *)sp_ring_push(&ring) = i;
        if (i < 5)
            sp_ring_pop(&ring);
    }
    sp_ring_remove(&ring, 2);
    sp_ring_remove(&ring, 5);
    sp_ring_remove(&ring, 99);
    static const int expected[] = {5, 6, 8, 9, 10};
    assert_int_equal(ring.count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(*(int *)sp_ring_at(&ring, i), expected[i]);
    sp_ring_free(&ring);
}

/* The items stay in their order, and no push up to the count needs memory. */
static void room_is_reserved(void **state)
{
    (void)state;
    sp_ring ring = sp_ring_of(sizeof(int));
    for (int i = 0; i < 8; i++)
        *(int *)sp_ring_push(&ring) = i;
    sp_ring_pop(&ring);
    *(int *)sp_ring_push(&ring) = 8;
    assert_int_equal(sp_ring_reserve(&ring, 100), 1);
    size_t capacity = ring.capacity;
    assert_true(capacity >= 100);
    assert_int_equal(sp_ring_reserve(&ring, 50), 1);
    for (int i = 9; ring.count < 100; i++)
        *(int *)sp_ring_push(&ring) = i;
    assert_int_equal(ring.capacity, capacity);
    for (int i = 0; i < 100; i++)
        assert_int_equal(*(int *)sp_ring_at(&ring, (size_t)i), i + 1);
    assert_int_equal(sp_ring_reserve(&ring, SIZE_MAX / 2), 0);
    sp_ring_free(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(room_is_reserved),
        cmocka_unit_test(queues_in_order),
        cmocka_unit_test(takes_from_both_ends),
        cmocka_unit_test(gives_from_the_middle),
    };
    return cmocka_run_group_tests_name("core/ring", tests, NULL, NULL);
}
