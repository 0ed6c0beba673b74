/* Settings that are right: where they come from, which source wins, and what they mean. */
#include "engines.h"
#include "memory.h"
#include "unit.h"

#include <spectacles/spectacles.h>

/* Settings that were read without an error. */
static struct settings settings;
static struct problems problems;

static void read_right(const struct memory *memory)
{
    int code = memory_read(memory, &settings, &problems);
    for (const struct problem *each = problems.first; each; each = each->next) {
        if (each->code != PROBLEM_NOTE)
            fail_msg("%s: %s", each->where, each->text);
    }
    assert_int_equal(code, 0);
}

static void end(void)
{
    problems_free(&problems);
    settings_free(&settings);
}

static bool has_note(const char *where, const char *says)
{
    for (const struct problem *each = problems.first; each; each = each->next) {
        if (strcmp(each->where, where) == 0 && strstr(each->text, says))
            return true;
    }
    return false;
}

static const struct value *value(enum setting_id id)
{
    return settings_value(&settings, id);
}

/* ---- The file ---- */

/* All keys of the Go daemon but those of Redis, as its own documentation writes them, in another case. */
static const char go_file[] = "Token = \"" MEMORY_TOKEN "\"\n"
                              "events = [\"MESSAGE_CREATE\", \"INTERACTION_CREATE\"]\n"
                              "Intents = [\"GUILD_MESSAGES\"]\n"
                              "rawIntents = 1\n"
                              "gateway_version = 10\n"
                              "[Shards]\n"
                              "count = 8\n"
                              "ids = [0, 1]\n"
                              "[broker]\n"
                              "type = \"amqp\"\n"
                              "group = \"bot\"\n"
                              "message_timeout = \"1m30s\"\n"
                              "[prometheus]\n"
                              "address = \":8080\"\n"
                              "endpoint = \"/metrics\"\n"
                              "[presence]\n"
                              "Status = \"idle\"\n"
                              "[[presence.activities]]\n"
                              "name = \"shard {{shard}}\"\n"
                              "type = 3\n"
                              "[api]\n"
                              "scheme = \"http\"\n"
                              "host = \"proxy:8080\"\n"
                              "version = 9\n"
                              "[amqp]\n"
                              "url = \"amqp://me:" MEMORY_PASSWORD "@rabbit\"\n";

static void a_file_of_the_go_daemon_is_read(void **state)
{
    struct memory memory = {0};
    (void)state;
    memory_add_file(&memory, "gateway.toml", go_file, 0);
    read_right(&memory);
    assert_string_equal(settings.config, "gateway.toml");
    assert_string_equal(value(SETTING_TOKEN)->text, MEMORY_TOKEN);
    assert_int_equal(settings_intents(&settings),
                     SPECTACLES_INTENT_GUILDS | SPECTACLES_INTENT_GUILD_MESSAGES);
    assert_int_equal(value(SETTING_SHARD_COUNT)->number, 8);
    assert_int_equal(value(SETTING_SHARD_IDS)->number_count, 2);
    assert_int_equal(value(SETTING_MESSAGE_TIMEOUT)->number, 90000);
    assert_string_equal(value(SETTING_PRESENCE)->text,
                        "{\"since\":null,\"activities\":[{\"name\":\"shard {{shard}}\",\"type\":3}],"
                        "\"status\":\"idle\",\"afk\":false}");
    assert_string_equal(value(SETTING_API_HOST)->text, "proxy:8080");
    assert_string_equal(value(SETTING_AMQP_URL)->texts[0], "amqp://me:" MEMORY_PASSWORD "@rabbit");
    end();
}

static void the_environment_wins_over_the_file(void **state)
{
    struct memory memory = {0};
    (void)state;
    memory_add_file(&memory, "other.toml", go_file, 0);
    memory.config = "other.toml";
    memory_set(&memory, "BROKER_GROUP=mine");
    memory_set(&memory, "DISCORD_EVENTS=READY");
    memory_set(&memory, "DISCORD_SHARD_COUNT=");
    read_right(&memory);
    assert_string_equal(value(SETTING_GROUP)->text, "mine");
    assert_int_equal(value(SETTING_GROUP)->origin, VALUE_FROM_ENVIRONMENT);
    assert_int_equal(settings.event_count, 1);
    assert_int_equal(value(SETTING_SHARD_COUNT)->number, 8); /* an empty variable is not set */
    assert_string_equal(settings_where(&settings, SETTING_SHARD_COUNT), "other.toml:7:1: Shards.count");
    end();
}

static void a_named_file_has_to_be_there(void **state)
{
    struct memory memory;
    (void)state;
    memory_begin(&memory);
    read_right(&memory); /* gateway.toml need not be there */
    assert_null(settings.config);
    end();
    memory.config = "none.toml";
    assert_int_equal(memory_read(&memory, &settings, &problems), 78);
    assert_true(has_note("--config", "'none.toml' cannot be read"));
    end();
}

/* ---- Secrets ---- */

static void each_source_of_a_secret_wins_over_the_weaker_ones(void **state)
{
    struct memory memory;
    (void)state;
    memory_begin(&memory);
    memory_set(&memory, "DISCORD_TOKEN");
    memory_add_file(&memory, "gateway.toml", "token_file = \"/file\"\n", 0);
    memory_add_file(&memory, "/file", "from.toml\r\n", 0);
    memory_add_file(&memory, "/run/discord-token", "from.credential\n", 0);
    memory_add_file(&memory, "/named", "from.named", 0);
    read_right(&memory);
    assert_string_equal(value(SETTING_TOKEN)->text, "from.toml");
    end();
    memory_set(&memory, "CREDENTIALS_DIRECTORY=/run");
    read_right(&memory);
    assert_string_equal(value(SETTING_TOKEN)->text, "from.credential");
    end();
    memory_set(&memory, "DISCORD_TOKEN_FILE=/named");
    read_right(&memory);
    assert_string_equal(value(SETTING_TOKEN)->text, "from.named");
    end();
    memory_set(&memory, "DISCORD_TOKEN_FILE");
    memory_set(&memory, "DISCORD_TOKEN=from.environment");
    read_right(&memory);
    assert_string_equal(value(SETTING_TOKEN)->text, "from.environment");
    end();
}

static void urls_come_with_commas_and_from_lines(void **state)
{
    struct memory memory;
    (void)state;
    memory_begin(&memory);
    memory_set(&memory, "AMQP_URL=amqp://me:a,b@one, amqps://me:a,b@two");
    read_right(&memory);
    assert_int_equal(value(SETTING_AMQP_URL)->text_count, 2);
    assert_string_equal(value(SETTING_AMQP_URL)->texts[0], "amqp://me:a,b@one");
    assert_string_equal(value(SETTING_AMQP_URL)->texts[1], "amqps://me:a,b@two");
    end();
    memory_set(&memory, "AMQP_URL");
    memory_set(&memory, "AMQP_URL_FILE=/urls");
    memory_add_file(&memory, "/urls", "amqp://one\namqp://two\r\n", 0);
    read_right(&memory);
    assert_int_equal(value(SETTING_AMQP_URL)->text_count, 2);
    assert_string_equal(value(SETTING_AMQP_URL)->texts[1], "amqp://two");
    end();
}

/* ---- Shards ---- */

static void shard_ids_have_ranges(void **state)
{
    static const uint32_t expected[] = {0, 2, 4, 5, 6, 7};
    struct memory memory;
    (void)state;
    memory_begin(&memory);
    memory_set(&memory, "DISCORD_SHARD_COUNT=8");
    memory_set(&memory, "DISCORD_SHARD_IDS=4-7, 0,2");
    read_right(&memory);
    assert_int_equal(value(SETTING_SHARD_IDS)->number_count, 6);
    assert_memory_equal(value(SETTING_SHARD_IDS)->numbers, expected, sizeof expected);
    end();
}

static void check_pod(const char *pod, uint32_t first, size_t count)
{
    struct memory memory;
    memory_begin(&memory);
    memory_set(&memory, "DISCORD_SHARD_COUNT=8");
    memory_set(&memory, "SHARDS_PER_PROCESS=3");
    memory_set(&memory, pod);
    read_right(&memory);
    assert_int_equal(value(SETTING_SHARD_IDS)->number_count, count);
    assert_int_equal(value(SETTING_SHARD_IDS)->numbers[0], first);
    assert_int_equal(value(SETTING_SHARD_IDS)->numbers[count - 1], first + count - 1);
    end();
}

static void a_pod_of_a_stateful_set_has_its_shards(void **state)
{
    (void)state;
    check_pod("HOSTNAME=gateway-0", 0, 3);
    check_pod("HOSTNAME=my-gateway-1", 3, 3);
    check_pod("POD_NAME=gateway-2", 6, 2);
}

/* ---- What others set ---- */

static void what_others_set_is_left_alone(void **state)
{
    static const char *const others[] = {"AMQP_PORT=tcp://10.0.0.1:5672",
                                         "AMQP_PORT_5672_TCP_ADDR=10.0.0.1",
                                         "AMQP_SERVICE_HOST=10.0.0.1",
                                         "BROKER_SERVICE_PORT_AMQP=5672",
                                         "SESSION_MANAGER=local/host",
                                         "SSL_CERT_DIR=/etc/ssl/certs",
                                         "PATH=/usr/bin",
                                         "NO_PROXY=localhost",
                                         "HTTP_PROXY=x y",
                                         "LOGNAME=me",
                                         "DISCORD_TOKN="};
    struct memory memory;
    size_t before = 0;
    size_t after = 0;
    (void)state;
    memory_begin(&memory);
    read_right(&memory);
    for (const struct problem *each = problems.first; each; each = each->next)
        before++;
    end();
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        memory_set(&memory, others[i]);
    read_right(&memory);
    for (const struct problem *each = problems.first; each; each = each->next)
        after++;
    assert_int_equal(before, after);
    end();
}

static void what_is_odd_but_works_is_noted(void **state)
{
    struct memory memory;
    (void)state;
    memory_begin(&memory);
    memory_set(&memory, "SESSION_FILE");
    memory_set(&memory, "DISCORD_CLIENT_ID=1");
    memory_set(&memory, "REDIS_URL=redis:6379");
    memory_set(&memory, "LOGLEVEL=debug");
    memory_set(&memory, "DISCORD_INTENTS=guild_members");
    memory_set(&memory, "PROMETHEUS_ENDPOINT=/metrics");
    memory_set(&memory, "FLEET_MEMBER=web-1");
    memory_set(&memory, "HTTPS_PROXY=http://me:" MEMORY_PASSWORD "@proxy:3128");
    read_right(&memory);
    assert_true(has_note("SESSION_FILE", "identifies anew"));
    assert_true(has_note("DISCORD_EVENTS", "nothing is published"));
    assert_true(has_note("DISCORD_CLIENT_ID", "passes it over"));
    assert_true(has_note("REDIS_URL", "there is no Redis"));
    assert_true(has_note("LOGLEVEL", "did you mean LOG_LEVEL?"));
    assert_true(has_note("DISCORD_INTENTS", "GUILD_MEMBERS is privileged"));
    assert_true(has_note("PROMETHEUS_ENDPOINT", "no metrics are served"));
    assert_true(has_note("FLEET_MEMBER", "because FLEET is off"));
    assert_true(has_note("HTTPS_PROXY", "there is a proxy: http://proxy:3128"));
    for (const struct problem *each = problems.first; each; each = each->next)
        assert_null(strstr(each->text, MEMORY_PASSWORD));
    end();
}

/* GUILD_MEMBER_UPDATE comes for the bot itself, and new events are taken without a check. */
static void events_may_come_without_intents(void **state)
{
    struct memory memory;
    (void)state;
    memory_begin(&memory);
    memory_set(&memory, "DISCORD_EVENTS=GUILD_MEMBER_UPDATE,READY");
    memory_set(&memory, "DISCORD_MORE_EVENTS=BRAND_NEW");
    read_right(&memory);
    assert_int_equal(settings.event_count, 3);
    assert_string_equal(settings.events[2], "BRAND_NEW");
    end();
}

/* ---- For the engines ---- */

static void engines_are_made_as_the_settings_say(void **state)
{
    struct memory memory;
    struct engines engines;
    (void)state;
    memory_begin(&memory);
    memory_set(&memory, "DISCORD_SHARD_COUNT=4");
    memory_set(&memory, "DISCORD_SHARD_IDS=1,3");
    memory_set(&memory, "DISCORD_ENCODING=etf");
    memory_set(&memory, "DISCORD_COMPRESSION=zlib-stream");
    memory_set(&memory, "BROKER_FORMAT=msgpack-json");
    memory_set(&memory, "BROKER_DECLARE=passive");
    memory_set(&memory, "BROKER_WINDOW_BYTES=2M");
    memory_set(&memory, "BROKER_UNROUTABLE_HOLD=1s");
    memory_set(&memory, "LATENCY_BUDGET=2ms");
    memory_set(&memory, "ADDRESS_FAMILY=ipv6");
    memory_set(&memory, "SOURCE_ADDRESS=::1");
    memory_set(&memory, "TCP_KEEPALIVE_IDLE=0");
    memory_set(&memory, "DISCORD_MORE_OPS=50-51");
    memory_set(&memory, "DISCORD_EVENTS=READY");
    read_right(&memory);
    engines_configure(&engines, &settings);
    assert_string_equal(engines.shard.token, MEMORY_TOKEN);
    assert_int_equal(engines.shard.shard_count, 4);
    assert_int_equal(engines.gateway.shard_id_count, 2);
    assert_int_equal(engines.shard.format, SPECTACLES_FORMAT_ETF);
    assert_int_equal(engines.shard.compression, SPECTACLES_COMPRESSION_ZLIB_STREAM);
    assert_int_equal(engines.broker.format, SPECTACLES_FORMAT_MSGPACK_JSON);
    assert_int_equal(engines.broker.declare, SPECTACLES_DECLARE_PASSIVE);
    assert_int_equal(engines.broker.window_bytes, 2 << 20);
    assert_int_equal(engines.relay.unroutable_hold, 1000);
    assert_int_equal(engines.relay.more_op_count, 2);
    assert_string_equal(engines.relay.allow[0], "READY");
    assert_int_equal(engines.poller.latency_budget, 2);
    assert_int_equal(engines.link.family, 6);
    assert_string_equal(engines.link.source_address, "::1");
    assert_int_equal(engines.link.keepalive_idle, 0);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_of_the_go_daemon_is_read),
        cmocka_unit_test(the_environment_wins_over_the_file),
        cmocka_unit_test(a_named_file_has_to_be_there),
        cmocka_unit_test(each_source_of_a_secret_wins_over_the_weaker_ones),
        cmocka_unit_test(urls_come_with_commas_and_from_lines),
        cmocka_unit_test(shard_ids_have_ranges),
        cmocka_unit_test(a_pod_of_a_stateful_set_has_its_shards),
        cmocka_unit_test(what_others_set_is_left_alone),
        cmocka_unit_test(what_is_odd_but_works_is_noted),
        cmocka_unit_test(events_may_come_without_intents),
        cmocka_unit_test(engines_are_made_as_the_settings_say),
    };
    return cmocka_run_group_tests_name("tools/settings", tests, NULL, NULL);
}
