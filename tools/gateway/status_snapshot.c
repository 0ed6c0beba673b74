/*
 * A gateway at one moment, copied from its counters and from what its events have told. http_routes.c calls it for
 * each answer that shows the gateway.
 */
#include "status_snapshot.h"

#include <stdlib.h>

static void take_shard(struct snapshot_shard *out, const spectacles_gateway *gateway,
                       const struct status *status, const spectacles_shard *shard, uint64_t now)
{
    out->id = spectacles_shard_id(shard);
    out->memory = status_shard(status, out->id);
    spectacles_gateway_shard_stats_init(&out->stats, sizeof out->stats);
    spectacles_gateway_get_shard_stats(gateway, out->id, &out->stats);
    spectacles_shard_stats_init(&out->engine, sizeof out->engine);
    spectacles_shard_get_stats(shard, &out->engine);
    spectacles_shard_budget(shard, now, &out->packets_left, NULL);
}

static int take_shards(struct snapshot *out, spectacles_gateway *gateway, const struct status *status)
{
    spectacles_shard *const *shards = spectacles_gateway_shards(gateway, &out->shard_count);
    out->shards = calloc(out->shard_count ? out->shard_count : 1, sizeof *out->shards);
    if (!out->shards)
        return SPECTACLES_E_NOMEM;
    for (size_t i = 0; i < out->shard_count; i++)
        take_shard(&out->shards[i], gateway, status, shards[i], out->now);
    return SPECTACLES_OK;
}

static void take_broker(struct snapshot *out, spectacles_gateway *gateway, const struct status *status,
                        uint32_t id)
{
    const spectacles_broker *broker = spectacles_gateway_broker(gateway, id);
    struct snapshot_broker *taken = &out->brokers[id];
    if (!broker)
        return;
    taken->memory = &status->brokers[id];
    taken->state = spectacles_broker_state(broker);
    spectacles_broker_stats_init(&taken->stats, sizeof taken->stats);
    spectacles_broker_get_stats(broker, &taken->stats);
    out->broker_count++;
}

int snapshot_take(struct snapshot *out, spectacles_gateway *gateway, const struct status *status,
                  uint64_t now, uint64_t unix_time)
{
    *out = (struct snapshot){.now = now, .unix_time = unix_time, .status = status, .gateway = gateway};
    spectacles_gateway_stats_init(&out->totals, sizeof out->totals);
    if (!gateway)
        return SPECTACLES_OK;
    spectacles_gateway_get_stats(gateway, &out->totals);
    take_broker(out, gateway, status, SPECTACLES_RELAY_EVENTS);
    take_broker(out, gateway, status, SPECTACLES_RELAY_COMMANDS);
    return take_shards(out, gateway, status);
}

void snapshot_free(struct snapshot *snapshot)
{
    free(snapshot->shards);
    *snapshot = (struct snapshot){0};
}

uint64_t snapshot_packets(const struct snapshot *snapshot)
{
    uint64_t packets = 0;
    for (size_t i = 0; i < snapshot->shard_count; i++)
        packets += snapshot->shards[i].stats.packets;
    return packets;
}

size_t snapshot_queues_lost(const struct snapshot *snapshot)
{
    size_t count = snapshot->status->lacks_send_queue ? 1 : 0;
    for (size_t i = 0; i < snapshot->shard_count; i++) {
        const struct status_shard *memory = snapshot->shards[i].memory;
        count += memory && memory->lacks_queue;
    }
    return count;
}
