/*
 * The counters of a gateway: sums over its shards, and what relay and brokers have counted. Called by owners, and by
 * gateway.c when a shard is freed.
 */
#include "gateway/counters.h"

#include "core/config.h"
#include "core/export.h"
#include "gateway/engines.h"

#include <string.h>

SPECTACLES_EXPORT void spectacles_gateway_stats_init(spectacles_gateway_stats *stats, size_t size)
{
    const spectacles_gateway_stats empty = {0};
    sp_config_write(stats, size, &empty, sizeof empty);
}

SPECTACLES_EXPORT void spectacles_gateway_shard_stats_init(spectacles_gateway_shard_stats *stats, size_t size)
{
    const spectacles_gateway_shard_stats empty = {0};
    sp_config_write(stats, size, &empty, sizeof empty);
}

/* ---- Sums ---- */

static spectacles_shard_stats of_shard(const spectacles_shard *shard)
{
    spectacles_shard_stats stats;
    spectacles_shard_stats_init(&stats, sizeof stats);
    spectacles_shard_get_stats(shard, &stats);
    return stats;
}

static void add_shard(spectacles_gateway_stats *out, const spectacles_shard *shard)
{
    const spectacles_shard_stats of = of_shard(shard);
    out->bytes_received += of.bytes_received;
    out->bytes_sent += of.bytes_sent;
    out->bytes_compressed += of.bytes_compressed;
    out->bytes_inflated += of.bytes_inflated;
    out->payloads_received += of.payloads_received;
    out->payloads_sent += of.payloads_sent;
    out->connects += of.connects;
    out->resumes += of.resumes;
    out->heartbeats_late += of.heartbeats_late;
}

void sp_gateway_keep_counters(spectacles_gateway *gateway, const spectacles_shard *shard)
{
    add_shard(&gateway->departed, shard);
}

static void add_relay(spectacles_gateway_stats *out, const spectacles_relay *relay)
{
    spectacles_relay_stats of;
    spectacles_relay_stats_init(&of, sizeof of);
    spectacles_relay_get_stats(relay, &of);
    out->received = of.dispatched;
    out->filtered = of.filtered;
    out->published = of.published;
    out->confirmed = of.confirmed;
    out->unconfirmed = of.unconfirmed;
    out->unroutable = of.unroutable;
    out->gaps_sessions = of.gaps_sessions;
    out->gaps_unknown = of.gaps_unknown;
    out->gaps_dispatches = of.gaps_dispatches;
    out->commands = of.commands;
    out->routed = of.routed;
    out->sent = of.sent;
    out->rejected = of.rejected;
    out->limited = of.limited;
    out->identifies = of.identifies;
    out->identifies_total = of.identifies_total;
    out->identifies_left = of.identifies_left;
    out->disconnects = of.disconnects;
    out->resumed = of.resumed;
    out->window_full = of.window_full;
    out->full_time = of.full_time;
    out->blocked_time = of.blocked_time;
    out->surrogates_replaced += of.surrogates_replaced;
    out->copies = of.copies;
    out->confirm_time = of.confirm_time;
    memcpy(out->confirm_latency, of.confirm_latency, sizeof out->confirm_latency);
}

static void add_broker(spectacles_gateway_stats *out, const spectacles_broker *broker)
{
    spectacles_broker_stats of;
    spectacles_broker_stats_init(&of, sizeof of);
    if (!broker)
        return;
    spectacles_broker_get_stats(broker, &of);
    out->broker_connects += of.connects;
    out->republished += of.republished;
    out->surrogates_replaced += of.surrogates_replaced;
    out->broker_bytes_received += of.bytes_received;
    out->broker_bytes_sent += of.bytes_sent;
}

SPECTACLES_EXPORT int spectacles_gateway_get_stats(const spectacles_gateway *gateway,
                                                   spectacles_gateway_stats *out)
{
    spectacles_gateway_stats stats = gateway->departed;
    for (size_t i = 0; i < gateway->shard_count; i++) {
        stats.ready += spectacles_shard_state(gateway->shards[i]) == SPECTACLES_SHARD_READY;
        add_shard(&stats, gateway->shards[i]);
    }
    stats.shards = gateway->shard_count;
    add_relay(&stats, gateway->relay);
    add_broker(&stats, gateway->brokers[SPECTACLES_RELAY_EVENTS]);
    add_broker(&stats, gateway->brokers[SPECTACLES_RELAY_COMMANDS]);
    return sp_stats_write(out, &stats, sizeof stats);
}

/* ---- One shard ---- */

SPECTACLES_EXPORT int spectacles_gateway_get_shard_stats(const spectacles_gateway *gateway, uint32_t shard_id,
                                                         spectacles_gateway_shard_stats *out)
{
    const sp_engine *engine = sp_gateway_find_engine(gateway, shard_id);
    if (!engine)
        return SPECTACLES_E_INVAL;
    const spectacles_shard_stats of = of_shard(engine->shard);
    spectacles_relay_shard_stats load;
    spectacles_relay_shard_stats_init(&load, sizeof load);
    spectacles_relay_get_shard_stats(gateway->relay, shard_id, &load);
    spectacles_gateway_shard_stats stats = {.state = spectacles_shard_state(engine->shard),
                                            .service = load.service,
                                            .stored = engine->stored,
                                            .unconfirmed = load.unconfirmed,
                                            .packets = load.packets,
                                            .gaps = load.gaps};
    stats.received = of.received;
    stats.committed = of.committed;
    stats.latency = of.latency;
    stats.connects = of.connects;
    stats.identifies = of.identifies;
    stats.resumes = of.resumes;
    stats.heartbeats_late = of.heartbeats_late;
    stats.bytes_received = of.bytes_received;
    stats.bytes_inflated = of.bytes_inflated;
    stats.payloads_received = of.payloads_received;
    stats.payloads_sent = of.payloads_sent;
    return sp_stats_write(out, &stats, sizeof stats);
}

SPECTACLES_EXPORT int spectacles_gateway_event_count(const spectacles_gateway *gateway, size_t index,
                                                     const char **name, uint64_t *count)
{
    return spectacles_relay_event_count(gateway->relay, index, name, count);
}

SPECTACLES_EXPORT int spectacles_gateway_close_count(const spectacles_gateway *gateway, size_t index,
                                                     uint32_t *code, uint64_t *count)
{
    return spectacles_relay_close_count(gateway->relay, index, code, count);
}
