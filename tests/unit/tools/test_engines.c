/*
 * Every setting takes effect: one that is changed changes a configuration of the library, or a file of the daemon reads
 * it. A setting that is only read and checked fails here.
 */
#include "engines.h"

#include "memory.h"
#include "unit.h"

#include <stdio.h>

/* A value that differs from the default, and from what memory_begin() sets. */
static const char *const others[SETTING_COUNT] = {
    [SETTING_TOKEN] = "DISCORD_TOKEN=another.token",
    [SETTING_EVENTS] = "DISCORD_EVENTS=READY",
    [SETTING_MORE_EVENTS] = "DISCORD_MORE_EVENTS=BRAND_NEW",
    [SETTING_INTENTS] = "DISCORD_INTENTS=guilds",
    [SETTING_RAW_INTENTS] = "DISCORD_RAW_INTENTS=1",
    [SETTING_CAPABILITIES] = "DISCORD_CAPABILITIES=32768",
    [SETTING_PRESENCE] =
        "DISCORD_PRESENCE={\"since\":null,\"activities\":[],\"status\":\"idle\",\"afk\":false}",
    [SETTING_SHARD_COUNT] = "DISCORD_SHARD_COUNT=8",
    [SETTING_SHARD_IDS] = "DISCORD_SHARD_IDS=3",
    [SETTING_GATEWAY_VERSION] = "DISCORD_GATEWAY_VERSION=9",
    [SETTING_ENCODING] = "DISCORD_ENCODING=etf",
    [SETTING_COMPRESSION] = "DISCORD_COMPRESSION=none",
    [SETTING_MORE_OPS] = "DISCORD_MORE_OPS=77",
    [SETTING_AMQP_URL] = "AMQP_URL=amqp://other",
    [SETTING_GROUP] = "BROKER_GROUP=other",
    [SETTING_FORMAT] = "BROKER_FORMAT=etf",
    [SETTING_QUEUE_TYPE] = "BROKER_QUEUE_TYPE=quorum",
    [SETTING_DECLARE] = "BROKER_DECLARE=passive",
    [SETTING_MESSAGE_TIMEOUT] = "BROKER_MESSAGE_TIMEOUT=7s",
    [SETTING_COMMAND_PREFETCH] = "BROKER_COMMAND_PREFETCH=7",
    [SETTING_SEND_PREFETCH] = "BROKER_SEND_PREFETCH=7",
    [SETTING_UNROUTABLE_HOLD] = "BROKER_UNROUTABLE_HOLD=7s",
    [SETTING_WINDOW_COUNT] = "BROKER_WINDOW_COUNT=7",
    [SETTING_WINDOW_BYTES] = "BROKER_WINDOW_BYTES=7K",
    [SETTING_FLEET_MEMBER] = "FLEET_MEMBER=web-7",
    [SETTING_FLEET_ZONE] = "FLEET_ZONE=seven",
    [SETTING_FLEET_WEIGHT] = "FLEET_WEIGHT=7",
    [SETTING_FLEET_GENERATION] = "FLEET_GENERATION=7",
    [SETTING_FLEET_SETTLE] = "FLEET_SETTLE=7s",
    [SETTING_FLEET_IDENTIFY_RESERVE] = "FLEET_IDENTIFY_RESERVE=7",
    [SETTING_LATENCY_BUDGET] = "LATENCY_BUDGET=7ms",
    [SETTING_CONNECT_TIMEOUT] = "CONNECT_TIMEOUT=7s",
    [SETTING_ADDRESS_FAMILY] = "ADDRESS_FAMILY=ipv6",
    [SETTING_SOURCE_ADDRESS] = "SOURCE_ADDRESS=127.0.0.1",
    [SETTING_KEEPALIVE_IDLE] = "TCP_KEEPALIVE_IDLE=7s",
    [SETTING_KEEPALIVE_INTERVAL] = "TCP_KEEPALIVE_INTERVAL=7s",
    [SETTING_KEEPALIVE_PROBES] = "TCP_KEEPALIVE_PROBES=7",
    [SETTING_USER_TIMEOUT] = "TCP_USER_TIMEOUT=7s",
};

/* Settings that are no part of a configuration of the library, and the file that follows each. test_settings.py reads
 * this list. */
static const char *const elsewhere[SETTING_COUNT] = {
    [SETTING_SHARDS_PER_PROCESS] = "rules.c",
    [SETTING_API_SCHEME] = "rest.c",
    [SETTING_API_HOST] = "rest.c",
    [SETTING_API_VERSION] = "rest.c",
    [SETTING_DISCORD_PROXY] = "proxies.c",
    [SETTING_BROKER_TYPE] = "setting.c",
    [SETTING_BROKER_PROXY] = "proxies.c",
    [SETTING_SESSION_FILE] = "daemon_start.c",
    [SETTING_SESSION_FILE_MISSING] = "daemon_start.c",
    [SETTING_FLEET] = "handle.c",
    [SETTING_STOP_TIMEOUT] = "daemon_state.c",
    [SETTING_CA_FILE] = "engines.c",
    [SETTING_LOG_LEVEL] = "log_settings.c",
    [SETTING_LOG_FORMAT] = "log_settings.c",
    [SETTING_PROMETHEUS_ADDRESS] = "status_server.c",
    [SETTING_PROMETHEUS_ENDPOINT] = "status_server.c",
    [SETTING_MANAGEMENT_URL] = "doctor_management.c",
};

static void write_lists(FILE *out, const struct engines *engines)
{
    for (size_t i = 0; i < engines->relay.allow_count; i++)
        fprintf(out, " allow %s", engines->relay.allow[i]);
    for (size_t i = 0; i < engines->relay.more_op_count; i++)
        fprintf(out, " op %u", engines->relay.more_ops[i]);
    for (size_t i = 0; i < engines->gateway.shard_id_count; i++)
        fprintf(out, " id %u", engines->gateway.shard_ids[i]);
    for (size_t i = 0; i < engines->broker.url_count; i++)
        fprintf(out, " url %s", engines->broker.urls[i]);
}

static void write_numbers(FILE *out, const struct engines *engines)
{
    const spectacles_shard_config *shard = &engines->shard;
    const spectacles_broker_config *broker = &engines->broker;
    const spectacles_relay_config *relay = &engines->relay;
    const spectacles_link_config *link = &engines->link;
    const spectacles_fleet_config *fleet = &engines->fleet;
    const uint64_t numbers[] = {shard->intents,         shard->capabilities,
                                shard->gateway_version, shard->format,
                                shard->compression,     shard->shard_count,
                                broker->format,         broker->declare,
                                broker->queue_type,     broker->window_count,
                                broker->window_bytes,   relay->command_prefetch,
                                relay->send_prefetch,   relay->command_timeout,
                                relay->unroutable_hold, engines->poller.latency_budget,
                                link->connect_timeout,  link->family,
                                link->keepalive_idle,   link->keepalive_interval,
                                link->keepalive_probes, link->user_timeout,
                                fleet->weight,          fleet->generation,
                                fleet->settle,          fleet->identify_reserve};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        fprintf(out, " %llu", (unsigned long long)numbers[i]);
}

/* Everything that the settings have put into the configurations, as a text. */
static void describe(const char *entry, char out[2048])
{
    struct memory memory;
    struct settings settings;
    struct engines engines;
    struct problems problems = {0};
    FILE *stream = fmemopen(out, 2048, "w");
    assert_non_null(stream);
    memory_begin(&memory);
    if (entry)
        memory_set(&memory, entry);
    memory_read(&memory, &settings, &problems);
    engines_configure(&engines, &settings);
    write_numbers(stream, &engines);
    write_lists(stream, &engines);
    fprintf(stream, " %s %s", engines.fleet.member ? engines.fleet.member : "-",
            engines.fleet.zone ? engines.fleet.zone : "-");
    fprintf(stream, " %s %s %s %s", engines.shard.token, engines.broker.group, engines.link.source_address,
            engines.shard.presence ? engines.shard.presence : "-");
    fclose(stream);
    problems_free(&problems);
    settings_free(&settings);
}

static void every_setting_changes_something(void **state)
{
    char before[2048];
    char after[2048];
    (void)state;
    describe(NULL, before);
    for (int id = 0; id < SETTING_COUNT; id++) {
        if (!others[id] == !elsewhere[id])
            fail_msg("%s is not in one of the two lists", setting_of((enum setting_id)id)->name);
        if (!others[id])
            continue;
        describe(others[id], after);
        if (strcmp(before, after) == 0)
            fail_msg("%s is read, and nothing follows it", setting_of((enum setting_id)id)->name);
    }
}

/* One descriptor for each shard, and those that do not depend on their number. */
static void descriptors_are_those_that_the_library_counts(void **state)
{
    (void)state;
    assert_true(engines_descriptors(1) > 3);
    assert_int_equal(engines_descriptors(1000), engines_descriptors(1) + 999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_setting_changes_something),
        cmocka_unit_test(descriptors_are_those_that_the_library_counts),
    };
    return cmocka_run_group_tests_name("tools/engines", tests, NULL, NULL);
}
