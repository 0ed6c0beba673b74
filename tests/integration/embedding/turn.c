/* A program around turn() of doc/embedding.md: as many shards as it is told, each with a link, and one poll(2). */
#include "page_turn.c"

#include <spectacles/spectacles.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    SHARDS = 2
};

static spectacles_shard *make_shard(uint32_t id)
{
    spectacles_shard *shard;
    spectacles_problem problem;
    spectacles_shard_config config;
    spectacles_shard_config_init(&config, sizeof config);
    config.gateway_url = getenv("DISCORD_GATEWAY_URL");
    config.token = getenv("DISCORD_TOKEN");
    config.shard_id = id;
    config.shard_count = SHARDS;
    config.seed = spectacles_random_seed();
    if (spectacles_shard_new(&shard, &config, &problem) < 0) {
        fprintf(stderr, "%s\n", problem.text);
        exit(1);
    }
    return shard;
}

static void pull(spectacles_shard *shard, size_t id)
{
    const spectacles_shard_event *event;
    while ((event = spectacles_shard_next_event(shard, spectacles_now()))) {
        if (event->type == SPECTACLES_SHARD_EVENT_IDENTIFY)
            spectacles_shard_identify(shard, spectacles_now());
        else if (event->type == SPECTACLES_SHARD_EVENT_DISPATCH)
            printf("%zu %.*s %.*s\n", id, (int)event->name_length, event->name, (int)event->data_length,
                   event->data);
    }
    fflush(stdout);
}

int main(void)
{
    spectacles_shard *shards[SHARDS];
    spectacles_link *links[SHARDS];
    struct pollfd fds[SHARDS];
    for (size_t i = 0; i < SHARDS; i++) {
        shards[i] = make_shard((uint32_t)i);
        if (spectacles_link_new(&links[i], spectacles_shard_stream(shards[i]), NULL, NULL) < 0)
            return 1;
    }
    while (spectacles_shard_state(shards[0]) < SPECTACLES_SHARD_CLOSED ||
           spectacles_shard_state(shards[1]) < SPECTACLES_SHARD_CLOSED) {
        turn(links, fds, SHARDS);
        for (size_t i = 0; i < SHARDS; i++)
            pull(shards[i], i);
    }
    for (size_t i = 0; i < SHARDS; i++) {
        spectacles_link_free(links[i]);
        spectacles_shard_free(shards[i]);
    }
    return 0;
}
