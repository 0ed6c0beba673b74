/* The relay as a whole: its settings, and how it stops. */
#include "scene.h"

static void stops_in_order(void **state)
{
    (void)state;
    scene_start(1);
    scene_open_send();
    fake_dispatch(&world.shards[0], 2, "A", "");
    scene_pull();
    assert_int_equal(spectacles_relay_stop(world.relay, 0, world.now), SPECTACLES_OK);
    assert_int_equal(fake_count("close shard"), 3);
    assert_int_equal(fake_called("close broker events"), 1);
    fake_dispatch(&world.shards[0], 3, "A", "");
    fake_message(&world.commands, 0, "0", SCENE_PACKET);
    scene_pull();
    assert_int_equal(fake_count("publish"), 1);
    assert_int_equal(fake_count("send") + fake_count("ack") + fake_count("rej"), 0);
    scene_confirm(1);
    assert_int_equal(world.shards[0].committed, 2);
    for (uint32_t i = 0; i < SCENE_SHARDS; i++)
        fake_shard_event(&world.shards[i], SPECTACLES_SHARD_EVENT_CLOSED, 0);
    scene_pull();
    assert_int_equal(fake_called("close broker commands"), 0);
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_CLOSED, 0, 0);
    scene_pull();
    scene_pull();
    assert_int_equal(fake_called("close broker commands"), 1);
    assert_int_equal(spectacles_relay_stopped(world.relay), 0);
    fake_broker_event(&world.commands, SPECTACLES_BROKER_EVENT_CLOSED, 0, 0);
    scene_pull();
    assert_int_equal(spectacles_relay_stopped(world.relay), 1);
    scene_end();
}

static void wrong_settings_are_named(void **state)
{
    (void)state;
    scene_start(1);
    scene_end();
    spectacles_shard *twice[] = {&world.shards[1], &world.shards[1]};
    spectacles_shard *one[] = {&world.shards[0]};
    static const char *const empty[] = {""};
    for (int i = 0; i < 6; i++) {
        spectacles_relay_config config;
        spectacles_problem problem = {.text = ""};
        spectacles_relay *relay = NULL;
        spectacles_relay_config_init(&config, sizeof config);
        config.shard_count = i == 0 ? 0 : i == 1 ? 5 : SCENE_COUNT;
        config.own_shards = i == 2 ? twice : one;
        config.own_shard_count = i == 2 ? 2 : 1;
        config.events = &world.events;
        config.commands = i == 3 ? &world.events : &world.commands;
        config.max_concurrency = i == 4 ? 0 : 1;
        config.allow = empty;
        config.allow_count = i == 5;
        static const char *const words[] = {"shard_count", "another shard_count", "served here already",
                                            "two brokers", "max_concurrency",     "allow list"};
        assert_int_equal(spectacles_relay_new(&relay, &config, &problem), SPECTACLES_E_INVAL);
        assert_non_null(strstr(problem.text, words[i]));
        assert_null(relay);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stops_in_order),
        cmocka_unit_test(wrong_settings_are_named),
    };
    return cmocka_run_group_tests_name("relay/relay", tests, NULL, NULL);
}
