/* The probes: what is missing is named, and a reconnect is not a reason. */
#include "health.h"

#include "shown.h"

static void ready(struct shown *shown, uint32_t type, uint32_t shard_id)
{
    const spectacles_relay_event event = {.type = type, .shard_id = shard_id};
    status_hear(&shown->status, &shown->gateways.items[0].memory, &event, 1);
}

static void a_loop_that_hangs_is_told(void **state)
{
    struct http_body body = {0};
    struct status status;
    (void)state;
    status_begin(&status, 1, 1000);
    assert_true(health_is_alive(&body, &status, 31000));
    assert_true(health_is_alive(&body, &status, 500));
    assert_false(health_is_alive(&body, &status, 31001));
    status.turn = 31000;
    assert_true(health_is_alive(&body, &status, 31001));
    http_body_free(&body);
}

static void what_is_missing_is_named(void **state)
{
    struct shown shown;
    (void)state;
    shown_begin(&shown, 14);
    ready(&shown, SPECTACLES_RELAY_EVENT_SHARD_READY, 0);
    ready(&shown, SPECTACLES_RELAY_EVENT_SHARD_RESUMED, 13);
    struct http_answer answer = shown_ask(&shown, "/readyz");
    assert_int_equal(answer.code, 503);
    assert_non_null(strstr(answer.body.data, "the broker of events is IDLE\n"));
    assert_non_null(strstr(answer.body.data, "the broker of commands is IDLE\n"));
    assert_non_null(strstr(answer.body.data, "shard 1 has not been ready yet: it is IDLE\n"));
    assert_null(strstr(answer.body.data, "shard 0 "));
    assert_null(strstr(answer.body.data, "shard 11 "));
    assert_non_null(strstr(answer.body.data, "and 2 more shards\n"));
    http_body_free(&answer.body);
    shown_end(&shown);
}

/* A gateway without brokers has none to wait for. */
static void it_is_ready_when_all_shards_were(void **state)
{
    struct shown shown;
    struct http_body body = {0};
    spectacles_gateway_config config;
    spectacles_shard_config shard;
    spectacles_relay_config relay;
    struct gateway *gateway = &shown.gateways.items[0];
    (void)state;
    shown_begin(&shown, 2);
    spectacles_shard_config_init(&shard, sizeof shard);
    shard.gateway_url = "ws://gateway.invalid";
    shard.token = "a.b.c";
    shard.shard_count = 2;
    shard.seed = 1;
    spectacles_relay_config_init(&relay, sizeof relay);
    relay.allow_all = 1;
    spectacles_gateway_config_init(&config, sizeof config);
    config.flags = SPECTACLES_GATEWAY_NO_LINKS;
    config.shard = &shard;
    config.relay = &relay;
    spectacles_gateway_free(gateway->handle);
    assert_int_equal(spectacles_gateway_new(&gateway->handle, &config, NULL), SPECTACLES_OK);
    ready(&shown, SPECTACLES_RELAY_EVENT_SHARD_READY, 0);
    assert_false(health_is_ready(&body, &shown.status, gateway));
    ready(&shown, SPECTACLES_RELAY_EVENT_SHARD_RESUMED, 1);
    assert_true(health_is_ready(&body, &shown.status, gateway));
    ready(&shown, SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED, 1);
    assert_true(health_is_ready(&body, &shown.status, gateway));
    shown.status.fleet.is_used = true;
    assert_false(health_is_ready(&body, &shown.status, gateway));
    shown.status.fleet.is_connected = true;
    assert_true(health_is_ready(&body, &shown.status, gateway));
    shown.status.is_stopping = true;
    assert_false(health_is_ready(&body, &shown.status, gateway));
    http_body_free(&body);
    shown_end(&shown);
}

/* A fleet goes to another number of shards: what is on its way in is nothing that anybody waits for. */
static void another_number_of_shards_is_not_waited_for(void **state)
{
    struct shown shown;
    (void)state;
    shown_begin(&shown, 1);
    shown_add(&shown, 2);
    struct http_answer answer = shown_ask(&shown, "/readyz");
    assert_non_null(strstr(answer.body.data, "shard 0 has not been ready yet"));
    assert_null(strstr(answer.body.data, "shard 1 has not been ready yet"));
    http_body_free(&answer.body);
    shown.gateways.serving = 2;
    answer = shown_ask(&shown, "/readyz");
    assert_non_null(strstr(answer.body.data, "shard 1 has not been ready yet"));
    http_body_free(&answer.body);
    shown_end(&shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loop_that_hangs_is_told),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(it_is_ready_when_all_shards_were),
        cmocka_unit_test(another_number_of_shards_is_not_waited_for),
    };
    return cmocka_run_group_tests_name("tools/health", tests, NULL, NULL);
}
