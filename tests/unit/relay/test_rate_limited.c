/* RATE_LIMITED, Discord's answer to a request that came too early: it reaches the worker that asked, and the log. */
#include "fakes.h"

#include <stdio.h>

static struct {
    spectacles_shard shard;
    spectacles_broker events;
    spectacles_broker commands;
    spectacles_relay *relay;
    uint64_t now;
    int told;
    uint32_t op;
    uint64_t wait;
    char nonce[FAKE_TEXT];
    char text[FAKE_TEXT];
} world;

static void pull(void)
{
    const spectacles_relay_event *event;
    while ((event = spectacles_relay_next_event(world.relay, world.now))) {
        if (event->type != SPECTACLES_RELAY_EVENT_COMMAND_LIMITED)
            continue;
        assert_int_equal(event->shard_id, 0);
        world.told++;
        world.op = event->op;
        world.wait = event->duration;
        snprintf(world.nonce, FAKE_TEXT, "%s", event->name ? event->name : "");
        snprintf(world.text, FAKE_TEXT, "%s", event->text);
    }
}

static void start(uint32_t hold)
{
    static const char *const allow[] = {"MESSAGE_CREATE"};
    spectacles_shard *shards[] = {&world.shard};
    spectacles_relay_config config;
    memset(&world, 0, sizeof world);
    fake_forget();
    world.now = 1000;
    world.events = (spectacles_broker){.name = "events", .window = 300};
    world.commands.name = "commands";
    world.shard = (spectacles_shard){.count = 1, .state = SPECTACLES_SHARD_READY};
    spectacles_relay_config_init(&config, sizeof config);
    config.shard_count = 1;
    config.own_shards = shards;
    config.own_shard_count = 1;
    config.events = &world.events;
    config.commands = &world.commands;
    config.allow = allow;
    config.allow_count = 1;
    config.unroutable_hold = hold;
    assert_int_equal(spectacles_relay_new(&world.relay, &config, NULL), SPECTACLES_OK);
    fake_shard_event(&world.shard, SPECTACLES_SHARD_EVENT_READY, 0);
    pull();
}

static void limited(uint64_t seq, const char *d)
{
    fake_dispatch(&world.shard, seq, "RATE_LIMITED", d);
    pull();
}

static spectacles_relay_stats counted(void)
{
    spectacles_relay_stats stats = {.size = sizeof stats};
    spectacles_relay_get_stats(world.relay, &stats);
    return stats;
}

static void it_is_published_though_nobody_listed_it(void **state)
{
    (void)state;
    start(0);
    limited(2, "{\"opcode\":8,\"retry_after\":29.457,\"meta\":{\"guild_id\":\"5\",\"nonce\":\"mine\"}}");
    assert_int_equal(
        fake_called("publish RATE_LIMITED sess:2 "
                    "{\"opcode\":8,\"retry_after\":29.457,\"meta\":{\"guild_id\":\"5\",\"nonce\":\"mine\"}}"),
        1);
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_CONFIRMED, 1, 0);
    pull();
    assert_int_equal(world.shard.committed, 2);
    spectacles_relay_stats stats = counted();
    assert_int_equal(stats.published, 1);
    assert_int_equal(stats.filtered, 0);
    assert_int_equal(stats.limited, 1);
    spectacles_relay_free(world.relay);
}

static void the_owner_is_told_what_has_to_wait_and_whose_it_was(void **state)
{
    (void)state;
    start(0);
    limited(2, "{\"opcode\":8,\"retry_after\":29.457,\"meta\":{\"guild_id\":\"5\",\"nonce\":\"mine\"}}");
    assert_int_equal(world.told, 1);
    assert_int_equal(world.op, 8);
    assert_int_equal(world.wait, 29457);
    assert_string_equal(world.nonce, "mine");
    assert_string_equal(world.text,
                        "Discord refused op 8, which came too early: again in 29457 ms (nonce mine)");
    limited(3, "{\"opcode\":8,\"retry_after\":3,\"meta\":{\"guild_id\":\"5\"}}");
    assert_string_equal(world.text, "Discord refused op 8, which came too early: again in 3000 ms");
    assert_string_equal(world.nonce, "");
    spectacles_relay_free(world.relay);
}

static void a_nonce_reaches_no_log_as_it_is(void **state)
{
    (void)state;
    start(0);
    limited(2, "{\"opcode\":8,\"retry_after\":1,\"meta\":{\"nonce\":\"\\u001b["
               "31m\\n0123456789012345678901234567890123456789\"}}");
    assert_null(strchr(world.nonce, '\033'));
    assert_null(strchr(world.text, '\n'));
    assert_true(strlen(world.nonce) <= 40);
    assert_int_equal(strncmp(world.nonce, "?[31m?0123", 10), 0);
    spectacles_relay_free(world.relay);
}

static void odd_fields_are_published_as_they_came(void **state)
{
    static const char *const odd[] = {"[]", "null", "{\"opcode\":-1,\"retry_after\":\"x\",\"meta\":7}",
                                      "{\"opcode\":99999999999,\"retry_after\":1e300,\"meta\":{\"nonce\":5}}",
                                      "{\"retry_after\":-1}"};
    (void)state;
    start(0);
    for (uint64_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        char line[FAKE_TEXT];
        limited(2 + i, odd[i]);
        snprintf(line, sizeof line, "publish RATE_LIMITED sess:%llu %s", (unsigned long long)(2 + i), odd[i]);
        assert_int_equal(fake_called(line), 1);
        assert_int_equal(world.op, i == 0 ? 0 : world.op);
        assert_true(world.wait <= 86400000);
    }
    assert_int_equal(world.told, sizeof odd / sizeof odd[0]);
    spectacles_relay_free(world.relay);
}

static void it_is_never_held_back(void **state)
{
    (void)state;
    start(5000);
    limited(2, "{\"opcode\":8,\"retry_after\":1,\"meta\":{}}");
    limited(3, "{\"opcode\":8,\"retry_after\":1,\"meta\":{}}");
    assert_int_equal(fake_count("publish RATE_LIMITED sess:2 {"), 1);
    assert_int_equal(fake_count("publish RATE_LIMITED sess:3 {"), 1);
    spectacles_relay_stats stats = counted();
    assert_int_equal(stats.unroutable, 0);
    assert_int_equal(stats.held, 0);
    spectacles_relay_free(world.relay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_published_though_nobody_listed_it),
        cmocka_unit_test(the_owner_is_told_what_has_to_wait_and_whose_it_was),
        cmocka_unit_test(a_nonce_reaches_no_log_as_it_is),
        cmocka_unit_test(odd_fields_are_published_as_they_came),
        cmocka_unit_test(it_is_never_held_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
