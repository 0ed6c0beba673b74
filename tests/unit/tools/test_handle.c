/* The gateway handle of the daemon: what of the settings and of Discord's answer it is made of, and what it refuses. */
#include "handle.h"

#include "bot.h"
#include "memory.h"
#include "unit.h"

static struct memory memory;
static struct settings settings;
static struct bot bot;

/* more: settings, ending with NULL. */
static void make(const char *url, uint32_t shards, const char *const *more)
{
    struct problems problems = {0};
    memory_begin(&memory);
    for (size_t i = 0; more[i]; i++)
        memory_set(&memory, more[i]);
    assert_int_equal(memory_read(&memory, &settings, &problems), 0);
    problems_free(&problems);
    bot_begin(&bot, &settings, url, shards);
}

static void end(void)
{
    bot_end(&bot);
    settings_free(&settings);
}

static void all_shards_are_made_or_those_of_this_process(void **state)
{
    size_t count;
    (void)state;
    make("wss://gateway.example", 3, (const char *const[]){NULL});
    spectacles_gateway_shards(bot.gateway, &count);
    assert_int_equal(count, 3);
    assert_false(handle_brokers_are_ready(bot.gateway));
    end();
    make("wss://gateway.example", 8,
         (const char *const[]){"DISCORD_SHARD_COUNT=8", "DISCORD_SHARD_IDS=2,5-6", NULL});
    spectacles_shard *const *shards = spectacles_gateway_shards(bot.gateway, &count);
    assert_int_equal(count, 3);
    assert_int_equal(spectacles_shard_id(shards[0]), 2);
    assert_int_equal(spectacles_shard_id(shards[2]), 6);
    end();
}

/* Who was asked over TLS must not get the token without: an answer may come from a proxy. */
static void a_gateway_without_tls_is_not_trusted(void **state)
{
    (void)state;
    make("ws://gateway.example", 1, (const char *const[]){NULL});
    assert_null(bot.gateway);
    assert_int_equal(bot.error, SPECTACLES_E_INVAL);
    assert_non_null(strstr(bot.problem.text, "without TLS: it is not trusted"));
    end();
    make("ws://gateway.example", 1,
         (const char *const[]){"DISCORD_API_PROTOCOL=http", "DISCORD_API_HOST=localhost:8080", NULL});
    assert_non_null(bot.gateway);
    end();
}

static void a_url_that_is_none_is_told(void **state)
{
    (void)state;
    make("wss://", 1, (const char *const[]){NULL});
    assert_null(bot.gateway);
    assert_int_not_equal(bot.error, SPECTACLES_OK);
    assert_true(*bot.problem.text);
    end();
}

static void certificates_that_cannot_be_read_are_told(void **state)
{
    (void)state;
    make("wss://gateway.example", 1, (const char *const[]){"SSL_CERT_FILE=/no/such/file", NULL});
    assert_null(bot.gateway);
    assert_int_not_equal(bot.error, SPECTACLES_OK);
    assert_true(*bot.problem.text);
    end();
}

/* Each shard has a presence of its own, from the first identify on. */
static void a_presence_may_name_the_shard(void **state)
{
    (void)state;
    make("wss://gateway.example", 2,
         (const char *const[]){
             "DISCORD_PRESENCE={\"since\":null,\"activities\":[{\"name\":\"{{shard}}\",\"type\":0}],"
             "\"status\":\"online\",\"afk\":false}",
             NULL});
    assert_non_null(bot.gateway);
    assert_int_equal(handle_set_presence(bot.gateway, &settings), SPECTACLES_OK);
    end();
}

/* Shards come from the fleet, each with its presence. */
static void a_member_of_a_fleet_begins_without_shards(void **state)
{
    size_t count;
    spectacles_problem problem;
    (void)state;
    make("wss://gateway.example", 4,
         (const char *const[]){
             "FLEET=on", "SESSION_FILE", "DISCORD_SHARD_COUNT=4",
             "DISCORD_PRESENCE={\"since\":null,\"activities\":[{\"name\":\"{{shard}}\",\"type\":0}],"
             "\"status\":\"online\",\"afk\":false}",
             NULL});
    assert_non_null(bot.gateway);
    spectacles_gateway_shards(bot.gateway, &count);
    assert_int_equal(count, 0);
    assert_int_equal(spectacles_gateway_add_shard(bot.gateway, 3, NULL, NULL, 0, &problem), SPECTACLES_OK);
    assert_int_equal(handle_set_shard_presence(bot.gateway, &settings, 3), SPECTACLES_OK);
    assert_int_equal(handle_set_shard_presence(bot.gateway, &settings, 2), SPECTACLES_E_INVAL);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_shards_are_made_or_those_of_this_process),
        cmocka_unit_test(a_gateway_without_tls_is_not_trusted),
        cmocka_unit_test(a_url_that_is_none_is_told),
        cmocka_unit_test(certificates_that_cannot_be_read_are_told),
        cmocka_unit_test(a_presence_may_name_the_shard),
        cmocka_unit_test(a_member_of_a_fleet_begins_without_shards),
    };
    return cmocka_run_group_tests_name("tools/handle", tests, NULL, NULL);
}
