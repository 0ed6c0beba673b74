/* How a gateway follows the clock of the day: by the `now` of its owner, whose clock may be any. */
#include "unit.h"

#include <spectacles/spectacles.h>

enum {
    NOW = 1000,
    HOUR = 3600000
};

static const uint64_t offset = 1767225600000;

static uint64_t day;  /* what the clock of the day says */
static uint64_t told; /* what the relay was told last; 0: nothing */

uint64_t __wrap_spectacles_unix_time(void);
uint64_t __wrap_spectacles_unix_time(void)
{
    return day;
}

/* A clock that the owner has not chosen. */
uint64_t __wrap_spectacles_now(void);
uint64_t __wrap_spectacles_now(void)
{
    return 77;
}

void __wrap_spectacles_relay_set_unix_offset(spectacles_relay *relay, uint64_t unix_offset);
void __wrap_spectacles_relay_set_unix_offset(spectacles_relay *relay, uint64_t unix_offset)
{
    assert_non_null(relay);
    told = unix_offset;
}

static spectacles_gateway *make(uint64_t unix_offset)
{
    spectacles_gateway *gateway = NULL;
    spectacles_shard_config shard;
    spectacles_relay_config relay;
    spectacles_gateway_config config;
    spectacles_shard_config_init(&shard, sizeof shard);
    shard.token = "token";
    shard.gateway_url = "ws://127.0.0.1:9";
    shard.seed = 1;
    spectacles_relay_config_init(&relay, sizeof relay);
    relay.allow_all = 1;
    relay.unix_offset = unix_offset;
    spectacles_gateway_config_init(&config, sizeof config);
    config.flags = SPECTACLES_GATEWAY_NO_SHARDS;
    config.shard = &shard;
    config.relay = &relay;
    assert_int_equal(spectacles_gateway_new(&gateway, &config, NULL), SPECTACLES_OK);
    return gateway;
}

/* One turn; returns what the relay was told in it. */
static uint64_t turn(spectacles_gateway *gateway, uint64_t now, uint64_t unix_time)
{
    day = unix_time;
    told = 0;
    assert_int_equal(spectacles_gateway_process(gateway, now), SPECTACLES_OK);
    return told;
}

static void a_clock_that_is_set_is_followed(void **state)
{
    spectacles_gateway *gateway = make(offset);
    (void)state;
    assert_int_equal(turn(gateway, NOW, NOW + offset), 0);
    assert_int_equal(turn(gateway, NOW + HOUR, NOW + HOUR + offset), 0);
    assert_int_equal(turn(gateway, NOW + HOUR, NOW + 2 * HOUR + offset), offset + HOUR);
    assert_int_equal(turn(gateway, NOW + HOUR, NOW + 2 * HOUR + offset), 0);
    assert_int_equal(turn(gateway, NOW + HOUR, NOW + HOUR + offset), offset);
    spectacles_gateway_free(gateway);
}

static void a_turn_that_took_a_while_sets_no_clock(void **state)
{
    spectacles_gateway *gateway = make(offset);
    (void)state;
    assert_int_equal(turn(gateway, NOW, NOW + offset + 999), 0);
    assert_int_equal(turn(gateway, NOW, NOW + offset - 999), 0);
    assert_int_equal(turn(gateway, NOW, NOW + offset + 1000), offset + 1000);
    spectacles_gateway_free(gateway);
}

static void who_wants_no_times_hears_of_no_clock(void **state)
{
    spectacles_gateway *gateway = make(0);
    (void)state;
    assert_int_equal(turn(gateway, NOW, offset), 0);
    spectacles_gateway_free(gateway);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_that_is_set_is_followed),
        cmocka_unit_test(a_turn_that_took_a_while_sets_no_clock),
        cmocka_unit_test(who_wants_no_times_hears_of_no_clock),
    };
    return cmocka_run_group_tests_name("gateway/clock", tests, NULL, NULL);
}
