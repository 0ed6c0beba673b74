/* The table of settings: whole, without doubles, and with the library's defaults. */
#include "engines.h"
#include "memory.h"
#include "unit.h"

#include <ctype.h>
#include <spectacles/spectacles.h>
#include <strings.h>

static void each_setting_is_whole(void **state)
{
    (void)state;
    for (int id = 0; id < SETTING_COUNT; id++) {
        const struct setting *setting = setting_of((enum setting_id)id);
        assert_non_null(setting->name);
        assert_non_null(setting->key);
        assert_true(setting->help && strlen(setting->help) > 15);
        assert_int_not_equal(setting->help[strlen(setting->help) - 1], '.');
        assert_int_equal(setting->kind == SETTING_IS_CHOICE, setting->words != NULL);
        assert_true(setting->most >= setting->least);
        for (const char *at = setting->key; *at; at++)
            assert_true(islower((unsigned char)*at) || *at == '.' || *at == '_');
    }
}

static void no_two_settings_have_one_name(void **state)
{
    (void)state;
    for (int id = 0; id < SETTING_COUNT; id++) {
        for (int other = 0; other < id; other++) {
            const struct setting *one = setting_of((enum setting_id)id);
            const struct setting *two = setting_of((enum setting_id)other);
            assert_int_not_equal(strcasecmp(one->name, two->name), 0);
            assert_int_not_equal(strcasecmp(one->key, two->key), 0);
        }
    }
}

static void names_of_secrets_have_files(void **state)
{
    char credential[64];
    (void)state;
    assert_true(setting_has_name("DISCORD_TOKEN", 13));
    assert_true(setting_has_name("DISCORD_TOKEN_FILE", 18));
    assert_false(setting_has_name("DISCORD_EVENTS_FILE", 19));
    assert_false(setting_has_name("DISCORD_TOKE", 12));
    setting_credential(setting_of(SETTING_AMQP_URL), credential, sizeof credential);
    assert_string_equal(credential, "amqp-url");
}

/* What the table says is what the library does when it is not told. */
static void defaults_are_those_of_the_library(void **state)
{
    struct memory memory;
    struct settings settings;
    struct problems problems = {0};
    struct engines engines;
    spectacles_shard_config shard;
    spectacles_broker_config broker;
    spectacles_relay_config relay;
    spectacles_link_config link;
    spectacles_fleet_config fleet;
    (void)state;
    spectacles_fleet_config_init(&fleet, sizeof fleet);
    spectacles_shard_config_init(&shard, sizeof shard);
    spectacles_broker_config_init(&broker, sizeof broker);
    spectacles_relay_config_init(&relay, sizeof relay);
    spectacles_link_config_init(&link, sizeof link);
    memory_begin(&memory);
    assert_int_equal(memory_read(&memory, &settings, &problems), 0);
    engines_configure(&engines, &settings);
    assert_int_equal(engines.shard.gateway_version, shard.gateway_version);
    assert_int_equal(engines.shard.format, shard.format);
    assert_int_equal(engines.shard.compression, shard.compression);
    assert_int_equal(engines.shard.capabilities, shard.capabilities);
    assert_string_equal(engines.broker.group, broker.group);
    assert_int_equal(engines.broker.format, broker.format);
    assert_int_equal(engines.broker.declare, broker.declare);
    assert_int_equal(engines.broker.window_count, broker.window_count);
    assert_int_equal(engines.broker.window_bytes, broker.window_bytes);
    assert_int_equal(engines.broker.queue_type, broker.queue_type);
    assert_int_equal(engines.relay.command_prefetch, relay.command_prefetch);
    assert_int_equal(engines.relay.send_prefetch, relay.send_prefetch);
    assert_int_equal(engines.relay.command_timeout, 120000); /* as the Go daemon */
    assert_int_equal(engines.relay.unroutable_hold, relay.unroutable_hold);
    assert_int_equal(engines.poller.latency_budget, 4); /* doc/performance.md argues for it */
    assert_int_equal(engines.link.connect_timeout, link.connect_timeout);
    assert_int_equal(engines.link.family, link.family);
    assert_string_equal(engines.link.source_address, link.source_address);
    assert_int_equal(engines.link.keepalive_idle, link.keepalive_idle);
    assert_int_equal(engines.link.keepalive_interval, link.keepalive_interval);
    assert_int_equal(engines.link.keepalive_probes, link.keepalive_probes);
    assert_int_equal(engines.link.user_timeout, link.user_timeout);
    assert_int_equal(engines.fleet.weight, fleet.weight);
    assert_int_equal(engines.fleet.generation, fleet.generation);
    assert_int_equal(engines.fleet.identify_reserve, fleet.identify_reserve);
    problems_free(&problems);
    settings_free(&settings);
}

/* The words of a choice stand in the order of the library's enum. */
static void words_are_in_the_order_of_the_library(void **state)
{
    (void)state;
    const char *const *compressions = setting_of(SETTING_COMPRESSION)->words;
    const char *const *formats = setting_of(SETTING_FORMAT)->words;
    assert_string_equal(compressions[SPECTACLES_COMPRESSION_NONE], "none");
    assert_string_equal(compressions[SPECTACLES_COMPRESSION_ZLIB_STREAM], "zlib-stream");
    assert_string_equal(compressions[SPECTACLES_COMPRESSION_ZSTD_STREAM], "zstd-stream");
    assert_string_equal(compressions[SPECTACLES_COMPRESSION_PAYLOAD], "payload");
    assert_string_equal(formats[SPECTACLES_FORMAT_ETF - SPECTACLES_FORMAT_JSON], "etf");
    assert_string_equal(formats[SPECTACLES_FORMAT_MSGPACK - SPECTACLES_FORMAT_JSON], "msgpack");
    assert_string_equal(formats[SPECTACLES_FORMAT_MSGPACK_JSON - SPECTACLES_FORMAT_JSON], "msgpack-json");
    assert_string_equal(setting_of(SETTING_QUEUE_TYPE)->words[SPECTACLES_QUEUE_CLASSIC], "classic");
    assert_string_equal(setting_of(SETTING_QUEUE_TYPE)->words[SPECTACLES_QUEUE_QUORUM], "quorum");
    assert_string_equal(setting_of(SETTING_DECLARE)->words[SPECTACLES_DECLARE_PASSIVE], "passive");
    assert_string_equal(setting_of(SETTING_DECLARE)->words[SPECTACLES_DECLARE_NOTHING], "no");
    assert_string_equal(setting_of(SETTING_SESSION_FILE_MISSING)->words[MISSING_FAIL], "fail");
    assert_string_equal(setting_of(SETTING_LOG_LEVEL)->words[LOG_LEVEL_DEBUG], "debug");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_setting_is_whole),
        cmocka_unit_test(no_two_settings_have_one_name),
        cmocka_unit_test(names_of_secrets_have_files),
        cmocka_unit_test(defaults_are_those_of_the_library),
        cmocka_unit_test(words_are_in_the_order_of_the_library),
    };
    return cmocka_run_group_tests_name("tools/setting", tests, NULL, NULL);
}
