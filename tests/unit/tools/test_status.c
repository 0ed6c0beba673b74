/* What is remembered of the events of a gateway, with an invented clock. */
#include "status.h"

#include "unit.h"

#include <stdio.h>

static const uint64_t midnight = 1767225600000; /* 1 January 2026, UTC */
static struct status status;
static struct status_gateway gateway;

static void hear(uint32_t type, uint32_t shard_id, const char *name, const char *text, uint64_t unix_time)
{
    const spectacles_relay_event event = {.type = type,
                                          .shard_id = shard_id,
                                          .code =
                                              type == SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED ? 1006 : 0,
                                          .duration = 41,
                                          .name = name,
                                          .text = text};
    status_hear(&status, &gateway, &event, unix_time);
}

static int begin(void **state)
{
    (void)state;
    status_begin(&status, midnight, 7);
    return 0;
}

static int end(void **state)
{
    (void)state;
    status_gateway_end(&gateway);
    return 0;
}

/* Shards are heard of in any order, and found again. */
static void each_shard_is_remembered(void **state)
{
    (void)state;
    assert_null(status_shard(&gateway, 0));
    for (uint32_t i = 0; i < 1000; i++)
        hear(SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED, i * 7919 % 1000, NULL, "the line is cut",
             midnight + i);
    assert_int_equal(gateway.shard_count, 1000);
    for (uint32_t i = 0; i < 1000; i++) {
        const struct status_shard *shard = status_shard(&gateway, i * 7919 % 1000);
        assert_non_null(shard);
        assert_int_equal(shard->id, i * 7919 % 1000);
        assert_int_equal(shard->close_time, midnight + i);
        assert_int_equal(shard->close_code, 1006);
        assert_false(shard->was_ready);
    }
    assert_string_equal(status_shard(&gateway, 999)->close_text, "the line is cut");
    hear(SPECTACLES_RELAY_EVENT_SHARD_REMOVED, 500, NULL, NULL, midnight);
    hear(SPECTACLES_RELAY_EVENT_SHARD_REMOVED, 500, NULL, NULL, midnight);
    assert_null(status_shard(&gateway, 500));
    assert_int_equal(status_shard(&gateway, 501)->id, 501);
    assert_int_equal(gateway.shard_count, 999);
}

static void a_shard_was_ready_when_it_was_ready_once(void **state)
{
    (void)state;
    hear(SPECTACLES_RELAY_EVENT_SHARD_LATENCY, 0, NULL, NULL, midnight);
    assert_false(status_shard(&gateway, 0)->was_ready);
    assert_int_equal(status_shard(&gateway, 0)->ping.count, 1);
    assert_int_equal(status_shard(&gateway, 0)->ping.sum, 41);
    hear(SPECTACLES_RELAY_EVENT_SHARD_READY, 0, NULL, NULL, midnight);
    hear(SPECTACLES_RELAY_EVENT_SHARD_RESUMED, 1, NULL, NULL, midnight);
    hear(SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED, 0, NULL, "reset", midnight);
    assert_true(status_shard(&gateway, 0)->was_ready);
    assert_true(status_shard(&gateway, 1)->was_ready);
}

/* The day ends at midnight, UTC; the newest gaps are kept beyond it. */
static void gaps_are_counted_by_day(void **state)
{
    char text[32];
    (void)state;
    assert_int_equal(status_gaps_today(&status, midnight), 0);
    for (uint32_t i = 0; i < STATUS_GAPS + 5; i++) {
        snprintf(text, sizeof text, "gap %u", i);
        hear(SPECTACLES_RELAY_EVENT_SHARD_GAP, i, NULL, text, midnight + i);
    }
    assert_int_equal(status_gaps_today(&status, midnight + 86399999), STATUS_GAPS + 5);
    assert_int_equal(status_gaps_today(&status, midnight + 86400000), 0);
    assert_string_equal(status.gaps[(status.gap_count - 1) % STATUS_GAPS].text, "gap 24");
    hear(SPECTACLES_RELAY_EVENT_SHARD_GAP, 3, NULL, "of the next day", midnight + 86400000);
    assert_int_equal(status_gaps_today(&status, midnight + 86400001), 1);
    assert_int_equal(status.gap_count, STATUS_GAPS + 6);
}

static void brokers_are_told_apart(void **state)
{
    spectacles_relay_event event = {.type = SPECTACLES_RELAY_EVENT_BROKER_BLOCKED,
                                    .broker = SPECTACLES_RELAY_EVENTS,
                                    .text = "low on memory"};
    (void)state;
    status_hear(&status, &gateway, &event, midnight);
    assert_true(gateway.brokers[SPECTACLES_RELAY_EVENTS].is_blocked);
    assert_false(gateway.brokers[SPECTACLES_RELAY_COMMANDS].is_blocked);
    assert_string_equal(gateway.brokers[0].text, "low on memory");
    event = (spectacles_relay_event){
        .type = SPECTACLES_RELAY_EVENT_BROKER_READY, .broker = 1, .text = "RabbitMQ 4"};
    status_hear(&status, &gateway, &event, midnight);
    event = (spectacles_relay_event){.type = SPECTACLES_RELAY_EVENT_BROKER_UNBLOCKED};
    status_hear(&status, &gateway, &event, midnight);
    assert_false(gateway.brokers[0].is_blocked);
    assert_string_equal(gateway.brokers[1].text, "RabbitMQ 4");
    /* A lost connection is not blocked any more. */
    event = (spectacles_relay_event){.type = SPECTACLES_RELAY_EVENT_BROKER_BLOCKED, .text = "low on disk"};
    status_hear(&status, &gateway, &event, midnight);
    event = (spectacles_relay_event){.type = SPECTACLES_RELAY_EVENT_BROKER_DISCONNECTED, .text = "reset"};
    status_hear(&status, &gateway, &event, midnight);
    assert_false(gateway.brokers[0].is_blocked);
}

static void queues_without_a_consumer_are_known(void **state)
{
    (void)state;
    hear(SPECTACLES_RELAY_EVENT_UNSUBSCRIBED, 0, "SEND", "deleted", midnight);
    hear(SPECTACLES_RELAY_EVENT_UNSUBSCRIBED, 0, "12", "deleted", midnight);
    hear(SPECTACLES_RELAY_EVENT_UNSUBSCRIBED, 0, "12", "still not there", midnight);
    assert_true(gateway.lacks_send_queue);
    assert_true(status_shard(&gateway, 12)->lacks_queue);
    /* A queue that is not ours to consume is no shard's. */
    hear(SPECTACLES_RELAY_EVENT_UNSUBSCRIBED, 0, "SPECTACLES_GAP", "deleted", midnight);
    hear(SPECTACLES_RELAY_EVENT_UNSUBSCRIBED, 0, "", "deleted", midnight);
    hear(SPECTACLES_RELAY_EVENT_UNSUBSCRIBED, 0, NULL, "deleted", midnight);
    assert_int_equal(gateway.shard_count, 1);
    assert_null(status_shard(&gateway, 0));
    hear(SPECTACLES_RELAY_EVENT_SUBSCRIBED, 0, "12", "gateway:12", midnight);
    hear(SPECTACLES_RELAY_EVENT_SUBSCRIBED, 0, "SEND", "gateway:SEND", midnight);
    assert_false(gateway.lacks_send_queue);
    assert_false(status_shard(&gateway, 12)->lacks_queue);
}

/* What somebody else wrote is cut, and never too long. */
static void long_texts_are_cut(void **state)
{
    char text[2 * STATUS_TEXT_SIZE];
    (void)state;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    hear(SPECTACLES_RELAY_EVENT_SHARD_FATAL, 1, NULL, text, midnight);
    assert_int_equal(strlen(status_shard(&gateway, 1)->close_text), STATUS_TEXT_SIZE - 1);
}

#define WITH_STATUS(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STATUS(each_shard_is_remembered),
        WITH_STATUS(a_shard_was_ready_when_it_was_ready_once),
        WITH_STATUS(gaps_are_counted_by_day),
        WITH_STATUS(brokers_are_told_apart),
        WITH_STATUS(queues_without_a_consumer_are_known),
        WITH_STATUS(long_texts_are_cut),
    };
    return cmocka_run_group_tests_name("tools/status", tests, NULL, NULL);
}
