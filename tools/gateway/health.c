/*
 * The answers of /livez and /readyz, for systemd's neighbours: Kubernetes, Docker, balancers. A shard that was ready
 * once counts as ready, because a reconnect is part of a gateway's life, and no reason to take it out of a deploy.
 * http_routes.c calls it.
 */
#include "health.h"

enum {
    TURN_MAX = 30 * 1000,
    SHARDS_NAMED = 10
};

bool health_is_alive(struct http_body *body, const struct status *status, uint64_t now)
{
    uint64_t since = now > status->turn ? now - status->turn : 0;
    bool is_alive = since <= TURN_MAX;
    http_body_format(body, "%s: the loop has turned %llu ms ago\n", is_alive ? "alive" : "hangs",
                     (unsigned long long)since);
    return is_alive;
}

static size_t name_brokers(struct http_body *body, const struct gateway *gateway)
{
    static const char *const names[] = {"events", "commands"};
    size_t missing = 0;
    for (uint32_t i = 0; i < 2; i++) {
        const spectacles_broker *broker = spectacles_gateway_broker(gateway->handle, i);
        uint32_t state = broker ? spectacles_broker_state(broker) : SPECTACLES_BROKER_READY;
        if (state == SPECTACLES_BROKER_READY)
            continue;
        missing++;
        http_body_format(body, "the broker of %s is %s\n", names[i], spectacles_broker_state_name(state));
    }
    return missing;
}

static size_t name_shards(struct http_body *body, const struct gateway *gateway)
{
    size_t count = 0;
    size_t missing = 0;
    spectacles_shard *const *shards = spectacles_gateway_shards(gateway->handle, &count);
    for (size_t i = 0; i < count; i++) {
        const struct status_shard *memory = status_shard(&gateway->memory, spectacles_shard_id(shards[i]));
        if (memory && memory->was_ready)
            continue;
        if (++missing <= SHARDS_NAMED)
            http_body_format(body, "shard %u has not been ready yet: it is %s\n",
                             spectacles_shard_id(shards[i]),
                             spectacles_shard_state_name(spectacles_shard_state(shards[i])));
    }
    if (missing > SHARDS_NAMED)
        http_body_format(body, "and %zu more shards\n", missing - SHARDS_NAMED);
    return missing;
}

static size_t name_fleet(struct http_body *body, const struct status_fleet *fleet)
{
    if (!fleet->is_used || fleet->is_connected)
        return 0;
    http_body_text(body, "the fleet has no connection to RabbitMQ\n");
    return 1;
}

bool health_is_ready(struct http_body *body, const struct status *status, const struct gateway *gateway)
{
    if (status->is_stopping) {
        http_body_text(body, "the gateway stops\n");
        return false;
    }
    if (!gateway) {
        http_body_text(body, "Discord has not answered GET /gateway/bot yet\n");
        return false;
    }
    size_t missing = name_brokers(body, gateway);
    missing += name_fleet(body, &status->fleet);
    missing += name_shards(body, gateway);
    if (missing == 0)
        http_body_text(body, "ready\n");
    return missing == 0;
}
