/* A gateway handle for each number of shards: which one serves, and how one ends while the other goes on. */
#include "gateways.h"

#include "bot.h"
#include "memory.h"
#include "unit.h"

static struct memory memory;
static struct settings settings;
static struct bot bot;

static int begin(void **state)
{
    struct problems problems = {0};
    (void)state;
    memory_begin(&memory);
    memory_set(&memory, "SESSION_FILE=");
    memory_set(&memory, "FLEET=on");
    memory_set(&memory, "DISCORD_SHARD_COUNT=4");
    assert_int_equal(memory_read(&memory, &settings, &problems), 0);
    problems_free(&problems);
    bot_begin(&bot, &settings, "wss://gateway.example", 4);
    assert_int_equal(bot.error, SPECTACLES_OK);
    return 0;
}

static int end(void **state)
{
    (void)state;
    bot_end(&bot);
    settings_free(&settings);
    return 0;
}

static void add(uint32_t shard_count)
{
    assert_int_equal(
        gateways_add(&bot.gateways, shard_count, SPECTACLES_RELAY_NO_COMMANDS, NULL, &bot.problem),
        SPECTACLES_OK);
}

/* None was ever connected: what is stopped is closed at once. */
static void pull(void)
{
    for (size_t i = 0; i < bot.gateways.count; i++) {
        while (spectacles_gateway_next_event(bot.gateways.items[i].handle, 3000))
            ;
    }
}

static void the_first_one_serves_until_another_one_does(void **state)
{
    (void)state;
    assert_int_equal(gateways_serving(&bot.gateways)->shard_count, 4);
    assert_false(bot.gateways.had_two);
    add(8);
    assert_true(bot.gateways.had_two);
    assert_int_equal(gateways_serving(&bot.gateways)->shard_count, 4);
    bot.gateways.serving = 8;
    assert_int_equal(gateways_serving(&bot.gateways)->shard_count, 8);
    bot.gateways.serving = 16; /* not made yet */
    assert_int_equal(gateways_serving(&bot.gateways)->shard_count, 4);
    assert_null(gateways_find(&bot.gateways, 16));
}

/* The fleet may come back to a number whose former gateway is still ending. */
static void one_ends_and_the_other_goes_on(void **state)
{
    (void)state;
    add(8);
    bot.gateways.serving = 8;
    gateways_end(&bot.gateways, 4, 1000);
    gateways_end(&bot.gateways, 5, 1000); /* there is none */
    assert_null(gateways_find(&bot.gateways, 4));
    add(4);
    assert_int_equal(bot.gateways.count, 3);
    assert_false(gateways_find(&bot.gateways, 4)->is_ending);
    pull();
    struct gateway *gone = gateways_next_gone(&bot.gateways);
    assert_ptr_equal(gone, &bot.gateways.items[0]);
    gateways_remove(&bot.gateways, gone);
    assert_int_equal(bot.gateways.count, 2);
    assert_int_equal(bot.gateways.items[0].shard_count, 8);
    assert_null(gateways_next_gone(&bot.gateways));
    assert_true(gateways_count_gaps(&bot.gateways).sessions == 0);
    assert_false(gateways_are_stopped(&bot.gateways));
    gateways_stop(&bot.gateways, 2000);
    pull();
    assert_true(gateways_are_stopped(&bot.gateways));
    assert_true(gateways_unconfirmed(&bot.gateways) == 0);
}

static void there_are_not_too_many(void **state)
{
    (void)state;
    for (uint32_t number = 5; bot.gateways.count < GATEWAYS_MAX; number++)
        add(number);
    assert_int_equal(gateways_add(&bot.gateways, 99, 0, NULL, &bot.problem), SPECTACLES_E_STATE);
    assert_non_null(strstr(bot.problem.text, "still ending"));
}

#define WITH_BOT(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BOT(the_first_one_serves_until_another_one_does),
        WITH_BOT(one_ends_and_the_other_goes_on),
        WITH_BOT(there_are_not_too_many),
    };
    return cmocka_run_group_tests_name("tools/gateways", tests, NULL, NULL);
}
