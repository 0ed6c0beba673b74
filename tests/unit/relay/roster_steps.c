#include "roster_steps.h"

#include <stdio.h>

struct scene world;

static void take_removed(const spectacles_relay_event *event)
{
    world.removed = *event;
    snprintf(world.session, sizeof world.session, "%s", event->session_id ? event->session_id : "-");
    world.handed_over = 0;
    spectacles_gap gap = {.size = sizeof gap};
    while (spectacles_relay_gap(world.relay, event->shard_id, (size_t)world.handed_over, &gap) == 1)
        world.handed_over++;
    snprintf(world.gap_session, sizeof world.gap_session, "%s",
             gap.new_session_id ? gap.new_session_id : "-");
}

void pull(void)
{
    const spectacles_relay_event *event;
    while ((event = spectacles_relay_next_event(world.relay, NOW))) {
        world.told[event->type]++;
        if (event->type == SPECTACLES_RELAY_EVENT_SHARD_REMOVED)
            take_removed(event);
    }
}

int gaps(void)
{
    int count = 0;
    spectacles_gap gap = {.size = sizeof gap};
    for (uint32_t id = 0; id < COUNT; id++) {
        for (size_t i = 0; spectacles_relay_gap(world.relay, id, i, &gap) == 1; i++)
            count++;
    }
    return count;
}

static void begin(size_t served, uint32_t flags)
{
    spectacles_shard *shards[] = {&world.shards[0], &world.shards[1]};
    spectacles_relay_config config;
    memset(&world, 0, sizeof world);
    fake_forget();
    world.events = (spectacles_broker){.name = "events", .window = 100};
    world.commands = (spectacles_broker){.name = "commands"};
    for (uint32_t i = 0; i < COUNT; i++)
        world.shards[i] = (spectacles_shard){.id = i, .count = COUNT};
    spectacles_relay_config_init(&config, sizeof config);
    config.shard_count = COUNT;
    config.own_shards = served ? shards : NULL;
    config.own_shard_count = served;
    config.events = &world.events;
    config.commands = &world.commands;
    config.allow_all = 1;
    config.flags = flags;
    assert_int_equal(spectacles_relay_new(&world.relay, &config, NULL), SPECTACLES_OK);
}

void start_with(uint32_t flags)
{
    begin(0, flags);
}

void start(size_t served)
{
    begin(served, 0);
    for (size_t i = 0; i < served; i++)
        fake_ready(&world.shards[i], i == 0 ? "zero" : "one");
    pull();
    for (uint64_t tag = 1; tag <= served; tag++)
        fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_CONFIRMED, tag, 0);
    pull();
    memset(world.told, 0, sizeof world.told);
}

void end(void)
{
    spectacles_relay_free(world.relay);
    for (int i = 0; i < COUNT; i++)
        assert_false(world.shards[i].stream.has_relay);
}

void confirm(uint64_t tag)
{
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_CONFIRMED, tag, 0);
    pull();
}

void add(uint32_t shard_id)
{
    assert_int_equal(spectacles_relay_add_shard(world.relay, &world.shards[shard_id], NULL, 0, NULL), 0);
}

void remove_shard(uint32_t shard_id)
{
    assert_int_equal(spectacles_relay_remove_shard(world.relay, shard_id, 0, NOW), SPECTACLES_OK);
    pull();
}

void close_shard(uint32_t shard_id)
{
    fake_shard_event(&world.shards[shard_id], SPECTACLES_SHARD_EVENT_CLOSED, 0);
    pull();
}

/* A packet of a worker for the shard. It arrives as long as the queue is consumed. */
uint64_t packet(uint32_t shard_id)
{
    char key[16];
    snprintf(key, sizeof key, "%u", shard_id);
    int number = fake_subscription(&world.commands, key, 1);
    assert_true(number >= 0);
    uint64_t delivery = fake_message(&world.commands, (uint32_t)number, key,
                                     "{\"op\":4,\"d\":{\"guild_id\":\"1\",\"channel_id\":null}}");
    pull();
    return delivery;
}

int is_settled(uint64_t delivery, const char *how)
{
    char line[32];
    snprintf(line, sizeof line, "%s %llu", how, (unsigned long long)delivery);
    return fake_called(line);
}
