/*
 * The five metrics of the Go daemon spec-tacles/gateway, with its names, types and labels, so that its dashboards go
 * on working. metrics.c calls it.
 *
 * One thing differs. The Go daemon counts dispatches by name and by shard, which makes twenty series of each shard.
 * Here dispatches (op "0") are counted by name with shard "", and all other ops by shard with t "". So sums over
 * everything, by t and by op are the same. The dispatches of one shard are in spectacles_shard_dispatches_total.
 */
#include "metrics_go.h"

#include "metrics_text.h"

#include <ctype.h>
#include <stdio.h>

enum {
    LABELS_SIZE = 128,
    OP_DISPATCH = 0
};

static bool is_plain(const char *name)
{
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && *name != '_')
            return false;
    return true;
}

/*
 * Dispatches by name. A name comes from outside: one with other characters than Discord's is counted with those that
 * have no name here, so that no name can spoil the format.
 */
static void write_names(struct http_body *body, const struct snapshot_gateway *gateway)
{
    const char *name;
    uint64_t count;
    uint64_t others = 0;
    char labels[METRICS_LABELS_SIZE];
    char own[LABELS_SIZE];
    const spectacles_gateway *handle = gateway->handle;
    for (size_t i = 0; handle && spectacles_gateway_event_count(handle, i, &name, &count); i++) {
        if (!*name || !is_plain(name)) {
            others += count;
            continue;
        }
        snprintf(own, sizeof own, "t=\"%s\",op=\"0\",shard=\"\"", name);
        metrics_sample(body, "gateway_packets_received", metrics_join(labels, own, gateway->label), count);
    }
    if (others > 0)
        metrics_sample(body, "gateway_packets_received",
                       metrics_join(labels, "t=\"\",op=\"0\",shard=\"\"", gateway->label), others);
}

static void write_op(struct http_body *body, const char *name, uint32_t op, uint32_t shard, const char *more,
                     uint64_t count)
{
    char labels[METRICS_LABELS_SIZE];
    char own[LABELS_SIZE];
    if (count == 0)
        return;
    snprintf(own, sizeof own, "t=\"\",op=\"%u\",shard=\"%u\"", op, shard);
    metrics_sample(body, name, metrics_join(labels, own, more), count);
}

static void write_received(struct http_body *body, const struct snapshot_gateway *gateway)
{
    write_names(body, gateway);
    for (size_t i = 0; i < gateway->shard_count; i++)
        for (uint32_t op = OP_DISPATCH + 1; op < SPECTACLES_SHARD_OP_COUNT; op++)
            write_op(body, "gateway_packets_received", op, gateway->shards[i].id, gateway->label,
                     gateway->shards[i].engine.received_by_op[op]);
}

static void write_sent(struct http_body *body, const struct snapshot_gateway *gateway)
{
    for (size_t i = 0; i < gateway->shard_count; i++)
        for (uint32_t op = 0; op < SPECTACLES_SHARD_OP_COUNT; op++)
            write_op(body, "gateway_packets_sent", op, gateway->shards[i].id, gateway->label,
                     gateway->shards[i].engine.sent_by_op[op]);
}

static void write_packets(struct http_body *body, const struct snapshot *snapshot)
{
    metrics_begin(body, "gateway_packets_received", "counter",
                  "Packets received on all gateway connections.");
    for (size_t i = 0; i < snapshot->gateway_count; i++)
        write_received(body, &snapshot->gateways[i]);
    metrics_begin(body, "gateway_packets_sent", "counter", "Packets sent on all gateway connections.");
    for (size_t i = 0; i < snapshot->gateway_count; i++)
        write_sent(body, &snapshot->gateways[i]);
}

/* Alive in the sense of the Go daemon: from HELLO on, before READY, until the connection ends. */
static bool is_alive(uint32_t state)
{
    return state >= SPECTACLES_SHARD_IDENTIFY_WAIT && state <= SPECTACLES_SHARD_READY;
}

static void write_shards(struct http_body *body, const struct snapshot *snapshot)
{
    metrics_begin(body, "gateway_shards_alive", "gauge", "Shards that are connected.");
    for (size_t i = 0; i < snapshot->gateway_count; i++) {
        const struct snapshot_gateway *gateway = &snapshot->gateways[i];
        for (size_t j = 0; j < gateway->shard_count; j++)
            metrics_shard(body, "gateway_shards_alive", "id", gateway->shards[j].id, gateway->label,
                          is_alive(gateway->shards[j].stats.state) ? 1 : 0);
    }
    metrics_one(body, "gateway_total_shards", "gauge", "Shards that this process should have connected.",
                snapshot_shards(snapshot));
}

static void write_ping(struct http_body *body, uint32_t id, const char *more, const struct ping *ping,
                       uint64_t unix_time)
{
    static const struct {
        const char *text;
        uint32_t per_mille;
    } quantiles[] = {{"0.5", 500}, {"0.9", 900}, {"0.95", 950}, {"0.99", 990}};
    uint32_t sorted[PING_SAMPLES];
    size_t count = ping_sorted(ping, unix_time, sorted);
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++) {
        http_body_format(body, "gateway_ping{id=\"%u\",quantile=\"%s\"%s%s} ", id, quantiles[i].text,
                         *more ? "," : "", more);
        if (count > 0)
            http_body_number(body, ping_quantile(sorted, count, quantiles[i].per_mille));
        else
            http_body_text(body, "NaN");
        http_body_text(body, "\n");
    }
    metrics_shard(body, "gateway_ping_sum", "id", id, more, ping->sum);
    metrics_shard(body, "gateway_ping_count", "id", id, more, ping->count);
}

static void write_pings(struct http_body *body, const struct snapshot_gateway *gateway, uint64_t unix_time)
{
    for (size_t i = 0; i < gateway->shard_count; i++) {
        const struct status_shard *memory = gateway->shards[i].memory;
        if (memory && memory->ping.count > 0)
            write_ping(body, gateway->shards[i].id, gateway->label, &memory->ping, unix_time);
    }
}

void metrics_go_write(struct http_body *body, const struct snapshot *snapshot)
{
    write_packets(body, snapshot);
    write_shards(body, snapshot);
    metrics_begin(body, "gateway_ping", "summary",
                  "Milliseconds between a heartbeat and its acknowledgement, of the last ten minutes.");
    for (size_t i = 0; i < snapshot->gateway_count; i++)
        write_pings(body, &snapshot->gateways[i], snapshot->unix_time);
}
