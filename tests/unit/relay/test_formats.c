/* Events and commands in all formats: what the relay publishes, what it takes, and what it refuses. */
#include "scene.h"

#include <stdbool.h>
#include <stdio.h>

enum {
    SEND_SUBSCRIPTION = 3
};

static char rejected[FAKE_TEXT]; /* the reason of the last rejection */
static int failures;             /* of publishes */

static spectacles_bytes *converted;

static int make(void **state)
{
    (void)state;
    return spectacles_bytes_new(&converted);
}

static int end(void **state)
{
    (void)state;
    spectacles_bytes_free(converted);
    return 0;
}

static void pull(void)
{
    const spectacles_relay_event *event;
    while ((event = spectacles_relay_next_event(world.relay, world.now))) {
        failures += event->type == SPECTACLES_RELAY_EVENT_PUBLISH_FAILED;
        if (event->type == SPECTACLES_RELAY_EVENT_COMMAND_REJECTED)
            snprintf(rejected, sizeof rejected, "%s: %s", event->name, event->text);
    }
}

static void start(uint32_t format)
{
    spectacles_relay_config config;
    rejected[0] = '\0';
    failures = 0;
    scene_begin(&config, 2, 2);
    world.events.window = 100;
    world.events.format = format;
    scene_make(&config);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_READY, 0);
    fake_shard_event(&world.shards[1], SPECTACLES_SHARD_EVENT_READY, 0);
    for (uint32_t i = 0; i < 2; i++)
        fake_broker_event(&world.commands, SPECTACLES_BROKER_EVENT_SUBSCRIBED, 0, i);
    pull();
}

static bool has(uint32_t format)
{
    return format < SPECTACLES_FORMAT_MSGPACK || spectacles_feature_supported("msgpack");
}

static void command(uint32_t subscription, uint32_t format, const char *json)
{
    assert_int_equal(spectacles_transcode(converted, format, SPECTACLES_FORMAT_JSON, 0, (const uint8_t *)json,
                                          strlen(json), NULL),
                     0);
    fake_bytes(&world.commands, subscription, subscription == SEND_SUBSCRIPTION ? "SEND" : "0",
               spectacles_bytes_data(converted), spectacles_bytes_length(converted));
    pull();
}

/* 4194304 >> 22 is 1. */
#define PACKET "{\"op\":4,\"d\":{\"guild_id\":\"4194304\",\"channel_id\":null}}"
#define SEND "{\"guild_id\":\"4194304\",\"packet\":" PACKET "}"
#define SEND_NUMBER "{\"guild_id\":4194304,\"packet\":" PACKET "}"
#define SEND_LARGE "{\"guild_id\":18446744073709551615,\"packet\":" PACKET "}"

static void commands_come_in_every_format(void **state)
{
    (void)state;
    for (uint32_t format = SPECTACLES_FORMAT_JSON; format <= SPECTACLES_FORMAT_MSGPACK_JSON; format++) {
        if (!has(format))
            continue;
        start(SPECTACLES_FORMAT_JSON);
        command(0, format, PACKET);
        assert_int_equal(fake_called("send 0 4 {\"guild_id\":\"4194304\",\"channel_id\":null}"), 1);
        command(SEND_SUBSCRIPTION, format, SEND);
        command(SEND_SUBSCRIPTION, format, SEND_NUMBER);
        command(SEND_SUBSCRIPTION, format, SEND_LARGE);
        assert_int_equal(fake_count("publish 1 - mandatory " PACKET), 3);
        assert_string_equal(rejected, "");
        scene_end();
    }
}

static void the_packet_of_a_send_goes_on_in_the_brokers_format(void **state)
{
    (void)state;
    for (uint32_t format = SPECTACLES_FORMAT_JSON; format <= SPECTACLES_FORMAT_MSGPACK_JSON; format++) {
        if (!has(format))
            continue;
        start(format);
        command(SEND_SUBSCRIPTION, SPECTACLES_FORMAT_JSON, SEND);
        command(SEND_SUBSCRIPTION, SPECTACLES_FORMAT_ETF, SEND);
        assert_int_equal(fake_count("publish 1 - mandatory " PACKET), 2);
        assert_int_equal(world.events.published, format);
        scene_end();
    }
}

static void a_send_that_has_no_form_is_rejected_and_holds_up_nothing(void **state)
{
    (void)state;
    start(SPECTACLES_FORMAT_ETF);
    command(SEND_SUBSCRIPTION, SPECTACLES_FORMAT_JSON,
            "{\"guild_id\":\"4194304\",\"packet\":{\"op\":4,\"d\":{\"guild_id\":\"1\",\"channel_id\":null,"
            "\"x\":1,\"x\":2}}}");
    command(SEND_SUBSCRIPTION, SPECTACLES_FORMAT_JSON, SEND);
    assert_int_equal(fake_called("reject 1"), 1);
    assert_string_equal(rejected, "SEND: as the test wishes");
    assert_int_equal(fake_count("publish 1 - mandatory " PACKET), 1);
    scene_end();
}

/* Languages whose numbers are floats write 4.0 for 4. A float that has lost digits is no id. */
static void numbers_come_as_floats_without_a_fraction(void **state)
{
    static const struct {
        const char *body;
        size_t length;
    } same[] = {
        /* {"op": 8.0, "d": {"guild_id": "1", "query": "", "limit": 0.0}}: floats of 64 bits, of 32 bits, and ETF */
        {"\x82\xa2op\xcb\x40\x20\0\0\0\0\0\0\xa1"
         "d\x83\xa8guild_id\xa1"
         "1\xa5query\xa0\xa5limit\xcb\0\0\0\0\0\0\0\0",
         49},
        {"\x82\xa2op\xca\x41\0\0\0\xa1"
         "d\x83\xa8guild_id\xa1"
         "1\xa5query\xa0\xa5limit\xca\0\0\0\0",
         41},
    };
    (void)state;
    if (!spectacles_feature_supported("msgpack"))
        return;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        start(SPECTACLES_FORMAT_JSON);
        fake_bytes(&world.commands, 0, "0", same[i].body, same[i].length);
        pull();
        assert_string_equal(rejected, "");
        assert_int_equal(fake_called("send 0 8 {\"guild_id\":\"1\",\"query\":\"\",\"limit\":0}"), 1);
        scene_end();
    }
}

static void refused(const void *body, size_t length, const char *why)
{
    rejected[0] = '\0';
    uint64_t delivery = fake_bytes(&world.commands, 0, "0", body, length);
    char line[40];
    pull();
    snprintf(line, sizeof line, "reject %llu", (unsigned long long)delivery);
    assert_int_equal(fake_called(line), 1);
    if (!strstr(rejected, why))
        fail_msg("'%s' does not say '%s'", rejected, why);
}

static void what_can_not_be_read_is_rejected_with_a_sentence(void **state)
{
    (void)state;
    start(SPECTACLES_FORMAT_JSON);
    refused("\x83t\0\0\0\1", 6, "cut off");
    refused("\x83m\0\0\0\1\xff", 7, "not UTF-8");
    refused("\x83j", 2, "a packet has to be a JSON object");
    refused("hello", 5, "");
    if (spectacles_feature_supported("msgpack")) {
        refused("\x81\xa2op", 4, "cut off");
        refused("\x81\xa2op\xd4\1\1", 7, "extension");
        refused("\xa3{\"a", 4, "");
        refused("\x80", 1, "\"op\" is missing");
        /* {"op": 4.5}, and {"op": 4, "d": {"guild_id": 2.0 to the power of 60}} */
        refused("\x81\xa2op\xcb\x40\x12\0\0\0\0\0\0", 13, "\"op\" has to be an unsigned integer");
        refused("\x82\xa2op\4\xa1"
                "d\x81\xa8guild_id\xcb\x43\xb0\0\0\0\0\0\0",
                26, "\"guild_id\" of op 4 has to be an id");
    } else {
        refused("\x80", 1, "no MessagePack");
    }
    assert_int_equal(fake_count("send"), 0);
    scene_end();
}

static void events_go_out_in_the_brokers_format(void **state)
{
    (void)state;
    for (uint32_t format = SPECTACLES_FORMAT_JSON; format <= SPECTACLES_FORMAT_MSGPACK_JSON; format++) {
        if (!has(format))
            continue;
        start(format);
        fake_dispatch(&world.shards[0], 2, "A", "{\"n\":1}");
        fake_dispatch(&world.shards[0], 3, "B", "l\1\1\1\1");
        fake_change_last(&world.shards[0], SPECTACLES_SHARD_EVENT_DISPATCH, NULL);
        pull();
        assert_int_equal(fake_count("publish SPECTACLES_GAP sess:gap:4 mandatory {\"shard\":[0,2]"), 1);
        assert_int_equal(world.events.published, format);
        fake_dispatch(&world.shards[0], 4, "C", "h\1a\7");
        fake_change_last(&world.shards[0], SPECTACLES_SHARD_EVENT_DISPATCH, NULL);
        pull();
        assert_int_equal(fake_called("publish A sess:2 {\"n\":1}"), 1);
        assert_int_equal(fake_called("publish C sess:4 [7]"), 1);
        /* The cut one was declared, in the same format. */
        assert_int_equal(fake_count("publish B"), 0);
        assert_int_equal(failures, 1);
        assert_int_equal(world.events.published, format);
        scene_end();
    }
}

static void an_event_with_half_a_surrogate_pair_is_no_gap(void **state)
{
    (void)state;
    for (uint32_t format = SPECTACLES_FORMAT_ETF; format <= SPECTACLES_FORMAT_MSGPACK; format++) {
        if (!has(format))
            continue;
        start(format);
        fake_dispatch(&world.shards[0], 2, "A", "\"\\udead\"");
        pull();
        assert_int_equal(fake_count("publish A sess:2 "), 1);
        assert_int_equal(fake_count("publish SPECTACLES_GAP"), 0);
        scene_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_come_in_every_format),
        cmocka_unit_test(the_packet_of_a_send_goes_on_in_the_brokers_format),
        cmocka_unit_test(a_send_that_has_no_form_is_rejected_and_holds_up_nothing),
        cmocka_unit_test(numbers_come_as_floats_without_a_fraction),
        cmocka_unit_test(what_can_not_be_read_is_rejected_with_a_sentence),
        cmocka_unit_test(events_go_out_in_the_brokers_format),
        cmocka_unit_test(an_event_with_half_a_surrogate_pair_is_no_gap),
    };
    return cmocka_run_group_tests_name("relay/formats", tests, make, end);
}
