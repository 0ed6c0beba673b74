/*
 * What Prometheus reads. http_routes.c calls it for each scrape.
 *
 * Eleven series for each shard are ours: whether it is ready, the three sequences that make up the promise, what is
 * unconfirmed, what waits, its rate limit, how often it connected, and what it received. Everything else is counted for
 * the process, because nobody looks at it shard by shard, and because 5,000 shards would make half a million series of
 * it. When a fleet has gone to another number of shards, what is counted by a gateway has the label `shards`, until the
 * process ends: so each series goes on or ends, and none goes back.
 */
#include "metrics.h"

#include "metrics_go.h"
#include "metrics_process.h"
#include "metrics_text.h"

#include <stdio.h>
#include <string.h>

enum {
    LABELS_SIZE = 128
};

/* ---- Tables ---- */

/* A metric of the whole process: a field of spectacles_gateway_stats. */
struct total {
    const char *name;
    const char *help;
    size_t field;
};

#define FIELD(name) offsetof(spectacles_gateway_stats, name)

static const struct total counters[] = {
    {"spectacles_dispatches_received_total", "Dispatches that came from Discord.", FIELD(received)},
    {"spectacles_dispatches_filtered_total", "Dispatches that are not on the list of events, or held back.",
     FIELD(filtered)},
    {"spectacles_dispatches_published_total", "Dispatches that the events broker has taken.",
     FIELD(published)},
    {"spectacles_dispatches_confirmed_total", "Dispatches that the broker has confirmed.", FIELD(confirmed)},
    {"spectacles_dispatches_unroutable_total", "Published dispatches that no queue took.", FIELD(unroutable)},
    {"spectacles_copies_total",
     "Published dispatches that this gateway had published before, because a connection ended.",
     FIELD(copies)},
    {"spectacles_republished_total",
     "Publishes that were written again, because the connection to the broker ended.", FIELD(republished)},
    {"spectacles_surrogates_replaced_total", "Messages in which U+FFFD stands for half of a surrogate pair.",
     FIELD(surrogates_replaced)},
    {"spectacles_commands_received_total", "Messages of workers: SENDs and packets.", FIELD(commands)},
    {"spectacles_commands_routed_total", "SENDs whose packet went to the queue of a shard.", FIELD(routed)},
    {"spectacles_commands_rejected_total", "Commands and packets that can never be sent.", FIELD(rejected)},
    {"spectacles_commands_limited_total",
     "Requests of workers that Discord refused, because they came too early.", FIELD(limited)},
    {"spectacles_packets_sent_total", "Packets of workers that were handed to a socket.", FIELD(sent)},
    {"spectacles_identifies_total", "Identifies that were granted to shards of this process.",
     FIELD(identifies)},
    {"spectacles_connects_total", "Connections to Discord that were asked for.", FIELD(connects)},
    {"spectacles_resumes_total", "RESUMEs that were sent.", FIELD(resumes)},
    {"spectacles_resumed_total", "RESUMEs after which the session went on.", FIELD(resumed)},
    {"spectacles_heartbeats_late_total", "Heartbeats that were sent a second or more after they were due.",
     FIELD(heartbeats_late)},
    {"spectacles_window_full_total", "How often shards began to wait, because too much was unconfirmed.",
     FIELD(window_full)},
    {"spectacles_received_bytes_total", "Bytes from Discord.", FIELD(bytes_received)},
    {"spectacles_sent_bytes_total", "Bytes to Discord.", FIELD(bytes_sent)},
    {"spectacles_compressed_bytes_total", "Bytes of compressed messages from Discord.",
     FIELD(bytes_compressed)},
    {"spectacles_inflated_bytes_total", "The same messages after inflation, in bytes.",
     FIELD(bytes_inflated)},
};

static const struct total times[] = {
    {"spectacles_window_full_seconds_total",
     "For how long shards have waited, because too much was unconfirmed.", FIELD(full_time)},
    {"spectacles_broker_blocked_seconds_total", "For how long the broker took no publishes.",
     FIELD(blocked_time)},
};

static uint64_t field_of(const spectacles_gateway_stats *stats, size_t field)
{
    uint64_t value;
    memcpy(&value, (const char *)stats + field, sizeof value);
    return value;
}

/* A sample of each gateway: a count, or a time in milliseconds. */
static void write_field(struct http_body *body, const struct snapshot *snapshot, const char *name,
                        size_t field, bool is_time)
{
    for (size_t i = 0; i < snapshot->gateway_count; i++) {
        const struct snapshot_gateway *gateway = &snapshot->gateways[i];
        const char *labels = *gateway->label ? gateway->label : NULL;
        uint64_t value = field_of(&gateway->totals, field);
        if (is_time)
            metrics_seconds(body, name, labels, value);
        else
            metrics_sample(body, name, labels, value);
    }
}

static void write_totals(struct http_body *body, const struct snapshot *snapshot)
{
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
        metrics_begin(body, counters[i].name, "counter", counters[i].help);
        write_field(body, snapshot, counters[i].name, counters[i].field, false);
    }
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        metrics_begin(body, times[i].name, "counter", times[i].help);
        write_field(body, snapshot, times[i].name, times[i].field, true);
    }
    metrics_begin(body, "spectacles_unconfirmed", "gauge", "Publishes that the broker has not answered yet.");
    write_field(body, snapshot, "spectacles_unconfirmed", FIELD(unconfirmed), false);
}

/* The names of a histogram. */
struct histogram {
    const char *name;
    const char *bucket;
    const char *sum;
    const char *count;
    const char *help;
};

static const struct histogram confirms = {.name = "spectacles_confirm_seconds",
                                          .bucket = "spectacles_confirm_seconds_bucket",
                                          .sum = "spectacles_confirm_seconds_sum",
                                          .count = "spectacles_confirm_seconds_count",
                                          .help = "How long the broker took to confirm dispatches."};
static const struct histogram turns = {.name = "spectacles_loop_turn_seconds",
                                       .bucket = "spectacles_loop_turn_seconds_bucket",
                                       .sum = "spectacles_loop_turn_seconds_sum",
                                       .count = "spectacles_loop_turn_seconds_count",
                                       .help = "How long the turns of the loop took."};

/*
 * Counts within 1, 2, 4 .. milliseconds, the last one of all that took longer. Prometheus wants each bucket to hold
 * those before it, and its bound in seconds. more: further labels; "": none.
 */
static void write_histogram(struct http_body *body, const struct histogram *histogram, const char *more,
                            const uint64_t *counts, unsigned length, uint64_t time)
{
    char labels[METRICS_LABELS_SIZE];
    char bound[LABELS_SIZE];
    uint64_t count = 0;
    for (unsigned i = 0; i < length; i++) {
        unsigned most = 1u << i;
        count += counts[i];
        snprintf(bound, sizeof bound, "le=\"%u.%03u\"", most / 1000, most % 1000);
        metrics_sample(body, histogram->bucket,
                       metrics_join(labels, i + 1 < length ? bound : "le=\"+Inf\"", more), count);
    }
    metrics_seconds(body, histogram->sum, *more ? more : NULL, time);
    metrics_sample(body, histogram->count, *more ? more : NULL, count);
}

static void write_histograms(struct http_body *body, const struct snapshot *snapshot)
{
    const struct turns *of_loop = &snapshot->status->turns;
    metrics_begin(body, confirms.name, "histogram", confirms.help);
    for (size_t i = 0; i < snapshot->gateway_count; i++) {
        const struct snapshot_gateway *gateway = &snapshot->gateways[i];
        write_histogram(body, &confirms, gateway->label, gateway->totals.confirm_latency,
                        SPECTACLES_RELAY_LATENCY_COUNT, gateway->totals.confirm_time);
    }
    metrics_begin(body, turns.name, "histogram", turns.help);
    write_histogram(body, &turns, "", of_loop->counts, TURNS_COUNT, of_loop->time);
}

/* ---- Shards ---- */

/* A metric of each shard: a field of spectacles_gateway_shard_stats. */
struct of_shard {
    const char *name;
    const char *type;
    const char *help;
    size_t field;
};

#define SHARD_FIELD(name) offsetof(spectacles_gateway_shard_stats, name)

static const struct of_shard of_shards[] = {
    {"spectacles_shard_received_sequence", "gauge", "The newest sequence of the session that was read.",
     SHARD_FIELD(received)},
    {"spectacles_shard_committed_sequence", "gauge", "The sequence that a RESUME begins behind.",
     SHARD_FIELD(committed)},
    {"spectacles_shard_stored_sequence", "gauge", "The sequence that is stored; 0: none of this session.",
     SHARD_FIELD(stored)},
    {"spectacles_shard_unconfirmed", "gauge", "Dispatches and gaps that are not confirmed yet.",
     SHARD_FIELD(unconfirmed)},
    {"spectacles_shard_packets_waiting", "gauge", "Packets of workers that wait to be sent.",
     SHARD_FIELD(packets)},
    {"spectacles_shard_gaps_waiting", "gauge", "Gaps that are not declared yet.", SHARD_FIELD(gaps)},
    {"spectacles_shard_connects_total", "counter", "Connections of the shard that were asked for.",
     SHARD_FIELD(connects)},
};

static uint64_t shard_field_of(const spectacles_gateway_shard_stats *stats, size_t field)
{
    uint64_t value;
    memcpy(&value, (const char *)stats + field, sizeof value);
    return value;
}

/* What is shown of a shard beside its counters. */
static uint64_t ready_of(const struct snapshot_shard *shard)
{
    return shard->stats.state == SPECTACLES_SHARD_READY;
}

static uint64_t packets_left_of(const struct snapshot_shard *shard)
{
    return shard->packets_left;
}

static uint64_t dispatches_of(const struct snapshot_shard *shard)
{
    return shard->engine.received_by_op[0];
}

static const struct {
    const char *name;
    const char *type;
    const char *help;
    uint64_t (*value)(const struct snapshot_shard *shard);
} seen_of_shards[] = {
    {"spectacles_shard_ready", "gauge", "1 when the session of the shard stands.", ready_of},
    {"spectacles_shard_packets_left", "gauge",
     "Packets that Discord's rate limit lets through now; 0 while the shard is not ready.", packets_left_of},
    {"spectacles_shard_dispatches_total", "counter", "Dispatches that the shard has received.",
     dispatches_of},
};

static void write_shards_of(struct http_body *body, const struct snapshot_gateway *gateway,
                            const struct of_shard *metric)
{
    for (size_t i = 0; i < gateway->shard_count; i++)
        metrics_shard(body, metric->name, "shard", gateway->shards[i].id, gateway->label,
                      shard_field_of(&gateway->shards[i].stats, metric->field));
}

static void write_each_shard(struct http_body *body, const struct snapshot *snapshot)
{
    for (size_t i = 0; i < sizeof of_shards / sizeof *of_shards; i++) {
        metrics_begin(body, of_shards[i].name, of_shards[i].type, of_shards[i].help);
        for (size_t j = 0; j < snapshot->gateway_count; j++)
            write_shards_of(body, &snapshot->gateways[j], &of_shards[i]);
    }
    for (size_t i = 0; i < sizeof seen_of_shards / sizeof *seen_of_shards; i++) {
        metrics_begin(body, seen_of_shards[i].name, seen_of_shards[i].type, seen_of_shards[i].help);
        for (size_t j = 0; j < snapshot->gateway_count; j++) {
            const struct snapshot_gateway *gateway = &snapshot->gateways[j];
            for (size_t k = 0; k < gateway->shard_count; k++)
                metrics_shard(body, seen_of_shards[i].name, "shard", gateway->shards[k].id, gateway->label,
                              seen_of_shards[i].value(&gateway->shards[k]));
        }
    }
}

static void write_states_of(struct http_body *body, const struct snapshot_gateway *gateway)
{
    uint64_t counts[SPECTACLES_SHARD_FATAL + 1] = {0};
    char labels[METRICS_LABELS_SIZE];
    char name[LABELS_SIZE];
    for (size_t i = 0; i < gateway->shard_count; i++)
        if (gateway->shards[i].stats.state <= SPECTACLES_SHARD_FATAL)
            counts[gateway->shards[i].stats.state]++;
    for (uint32_t state = 0; state <= SPECTACLES_SHARD_FATAL; state++) {
        snprintf(name, sizeof name, "state=\"%s\"", spectacles_shard_state_name(state));
        metrics_sample(body, "spectacles_shards", metrics_join(labels, name, gateway->label), counts[state]);
    }
}

static void write_states(struct http_body *body, const struct snapshot *snapshot)
{
    metrics_begin(body, "spectacles_shards", "gauge", "How many shards of this process are in each state.");
    for (size_t i = 0; i < snapshot->gateway_count; i++)
        write_states_of(body, &snapshot->gateways[i]);
}

/* ---- Gaps, closes, identifies ---- */

/* Of all gateways that there were: an alert takes a series that is new for a gap. */
static void write_gaps(struct http_body *body, const struct gateways_gaps *gaps)
{
    metrics_begin(body, "spectacles_gaps_total", "counter",
                  "Gaps that were declared and confirmed, by their cause.");
    metrics_sample(body, "spectacles_gaps_total", "cause=\"session_lost\"", gaps->sessions);
    metrics_sample(body, "spectacles_gaps_total", "cause=\"session_unknown\"", gaps->unknown);
    metrics_sample(body, "spectacles_gaps_total", "cause=\"dispatch_refused\"", gaps->dispatches);
}

static void write_closes_of(struct http_body *body, const struct snapshot_gateway *gateway)
{
    uint32_t code;
    uint64_t count;
    char labels[METRICS_LABELS_SIZE];
    char name[LABELS_SIZE];
    for (size_t i = 0; gateway->handle && spectacles_gateway_close_count(gateway->handle, i, &code, &count);
         i++) {
        snprintf(name, sizeof name, "code=\"%u\"", code);
        metrics_sample(body, "spectacles_disconnects_total", metrics_join(labels, name, gateway->label),
                       count);
    }
}

static void write_closes(struct http_body *body, const struct snapshot *snapshot)
{
    metrics_begin(body, "spectacles_disconnects_total", "counter",
                  "Connections to Discord that have ended, by close code or HTTP status; 0: without one.");
    for (size_t i = 0; i < snapshot->gateway_count; i++)
        write_closes_of(body, &snapshot->gateways[i]);
}

/* Only what is known: an alert on a budget of 0 that nobody has asked for would wake somebody up. */
static void write_budget(struct http_body *body, const struct snapshot *snapshot)
{
    const spectacles_gateway_stats *totals = &snapshot->gateways[0].totals;
    if (totals->identifies_total == 0)
        return;
    metrics_one(body, "spectacles_identifies_limit", "gauge", "Identifies that the bot has in a day.",
                totals->identifies_total);
    metrics_one(body, "spectacles_identifies_left", "gauge", "Identifies of the day that are left.",
                totals->identifies_left);
    if (snapshot->status->reset_time == 0)
        return;
    metrics_begin(body, "spectacles_identifies_reset_time_seconds", "gauge",
                  "When the identifies of the day are all there again, in seconds since 1970.");
    metrics_seconds(body, "spectacles_identifies_reset_time_seconds", NULL, snapshot->status->reset_time);
}

/* ---- Brokers ---- */

static const char *const broker_labels[] = {"broker=\"events\"", "broker=\"commands\""};

static uint64_t ready_broker(const struct snapshot_broker *broker)
{
    return broker->state == SPECTACLES_BROKER_READY;
}

static uint64_t blocked_broker(const struct snapshot_broker *broker)
{
    return broker->memory->is_blocked;
}

static uint64_t connects_of(const struct snapshot_broker *broker)
{
    return broker->stats.connects;
}

static uint64_t received_by(const struct snapshot_broker *broker)
{
    return broker->stats.bytes_received;
}

static uint64_t sent_by(const struct snapshot_broker *broker)
{
    return broker->stats.bytes_sent;
}

static const struct {
    const char *name;
    const char *type;
    const char *help;
    uint64_t (*value)(const struct snapshot_broker *broker);
} of_brokers[] = {
    {"spectacles_broker_ready", "gauge", "1 when queues, consumers and confirms stand.", ready_broker},
    {"spectacles_broker_blocked", "gauge",
     "1 when the broker takes no publishes: its memory or its disk is short.", blocked_broker},
    {"spectacles_broker_connects_total", "counter", "Connections to the broker that were asked for.",
     connects_of},
    {"spectacles_broker_received_bytes_total", "counter", "Bytes from the broker.", received_by},
    {"spectacles_broker_sent_bytes_total", "counter", "Bytes to the broker.", sent_by},
};

static void write_brokers(struct http_body *body, const struct snapshot *snapshot)
{
    char labels[METRICS_LABELS_SIZE];
    for (size_t i = 0; i < sizeof of_brokers / sizeof *of_brokers; i++) {
        metrics_begin(body, of_brokers[i].name, of_brokers[i].type, of_brokers[i].help);
        for (size_t j = 0; j < snapshot->gateway_count; j++) {
            const struct snapshot_gateway *gateway = &snapshot->gateways[j];
            for (size_t k = 0; k < gateway->broker_count; k++)
                metrics_sample(body, of_brokers[i].name,
                               metrics_join(labels, broker_labels[k], gateway->label),
                               of_brokers[i].value(&gateway->brokers[k]));
        }
    }
    metrics_one(body, "spectacles_command_queues_lost", "gauge",
                "Queues of commands that this process should consume, and does not.",
                snapshot_queues_lost(snapshot));
}

/* ---- The process ---- */

static void write_store(struct http_body *body, const struct status_store *store)
{
    if (!store->is_used)
        return;
    metrics_one(body, "spectacles_store_writes_total", "counter",
                "How often sessions were stored, or were to be.", store->writes);
    metrics_one(body, "spectacles_store_failures_total", "counter", "How often sessions could not be stored.",
                store->failures);
    metrics_begin(body, "spectacles_store_last_write_seconds", "gauge",
                  "How long the last write of sessions took.");
    metrics_seconds(body, "spectacles_store_last_write_seconds", NULL, store->last_time);
    metrics_begin(body, "spectacles_store_longest_write_seconds", "gauge",
                  "How long the longest write took.");
    metrics_seconds(body, "spectacles_store_longest_write_seconds", NULL, store->longest_time);
    if (store->last_success == 0)
        return;
    metrics_begin(body, "spectacles_store_last_success_time_seconds", "gauge",
                  "When sessions were stored last, in seconds since 1970.");
    metrics_seconds(body, "spectacles_store_last_success_time_seconds", NULL, store->last_success);
}

static void write_fleet(struct http_body *body, const struct status_fleet *fleet)
{
    char labels[LABELS_SIZE];
    if (!fleet->is_used)
        return;
    metrics_one(body, "spectacles_fleet_connected", "gauge", "1 when the fleet's own connection stands.",
                fleet->is_connected);
    metrics_one(body, "spectacles_fleet_leader", "gauge", "1 when this process leads the fleet.",
                fleet->leads);
    metrics_one(body, "spectacles_fleet_members", "gauge",
                "Members of the fleet that are there, with this one.", fleet->members);
    metrics_begin(body, "spectacles_fleet_slots", "gauge",
                  "How many slots of the fleet are in each state, as this process sees them.");
    for (uint32_t state = 0; state <= SPECTACLES_FLEET_DOUBTFUL; state++) {
        snprintf(labels, sizeof labels, "state=\"%s\"", spectacles_fleet_slot_state_name(state));
        metrics_sample(body, "spectacles_fleet_slots", labels, fleet->slots[state]);
    }
    metrics_begin(
        body, "spectacles_fleet_phase", "gauge",
        "1 for the phase of the way to another number of shards; STABLE: nobody wants another one.");
    for (uint32_t phase = 0; phase <= SPECTACLES_FLEET_ABORTING; phase++) {
        snprintf(labels, sizeof labels, "phase=\"%s\"", spectacles_fleet_phase_name(phase));
        metrics_sample(body, "spectacles_fleet_phase", labels, fleet->phase == phase);
    }
    metrics_one(body, "spectacles_fleet_shards", "gauge", "Shards of the whole bot, of those who serve.",
                fleet->shard_count);
    metrics_one(body, "spectacles_fleet_wanted_shards", "gauge",
                "The number of shards where the fleet goes; 0: nowhere.", fleet->wanted_shards);
    metrics_one(body, "spectacles_fleet_takeovers_total", "counter",
                "Shards that came to this process with their session.", fleet->takeovers);
    metrics_one(body, "spectacles_fleet_grants_total", "counter",
                "Identifies that the fleet has granted to this process.", fleet->grants);
}

static void write_build(struct http_body *body)
{
    char labels[LABELS_SIZE];
    uint32_t version = spectacles_version();
    snprintf(labels, sizeof labels, "version=\"%u.%u.%u\",tls=\"%s\"", version >> 16, version >> 8 & 255,
             version & 255, strncmp(spectacles_tls_library(), "OpenSSL", 7) == 0 ? "openssl" : "mbedtls");
    metrics_begin(body, "spectacles_build_info", "gauge", "The version of the gateway, and its TLS library.");
    metrics_sample(body, "spectacles_build_info", labels, 1);
}

void metrics_write(struct http_body *body, const struct snapshot *snapshot)
{
    metrics_go_write(body, snapshot);
    write_totals(body, snapshot);
    write_histograms(body, snapshot);
    write_each_shard(body, snapshot);
    write_states(body, snapshot);
    write_gaps(body, &snapshot->gaps);
    write_closes(body, snapshot);
    write_budget(body, snapshot);
    write_brokers(body, snapshot);
    write_store(body, &snapshot->status->store);
    write_fleet(body, &snapshot->status->fleet);
    write_build(body);
    metrics_process_write(body, snapshot->status->start_time);
}
