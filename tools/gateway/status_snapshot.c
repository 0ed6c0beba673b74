/*
 * The gateways at one moment, copied from its counters and from what its events have told. http_routes.c calls it for
 * each answer that shows the gateway.
 */
#include "status_snapshot.h"

#include <stdio.h>
#include <stdlib.h>

static void take_shard(struct snapshot_shard *out, const struct gateway *gateway,
                       const spectacles_shard *shard, uint64_t now)
{
    out->id = spectacles_shard_id(shard);
    out->memory = status_shard(&gateway->memory, out->id);
    spectacles_gateway_shard_stats_init(&out->stats, sizeof out->stats);
    spectacles_gateway_get_shard_stats(gateway->handle, out->id, &out->stats);
    spectacles_shard_stats_init(&out->engine, sizeof out->engine);
    spectacles_shard_get_stats(shard, &out->engine);
    spectacles_shard_budget(shard, now, &out->packets_left, NULL);
}

static int take_shards(struct snapshot_gateway *out, const struct gateway *gateway, uint64_t now)
{
    spectacles_shard *const *shards = spectacles_gateway_shards(gateway->handle, &out->shard_count);
    out->shards = calloc(out->shard_count ? out->shard_count : 1, sizeof *out->shards);
    if (!out->shards)
        return SPECTACLES_E_NOMEM;
    for (size_t i = 0; i < out->shard_count; i++)
        take_shard(&out->shards[i], gateway, shards[i], now);
    return SPECTACLES_OK;
}

static void take_broker(struct snapshot_gateway *out, const struct gateway *gateway, uint32_t id)
{
    const spectacles_broker *broker = spectacles_gateway_broker(gateway->handle, id);
    struct snapshot_broker *taken = &out->brokers[id];
    if (!broker)
        return;
    taken->memory = &gateway->memory.brokers[id];
    taken->state = spectacles_broker_state(broker);
    spectacles_broker_stats_init(&taken->stats, sizeof taken->stats);
    spectacles_broker_get_stats(broker, &taken->stats);
    out->broker_count++;
}

static int take_gateway(struct snapshot_gateway *out, const struct gateway *gateway, bool is_labelled,
                        uint64_t now)
{
    out->number = gateway->shard_count;
    out->handle = gateway->handle;
    out->lacks_send_queue = gateway->memory.lacks_send_queue;
    if (is_labelled)
        snprintf(out->label, sizeof out->label, "shards=\"%u\"", (unsigned)gateway->shard_count);
    spectacles_gateway_get_stats(gateway->handle, &out->totals);
    take_broker(out, gateway, SPECTACLES_RELAY_EVENTS);
    take_broker(out, gateway, SPECTACLES_RELAY_COMMANDS);
    return take_shards(out, gateway, now);
}

int snapshot_take(struct snapshot *out, const struct gateways *gateways, const struct status *status,
                  uint64_t now, uint64_t unix_time)
{
    *out = (struct snapshot){.now = now, .unix_time = unix_time, .status = status, .gateway_count = 1};
    out->gaps = gateways_count_gaps(gateways);
    for (size_t i = 0; i < GATEWAYS_MAX; i++)
        spectacles_gateway_stats_init(&out->gateways[i].totals, sizeof out->gateways[i].totals);
    for (size_t i = 0; i < gateways->count; i++) {
        out->gateway_count = i + 1;
        int error = take_gateway(&out->gateways[i], &gateways->items[i], gateways->had_two, now);
        if (error == SPECTACLES_OK)
            continue;
        snapshot_free(out);
        return error;
    }
    return SPECTACLES_OK;
}

void snapshot_free(struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->gateway_count; i++)
        free(snapshot->gateways[i].shards);
    *snapshot = (struct snapshot){0};
}

/* ---- All of them ---- */

size_t snapshot_shards(const struct snapshot *snapshot)
{
    size_t count = 0;
    for (size_t i = 0; i < snapshot->gateway_count; i++)
        count += snapshot->gateways[i].shard_count;
    return count;
}

static void add(spectacles_gateway_stats *sum, const spectacles_gateway_stats *each)
{
    sum->received += each->received;
    sum->published += each->published;
    sum->confirmed += each->confirmed;
    sum->unconfirmed += each->unconfirmed;
    sum->window_full += each->window_full;
    sum->full_time += each->full_time;
    sum->commands += each->commands;
    sum->sent += each->sent;
    sum->rejected += each->rejected;
}

spectacles_gateway_stats snapshot_totals(const struct snapshot *snapshot)
{
    spectacles_gateway_stats sum = snapshot->gateways[0].totals;
    for (size_t i = 1; i < snapshot->gateway_count; i++)
        add(&sum, &snapshot->gateways[i].totals);
    return sum;
}

uint64_t snapshot_packets(const struct snapshot *snapshot)
{
    uint64_t packets = 0;
    for (size_t i = 0; i < snapshot->gateway_count; i++) {
        for (size_t j = 0; j < snapshot->gateways[i].shard_count; j++)
            packets += snapshot->gateways[i].shards[j].stats.packets;
    }
    return packets;
}

static size_t queues_lost(const struct snapshot_gateway *gateway)
{
    size_t count = gateway->lacks_send_queue ? 1 : 0;
    for (size_t i = 0; i < gateway->shard_count; i++) {
        const struct status_shard *memory = gateway->shards[i].memory;
        count += memory && memory->lacks_queue;
    }
    return count;
}

size_t snapshot_queues_lost(const struct snapshot *snapshot)
{
    size_t count = 0;
    for (size_t i = 0; i < snapshot->gateway_count; i++)
        count += queues_lost(&snapshot->gateways[i]);
    return count;
}
