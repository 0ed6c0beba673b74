/* The presence of a shard: each {{shard}} becomes its number, within the room that there is. */
#include "presence.h"

#include "unit.h"

static void each_shard_has_its_own(void **state)
{
    char text[64];
    (void)state;
    assert_int_equal(presence_of_shard("a {{shard}} b {{shard}}", 12, text, sizeof text), 9);
    assert_string_equal(text, "a 12 b 12");
    assert_int_equal(presence_of_shard("{{shard} {shard}}", 1, text, sizeof text), 17);
    assert_string_equal(text, "{{shard} {shard}}");
}

static void the_length_is_told_before(void **state)
{
    char text[4];
    (void)state;
    assert_int_equal(presence_of_shard("{{shard}}-{{shard}}", 65535, NULL, 0), 11);
    assert_int_equal(presence_of_shard("{{shard}}-{{shard}}", 65535, text, sizeof text), 11);
    assert_string_equal(text, "655");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_shard_has_its_own),
        cmocka_unit_test(the_length_is_told_before),
    };
    return cmocka_run_group_tests_name("tools/presence", tests, NULL, NULL);
}
