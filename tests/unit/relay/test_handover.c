/* The messages that the owner of a relay without brokers takes: what is in them, and how many may wait. */
#include "scene.h"

static void begin(uint32_t format, uint32_t window_count, uint64_t window_bytes)
{
    spectacles_relay_config config;
    scene_begin(&config, 1, 1);
    config.events = config.commands = NULL;
    config.format = format;
    config.window_count = window_count;
    config.window_bytes = window_bytes;
    config.unix_offset = 1767225600000;
    scene_make(&config);
    fake_ready(&world.shards[0], "abc");
    scene_pull();
    assert_int_equal(spectacles_relay_acknowledge(world.relay, 1), SPECTACLES_OK);
}

static const spectacles_relay_event *next(uint32_t type)
{
    const spectacles_relay_event *event;
    do
        event = spectacles_relay_next_event(world.relay, world.now);
    while (event && event->type != type);
    return event;
}

static void a_message_is_what_would_be_published(void **state)
{
    (void)state;
    size_t length = 0;
    begin(SPECTACLES_FORMAT_JSON, 10, 1000);
    fake_dispatch(&world.shards[0], 2, "MESSAGE_CREATE", "{ \"a\":1}");
    const spectacles_relay_event *event = next(SPECTACLES_RELAY_EVENT_MESSAGE);
    assert_non_null(event);
    assert_int_equal(event->shard_id, 0);
    assert_int_equal(event->seq, 2);
    assert_string_equal(event->name, "MESSAGE_CREATE");
    assert_int_equal(spectacles_relay_event_ticket(event), 2);
    assert_int_equal(spectacles_relay_event_format(event), SPECTACLES_FORMAT_JSON);
    assert_string_equal(spectacles_relay_event_message_id(event, &length), "abc:2");
    assert_int_equal(length, 5);
    assert_memory_equal(spectacles_relay_event_body(event, &length), "{ \"a\":1}", 8);
    assert_int_equal(length, 8);
    scene_end();
}

static void a_body_is_in_the_format_of_the_owner(void **state)
{
    (void)state;
    begin(SPECTACLES_FORMAT_ETF, 10, 1000);
    fake_dispatch(&world.shards[0], 2, "A", "[]");
    const spectacles_relay_event *event = next(SPECTACLES_RELAY_EVENT_MESSAGE);
    assert_int_equal(event->format, SPECTACLES_FORMAT_ETF);
    assert_memory_equal(event->body, "\x83\x6a", 2);
    /* Half a surrogate pair is replaced and counted. */
    fake_dispatch(&world.shards[0], 3, "A", "\"\\ud800\"");
    event = next(SPECTACLES_RELAY_EVENT_MESSAGE);
    assert_memory_equal(event->body, "\x83\x6d\0\0\0\3\xef\xbf\xbd", 9);
    assert_int_equal(scene_stats().surrogates_replaced, 1);
    scene_end();
}

/* It would come again and again. A gap declares it, which is acknowledged like a message. */
static void a_dispatch_without_a_form_is_declared(void **state)
{
    (void)state;
    begin(SPECTACLES_FORMAT_ETF, 10, 1000);
    fake_dispatch(&world.shards[0], 2, "A", "{\"a\":1,\"a\":2}");
    const spectacles_relay_event *event = next(SPECTACLES_RELAY_EVENT_PUBLISH_FAILED);
    assert_int_equal(event->seq, 2);
    assert_non_null(strstr(event->text, "the owner's format"));
    event = next(SPECTACLES_RELAY_EVENT_MESSAGE);
    assert_string_equal(event->name, "SPECTACLES_GAP");
    assert_string_equal(event->message_id, "abc:gap:3");
    assert_int_equal(spectacles_relay_gap(world.relay, 0, 0, &(spectacles_gap){0}), 1);
    assert_int_equal(spectacles_relay_acknowledge(world.relay, event->ticket), SPECTACLES_OK);
    assert_int_equal(spectacles_relay_gap(world.relay, 0, 0, &(spectacles_gap){0}), 0);
    assert_int_equal(scene_stats().gaps, 1);
    scene_end();
}

static int messages(void)
{
    int count = 0;
    while (next(SPECTACLES_RELAY_EVENT_MESSAGE))
        count++;
    return count;
}

/* A hole counts with all that is behind it. */
static void a_full_window_stops_pulling(void **state)
{
    (void)state;
    begin(SPECTACLES_FORMAT_JSON, 3, 1000);
    for (uint64_t seq = 2; seq < 10; seq++)
        fake_dispatch(&world.shards[0], seq, "A", "{}");
    assert_int_equal(messages(), 3);
    assert_int_equal(spectacles_relay_acknowledge(world.relay, 3), SPECTACLES_OK);
    assert_int_equal(messages(), 0);
    assert_int_equal(spectacles_relay_acknowledge(world.relay, 2), SPECTACLES_OK);
    assert_int_equal(spectacles_relay_deadline(world.relay), 0);
    assert_int_equal(messages(), 2);
    assert_true(spectacles_relay_deadline(world.relay) == SPECTACLES_NEVER);
    scene_end();
}

static void bytes_fill_the_window_as_well(void **state)
{
    (void)state;
    begin(SPECTACLES_FORMAT_JSON, 10, 5);
    for (uint64_t seq = 2; seq < 6; seq++)
        fake_dispatch(&world.shards[0], seq, "A", "[1]");
    assert_int_equal(messages(), 2);
    assert_int_equal(spectacles_relay_acknowledge(world.relay, 3), SPECTACLES_OK);
    assert_int_equal(messages(), 1);
    scene_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_what_would_be_published),
        cmocka_unit_test(a_body_is_in_the_format_of_the_owner),
        cmocka_unit_test(a_dispatch_without_a_form_is_declared),
        cmocka_unit_test(a_full_window_stops_pulling),
        cmocka_unit_test(bytes_fill_the_window_as_well),
    };
    return cmocka_run_group_tests_name("relay/handover", tests, NULL, NULL);
}
