#ifndef TESTS_RELAY_SCENE_H
#define TESTS_RELAY_SCENE_H

#include "fakes.h"

/* A relay over fakes: how it starts, and what it tells. A test has one of them at a time. */
enum {
    SCENE_SHARDS = 3,   /* shards that there is room for */
    SCENE_COUNT = 4,    /* scene_start(): the shards of the whole bot; 0, 1 and 2 are served here */
    SCENE_SEND = 5,     /* scene_start(): the subscription of SEND, behind those of the shards and of gaps */
    SCENE_NOW = 1000,   /* when a scene begins */
    SCENE_TOLD_MAX = 64 /* events that are kept */
};

typedef struct sp_scene {
    spectacles_shard shards[SCENE_SHARDS];
    spectacles_broker events;
    spectacles_broker commands;
    spectacles_relay *relay;
    uint64_t now;
    char told[SCENE_TOLD_MAX][FAKE_TEXT];
    int told_count;
} sp_scene;

extern sp_scene world;

/*
 * Begins a scene. The shards 0 to own - 1 of a bot with `count` shards are served here, and are READY. Fills in a
 * configuration that publishes every event; the test changes what it is about.
 */
void scene_begin(spectacles_relay_config *config, uint32_t own, uint32_t count);
void scene_make(const spectacles_relay_config *config);

/* Begins the scene of most tests, up to the READY of each shard. Of the events, MESSAGE_CREATE, A and B are allowed. */
void scene_start(uint32_t max_concurrency);
void scene_end(void);

/* The queues of all shards stand, so that SEND is consumed. */
void scene_open_send(void);

/* The events broker confirms a publish. */
void scene_confirm(uint64_t tag);

/* Pulls all events into `told`; how many of them have this type. */
void scene_pull(void);
int scene_told(uint32_t type);

spectacles_relay_stats scene_stats(void);

/* A SEND for shard 2 of SCENE_COUNT (8388608 >> 22 is 2), and its packet. */
#define SCENE_PACKET "{\"op\":4,\"d\":{\"guild_id\":\"1\",\"channel_id\":null}}"
#define SCENE_SEND_2 "{\"guild_id\":\"8388608\",\"packet\":" SCENE_PACKET "}"

#endif
