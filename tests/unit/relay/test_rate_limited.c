/* RATE_LIMITED, Discord's answer to a request that came too early: it reaches the worker that asked, and the log. */
#include "scene.h"

#include <stdio.h>

/* What the owner was told last by COMMAND_LIMITED, and how often. */
static struct {
    int count;
    uint32_t op;
    uint64_t wait;
    char nonce[FAKE_TEXT];
    char text[FAKE_TEXT];
} told;

static void pull(void)
{
    const spectacles_relay_event *event;
    while ((event = spectacles_relay_next_event(world.relay, world.now))) {
        if (event->type != SPECTACLES_RELAY_EVENT_COMMAND_LIMITED)
            continue;
        assert_int_equal(event->shard_id, 0);
        told.count++;
        told.op = event->op;
        told.wait = event->duration;
        snprintf(told.nonce, FAKE_TEXT, "%s", event->name ? event->name : "");
        snprintf(told.text, FAKE_TEXT, "%s", event->text);
    }
}

static void start(uint32_t hold)
{
    static const char *const allow[] = {"MESSAGE_CREATE"};
    spectacles_relay_config config;
    memset(&told, 0, sizeof told);
    scene_begin(&config, 1, 1);
    config.allow_all = 0;
    config.allow = allow;
    config.allow_count = 1;
    config.unroutable_hold = hold;
    scene_make(&config);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_READY, 0);
    pull();
}

static void limited(uint64_t seq, const char *d)
{
    fake_dispatch(&world.shards[0], seq, "RATE_LIMITED", d);
    pull();
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
    assert_int_equal(world.shards[0].committed, 2);
    spectacles_relay_stats stats = scene_stats();
    assert_int_equal(stats.published, 1);
    assert_int_equal(stats.filtered, 0);
    assert_int_equal(stats.limited, 1);
    scene_end();
}

static void the_owner_is_told_what_has_to_wait_and_whose_it_was(void **state)
{
    (void)state;
    start(0);
    limited(2, "{\"opcode\":8,\"retry_after\":29.457,\"meta\":{\"guild_id\":\"5\",\"nonce\":\"mine\"}}");
    assert_int_equal(told.count, 1);
    assert_int_equal(told.op, 8);
    assert_int_equal(told.wait, 29457);
    assert_string_equal(told.nonce, "mine");
    assert_string_equal(told.text,
                        "Discord refused op 8, which came too early: again in 29457 ms (nonce mine)");
    limited(3, "{\"opcode\":8,\"retry_after\":3,\"meta\":{\"guild_id\":\"5\"}}");
    assert_string_equal(told.text, "Discord refused op 8, which came too early: again in 3000 ms");
    assert_string_equal(told.nonce, "");
    scene_end();
}

static void a_nonce_reaches_no_log_as_it_is(void **state)
{
    (void)state;
    start(0);
    limited(2, "{\"opcode\":8,\"retry_after\":1,\"meta\":{\"nonce\":\"\\u001b["
               "31m\\n0123456789012345678901234567890123456789\"}}");
    assert_null(strchr(told.nonce, '\033'));
    assert_null(strchr(told.text, '\n'));
    assert_true(strlen(told.nonce) <= 40);
    assert_int_equal(strncmp(told.nonce, "?[31m?0123", 10), 0);
    scene_end();
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
        assert_int_equal(told.op, i == 0 ? 0 : told.op);
        assert_true(told.wait <= 86400000);
    }
    assert_int_equal(told.count, sizeof odd / sizeof odd[0]);
    scene_end();
}

static void it_is_never_held_back(void **state)
{
    (void)state;
    start(5000);
    limited(2, "{\"opcode\":8,\"retry_after\":1,\"meta\":{}}");
    limited(3, "{\"opcode\":8,\"retry_after\":1,\"meta\":{}}");
    assert_int_equal(fake_count("publish RATE_LIMITED sess:2 {"), 1);
    assert_int_equal(fake_count("publish RATE_LIMITED sess:3 {"), 1);
    spectacles_relay_stats stats = scene_stats();
    assert_int_equal(stats.unroutable, 0);
    assert_int_equal(stats.held, 0);
    scene_end();
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
