/*
 * The names of events and intents, held against the library. tests/static/test_event_names.py holds them against its
 * source.
 */
#include "event_names.h"

#include "unit.h"

#include <spectacles/routing.h>

static void events_are_sorted_and_once(void **state)
{
    size_t with_intents = 0;
    (void)state;
    for (size_t i = 0; event_name(i); i++) {
        assert_true(i == 0 || strcmp(event_name(i - 1), event_name(i)) < 0);
        with_intents += spectacles_intents_for_event(event_name(i), strlen(event_name(i))) != 0;
    }
    assert_true(with_intents > 60);
}

static void all_intents_have_names(void **state)
{
    size_t count = 0;
    uint64_t intent;
    (void)state;
    for (; intent_name(count); count++)
        assert_int_equal(spectacles_intent_parse(&intent, intent_name(count), strlen(intent_name(count))), 0);
    assert_int_equal(count, 21);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_sorted_and_once),
        cmocka_unit_test(all_intents_have_names),
    };
    return cmocka_run_group_tests_name("tools/event_names", tests, NULL, NULL);
}
