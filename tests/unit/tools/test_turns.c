/* How long the turns of the loop took, with a clock of the test. */
#include "turns.h"

#include "unit.h"

static void turn(struct turns *turns, uint64_t from, uint64_t to)
{
    turns_begin(turns, from);
    turns_end(turns, to);
}

static void each_turn_is_counted_by_what_it_took(void **state)
{
    static const struct {
        uint64_t took;
        unsigned place;
    } table[] = {{0, 0}, {1, 0},     {2, 1},     {3, 2},     {4, 2},
                 {5, 3}, {1000, 10}, {8192, 13}, {8193, 14}, {3600000, 14}};
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct turns turns = {0};
        turn(&turns, 1000, 1000 + table[i].took);
        assert_int_equal(turns.counts[table[i].place], 1);
        assert_int_equal(turns.time, table[i].took);
    }
}

static void they_add_up(void **state)
{
    (void)state;
    struct turns turns = {0};
    turn(&turns, 1000, 1001);
    turn(&turns, 2000, 2001);
    turn(&turns, 3000, 3010);
    assert_int_equal(turns.counts[0], 2);
    assert_int_equal(turns.counts[4], 1);
    assert_int_equal(turns.time, 12);
}

/* Before the first wait there was no turn; a clock that stands still has none that is negative. */
static void what_did_not_begin_is_not_counted(void **state)
{
    (void)state;
    struct turns turns = {0};
    turns_end(&turns, 5000);
    turn(&turns, 1000, 1000);
    turns_end(&turns, 9000);
    assert_int_equal(turns.counts[0], 1);
    assert_int_equal(turns.counts[TURNS_COUNT - 1], 0);
    assert_int_equal(turns.time, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_turn_is_counted_by_what_it_took),
        cmocka_unit_test(they_add_up),
        cmocka_unit_test(what_did_not_begin_is_not_counted),
    };
    return cmocka_run_group_tests_name("tools/turns", tests, NULL, NULL);
}
