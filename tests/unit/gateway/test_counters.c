/* The counters of a gateway: sums over shards, also over those that are gone. With engines in memory. */
#include "memory.h"

static spectacles_gateway_stats stats_of(const spectacles_gateway *gateway)
{
    spectacles_gateway_stats stats;
    spectacles_gateway_stats_init(&stats, sizeof stats);
    assert_int_equal(spectacles_gateway_get_stats(gateway, &stats), SPECTACLES_OK);
    return stats;
}

/* Counters only grow: a shard that leaves takes nothing along. */
static void sums_keep_what_shards_that_left_have_counted(void **state)
{
    (void)state;
    uint64_t now = 1000;
    uint32_t code = 0;
    uint64_t count = 0;
    const char *name = NULL;
    spectacles_gateway *gateway = memory_gateway(3, 0);
    assert_int_equal(memory_pull(gateway, now, SPECTACLES_RELAY_EVENT_SHARD_CONNECTING), 3);
    assert_int_equal(stats_of(gateway).shards, 3);
    assert_int_equal(stats_of(gateway).ready, 0);
    assert_int_equal(stats_of(gateway).connects, 3);
    spectacles_stream *stream = spectacles_shard_stream(spectacles_gateway_shard(gateway, 1));
    spectacles_stream_eof(stream, SPECTACLES_E_SYS, "no route", 8, now);
    memory_pull(gateway, now, 0);
    assert_int_equal(stats_of(gateway).disconnects, 1);
    assert_int_equal(spectacles_gateway_close_count(gateway, 0, &code, &count), 1);
    assert_int_equal(count, 1);
    assert_int_equal(spectacles_gateway_event_count(gateway, 0, &name, &count), 0);
    assert_int_equal(spectacles_gateway_drop_shard(gateway, 1), SPECTACLES_OK);
    assert_int_equal(stats_of(gateway).shards, 2);
    assert_int_equal(stats_of(gateway).connects, 3);
    spectacles_gateway_free(gateway);
}

static void one_shard_is_told_alone(void **state)
{
    (void)state;
    spectacles_gateway_shard_stats stats;
    spectacles_gateway *gateway = memory_gateway(3, 0);
    memory_pull(gateway, 1000, 0);
    spectacles_gateway_shard_stats_init(&stats, sizeof stats);
    assert_int_equal(spectacles_gateway_get_shard_stats(gateway, 2, &stats), SPECTACLES_OK);
    assert_int_equal(stats.state, SPECTACLES_SHARD_CONNECTING);
    assert_int_equal(stats.connects, 1);
    assert_int_equal(spectacles_gateway_get_shard_stats(gateway, 3, &stats), SPECTACLES_E_INVAL);
    stats.size = 3;
    assert_int_equal(spectacles_gateway_get_shard_stats(gateway, 2, &stats), SPECTACLES_E_INVAL);
    spectacles_gateway_free(gateway);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_keep_what_shards_that_left_have_counted),
        cmocka_unit_test(one_shard_is_told_alone),
    };
    return cmocka_run_group_tests_name("gateway/counters", tests, NULL, NULL);
}
