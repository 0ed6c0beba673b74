/* A program around serve() of doc/embedding.md: a gateway with one shard, which publishes every event. */
#include "page_serve.c"

#include <spectacles/spectacles.h>
#include <stdio.h>
#include <stdlib.h>

static void check(int error, const spectacles_problem *problem)
{
    if (error < 0) {
        fprintf(stderr, "%s\n", problem->text);
        exit(1);
    }
}

static spectacles_shard *make_shard(void)
{
    spectacles_shard *shard;
    spectacles_problem problem;
    spectacles_shard_config config;
    spectacles_shard_config_init(&config, sizeof config);
    config.flags = SPECTACLES_SHARD_COMMITS;
    config.gateway_url = getenv("DISCORD_GATEWAY_URL");
    config.token = getenv("DISCORD_TOKEN");
    config.seed = spectacles_random_seed();
    check(spectacles_shard_new(&shard, &config, &problem), &problem);
    return shard;
}

static spectacles_broker *make_broker(void)
{
    spectacles_broker *broker;
    spectacles_problem problem;
    spectacles_broker_config config;
    const char *url = getenv("AMQP_URL");
    spectacles_broker_config_init(&config, sizeof config);
    config.urls = &url;
    config.url_count = 1;
    config.seed = spectacles_random_seed();
    check(spectacles_broker_new(&broker, &config, &problem), &problem);
    return broker;
}

static void add_link(spectacles_poller *poller, spectacles_stream *stream, uint64_t id)
{
    spectacles_link *link;
    spectacles_problem problem;
    check(spectacles_link_new(&link, stream, NULL, &problem), &problem);
    spectacles_poller_add(poller, link, id);
}

static void print(const spectacles_relay_event *event)
{
    printf("%s\n", spectacles_relay_event_type_name(event->type));
    fflush(stdout);
}

int main(void)
{
    spectacles_relay *relay;
    spectacles_poller *poller;
    spectacles_problem problem;
    spectacles_relay_config config;
    spectacles_shard *shard = make_shard();
    spectacles_broker *events = make_broker();
    spectacles_broker *commands = make_broker();
    spectacles_relay_config_init(&config, sizeof config);
    config.shard_count = 1;
    config.own_shards = &shard;
    config.own_shard_count = 1;
    config.events = events;
    config.commands = commands;
    config.allow_all = 1;
    check(spectacles_relay_new(&relay, &config, &problem), &problem);
    check(spectacles_poller_new(&poller, NULL, &problem), &problem);
    add_link(poller, spectacles_shard_stream(shard), 0);
    add_link(poller, spectacles_broker_stream(events), 1);
    add_link(poller, spectacles_broker_stream(commands), 2);
    serve(relay, poller, print);
    return 0;
}
