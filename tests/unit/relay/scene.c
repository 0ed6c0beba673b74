#include "scene.h"

#include <stdio.h>

sp_scene world;

void scene_begin(spectacles_relay_config *config, uint32_t own, uint32_t count)
{
    /* Not in the order of their ids. */
    static spectacles_shard *shards[SCENE_SHARDS];
    assert_true(own <= SCENE_SHARDS);
    memset(&world, 0, sizeof world);
    fake_forget();
    world.now = SCENE_NOW;
    world.events = (spectacles_broker){.name = "events", .window = 300};
    world.commands.name = "commands";
    for (uint32_t i = 0; i < own; i++) {
        world.shards[i] = (spectacles_shard){.id = i, .count = count, .state = SPECTACLES_SHARD_READY};
        shards[(i + 1) % own] = &world.shards[i];
    }
    spectacles_relay_config_init(config, sizeof *config);
    config->shard_count = count;
    config->own_shards = shards;
    config->own_shard_count = own;
    config->events = &world.events;
    config->commands = &world.commands;
    config->allow_all = 1;
}

void scene_make(const spectacles_relay_config *config)
{
    assert_int_equal(spectacles_relay_new(&world.relay, config, NULL), SPECTACLES_OK);
}

void scene_start(uint32_t max_concurrency)
{
    static const char *const allow[] = {"MESSAGE_CREATE", "B", "A"};
    spectacles_relay_config config;
    scene_begin(&config, SCENE_SHARDS, SCENE_COUNT);
    world.events.window = 100;
    config.allow_all = 0;
    config.allow = allow;
    config.allow_count = sizeof allow / sizeof allow[0];
    config.max_concurrency = max_concurrency;
    scene_make(&config);
    for (uint32_t i = 0; i < SCENE_SHARDS; i++)
        fake_shard_event(&world.shards[i], SPECTACLES_SHARD_EVENT_READY, 0);
    scene_pull();
}

void scene_end(void)
{
    spectacles_relay_free(world.relay);
    world.relay = NULL;
}

void scene_open_send(void)
{
    for (uint32_t i = 0; i < SCENE_COUNT; i++)
        fake_broker_event(&world.commands, SPECTACLES_BROKER_EVENT_SUBSCRIBED, 0, i);
    scene_pull();
}

void scene_confirm(uint64_t tag)
{
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_CONFIRMED, tag, 0);
    scene_pull();
}

void scene_pull(void)
{
    const spectacles_relay_event *event;
    while ((event = spectacles_relay_next_event(world.relay, world.now))) {
        assert_true(world.told_count < SCENE_TOLD_MAX);
        snprintf(world.told[world.told_count++], FAKE_TEXT, "%u shard %u %s: %.200s", event->type,
                 event->shard_id, event->name ? event->name : "-", event->text ? event->text : "");
    }
}

int scene_told(uint32_t type)
{
    char prefix[16];
    int count = 0;
    snprintf(prefix, sizeof prefix, "%u ", type);
    for (int i = 0; i < world.told_count; i++)
        count += strncmp(world.told[i], prefix, strlen(prefix)) == 0;
    return count;
}

spectacles_relay_stats scene_stats(void)
{
    spectacles_relay_stats stats;
    spectacles_relay_stats_init(&stats, sizeof stats);
    assert_int_equal(spectacles_relay_get_stats(world.relay, &stats), SPECTACLES_OK);
    return stats;
}
