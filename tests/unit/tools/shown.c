#include "shown.h"

#include "broker/server.h"
#include "shard/peer.h"

void shown_add(struct shown *shown, uint32_t shard_count)
{
    static const char *const urls[] = {"amqp://broker.invalid"};
    spectacles_gateway_config config;
    spectacles_shard_config shard;
    spectacles_broker_config broker;
    spectacles_relay_config relay;
    struct gateway *made = &shown->gateways.items[shown->gateways.count++];
    peer_config(&shard);
    shard.shard_count = shard_count;
    server_config(&broker);
    broker.urls = urls;
    broker.url_count = 1;
    spectacles_relay_config_init(&relay, sizeof relay);
    relay.allow_all = 1;
    spectacles_gateway_config_init(&config, sizeof config);
    config.flags = SPECTACLES_GATEWAY_NO_LINKS;
    config.shard = &shard;
    config.broker = &broker;
    config.relay = &relay;
    assert_int_equal(spectacles_gateway_new(&made->handle, &config, NULL), SPECTACLES_OK);
    made->shard_count = shard_count;
    shown->gateways.had_two |= shown->gateways.count > 1;
}

void shown_begin(struct shown *shown, uint32_t shard_count)
{
    *shown = (struct shown){0};
    shown_add(shown, shard_count);
    shown->gateways.serving = shard_count;
    status_begin(&shown->status, 1767225600000, 1000);
    shown->routes = (struct routes){.metrics_path = "/metrics",
                                    .status = &shown->status,
                                    .gateways = &shown->gateways,
                                    .names = {.group = "gateway", .window_count = 2000},
                                    .now = 1000,
                                    .unix_time = 1767225600000};
}

void shown_end(struct shown *shown)
{
    gateways_free(&shown->gateways);
}

struct http_answer shown_ask(const struct shown *shown, const char *path)
{
    struct http_answer answer;
    routes_answer(&answer, &shown->routes, routes_find(&shown->routes, path));
    if (answer.fixed)
        http_body_bytes(&answer.body, answer.fixed, answer.fixed_length);
    http_body_bytes(&answer.body, "", 1);
    return answer;
}
