/* SIGHUP: what has changed, what of it is followed, and that no sentence shows a secret. */
#include "reload.h"

#include "memory.h"
#include "unit.h"

static struct reload_change changes[SETTING_COUNT];
static const char *fleet; /* of the running settings; NULL: the default */

/* Compares an environment with the same one and more. */
static size_t compare(const char *const *more)
{
    struct memory memory;
    struct settings running;
    struct settings fresh;
    struct problems problems = {0};
    memory_begin(&memory);
    if (fleet)
        memory_set(&memory, fleet);
    memory_read(&memory, &running, &problems);
    for (size_t i = 0; more[i]; i++)
        memory_set(&memory, more[i]);
    memory_read(&memory, &fresh, &problems);
    size_t count = reload_compare(&running, &fresh, changes);
    problems_free(&problems);
    settings_free(&running);
    settings_free(&fresh);
    return count;
}

static void nothing_has_changed(void **state)
{
    (void)state;
    assert_int_equal(compare((const char *const[]){NULL}), 0);
    /* The same, but written differently. */
    assert_int_equal(compare((const char *const[]){"BROKER_MESSAGE_TIMEOUT=120s", "LOG_LEVEL=INFO", NULL}),
                     0);
}

static void what_can_be_followed_is(void **state)
{
    (void)state;
    assert_int_equal(compare((const char *const[]){"LOG_LEVEL=debug", "DISCORD_EVENTS=READY,RESUMED", NULL}),
                     2);
    assert_int_equal(changes[0].id, SETTING_EVENTS);
    assert_true(changes[0].is_followed);
    assert_string_equal(changes[0].text,
                        "DISCORD_EVENTS has changed from (not set) to READY,RESUMED: this is followed now");
    assert_string_equal(changes[1].text, "LOG_LEVEL has changed from info to debug: this is followed now");
}

static void the_rest_needs_a_restart(void **state)
{
    (void)state;
    assert_int_equal(compare((const char *const[]){"BROKER_GROUP=other", "DISCORD_SHARD_COUNT=2", NULL}), 2);
    assert_false(changes[0].is_followed);
    assert_string_equal(changes[0].text,
                        "DISCORD_SHARD_COUNT has changed from 0 to 2: restart the gateway to follow this");
    assert_string_equal(changes[1].text,
                        "BROKER_GROUP has changed from gateway to other: restart the gateway to follow this");
}

static void a_fleet_goes_to_another_number_of_shards(void **state)
{
    (void)state;
    fleet = "FLEET=on";
    assert_int_equal(compare((const char *const[]){"DISCORD_SHARD_COUNT=8", NULL}), 1);
    assert_string_equal(
        changes[0].text,
        "DISCORD_SHARD_COUNT has changed from 0 to 8: `spectacles-gateway fleet reshard` goes "
        "there while events flow, and a restart does not");
    fleet = NULL;
}

static void secrets_are_not_shown(void **state)
{
    (void)state;
    assert_int_equal(
        compare((const char *const[]){"DISCORD_TOKEN=other.token", "AMQP_URL=amqp://me:other@rabbit", NULL}),
        2);
    assert_string_equal(changes[0].text,
                        "DISCORD_TOKEN has changed: connections that are made from now on follow this");
    assert_string_equal(changes[1].text,
                        "AMQP_URL has changed: connections that are made from now on follow this");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_has_changed),
        cmocka_unit_test(what_can_be_followed_is),
        cmocka_unit_test(the_rest_needs_a_restart),
        cmocka_unit_test(a_fleet_goes_to_another_number_of_shards),
        cmocka_unit_test(secrets_are_not_shown),
    };
    return cmocka_run_group_tests_name("tools/reload", tests, NULL, NULL);
}
